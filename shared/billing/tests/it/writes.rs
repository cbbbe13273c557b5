//! Whatever becomes of a write or a read: 503 means that nothing was recorded, and a lost answer of the table changes no answer.

use std::pin::Pin;

use billing::checkout::{Options, Window};
use billing::key::BillingKey;
use billing::order::Details;
use billing::payment::{Payment, RefundState, State};
use billing::ports::{Clock, PaymentStore, Saved};
use billing::subscription::{Ending, Subscription};
use billing::usecase::{
    Caller, Failure, KeyDeleted, NewCheckout, PrepareKey, RefundRequest, ScheduleDisposition, Scheduled,
};
use billing::{CustomerUid, MerchantUid, Money};

use crate::fixture::{
    Act, START, card_window, customer, issue_request, key_snapshot, order, refund_request, secret, uid,
};
use crate::lossy::{Fate, LossyBilling, lossy};
use crate::schedule::new_schedule;
use crate::subscription::{plan, wanted};

const DAY: i64 = 86_400;

pub(crate) type Answer<'a> = Pin<Box<dyn Future<Output = Result<String, Failure>> + 'a>>;

/// One use case: what stands before, and what is asked.
struct Asked {
    name: &'static str,
    before: &'static [&'static str],
}

const fn asked(name: &'static str, before: &'static [&'static str]) -> Asked {
    Asked { name, before }
}

/// Everything that may be asked with POST, PATCH and DELETE.
const ALL: &[Asked] = &[
    asked("charge", &[]),
    asked("schedule", &[]),
    asked("schedule many", &[]),
    asked("unschedule", &["schedule"]),
    asked("unschedule", &["schedule unsent"]),
    asked("unschedule", &["replace and lose"]),
    asked("reschedule", &["schedule"]),
    asked("refund", &["charge"]),
    asked("delete", &[]),
    asked("delete all", &["schedule"]),
    asked("replace", &["schedule"]),
    asked("checkout", &[]),
    asked("window key", &[]),
    asked("window key that charges", &[]),
    asked("confirm", &["window key", "issued in the window"]),
    asked("import", &[]),
    asked("issue", &[]),
    asked("subscribe", &[]),
    asked("cancel", &["subscribe"]),
    asked("cancel now", &["subscribe"]),
    asked("reactivate", &["subscribe", "cancel"]),
    asked("pause", &["subscribe"]),
    asked("resume", &["subscribe", "pause"]),
    asked("card", &["subscribe"]),
    asked("plan", &["subscribe"]),
    asked("plan now", &["subscribe"]),
];

fn window_key(pg: &str, pay_method: &str, amount: u64) -> PrepareKey {
    PrepareKey {
        customer_id: customer("kim"),
        idempotency_key: "window-key-1".to_owned(),
        merchant_uid: (amount > 0).then(|| MerchantUid::parse("first_month").unwrap()),
        amount: Money::krw(amount),
        name: "카드 등록".to_owned(),
        details: Details::default(),
        window: Window { pg: Some(pg.to_owned()), pay_method: pay_method.to_owned(), options: Options::default() },
    }
}

/// 900 won of a payment, given back under one name.
fn part_of(merchant_uid: &str) -> RefundRequest {
    refund_request(merchant_uid, "900", "refund-1")
}

fn text<T: std::fmt::Debug>(answer: T) -> String {
    format!("{answer:?}")
}

pub(crate) fn ask<'a>(billing: &'a LossyBilling, name: &'a str) -> Answer<'a> {
    Box::pin(async move {
        let id = || billing.store.rows.all_subscriptions().first().unwrap().id.to_string();
        let shop = Caller::Merchant;
        match name {
            "charge" => Box::pin(billing.charge(order("order_1"), None)).await.map(text),
            "schedule" | "schedule unsent" => {
                if name == "schedule unsent" {
                    billing.psp.will([Act::Unreachable]);
                }
                let wanted =
                    vec![new_schedule("order_1", START.plus(DAY)), new_schedule("order_2", START.plus(DAY + 1))];
                Box::pin(billing.schedule(&uid("key1"), None, wanted)).await.map(text)
            }
            "schedule many" => {
                let wanted = (0..60).map(|n| new_schedule(&format!("order_{n}"), START.plus(DAY + n))).collect();
                Box::pin(billing.schedule(&uid("key1"), None, wanted)).await.map(text)
            }
            "unschedule" => Box::pin(billing.unschedule(&shop, "order_1")).await.map(text),
            "reschedule" => Box::pin(billing.reschedule(&shop, "order_1", START.plus(3 * DAY))).await.map(text),
            "refund" => {
                let request = part_of("order_1");
                Box::pin(billing.refund(request)).await.map(text)
            }
            "delete" => Box::pin(billing.delete_key(&shop, "key1", ScheduleDisposition::InTheWay)).await.map(text),
            "delete all" => Box::pin(billing.delete_key(&shop, "key1", ScheduleDisposition::Revoke)).await.map(text),
            "replace" => Box::pin(billing.delete_key(&shop, "key1", ScheduleDisposition::MoveTo(other_key(billing))))
                .await
                .map(text),
            "replace and lose" => {
                ask(billing, "schedule").await?;
                billing.psp.will([Act::Lose, Act::Lose]);
                ask(billing, "replace").await
            }
            "checkout" => {
                let order = billing::order::Order { customer_uid: None, ..order("order_1") };
                let new = NewCheckout { order, customer_id: customer("kim"), window: card_window() };
                Box::pin(billing.checkout(new)).await.map(text)
            }
            "window key" => {
                Box::pin(billing.prepare_key(window_key("html5_inicis", "card", 0), &secret())).await.map(text)
            }
            "window key that charges" => {
                Box::pin(billing.prepare_key(window_key("kakaopay", "card", 8_900), &secret())).await.map(text)
            }
            "issued in the window" => {
                let key = prepared(billing);
                let snapshot = key_snapshot(key.as_str(), "424242******4242");
                billing.psp.world().keys.insert(key.to_string(), snapshot);
                Ok(String::new())
            }
            "confirm" => Box::pin(billing.confirm_key(&shop, prepared(billing).as_str())).await.map(text),
            "import" => {
                let snapshot = key_snapshot("theirs", "424242******4242");
                billing.psp.world().keys.insert("theirs".to_owned(), snapshot);
                Box::pin(billing.import_key(uid("theirs"), customer("kim"))).await.map(text)
            }
            "issue" => {
                Box::pin(billing.issue_key(issue_request("next-key", "4242424242424242"), &secret())).await.map(text)
            }
            "subscribe" => seen(billing, Box::pin(billing.subscribe(wanted(), &secret())).await).await,
            "cancel" => {
                seen(billing, Box::pin(billing.cancel_subscription(&shop, &id(), Ending::AtPeriodEnd)).await).await
            }
            "cancel now" => seen(billing, Box::pin(billing.cancel_subscription(&shop, &id(), Ending::Now)).await).await,
            "reactivate" => seen(billing, Box::pin(billing.reactivate_subscription(&shop, &id())).await).await,
            "pause" => seen(billing, Box::pin(billing.pause_subscription(&shop, &id())).await).await,
            "resume" => seen(billing, Box::pin(billing.resume_subscription(&shop, &id())).await).await,
            "card" => seen(billing, Box::pin(billing.change_card(&shop, &id(), &other_key(billing))).await).await,
            "plan" => seen(billing, Box::pin(billing.change_plan(&shop, &id(), plan("연간", 89_000))).await).await,
            "plan now" => {
                let changed = Box::pin(billing.change_plan_now(&shop, &id(), plan("프리미엄", 12_900))).await;
                seen(billing, changed.map(|(row, _)| row)).await
            }
            other => panic!("nobody knows {other}"),
        }
    })
}

/// The key that the fixture has issued besides `key1`.
fn other_key(billing: &LossyBilling) -> CustomerUid {
    billing.store.rows.all_keys().into_iter().find(|key| key.customer_uid.as_str() != "key1").unwrap().customer_uid
}

fn prepared(billing: &LossyBilling) -> CustomerUid {
    billing.store.rows.all_keys().into_iter().find(|key| key.window.is_some()).unwrap().customer_uid
}

/// A subscription as it is answered after it was changed.
async fn seen(billing: &LossyBilling, changed: Result<Subscription, Failure>) -> Result<String, Failure> {
    let seen = billing.view_after(changed?).await;
    Ok(format!("{} {seen:?}", if seen.is_pending() { "202" } else { "200" }))
}

async fn world(asked: &Asked) -> LossyBilling {
    let billing = lossy().await;
    for before in asked.before {
        ask(&billing, before).await.unwrap();
    }
    billing
}

type Table = (Vec<Payment>, Vec<BillingKey>, Vec<Subscription>);

fn table(billing: &LossyBilling) -> Table {
    let rows = &billing.store.rows;
    (rows.all_payments(), rows.all_keys(), rows.all_subscriptions())
}

/// The fates of the writes from the `place`th on.
fn from(place: usize, fates: &[Fate]) -> Vec<Fate> {
    std::iter::repeat_n(Fate::Answered, place).chain(fates.iter().copied()).collect()
}

/// Every request in one function is more than a test's stack holds in a build without optimisation.
fn on_a_large_stack<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test());
    };
    std::thread::Builder::new().stack_size(16 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn a_write_whose_answer_is_lost_changes_no_answer() {
    on_a_large_stack(|| async {
        for asked in ALL {
            let billing = world(asked).await;
            let plain = ask(&billing, asked.name).await;
            let stands = table(&billing);
            for place in 0..6 {
                for fate in [Fate::Lost, Fate::Dropped] {
                    let billing = world(asked).await;
                    billing.store.will(from(place, &[fate]));
                    let what = format!("{} after {:?}, write {place} {fate:?}", asked.name, asked.before);
                    assert_eq!(ask(&billing, asked.name).await, plain, "{what}");
                    assert!(table(&billing) == stands, "{what}: another table");
                }
            }
        }
    });
}

#[test]
fn unavailable_means_that_nothing_was_recorded_wherever_it_goes_wrong() {
    on_a_large_stack(|| async {
        use Fate::{Answered, Dropped, Late, Lost, Throttled};
        let fates: [&[Fate]; 8] = [
            &[Throttled],
            &[Lost, Throttled, Throttled, Throttled, Throttled, Throttled],
            &[Dropped, Dropped],
            &[Dropped, Throttled],
            &[Late, Dropped],
            &[Late, Answered, Throttled],
            &[Lost, Lost, Throttled],
            &[Throttled, Throttled, Throttled, Throttled, Throttled, Throttled],
        ];
        let mut told = 0;
        for asked in ALL {
            for fates in fates {
                for reads in [None, Some(0), Some(1), Some(2), Some(3), Some(5)] {
                    let mut misses_one = reads.is_none();
                    for place in 0..6 {
                        let billing = world(asked).await;
                        let before = table(&billing);
                        billing.store.will(from(place, fates));
                        if let Some(answered) = reads {
                            billing.store.reads_fail_after(answered);
                        }
                        let answer = ask(&billing, asked.name).await;
                        let reached = billing.store.fates_left() < fates.len();
                        misses_one |= billing.store.reads_left() == Some(0);
                        billing.store.heals();
                        billing.store.land().await;
                        if answer == Err(Failure::Unavailable) {
                            told += 1;
                            let what = format!("{} after {:?}, {place} {fates:?} {reads:?}", asked.name, asked.before);
                            assert!(table(&billing) == before, "{what}: told 503, and something stands");
                        }
                        // It makes so few writes that nothing goes wrong with any: nor does it at a later place.
                        if !reached {
                            break;
                        }
                    }
                    // It reads so little that every read was answered: so it does if more are.
                    if !misses_one {
                        break;
                    }
                }
            }
        }
        assert!(told > 500, "{told}");
    });
}

#[test]
fn the_repeat_of_an_unanswered_write_keeps_the_first_from_coming_late() {
    on_a_large_stack(|| async {
        let billing = world(&asked("refund", &["charge"])).await;
        billing.store.will([Fate::Late]);
        ask(&billing, "refund").await.unwrap();
        let stands = table(&billing);
        let landed = billing.store.land().await;
        assert!(matches!(landed.as_slice(), [Saved::Conflict(Some(_))]), "{landed:?}");
        assert!(table(&billing) == stands);
        let given_back: u64 = billing.psp.world().payments.values().flatten().map(|record| record.cancel_amount).sum();
        assert_eq!(given_back, 900);
    });
}

#[test]
fn what_may_stand_is_pending_and_the_sweep_carries_it_out() {
    on_a_large_stack(|| async {
        // Neither the first write, nor the reading back, nor the second write is answered; the first was carried out.
        let unknown = [Fate::Lost, Fate::Dropped];
        let billing = world(&asked("refund", &["charge"])).await;
        billing.store.will(unknown);
        billing.store.reads_fail_after(1);
        let request = part_of("order_1");
        let (_, refund) = billing.refund(request.clone()).await.unwrap();
        assert_eq!(refund.state, RefundState::Pending);
        billing.store.heals();
        billing.host.pass(200);
        billing.sweep(billing.host.now().plus(3_600)).await.unwrap();
        let (row, refund) = billing.refund(request).await.unwrap();
        assert_eq!((row.state, refund.state), (State::PartiallyRefunded, RefundState::Done));
        assert_eq!(billing.psp.world().posts.iter().filter(|post| post.starts_with("cancel")).count(), 1);

        let billing = world(&asked("unschedule", &["schedule"])).await;
        billing.store.will(unknown);
        billing.store.reads_fail_after(1);
        let row = billing.unschedule(&Caller::Merchant, "order_1").await.unwrap();
        assert_eq!((row.state, row.claim.is_some()), (State::Scheduled, true), "202");
        billing.store.heals();
        billing.host.pass(200);
        billing.sweep(billing.host.now().plus(3_600)).await.unwrap();
        assert_eq!(billing.unschedule(&Caller::Merchant, "order_1").await.unwrap().state, State::Revoked);

        let billing = world(&asked("delete", &[])).await;
        billing.store.will(unknown);
        billing.store.reads_fail_after(2);
        let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::InTheWay).await;
        assert!(matches!(deleted, Ok(KeyDeleted::Pending(_))), "{deleted:?}");
        billing.store.heals();
        billing.host.pass(200);
        billing.sweep(billing.host.now().plus(3_600)).await.unwrap();
        let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::InTheWay).await;
        assert_eq!(deleted, Ok(KeyDeleted::Done));
    });
}

