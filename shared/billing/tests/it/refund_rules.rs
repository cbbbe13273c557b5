//! Refunds: the boundaries of what is owed, in doubt and done.

use billing::payment::snapshot::CancelEntry;
use billing::payment::{
    Applied, Effect, Evidence, Payment, PaymentSnapshot, PspStatus, Refund, RefundAccount, RefundState, Source, apply,
};
use billing::ports::Clock;
use billing::usecase::{RefundRequest, WebhookHint};
use billing::{ImpUid, Timestamp};

use crate::fixture::payments::order_1;
use crate::fixture::{Act, TestBilling, TestWorld, order, refund_account, refund_request};
use crate::habits::Reasons;
use crate::refund::{given_back, paid, refund};
use crate::sweep::{sweep, sweeps};

const DAY: i64 = 86_400;
/// What the gateway, or whoever gives money back by hand, writes in place of a reason of ours.
const FOREIGN: Option<&str> = Some("매장 방문 취소");

/// Changes a payment at the PSP.
fn at_the_psp(billing: &TestBilling, imp_uid: &ImpUid, change: impl FnOnce(&mut PaymentSnapshot)) {
    let mut world = billing.psp.world();
    change(world.payments.values_mut().flatten().find(|record| record.imp_uid == *imp_uid).unwrap());
}

/// Somebody gives money back in the PSP's console, which lists it.
fn by_hand(billing: &TestBilling, imp_uid: &ImpUid, amount: u64, reason: Option<&str>) {
    let now = billing.host.now();
    at_the_psp(billing, imp_uid, |record| {
        let (reason, cancelled_at) = (reason.map(str::to_owned), Some(now));
        record.cancel_history.push(CancelEntry { amount, cancelled_at, reason, pg_tid: None, receipt_url: None });
    });
    unlisted(billing, imp_uid, amount);
}

/// Somebody gives money back, and the PSP has no history that would say so.
fn unlisted(billing: &TestBilling, imp_uid: &ImpUid, amount: u64) {
    at_the_psp(billing, imp_uid, |record| {
        record.cancel_amount += amount;
        record.status = if record.net_paid() == 0 { PspStatus::Cancelled } else { PspStatus::Paid };
    });
}

/// A notice tells of a payment.
async fn notice(billing: &TestBilling, imp_uid: &ImpUid) {
    let hint = WebhookHint { imp_uid: imp_uid.clone(), merchant_uid: order("order_1").merchant_uid };
    billing.notice(&hint).await.unwrap();
}

/// The order is paid once more, and a notice tells of it.
async fn paid_once_more(billing: &TestBilling) -> ImpUid {
    let now = billing.host.now();
    let imp_uid = billing.psp.world().record(&order("order_1"), PspStatus::Paid, now).imp_uid;
    notice(billing, &imp_uid).await;
    imp_uid
}

/// The order's first payment.
async fn first(billing: &TestBilling) -> ImpUid {
    order_1(billing).await.imp_uid().unwrap().clone()
}

/// Days of the sweep.
async fn days(billing: &TestBilling, days: u32) {
    sweeps(billing, days * 288, 300).await;
}

/// What the PSP says now, as the sweep would apply it at that time.
fn seen(billing: &TestBilling, row: &Payment, at: Timestamp, change: impl FnOnce(&mut PaymentSnapshot)) -> Applied {
    let mut list = billing.psp.world().payments["order_1"].clone();
    change(list.first_mut().unwrap());
    apply(row, &Evidence::Records { list, complete: true }, Source::Sweep, at, &billing.policy)
}

fn tells_of_doubt(applied: &Applied) -> bool {
    let told = |effect: &Effect| matches!(effect, Effect::Alarm(alarm) if alarm.name() == "refund_unclear");
    applied.effects.iter().any(told)
}

/// Alarms about refunds since the last look.
fn refund_alarms(billing: &TestBilling) -> Vec<&'static str> {
    billing.alarms().into_iter().filter(|alarm| alarm.starts_with("refund_")).collect()
}

