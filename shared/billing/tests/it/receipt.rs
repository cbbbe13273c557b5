//! Cash receipts: issued once for one wish, carried to their end, and never over more than is left of their payment.

use billing::alarm::Alarm;
use billing::checkout::{Options, Passed};
use billing::order::Details;
use billing::payment::receipt::{NoReceipt, ReceiptOrigin, ReceiptPurpose, ReceiptSnapshot, ReceiptState, ReceiptWish};
use billing::payment::snapshot::RecordDetails;
use billing::payment::{Payment, PspStatus};
use billing::policy::CashReceiptPolicy;
use billing::ports::Clock;
use billing::usecase::{Caller, Comparison, Failure, NewCheckout};
use billing::{ImpUid, Money};

use crate::fixture::payments::order_1;
use crate::fixture::{
    Act, TestBilling, TestWorld, billing, card_window, customer, hint_of, kim, order, refund_request,
};
use crate::sweep::{sweep, sweeps};

pub(crate) const DAY: i64 = 86_400;
pub(crate) const NUMBER: &str = "010-4242-4242";

pub(crate) fn wish(number: &str) -> ReceiptWish {
    ReceiptWish::new(ReceiptPurpose::Person, None, number).unwrap()
}

/// An order of so much that was paid by a transfer at this gateway, and is known to be.
pub(crate) async fn paid_at(billing: &TestBilling, won: u64, pg: &str, method: &str) -> ImpUid {
    paid_in(billing, won, (pg, method), Details::default(), Passed::default()).await
}

pub(crate) async fn paid_in(
    billing: &TestBilling,
    won: u64,
    (pg, method): (&str, &str),
    details: Details,
    passed: Passed,
) -> ImpUid {
    let amount = Money::krw(won);
    let order = billing::order::Order { customer_uid: None, amount, details, ..order("order_1") };
    // Of a window that says more than how it is paid, no rule is asked here.
    let at = if passed.is_empty() { card_window().pg } else { Some("brand_new".to_owned()) };
    let options = Options { passed, ..Options::default() };
    let window = billing::checkout::Window { pg: at, pay_method: method.to_owned(), options };
    billing.checkout(NewCheckout { order: order.clone(), customer_id: customer("kim"), window }).await.unwrap();
    let now = billing.host.now();
    let hint = {
        let mut world = billing.psp.world();
        world.record(&order, PspStatus::Paid, now);
        let record = world.payments.get_mut("order_1").unwrap().last_mut().unwrap();
        record.details = RecordDetails {
            // By a bank account, as NICE has it.
            pay_method: Some(if method == "ssgpay_bank" { "trans" } else { method }.to_owned()),
            pg_provider: Some(pg.to_owned()),
            ..RecordDetails::default()
        };
        hint_of(record)
    };
    billing.notice(&hint).await.unwrap();
    billing.psp.world().posts.clear();
    hint.imp_uid
}

pub(crate) async fn paid() -> (TestBilling, ImpUid) {
    let billing = billing().await;
    let imp_uid = paid_at(&billing, 8_900, "html5_inicis", "trans").await;
    (billing, imp_uid)
}

pub(crate) async fn asked(billing: &TestBilling) -> Result<ReceiptState, Failure> {
    state(billing.ask_for_receipt(&kim(), "order_1", wish(NUMBER)).await)
}

pub(crate) fn state(answer: Result<Payment, Failure>) -> Result<ReceiptState, Failure> {
    answer.map(|row| row.receipt.unwrap().state)
}

/// The amounts of the receipts that are in force.
pub(crate) fn in_force(billing: &TestBilling) -> Vec<u64> {
    let world = billing.psp.world();
    world.receipts.values().filter(|receipt| receipt.stands()).map(|receipt| receipt.amount).collect()
}

pub(crate) async fn refund(billing: &TestBilling, amount: &str) {
    billing.refund(refund_request("order_1", amount, &format!("refund-{amount}"))).await.unwrap();
}

#[tokio::test]
async fn a_receipt_is_issued_once_and_answers_whoever_asks_for_the_same() {
    let (billing, imp_uid) = paid().await;
    assert_eq!(asked(&billing).await, Ok(ReceiptState::Issued));
    assert_eq!(asked(&billing).await, Ok(ReceiptState::Issued));
    let merchants = billing.ask_for_receipt(&Caller::Merchant, "order_1", wish("01042424242")).await;
    assert_eq!(state(merchants), Ok(ReceiptState::Issued), "however it is written, and whoever asks");
    assert_eq!(billing.psp.world().posts, [format!("issue receipt {imp_uid} 01042424242")]);
    let others = billing.ask_for_receipt(&kim(), "order_1", wish("010-4242-1111")).await;
    assert_eq!(state(others), Err(Failure::ReceiptExists));
    let row = order_1(&billing).await;
    let receipt = row.receipt.as_deref().unwrap();
    assert_eq!((receipt.masked.as_deref(), row.next_due_at()), (Some("*******4242"), None));
}