#[tokio::test]
async fn a_claim_that_took_too_long_to_be_written_is_not_sent_by_its_writer() {
    let billing = lossy().await;
    // Each look at the clock costs as much as a slow table.
    billing.host.ticking.store(20, std::sync::atomic::Ordering::Relaxed);
    for name in ["charge", "schedule many", "refund"] {
        let sent = billing.psp.world().posts.len();
        if name == "refund" {
            billing.host.ticking.store(0, std::sync::atomic::Ordering::Relaxed);
            billing.charge(order("order_paid"), None).await.unwrap();
            billing.host.ticking.store(20, std::sync::atomic::Ordering::Relaxed);
            let request = part_of("order_paid");
            let (_, refund) = billing.refund(request).await.unwrap();
            assert_eq!((refund.state, billing.psp.world().posts.len()), (RefundState::Pending, sent + 1));
            continue;
        }
        if name == "schedule many" {
            let wanted = vec![new_schedule("later_1", START.plus(DAY))];
            let answers = billing.schedule(&uid("key1"), None, wanted).await.unwrap();
            assert_eq!(answers[0].row().unwrap().state, State::Claimed);
        } else {
            assert_eq!(billing.charge(order("order_1"), None).await.unwrap().state, State::Claimed);
        }
        assert_eq!(billing.psp.world().posts.len(), sent, "{name}: it could execute after the quarantine");
    }
}

