//! The books by themselves: rules one by one, then invariants under thousands of seeded random commands.

use std::collections::BTreeMap;

use super::cards::{self, Card};
use super::*;

const NOW: i64 = 1_800_000_000;

fn card(number: &str) -> Card {
    cards::read(number, "2099-12", NOW).unwrap()
}

fn key_order(customer_uid: &str, number: &str) -> KeyOrder {
    KeyOrder {
        customer_uid: customer_uid.to_owned(),
        customer_id: None,
        channel: Channel::default(),
        has_channel_key: false,
        card: card(number),
        customer: Person { name: Some("홍길동".to_owned()), ..Person::default() },
        said: Said::nothing(),
    }
}

fn with_key(number: &str) -> Ledger {
    let mut ledger = Ledger::new(7);
    ledger.issue_key(NOW, key_order("key", number)).unwrap();
    ledger
}

fn charge(ledger: &mut Ledger, now: i64, merchant_uid: &str) -> Result<Charged, Refusal> {
    let admission =
        ledger.admit(now, Order::krw(merchant_uid, 8900, "월간 이용권"), Instrument::Key("key".to_owned()))?;
    ledger.commit(now, admission)
}

fn entry(merchant_uid: &str, schedule_at: i64) -> ScheduleOrder {
    ScheduleOrder { order: Order::krw(merchant_uid, 8900, "월간 이용권"), schedule_at }
}

fn paid(ledger: &Ledger, merchant_uid: &str) -> usize {
    ledger.find_all(merchant_uid, Some(PaymentStatus::Paid), PaymentSort::Started).len()
}

#[test]
fn a_paid_number_is_never_paid_again() {
    let mut ledger = with_key("4242424242424242");
    charge(&mut ledger, NOW, "a").unwrap();
    assert_eq!(charge(&mut ledger, NOW, "a").unwrap_err().kind, RefusalKind::Rejected);
    let refund = CancelOrder { merchant_uid: Some("a".to_owned()), ..CancelOrder::default() };
    ledger.cancel(NOW, &refund).unwrap();
    assert_eq!(charge(&mut ledger, NOW, "a").unwrap_err().kind, RefusalKind::Rejected, "refunded counts as used");
}

#[test]
fn two_in_flight_are_both_paid_only_if_the_psp_checks_at_admission() {
    for (dedupe, expected) in [(Dedupe::Commit, 1), (Dedupe::Admission, 2)] {
        let mut ledger = with_key("4242424242424242");
        ledger.set_knobs(Knobs { dedupe, ..Knobs::default() });
        let mut admit = || ledger.admit(NOW, Order::krw("a", 8900, "n"), Instrument::Key("key".to_owned())).unwrap();
        let (first, second) = (admit(), admit());
        ledger.commit(NOW, first).unwrap();
        assert_eq!(ledger.commit(NOW, second).is_ok(), expected == 2);
        assert_eq!(paid(&ledger, "a"), expected);
    }
}

#[test]
fn a_failed_number_may_be_tried_again_unless_the_knob_forbids_it() {
    for reusable in [true, false] {
        let mut ledger = with_key("4000000000000341");
        ledger.set_knobs(Knobs { failed_reusable: reusable, ..Knobs::default() });
        charge(&mut ledger, NOW, "a").unwrap();
        assert_eq!(charge(&mut ledger, NOW, "a").is_ok(), reusable);
        assert!(ledger.find_all("a", None, PaymentSort::Started).iter().all(|row| row.status == PaymentStatus::Failed));
    }
}

#[test]
fn hanging_cards_do_what_they_say() {
    for (number, at_once, later) in [("4000000000004087", 1, 1), ("4000000000002024", 0, 0), ("4000000000001000", 0, 1)]
    {
        let mut ledger = with_key(number);
        let charged = charge(&mut ledger, NOW, "a").unwrap();
        assert_eq!(charged.delivery, Delivery::Hang);
        assert_eq!(paid(&ledger, "a"), at_once, "{number}");
        ledger.run_until(NOW + 59);
        assert_eq!(paid(&ledger, "a"), at_once, "{number}");
        ledger.run_until(NOW + 60);
        assert_eq!(paid(&ledger, "a"), later, "{number}");
    }
}

