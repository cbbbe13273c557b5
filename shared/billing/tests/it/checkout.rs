//! Orders that are paid in the window: what the browser says is a hint, and only the PSP's record settles anything.

use billing::checkout::{Options, Passed, Window};
use billing::order::{Details, Order};
use billing::payment::{Payment, PspStatus, State};
use billing::policy::LatePaidPolicy;
use billing::ports::{Clock, PaymentStore};
use billing::usecase::{Caller, Failure, NewCheckout, NotApproved, ReturnView, WebhookHint, WebhookOutcome};
use billing::{ImpUid, MerchantUid, Money};

use crate::fixture::payments::payment;
use crate::fixture::{Act, START, TestBilling, TestWorld, billing, card_window, customer, kim, order};
use crate::sweep::{sweep, sweeps};

fn new(uid: &str) -> NewCheckout {
    let order = billing::order::Order { customer_uid: None, ..order(uid) };
    NewCheckout { order, customer_id: customer("kim"), window: card_window() }
}

async fn open(billing: &TestBilling, uid: &str) -> Payment {
    billing.checkout(new(uid)).await.unwrap().row
}

/// The customer confirms in the window, and the PSP records this.
fn in_window(billing: &TestBilling, uid: &str, status: PspStatus) -> ImpUid {
    let now = billing.host.now();
    billing.psp.world().record(&new(uid).order, status, now).imp_uid
}

#[tokio::test]
async fn an_order_is_recorded_and_its_amount_registered_before_the_window_opens() {
    let billing = billing().await;
    let row = open(&billing, "order_1").await;
    assert_eq!(row.state, State::Awaiting);
    assert!(row.is_payable(billing.host.now()) && row.due_at.is_some());
    assert_eq!(billing.psp.world().prepared["order_1"], Money::krw(8_900));

    // The same request again finds the same row; the amount that stands there is looked up.
    assert_eq!(open(&billing, "order_1").await, row);
    let mut other = new("order_1");
    other.order.amount = Money::krw(100);
    assert_eq!(billing.checkout(other).await.map(|_| ()), Err(Failure::MerchantUidReused));
    let strangers = NewCheckout { customer_id: customer("lee"), ..new("order_1") };
    assert_eq!(billing.checkout(strangers).await.map(|_| ()), Err(Failure::MerchantUidReused));
    assert_eq!(billing.psp.world().prepared["order_1"], Money::krw(8_900));
}

