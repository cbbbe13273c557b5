//! What a page asks for with `IMP.request_pay`.

use serde_json::{Map, Value};

use crate::iamport::http::fields::{CUSTOMER_ID_MAX, Fields, missing};
use ledger::gateways::{UNNAMED, default_currency};
use ledger::{KeyWish, Ledger, Refusal, WindowOrder};

/// How long a virtual account stays open if the page does not say.
const DEPOSIT_SECONDS: i64 = 7 * 86_400;
/// Instalments start at this many won.
pub(super) const INSTALMENT_MINIMUM_KRW: u64 = 50_000;
/// Months that are offered if the page does not say.
const MONTHS: std::ops::RangeInclusive<u32> = 2..=12;
const KST: jiff::tz::Offset = jiff::tz::Offset::constant(9);

/// A readable request.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) order: WindowOrder,
    /// Asked before the approval.
    pub(super) confirm_url: Option<reqwest::Url>,
    /// Instalment months offered, 0 for a single payment.
    pub(super) quotas: Vec<u32>,
    pub(super) english: bool,
}

/// What the parameters do not say.
#[derive(Debug, Clone, Default)]
pub(super) struct Browser {
    pub(super) mobile: bool,
    pub(super) user_agent: Option<String>,
}

/// Reads the parameters of `IMP.request_pay`.
///
/// # Errors
/// `Rejected` for what the window would refuse to open with.
pub(super) fn read(
    ledger: &Ledger,
    params: &Map<String, Value>,
    browser: Browser,
    now: i64,
) -> Result<Request, Refusal> {
    let fields = Fields(params);
    if !params.get("amount").is_some_and(Value::is_number) {
        return Err(Refusal::rejected("amount 는 숫자여야 합니다"));
    }
    let channel = fields.channel(ledger)?;
    let mut order = fields.order_or_issue(Some("결제"), default_currency(&channel.pg_provider))?;
    let unnamed = order.more.get(UNNAMED).is_some();
    order.more = fields.everything_said();
    if unnamed {
        order.more.add(UNNAMED, "true");
    }
    let mut notice_urls = fields.list("notice_url").into_iter();
    order.notice_url = notice_urls.next();
    let quotas = quotas(params, &order);
    let pay_method = fields.text("pay_method", 32)?.unwrap_or_else(|| "card".to_owned());
    let customer_id = fields.text("customer_id", CUSTOMER_ID_MAX)?;
    let key = fields.text("customer_uid", 80)?.map(|customer_uid| KeyWish { customer_uid, customer_id });
    let language = fields.text("language", 8)?.unwrap_or_default();
    Ok(Request {
        confirm_url: url(fields, "confirm_url")?,
        quotas,
        english: language.to_ascii_lowercase().starts_with("en"),
        order: WindowOrder {
            channel,
            key,
            due_at: due_at(fields, now)?,
            mobile: browser.mobile,
            user_agent: browser.user_agent,
            escrow: fields.flag("escrow"),
            more_notice_urls: notice_urls.collect(),
            ..WindowOrder::of(order, &pay_method)
        },
    })
}

/// An address on the web.
///
/// # Errors
/// `Rejected` for anything else, such as `javascript:`.
pub(super) fn url(fields: Fields<'_>, name: &str) -> Result<Option<reqwest::Url>, Refusal> {
    let Some(text) = fields.text(name, 2048)? else { return Ok(None) };
    let url = text.parse().ok().filter(|url: &reqwest::Url| matches!(url.scheme(), "http" | "https"));
    url.map(Some).ok_or_else(|| Refusal::rejected(format!("{name} 이(가) 올바른 주소가 아닙니다")))
}

/// `display.card_quota` offers months beside the single payment, `card.direct.quota` decides them.
fn quotas(params: &Map<String, Value>, order: &ledger::Order) -> Vec<u32> {
    if order.currency != "KRW" || order.amount < INSTALMENT_MINIMUM_KRW {
        return vec![0];
    }
    let months = |value: &Value| value.as_u64().and_then(|months| u32::try_from(months).ok());
    let at = |pointer: &[&str]| {
        let (first, rest) = pointer.split_first()?;
        rest.iter().try_fold(params.get(*first)?, |value, name| value.get(name))
    };
    if let Some(direct) = at(&["card", "direct", "quota"]).and_then(months) {
        return vec![direct];
    }
    let offered: Vec<u32> = match at(&["display", "card_quota"]).and_then(Value::as_array) {
        Some(list) => list.iter().filter_map(months).filter(|months| *months > 1).collect(),
        None => MONTHS.collect(),
    };
    std::iter::once(0).chain(offered).collect()
}

