//! What is known of a request when a rule is held against it.

use std::collections::BTreeMap;

use super::rule::Field;
use crate::money::Money;
use crate::order::{Details, Order};
use crate::time::Timestamp;

/// A request, as far as rules speak of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What is sent, as text; what is not sent is not here.
    pub fields: BTreeMap<Field, String>,
    /// How much.
    pub amount: Option<Money>,
    /// When it is carried out, as far as that is known.
    pub at: Option<Timestamp>,
    /// The payment that is given back.
    pub refunded: Option<Refunded>,
}

/// A payment that is given back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refunded {
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// Whether this refund is of all of it.
    pub whole: bool,
    /// Refunds of a part of it that were made before.
    pub parts_before: u32,
    /// Whether the payment named a part that is free of tax.
    pub named_tax_free: bool,
    /// Whether it named its value added tax.
    pub named_vat: bool,
}

impl Facts {
    /// What an order says that is carried out at this time.
    #[must_use]
    pub fn of(order: &Order, at: Timestamp) -> Self {
        let Details {
            tax_free,
            vat_amount,
            buyer_name,
            buyer_email,
            buyer_tel,
            card_quota,
            product_type,
            browser_ip,
            naver_use_cfm,
            ..
        } = &order.details;
        let number = |of: Option<u64>| of.map(|minor| minor.to_string());
        let kind = product_type.map(|kind| kind.name().to_owned());
        Self { amount: Some(order.amount), at: Some(at), ..Self::default() }
            .with(Field::MerchantUid, Some(order.merchant_uid.to_string()))
            .with(Field::Name, Some(order.name.clone()))
            .with(Field::TaxFree, number(*tax_free))
            .with(Field::VatAmount, number(*vat_amount))
            .with(Field::BuyerName, buyer_name.clone())
            .with(Field::BuyerEmail, buyer_email.clone())
            .with(Field::BuyerTel, buyer_tel.clone())
            // No instalments are what is meant where nothing is said.
            .with(Field::CardQuota, card_quota.filter(|months| *months > 0).map(|months| months.to_string()))
            .with(Field::ProductType, kind)
            .with(Field::BrowserIp, browser_ip.clone())
            .with(Field::NaverUseCfm, naver_use_cfm.clone())
    }

    /// The same with one more field, if there is one.
    #[must_use]
    pub fn with(mut self, field: Field, value: Option<String>) -> Self {
        if let Some(value) = value {
            self.fields.insert(field, value);
        }
        self
    }
}