#[tokio::test]
async fn nobody_asks_for_a_receipt_of_somebody_elses_payment_or_of_none() {
    let (billing, _) = paid().await;
    for (caller, uid) in [(Caller::Customer(customer("lee")), "order_1"), (kim(), "nothing"), (kim(), "../x")] {
        assert_eq!(state(billing.ask_for_receipt(&caller, uid, wish(NUMBER)).await), Err(Failure::NotFound));
    }
    assert_eq!(state(billing.cancel_receipt("order_1").await), Err(Failure::NotFound), "there is none");
    assert!(billing.psp.world().receipts.is_empty());
}

#[tokio::test]
async fn what_has_no_receipt_says_why() {
    let none = async |billing: &TestBilling, why| {
        assert_eq!(asked(billing).await, Err(Failure::NoReceipt(why)), "{why:?}");
        assert!(billing.psp.world().posts.iter().all(|post| !post.contains("receipt")), "{why:?}");
    };
    let billing_ = billing().await;
    billing_.charge(order("order_1"), None).await.unwrap();
    none(&billing_, NoReceipt::NotCash).await;

    let waiting = billing().await;
    let new = billing::order::Order { customer_uid: None, ..order("order_1") };
    waiting.checkout(NewCheckout { order: new, customer_id: customer("kim"), window: card_window() }).await.unwrap();
    none(&waiting, NoReceipt::NotPaid).await;

    let (back, _) = paid().await;
    refund(&back, "8900").await;
    none(&back, NoReceipt::NothingLeft).await;

    let (mut off, _) = paid().await;
    off.policy.cash_receipts = CashReceiptPolicy::Off;
    assert_eq!(asked(&off).await, Err(Failure::ReceiptsOff));
}

