//! What a person must be told. The domain raises alarms; `runtime` turns them into log lines and metrics.

use crate::ids::{CustomerUid, ImpUid, MerchantUid};

/// Something that should not happen, or that a person decides. Alarms carry identifiers only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// A PSP record differs from our intent in the named field (amount, currency, `customer_uid`, sandbox).
    PspMismatch {
        /// The row.
        merchant_uid: MerchantUid,
        /// The PSP's payment, if it named one.
        imp_uid: Option<ImpUid>,
        /// Which field differs.
        field: &'static str,
    },
    /// The PSP answered something that is no record at all.
    PspNonsense {
        /// The row.
        merchant_uid: MerchantUid,
    },
    /// Two payments under one order hold money. The later is to be refunded.
    DoublePaid {
        /// The row.
        merchant_uid: MerchantUid,
        /// The later payment.
        imp_uid: ImpUid,
    },
    /// Paid after its customer was told that it had failed.
    LatePaid {
        /// The row.
        merchant_uid: MerchantUid,
        /// The payment.
        imp_uid: ImpUid,
    },
    /// The row says that the PSP holds something which the PSP does not know.
    MissingAtPsp {
        /// The row.
        merchant_uid: MerchantUid,
    },
    /// The PSP holds a payment or a schedule of one of our billing keys, and no row knows of it.
    Unrecorded {
        /// The billing key.
        customer_uid: CustomerUid,
        /// The order number, as the PSP wrote it.
        merchant_uid: String,
        /// The payment, if it is one.
        imp_uid: Option<ImpUid>,
    },
    /// A status that this version does not know. The row stays pending.
    UnknownStatus {
        /// The row.
        merchant_uid: MerchantUid,
    },
    /// A webhook or a reply brought a payment of another order.
    ForeignPayment {
        /// The row that was asked about.
        merchant_uid: MerchantUid,
        /// The payment that came.
        imp_uid: ImpUid,
    },
    /// A schedule's time was changed outside of us.
    ScheduleMoved {
        /// The row.
        merchant_uid: MerchantUid,
    },
    /// A schedule was revoked outside of us.
    ScheduleRevoked {
        /// The row.
        merchant_uid: MerchantUid,
    },
    /// A schedule's time has passed and the PSP has not run it. It is left to the PSP: never charged beside it.
    ScheduleOverdue {
        /// The row.
        merchant_uid: MerchantUid,
    },
    /// The PSP will not give back what has to be given back. It is tried again.
    RefundRefused {
        /// The row.
        merchant_uid: MerchantUid,
        /// The payment.
        imp_uid: ImpUid,
    },
    /// As much of a payment has gone back as a refund was to give, and it is not known whether that was the refund. It stays
    /// pending, and is not sent.
    RefundUnclear {
        /// The row.
        merchant_uid: MerchantUid,
        /// The payment.
        imp_uid: ImpUid,
    },
    /// The PSP refuses to issue a cash receipt that was promised, or to cancel one of money that has gone back. It is asked again, more
    /// and more rarely; one that the law requires is given up after five days.
    ReceiptRefused {
        /// The row.
        merchant_uid: MerchantUid,
        /// The payment.
        imp_uid: ImpUid,
    },
    /// The PSP's cash receipt of a payment is not what it should be, and nobody here can put that right: it was issued by the gateway
    /// for a number that only the customer has told it, or was cancelled in the console.
    ReceiptDiffers {
        /// The row.
        merchant_uid: MerchantUid,
        /// The payment.
        imp_uid: ImpUid,
    },
    /// Something was sent, or is to be sent, and the PSP has not said for a quarter of an hour what became of it. It is carried
    /// on all the same.
    OutcomeUnknown {
        /// The row.
        merchant_uid: MerchantUid,
    },
    /// The PSP refused what we asked for, and not the card: a setting or an agreement with it is wrong, so every request of the
    /// kind is refused.
    RequestRefused {
        /// The row's name.
        row: String,
        /// The PSP's code.
        code: i64,
    },
    /// A row would have broken one of its own rules; it was not written.
    RowViolation {
        /// The row's name.
        row: String,
        /// The rule.
        rule: &'static str,
    },
    /// The PSP answered a key issue with another key, or with a key of a test channel.
    KeyMismatch {
        /// The row.
        customer_uid: CustomerUid,
        /// Which field differs.
        field: &'static str,
    },
    /// A key exists at the PSP although its customer was told that the card was refused. It is deleted there.
    OrphanKey {
        /// The row.
        customer_uid: CustomerUid,
    },
    /// An active key is no key at the PSP any more: its customer has taken it off, or somebody has in the console.
    KeyGone {
        /// The row.
        customer_uid: CustomerUid,
    },
    /// A key could not be deleted at the PSP for a day. It is tried on, and its schedules may run meanwhile.
    KeyDeletionStuck {
        /// The row.
        customer_uid: CustomerUid,
    },
    /// A channel that the settings name is not set up at Iamport: windows and keys are refused on it.
    ChannelMissing {
        /// As the settings name it, without its key.
        channel: String,
    },
    /// A channel is a test channel where live ones are expected, or the other way round.
    ChannelMode {
        /// As the settings name it, without its key.
        channel: String,
        /// Whether it is a test channel.
        test: bool,
    },
}