/// A batch is two transactions: the first of which stands, and the second does not.
#[tokio::test]
async fn a_batch_of_which_a_part_is_recorded_is_answered_item_by_item() {
    use Fate::{Answered, Dropped, Lost, Throttled};
    let many = || (0..60).map(|n| new_schedule(&format!("order_{n:02}"), START.plus(DAY + n))).collect::<Vec<_>>();
    for fates in [[Answered, Throttled, Answered], [Lost, Throttled, Answered], [Dropped, Answered, Throttled]] {
        let billing = lossy().await;
        billing.store.will(fates);
        let answers = billing.schedule(&uid("key1"), None, many()).await.unwrap();
        let names: Vec<_> = answers.iter().map(|answer| answer.merchant_uid().as_str().to_owned()).collect();
        assert!(names.is_sorted() && names.len() == 60, "in the order of the request");
        for (place, answer) in answers.iter().enumerate() {
            match answer {
                Scheduled::Recorded(row) => assert_eq!((place < 50, row.state), (true, State::Scheduled), "{fates:?}"),
                Scheduled::NotRecorded { merchant_uid, why } => {
                    assert_eq!((place < 50, why), (false, &Failure::Unavailable), "{fates:?}");
                    assert_eq!(billing.store.rows.payment(merchant_uid).await, Ok(None));
                }
            }
        }
        // The same request again claims what is missing, and nothing else.
        let answers = billing.schedule(&uid("key1"), None, many()).await.unwrap();
        assert!(answers.iter().all(|answer| answer.row().is_some_and(|row| row.state == State::Scheduled)));
        let registered: Vec<usize> =
            billing.psp.world().posts.iter().map(|post| post.split(' ').skip(1).count()).collect();
        assert_eq!(registered, [50, 10], "{fates:?}");
    }
}