/// A refund of 900 was sent and made, but not answered, and the gateway has a reason of its own. Nothing of it can execute any
/// more, and a sweep has seen that.
pub(crate) async fn in_doubt() -> TestBilling {
    let billing = paid().await;
    billing.psp.world().reasons = Reasons::Replaced;
    billing.psp.will([Act::ApproveAndLose]);
    refund(&billing, "900", "a").await.unwrap();
    billing.advance(billing.policy.claim_seconds());
    sweep(&billing).await;
    assert_eq!(billing.alarms(), ["refund_unclear"]);
    billing
}

#[tokio::test]
async fn less_than_a_refund_was_somebody_elses_and_as_much_or_more_may_have_been_it() {
    let billing = paid().await;
    billing.psp.world().reasons = Reasons::NoHistory;
    refund(&billing, "1000", "a").await.unwrap();
    billing.psp.will([Act::Lose]);
    refund(&billing, "900", "b").await.unwrap();
    let (row, over) = (order_1(&billing).await, billing.host.now().plus(billing.policy.claim_seconds()));
    for since in 0..=7_900 {
        let applied = seen(&billing, &row, over, |record| record.cancel_amount += since);
        let (state, doubt) = match since {
            0 => (RefundState::Pending, false),
            1..=899 => (RefundState::Refused, false),
            _ => (RefundState::Pending, true),
        };
        assert_eq!((applied.row.refunds[1].state, tells_of_doubt(&applied)), (state, doubt), "{since}");
    }
}

#[tokio::test]
async fn what_went_back_besides_does_not_make_a_refund_refused_that_was_made_unnamed() {
    let billing = paid().await;
    billing.psp.world().reasons = Reasons::Replaced;
    billing.psp.will([Act::ApproveAndLose]);
    refund(&billing, "900", "a").await.unwrap();
    by_hand(&billing, &first(&billing).await, 500, FOREIGN);
    sweeps(&billing, 3, 300).await;
    assert_eq!((order_1(&billing).await.refunds[0].state, given_back(&billing)), (RefundState::Pending, 1_400));
    assert_eq!(refund_alarms(&billing), ["refund_unclear"]);
}

#[tokio::test]
async fn a_refund_is_not_taken_for_one_like_it_that_was_made_by_hand_shortly_before() {
    let billing = paid().await;
    let imp_uid = first(&billing).await;
    by_hand(&billing, &imp_uid, 900, None);
    notice(&billing, &imp_uid).await;
    billing.advance(60);
    billing.psp.will([Act::Lose]);
    refund(&billing, "900", "a").await.unwrap();
    by_hand(&billing, &imp_uid, 500, None);
    sweeps(&billing, 3, 300).await;
    assert_eq!((order_1(&billing).await.refunds[0].state, given_back(&billing)), (RefundState::Refused, 1_400));
}

/// What has gone back meanwhile says what became of a refund only once that cannot arrive any more, and then at once.
#[tokio::test]
async fn nothing_is_concluded_from_money_that_went_back_while_a_refund_may_still_arrive() {
    let (pending, done, refused) = (RefundState::Pending, RefundState::Done, RefundState::Refused);
    // Whether it is owed, what was given back by hand, and what becomes of it: state, amount, and whether a person is told.
    let cases = [
        (false, 500, (refused, 900, false)),
        (false, 900, (pending, 900, true)),
        (true, 500, (pending, 8_400, false)),
        (true, 8_900, (done, 8_900, false)),
    ];
    for (owed, amount, after) in cases {
        let billing = paid().await;
        billing.psp.will([Act::Lose]);
        let imp_uid = if owed {
            let second = paid_once_more(&billing).await;
            sweep(&billing).await;
            second
        } else {
            refund(&billing, "900", "a").await.unwrap();
            first(&billing).await
        };
        assert_eq!(billing.psp.world().posts.len(), 1);
        let sent = order_1(&billing).await.refunds[0].amount;
        by_hand(&billing, &imp_uid, amount, FOREIGN);
        let (over, mut told) = (billing.policy.claim_seconds(), false);
        for second in 0..=over + 2 {
            notice(&billing, &imp_uid).await;
            told |= !refund_alarms(&billing).is_empty();
            let refund = order_1(&billing).await.refunds[0].clone();
            let expected = if second < over { (pending, sent, false) } else { after };
            assert_eq!((refund.state, refund.amount, told), expected, "{owed} {amount} {second}");
            billing.advance(1);
        }
    }
}

