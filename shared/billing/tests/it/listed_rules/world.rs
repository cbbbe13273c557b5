//! A world in which table and PSP agree or differ in each single thing that is compared.

use billing::order::Order;
use billing::payment::{Payment, PaymentSnapshot, PspStatus, ScheduleSnapshot, ScheduleStatus, State};
use billing::ports::Clock;
use billing::report::Counts;
use billing::usecase::{Caller, WebhookHint};
use billing::{ImpUid, MerchantUid};

use super::psp::Oddities;
use crate::fixture::{Act, TestBilling, TestWorld, billing, order};
use crate::schedule::new_schedule;

pub(super) const HOUR: i64 = 3_600;
pub(super) const DAY: i64 = 86_400;

/// Something that the PSP, the table or both of them hold, and what becomes of it.
pub(super) struct Thing {
    pub(super) uid: &'static str,
    /// Its part of the report.
    pub(super) counts: Counts,
    /// Whether the PSP is asked about it alone.
    pub(super) is_looked_up: bool,
    pub(super) alarm: Option<&'static str>,
    /// Its row's state afterwards, if it has a row.
    pub(super) state: Option<State>,
}

pub(super) struct World {
    pub(super) billing: TestBilling,
    pub(super) things: Vec<Thing>,
    pub(super) odd: Oddities,
    /// Payments whose rows cannot be read.
    pub(super) closed: Vec<&'static str>,
}

/// A payment that the PSP holds, of whomever, made now.
pub(super) fn stored(billing: &TestBilling, order: &Order, status: PspStatus) -> PaymentSnapshot {
    let now = billing.host.now();
    billing.psp.world().record(order, status, now)
}

pub(super) async fn charged(billing: &TestBilling, uid: &str) -> Payment {
    billing.charge(order(uid), None).await.unwrap()
}

pub(super) async fn scheduled(billing: &TestBilling, uid: &str, seconds: i64) {
    let new = new_schedule(uid, billing.host.now().plus(seconds));
    let rows = billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new]).await.unwrap();
    assert_eq!(rows[0].row().unwrap().state, State::Scheduled);
}

/// The PSP's payment, changed behind our back.
fn changed(billing: &TestBilling, uid: &str, change: impl FnOnce(&mut PaymentSnapshot)) {
    change(billing.psp.world().payments.get_mut(uid).unwrap().last_mut().unwrap());
}

fn changed_schedule(billing: &TestBilling, uid: &str, change: impl FnOnce(&mut ScheduleSnapshot)) {
    change(billing.psp.world().schedules.get_mut(uid).unwrap());
}

/// Money given back in the PSP's console just now.
fn refunded(billing: &TestBilling, uid: &str, amount: u64) {
    billing.advance(1);
    let now = billing.host.now();
    changed(billing, uid, |payment| {
        payment.cancel_amount = amount;
        payment.cancelled_at = Some(now);
        if payment.net_paid() == 0 {
            payment.status = PspStatus::Cancelled;
        }
    });
}

/// The PSP runs a schedule, and marks its payment as one.
fn run(billing: &TestBilling, uid: &str, status: PspStatus) {
    let now = billing.host.now();
    billing.psp.world().execute(&order(uid), status, now);
    changed(billing, uid, |payment| payment.details.customer_uid_usage = Some("payment.scheduled".to_owned()));
}

/// Its webhook comes.
async fn told(billing: &TestBilling, uid: &str, state: State) {
    let imp_uid = imp_uid(billing, uid);
    billing.notice(&WebhookHint { imp_uid, merchant_uid: MerchantUid::parse(uid).unwrap() }).await.unwrap();
    assert_eq!(billing.payment(&Caller::Merchant, uid).await.unwrap().state, state, "{uid}");
}

fn imp_uid(billing: &TestBilling, uid: &str) -> ImpUid {
    billing.psp.world().payments[uid].last().unwrap().imp_uid.clone()
}

