//! People in the PSP's console, and the PSP of its own accord.

use billing::order::Order;
use billing::ports::DueRow;
use ledger::{CancelOrder, Ledger, PaymentStatus, ScheduleStatus, WindowOrder, cards};

use super::Play;
use crate::check::rest::CONSOLE_REASON;
use crate::rng::Rng;
use crate::sim::World;

/// Somebody lets a payment fail in a browser window under one of our order numbers. It must not hide our own.
fn stranger(books: &mut Ledger, rng: &mut Rng, orders: &[Order], now: i64) -> Option<&'static str> {
    let order = rng.pick(orders)?;
    let card = cards::read("4000000000000341", "2044-12", now).ok()?;
    let order = crate::psp::wire::order(order);
    let window = WindowOrder::by_card(order, card);
    books.pay_in_window(now, window).ok().map(|_| "stranger")
}

/// Names that other systems on the same account give their orders, and we never would.
pub(crate) const FOREIGN: [&str; 4] = ["wc-renewal:", "invoice#", "shop.example.", "주문 "];

/// Other hands on the same account: another system schedules and charges on a key of ours, under names of its own; or a
/// customer unlinks the card in the gateway's app, and the key is gone.
pub(super) fn meddle(world: &mut World, rng: &mut Rng) -> Option<&'static str> {
    world.run_ledger();
    let now = world.kernel.now();
    let keys: Vec<String> = world.ledger.keys().map(|key| key.customer_uid.clone()).collect();
    let key = rng.pick(&keys)?.clone();
    let name = format!("{}{}", rng.pick(&FOREIGN)?, rng.below(1_000_000));
    let order = ledger::Order::krw(&name, 2_500, "다른 시스템의 주문");
    let books = &mut world.ledger;
    let done = match rng.below(10) {
        0..=5 => {
            let entry = ledger::ScheduleOrder { order, schedule_at: now + rng.between(600, 40 * 86_400) };
            books.register(now, &key, None, 0, vec![entry]).ok().map(|_| "scheduled by another system")
        }
        6..=7 => {
            let admitted = books.admit(now, order, ledger::Instrument::Key(key.clone())).ok()?;
            books.commit(now, admitted).ok().map(|_| "charged by another system")
        }
        _ => {
            // What waits on it fails, or is revoked with it: that is nobody's doing here.
            let on_it = books.schedules().filter(|row| row.customer_uid == key);
            let on_it: Vec<String> = on_it.map(|row| row.order.merchant_uid.clone()).collect();
            let done = books.delete_key(now, &key).ok().map(|_| "key vanished");
            world.seen.touched.extend(on_it);
            world.seen.vanished.insert(key.clone());
            done
        }
    };
    world.run_ledger();
    if let Some(done) = done {
        if done != "key vanished" {
            world.seen.foreign.insert(name.clone(), now);
        }
        world.write(|| format!("{done}: {key} {name}"));
    }
    done
}

/// Whether an order is another system's.
pub(crate) fn is_foreign(name: &str) -> bool {
    FOREIGN.iter().any(|foreign| name.starts_with(foreign))
}

/// Lets somebody use the newest of our order numbers in a browser.
pub(super) fn haunt(world: &mut World, rng: &mut Rng, orders: &[Order]) -> Option<&'static str> {
    world.run_ledger();
    let now = world.kernel.now();
    stranger(&mut world.ledger, rng, orders.last().map(std::slice::from_ref).unwrap_or_default(), now)
}

