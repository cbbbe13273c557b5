//! Checkouts: how long a window is open, and what a failed attempt in it decides.

use billing::checkout::Window;
use billing::order::Order;
use billing::payment::{Evidence, Payment, PaymentSnapshot, PspStatus, Source, State};
use billing::ports::{Clock, PaymentStore};
use billing::usecase::{NewCheckout, NotApproved, WebhookHint};
use billing::{MerchantUid, Money, Nonce};

use crate::fixture::applied::after;
use crate::fixture::{START, TestBilling, TestWorld, World, billing, card_window, customer, order};
use crate::sweep::sweep;

const DAY: i64 = 86_400;

/// Seconds for which a window is offered, and after which nobody can be in it any more.
const OFFERED: i64 = DAY;
const CLOSED: i64 = DAY + 3_600;

const SOURCES: [Source; 6] =
    [Source::Reply, Source::Look, Source::Webhook, Source::Sweep, Source::Claim, Source::Customer];

fn in_window() -> Order {
    Order { customer_uid: None, ..order("order_1") }
}

fn uid() -> MerchantUid {
    MerchantUid::parse("order_1").unwrap()
}

/// An order that its customer may pay since [`START`] with this method.
fn awaiting(pay_method: &str) -> Payment {
    let window = Window { pay_method: pay_method.to_owned(), ..card_window() };
    let (open_until, writer) = (START.plus(OFFERED), Nonce::parse("f").unwrap());
    Payment::awaiting(in_window(), customer("kim"), window, open_until, writer, START)
}

fn record(status: PspStatus) -> PaymentSnapshot {
    World::default().record(&in_window(), status, START)
}

fn all(list: &[PaymentSnapshot]) -> Evidence {
    Evidence::Records { list: list.to_vec(), complete: true }
}

async fn open(billing: &TestBilling) -> Payment {
    let new = NewCheckout { order: in_window(), customer_id: customer("kim"), window: card_window() };
    billing.checkout(new).await.unwrap().row
}

