//! The window's rules one by one.

use crate::cards::{self, Card};
use crate::*;

const NOW: i64 = 1_800_000_000;
const GOOD: &str = "4242424242424242";

fn card(number: &str) -> Card {
    cards::read(number, "2099-12", NOW).unwrap()
}

fn by_card(merchant_uid: &str, amount: u64, number: &str) -> WindowOrder {
    WindowOrder::by_card(Order::krw(merchant_uid, amount, "n"), card(number))
}

fn at(pg: &str, window: WindowOrder) -> WindowOrder {
    WindowOrder { channel: Channel { pg_provider: pg.to_owned(), ..Channel::default() }, ..window }
}

fn issuing(pg: &str, pay_method: &str, amount: u64) -> WindowOrder {
    let key = KeyWish { customer_uid: "key".to_owned(), customer_id: Some("member-1".to_owned()) };
    let window = WindowOrder::by(Order::krw("a", amount, "n"), pay_method);
    let card = (window.means() == Means::Card).then(|| card(GOOD));
    at(pg, WindowOrder { key: Some(key), card, ..window })
}

fn prepared(merchant_uid: &str, amount: u64, currency: &str) -> Prepared {
    Prepared { merchant_uid: merchant_uid.to_owned(), amount, currency: currency.to_owned() }
}

fn row(agreed: Agreed) -> Payment {
    agreed.payment.unwrap()
}

#[test]
fn a_registered_amount_binds_the_window_only() {
    let mut ledger = Ledger::new(1);
    ledger.prepare(prepared("a", 500, "KRW")).unwrap();
    assert!(ledger.pay_in_window(NOW, by_card("a", 1, GOOD)).is_err());
    let mut dollars = by_card("a", 500, GOOD);
    dollars.order.currency = "USD".to_owned();
    assert!(ledger.pay_in_window(NOW, dollars).is_err(), "another currency is another amount");
    let order = WindowOrder::by(Order::krw("a", 1, "n"), "card").order;
    let instrument = Instrument::Card { card: card(GOOD), channel: Channel::default(), save_as: None };
    assert!(ledger.admit(NOW, order, instrument).is_ok());
    assert!(ledger.payments().is_empty());
    assert_eq!(row(ledger.pay_in_window(NOW, by_card("a", 500, GOOD)).unwrap()).status, PaymentStatus::Paid);
}

#[test]
fn a_paid_number_opens_no_window_and_a_failed_one_does() {
    let mut ledger = Ledger::new(1);
    for _ in 0..2 {
        let declined = row(ledger.pay_in_window(NOW, by_card("a", 500, "4000000000000341")).unwrap());
        assert_eq!((declined.status, declined.failed_at), (PaymentStatus::Failed, NOW));
    }
    assert!(ledger.take_notices().is_empty(), "an ordinary failure is not announced");
    ledger.pay_in_window(NOW, by_card("a", 500, GOOD)).unwrap();
    assert_eq!(ledger.check_window(NOW, &by_card("a", 500, GOOD)).unwrap_err().kind, RefusalKind::Rejected);
    assert!(ledger.pay_in_window(NOW, by_card("a", 500, GOOD)).is_err());
    assert_eq!(ledger.take_notices().len(), 1);
}

#[test]
fn what_the_page_said_is_on_the_record() {
    let mut ledger = Ledger::new(1);
    let reserved = ledger.reserve_imp_uid();
    let mut window = WindowOrder {
        imp_uid: Some(reserved.clone()),
        mobile: true,
        escrow: true,
        more_notice_urls: vec!["second".to_owned(), "third".to_owned()],
        ..WindowOrder::by(Order::krw("a", 500, "n"), "kakaopay")
    };
    window.order.notice_url = Some("first".to_owned());
    let row = row(ledger.pay_in_window(NOW, window.clone()).unwrap());
    assert_eq!(row.imp_uid, reserved);
    let browser = row.browser.unwrap();
    assert_eq!((browser.mobile, browser.escrow, browser.issue_only), (true, true, false));
    assert_eq!((browser.pay_method.as_str(), browser.emb_pg_provider.as_deref()), ("kakaopay", Some("kakaopay")));
    let told: Vec<Option<String>> = ledger.take_notices().into_iter().map(|notice| notice.notice_url).collect();
    assert_eq!(told, [Some("first".to_owned()), Some("second".to_owned()), Some("third".to_owned())]);
    window.order.merchant_uid = "b".to_owned();
    let again = ledger.pay_in_window(NOW, at("kakaopay", window)).unwrap().payment.unwrap();
    assert_ne!(again.imp_uid, reserved, "a number is one payment's");
    assert_eq!(again.browser.unwrap().emb_pg_provider, None, "the PG is the wallet");
}

