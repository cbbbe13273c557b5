//! What became of payments that were to be registered together.

use super::Failure;
use crate::ids::MerchantUid;
use crate::payment::Payment;

/// What became of one payment of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheduled {
    /// Its row says where it stands, or will: it is carried to its end.
    Recorded(Box<Payment>),
    /// It is not in the table and will not be registered, though others of its batch are or will be.
    NotRecorded {
        /// Its order number.
        merchant_uid: MerchantUid,
        /// Why.
        why: Failure,
    },
}

impl Scheduled {
    /// Its order number.
    #[must_use]
    pub const fn merchant_uid(&self) -> &MerchantUid {
        match self {
            Self::Recorded(row) => row.merchant_uid(),
            Self::NotRecorded { merchant_uid, .. } => merchant_uid,
        }
    }

    /// Its row, if it has one.
    #[must_use]
    pub fn row(&self) -> Option<&Payment> {
        match self {
            Self::Recorded(row) => Some(row),
            Self::NotRecorded { .. } => None,
        }
    }

    /// Why it is not in the table, if it is not.
    pub(super) const fn why(&self) -> Option<&Failure> {
        match self {
            Self::Recorded(_) => None,
            Self::NotRecorded { why, .. } => Some(why),
        }
    }
}
