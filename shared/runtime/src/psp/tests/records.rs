//! What is read of the PSP's records: exact amounts, short texts, and nothing where something cannot be read.

use billing::Currency;
use billing::payment::{PspStatus, ScheduleStatus};

use super::*;

/// A schedule of the PSP's.
pub(super) fn scheduled(change: &Value) -> Value {
    let mut schedule = json!({
        "customer_uid": "gildong_0001_1234", "merchant_uid": ORDER, "imp_uid": "", "schedule_at": 1_800_000_000,
        "executed_at": 0, "revoked_at": 0, "amount": 8900, "currency": "KRW", "schedule_status": "scheduled",
    });
    schedule.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    schedule
}

async fn schedule_read_of(change: Value) -> Lookup<ScheduleSnapshot> {
    let (psp, _server) = psp(move |_| Reply::ok(&scheduled(&change))).await;
    psp.schedule(&MerchantUid::parse(ORDER).unwrap()).await
}

fn schedule() -> ScheduleSnapshot {
    ScheduleSnapshot {
        merchant_uid: ORDER.to_owned(),
        customer_uid: "gildong_0001_1234".to_owned(),
        imp_uid: None,
        schedule_status: ScheduleStatus::Scheduled,
        payment_status: None,
        schedule_at: Timestamp(1_800_000_000),
        executed_at: None,
        revoked_at: None,
        amount: Money::krw(8_900),
        fail_reason: None,
    }
}

#[tokio::test]
async fn a_schedule_is_read_whole_or_not_at_all() {
    assert_eq!(schedule_read_of(json!({})).await, Lookup::Found(schedule()));
    let run = json!({
        "imp_uid": IMP_UID, "schedule_status": "executed", "payment_status": "failed", "executed_at": 1_800_000_001,
        "amount": 12.5, "currency": "USD", "fail_reason": "잔액부족"
    });
    let expected = ScheduleSnapshot {
        imp_uid: ImpUid::parse(IMP_UID).ok(),
        schedule_status: ScheduleStatus::Executed,
        payment_status: Some(PspStatus::Failed),
        executed_at: Some(Timestamp(1_800_000_001)),
        amount: Money::new(1_250, Currency::Usd),
        fail_reason: Some("잔액부족".to_owned()),
        ..schedule()
    };
    assert_eq!(schedule_read_of(run).await, Lookup::Found(expected));
    // A schedule from before there were currencies is in won; a status that nobody knows is none that is known.
    for (change, expected) in [
        (json!({ "currency": null }), schedule()),
        (json!({ "imp_uid": null }), schedule()),
        (
            json!({ "schedule_status": "revoked", "revoked_at": 5 }),
            ScheduleSnapshot { schedule_status: ScheduleStatus::Revoked, revoked_at: Some(Timestamp(5)), ..schedule() },
        ),
        (
            json!({ "schedule_status": "postponed" }),
            ScheduleSnapshot { schedule_status: ScheduleStatus::Unknown, ..schedule() },
        ),
    ] {
        assert_eq!(schedule_read_of(change.clone()).await, Lookup::Found(expected), "{change}");
    }
    // One that names a payment which cannot be read must not pass for one that has not run.
    for change in [
        json!({ "imp_uid": "imp 1/2" }),
        json!({ "schedule_at": 0 }),
        json!({ "currency": "XAU" }),
        json!({ "amount": 8900.5 }),
    ] {
        assert_eq!(schedule_read_of(change.clone()).await, Lookup::Unreachable, "{change}");
    }
}

/// What registering and revoking bring is every schedule of the reply, or nothing that can be used.
#[tokio::test]
async fn what_was_registered_or_revoked_is_read_whole_or_not_at_all() {
    let key = CustomerUid::parse("gildong_0001_1234").unwrap();
    for (imp_uid, is_read) in [("", true), ("imp 1/2", false)] {
        let (psp, _server) = psp(move |seen| {
            let is_revoked = seen.target.ends_with("unschedule");
            let status = if is_revoked { "revoked" } else { "scheduled" };
            let said = json!({ "schedule_status": status, "revoked_at": i64::from(is_revoked), "imp_uid": imp_uid });
            Reply::ok(&json!([scheduled(&said)]))
        })
        .await;
        let revoked =
            ScheduleSnapshot { schedule_status: ScheduleStatus::Revoked, revoked_at: Some(Timestamp(1)), ..schedule() };
        let of = |one| if is_read { PostResult::Known(vec![one]) } else { PostResult::Nonsense };
        assert_eq!(psp.register(&key, &[(&order(), Timestamp(1_800_000_000))]).await, of(schedule()));
        assert_eq!(psp.revoke(&key, &ForeignUid::parse(ORDER).unwrap()).await, of(revoked));
    }
}

/// A registered amount is the one that the PSP says, in the currency that it says or that was asked for.
#[tokio::test]
async fn an_amount_that_was_registered_is_read_exactly() {
    for (currency, amount, said, expected) in [
        (Currency::Krw, 8_900, json!({ "amount": 8900 }), Some(Money::krw(8_900))),
        (Currency::Krw, 8_900, json!({ "amount": 8900, "currency": "KRW" }), Some(Money::krw(8_900))),
        (Currency::Usd, 1_250, json!({ "amount": 12.5 }), Some(Money::new(1_250, Currency::Usd))),
        (Currency::Krw, 8_900, json!({ "amount": 8900, "currency": "XAU" }), None),
        (Currency::Krw, 8_900, json!({ "amount": 8900.5 }), None),
    ] {
        let order = Order { amount: Money::new(amount, currency), ..order() };
        let reply = json!({ "merchant_uid": ORDER, "amount": said["amount"], "currency": said["currency"] });
        let (psp, _server) = psp(move |_| Reply::ok(&reply)).await;
        let posted = [psp.prepare(&order).await, psp.correct(&order).await];
        let looked = psp.prepared(&order).await;
        match expected {
            Some(money) => {
                assert!(posted.iter().all(|posted| *posted == PostResult::Known(money)), "{said}: {posted:?}");
                assert_eq!(looked, Lookup::Found(money));
            }
            None => {
                assert!(posted.iter().all(|posted| *posted == PostResult::Nonsense), "{said}: {posted:?}");
                assert_eq!(looked, Lookup::Unreachable);
            }
        }
    }
}

/// Texts of the PSP's are kept as they are, short and without a card number; identifiers are compared, so they are only cut.
#[tokio::test]
async fn texts_of_the_psp_are_kept_short_and_clean() {
    let long = "가".repeat(400);
    let said = json!({
        "status": "failed", "fail_reason": "한도초과", "pg_tid": long, "pg_id": "id 4242-4242-4242-4242.", "card_name": "신한카드",
        "customer_uid": "4242424242424242", "receipt_url": "https://pg.example/receipt"
    });
    let (psp, _server) = psp(move |_| Reply::ok(&payment(&said))).await;
    let Lookup::Found(read) = psp.payment(&ImpUid::parse(IMP_UID).unwrap()).await else { panic!("a record") };
    assert_eq!(read.fail_reason.as_deref(), Some("한도초과"));
    assert_eq!(read.details.pg_id.as_deref(), Some("id [card]."));
    assert_eq!(read.details.pg_tid, Some("가".repeat(300)));
    assert_eq!(read.details.card_name.as_deref(), Some("신한카드"));
    assert_eq!(read.details.receipt_url.as_deref(), Some("https://pg.example/receipt"));
    assert_eq!(read.customer_uid.as_deref(), Some("4242424242424242"));
}
