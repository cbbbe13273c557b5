//! Other hands on the same account: schedules, payments and keys under names that we would not make.

use billing::key::KeyState;
use billing::payment::{PspStatus, ScheduleSnapshot, ScheduleStatus};
use billing::ports::Clock;
use billing::report::Verdict;
use billing::usecase::{Caller, Comparison, KeyDeleted, ScheduleDisposition, WebhookHint};
use billing::{CustomerUid, ForeignUid, ImpUid, Money};

use crate::fixture::{
    Act, TestBilling, TestWorld, billing, customer, key_snapshot, key_state, order, schedule_snapshot,
};
use crate::sweep::{sweep, sweeps};

const DAY: i64 = 86_400;
/// What other systems number their orders like.
const FOREIGN: [&str; 7] = [
    "wc-renewal:11",
    "#1001",
    "shop.kr/2026?11&a=b",
    "정기결제 11월",
    "../users/getToken",
    "order_of_another_system_with_more_than_forty_characters",
    "other-system-2",
];

/// Another system registers a payment on the key.
pub(crate) fn registered_elsewhere(billing: &TestBilling, uid: &str, key: &str) {
    let schedule = ScheduleSnapshot {
        customer_uid: key.to_owned(),
        amount: Money::krw(2_500),
        ..schedule_snapshot(uid, ScheduleStatus::Scheduled, billing.host.now().plus(30 * DAY))
    };
    billing.psp.world().schedules.insert(uid.to_owned(), schedule);
}

#[tokio::test]
async fn what_another_system_registered_on_a_deleted_card_is_revoked_under_its_own_name() {
    let billing = billing().await;
    for uid in FOREIGN {
        registered_elsewhere(&billing, uid, "key1");
    }
    assert_eq!(
        billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::InTheWay).await,
        Err(billing::usecase::Failure::KeyInUse)
    );
    let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await;
    assert_eq!(deleted, Ok(KeyDeleted::Done));
    let world = billing.psp.world();
    for uid in FOREIGN {
        assert_eq!(world.schedules[uid].schedule_status, ScheduleStatus::Revoked, "{uid}");
        assert!(world.posts.contains(&format!("revoke {uid}")));
    }
    assert!(!world.keys.contains_key("key1"));
}

#[tokio::test]
async fn a_schedule_that_no_call_can_name_keeps_the_key_and_a_person_is_told() {
    let billing = billing().await;
    registered_elsewhere(&billing, "line\nbreak", "key1");
    let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await;
    assert!(matches!(deleted, Ok(KeyDeleted::Pending(_))), "{deleted:?}");
    billing.advance(DAY);
    sweep(&billing).await;
    assert_eq!((key_state(&billing, "key1").await, billing.alarms()), (KeyState::Deleting, vec!["key_deletion_stuck"]));
}

#[tokio::test]
async fn a_key_that_is_held_by_a_schedule_is_not_asked_about_with_every_sweep() {
    let billing = billing().await;
    registered_elsewhere(&billing, "wc-renewal:11", "key1");
    billing.psp.will(std::iter::repeat_n(Act::Refuse(-1), 500));
    billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await.unwrap();
    sweeps(&billing, 3 * 288, 300).await;
    let (calls, tries) = {
        let world = billing.psp.world();
        (world.gets, world.posts.len())
    };
    assert!(calls < 200 && tries < 90, "{calls} looks and {tries} tries in three days");
    assert_eq!(billing.alarms(), ["key_deletion_stuck", "key_deletion_stuck"]);
    billing.psp.forgives();
    billing.advance(3_600);
    sweep(&billing).await;
    assert_eq!(key_state(&billing, "key1").await, KeyState::Deleted);
}

#[tokio::test]
async fn a_notice_about_somebody_elses_order_is_none_of_ours() {
    let imp_uid = || ImpUid::parse("imp_1").unwrap();
    for uid in FOREIGN.iter().take(6) {
        assert_eq!(WebhookHint::about(imp_uid(), &ForeignUid::parse(uid).unwrap()), None, "{uid}");
    }
    let own = order("order_1").merchant_uid;
    let hint = WebhookHint::about(imp_uid(), &(&own).into());
    assert_eq!(hint, Some(WebhookHint { imp_uid: imp_uid(), merchant_uid: own }));
}

#[tokio::test]
async fn a_key_with_a_name_of_its_own_kind_is_adopted_charged_and_deleted() {
    for name in ["shop/kim", "kim#1", "kim?a", "kim@shop.kr", "kim+1", "길동 0001"] {
        let billing = billing().await;
        billing.psp.world().keys.insert(name.to_owned(), key_snapshot(name, "424242******4242"));
        let uid = CustomerUid::parse(name).unwrap();
        let row = billing.import_key(uid.clone(), customer("kim")).await.unwrap();
        assert_eq!((row.state, row.customer_uid.as_str()), (KeyState::Active, name));
        let paid = billing.charge(billing::order::Order { customer_uid: Some(uid), ..order("order_1") }, None).await;
        assert!(paid.unwrap().state.was_paid());
        assert_eq!(billing.billing_key(&Caller::Merchant, name).await.unwrap().state, KeyState::Active);
        let deleted = billing.delete_key(&Caller::Merchant, name, ScheduleDisposition::InTheWay).await;
        assert_eq!((deleted, billing.psp.world().keys.contains_key(name)), (Ok(KeyDeleted::Done), false), "{name}");
    }
}

#[tokio::test]
async fn what_runs_on_a_key_of_ours_under_any_number_is_reported() {
    let billing = billing().await;
    billing.psp.world().keys.insert("shop/kim".to_owned(), key_snapshot("shop/kim", "424242******4242"));
    billing.import_key(CustomerUid::parse("shop/kim").unwrap(), customer("kim")).await.unwrap();
    registered_elsewhere(&billing, "wc-renewal:11", "shop/kim");
    let now = billing.host.now();
    let record = billing.psp.world().record(&order("x"), PspStatus::Paid, now);
    let mut theirs = billing.psp.world().payments.remove("x").unwrap();
    theirs[0].merchant_uid = "정기결제:11".to_owned();
    theirs[0].customer_uid = Some("shop/kim".to_owned());
    billing.psp.world().payments.insert("정기결제:11".to_owned(), theirs);
    billing.advance(3_600);
    let Comparison::Finished(report) = billing.compare(billing.host.now().plus(3_600)).await.unwrap() else { panic!() };
    assert_eq!((report.verdict, report.counts.unrecorded), (Some(Verdict::Unmatched), 2), "{}", record.imp_uid);
    assert_eq!(billing.alarms(), ["unrecorded", "unrecorded"]);
}