/// The world. `brief` ones are in it as well whose part changes from tick to tick: what is under way only for minutes, and a
/// row that cannot be read, which each tick reports.
pub(super) async fn world(brief: bool) -> World {
    let billing = billing().await;
    for uid in ["old_1", "old_2", "old_3", "old_4", "old_5", "old_part", "old_full", "old_known", "old_garbled"] {
        charged(&billing, uid).await;
        billing.advance(60);
    }
    for uid in ["old_stray", "old_theirs"] {
        stored(&billing, &order(uid), PspStatus::Paid);
    }
    billing.advance(60 * DAY);

    for uid in ["ran", "ran_known", "failed_known", "ran_other", "refused"] {
        scheduled(&billing, uid, HOUR).await;
    }
    scheduled(&billing, "late", 4 * HOUR - 60).await;
    for (uid, days) in [("waits", 1), ("moved", 2), ("taken", 3), ("withdrawn", 4), ("unseen", 5), ("moving", 6)] {
        scheduled(&billing, uid, days * DAY).await;
    }
    recent_payments(&billing).await;
    billing.advance(HOUR);

    run(&billing, "ran", PspStatus::Paid);
    for (uid, status, state) in [
        ("ran_known", PspStatus::Paid, State::Paid),
        ("failed_known", PspStatus::Failed, State::Failed),
        ("ran_other", PspStatus::Paid, State::Paid),
    ] {
        run(&billing, uid, status);
        told(&billing, uid, state).await;
    }
    changes(&billing).await;
    // It stands last in its slice: whoever cannot tell records apart cannot tell whether a page shows anything new.
    billing.advance(60);
    charged(&billing, "nameless").await;

    billing.advance(4 * HOUR - 60 - (billing.host.now().0 - began(&billing)));
    if brief {
        let then = billing.host.now().plus(5 * DAY);
        billing.psp.will([Act::ApproveAndLose]);
        billing.psp.world().looks_fail = true;
        billing.reschedule(&Caller::Merchant, "moving", then).await.unwrap();
        billing.psp.world().looks_fail = false;
    }
    run(&billing, "late", PspStatus::Paid);
    billing.advance(60);
    billing.alarms();

    let garbled = [
        ("garbled", Some("garbled")),
        ("their_garbled", Some("their_garbled")),
        ("nameless", None),
        ("old_garbled", Some("old_garbled")),
        ("old_theirs", Some("old_theirs")),
    ];
    let named = |(uid, shown): (&str, Option<&str>)| (imp_uid(&billing, uid).to_string(), shown.map(str::to_owned));
    let mut odd = Oddities { garbled: garbled.into_iter().map(named).collect(), ..Oddities::default() };
    odd.garbled.extend(["unseen", "their_unseen"].map(|uid| (uid.to_owned(), Some(uid.to_owned()))));
    let mut things = things();
    let closed = if brief { vec!["closed"] } else { Vec::new() };
    let (alarm, shown) = if brief {
        (Some("row_violation"), Counts { payments: 1, unreadable: 1, ..Counts::default() })
    } else {
        (None, Counts { payments: 1, rows: 1, ..Counts::default() })
    };
    things.push(thing("closed", shown, false, alarm, Some(State::Paid)));
    World { billing, things, odd, closed }
}

/// When the recent part of the world began.
fn began(billing: &TestBilling) -> i64 {
    billing.psp.world().payments["sound"][0].paid_at.unwrap().0
}

/// What is at the PSP in the end without anybody here having heard of it, and what they have.
async fn recent_payments(billing: &TestBilling) {
    for uid in ["sound", "known", "facts", "status", "part", "amount", "sandbox", "twice", "garbled", "closed", "plain"]
    {
        charged(billing, uid).await;
    }
    billing.psp.will([Act::Decline, Act::Lose]);
    assert_eq!(charged(billing, "failed").await.state, State::Failed);
    assert_eq!(charged(billing, "lost").await.state, State::Unknown);
    for uid in ["lost", "stray", "theirs", "keyless", "their_garbled"] {
        stored(billing, &order(uid), PspStatus::Paid);
    }
    changed(billing, "theirs", |payment| payment.customer_uid = Some("somebody-elses".to_owned()));
    changed(billing, "keyless", |payment| payment.customer_uid = None);
}

/// What happens behind our back, one thing at a time.
async fn changes(billing: &TestBilling) {
    refunded(billing, "known", 900);
    told(billing, "known", State::PartiallyRefunded).await;
    changed(billing, "facts", |payment| payment.details.receipt_url = Some("https://example.com/1".to_owned()));
    changed(billing, "status", |payment| payment.status = PspStatus::Cancelled);
    changed(billing, "part", |payment| payment.cancel_amount = 900);
    changed(billing, "amount", |payment| payment.amount.minor += 1);
    changed(billing, "sandbox", |payment| payment.sandbox = true);
    billing.advance(60);
    stored(billing, &order("twice"), PspStatus::Paid);

    // The last that changed come first.
    refunded(billing, "old_part", 900);
    refunded(billing, "old_full", 8_900);
    refunded(billing, "old_known", 900);
    told(billing, "old_known", State::PartiallyRefunded).await;
    refunded(billing, "old_stray", 900);
    refunded(billing, "old_theirs", 900);
    refunded(billing, "old_garbled", 900);

    let now = billing.host.now();
    changed_schedule(billing, "ran_other", |schedule| schedule.imp_uid = ImpUid::parse("imps_000000000001").ok());
    changed_schedule(billing, "refused", |schedule| {
        (schedule.schedule_status, schedule.executed_at) = (ScheduleStatus::Executed, Some(now));
        schedule.payment_status = Some(PspStatus::Failed);
    });
    changed_schedule(billing, "moved", |schedule| schedule.schedule_at = schedule.schedule_at.plus(HOUR));
    changed_schedule(billing, "taken", |schedule| {
        (schedule.schedule_status, schedule.revoked_at) = (ScheduleStatus::Revoked, Some(now));
    });
    assert_eq!(billing.unschedule(&Caller::Merchant, "withdrawn").await.unwrap().state, State::Revoked);
    let mut world = billing.psp.world();
    let template = world.schedules["waits"].clone();
    for (uid, key) in [
        ("console", "key1"),
        ("their_schedule", "somebody-elses"),
        ("their_unseen", "somebody-elses"),
        ("plain", "key1"),
    ] {
        let (merchant_uid, customer_uid) = (uid.to_owned(), key.to_owned());
        let schedule = ScheduleSnapshot { merchant_uid, customer_uid, ..template.clone() };
        world.schedules.insert(uid.to_owned(), schedule);
    }
}

