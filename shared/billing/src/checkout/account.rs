//! A virtual account that is issued without a window: the customer is shown a number, and pays into it until it closes.

use serde::{Deserialize, Serialize};

use super::{Options, Warning, Window};
use crate::day::DAY_SECONDS;
use crate::ids::CustomerId;
use crate::invalid::Invalid;
use crate::order::{Order, check_amount};
use crate::pg::{Field, Operation};
use crate::policy::Policy;
use crate::text;
use crate::time::Timestamp;

/// The payment method of an account.
pub(crate) const METHOD: &str = "vbank";
/// Longest holder that Iamport takes, in characters (`vbank_holder`, V1 schema of 2026-08-06).
const HOLDER_MAX: usize = 16;
/// A bank's code at the Korea Financial Telecommunications and Clearings Institute (`GET /banks`).
const BANK_DIGITS: usize = 3;

/// The account that is asked for (`POST /vbanks`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountOrder {
    /// `vbank_code`: the bank.
    pub bank: String,
    /// `vbank_due`: the last moment for the deposit.
    pub due: Timestamp,
    /// `vbank_holder`: who is shown as its holder. Some gateways show the merchant's name instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
}

impl AccountOrder {
    /// In its normal form, checked by Iamport's rules alone.
    ///
    /// # Errors
    /// `vbank_code_invalid`, `vbank_holder_invalid`.
    pub fn normal(self) -> Result<Self, Invalid> {
        if self.bank.len() != BANK_DIGITS || !self.bank.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Invalid::field("vbank_code", "a bank's code of three digits"));
        }
        let holder = self.holder.as_deref().map(|text| text::line("vbank_holder", text, HOLDER_MAX)).transpose()?;
        Ok(Self { holder, ..self })
    }

    /// Checks what depends on the time at which it is asked for first. A repeat is the same request at any time.
    ///
    /// # Errors
    /// `vbank_due_invalid` if it closes before its issue can be known, or further ahead than a payment may be.
    pub fn check_new(&self, now: Timestamp, policy: &Policy) -> Result<(), Invalid> {
        let (earliest, latest) = (now.plus(policy.claim_seconds()), now.plus(policy.schedule_ahead_max_seconds));
        if (earliest..=latest).contains(&self.due) {
            return Ok(());
        }
        let days = policy.schedule_ahead_max_seconds / DAY_SECONDS;
        let detail = format!("UNIX seconds, some minutes to {days} days ahead");
        Err(Invalid::field("vbank_due", detail))
    }

    /// Checks a later last moment for the deposit of an order that was recorded at `created_at`, and whose account can be paid into
    /// until `present`. It is waited for no longer than it could have been from the first.
    ///
    /// # Errors
    /// `vbank_due_invalid` if it is not later, would be over before that can be known, or is too far ahead.
    pub fn check_extension(
        due: Timestamp,
        present: Timestamp,
        created_at: Timestamp,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<(), Invalid> {
        let (earliest, latest) = (now.plus(policy.claim_seconds()), created_at.plus(policy.schedule_ahead_max_seconds));
        if due > present && (earliest..=latest).contains(&due) {
            return Ok(());
        }
        let days = policy.schedule_ahead_max_seconds / DAY_SECONDS;
        let detail = format!(
            "UNIX seconds, later than {present}, some minutes ahead, and at most {days} days after the order was recorded"
        );
        Err(Invalid::field("vbank_due", detail))
    }

    /// Until when the deposit is waited for.
    #[must_use]
    pub const fn open_until(&self, policy: &Policy) -> Timestamp {
        self.due.plus(policy.deposit_grace_seconds)
    }
}

impl Window {
    /// The window that a row of an account has: none is opened, but it is a checkout in all else.
    #[must_use]
    pub fn of_account(pg: Option<String>) -> Self {
        Self { pg, pay_method: METHOD.to_owned(), options: Options::default() }
    }

    /// Checks an account that is asked for now, against the merchant's settings and the gateway's rules.
    ///
    /// # Errors
    /// `pg_not_configured` at a gateway without a channel for accounts; `gateway_rule`; those of the merchant's limits.
    pub fn check_account(
        &self,
        order: &Order,
        account: &AccountOrder,
        customer_id: &CustomerId,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<Vec<Warning>, Invalid> {
        check_amount(order.amount, policy)?;
        // Iamport takes a channel's key here, and knows no other way to name the gateway (`channel_key`, V1 schema of 2026-08-06).
        let channels = &policy.account_pgs;
        let Some(pg) = self.account_pg(policy).filter(|pg| channels.iter().any(|channel| channel == pg)) else {
            let detail = "a gateway that this merchant has set up a channel for virtual accounts at";
            return Err(Invalid::new("pg", "pg_not_configured", detail));
        };
        let facts = self
            .facts(order, None, now, policy)
            .with(Field::CustomerId, Some(customer_id.to_string()))
            .with(Field::VbankHolder, account.holder.clone());
        self.held_against(pg, Operation::Account, &facts).accepted()
    }

    /// Code of the gateway that issues an account: the one that is named, or the first that is set up for accounts.
    #[must_use]
    pub fn account_pg<'a>(&'a self, policy: &'a Policy) -> Option<&'a str> {
        self.pg.as_deref().or_else(|| policy.account_pgs.first().map(String::as_str))
    }
}
