//! What each fixture says, written from the fixture.

mod keys;
mod others;
mod payments;
mod refusals;
mod schedules;

use iamport::{Amount, Error, ErrorClass, Payment, PaymentStatus, ScheduledPayment};

use crate::ask::Told;

/// Holds what the client made of a reply against what the reply says. The first argument is the fixture's name.
pub(crate) type Check = fn(&str, Result<Told, Error>);

/// One check for each fixture.
pub(crate) static MEANINGS: std::sync::LazyLock<Vec<(&'static str, Check)>> =
    std::sync::LazyLock::new(|| [payments::ALL, schedules::ALL, keys::ALL, others::ALL, refusals::ALL].concat());

fn won(amount: u64) -> Amount {
    Amount::from_minor(amount, 0)
}

#[track_caller]
fn payment(told: Result<Told, Error>) -> Payment {
    match told {
        Ok(Told::Payment(payment)) => *payment,
        other => panic!("{other:?}"),
    }
}

/// A payment without anything that contradicts itself.
#[track_caller]
fn sound(told: Result<Told, Error>) -> Payment {
    let payment = payment(told);
    assert_eq!(payment.anomalies(), [], "{payment:?}");
    payment
}

#[track_caller]
fn schedule(told: Result<Told, Error>) -> ScheduledPayment {
    match told {
        Ok(Told::Schedule(schedule)) => *schedule,
        Ok(Told::Schedules(list)) => {
            assert_eq!(list.len(), 1);
            list.into_iter().next().unwrap()
        }
        other => panic!("{other:?}"),
    }
}

/// The state, and each of the three times of a payment: of paying, failing, cancelling.
fn state(payment: &Payment) -> (PaymentStatus, Option<i64>, Option<i64>, Option<i64>) {
    (payment.status.clone(), payment.paid_at, payment.failed_at, payment.cancelled_at)
}

#[track_caller]
fn refused(told: Result<Told, Error>, class: ErrorClass, code: Option<i64>) -> Error {
    let error = told.expect_err("a refusal");
    assert_eq!((error.class(), error.code()), (class, code), "{error:?}");
    error
}