/// `vbank_due` is a Korean day (whose end is meant) or a Korean time, with or without punctuation. `deposit_seconds`
/// is the simulator's own word.
fn due_at(fields: Fields<'_>, now: i64) -> Result<i64, Refusal> {
    let Some(text) = fields.text("vbank_due", 32)? else {
        return Ok(now.saturating_add(fields.integer("deposit_seconds")?.unwrap_or(DEPOSIT_SECONDS)));
    };
    let malformed = || Refusal::rejected("vbank_due 형식이 올바르지 않습니다");
    let due = moment(&text).ok_or_else(malformed)?;
    if due <= now { Err(Refusal::rejected("vbank_due 가 과거입니다")) } else { Ok(due) }
}

fn moment(text: &str) -> Option<i64> {
    if !text.chars().all(|c| c.is_ascii_digit() || " -:T".contains(c)) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let (date, time) = digits.split_at_checked(8)?;
    let time = match time.len() {
        0 => "235959".to_owned(),
        4 => format!("{time}00"),
        6 => time.to_owned(),
        _ => return None,
    };
    let part = |text: &str, from: usize| text.get(from..from + 2)?.parse::<i8>().ok();
    let (year, month, day) = (date.get(..4)?.parse().ok()?, part(date, 4)?, part(date, 6)?);
    let civil =
        jiff::civil::DateTime::new(year, month, day, part(&time, 0)?, part(&time, 2)?, part(&time, 4)?, 0).ok()?;
    KST.to_timestamp(civil).ok().map(jiff::Timestamp::as_second)
}

/// A required text, for requests of the window's own page.
pub(super) fn required(fields: Fields<'_>, name: &str) -> Result<String, Refusal> {
    fields.text(name, 64)?.ok_or_else(|| missing(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn read_json(params: &Value) -> Result<Request, Refusal> {
        read(&Ledger::new(1), params.as_object().unwrap(), Browser::default(), NOW)
    }

    #[test]
    fn due_times_are_korean() {
        // 2027-01-15T14:59:59Z is the last second of that day in Seoul.
        for day in ["20270115", "2027-01-15"] {
            assert_eq!(moment(day), Some(1_800_025_199), "{day}");
        }
        for time in ["2027-01-15 23:59:59", "20270115235959", "2027-01-15T23:59:59"] {
            assert_eq!(moment(time), Some(1_800_025_199), "{time}");
        }
        assert_eq!(moment("202701152359"), Some(1_800_025_140));
        for bad in ["", "2027", "20270230", "2027011523", "soon", "20271301", "2027011５"] {
            assert_eq!(moment(bad), None, "{bad}");
        }
        let due = |text: &str| read_json(&json!({"merchant_uid": "a", "amount": 1, "vbank_due": text}));
        assert!(due("20260101").is_err(), "past");
        assert_eq!(due("20270115").unwrap().order.due_at, 1_800_025_199);
    }

    #[test]
    fn months_follow_the_display_and_the_amount() {
        let months = |extra: Value| {
            let mut params = json!({"merchant_uid": "a", "amount": 50_000});
            params.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            read_json(&params).unwrap().quotas
        };
        assert_eq!(months(json!({})).len(), 12);
        assert_eq!(months(json!({"amount": 49_999})), [0]);
        assert_eq!(months(json!({"amount": 999, "currency": "USD"})), [0]);
        assert_eq!(months(json!({"display": {"card_quota": []}})), [0]);
        assert_eq!(months(json!({"display": {"card_quota": [3, 6]}})), [0, 3, 6]);
        assert_eq!(months(json!({"card": {"direct": {"code": "366", "quota": 3}}})), [3]);
    }

    #[test]
    fn what_no_window_opens_with_is_refused() {
        let good = json!({"merchant_uid": "a", "amount": 100});
        assert!(read_json(&good).is_ok());
        for (name, value) in [
            ("amount", json!("100")),
            ("amount", json!(-1)),
            ("amount", json!(1.5)),
            ("merchant_uid", json!("")),
            ("merchant_uid", json!("a".repeat(41))),
            ("confirm_url", json!("javascript:alert(1)")),
            ("customer_uid", json!("a".repeat(81))),
            ("name", json!("가".repeat(41))),
        ] {
            let mut params = good.clone();
            params[name] = value;
            assert!(read_json(&params).is_err(), "{params}");
        }
    }
}