#[test]
fn only_a_card_window_needs_a_card() {
    for (pg, pay_method, means) in [
        ("html5_inicis", "card", Means::Card),
        ("html5_inicis", "vbank", Means::Account),
        ("html5_inicis", "trans", Means::Consent),
        ("html5_inicis", "samsung", Means::Consent),
        ("danal", "phone", Means::Consent),
        ("kakaopay", "card", Means::Consent),
        ("something_new", "something_new", Means::Consent),
    ] {
        let mut ledger = Ledger::new(1);
        let window = at(pg, WindowOrder::by(Order::krw("a", 500, "n"), pay_method));
        assert_eq!(window.means(), means, "{pg} {pay_method}");
        assert_eq!(ledger.pay_in_window(NOW, window).is_ok(), means != Means::Card, "{pg} {pay_method}");
    }
}

#[test]
fn a_wallet_takes_a_card_in_it_that_declines() {
    let mut ledger = Ledger::new(1);
    let window = WindowOrder { card: Some(card("4000000000009995")), ..issuing("kakaopay", "card", 500) };
    assert_eq!(row(ledger.pay_in_window(NOW, window).unwrap()).status, PaymentStatus::Failed);
    assert!(ledger.key("key").is_err());
}

#[test]
fn won_do_not_go_through_paypal() {
    let mut ledger = Ledger::new(1);
    let mut window = at("paypal", WindowOrder::by(Order::krw("a", 500, "n"), "card"));
    window.order.more.add("m_redirect_url", "https://shop.example/return");
    assert!(ledger.pay_in_window(NOW, window.clone()).is_err());
    window.order.currency = "USD".to_owned();
    assert_eq!(row(ledger.pay_in_window(NOW, window).unwrap()).currency, "USD");
}

#[test]
fn hanging_cards_hang_here_too() {
    for (number, delivery, at_once, later) in [
        ("4000000000004087", Delivery::Hang, 1, 1),
        ("4000000000002024", Delivery::Hang, 0, 0),
        ("4000000000001000", Delivery::Hang, 0, 1),
        ("4000000000005001", Delivery::ServerError, 1, 1),
        ("4000000000005043", Delivery::FalseRefusal, 1, 1),
    ] {
        let mut ledger = Ledger::new(1);
        assert_eq!(ledger.pay_in_window(NOW, by_card("a", 500, number)).unwrap().delivery, delivery);
        let paid = |ledger: &Ledger| ledger.find_all("a", Some(PaymentStatus::Paid), PaymentSort::Started).len();
        assert_eq!(paid(&ledger), at_once, "{number}");
        let snapshot = serde_json::to_string(&ledger).unwrap();
        ledger = serde_json::from_str::<Ledger>(&snapshot).unwrap().reindexed();
        ledger.run_until(NOW + 60);
        assert_eq!(paid(&ledger), later, "{number}");
        let told = ledger.take_notices().len();
        assert_eq!(told, later - at_once, "{number}: what was told before is not kept");
    }
}

#[test]
fn a_late_approval_finds_the_number_paid_meanwhile() {
    let mut ledger = Ledger::new(1);
    ledger.pay_in_window(NOW, by_card("a", 500, "4000000000001000")).unwrap();
    ledger.pay_in_window(NOW + 1, by_card("a", 500, GOOD)).unwrap();
    ledger.run_until(NOW + 60);
    assert_eq!(ledger.payments().len(), 1);
}