#[test]
fn a_late_execution_finds_the_number_paid_meanwhile() {
    let mut ledger = with_key("4242424242424242");
    let late = ledger.admit(NOW, Order::krw("a", 8900, "n"), Instrument::Key("key".to_owned())).unwrap();
    ledger.defer(NOW + 60, late);
    charge(&mut ledger, NOW + 1, "a").unwrap();
    ledger.run_until(NOW + 60);
    assert_eq!(paid(&ledger, "a"), 1);
}

#[test]
fn instalments_start_at_two_months_and_fifty_thousand_won() {
    let mut ledger = with_key("4242424242424242");
    for (amount, quota, accepted) in [(49_999, 2, false), (50_000, 1, false), (50_000, 2, true), (100, 0, true)] {
        let order = Order { card_quota: quota, ..Order::krw("a", amount, "n") };
        assert_eq!(ledger.admit(NOW, order, Instrument::Key("key".to_owned())).is_ok(), accepted, "{amount}/{quota}");
    }
}

#[test]
fn schedules_run_in_time_order_at_their_own_time() {
    let mut ledger = with_key("4242424242424242");
    let entries = vec![entry("c", NOW + 30), entry("a", NOW + 10), entry("b", NOW + 20), entry("past", NOW - 5)];
    ledger.register(NOW, "key", None, 0, entries).unwrap();
    assert_eq!(ledger.next_due(), Some(NOW), "one for the past is due at once");
    ledger.run_until(NOW + 25);
    let order: Vec<&str> = ledger.payments().iter().map(|row| row.merchant_uid.as_str()).collect();
    assert_eq!(order, ["past", "a", "b"]);
    assert_eq!(ledger.schedule("b").unwrap().executed_at, NOW + 20);
    assert!(ledger.payments().iter().all(|row| row.imp_uid.starts_with("imps_") && row.imp_uid.len() == 17));
    assert_eq!(ledger.next_due(), Some(NOW + 30));
    let told: Vec<PaymentStatus> = ledger.take_notices().iter().map(|notice| notice.status).collect();
    assert_eq!(told, [PaymentStatus::Paid; 3]);
    assert_eq!(
        ledger.payments()[1].buyer.name.as_deref(),
        Some("홍길동"),
        "the buyer falls back to the key's customer"
    );
}

#[test]
fn a_failed_schedule_is_announced_and_can_be_revived() {
    let mut ledger = with_key("4000000000009995");
    ledger.register(NOW, "key", None, 0, vec![entry("a", NOW + 10)]).unwrap();
    assert_eq!(ledger.retry(NOW, "a").unwrap_err().kind, RefusalKind::Invalid, "not while it waits");
    ledger.run_until(NOW + 10);
    assert_eq!(ledger.take_notices()[0].status, PaymentStatus::Failed);
    assert_eq!(ledger.move_schedule(NOW, "a", NOW + 50).unwrap_err().kind, RefusalKind::Invalid);
    assert_eq!(ledger.reschedule(NOW + 10, "a", NOW).unwrap_err().kind, RefusalKind::Invalid, "past");
    ledger.reschedule(NOW + 10, "a", NOW + 20).unwrap();
    ledger.issue_key(NOW + 11, key_order("key", "4242424242424242")).unwrap();
    ledger.run_until(NOW + 20);
    assert_eq!(ledger.schedule("a").unwrap().payment_status, Some(PaymentStatus::Paid));
    assert_eq!(ledger.reschedule(NOW + 20, "a", NOW + 90).unwrap_err().kind, RefusalKind::Invalid, "paid");
    assert_eq!(ledger.find_all("a", None, PaymentSort::Started).len(), 2);
}