#[tokio::test]
async fn nobody_is_told_of_a_doubt_by_the_look_right_after_sending() {
    let billing = paid().await;
    billing.psp.world().reasons = Reasons::Replaced;
    billing.psp.will([Act::ApproveAndLose]);
    refund(&billing, "900", "a").await.unwrap();
    assert_eq!(refund_alarms(&billing), [""; 0]);
}

#[tokio::test]
async fn a_refund_in_doubt_is_looked_at_a_few_times_a_day() {
    let billing = in_doubt().await;
    billing.psp.world().gets = 0;
    days(&billing, 2).await;
    let gets = billing.psp.world().gets;
    assert!((6..=12).contains(&gets), "{gets} in two days");
}

#[tokio::test]
async fn a_refund_in_doubt_counts_as_made_when_a_week_is_over_and_not_before() {
    let billing = in_doubt().await;
    let row = order_1(&billing).await;
    let week = row.refunds[0].requested_at.plus(7 * DAY);
    for second in -100..100 {
        let state = seen(&billing, &row, week.plus(second), |_| ()).row.refunds[0].state;
        assert_eq!(state, if second < 0 { RefundState::Pending } else { RefundState::Done }, "{second}");
    }
}

#[tokio::test]
async fn of_what_is_owed_back_whole_exactly_the_rest_is_sent_whatever_was_given_back_by_hand() {
    for amount in [1, 500, 8_899, 8_900] {
        for listed in [Some(FOREIGN), Some(None), None] {
            let billing = paid().await;
            let second = paid_once_more(&billing).await;
            match listed {
                Some(reason) => by_hand(&billing, &second, amount, reason),
                None => unlisted(&billing, &second, amount),
            }
            sweeps(&billing, 3, 300).await;
            let row = order_1(&billing).await;
            let left = 8_900 - amount;
            let sent: Vec<String> = (left > 0).then(|| format!("cancel {second} {left}")).into_iter().collect();
            assert_eq!(billing.psp.world().posts, sent, "{amount} {listed:?}");
            assert_eq!((row.refunds[0].state, row.due_at), (RefundState::Done, None), "{amount} {listed:?}");
            assert_eq!(given_back(&billing), 8_900, "{amount} {listed:?}");
            assert_eq!(refund_alarms(&billing), [""; 0], "of nothing that is left there is no doubt");
        }
    }
}

#[tokio::test]
async fn each_payment_of_an_order_beyond_the_first_goes_back() {
    let billing = paid().await;
    let mut extra = Vec::new();
    for _ in 0..3 {
        extra.push(paid_once_more(&billing).await);
    }
    sweeps(&billing, 6, 300).await;
    let row = order_1(&billing).await;
    let gone: Vec<(ImpUid, u64, RefundState)> =
        row.refunds.iter().map(|refund| (refund.imp_uid.clone(), refund.amount, refund.state)).collect();
    assert_eq!(gone, extra.into_iter().map(|imp_uid| (imp_uid, 8_900, RefundState::Done)).collect::<Vec<_>>());
    assert_eq!((given_back(&billing), row.due_at), (3 * 8_900, None));
}

#[tokio::test]
async fn news_of_a_payment_does_not_bring_forward_what_waits_to_be_sent_again() {
    let billing = paid().await;
    let imp_uid = first(&billing).await;
    billing.psp.will(std::iter::repeat_n(Act::Lose, 5_000));
    refund(&billing, "900", "a").await.unwrap();
    for _ in 0..288 {
        for _ in 0..3 {
            billing.advance(100);
            notice(&billing, &imp_uid).await;
        }
        sweep(&billing).await;
    }
    let posts = billing.psp.world().posts.len();
    assert!((5..=12).contains(&posts), "{posts} in a day");
}