/// Lets somebody do something in the console. Answers what it was, if there was anything to do.
pub(super) fn act(world: &mut World, rng: &mut Rng, orders: &[Order]) -> Option<&'static str> {
    world.run_ledger();
    let now = world.kernel.now();
    let books = &mut world.ledger;
    let mut touched = None;
    let done = match rng.below(7) {
        0 | 1 => {
            let paid: Vec<(String, u64)> = books
                .payments()
                .iter()
                .filter(|payment| payment.cancellable() > 0)
                .map(|payment| (payment.imp_uid.clone(), payment.cancellable()))
                .collect();
            let (imp_uid, left) = rng.pick(&paid)?.clone();
            // Of a payment with parts all that is left goes back: of which part less was, nobody could say afterwards.
            let parts = books.payment(&imp_uid, true).is_ok_and(|payment| payment.tax != ledger::TaxParts::default());
            let amount = if rng.chance(500) || parts { left } else { 1 + rng.below(left) };
            touched = books.payment(&imp_uid, true).ok().map(|payment| payment.merchant_uid.clone());
            let order = CancelOrder {
                imp_uid: Some(imp_uid),
                amount: Some(amount),
                reason: Some(CONSOLE_REASON.to_owned()),
                ..CancelOrder::default()
            };
            books.console_cancel(now, order).ok().map(|_| "cancel")
        }
        2 => {
            let failed: Vec<String> = books
                .payments()
                .iter()
                .filter(|payment| payment.status == PaymentStatus::Failed && payment.customer_uid.is_some())
                .map(|payment| payment.imp_uid.clone())
                .collect();
            // An order has one payment only: the PSP does not approve a second one of its own accord.
            let imp_uid = rng.pick(&failed)?;
            let uid = books.payment(imp_uid, true).ok()?.merchant_uid.clone();
            let paid = books.payments().iter().any(|payment| payment.merchant_uid == uid && payment.paid_at != 0);
            touched = Some(uid);
            if paid { None } else { books.settle(now, imp_uid).ok().map(|_| "approve late") }
        }
        6 => stranger(books, rng, orders, now),
        place => {
            let wanted = |row: &&ledger::Schedule| {
                let failed = row.payment_status == Some(PaymentStatus::Failed);
                if place == 5 { failed } else { row.status == ScheduleStatus::Scheduled }
            };
            let uids: Vec<String> =
                books.schedules().filter(wanted).map(|row| row.order.merchant_uid.clone()).collect();
            let uid = rng.pick(&uids)?;
            touched = Some(uid.clone());
            match place {
                3 => books.console_revoke(now, uid).ok().map(|_| "revoke"),
                4 => {
                    let at = now + rng.between(60, 4_000);
                    books.move_schedule(now, uid, at).ok().map(|_| "edit")
                }
                // An order has one payment only, here as well.
                _ if books.payments().iter().any(|it| it.merchant_uid == *uid && it.paid_at != 0) => None,
                _ => books.retry(now, uid).ok().map(|_| "retry"),
            }
        }
    };
    world.seen.touched.extend(touched.filter(|_| done.is_some()));
    world.run_ledger();
    done
}

impl Play<'_> {
    /// A PSP takes no refund of a deposit without an account to send it to, which we do not have, and a gateway none of what was paid
    /// too long ago: a person gives back what is owed and was refused for that, by the gateway's own people if need be.
    pub(super) fn give_back_by_hand(&mut self, row: &DueRow) {
        let DueRow::Payment(uid) = row else { return };
        let refused = self.sim.payment(uid).and_then(|row| {
            let refund = row.pending_refund()?;
            let by_rule = ledger::gateways::rule_of(&refund.refusal.as_ref()?.message).is_some();
            Some((refund.imp_uid.to_string(), refund.amount, by_rule))
        });
        let Some((imp_uid, amount, by_rule)) = refused else { return };
        let done = {
            let mut world = self.sim.world();
            world.run_ledger();
            let now = world.kernel.now();
            let deposit = world.ledger.payment(&imp_uid, true).is_ok_and(|payment| payment.vbank.is_some());
            let by_hand = by_rule || (deposit && !self.shoppers.is_empty());
            let order = ledger::CancelOrder {
                imp_uid: Some(imp_uid),
                amount: Some(amount),
                reason: Some(CONSOLE_REASON.to_owned()),
                ..ledger::CancelOrder::default()
            };
            let usual = world.ledger.knobs().clone();
            world.ledger.set_knobs(ledger::Knobs { gateway_rules: !by_rule && usual.gateway_rules, ..usual.clone() });
            let given = by_hand && world.ledger.console_cancel(now, order).is_ok();
            world.ledger.set_knobs(usual);
            given
        };
        if done {
            self.count("given back by hand");
        }
    }

    /// A person gives back in the console whatever was paid in a window and is not what was ordered.
    pub(super) fn put_right(&mut self) {
        if self.shoppers.is_empty() {
            return;
        }
        let rows = self.sim.rows.all_payments();
        let mut world = self.sim.world();
        world.run_ledger();
        let now = world.kernel.now();
        for row in rows.iter().filter(|row| row.window.is_some()) {
            let wrong = |payment: &&ledger::Payment| {
                let other = payment.amount != row.order.amount.minor || payment.sandbox;
                payment.merchant_uid == row.merchant_uid().as_str() && other && payment.cancellable() > 0
            };
            let wrong: Vec<(String, u64)> = world
                .ledger
                .payments()
                .iter()
                .filter(wrong)
                .map(|payment| (payment.imp_uid.clone(), payment.cancellable()))
                .collect();
            for (imp_uid, left) in wrong {
                let order = ledger::CancelOrder {
                    imp_uid: Some(imp_uid),
                    amount: Some(left),
                    reason: Some(CONSOLE_REASON.to_owned()),
                    ..ledger::CancelOrder::default()
                };
                let _ = world.ledger.console_cancel(now, order);
                world.seen.touched.insert(row.merchant_uid().to_string());
            }
        }
        world.run_ledger();
    }
}
