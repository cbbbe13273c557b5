//! Reads typed fields out of a request, as leniently as V1 (numbers as strings, blanks as absent, unknown names
//! ignored) and with V1's length limits.

use serde_json::{Map, Value};

use crate::iamport::money;
use ledger::gateways::UNNAMED;
use ledger::{Channel, Ledger, Order, Person, Refusal, Said, TaxParts};

/// What requests to the API say beside the order, and gateways ask for.
const SAID: [&str; 5] = ["product_type", "product_count", "browser_ip", "cash_receipt_type", "extra"];
/// What a window's request says that no gateway asks for: large, or the shop's own.
const UNASKED: [&str; 7] = ["custom_data", "notice_url", "card_number", "expiry", "birth", "pwd_2digit", "cvc"];
/// Deepest nesting that is read of what is said.
const DEPTH_MAX: usize = 6;

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

    /// A text within an object.
    pub(in crate::iamport) fn inner(self, object: &str, name: &str, max: usize) -> Result<Option<String>, Refusal> {
        self.0.get(object).and_then(Value::as_object).map_or(Ok(None), |inner| Fields(inner).text(name, max))
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
        self.currency_or("KRW")
    }

    fn currency_or(self, default: &str) -> Result<String, Refusal> {
        Ok(self.text("currency", 3)?.unwrap_or_else(|| default.to_owned()).to_ascii_uppercase())
    }

    /// What a request to the API says beside the order.
    fn said(self) -> Said {
        let mut said = Said::nothing();
        for name in SAID {
            if let Some(value) = self.0.get(name) {
                flatten(name, value, DEPTH_MAX, &mut said);
            }
        }
        said
    }

    /// All that the page of a window says.
    pub(in crate::iamport) fn everything_said(self) -> Said {
        let mut said = Said::nothing();
        for (name, value) in self.0.iter().filter(|(name, _)| !UNASKED.contains(&name.as_str())) {
            flatten(name, value, DEPTH_MAX, &mut said);
        }
        said
    }

    /// Which of these are there: what they say of a card is nobody's business.
    pub(in crate::iamport) fn given(self, names: &[&str]) -> Said {
        let there = |name: &&&str| self.text(name, 64).is_ok_and(|text| text.is_some());
        names.iter().filter(there).fold(Said::nothing(), |said, name| said.with(name, "given"))
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
        let order = self.order_or_issue(default_name, "KRW")?;
        if order.amount == 0 {
            return Err(Refusal::rejected("amount 는 0보다 커야 합니다"));
        }
        Ok(order)
    }

    /// As [`Fields::order`], or with an amount of 0: a window that only issues a billing key has one.
    pub(in crate::iamport) fn order_or_issue(
        self,
        default_name: Option<&str>,
        default_currency: &str,
    ) -> Result<Order, Refusal> {
        let currency = self.currency_or(default_currency)?;
        let amount = self.amount("amount", &currency)?.ok_or_else(|| missing("amount"))?;
        let mut more = self.said();
        let name = match (default_name, self.text("name", 40)?) {
            (_, Some(name)) => name,
            (None, None) => return Err(missing("name")),
            (Some(default), None) => {
                more.add(UNNAMED, "true");
                default.to_owned()
            }
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
            more,
            card_quota: u32::try_from(card_quota).map_err(|_| Refusal::invalid("card_quota 가 올바르지 않습니다"))?,
        })
    }

    /// Where a request goes: `channel_key`, which the browser calls `channelKey`, names one of the shop's channels;
    /// `pg` is `{pg}` or `{pg}.{mid}`.
    pub(in crate::iamport) fn channel(self, ledger: &Ledger) -> Result<Channel, Refusal> {
        for name in ["channel_key", "channelKey"] {
            let channel_key = self.text(name, 55)?;
            if let Some(channel) = channel_key.map(|key| ledger.channel_by_key(&key)).transpose()?.flatten() {
                return Ok(channel);
            }
        }
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

/// A value under its name, what is nested in it under names with dots. Lists are kept as they were written.
fn flatten(name: &str, value: &Value, depth: usize, said: &mut Said) {
    match value {
        Value::Null => {}
        Value::Object(_) if depth == 0 => {}
        Value::Object(fields) => {
            for (inner, value) in fields {
                flatten(&format!("{name}.{inner}"), value, depth - 1, said);
            }
        }
        Value::String(text) => said.add(name, text),
        other => said.add(name, &other.to_string()),
    }
}

pub(in crate::iamport) fn missing(name: &str) -> Refusal {
    Refusal::rejected(format!("{name} 이(가) 누락되었습니다"))
}
