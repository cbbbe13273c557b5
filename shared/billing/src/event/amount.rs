//! How an amount is written.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::money::Money;

/// An amount as the API writes it: an exact number of the currency's main unit.
pub(super) fn amount<S: Serializer>(money: &Money, to: S) -> Result<S::Ok, S::Error> {
    match RawValue::from_string(money.decimal()) {
        Ok(exact) => exact.serialize(to),
        Err(error) => Err(serde::ser::Error::custom(error)),
    }
}

/// An amount that may be missing, and is left out then.
pub(super) fn part<S: Serializer>(money: &Option<Money>, to: S) -> Result<S::Ok, S::Error> {
    match money {
        Some(money) => amount(money, to),
        None => to.serialize_none(),
    }
}
