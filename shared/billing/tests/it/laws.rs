//! Laws of sums and orders, on cases that nobody chose. A case that breaks one is kept, shrunk, in
//! `proptest-regressions`, and tried first from then on.

use billing::payment::RefundState;
use billing::subscription::{Attempt, Interval, Period, Periods, Proration, SubscriptionId, Unit};
use billing::usecase::Failure;
use billing::{KstDay, MerchantUid};
use proptest::prelude::*;

use crate::fixture::payments::order_1;
use crate::fixture::{Act, TestWorld};
use crate::refund::{given_back, paid, refund};
use crate::sweep::{sweep, sweeps};

/// Largest price that is tried, in minor units.
const PRICE_MAX: u64 = 1_000_000_000;

/// A period of so many days, and the day that comes so many after its first.
fn within(length: u16, gone: i64) -> (Period, KstDay) {
    let first = KstDay::parse("2026-02-27").unwrap();
    let periods = Periods::new(first, None, Interval::new(Unit::Day, length).unwrap(), 10).unwrap();
    let today = (0..gone).fold(first, |day, _| day.next());
    (periods.period(0).unwrap(), today)
}

/// What a change costs on that day.
fn costs(from: u64, to: u64, (period, today): &(Period, KstDay)) -> i64 {
    Proration::new(from, to, *today, period).amount
}

proptest! {
    #[test]
    fn a_difference_is_the_share_of_the_days_that_are_left_and_a_fraction_is_its_customers(
        from in 0..=PRICE_MAX, to in 0..=PRICE_MAX, length in 1_u16..=365, gone in 0_i64..400,
    ) {
        let (period, today) = within(length, gone);
        let prorated = Proration::new(from, to, today, &period);
        let (days, left) = (i128::from(length), (i128::from(length) - i128::from(gone)).max(0));
        prop_assert_eq!((i128::from(prorated.days), i128::from(prorated.days_left)), (days, left));
        // The exact difference is a fraction of days; what is asked for is never more, and less than one unit below it.
        let exact = (i128::from(to) - i128::from(from)) * left;
        let asked = i128::from(prorated.amount) * days;
        prop_assert!(asked <= exact && exact < asked + days, "{} for {}/{}", prorated.amount, exact, days);
    }

    #[test]
    fn there_and_back_again_costs_nothing_and_by_way_of_another_plan_no_more(
        prices in prop::array::uniform3(0..=PRICE_MAX), length in 1_u16..=365, gone in 0_i64..365,
    ) {
        let ([a, b, c], on) = (prices, within(length, gone));
        prop_assert!((-1..=0).contains(&(costs(a, b, &on) + costs(b, a, &on))));
        let direct = costs(a, c, &on);
        prop_assert!((direct - 1..=direct).contains(&(costs(a, b, &on) + costs(b, c, &on))));
        prop_assert_eq!(costs(a, a, &on), 0);
    }

    #[test]
    fn a_dearer_plan_costs_less_with_every_day_and_nothing_after_the_last(
        from in 0..=PRICE_MAX, more in 0..=PRICE_MAX, length in 1_u16..=365, gone in 0_i64..365,
    ) {
        let (today, tomorrow) = (within(length, gone), within(length, gone + 1));
        let to = from.saturating_add(more);
        prop_assert!(costs(from, to, &tomorrow) <= costs(from, to, &today));
        prop_assert!(costs(from, to, &today) <= i64::try_from(more).unwrap());
        prop_assert_eq!(costs(from, to, &within(length, i64::from(length))), 0);
    }

    #[test]
    fn an_attempts_number_says_which_attempt_of_which_subscription_it_is(
        digits in "[0-9a-f]{26}", period in 0_u32..=9_999, number in 0_u32..=9_999,
    ) {
        let id = SubscriptionId::parse(&format!("sub{digits}")).unwrap();
        let attempt = Attempt { period, number };
        let uid = attempt.merchant_uid(&id).unwrap();
        prop_assert_eq!(Attempt::of(&uid), Some((id, attempt)));
    }

    #[test]
    fn no_other_number_is_taken_for_an_attempts(text in "(sub)?[0-9a-f]{24,27}(-[0-9+]{0,3}){0,3}") {
        if let Ok(uid) = MerchantUid::parse(&text)
            && let Some((id, attempt)) = Attempt::of(&uid)
        {
            prop_assert_eq!(attempt.merchant_uid(&id).unwrap(), uid, "two texts for one attempt");
        }
    }

    #[test]
    fn parts_that_are_given_back_add_up_whatever_becomes_of_each(
        parts in prop::collection::vec((1_u64..=4_000, 0_u8..6), 1..8), silent in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let billing = paid().await;
            for (number, (amount, act)) in parts.iter().enumerate() {
                let act = match act {
                    0 => Act::Refuse(1),
                    1 => Act::Lose,
                    2 => Act::ApproveAndLose,
                    3 => Act::Garble,
                    4 => Act::ApproveAndRefuse,
                    _ => Act::Approve,
                };
                billing.psp.will([act]);
                billing.psp.world().looks_fail = silent;
                let (left, key) = (8_900 - given_back(&billing), number.to_string());
                let answered = refund(&billing, &amount.to_string(), &key).await;
                if *amount > left {
                    prop_assert!(answered.is_err(), "{amount} of {left}: {answered:?}");
                }
                if let Err(failure) = &answered {
                    let known = matches!(
                        failure,
                        Failure::Invalid(_) | Failure::RefundInProgress | Failure::NotRefundable | Failure::Refused(_)
                            | Failure::RefundOwed { .. }
                    );
                    prop_assert!(known, "{failure:?}");
                }
                billing.psp.forgives();
                billing.psp.world().looks_fail = false;
                sweeps(&billing, 6, 160).await;
            }
            for _ in 0..60 {
                if order_1(&billing).await.due_at.is_none() {
                    break;
                }
                billing.advance(3_600);
                sweep(&billing).await;
            }
            let row = order_1(&billing).await;
            let done: u64 =
                row.refunds.iter().filter(|refund| refund.state == RefundState::Done).map(|refund| refund.amount).sum();
            prop_assert_eq!(given_back(&billing), done, "what the PSP gave back is what the rows say: {:?}", row.refunds);
            prop_assert!(done <= 8_900);
            prop_assert_eq!(row.record.as_ref().map(|record| record.cancel_amount), Some(done));
            prop_assert!(row.refunds.iter().all(|refund| refund.state != RefundState::Pending) && row.due_at.is_none());
            Ok(())
        })?;
    }
}