async fn stored(billing: &TestBilling) -> Payment {
    billing.store.payment(&uid()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_window_is_offered_for_a_day_and_whoever_is_in_it_may_pay_for_an_hour_longer() {
    let billing = billing().await;
    open(&billing).await;
    for (seconds, offered, waits) in [
        (0, true, true),
        (OFFERED - 1, true, true),
        (OFFERED, false, true),
        (OFFERED + 1, false, true),
        (CLOSED - 1, false, true),
        (CLOSED, false, false),
        (CLOSED + 1, false, false),
        (9 * DAY, false, false),
    ] {
        // Nobody has looked meanwhile: what the row says has to hold without.
        billing.wait_until(START.plus(seconds));
        let (row, now) = (stored(&billing).await, billing.host.now());
        assert_eq!((row.state, row.is_payable(now), row.waits(now)), (State::Awaiting, offered, waits), "{seconds} s");
        let approved = if waits { Ok(()) } else { Err(NotApproved::Closed) };
        assert_eq!(billing.confirm(&uid(), "8900").await, Ok(approved), "{seconds} s");
    }
}

#[test]
fn a_failed_attempt_is_the_end_only_if_its_customer_names_it_or_nobody_can_be_in_the_window_any_more() {
    let (row, failed) = (awaiting("card"), record(PspStatus::Failed));
    let closes = START.plus(CLOSED);
    for by in SOURCES {
        for seconds in [1, OFFERED - 1, OFFERED, OFFERED + 1, CLOSED - 1, CLOSED, CLOSED + 1] {
            let now = START.plus(seconds);
            let after = after(&row, &all(std::slice::from_ref(&failed)), by, now);
            if by == Source::Customer || now >= closes {
                assert_eq!((after.state, after.record.as_ref()), (State::Failed, Some(&failed)), "{by:?}, {seconds} s");
                // Another tab may be open: one more look when it is not.
                assert_eq!(after.due_at, (now < closes).then_some(closes), "{by:?}, {seconds} s");
            } else {
                assert_eq!((after.state, after.record), (State::Awaiting, None), "{by:?}, {seconds} s");
                assert!(after.due_at.is_some_and(|at| now < at && at <= closes), "{by:?}, {seconds} s");
            }
        }
    }
}

#[test]
fn a_checkout_that_has_expired_fails_only_by_its_customers_word() {
    let now = START.plus(CLOSED);
    let expired = after(&awaiting("card"), &all(&[]), Source::Sweep, now);
    assert_eq!((expired.state, expired.due_at), (State::Expired, None));
    for by in SOURCES {
        let after = after(&expired, &all(&[record(PspStatus::Failed)]), by, now.plus(1));
        let becomes = if by == Source::Customer { State::Failed } else { State::Expired };
        assert_eq!((after.state, after.due_at), (becomes, None), "{by:?}");
        assert_eq!(after.record.is_some(), by == Source::Customer, "{by:?}");
    }
}

#[test]
fn only_an_account_that_is_open_is_shown_and_waited_for() {
    let numbered = |status| {
        let mut record = record(status);
        record.details.vbank_num = Some("56123456789012".to_owned());
        record
    };
    let (row, now) = (awaiting("vbank"), START.plus(1));
    let waits = numbered(PspStatus::Ready);
    let waiting = after(&row, &all(std::slice::from_ref(&waits)), Source::Customer, now);
    assert_eq!((waiting.state, waiting.open_account()), (State::Awaiting, Some(&waits)));

    // A window that was opened and left; an account that was closed.
    for nothing in [record(PspStatus::Ready), numbered(PspStatus::Cancelled)] {
        let still = after(&row, &all(std::slice::from_ref(&nothing)), Source::Sweep, now);
        assert_eq!((still.state, &still.record), (State::Awaiting, &None), "{:?}", nothing.status);
        assert!(still.is_payable(now));
    }
    // Neither hides that its customer names a failure.
    for failed in [vec![record(PspStatus::Ready), record(PspStatus::Failed)], vec![numbered(PspStatus::Failed)]] {
        assert_eq!(after(&row, &all(&failed), Source::Customer, now).state, State::Failed);
    }
}

#[test]
fn wrong_money_under_a_withdrawn_order_is_a_persons_until_a_look_at_everything_shows_none() {
    let withdrawn = after(&awaiting("card"), &Evidence::Withdrawn, Source::Claim, START.plus(1));
    assert_eq!(withdrawn.state, State::Revoked);
    let mut wrong = record(PspStatus::Paid);
    wrong.amount = Money::krw(100);
    let suspect = after(&withdrawn, &all(std::slice::from_ref(&wrong)), Source::Sweep, START.plus(2));
    assert_eq!(suspect.state, State::Suspect);
    let failed = record(PspStatus::Failed);
    for by in SOURCES {
        let one = Evidence::Records { list: vec![failed.clone()], complete: false };
        assert_eq!(after(&suspect, &one, by, START.plus(3)).state, State::Suspect, "{by:?} knows of one attempt only");
        assert_eq!(after(&withdrawn, &one, by, START.plus(3)).state, State::Revoked, "{by:?}");
    }
    for (list, becomes) in
        [(vec![failed.clone(), wrong], State::Suspect), (vec![failed], State::Revoked), (vec![], State::Revoked)]
    {
        assert_eq!(after(&suspect, &all(&list), Source::Sweep, START.plus(3)).state, becomes, "{list:?}");
    }
}

/// What the PSP has said no to is known; a person was told.
#[tokio::test]
async fn money_that_the_psp_refuses_to_give_back_is_never_told_as_an_unknown_outcome() {
    let billing = billing().await;
    open(&billing).await;
    billing.psp.world().refunds_refused = true;
    for _ in 0..2 {
        let now = billing.host.now();
        let imp_uid = billing.psp.world().record(&in_window(), PspStatus::Paid, now).imp_uid;
        billing.notice(&WebhookHint { imp_uid, merchant_uid: uid() }).await.unwrap();
        billing.advance(1);
    }
    assert_eq!(stored(&billing).await.unanswered_since(), Some(START.plus(1)), "it is to be sent");
    let mut told = Vec::new();
    for _ in 0..24 {
        sweep(&billing).await;
        let row = stored(&billing).await;
        assert!(row.pending_refund().is_some_and(|refund| refund.refusal.is_some()));
        assert_eq!(row.unanswered_since(), None, "the answer was no");
        told.extend(billing.alarms());
        billing.advance(300);
    }
    told.sort_unstable();
    assert_eq!(told, ["double_paid", "refund_refused"]);
}