#[tokio::test]
async fn what_is_passed_on_to_the_gateway_is_part_of_the_request() {
    let billing = billing().await;
    let by_phone = |json: Option<&str>| {
        let passed = Passed::default().with("bypass", json).unwrap();
        let options = Options { digital: Some(true), passed, ..Options::default() };
        let details = Details { buyer_name: Some("홍길동".to_owned()), ..new("order_1").order.details };
        NewCheckout {
            order: Order { details, ..new("order_1").order },
            window: Window { pg: Some("kcp".to_owned()), pay_method: "phone".to_owned(), options },
            ..new("order_1")
        }
    };
    let refused = billing.checkout(by_phone(None)).await.map(|_| ());
    let Err(Failure::Invalid(invalid)) = refused else { panic!("{refused:?}") };
    assert_eq!((invalid.field.as_str(), invalid.code.as_str()), ("bypass.shop_user_id", "gateway_rule"));
    assert!(invalid.detail.contains("kcp.window.phone.user.required"), "{}", invalid.detail);
    assert!(billing.psp.world().prepared.is_empty(), "refused before anything is promised");

    let row = billing.checkout(by_phone(Some(r#"{"shop_user_id":"m-1","a":1}"#))).await.unwrap().row;
    let again = billing.checkout(by_phone(Some(r#"{ "a": 1, "shop_user_id": "m-1" }"#))).await.unwrap().row;
    assert_eq!(again, row);
    for other in [r#"{"shop_user_id":"m-2","a":1}"#, r#"{"shop_user_id":"m-1"}"#] {
        let other = billing.checkout(by_phone(Some(other))).await.map(|_| ());
        assert_eq!(other, Err(Failure::MerchantUidReused));
    }
}

#[tokio::test]
async fn without_a_registered_amount_no_window_is_opened() {
    let billing = billing().await;
    for act in [Act::Lose, Act::GarbleAndLose, Act::Unreachable] {
        billing.psp.will([act]);
        let opened = billing.checkout(new("order_1")).await.unwrap();
        assert_eq!((opened.ready, opened.row.state), (false, State::Awaiting), "recorded, so it is no 503");
    }
    billing.psp.will([Act::Refuse(1)]);
    assert!(matches!(billing.checkout(new("order_1")).await, Err(Failure::RequestRefused(_))), "told as it was said");
    assert_eq!(billing.alarms(), ["request_refused"], "no customer can do anything about it");
    // Registered behind a lost answer: it is looked up.
    billing.psp.will([Act::ApproveAndLose]);
    assert_eq!(open(&billing, "order_1").await.state, State::Awaiting);
    // Somebody registered another amount: it is put right.
    billing.psp.world().prepared.insert("order_2".to_owned(), Money::krw(1));
    open(&billing, "order_2").await;
    assert_eq!(billing.psp.world().prepared["order_2"], Money::krw(8_900));
    // The PSP is down: nothing is recorded.
    billing.psp.world().down = true;
    assert_eq!(billing.checkout(new("order_3")).await.map(|_| ()), Err(Failure::Unavailable));
    assert_eq!(billing.store.payment(&MerchantUid::parse("order_3").unwrap()).await, Ok(None));
}

#[tokio::test]
async fn a_customer_who_names_the_payment_is_answered_by_the_psps_record() {
    let billing = billing().await;
    open(&billing, "order_1").await;
    let imp_uid = in_window(&billing, "order_1", PspStatus::Paid);
    let paid = billing.complete(&kim(), "order_1", &imp_uid).await.unwrap();
    assert_eq!((paid.state, paid.due_at), (State::Paid, None));
    assert_eq!(billing.complete(&kim(), "order_1", &imp_uid).await.unwrap(), paid, "again: nothing is written");

    open(&billing, "order_2").await;
    let imp_uid = in_window(&billing, "order_2", PspStatus::Failed);
    let failed = billing.complete(&kim(), "order_2", &imp_uid).await.unwrap();
    assert_eq!(failed.state, State::Failed);
    assert_eq!(
        failed.due_at,
        Some(START.plus(90_000)),
        "one more look, when the window can be open in no tab any more"
    );
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn a_payment_of_another_order_is_refused_and_alarmed() {
    let billing = billing().await;
    open(&billing, "cheap").await;
    open(&billing, "dear").await;
    let imp_uid = in_window(&billing, "cheap", PspStatus::Paid);
    assert_eq!(billing.complete(&kim(), "dear", &imp_uid).await, Err(Failure::ImpUidMismatch));
    assert_eq!(payment(&billing, "dear").await.state, State::Awaiting);
    assert_eq!(billing.alarms(), ["foreign_payment"]);
    for (caller, uid) in [(Caller::Customer(customer("lee")), "cheap"), (kim(), "nothing"), (kim(), "../x")] {
        assert_eq!(billing.complete(&caller, uid, &imp_uid).await, Err(Failure::NotFound));
    }
    billing.charge(order("charged"), None).await.unwrap();
    assert_eq!(billing.complete(&kim(), "charged", &imp_uid).await, Err(Failure::NotFound), "no checkout");
}

#[tokio::test]
async fn another_amount_than_was_ordered_is_suspect_whoever_brings_it() {
    let billing = billing().await;
    open(&billing, "order_1").await;
    let imp_uid = in_window(&billing, "order_1", PspStatus::Paid);
    billing.psp.world().payments.get_mut("order_1").unwrap()[0].amount = Money::krw(100);
    let row = billing.complete(&kim(), "order_1", &imp_uid).await.unwrap();
    assert_eq!(row.state, State::Suspect);
    assert_eq!(billing.alarms(), ["psp_mismatch"]);
}

#[tokio::test]
async fn a_test_channels_payment_buys_nothing() {
    let billing = billing().await;
    open(&billing, "order_1").await;
    let imp_uid = in_window(&billing, "order_1", PspStatus::Paid);
    billing.psp.world().payments.get_mut("order_1").unwrap()[0].sandbox = true;
    let row = billing.complete(&kim(), "order_1", &imp_uid).await.unwrap();
    assert_eq!((row.state, row.record), (State::Awaiting, None), "and closes nobody's window");
    assert_eq!(billing.alarms(), ["psp_mismatch"]);
    let paid = in_window(&billing, "order_1", PspStatus::Paid);
    assert_eq!(billing.complete(&kim(), "order_1", &paid).await.unwrap().state, State::Paid);
}

#[tokio::test]
async fn a_failed_attempt_is_not_the_end_until_its_customer_says_so() {
    let billing = billing().await;
    open(&billing, "order_1").await;
    in_window(&billing, "order_1", PspStatus::Failed);
    billing.advance(600);
    sweep(&billing).await;
    assert_eq!(payment(&billing, "order_1").await.state, State::Awaiting, "the window lets its customer try again");

    // Back from the second attempt; the first must not hide it, whichever is named.
    let first = billing.psp.world().payments["order_1"][0].imp_uid.clone();
    in_window(&billing, "order_1", PspStatus::Paid);
    assert_eq!(billing.complete(&kim(), "order_1", &first).await.unwrap().state, State::Paid);
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn a_payment_after_a_told_failure_is_late() {
    for (policy, refunds) in [(LatePaidPolicy::Accept, 0), (LatePaidPolicy::Refund, 1)] {
        let mut billing = billing().await;
        billing.policy.late_paid = policy;
        open(&billing, "order_1").await;
        let failed = in_window(&billing, "order_1", PspStatus::Failed);
        assert_eq!(billing.complete(&kim(), "order_1", &failed).await.unwrap().state, State::Failed);
        assert_eq!(open(&billing, "order_1").await.state, State::Failed, "no window is opened again");
        let late = in_window(&billing, "order_1", PspStatus::Paid);
        let hint = WebhookHint { imp_uid: late, merchant_uid: MerchantUid::parse("order_1").unwrap() };
        assert_eq!(billing.notice(&hint).await, Ok(WebhookOutcome::Applied));
        let row = payment(&billing, "order_1").await;
        assert_eq!((row.state, row.refunds.len()), (State::Paid, refunds));
        assert_eq!(billing.alarms(), ["late_paid"]);
    }
}

#[tokio::test]
async fn the_second_of_two_payments_in_two_tabs_goes_back() {
    let billing = billing().await;
    open(&billing, "order_1").await;
    let first = in_window(&billing, "order_1", PspStatus::Paid);
    billing.complete(&kim(), "order_1", &first).await.unwrap();
    billing.advance(1);
    let second = in_window(&billing, "order_1", PspStatus::Paid);
    let row = billing.complete(&kim(), "order_1", &second).await.unwrap();
    assert_eq!((row.state, row.imp_uid()), (State::Paid, Some(&first)));
    sweep(&billing).await;
    let world = billing.psp.world();
    let left: Vec<u64> = world.payments["order_1"].iter().map(|record| record.net_paid()).collect();
    assert_eq!(left, [8_900, 0]);
}

#[tokio::test]
async fn a_callback_that_never_comes_and_a_lost_webhook_are_made_up_for_by_the_sweep() {
    let billing = billing().await;
    open(&billing, "order_1").await;
    billing.advance(60);
    in_window(&billing, "order_1", PspStatus::Paid);
    billing.advance(600);
    sweep(&billing).await;
    assert_eq!(payment(&billing, "order_1").await.state, State::Paid);
}

#[tokio::test]
async fn an_order_that_nobody_pays_expires_and_comes_to_rest() {
    let billing = billing().await;
    open(&billing, "order_1").await;
    let gets = billing.psp.world().gets;
    sweeps(&billing, 26 * 12, 300).await;
    let row = payment(&billing, "order_1").await;
    assert_eq!((row.state, row.due_at), (State::Expired, None));
    assert!(billing.psp.world().gets - gets <= 9, "{} looks", billing.psp.world().gets - gets);
    assert_eq!(open(&billing, "order_1").await.state, State::Expired, "the same request answers the same, for ever");
}

fn account_order(uid: &str) -> NewCheckout {
    let window = billing::checkout::Window { pay_method: "vbank".to_owned(), ..card_window() };
    NewCheckout { window, ..new(uid) }
}

/// An account that somebody has opened under the number.
fn account(billing: &TestBilling, uid: &str, number: &str, closes: billing::Timestamp) -> ImpUid {
    let imp_uid = in_window(billing, uid, PspStatus::Ready);
    let mut world = billing.psp.world();
    let facts = &mut world.payments.get_mut(uid).unwrap().last_mut().unwrap().details;
    facts.vbank_num = Some(number.to_owned());
    facts.vbank_date = Some(closes);
    facts.vbank_issued_at = Some(billing.host.now());
    imp_uid
}

#[tokio::test]
async fn a_virtual_account_waits_for_its_deposit_beyond_the_window() {
    let billing = billing().await;
    billing.checkout(account_order("order_1")).await.unwrap();
    let due = START.plus(5 * 86_400);
    let imp_uid = account(&billing, "order_1", "56123456789012", due);
    let ready = billing.complete(&kim(), "order_1", &imp_uid).await.unwrap();
    assert_eq!(ready.state, State::Awaiting);
    assert!(ready.record.is_some() && !ready.is_payable(billing.host.now()), "no second account is opened");
    assert_eq!(ready.open_until(), Some(due.plus(86_400)));

    billing.advance(3 * 86_400);
    sweep(&billing).await;
    assert_eq!(payment(&billing, "order_1").await.state, State::Awaiting);
    {
        let mut world = billing.psp.world();
        let record = &mut world.payments.get_mut("order_1").unwrap()[0];
        (record.status, record.paid_at) = (PspStatus::Paid, Some(START.plus(3 * 86_400)));
    }
    billing.advance(6 * 3_600);
    sweep(&billing).await;
    assert_eq!(payment(&billing, "order_1").await.state, State::Paid);
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn an_account_under_a_number_that_ordered_none_says_nothing() {
    let billing = billing().await;
    open(&billing, "order_1").await;
    let strangers = account(&billing, "order_1", "56000000000000", START.plus(300 * 86_400));
    let row = billing.complete(&kim(), "order_1", &strangers).await.unwrap();
    assert!(row.record.is_none() && row.is_payable(billing.host.now()), "its customer may still pay");
    assert_eq!(row.open_until(), Some(START.plus(86_400)));
    // A window that was only opened, and left, hides no failure.
    in_window(&billing, "order_2", PspStatus::Ready);
    open(&billing, "order_2").await;
    let failed = in_window(&billing, "order_2", PspStatus::Failed);
    assert_eq!(billing.complete(&kim(), "order_2", &failed).await.unwrap().state, State::Failed);
}

#[tokio::test]
async fn of_two_accounts_the_later_one_is_shown_and_a_closed_one_is_no_failure() {
    let billing = billing().await;
    billing.checkout(account_order("order_1")).await.unwrap();
    let first = account(&billing, "order_1", "56000000000001", START.plus(86_400));
    billing.advance(60);
    account(&billing, "order_1", "56000000000002", START.plus(86_400));
    let shown = billing.complete(&kim(), "order_1", &first).await.unwrap();
    assert_eq!(shown.record.unwrap().details.vbank_num.as_deref(), Some("56000000000002"));
    for record in billing.psp.world().payments.get_mut("order_1").unwrap() {
        record.status = PspStatus::Cancelled;
    }
    sweeps(&billing, 12, 6 * 3_600).await;
    assert_eq!(payment(&billing, "order_1").await.state, State::Expired, "nobody has said that it failed");
}

#[tokio::test]
async fn who_pays_in_the_last_minute_is_not_too_late() {
    let billing = billing().await;
    open(&billing, "order_1").await;
    let uid = MerchantUid::parse("order_1").unwrap();
    billing.advance(86_400);
    sweep(&billing).await;
    assert!(!payment(&billing, "order_1").await.is_payable(billing.host.now()), "no window is opened any more");
    assert_eq!(billing.confirm(&uid, "8900").await, Ok(Ok(())), "who is in one may pay");
    billing.advance(120);
    in_window(&billing, "order_1", PspStatus::Paid);
    billing.advance(3_480);
    sweep(&billing).await;
    assert_eq!(payment(&billing, "order_1").await.state, State::Paid);
    assert!(billing.alarms().is_empty(), "it is not late");
}

#[tokio::test]
async fn a_browser_that_comes_back_without_proof_settles_no_failure() {
    let billing = billing().await;
    let uid = MerchantUid::parse("order_1").unwrap();
    assert_eq!(billing.returned(&uid, None).await, Ok(ReturnView::Unknown));
    open(&billing, "order_1").await;
    assert_eq!(billing.returned(&uid, None).await, Ok(ReturnView::Pending));
    let failed = in_window(&billing, "order_1", PspStatus::Failed);
    assert_eq!(billing.returned(&uid, Some(&failed)).await, Ok(ReturnView::Failed));
    assert_eq!(payment(&billing, "order_1").await.state, State::Awaiting);
    let foreign = in_window(&billing, "order_2", PspStatus::Paid);
    assert_eq!(billing.returned(&uid, Some(&foreign)).await, Ok(ReturnView::Pending));
    let paid = in_window(&billing, "order_1", PspStatus::Paid);
    assert_eq!(billing.returned(&uid, Some(&paid)).await, Ok(ReturnView::Paid));
    let gets = billing.psp.world().gets;
    assert_eq!(billing.returned(&uid, Some(&foreign)).await, Ok(ReturnView::Paid));
    assert_eq!(billing.psp.world().gets, gets, "a settled order costs no look");
}

#[tokio::test]
async fn the_pg_may_approve_only_what_was_ordered_and_is_still_open() {
    let billing = billing().await;
    let uid = MerchantUid::parse("order_1").unwrap();
    assert_eq!(billing.confirm(&uid, "8900").await, Ok(Err(NotApproved::UnknownOrder)));
    open(&billing, "order_1").await;
    for amount in ["8900", "8900.0"] {
        assert_eq!(billing.confirm(&uid, amount).await, Ok(Ok(())), "{amount}");
    }
    for amount in ["8901", "0", "-8900", "8900.01", "", "1e4", "NaN"] {
        assert_eq!(billing.confirm(&uid, amount).await, Ok(Err(NotApproved::OtherAmount)), "{amount}");
    }
    billing.charge(order("charged"), None).await.unwrap();
    let charged = MerchantUid::parse("charged").unwrap();
    assert_eq!(billing.confirm(&charged, "8900").await, Ok(Err(NotApproved::UnknownOrder)));
    in_window(&billing, "order_1", PspStatus::Paid);
    billing.advance(600);
    sweep(&billing).await;
    assert_eq!(billing.confirm(&uid, "8900").await, Ok(Err(NotApproved::Closed)));
}

#[tokio::test]
async fn a_psp_that_does_not_answer_leaves_the_order_pending_and_due() {
    let billing = billing().await;
    open(&billing, "order_1").await;
    let imp_uid = in_window(&billing, "order_1", PspStatus::Paid);
    billing.psp.world().down = true;
    assert_eq!(billing.complete(&kim(), "order_1", &imp_uid).await.unwrap().state, State::Awaiting);
    billing.psp.world().down = false;
    sweep(&billing).await;
    assert_eq!(payment(&billing, "order_1").await.state, State::Paid, "it was due at once");
}