#[tokio::test]
async fn an_order_that_turns_out_to_be_taken_holds_up_no_other_of_its_batch() {
    let billing = lossy().await;
    let taken = new_schedule("order_2", START.plus(5 * DAY));
    let wanted = vec![new_schedule("order_1", START.plus(DAY)), new_schedule("order_2", START.plus(DAY + 1))];
    // Somebody takes the number between the look and the write.
    billing.store.hides("order_2");
    billing.schedule(&uid("key1"), None, vec![taken]).await.unwrap();
    let answers = billing.schedule(&uid("key1"), None, wanted.clone()).await.unwrap();
    let (first, second) = (&answers[0], &answers[1]);
    assert_eq!(first.row().unwrap().state, State::Scheduled);
    assert!(matches!(second, Scheduled::NotRecorded { why: Failure::MerchantUidReused, .. }), "{second:?}");
    // Alone it is refused, and nothing was recorded.
    let alone = billing.schedule(&uid("key1"), None, wanted[1..].to_vec()).await;
    assert_eq!(alone, Err(Failure::MerchantUidReused));
}

#[tokio::test]
async fn a_read_that_fails_after_a_subscription_was_charged_hides_that_from_nobody() {
    let billing = lossy().await;
    let row = billing.subscribe(wanted(), &secret()).await.unwrap();
    assert!(!billing.view_after(row.clone()).await.is_pending(), "charged, and nothing left to do");
    billing.store.reads_fail_after(0);
    let seen = billing.view_after(row.clone()).await;
    assert!(seen.is_pending());
    assert_eq!(seen.row, row);
}

#[test]
fn a_change_of_a_subscription_that_is_through_is_not_called_pending() {
    on_a_large_stack(|| async {
        for asked in ALL {
            let billing = world(asked).await;
            let answer = ask(&billing, asked.name).await.unwrap();
            assert!(!answer.starts_with("202"), "{} after {:?}: {answer}", asked.name, asked.before);
        }
    });
}

/// Every write of a use case goes through `write.rs`: another one would have to know all of this by itself.
#[test]
fn no_use_case_writes_past_the_one_place() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/usecase");
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.ends_with("write.rs") {
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            for call in ["insert(", "insert_checkout(", "reclaim(", "save(", "insert_key(", "save_key("] {
                assert!(!source.contains(&format!("store.{call}")), "{}: {call}", path.display());
            }
            for call in ["begin_subscription(", "save_subscription("] {
                assert!(!source.contains(&format!("store.{call}")), "{}: {call}", path.display());
            }
        }
    }
}
