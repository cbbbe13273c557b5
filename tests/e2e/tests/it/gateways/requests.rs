//! A request that was made from a rule, as the API takes it.

use billing::pg::{Field, Operation};
use e2e::stack::fresh;
use rules::cases::{Case, text, yesterday};
use serde_json::{Value, json};

/// Days of the clock that tests move.
pub(super) struct Dates {
    pub(super) now: i64,
    /// A day on which a deposit is still waited for.
    due: String,
}

impl Dates {
    pub(super) fn from(now: i64) -> Self {
        let due = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::from_second(now + 40 * 86_400).unwrap());
        Self { now, due: due.strftime("%Y%m%d").to_string() }
    }

    /// The same day of the same meaning by this clock.
    fn said(&self, field: Field, value: &str) -> String {
        match field {
            Field::VbankDue if value == text(field) => self.due.clone(),
            Field::VbankDue => format!("{}2359", self.due),
            Field::NaverUseCfm if value == yesterday() => "20200101".to_owned(),
            Field::NaverUseCfm => "20991231".to_owned(),
            _ => value.to_owned(),
        }
    }
}

/// The body of a request for a window, a charge or an entry of a schedule.
pub(super) fn body(case: &Case, dates: &Dates) -> Value {
    let amount = case.facts.amount.expect("an amount").minor;
    let mut body = json!({ "amount": amount });
    let windows = matches!(case.operation, Operation::Window | Operation::KeyWindow);
    if windows {
        (body["pg"], body["pay_method"]) = (json!(case.gateway), json!(case.pay_method));
    }
    for (field, value) in &case.facts.fields {
        let value = dates.said(*field, value);
        let number = || json!(value.parse::<u64>().expect("a number"));
        match field {
            Field::MerchantUid if value == text(*field) => body["merchant_uid"] = json!(fresh("g").replace('-', "")),
            // A customer may not open window after window.
            Field::CustomerId if value == text(*field) => body["customer_id"] = json!(fresh("k").replace('-', "")),
            Field::Escrow | Field::Digital => body[field.name()] = json!(value == "true"),
            Field::TaxFree | Field::VatAmount | Field::CardQuota | Field::NaverProductCount => {
                body[field.name()] = number();
            }
            // A setting of the stack's.
            Field::RedirectUrl | Field::ConfirmUrl => {}
            Field::NaverPopupMode | Field::Popup | Field::UseCardPoint | Field::KsnetDirect => {
                put(&mut body, field.name(), json!(value == "true"));
            }
            Field::KiccProducts => {
                body["kiccProducts"] = json!([{ "orderNumber": "x1", "name": "Plan", "quantity": 1, "amount": 1_000 }]);
            }
            Field::CvsHours => put(&mut body, field.name(), number()),
            Field::CardCode => body["card"]["direct"]["code"] = json!(value),
            Field::CardMonths => body["card"]["direct"]["quota"] = number(),
            Field::NaverProducts => {
                body["naverProducts"] = json!([
                    { "categoryType": "PRODUCT", "categoryId": "GENERAL", "uid": "plan", "name": "Plan", "count": 1 }
                ]);
            }
            Field::NaverUseCfm if windows => body["naverUseCfm"] = json!(value),
            Field::NaverUseCfm => body["extra"] = json!({ "naverUseCfm": value }),
            _ => put(&mut body, field.name(), json!(value)),
        }
    }
    if case.operation == Operation::KeyWindow {
        only_issues(case, &mut body);
    }
    body
}

/// Puts a value where a name with dots says.
fn put(body: &mut Value, path: &str, value: Value) {
    let mut at = body;
    for name in path.split('.') {
        at = &mut at[name];
    }
    *at = value;
}

/// A window that charges nothing has no number of an order's. Only where nothing is issued without a payment is there one.
fn only_issues(case: &Case, body: &mut Value) {
    use billing::pg::{IssueAmount, IssueSupport, issue_support};
    let charges =
        matches!(issue_support(case.gateway, case.pay_method), IssueSupport::Known(IssueAmount::AlwaysCharged, _));
    if !charges || body["amount"] == 0 {
        body["amount"] = json!(0);
        body.as_object_mut().expect("an object").remove("merchant_uid");
    }
}