#[test]
fn a_virtual_account_waits_for_its_deposit_until_its_last_second() {
    let mut ledger = Ledger::new(1);
    let window = |name: &str| WindowOrder { due_at: NOW + 60, ..WindowOrder::by(Order::krw(name, 500, "n"), "vbank") };
    let ready = row(ledger.pay_in_window(NOW, window("a")).unwrap());
    assert_eq!((ready.status, ready.paid_at, ready.cancellable()), (PaymentStatus::Ready, 0, 0));
    let account = ready.vbank.unwrap();
    assert_eq!((account.due_at, account.issued_at), (NOW + 60, NOW));
    let missed = row(ledger.pay_in_window(NOW, window("late")).unwrap());
    assert_eq!(ledger.settle(NOW + 61, &missed.imp_uid).unwrap_err().kind, RefusalKind::Invalid);
    let paid = ledger.settle(NOW + 60, &ready.imp_uid).unwrap();
    assert_eq!((paid.status, paid.paid_at), (PaymentStatus::Paid, NOW + 60));
    assert!(ledger.settle(NOW + 60, &paid.imp_uid).is_err());
    let told: Vec<PaymentStatus> = ledger.take_notices().iter().map(|notice| notice.status).collect();
    assert_eq!(told, [PaymentStatus::Ready, PaymentStatus::Ready, PaymentStatus::Paid]);
    let refund = CancelOrder { imp_uid: Some(paid.imp_uid), ..CancelOrder::default() };
    assert!(ledger.cancel(NOW, &refund).is_err(), "money of an account needs an account to go back to");
    ledger.cancel(NOW, &CancelOrder { has_refund_account: true, ..refund }).unwrap();
    let key = WindowOrder { key: issuing("payco", "card", 0).key, ..window("b") };
    assert!(ledger.pay_in_window(NOW, key).is_err(), "an account is no billing key");
}

#[test]
fn an_account_is_closed_before_its_deposit_where_the_gateway_can() {
    let mut ledger = Ledger::new(1);
    let mut issued = |pg: &str| {
        let channel = Channel { pg_provider: pg.to_owned(), ..Channel::default() };
        let mut window = WindowOrder { due_at: NOW + 60, ..WindowOrder::by(Order::krw(pg, 500, "n"), "vbank") };
        window.order.more.add("vbank_due", "20270115");
        row(ledger.pay_in_window(NOW, WindowOrder { channel, ..window }).unwrap()).imp_uid
    };
    let (nice, inicis, kcp) = (issued("nice_v2"), issued("html5_inicis"), issued("kcp"));
    let closed = ledger.close_account(NOW, &nice, false).unwrap();
    assert_eq!((closed.status, closed.cancel_amount, closed.paid_at), (PaymentStatus::Cancelled, 0, 0));
    assert!(ledger.settle(NOW, &nice).is_err(), "nobody can pay into it any more");
    assert_eq!(ledger.close_account(NOW, &nice, false).unwrap_err().kind, RefusalKind::Invalid);
    assert_eq!(ledger.close_account(NOW, &inicis, false).unwrap_err().kind, RefusalKind::Pg);
    assert!(ledger.close_account(NOW, &inicis, true).is_ok(), "with its own key");
    assert_eq!(ledger.close_account(NOW, &kcp, true).unwrap_err().kind, RefusalKind::Pg);
    assert_eq!(ledger.close_account(NOW, "imp_0", true).unwrap_err().kind, RefusalKind::NotFound);
}

