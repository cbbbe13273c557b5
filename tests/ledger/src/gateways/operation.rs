//! What can be asked of a gateway.

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// A billing key by card data: `POST /subscribe/customers/{customer_uid}`.
    Issue,
    /// A charge by card data.
    Onetime,
    /// A charge of a key.
    Again,
    /// An entry of `POST /subscribe/payments/schedule`.
    Schedule,
    /// `PUT /subscribe/payments/schedule/{merchant_uid}`.
    Move,
    /// A payment in the gateway's window.
    Window,
    /// A billing key in the gateway's window.
    KeyWindow,
    /// `POST /payments/cancel`.
    Cancel,
    /// `DELETE /subscribe/customers/{customer_uid}`.
    Delete,
    /// `POST /receipts/{imp_uid}`.
    Receipt,
    /// `DELETE /receipts/{imp_uid}`.
    ReceiptCancel,
    /// `POST /vbanks`.
    Vbank,
    /// `PUT /vbanks/{imp_uid}`.
    VbankChange,
}

impl Operation {
    /// Its word in a rule's id.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Onetime => "onetime",
            Self::Again => "again",
            Self::Schedule => "schedule",
            Self::Move => "move",
            Self::Window => "window",
            Self::KeyWindow => "key_window",
            Self::Cancel => "cancel",
            Self::Delete => "delete",
            Self::Receipt => "receipt",
            Self::ReceiptCancel => "receipt_cancel",
            Self::Vbank => "vbank",
            Self::VbankChange => "vbank_change",
        }
    }
}
