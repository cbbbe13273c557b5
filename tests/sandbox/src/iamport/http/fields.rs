//! Reads typed fields out of a request, as leniently as V1 (numbers as strings, blanks as absent, unknown names
//! ignored) and with V1's length limits.

use serde_json::{Map, Value};

use crate::iamport::money;
use ledger::{Channel, Order, Person, Refusal, TaxParts};

/// No document limits `customer_id` beyond what some gateways do; nothing that shops use is longer.
pub(in crate::iamport) const CUSTOMER_ID_MAX: usize = 255;

#[derive(Debug, Clone, Copy)]
pub(in crate::iamport) struct Fields<'a>(pub(in crate::iamport) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// A text of at most `max` characters; numbers are taken as their digits, objects as their JSON.
    pub(in crate::iamport) fn text(self, name: &str, max: usize) -> Result<Option<String>, Refusal> {
        let text = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        if text.is_empty() {
            return Ok(None);
        }
        if text.chars().count() > max {
            return Err(Refusal::rejected(format!("{name} 의 길이는 {max}자 이하여야 합니다")));
        }
        Ok(Some(text))
    }

    pub(in crate::iamport) fn required(self, name: &str, max: usize) -> Result<String, Refusal> {
        self.text(name, max)?.ok_or_else(|| missing(name))
    }

    /// An integer, in digits or as a number.
    pub(in crate::iamport) fn integer(self, name: &str) -> Result<Option<i64>, Refusal> {
        let number = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_i64(),
        };
        number.map(Some).ok_or_else(|| Refusal::invalid(format!("{name} 은(는) 정수여야 합니다")))
    }

    pub(in crate::iamport) fn flag(self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }

    /// An amount in the currency's minor unit.
    pub(in crate::iamport) fn amount(self, name: &str, currency: &str) -> Result<Option<u64>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(value) => money::read(value, currency)
                .map(Some)
                .ok_or_else(|| Refusal::rejected(format!("{name} 이(가) 올바르지 않습니다"))),
        }
    }

    /// The texts under `name`: an array, or a single text.
    pub(in crate::iamport) fn list(self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(text)) if !text.is_empty() => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    pub(in crate::iamport) fn objects(self, name: &str) -> Vec<Fields<'a>> {
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_object).map(Fields).collect(),
            _ => Vec::new(),
        }
    }

    pub(in crate::iamport) fn currency(self) -> Result<String, Refusal> {
        Ok(self.text("currency", 3)?.unwrap_or_else(|| "KRW".to_owned()).to_ascii_uppercase())
    }

    /// V1's `buyer_*`.
    pub(in crate::iamport) fn buyer(self) -> Result<Person, Refusal> {
        Ok(Person {
            name: self.text("buyer_name", 16)?,
            email: self.text("buyer_email", 64)?,
            tel: self.text("buyer_tel", 16)?,
            addr: self.text("buyer_addr", 128)?,
            postcode: self.text("buyer_postcode", 8)?,
        })
    }

    /// V1's `customer_*`, whose limits differ from the buyer's.
    pub(in crate::iamport) fn customer(self) -> Result<Person, Refusal> {
        Ok(Person {
            name: self.text("customer_name", 20)?,
            tel: self.text("customer_tel", 20)?,
            email: self.text("customer_email", 200)?,
            addr: self.text("customer_addr", 200)?,
            postcode: self.text("customer_postcode", 8)?,
        })
    }

    /// What is to be charged. `default_name` is used where V1 lets the name be absent.
    pub(in crate::iamport) fn order(self, default_name: Option<&str>) -> Result<Order, Refusal> {
        let order = self.order_or_issue(default_name)?;
        if order.amount == 0 {
            return Err(Refusal::rejected("amount 는 0보다 커야 합니다"));
        }
        Ok(order)
    }

    /// As [`Fields::order`], or with an amount of 0: a window that only issues a billing key has one.
    pub(in crate::iamport) fn order_or_issue(self, default_name: Option<&str>) -> Result<Order, Refusal> {
        let currency = self.currency()?;
        let amount = self.amount("amount", &currency)?.ok_or_else(|| missing("amount"))?;
        let name = match default_name {
            None => self.required("name", 40)?,
            Some(default) => self.text("name", 40)?.unwrap_or_else(|| default.to_owned()),
        };
        let card_quota = self.integer("card_quota")?.unwrap_or(0);
        let tax = TaxParts {
            free: self.amount("tax_free", &currency)?.unwrap_or(0),
            vat: self.amount("vat_amount", &currency)?,
        };
        Ok(Order {
            merchant_uid: self.required("merchant_uid", 40)?,
            amount,
            tax,
            currency,
            name,
            buyer: self.buyer()?,
            custom_data: self.text("custom_data", 65_536)?,
            notice_url: self.text("notice_url", 2048)?,
            card_quota: u32::try_from(card_quota).map_err(|_| Refusal::invalid("card_quota 가 올바르지 않습니다"))?,
        })
    }

    /// `pg` is `{pg}` or `{pg}.{mid}`.
    pub(in crate::iamport) fn channel(self) -> Result<Channel, Refusal> {
        let default = Channel::default();
        Ok(match self.text("pg", 80)? {
            None => default,
            Some(pg) => match pg.split_once('.') {
                Some((provider, id)) => Channel { pg_provider: provider.to_owned(), pg_id: id.to_owned() },
                None => Channel { pg_provider: pg, pg_id: default.pg_id },
            },
        })
    }
}

pub(in crate::iamport) fn missing(name: &str) -> Refusal {
    Refusal::rejected(format!("{name} 이(가) 누락되었습니다"))
}