#[test]
fn moving_and_revoking_take_the_old_time_out_of_the_agenda() {
    let mut ledger = with_key("4242424242424242");
    ledger.register(NOW, "key", None, 0, vec![entry("a", NOW + 10), entry("b", NOW + 10)]).unwrap();
    ledger.move_schedule(NOW, "a", NOW + 50).unwrap();
    ledger.unschedule(NOW, Some("key"), &["b".to_owned()]).unwrap();
    ledger.run_until(NOW + 49);
    assert!(ledger.payments().is_empty());
    ledger.run_until(NOW + 50);
    assert_eq!(paid(&ledger, "a"), 1);
    assert_eq!(ledger.next_due(), None);
    assert_eq!(ledger.unschedule(NOW, Some("key"), &[]).unwrap_err().kind, RefusalKind::Rejected, "nothing waits");
}

#[test]
fn a_revoked_number_may_be_registered_again_on_any_key_unless_the_knob_forbids_it() {
    for reusable in [true, false] {
        let mut ledger = with_key("4242424242424242");
        ledger.issue_key(NOW, key_order("other", "4242424242424242")).unwrap();
        ledger.set_knobs(Knobs { revoked_reusable: reusable, ..Knobs::default() });
        ledger.register(NOW, "key", None, 0, vec![entry("a", NOW + 10)]).unwrap();
        ledger.unschedule(NOW, Some("key"), &[]).unwrap();
        let again = ledger.register(NOW, "other", None, 0, vec![entry("a", NOW + 20)]);
        assert_eq!(again.is_ok(), reusable);
        ledger.run_until(NOW + 30);
        assert_eq!(paid(&ledger, "a"), usize::from(reusable));
        assert_eq!(ledger.schedule("a").unwrap().customer_uid, if reusable { "other" } else { "key" });
    }
}

#[test]
fn unschedule_without_numbers_takes_all_of_that_customer_and_no_other() {
    let mut ledger = with_key("4242424242424242");
    ledger.issue_key(NOW, key_order("other", "4242424242424242")).unwrap();
    ledger.register(NOW, "key", None, 0, vec![entry("a", NOW + 10), entry("b", NOW + 20)]).unwrap();
    ledger.register(NOW, "other", None, 0, vec![entry("c", NOW + 10)]).unwrap();
    assert_eq!(ledger.unschedule(NOW, Some("other"), &["a".to_owned()]).unwrap_err().kind, RefusalKind::Rejected);
    assert_eq!(ledger.unschedule(NOW, Some("key"), &[]).unwrap().len(), 2);
    assert_eq!(ledger.schedule("c").unwrap().status, ScheduleStatus::Scheduled);
}

#[test]
fn a_bad_entry_leaves_nothing_or_the_ones_before_it() {
    for (schedule_batch, left) in [(ScheduleBatch::Atomic, 0), (ScheduleBatch::Partial, 1)] {
        let mut ledger = with_key("4242424242424242");
        charge(&mut ledger, NOW, "used").unwrap();
        ledger.set_knobs(Knobs { schedule_batch, ..Knobs::default() });
        let entries = vec![entry("a", NOW + 10), entry("used", NOW + 10), entry("b", NOW + 10)];
        assert!(ledger.register(NOW, "key", None, 0, entries).is_err());
        assert_eq!(ledger.schedules().count(), left);
    }
}

#[test]
fn knobs_lose_and_double_schedules() {
    let mut ledger = with_key("4242424242424242");
    ledger.set_knobs(Knobs { lose_schedules: 1, double_schedules: 1, ..Knobs::default() });
    ledger
        .register(NOW, "key", None, 0, vec![entry("lost", NOW + 1), entry("twice", NOW + 2), entry("c", NOW + 3)])
        .unwrap();
    ledger.run_until(NOW + 3);
    assert_eq!(ledger.schedule("lost").unwrap().status, ScheduleStatus::Scheduled);
    assert_eq!([paid(&ledger, "lost"), paid(&ledger, "twice"), paid(&ledger, "c")], [0, 2, 1]);
}

