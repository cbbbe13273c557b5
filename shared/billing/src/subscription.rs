//! Subscriptions: which periods there are, and when each is due.

pub mod periods;

pub use periods::{Interval, Period, Periods, Unit};
