//! Parameters of a window that are passed on as they stand: what one gateway or another asks for and nobody here reads, under
//! Iamport's own names. They are bounded, hold no number of a card or a resident, and cannot take the place of what this system sets itself.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::invalid::Invalid;
use crate::scrub::holds_card_number;
use crate::text;

/// Longest JSON of all of them together, in bytes. Iamport documents no limit; a row has one.
const JSON_MAX: usize = 4_000;
/// Deepest nesting, the parameter itself included. The documents show four levels (`bypass.inicis_jp.paymentUI.colorTheme`).
const DEPTH_MAX: usize = 6;
/// Longest name and longest text, in characters.
const NAME_MAX: usize = 64;
const VALUE_MAX: usize = 1_000;
/// Largest whole number that a browser reads exactly: 2^53 - 1.
const NUMBER_MAX: u64 = 9_007_199_254_740_991;

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Flag,
    Text,
    List,
    Object,
}

/// The parameters, each with what it is. Documented on the gateways' pages of `opi/ko/integration/pg/v1/` (2026-08-06):
/// `bypass` on most of them, `company` and `company_en` in `settle/readme.mdx`, `kiccProducts` in `kicc.mdx`, `storeDetails` in
/// `ksnet/readme.mdx` and `inicis-jp.mdx`, `useCardPoint` in `welcome/caution.mdx`, the others in `inicis-jp.mdx`.
const PARAMETERS: [(&str, Kind); 10] = [
    ("buyer_first_name_kana", Kind::Text),
    ("buyer_last_name_kana", Kind::Text),
    ("bypass", Kind::Object),
    ("company", Kind::Text),
    ("company_en", Kind::Text),
    ("cvs", Kind::Object),
    ("kiccProducts", Kind::List),
    ("popup", Kind::Flag),
    ("storeDetails", Kind::Object),
    ("useCardPoint", Kind::Flag),
];

/// Parameters of Iamport's that this system sets itself. Whatever a gateway makes of `bypass`, these are not in it; what a gateway calls
/// the same in its own words is not known here.
const OURS: [&str; 11] = [
    "amount",
    "currency",
    "customer_id",
    "customer_uid",
    "imp_uid",
    "merchant_uid",
    "pay_method",
    "pg",
    "tax_free",
    "vat_amount",
    "custom_data",
];
/// Names that stand in nothing that is passed on, without `_` and in small letters: to where a customer, and word of their payment, is
/// sent; through which channel it goes; and what a script would take for more than a name.
const NOWHERE: [&str; 7] =
    ["channelkey", "confirmurl", "constructor", "mredirecturl", "noticeurl", "proto", "redirecturl"];

/// JSON without fractions, in which an object's names are in order and each there once.
#[derive(Clone, PartialEq, Eq)]
enum Json {
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

/// What is passed on. A row keeps it as JSON in one text; printing it shows no value.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Passed(BTreeMap<String, Json>);

impl fmt::Debug for Passed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

impl Passed {
    /// Nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With a parameter, whose value is JSON.
    ///
    /// # Errors
    /// `parameter_invalid`: of another kind, a name twice in one object, or a number that is not whole.
    pub fn with(mut self, name: &str, json: Option<&str>) -> Result<Self, Invalid> {
        if let Some(json) = json {
            let value = serde_json::from_str::<Option<Json>>(json);
            let value = value.map_err(|_| invalid(name, "JSON in which no name stands twice and numbers are whole"))?;
            if let Some(value) = value {
                of_its_kind(name, &value)?;
                self.0.insert(name.to_owned(), value);
            }
        }
        Ok(self)
    }

    /// Each parameter with its value as JSON.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|(name, value)| (name.as_str(), written(value)))
    }

    /// What stands at a path of names with dots between; `None` for nothing and for what says nothing. Of a list and of an object
    /// it is only said that they are there, of a list of texts all that is in it.
    #[must_use]
    pub fn said(&self, path: &str) -> Option<String> {
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let found =
            rest.into_iter().flat_map(|rest| rest.split('.')).try_fold(self.0.get(name)?, |at, name| match at {
                Json::Object(fields) => fields.get(name),
                Json::Flag(_) | Json::Number(_) | Json::Text(_) | Json::List(_) => None,
            })?;
        found.said()
    }

    /// Whether the window is told to whom its gateway shall issue a cash receipt (`cashReceiptType`, at whatever level; `anonymous` is
    /// nobody).
    #[must_use]
    pub fn asks_for_receipt(&self) -> bool {
        self.0.values().any(Json::asks_for_receipt)
    }

    /// Checks what is passed on.
    ///
    /// # Errors
    /// `parameter_invalid`, `sensitive_data_in_field`.
    pub(super) fn normal(self) -> Result<Self, Invalid> {
        self.0.iter().try_for_each(|(name, value)| check(name, value, DEPTH_MAX))?;
        let over = String::from(self.clone()).len() > JSON_MAX;
        match self.0.keys().next().filter(|_| over) {
            Some(name) => Err(invalid(name, &format!("at most {JSON_MAX} bytes of JSON, with all that is passed on"))),
            None => Ok(self),
        }
    }
}

impl Kind {
    const fn words(self) -> &'static str {
        match self {
            Self::Flag => "true or false",
            Self::Text => "a text that is not empty",
            Self::List => "a list of objects",
            Self::Object => "an object",
        }
    }
}

fn invalid(parameter: &str, detail: &str) -> Invalid {
    Invalid::new(parameter, "parameter_invalid", detail)
}