#[test]
fn a_closed_window_leaves_what_the_knob_says_and_no_word() {
    for (closed_window, left) in [
        (ClosedWindow::Failed, Some(PaymentStatus::Failed)),
        (ClosedWindow::Ready, Some(PaymentStatus::Ready)),
        (ClosedWindow::Nothing, None),
    ] {
        let mut ledger = Ledger::new(1);
        ledger.set_knobs(Knobs { closed_window, ..Knobs::default() });
        let window = WindowOrder::by(Order::krw("a", 500, "n"), "vbank");
        let row = ledger.leave_window(NOW, window, "closed");
        assert_eq!(row.as_ref().map(|row| row.status), left);
        assert!(row.is_none_or(|row| row.vbank.is_none()), "no account was issued");
        assert!(ledger.take_notices().is_empty());
        ledger.pay_in_window(NOW, by_card("a", 500, GOOD)).unwrap();
    }
}

/// PG, method, what an amount does (`None`: refused), whether 0 issues a key.
type Line = (&'static str, &'static str, Option<Issue>, bool);

const TABLE: [Line; 35] = [
    ("html5_inicis", "card", Some(Issue::Display), true),
    ("kcp_billing", "card", Some(Issue::Display), true),
    ("tosspayments", "card", Some(Issue::Display), true),
    ("kicc", "card", Some(Issue::Display), true),
    ("payco", "payco", Some(Issue::Display), true),
    ("naverpay", "card", Some(Issue::Display), true),
    ("smartro_v2", "card", Some(Issue::Display), true),
    ("welcome", "card", Some(Issue::Display), true),
    ("galaxia", "card", Some(Issue::Display), true),
    ("kakaopay", "card", Some(Issue::Charge), true),
    ("danal_tpay", "card", Some(Issue::Charge), true),
    ("settle_acc", "trans", Some(Issue::Charge), true),
    ("mobilians", "phone", Some(Issue::Charge), false),
    ("mobilians", "card", Some(Issue::Charge), true),
    ("welcome", "phone", Some(Issue::Charge), false),
    ("galaxia", "phone", Some(Issue::Charge), false),
    ("paymentwall", "card", Some(Issue::Charge), false),
    ("nice_v2", "kakaopay", None, true),
    ("nice_v2", "naverpay_card", None, true),
    ("nice_v2", "naverpay_point", None, true),
    ("nice_v2", "naverpay", None, false),
    ("mobilians_v2", "card", Some(Issue::Charge), true),
    ("mobilians_v2", "phone", Some(Issue::Charge), false),
    ("nice_v2", "card", None, false),
    ("tosspay_v2", "tosspay", Some(Issue::Display), true),
    ("tosspay_v2", "card", None, false),
    ("paypal_v2", "paypal", Some(Issue::Display), true),
    ("welcome", "trans", None, false),
    ("galaxia", "trans", None, false),
    ("mobilians", "trans", None, false),
    ("kcp", "card", None, false),
    ("nice", "card", None, false),
    ("uplus", "card", None, false),
    ("danal", "phone", None, false),
    ("something_new", "card", None, false),
];

#[test]
fn each_pg_has_its_own_idea_of_the_amount_of_a_key() {
    for (pg, pay_method, positive, zero) in TABLE {
        for (amount, decision) in [(500, positive), (0, zero.then_some(Issue::Display))] {
            let mut ledger = Ledger::new(1);
            // The fields that each of them wants are not what this is about.
            ledger.set_knobs(Knobs { gateway_rules: false, ..Knobs::default() });
            let window = issuing(pg, pay_method, amount);
            let name = format!("{pg} {pay_method} {amount}");
            assert_eq!(ledger.check_window(NOW, &window).ok().flatten(), decision, "{name}");
            let agreed = ledger.pay_in_window(NOW, window);
            assert_eq!(agreed.is_ok(), decision.is_some(), "{name}");
            assert_eq!(ledger.key("key").is_ok(), decision.is_some(), "{name}");
            let Ok(agreed) = agreed else { continue };
            let row = row(agreed);
            let charged = if decision == Some(Issue::Charge) { amount } else { 0 };
            assert_eq!((row.status, row.usage), (PaymentStatus::Paid, Some(KeyUsage::Issue)), "{name}");
            assert_eq!((row.amount, row.cancellable()), (charged, charged), "{name}");
            assert_eq!(ledger.take_notices().len(), 1, "{name}: an issue is announced as paid");
            let instrument = Instrument::Key("key".to_owned());
            let admission = ledger.admit(NOW, Order::krw("next", 700, "n"), instrument).unwrap();
            ledger.commit(NOW, admission).unwrap();
            assert!(ledger.find_all("next", Some(PaymentStatus::Paid), PaymentSort::Started).len() == 1, "{name}");
        }
    }
}