fn thing(
    uid: &'static str,
    counts: Counts,
    is_looked_up: bool,
    alarm: Option<&'static str>,
    state: Option<State>,
) -> Thing {
    Thing { uid, counts, is_looked_up, alarm, state }
}

/// What each of them comes to.
fn things() -> Vec<Thing> {
    let none = Counts::default();
    let listed = Counts { payments: 1, ..none };
    let payment = Counts { rows: 1, ..listed };
    let hidden = Counts { unreadable: 1, rows: 1, ..none };
    let older = Counts { changes: 1, ..none };
    let waiting = Counts { schedules: 1, ..none };
    let schedule = Counts { rows: 1, ..waiting };
    let ran = Counts { schedules: 1, ..payment };
    let healed = |counts: Counts| Counts { healed: 1, ..counts };
    let foreign = |counts: Counts| Counts { foreign: 1, ..counts };
    let unrecorded = |counts: Counts| Counts { unrecorded: 1, ..counts };
    let (paid, part, full) = (Some(State::Paid), Some(State::PartiallyRefunded), Some(State::Refunded));
    let (waits, revoked, failed) = (Some(State::Scheduled), Some(State::Revoked), Some(State::Failed));
    let mut things = vec![
        thing("sound", payment, false, None, paid),
        thing("failed", payment, false, None, failed),
        thing("known", payment, false, None, part),
        thing("facts", payment, false, None, paid),
        thing("status", healed(payment), true, None, full),
        thing("part", healed(payment), true, None, part),
        thing("amount", payment, true, Some("psp_mismatch"), paid),
        thing("sandbox", payment, true, Some("psp_mismatch"), paid),
        thing("twice", Counts { payments: 2, ..healed(payment) }, true, Some("double_paid"), paid),
        thing("lost", healed(payment), true, None, paid),
        thing("garbled", hidden, true, Some("psp_nonsense"), paid),
        thing("nameless", hidden, true, None, paid),
        thing("stray", unrecorded(listed), false, Some("unrecorded"), None),
        thing("theirs", foreign(listed), false, None, None),
        thing("keyless", foreign(listed), false, None, None),
        thing("their_garbled", foreign(none), false, None, None),
        thing("old_part", healed(older), true, None, part),
        thing("old_full", healed(older), true, None, full),
        thing("old_known", older, false, None, part),
        thing("old_stray", older, false, None, None),
        thing("old_theirs", none, false, None, None),
        thing("old_garbled", Counts { unreadable: 1, ..none }, false, Some("psp_nonsense"), paid),
        thing("ran", healed(ran), true, None, paid),
        thing("ran_known", ran, false, None, paid),
        thing("ran_other", ran, false, None, paid),
        thing("failed_known", ran, false, None, failed),
        thing("refused", healed(waiting), true, None, failed),
        thing("late", healed(waiting), true, None, paid),
        thing("waits", schedule, false, None, waits),
        thing("moving", schedule, false, None, waits),
        thing("moved", healed(schedule), true, Some("schedule_moved"), waits),
        thing("taken", healed(waiting), true, Some("schedule_revoked"), revoked),
        thing("withdrawn", waiting, false, None, revoked),
        thing("unseen", hidden, false, Some("psp_nonsense"), waits),
        thing("console", unrecorded(waiting), false, Some("unrecorded"), None),
        thing("their_schedule", foreign(waiting), false, None, None),
        thing("their_unseen", foreign(none), false, None, None),
        // The number of a charge, which was never a schedule.
        thing("plain", unrecorded(ran), false, Some("unrecorded"), paid),
    ];
    for uid in ["old_1", "old_2", "old_3", "old_4", "old_5"] {
        things.push(thing(uid, none, false, None, paid));
    }
    things
}
