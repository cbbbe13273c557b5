//! A request as the rules see it: whatever it is, it has a gateway, an operation and fields with names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::operation::Operation;
use crate::{BillingKey, CancelOrder, Order, Payment, Person};

/// What a request says beside the fields that the books keep, by name, with dots where it is nested.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Said(BTreeMap<String, String>);

impl Said {
    /// Nothing beside them.
    #[must_use]
    pub const fn nothing() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a field; an empty text is none.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.add(name, value);
        self
    }

    /// Adds a field; an empty text is none.
    pub fn add(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    /// A field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Stands in [`Said`] where the name of an order is the simulator's own, because the request gave none.
pub const UNNAMED: &str = "unnamed";

/// What is held against the rules.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) gateway: &'a str,
    pub(crate) operation: Operation,
    /// How it is paid, was paid, or what the key is.
    pub(crate) method: Option<&'a str>,
    /// When it is paid or refunded, UNIX seconds.
    pub(crate) at: i64,
    /// Minor units.
    pub(crate) amount: u64,
    pub(crate) mobile: bool,
    pub(crate) escrow: bool,
    /// An attempt has this order number.
    pub(crate) used: bool,
    pub(crate) order: Option<&'a Order>,
    pub(crate) customer: Option<&'a Person>,
    pub(crate) customer_id: Option<&'a str>,
    pub(crate) key: Option<&'a BillingKey>,
    pub(crate) payment: Option<&'a Payment>,
    pub(crate) cancel: Option<&'a CancelOrder>,
    pub(crate) said: Option<&'a Said>,
}

impl<'a> Asked<'a> {
    pub(crate) const fn of(gateway: &'a str, operation: Operation, at: i64) -> Self {
        Self {
            gateway,
            operation,
            method: None,
            at,
            amount: 0,
            mobile: false,
            escrow: false,
            used: false,
            order: None,
            customer: None,
            customer_id: None,
            key: None,
            payment: None,
            cancel: None,
            said: None,
        }
    }

    /// With what is to be paid.
    pub(crate) fn pays(self, order: &'a Order) -> Self {
        Self { order: Some(order), amount: order.amount, said: Some(&order.more), ..self }
    }

    /// A field's text; `None` if it is not there, or empty.
    pub(super) fn text(&self, field: &str) -> Option<Cow<'a, str>> {
        let number = |amount: u64| (amount > 0).then(|| Cow::Owned(amount.to_string()));
        let text = |text: &'a str| Some(Cow::Borrowed(text)).filter(|text| !text.is_empty());
        let said = || self.said.and_then(|said| said.get(field)).and_then(text);
        match (field, self.order) {
            ("pay_method", _) => self.method.and_then(text),
            ("escrow", _) => self.escrow.then_some(Cow::Borrowed("true")),
            ("sandbox", _) => self.key.filter(|key| key.sandbox).map(|_| Cow::Borrowed("true")),
            ("customer_id", _) => self.customer_id.and_then(text),
            ("customer_name", _) => self.customer.and_then(|person| person.name.as_deref()).and_then(text),
            ("merchant_uid", Some(order)) => text(&order.merchant_uid),
            ("name", Some(order)) if order.more.get(UNNAMED).is_none() => text(&order.name),
            ("name", Some(_)) => None,
            ("currency", Some(order)) => text(&order.currency),
            ("amount", Some(order)) => number(order.amount),
            ("card_quota", Some(order)) => number(order.card_quota.into()),
            ("tax_free", Some(order)) => number(order.tax.free),
            ("vat_amount", Some(order)) => order.tax.vat.map(|vat| Cow::Owned(vat.to_string())),
            ("buyer_name", Some(order)) => order.buyer.name.as_deref().and_then(text),
            ("buyer_email", Some(order)) => order.buyer.email.as_deref().and_then(text),
            ("buyer_tel", Some(order)) => order.buyer.tel.as_deref().and_then(text),
            _ => match (field, self.cancel) {
                ("reason", Some(cancel)) => cancel.reason.as_deref().and_then(text),
                ("tax_free", Some(cancel)) => cancel.tax_free.map(|free| Cow::Owned(free.to_string())),
                ("refund_holder" | "refund_bank" | "refund_account", Some(cancel)) => {
                    cancel.has_refund_account.then_some(Cow::Borrowed("given"))
                }
                _ => said(),
            },
        }
    }

    /// The same field as the key was issued with.
    pub(super) fn issued(&self, field: &str) -> Option<&'a str> {
        let customer = &self.key?.customer;
        match field {
            "buyer_name" => customer.name.as_deref(),
            "buyer_email" => customer.email.as_deref(),
            "buyer_tel" => customer.tel.as_deref(),
            _ => None,
        }
    }

    pub(super) fn paid_at(&self) -> Option<i64> {
        self.payment.map(|payment| payment.paid_at)
    }
}