#[test]
fn an_issue_may_show_an_amount_that_nobody_has_paid() {
    let mut ledger = Ledger::new(1);
    ledger.set_knobs(Knobs { issue_shows_amount: true, ..Knobs::default() });
    let row = row(ledger.pay_in_window(NOW, issuing("html5_inicis", "card", 500)).unwrap());
    assert_eq!((row.amount, row.cancellable()), (500, 0));
    let refund = CancelOrder { imp_uid: Some(row.imp_uid), ..CancelOrder::default() };
    assert!(ledger.cancel(NOW, &refund).is_err(), "there is nothing to give back");
}

#[test]
fn some_pgs_want_to_know_the_customer() {
    for (pg, pay_method, most) in [("smartro_v2", "card", 20), ("tosspay_v2", "tosspay", 50)] {
        for (customer_id, good) in [
            (None, false),
            (Some(String::new()), false),
            (Some("c".repeat(most)), true),
            (Some("c".repeat(most + 1)), false),
        ] {
            let mut window = issuing(pg, pay_method, 0);
            window.key = Some(KeyWish { customer_uid: "key".to_owned(), customer_id: customer_id.clone() });
            assert_eq!(Ledger::new(1).check_window(NOW, &window).is_ok(), good, "{pg} {customer_id:?}");
        }
    }
    let mut window = issuing("html5_inicis", "card", 0);
    window.key = Some(KeyWish { customer_uid: "key".to_owned(), customer_id: None });
    assert!(Ledger::new(1).check_window(NOW, &window).is_ok());
}

#[test]
fn a_pg_on_no_list_does_what_the_knob_says() {
    for (unlisted_issue, decision) in [
        (UnlistedIssue::Refuse, None),
        (UnlistedIssue::Display, Some(Issue::Display)),
        (UnlistedIssue::Charge, Some(Issue::Charge)),
    ] {
        let mut ledger = Ledger::new(1);
        ledger.set_knobs(Knobs { unlisted_issue, ..Knobs::default() });
        assert_eq!(ledger.check_window(NOW, &issuing("something_new", "card", 500)).ok().flatten(), decision);
        assert!(ledger.check_window(NOW, &issuing("nice_v2", "card", 0)).is_err(), "a listed PG is not on no list");
    }
}

#[test]
fn a_card_that_is_refused_leaves_no_key() {
    for (pg, amount, number, issued) in [
        ("html5_inicis", 0, "4000000000000002", false),
        // It declines charges, and there is none.
        ("html5_inicis", 500, "4000000000000341", true),
        ("danal_tpay", 500, "4000000000000341", false),
        ("danal_tpay", 500, "4000000000000002", false),
        ("danal_tpay", 500, GOOD, true),
    ] {
        let mut ledger = Ledger::new(1);
        let window = WindowOrder { card: Some(card(number)), ..issuing(pg, "card", amount) };
        let row = row(ledger.pay_in_window(NOW, window).unwrap());
        let status = if issued { PaymentStatus::Paid } else { PaymentStatus::Failed };
        assert_eq!((row.status, ledger.key("key").is_ok()), (status, issued), "{pg} {amount} {number}");
    }
    let mut ledger = Ledger::new(1);
    let row = ledger.fail_in_window(NOW, issuing("html5_inicis", "card", 0), "no");
    assert_eq!((row.status, row.fail_reason.as_deref()), (PaymentStatus::Failed, Some("no")));
    assert!(ledger.key("key").is_err());
}

#[test]
fn nothing_is_bought_for_nothing() {
    assert!(Ledger::new(1).check_window(NOW, &by_card("a", 0, GOOD)).is_err());
}
