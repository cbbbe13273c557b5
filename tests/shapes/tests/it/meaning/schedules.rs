//! Schedules.

use iamport::{PaymentStatus, ScheduleStatus, ScheduledPayment};

use super::{Check, schedule, won};
use crate::ask::Told;

const AT: i64 = 1_792_000_000;

/// State, state of the payment, and the times of running and revoking.
fn state(of: &ScheduledPayment) -> (ScheduleStatus, Option<PaymentStatus>, Option<i64>, Option<i64>) {
    (of.schedule_status.clone(), of.payment_status.clone(), of.executed_at, of.revoked_at)
}

pub(super) const ALL: &[(&str, Check)] = &[
    ("schedule_registered", |_, told| {
        let told = schedule(told);
        assert_eq!(state(&told), (ScheduleStatus::Scheduled, None, None, None), "0 is never, null is not yet");
        assert_eq!((told.schedule_at, told.amount, told.currency.as_deref()), (Some(AT), won(5900), Some("KRW")));
        assert_eq!((told.imp_uid, told.customer_uid.as_str(), told.pg_provider), (None, "key-1001", None));
    }),
    ("schedule_waiting", |_, told| {
        let told = schedule(told);
        assert_eq!(state(&told), (ScheduleStatus::Scheduled, None, None, None));
        assert_eq!((told.name.as_deref(), told.buyer_name, told.promotion_id), (Some("예시 구독"), None, None));
    }),
    ("schedule_run", |_, told| {
        let told = schedule(told);
        assert_eq!(state(&told), (ScheduleStatus::Executed, Some(PaymentStatus::Paid), Some(1_792_000_011), None));
        assert_eq!(
            (told.imp_uid.as_deref(), told.customer_id.as_deref()),
            (Some("imps_100000000033"), Some("member-1"))
        );
        assert_eq!((told.pg_provider.as_deref(), told.pg_id.as_deref()), (Some("nice_v2"), Some("EXAMPLE02")));
        assert!(told.promotion_id.is_some());
    }),
    ("schedule_run_in_vain", |_, told| {
        let told = schedule(told);
        assert_eq!(state(&told), (ScheduleStatus::Executed, Some(PaymentStatus::Failed), Some(1_792_000_012), None));
        assert_eq!(told.fail_reason.as_deref(), Some("[예시] 한도초과"));
    }),
    ("schedule_run_and_refunded", |_, told| {
        let told = schedule(told);
        assert_eq!(state(&told), (ScheduleStatus::Executed, Some(PaymentStatus::Cancelled), Some(1_792_000_013), None));
    }),
    ("schedule_revoked", |_, told| {
        let told = schedule(told);
        assert_eq!(state(&told), (ScheduleStatus::Revoked, None, None, Some(1_791_000_000)));
        assert_eq!(told.imp_uid, None);
    }),
    ("schedule_moved", |_, told| {
        let told = schedule(told);
        assert_eq!((told.schedule_at, told.schedule_status), (Some(1_793_000_000), ScheduleStatus::Scheduled));
    }),
    ("schedules_as_an_array", |_, told| {
        let Ok(Told::PagedSchedules(page)) = told else { panic!("{told:?}") };
        assert_eq!((page.total, page.next), (None, Some(2)), "a full page of a bare list may not be the last");
        let names: Vec<_> = page.list.iter().map(|one| one.merchant_uid.as_str()).collect();
        assert_eq!(names, ["order-1040", "order-1041"]);
    }),
    ("schedules_as_a_page", |_, told| {
        let Ok(Told::PagedSchedules(page)) = told else { panic!("{told:?}") };
        assert_eq!((page.total, page.previous, page.next), (Some(3), None, Some(2)));
        let names: Vec<_> = page.list.iter().map(|one| one.merchant_uid.as_str()).collect();
        assert_eq!(names, ["order-1042", "order-1043"]);
    }),
    ("schedules_of_a_key", |_, told| {
        let Ok(Told::PagedSchedules(page)) = told else { panic!("{told:?}") };
        assert_eq!((page.list.len(), page.list[0].merchant_uid.as_str(), page.next), (1, "order-1044", None));
    }),
    ("schedules_of_a_key_by_the_other_path", |_, told| {
        let Ok(Told::PagedSchedules(page)) = told else { panic!("{told:?}") };
        assert_eq!((page.list.len(), page.list[0].merchant_uid.as_str(), page.next), (1, "order-1045", None));
    }),
    ("unscheduled", |_, told| {
        let told = schedule(told);
        assert_eq!(state(&told), (ScheduleStatus::Revoked, None, None, Some(1_791_000_001)));
        assert_eq!(told.merchant_uid, "order-1046");
    }),
];