#[tokio::test]
async fn a_lost_request_is_found_or_sent_again_and_issues_one_receipt() {
    for act in
        [Act::Lose, Act::ApproveAndLose, Act::ApproveAndRefuse, Act::Garble, Act::GarbleAndLose, Act::Unreachable]
    {
        let (billing, _) = paid().await;
        billing.psp.will([act.clone()]);
        asked(&billing).await.unwrap();
        sweeps(&billing, 4, 160).await;
        let row = order_1(&billing).await;
        assert_eq!((in_force(&billing), billing.psp.world().receipts_made), (vec![8_900], 1), "{act:?}");
        assert_eq!((row.receipt.as_ref().unwrap().state, row.next_due_at()), (ReceiptState::Issued, None), "{act:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_again_while_the_first_request_may_still_execute() {
    let (billing, _) = paid().await;
    billing.psp.will([Act::Lose]);
    assert_eq!(asked(&billing).await, Ok(ReceiptState::Asked));
    assert_eq!(asked(&billing).await, Ok(ReceiptState::Asked), "the same answer");
    let others = billing.ask_for_receipt(&kim(), "order_1", wish("010-4242-1111")).await;
    assert_eq!(state(others), Err(Failure::ReceiptInProgress));
    assert_eq!(state(billing.cancel_receipt("order_1").await), Err(Failure::ReceiptInProgress));
    billing.advance(150);
    sweep(&billing).await;
    assert_eq!(billing.psp.world().posts.len(), 1);
}

#[tokio::test]
async fn one_that_the_gateway_refuses_is_told_and_may_be_asked_for_again() {
    let (billing, _) = paid().await;
    billing.psp.will([Act::Refuse(500)]);
    assert_eq!(asked(&billing).await, Ok(ReceiptState::Refused));
    assert_eq!(asked(&billing).await, Ok(ReceiptState::Refused), "the same answer, while it may still be done");
    sweeps(&billing, 2, 160).await;
    let row = order_1(&billing).await;
    assert_eq!(
        (row.next_due_at(), row.receipt.as_ref().unwrap().wish.as_ref()),
        (None, None),
        "nobody's number is kept"
    );
    assert_eq!(asked(&billing).await, Ok(ReceiptState::Issued));
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn a_refund_of_a_part_reduces_it_and_one_of_the_rest_cancels_it() {
    let (billing, imp_uid) = paid().await;
    asked(&billing).await.unwrap();
    refund(&billing, "900").await;
    sweep(&billing).await;
    assert_eq!((in_force(&billing), order_1(&billing).await.next_due_at()), (vec![8_000], None));
    refund(&billing, "8000").await;
    sweep(&billing).await;
    let row = order_1(&billing).await;
    let receipt = row.receipt.as_deref().unwrap();
    assert_eq!((in_force(&billing), receipt.state, receipt.wish.as_ref()), (vec![], ReceiptState::Cancelled, None));
    let posts = billing.psp.world().posts.clone();
    let of_receipt = |post: &&String| post.contains("receipt");
    assert_eq!(
        posts.iter().filter(of_receipt).collect::<Vec<_>>(),
        [
            &format!("issue receipt {imp_uid} 01042424242"),
            &format!("revoke receipt {imp_uid}"),
            &format!("issue receipt {imp_uid} 01042424242"),
            &format!("revoke receipt {imp_uid}"),
        ]
    );
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn what_the_gateway_does_with_a_refund_is_looked_up_and_not_done_twice() {
    // It has cancelled it with all, or issued it anew over the rest.
    let (all, imp_uid) = paid().await;
    asked(&all).await.unwrap();
    all.psp.world().receipts.get_mut(imp_uid.as_str()).unwrap().cancelled_at = Some(all.host.now());
    refund(&all, "8900").await;
    sweep(&all).await;
    assert_eq!(order_1(&all).await.receipt.unwrap().state, ReceiptState::Cancelled);
    let (part, imp_uid) = paid().await;
    asked(&part).await.unwrap();
    part.psp.world().receipts.get_mut(imp_uid.as_str()).unwrap().amount = 8_000;
    refund(&part, "900").await;
    sweep(&part).await;
    assert_eq!(order_1(&part).await.receipt.unwrap().state, ReceiptState::Issued);
    // It has cancelled it with a part: the rest has none, and gets one.
    let (rest, imp_uid) = paid().await;
    asked(&rest).await.unwrap();
    rest.psp.world().receipts.get_mut(imp_uid.as_str()).unwrap().cancelled_at = Some(rest.host.now());
    refund(&rest, "900").await;
    sweep(&rest).await;
    assert_eq!(in_force(&rest), [8_000]);
    for (billing, made) in [(all, 1), (part, 1), (rest, 2)] {
        assert_eq!(billing.psp.world().receipts_made, made);
        assert!(billing.psp.world().posts.iter().all(|post| !post.starts_with("revoke receipt")));
    }
}

#[tokio::test]
async fn a_refund_meanwhile_is_known_before_a_receipt_over_less_is_thought_wrong() {
    let (billing, _) = paid().await;
    // In the console, and no webhook tells.
    billing.psp.world().payments.get_mut("order_1").unwrap()[0].cancel_amount = 900;
    assert_eq!(asked(&billing).await, Ok(ReceiptState::Issued));
    assert_eq!((in_force(&billing), billing.psp.world().receipts_made), (vec![8_000], 1));
}

#[tokio::test]
async fn a_merchant_takes_it_back_and_it_may_be_asked_for_again() {
    let (billing, _) = paid().await;
    asked(&billing).await.unwrap();
    billing.psp.will([Act::Refuse(500)]);
    assert!(matches!(billing.cancel_receipt("order_1").await, Err(Failure::Refused(_))), "it stands");
    assert_eq!(asked(&billing).await, Ok(ReceiptState::Issued));
    sweeps(&billing, 2, 160).await;
    assert_eq!(in_force(&billing), [8_900]);
    for act in [Act::Approve, Act::Lose, Act::ApproveAndLose, Act::ApproveAndRefuse, Act::Unreachable] {
        billing.psp.will([act.clone()]);
        billing.cancel_receipt("order_1").await.unwrap();
        sweeps(&billing, 4, 160).await;
        assert_eq!(state(billing.cancel_receipt("order_1").await), Ok(ReceiptState::Cancelled), "{act:?}");
        assert_eq!((in_force(&billing), order_1(&billing).await.next_due_at()), (vec![], None), "{act:?}");
        billing.psp.forgives();
        assert_eq!(asked(&billing).await, Ok(ReceiptState::Issued), "{act:?}");
    }
}

/// The gateway issues one: its customer has named a number in the window.
pub(crate) fn by_itself(billing: &TestBilling, imp_uid: &ImpUid, amount: u64) -> ReceiptSnapshot {
    let own = ReceiptSnapshot {
        imp_uid: imp_uid.clone(),
        amount,
        vat: None,
        apply_num: None,
        receipt_tid: None,
        receipt_url: None,
        applied_at: Some(billing.host.now()),
        cancelled_at: None,
    };
    billing.psp.world().receipts.insert(imp_uid.to_string(), own.clone());
    own
}

#[tokio::test]
async fn one_that_the_gateway_has_issued_by_itself_is_found_and_nothing_is_issued_beside_it() {
    let (billing, imp_uid) = paid().await;
    let own = by_itself(&billing, &imp_uid, 8_900);
    assert_eq!(asked(&billing).await, Err(Failure::ReceiptExists));
    assert_eq!(asked(&billing).await, Err(Failure::ReceiptExists));
    let receipt = order_1(&billing).await.receipt.unwrap();
    assert_eq!((receipt.origin, receipt.record.as_ref()), (ReceiptOrigin::Found, Some(&own)));
    // Of a part that goes back nobody here can issue the rest; with all of it, it goes.
    refund(&billing, "900").await;
    sweep(&billing).await;
    assert_eq!((in_force(&billing), billing.alarms()), (vec![8_900], vec!["receipt_differs"]));
    refund(&billing, "8000").await;
    sweep(&billing).await;
    assert_eq!((in_force(&billing), order_1(&billing).await.next_due_at()), (vec![], None));
}

#[tokio::test]
async fn what_the_law_requires_is_issued_unasked_after_a_day_and_gives_way_to_whoever_asks() {
    let mut billing = billing().await;
    billing.policy.cash_receipts = CashReceiptPolicy::Required;
    let imp_uid = paid_at(&billing, 100_000, "html5_inicis", "vbank").await;
    billing.advance(DAY - 1);
    sweep(&billing).await;
    assert!(in_force(&billing).is_empty());
    billing.advance(1);
    sweep(&billing).await;
    assert_eq!(in_force(&billing), [100_000]);
    assert_eq!(asked(&billing).await, Ok(ReceiptState::Issued));
    assert_eq!(
        billing.psp.world().posts,
        [
            format!("issue receipt {imp_uid} 0100001234"),
            format!("revoke receipt {imp_uid}"),
            format!("issue receipt {imp_uid} 01042424242"),
        ]
    );
}

#[tokio::test]
async fn one_that_is_taken_back_before_it_was_sent_is_the_gateways_own_if_that_has_issued_one() {
    for own in [false, true] {
        let mut billing = billing().await;
        billing.policy.cash_receipts = CashReceiptPolicy::Required;
        let imp_uid = paid_at(&billing, 100_000, "html5_inicis", "vbank").await;
        if own {
            by_itself(&billing, &imp_uid, 100_000);
        }
        assert_eq!(state(billing.cancel_receipt("order_1").await), Ok(ReceiptState::Cancelled), "{own}");
        assert_eq!((in_force(&billing), billing.psp.world().posts.len()), (vec![], usize::from(own)), "{own}");
        billing.advance(2 * DAY);
        sweep(&billing).await;
        assert_eq!((in_force(&billing), order_1(&billing).await.next_due_at()), (vec![], None), "{own}");
    }
}

#[tokio::test]
async fn nothing_is_issued_unasked_below_what_the_law_says_by_card_or_long_after() {
    for (won, method) in [(99_999, "trans"), (100_000, "card")] {
        let mut billing = billing().await;
        billing.policy.cash_receipts = CashReceiptPolicy::Required;
        paid_at(&billing, won, "html5_inicis", method).await;
        assert_eq!((order_1(&billing).await.receipt, order_1(&billing).await.next_due_at()), (None, None), "{method}");
    }
    let mut billing = billing().await;
    paid_at(&billing, 100_000, "html5_inicis", "trans").await;
    billing.policy.cash_receipts = CashReceiptPolicy::Required;
    billing.advance(5 * DAY);
    let hint = hint_of(&billing.psp.world().payments["order_1"][0].clone());
    billing.notice(&hint).await.unwrap();
    assert_eq!(order_1(&billing).await.receipt, None, "before the setting was on");
}

#[tokio::test]
async fn one_that_the_law_requires_and_the_gateway_refuses_is_tried_for_five_days_with_an_alarm_a_day() {
    let mut billing = billing().await;
    billing.policy.cash_receipts = CashReceiptPolicy::Required;
    paid_at(&billing, 100_000, "html5_inicis", "trans").await;
    billing.psp.will(vec![Act::Refuse(500); 400]);
    billing.advance(DAY);
    let mut alarms = 0;
    for _ in 0..(6 * 24 * 12) {
        sweep(&billing).await;
        billing.advance(300);
        alarms += billing.alarms().len();
    }
    let row = order_1(&billing).await;
    assert_eq!((row.receipt.as_ref().unwrap().state, row.next_due_at()), (ReceiptState::Refused, None));
    let asked = billing.psp.world().posts.len();
    assert!(asked > 10 && asked <= 4 * 24, "{asked}");
    assert!((4..=6).contains(&alarms), "{alarms}");
    let alarm =
        Alarm::ReceiptRefused { merchant_uid: row.merchant_uid().clone(), imp_uid: row.imp_uid().unwrap().clone() };
    assert_eq!(alarm.name(), "receipt_refused");
}

#[tokio::test]
async fn one_that_cannot_be_cancelled_with_its_money_is_tried_more_and_more_rarely() {
    let (billing, _) = paid().await;
    asked(&billing).await.unwrap();
    refund(&billing, "8900").await;
    billing.psp.world().posts.clear();
    billing.psp.will(vec![Act::Refuse(500); 400]);
    let mut alarms = 0;
    for _ in 0..(3 * 24 * 12) {
        sweep(&billing).await;
        billing.advance(300);
        alarms += billing.alarms().len();
    }
    assert!(billing.psp.world().posts.len() < 24, "{}", billing.psp.world().posts.len());
    assert!((3..=4).contains(&alarms), "{alarms}");
    billing.psp.forgives();
    sweeps(&billing, 10, 6 * 3_600).await;
    assert_eq!((in_force(&billing), order_1(&billing).await.next_due_at()), (vec![], None));
}

#[tokio::test]
async fn without_the_psp_or_an_answer_nothing_is_recorded() {
    let (billing, _) = paid().await;
    billing.psp.world().down = true;
    assert_eq!(asked(&billing).await, Err(Failure::Unavailable));
    billing.psp.world().down = false;
    billing.psp.world().looks_fail = true;
    assert_eq!(asked(&billing).await, Err(Failure::Unavailable), "the gateway may have issued one by itself");
    assert_eq!(order_1(&billing).await.receipt, None);
}

#[tokio::test]
async fn a_refusal_because_all_went_back_in_the_console_ends_the_receipt() {
    let (billing, imp_uid) = paid().await;
    asked(&billing).await.unwrap();
    refund(&billing, "900").await;
    // The rest goes back in the console just when the receipt is cancelled to be issued over it, and no webhook tells.
    billing.psp.will([Act::Approve, Act::Refuse(400)]);
    {
        let mut world = billing.psp.world();
        let record = world.payments.get_mut("order_1").unwrap().first_mut().unwrap();
        (record.cancel_amount, record.status) = (8_900, PspStatus::Cancelled);
    }
    sweeps(&billing, 3, 160).await;
    let row = order_1(&billing).await;
    assert_eq!((row.receipt.as_ref().unwrap().state, row.next_due_at()), (ReceiptState::Cancelled, None));
    assert_eq!(in_force(&billing), Vec::<u64>::new(), "{imp_uid}");
}

/// What the comparison of the next morning finds.
async fn compared(billing: &TestBilling) -> billing::report::Report {
    let now = billing.host.now();
    billing.wait_until(billing::KstDay::of(now).start().plus(DAY + 5 * 3_600));
    match billing.compare(billing.host.now().plus(3_600)).await.unwrap() {
        Comparison::Finished(report) => report,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_daily_comparison_looks_up_what_iamports_record_says_otherwise() {
    let shows = |billing: &TestBilling, issued: bool| {
        let mut world = billing.psp.world();
        world.payments.get_mut("order_1").unwrap()[0].details.cash_receipt_issued = Some(issued);
    };
    // Ours is in force, and the record may mean the gateway's own alone: nothing is wrong.
    let (billing, _) = paid().await;
    asked(&billing).await.unwrap();
    shows(&billing, false);
    assert_eq!(compared(&billing).await.counts.receipts, 0);
    assert_eq!(order_1(&billing).await.receipt.unwrap().state, ReceiptState::Issued);
    // Somebody has cancelled it in the console.
    let gone = billing.host.now();
    billing.psp.world().receipts.values_mut().for_each(|receipt| receipt.cancelled_at = Some(gone));
    assert_eq!(compared(&billing).await.counts.receipts, 1);
    assert_eq!(order_1(&billing).await.receipt.unwrap().state, ReceiptState::Cancelled);
    assert_eq!(billing.alarms(), ["receipt_differs"]);
    // The gateway has issued one by itself.
    billing.psp.world().receipts.values_mut().for_each(|receipt| receipt.cancelled_at = None);
    shows(&billing, true);
    assert_eq!(compared(&billing).await.counts.receipts, 1);
    let row = order_1(&billing).await;
    assert_eq!((row.receipt.as_ref().unwrap().origin, row.next_due_at()), (ReceiptOrigin::Found, None));
    assert_eq!(compared(&billing).await.counts.receipts, 0);
}