#[test]
fn a_deleted_keys_schedule_fails_or_is_revoked_by_knob() {
    for revoked in [false, true] {
        let mut ledger = with_key("4242424242424242");
        ledger.set_knobs(Knobs { delete_key_revokes_schedules: revoked, ..Knobs::default() });
        ledger.register(NOW, "key", None, 0, vec![entry("a", NOW + 10)]).unwrap();
        ledger.delete_key(NOW, "key").unwrap();
        ledger.run_until(NOW + 10);
        let row = ledger.schedule("a").unwrap();
        let expected = if revoked { ScheduleStatus::Revoked } else { ScheduleStatus::Executed };
        assert_eq!(row.status, expected);
        assert_eq!(row.payment_status, (!revoked).then_some(PaymentStatus::Failed));
        if !revoked {
            assert_eq!(ledger.retry(NOW + 11, "a").unwrap_err().kind, RefusalKind::NotFound, "no key to retry with");
        }
    }
}

#[test]
fn checking_amount_is_charged_and_given_back_without_a_word() {
    let mut ledger = with_key("4242424242424242");
    ledger.register(NOW, "key", None, 100, vec![entry("a", NOW + 10)]).unwrap();
    assert_eq!(ledger.payments().len(), 1);
    assert_eq!(ledger.payments()[0].cancel_amount, 100);
    assert!(ledger.take_notices().is_empty());
    let mut ledger = with_key("4000000000000341");
    assert_eq!(ledger.register(NOW, "key", None, 100, vec![entry("a", NOW + 10)]).unwrap_err().kind, RefusalKind::Pg);
    assert_eq!(ledger.schedules().count(), 0);
}

#[test]
fn refunds_follow_imp_uid_checksum_and_balance() {
    let mut ledger = with_key("4242424242424242");
    charge(&mut ledger, NOW, "a").unwrap();
    charge(&mut ledger, NOW, "b").unwrap();
    let a = ledger.payments()[0].imp_uid.clone();
    let order = |imp_uid: &str, amount, checksum| CancelOrder {
        imp_uid: Some(imp_uid.to_owned()),
        merchant_uid: Some("b".to_owned()),
        amount,
        checksum,
        ..CancelOrder::default()
    };
    assert!(ledger.cancel(NOW, &order("imp_000000000000", None, None)).is_err(), "a bad imp_uid is not forgiven");
    assert!(ledger.cancel(NOW, &order(&a, Some(100), Some(8899))).is_err());
    assert!(ledger.cancel(NOW, &order(&a, Some(8901), None)).is_err());
    let row = ledger.cancel(NOW, &order(&a, Some(100), Some(8900))).unwrap();
    assert_eq!((row.merchant_uid.as_str(), row.status, row.cancel_amount), ("a", PaymentStatus::Paid, 100));
    assert!(ledger.cancel(NOW, &order(&a, Some(100), Some(8900))).is_err(), "the repeat is refused by its checksum");
    let row = ledger.cancel(NOW, &order(&a, Some(0), None)).unwrap();
    assert_eq!((row.status, row.cancel_amount), (PaymentStatus::Cancelled, 8900), "0 is everything left");
    assert!(ledger.cancel(NOW, &order(&a, None, None)).is_err());
    assert!(ledger.take_notices().iter().all(|notice| notice.status == PaymentStatus::Paid), "not announced");
}

#[test]
fn a_partial_refund_says_cancelled_by_knob_and_leaves_the_rest_refundable() {
    let mut ledger = with_key("4242424242424242");
    ledger.set_knobs(Knobs { partial_cancel_status: PartialCancelStatus::Cancelled, ..Knobs::default() });
    charge(&mut ledger, NOW, "a").unwrap();
    let order = CancelOrder { merchant_uid: Some("a".to_owned()), amount: Some(1), ..CancelOrder::default() };
    assert_eq!(ledger.cancel(NOW, &order).unwrap().status, PaymentStatus::Cancelled);
    assert_eq!(ledger.cancel(NOW, &order).unwrap().cancel_amount, 2);
}

