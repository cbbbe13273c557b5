//! What the page is told of a window's end: the callback's argument, or the query of the redirect.

use serde_json::{Map, Value, json};

use super::book::{Mode, Window};
use crate::iamport::http::wire;
use crate::iamport::state::CallbackFields;
use ledger::{Payment, PaymentStatus};

/// PG modules whose answer has no word on success, and nothing of the payment but its names.
const BARE: [&str; 9] = [
    "inicis_jp",
    "ksnet",
    "nice_v2",
    "payletter_global",
    "paypal_v2",
    "smartro_v2",
    "toss_brandpay",
    "tosspayments",
    "welcome",
];

/// Fields of the payment that a full answer repeats.
const REPEATED: [&str; 22] = [
    "pay_method",
    "status",
    "name",
    "pg_provider",
    "emb_pg_provider",
    "pg_tid",
    "buyer_name",
    "buyer_email",
    "buyer_tel",
    "buyer_addr",
    "buyer_postcode",
    "currency",
    "paid_at",
    "receipt_url",
    "apply_num",
    "bank_name",
    "card_name",
    "card_number",
    "card_quota",
    "vbank_num",
    "vbank_name",
    "vbank_holder",
];

/// V1's error codes are whatever the PG gave; these are few enough to be told apart.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// The parameters, or the amount that was registered.
    Request,
    /// The order number was paid before.
    Used,
    /// The customer closed the window.
    Closed,
    /// The PG, the card company or the shop's `confirm_url` said no.
    Declined,
}

impl Fault {
    const fn code(self) -> &'static str {
        match self {
            Self::Request => "F1001",
            Self::Used => "F1002",
            Self::Closed => "F400",
            Self::Declined => "F500",
        }
    }
}

/// Whether the answer is to have no word on success.
pub(super) fn bare(knob: CallbackFields, pg: &str) -> bool {
    match knob {
        CallbackFields::ByPg => BARE.contains(&pg),
        CallbackFields::Full => false,
        CallbackFields::Bare => true,
    }
}

/// The callback's argument.
pub(super) fn callback(window: &Window, row: Option<&Payment>, fault: Option<(Fault, &str)>) -> Value {
    let mut answer = Map::new();
    let mut put = |name: &str, value: Value| answer.insert(name.to_owned(), value);
    if !window.bare {
        // A virtual account is a success, though nothing is paid.
        put("success", fault.is_none().into());
        put("imp_success", fault.is_none().into());
        put("request_id", window.page.request_id.clone().into());
        if let Some(Value::Object(mut payment)) = row.map(wire::payment) {
            for name in REPEATED {
                put(name, payment.remove(name).unwrap_or_default());
            }
            put("paid_amount", payment.remove("amount").unwrap_or_default());
            let custom_data = row.and_then(|row| row.custom_data.as_deref());
            put("custom_data", custom_data.map_or(Value::Null, parsed));
            if row.is_some_and(|row| row.status == PaymentStatus::Ready) {
                put("vbank_date", payment.remove("vbank_date").unwrap_or_default());
            }
        }
    }
    put("imp_uid", window.imp_uid.clone().into());
    put("merchant_uid", window.merchant_uid.clone().into());
    if let Some((fault, message)) = fault {
        put("error_code", fault.code().into());
        put("error_msg", message.into());
    }
    Value::Object(answer)
}

/// The shop's own data as the page gave it.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

/// `m_redirect_url` with the result in its query; what stands there already stays.
pub(super) fn return_url(window: &Window, fault: Option<(Fault, &str)>) -> Option<String> {
    let mut url = window.page.return_url.clone().filter(|_| window.page.mode == Mode::Redirect)?;
    {
        let mut query = url.query_pairs_mut();
        let mut put = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        };
        put("imp_uid", window.imp_uid.as_deref());
        put("merchant_uid", window.merchant_uid.as_deref());
        put("imp_success", (!window.bare).then_some(if fault.is_none() { "true" } else { "false" }));
        put("error_code", fault.map(|(fault, _)| fault.code()));
        put("error_msg", fault.map(|(_, message)| message));
    }
    Some(url.into())
}