#[tokio::test]
async fn a_refund_that_was_never_sent_does_not_wait_for_the_calendar_of_the_one_before_it() {
    let billing = paid().await;
    billing.psp.will(std::iter::repeat_n(Act::Lose, 5_000));
    let (second, third) = (paid_once_more(&billing).await, paid_once_more(&billing).await);
    days(&billing, 1).await;
    let mut waits = false;
    for _ in 0..300 {
        sweeps(&billing, 1, 300).await;
        waits = order_1(&billing).await.due_at.is_some_and(|due_at| due_at > billing.host.now().plus(3_600));
        if waits {
            break;
        }
    }
    assert!(waits, "what is not answered is asked about more and more rarely");
    billing.psp.forgives();
    by_hand(&billing, &second, 8_900, FOREIGN);
    notice(&billing, &second).await;
    assert_eq!(order_1(&billing).await.due_at, Some(billing.host.now()));
    sweep(&billing).await;
    assert_eq!(billing.psp.world().posts.last(), Some(&format!("cancel {third} 8900")));
    assert_eq!(given_back(&billing), 2 * 8_900);
}

#[tokio::test]
async fn that_a_request_is_refused_is_its_callers_to_know_and_no_person_is_told() {
    let billing = paid().await;
    let imp_uid = first(&billing).await;
    billing.psp.will([Act::Refuse(1)]);
    assert_eq!(refund(&billing, "900", "a").await.unwrap().1, RefundState::Refused);
    for amount in [0, 900] {
        unlisted(&billing, &imp_uid, amount);
        notice(&billing, &imp_uid).await;
        sweeps(&billing, 2, 300).await;
    }
    refund(&billing, "100", "b").await.unwrap();
    days(&billing, 1).await;
    assert_eq!(billing.alarms(), [""; 0]);
}

#[tokio::test]
async fn that_what_is_owed_was_refused_is_told_daily_also_while_it_cannot_be_sent() {
    let billing = paid().await;
    billing.psp.will([Act::Refuse(1)]);
    billing.psp.will(std::iter::repeat_n(Act::Unreachable, 5_000));
    paid_once_more(&billing).await;
    sweep(&billing).await;
    assert_eq!(refund_alarms(&billing), ["refund_refused"]);
    days(&billing, 3).await;
    assert_eq!(refund_alarms(&billing), ["refund_refused"; 3]);
    assert_eq!(given_back(&billing), 0);
}

/// A refund to an account, as it stands in its row.
async fn to_an_account(billing: &TestBilling) -> (Payment, Refund) {
    let tel = Some("010-1234-5678".to_owned());
    let account = Some(RefundAccount { tel, ..refund_account("110-123-456789") });
    billing.refund(RefundRequest { account, ..refund_request("order_1", "900", "refund-a") }).await.unwrap()
}

#[tokio::test]
async fn of_an_account_that_money_goes_to_nothing_but_that_there_is_one_can_be_logged() {
    let (row, refund) = to_an_account(&paid().await).await;
    let account = refund.account.unwrap();
    assert_eq!(format!("{account:?}"), "RefundAccount");
    let printed = format!("{row:?}");
    for secret in [account.holder, account.account, account.tel.unwrap()] {
        assert!(!printed.contains(&secret));
    }
}

#[tokio::test]
async fn a_refund_reads_back_as_it_was_written_and_as_older_versions_wrote_it() {
    let (_, refund) = to_an_account(&paid().await).await;
    for posts in [0, 1, u32::MAX] {
        let refund = Refund { posts, ..refund.clone() };
        let written = serde_json::to_value(&refund).unwrap();
        assert_eq!(serde_json::from_value::<Refund>(written.clone()).unwrap(), refund);
        let mut older = written;
        for later in ["posts", "asked", "account"] {
            older.as_object_mut().unwrap().remove(later);
        }
        let read: Refund = serde_json::from_value(older).unwrap();
        assert_eq!(read, Refund { posts: 0, requests: Vec::new(), account: None, ..refund });
    }
}