#[test]
fn one_token_lives_at_a_time_and_is_extended_in_its_last_minute() {
    let mut ledger = Ledger::new(1);
    let first = ledger.issue_token(NOW);
    assert_eq!(first.expired_at, NOW + 1800);
    assert_eq!(ledger.issue_token(NOW + 1740), first, "a minute left is not less than a minute");
    let extended = ledger.issue_token(NOW + 1741);
    assert_eq!((&extended.value, extended.expired_at), (&first.value, NOW + 2100));
    assert!(ledger.accepts(&first.value, NOW + 2099));
    assert!(!ledger.accepts(&first.value, NOW + 2100));
    let fresh = ledger.issue_token(NOW + 2100);
    assert_ne!(fresh.value, first.value);
    assert!(!ledger.accepts(&first.value, NOW + 2101));
    assert_eq!(format!("{fresh:?}"), format!("AccessToken {{ expired_at: {}, .. }}", NOW + 3900));
}

#[test]
fn recovery_pays_what_the_shop_has_paid_another_way() {
    let mut ledger = with_key("4000000000000341");
    ledger.register(NOW, "key", None, 0, vec![entry("a", NOW + 10)]).unwrap();
    ledger.run_until(NOW + 10);
    ledger.issue_key(NOW + 20, key_order("key", "4242424242424242")).unwrap();
    charge(&mut ledger, NOW + 20, "a-2").unwrap();
    let recovered = ledger.console_recover(NOW + 86_400, NOW);
    assert_eq!(recovered.len(), 1);
    assert_eq!([paid(&ledger, "a"), paid(&ledger, "a-2")], [1, 1], "the hazard the daily report must find");
}

#[test]
fn a_page_past_the_end_is_none_and_an_empty_first_page_is_one() {
    assert_eq!(Page::cut(0..0, 1, 20).unwrap().list.len(), 0);
    assert_eq!(Page::cut(0..20, 2, 20), None);
    let page = Page::cut(0..21, 2, 20).unwrap();
    assert_eq!((page.total, page.previous, page.next, page.list), (21, 1, 0, vec![20]));
    assert_eq!(Page::cut(0..21, 1, 20).unwrap().next, 2);
    assert_eq!(Page::cut(0..21, usize::MAX, usize::MAX), None);
}

/// A random walk over every command. `splitmix64`, as the ids use, so that a seed names a run.
struct Walk {
    ledger: Ledger,
    now: i64,
    state: u64,
    notices: Vec<Notice>,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut ledger = Ledger::new(seed);
        ledger.set_knobs(Knobs { dedupe: Dedupe::Commit, ..Knobs::default() });
        Self { ledger, now: NOW, state: seed, notices: Vec::new() }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 29)) % below
    }

    fn step(&mut self) {
        let customer = format!("key{}", self.draw(3));
        let order = format!("m{}", self.draw(12));
        let number = cards::TEST_CARDS[usize::try_from(self.draw(12)).unwrap()].number;
        let ahead = i64::try_from(self.draw(200)).unwrap() - 20;
        let amount = self.draw(9000);
        match self.draw(11) {
            0 => drop(self.ledger.issue_key(self.now, key_order(&customer, number))),
            1 => drop(self.ledger.delete_key(self.now, &customer)),
            2 | 3 => {
                let admitted = self.ledger.admit(self.now, Order::krw(&order, 8900, "n"), Instrument::Key(customer));
                if let Ok(admission) = admitted {
                    drop(self.ledger.commit(self.now, admission));
                }
            }
            4 => drop(self.ledger.register(self.now, &customer, None, 0, vec![entry(&order, self.now + ahead)])),
            5 => drop(self.ledger.unschedule(self.now, Some(&customer), &[])),
            6 => drop(self.ledger.move_schedule(self.now, &order, self.now + ahead)),
            7 => drop(self.ledger.retry(self.now, &order)),
            8 => drop(self.ledger.reschedule(self.now, &order, self.now + ahead)),
            9 => {
                let refund = CancelOrder {
                    merchant_uid: Some(order),
                    amount: Some(amount),
                    enable_webhook: true,
                    ..CancelOrder::default()
                };
                drop(self.ledger.cancel(self.now, &refund));
            }
            _ => {
                self.now += i64::try_from(self.draw(120)).unwrap();
                self.ledger.run_until(self.now);
            }
        }
        self.notices.extend(self.ledger.take_notices());
    }

    fn check(&self) {
        let mut ever_paid: BTreeMap<&str, usize> = BTreeMap::new();
        for row in self.ledger.payments() {
            let refunded: u64 = row.cancel_history.iter().map(|entry| entry.amount).sum();
            assert_eq!(refunded, row.cancel_amount);
            assert!(row.cancel_amount <= row.amount);
            assert_eq!(row.paid_at != 0, row.fail_reason.is_none(), "{row:?}");
            assert_eq!(row.status == PaymentStatus::Cancelled, row.paid_at != 0 && row.cancellable() == 0);
            assert!(row.started_at <= row.paid_at.max(row.failed_at), "nothing ends before it starts");
            *ever_paid.entry(&row.merchant_uid).or_default() += usize::from(row.paid_at != 0);
        }
        assert!(ever_paid.values().all(|times| *times <= 1), "{ever_paid:?}");
        for row in self.ledger.schedules() {
            assert_eq!(row.status == ScheduleStatus::Executed, row.executed_at != 0 && row.imp_uid.is_some());
            assert_eq!(row.status == ScheduleStatus::Revoked, row.revoked_at != 0);
            assert_eq!(row.status == ScheduleStatus::Scheduled, row.ticket.is_some());
            if let Some(imp_uid) = &row.imp_uid {
                assert_eq!(Some(self.ledger.payment(imp_uid, true).unwrap().status), row.payment_status);
            }
        }
        let announced = |status| self.notices.iter().filter(|notice| notice.status == status).count();
        let count = |test: fn(&Payment) -> bool| self.ledger.payments().iter().filter(|row| test(row)).count();
        assert_eq!(announced(PaymentStatus::Paid), count(|row| row.paid_at != 0), "every approval is announced once");
        let refunds: usize = self.ledger.payments().iter().map(|row| row.cancel_history.len()).sum();
        assert_eq!(announced(PaymentStatus::Cancelled), refunds);
        assert_eq!(
            announced(PaymentStatus::Failed),
            count(|row| row.status == PaymentStatus::Failed && row.usage == Some(KeyUsage::Scheduled))
        );
    }
}

