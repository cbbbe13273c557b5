//! People in the PSP's console, and the PSP of its own accord.

use billing::order::Order;
use ledger::{CancelOrder, Ledger, PaymentStatus, ScheduleStatus, WindowOrder, cards};

use crate::check::rest::CONSOLE_REASON;
use crate::rng::Rng;
use crate::sim::World;

/// Somebody lets a payment fail in a browser window under one of our order numbers. It must not hide our own.
fn stranger(books: &mut Ledger, rng: &mut Rng, orders: &[Order], now: i64) -> Option<&'static str> {
    let order = rng.pick(orders)?;
    let card = cards::read("4000000000000341", "2044-12", now).ok()?;
    let paid = ledger::Order::krw(order.merchant_uid.as_str(), order.amount.minor, &order.name);
    let window = WindowOrder::by_card(paid, card);
    books.pay_in_window(now, window).ok().map(|_| "stranger")
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
            let amount = if rng.chance(500) { left } else { 1 + rng.below(left) };
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
                _ => books.retry(now, uid).ok().map(|_| "retry"),
            }
        }
    };
    world.seen.touched.extend(touched.filter(|_| done.is_some()));
    world.run_ledger();
    done
}