impl Alarm {
    /// Stable name for metrics and log filters.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PspMismatch { .. } => "psp_mismatch",
            Self::PspNonsense { .. } => "psp_nonsense",
            Self::DoublePaid { .. } => "double_paid",
            Self::LatePaid { .. } => "late_paid",
            Self::MissingAtPsp { .. } => "missing_at_psp",
            Self::Unrecorded { .. } => "unrecorded",
            Self::UnknownStatus { .. } => "unknown_status",
            Self::ForeignPayment { .. } => "foreign_payment",
            Self::ScheduleMoved { .. } => "schedule_moved",
            Self::ScheduleRevoked { .. } => "schedule_revoked",
            Self::ScheduleOverdue { .. } => "schedule_overdue",
            Self::RefundRefused { .. } => "refund_refused",
            Self::RefundUnclear { .. } => "refund_unclear",
            Self::ReceiptRefused { .. } => "receipt_refused",
            Self::ReceiptDiffers { .. } => "receipt_differs",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::RequestRefused { .. } => "request_refused",
            Self::RowViolation { .. } => "row_violation",
            Self::KeyMismatch { .. } => "key_mismatch",
            Self::OrphanKey { .. } => "orphan_key",
            Self::KeyGone { .. } => "key_gone",
            Self::KeyDeletionStuck { .. } => "key_deletion_stuck",
            Self::ChannelMissing { .. } => "channel_missing",
            Self::ChannelMode { .. } => "channel_mode",
        }
    }

    /// What a row remembers this alarm by, if it is raised by each look for as long as something stays as it is: such a one is
    /// raised once, and then daily. The others tell of a change.
    #[must_use]
    pub fn lasting(&self) -> Option<String> {
        match self {
            Self::DoublePaid { imp_uid, .. }
            | Self::RefundRefused { imp_uid, .. }
            | Self::RefundUnclear { imp_uid, .. } => Some(format!("{} {imp_uid}", self.name())),
            Self::PspMismatch { field, .. } => Some(format!("{} {field}", self.name())),
            Self::MissingAtPsp { .. }
            | Self::UnknownStatus { .. }
            | Self::ScheduleOverdue { .. }
            | Self::OutcomeUnknown { .. } => Some(self.name().to_owned()),
            Self::PspNonsense { .. }
            | Self::LatePaid { .. }
            | Self::Unrecorded { .. }
            | Self::ForeignPayment { .. }
            | Self::ScheduleMoved { .. }
            | Self::ScheduleRevoked { .. }
            | Self::ReceiptRefused { .. }
            | Self::ReceiptDiffers { .. }
            | Self::RequestRefused { .. }
            | Self::RowViolation { .. }
            | Self::KeyMismatch { .. }
            | Self::OrphanKey { .. }
            | Self::KeyGone { .. }
            | Self::KeyDeletionStuck { .. }
            | Self::ChannelMissing { .. }
            | Self::ChannelMode { .. } => None,
        }
    }
}