#[test]
fn invariants_hold_on_random_walks() {
    let (mut payments, mut refunds, mut executed) = (0, 0, 0);
    for seed in 0..300 {
        let mut walk = Walk::new(seed);
        for _ in 0..200 {
            walk.step();
            walk.check();
        }
        payments += walk.ledger.payments().len();
        refunds += walk.ledger.payments().iter().map(|row| row.cancel_history.len()).sum::<usize>();
        executed += walk.ledger.schedules().filter(|row| row.status == ScheduleStatus::Executed).count();
    }
    // The walks must have gone somewhere.
    assert!(payments > 3000 && refunds > 100 && executed > 300, "{payments} {refunds} {executed}");
}

#[test]
fn one_seed_is_one_run_and_a_snapshot_goes_on_where_it_was_taken() {
    for seed in 0..20 {
        let (mut first, mut second) = (Walk::new(seed), Walk::new(seed));
        for _ in 0..100 {
            first.step();
            second.step();
        }
        let snapshot = serde_json::to_string(&first.ledger).unwrap();
        assert_eq!(snapshot, serde_json::to_string(&second.ledger).unwrap());
        second.ledger = serde_json::from_str::<Ledger>(&snapshot).unwrap().reindexed();
        for _ in 0..100 {
            first.step();
            second.step();
        }
        assert_eq!(
            serde_json::to_string(&first.ledger).unwrap(),
            serde_json::to_string(&second.ledger).unwrap(),
            "seed {seed}"
        );
    }
}

#[test]
fn no_card_number_and_no_token_is_ever_serialised() {
    let mut ledger = with_key("4242424242424242");
    let token = ledger.issue_token(NOW);
    charge(&mut ledger, NOW, "a").unwrap();
    let late = ledger.admit(NOW, Order::krw("b", 1, "n"), Instrument::Key("key".to_owned())).unwrap();
    ledger.defer(NOW + 60, late);
    let snapshot = serde_json::to_string(&ledger).unwrap();
    assert!(!snapshot.contains("4242424242424242"));
    assert!(!snapshot.contains(&token.value));
    assert!(snapshot.contains("424242******4242"));
}
