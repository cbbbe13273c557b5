//! The domain of iamport-billing: money, states, transitions, use cases and the ports they speak through.
//!
//! Nothing here does I/O, reads a clock or draws a random number: time and chance come in through
//! [`ports::Clock`] and [`ports::Entropy`], the PSP through [`ports::ChargePsp`], [`ports::SchedulePsp`] and
//! [`ports::KeyPsp`], the table through [`ports::PaymentStore`] and [`ports::KeyStore`]. That is what lets a
//! simulation run the production code, crash it at every boundary and replay it bit for bit.
//!
//! Where to look: [`payment::apply()`] is the one function that moves a payment, [`key::apply()`] the one that moves a
//! billing key; [`usecase`] holds what a storefront, a webhook or the sweep may ask for.

#![deny(clippy::wildcard_enum_match_arm)]

pub mod alarm;
pub mod calendar;
pub mod card;
pub mod channels;
pub mod checkout;
pub mod day;
pub mod event;
pub mod fingerprint;
pub mod ids;
pub mod invalid;
pub mod key;
pub mod money;
pub mod order;
pub mod payment;
pub mod pg;
pub mod policy;
pub mod ports;
pub mod report;
pub mod scrub;
pub mod subscription;
pub mod text;
pub mod time;
pub mod usecase;
mod verdict;

pub use alarm::Alarm;
pub use day::KstDay;
pub use ids::{CustomerId, CustomerUid, ForeignUid, ImpUid, MerchantUid, Nonce};
pub use invalid::Invalid;
pub use money::{Currency, Money};
pub use policy::Policy;
pub use time::Timestamp;