fn of_its_kind(parameter: &str, value: &Json) -> Result<(), Invalid> {
    let kind = PARAMETERS.iter().find(|(known, _)| *known == parameter).map(|(_, kind)| *kind);
    let is = match value {
        Json::Flag(_) => kind == Some(Kind::Flag),
        Json::Text(text) => kind == Some(Kind::Text) && !text.trim().is_empty(),
        Json::List(entries) => kind == Some(Kind::List) && entries.iter().all(|entry| matches!(entry, Json::Object(_))),
        Json::Object(_) => kind == Some(Kind::Object),
        Json::Number(_) => false,
    };
    if is { Ok(()) } else { Err(invalid(parameter, kind.map_or("no such parameter", Kind::words))) }
}

fn check(parameter: &str, value: &Json, depth: usize) -> Result<(), Invalid> {
    let Some(below) = depth.checked_sub(1) else {
        return Err(invalid(parameter, &format!("at most {DEPTH_MAX} levels")));
    };
    let secret = || Invalid::new(parameter, "sensitive_data_in_field", "no card number belongs here");
    match value {
        Json::Flag(_) => Ok(()),
        Json::Number(number) if number.unsigned_abs() > NUMBER_MAX => {
            Err(invalid(parameter, "whole numbers that a browser reads exactly; a longer one as text"))
        }
        Json::Number(number) if holds_card_number(&number.to_string()) => Err(secret()),
        Json::Number(_) => Ok(()),
        // Of some, an empty text is a value of its own.
        Json::Text(value) if value.is_empty() => Ok(()),
        Json::Text(value) if holds_card_number(value) => Err(secret()),
        Json::Text(value) if is_resident_number(value) => {
            Err(Invalid::new(parameter, "sensitive_data_in_field", "no resident registration number belongs here"))
        }
        Json::Text(value) => {
            let line = text::line("parameter", value, VALUE_MAX);
            line.map(drop).map_err(|wrong| invalid(parameter, &wrong.detail))
        }
        Json::List(entries) => entries.iter().try_for_each(|entry| check(parameter, entry, below)),
        Json::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(plain) {
                return Err(invalid(parameter, &format!("names of 1 to {NAME_MAX} characters of [A-Za-z0-9_.-]")));
            }
            if holds_card_number(name) {
                return Err(secret());
            }
            let plainly = name.replace('_', "").to_ascii_lowercase();
            if NOWHERE.contains(&plainly.as_str()) || (parameter == "bypass" && OURS.contains(&name.as_str())) {
                return Err(invalid(parameter, &format!("no {name}, which is set elsewhere")));
            }
            check(parameter, value, below)
        }),
    }
}

/// Whether it has the form of a resident registration number (주민등록번호): a day of birth, and seven digits of which the first says
/// the century. No shop may keep one (개인정보 보호법 §24-2).
fn is_resident_number(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'-' | b' ')).collect();
    let number = |digits: &[u8]| digits.iter().fold(0u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    digits.len() == 13
        && digits.iter().all(u8::is_ascii_digit)
        && (1..=12).contains(&number(&digits[2..4]))
        && (1..=31).contains(&number(&digits[4..6]))
        && (b'1'..=b'8').contains(&digits[6])
}

fn written(value: &Json) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl From<Passed> for String {
    fn from(passed: Passed) -> Self {
        written(&Json::Object(passed.0))
    }
}

impl TryFrom<String> for Passed {
    type Error = &'static str;

    fn try_from(json: String) -> Result<Self, Self::Error> {
        match serde_json::from_str(&json) {
            Ok(Json::Object(parameters)) => Ok(Self(parameters)),
            // What it is is not shown.
            Ok(_) | Err(_) => Err("what a window passes on is no object"),
        }
    }
}

impl Json {
    fn asks_for_receipt(&self) -> bool {
        match self {
            Self::Flag(_) | Self::Number(_) | Self::Text(_) => false,
            Self::List(entries) => entries.iter().any(Self::asks_for_receipt),
            Self::Object(fields) => fields.iter().any(|(name, value)| {
                let asks = |kind: &str| name == "cashReceiptType" && !kind.is_empty() && kind != "anonymous";
                matches!(value, Self::Text(kind) if asks(kind)) || value.asks_for_receipt()
            }),
        }
    }

    fn said(&self) -> Option<String> {
        match self {
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Self::List(entries) => {
                let texts = entries.iter().filter_map(|entry| match entry {
                    Self::Text(text) => Some(text.as_str()),
                    Self::Flag(_) | Self::Number(_) | Self::List(_) | Self::Object(_) => None,
                });
                let texts: Vec<&str> = texts.collect();
                (!entries.is_empty()).then(|| if texts.is_empty() { "true".to_owned() } else { texts.join(",") })
            }
            Self::Object(fields) => (!fields.is_empty()).then(|| "true".to_owned()),
        }
    }
}

impl Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(entries) => entries.serialize(serializer),
            Self::Object(fields) => fields.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Json;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("JSON without fractions")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
                Ok(Json::Flag(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
                Ok(Json::Number(number))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Json, E> {
                i64::try_from(number).map(Json::Number).map_err(|_| E::custom("too large"))
            }

            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = list.next_element()? {
                    entries.push(entry);
                }
                Ok(Json::List(entries))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let (mut fields, mut names) = (BTreeMap::new(), std::collections::BTreeSet::new());
                while let Some((name, value)) = map.next_entry::<String, Option<Json>>()? {
                    if !names.insert(name.clone()) {
                        return Err(A::Error::custom("a name twice"));
                    }
                    // What is null is not there.
                    fields.extend(value.map(|value| (name, value)));
                }
                Ok(Json::Object(fields))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}
