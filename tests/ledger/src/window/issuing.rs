//! Billing keys through the window: what the amount of `IMP.request_pay` does, PG by PG. The simulator's own table,
//! so that an error in the product's cannot hide behind the same error here.

use crate::{Knobs, Refusal, UnlistedIssue, WindowOrder};

/// What happens to the amount when a window issues a billing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issue {
    /// It is shown, and no money moves.
    Display,
    /// It is charged.
    Charge,
}

/// What a PG does with an amount above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Positive {
    Display,
    Charge,
    Refuse,
}

/// Whether a PG issues a key for an amount of zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zero {
    Issue,
    Refuse,
}

/// One line of the table: the first that fits counts.
#[derive(Debug)]
struct Line {
    pg: &'static str,
    /// `None`: any method.
    pay_methods: Option<&'static [&'static str]>,
    positive: Positive,
    zero: Zero,
    /// Longest `customer_id`.
    customer_id: Option<usize>,
    /// Whether it may be left out.
    anonymous: bool,
}

const fn line(pg: &'static str, pay_methods: Option<&'static [&'static str]>, positive: Positive, zero: Zero) -> Line {
    Line { pg, pay_methods, positive, zero, customer_id: None, anonymous: true }
}

const fn with_customer_id(line: Line, most: usize) -> Line {
    Line { customer_id: Some(most), anonymous: false, ..line }
}

const CARD: Option<&[&str]> = Some(&["card"]);
const PHONE: Option<&[&str]> = Some(&["phone"]);

/// `customer_id`, where no document names a limit.
const CUSTOMER_ID_MAX: usize = 255;

const LINES: [Line; 20] = [
    line("html5_inicis", None, Positive::Display, Zero::Issue),
    line("kcp_billing", None, Positive::Display, Zero::Issue),
    line("tosspayments", None, Positive::Display, Zero::Issue),
    line("kicc", None, Positive::Display, Zero::Issue),
    line("payco", None, Positive::Display, Zero::Issue),
    line("naverpay", None, Positive::Display, Zero::Issue),
    // Guide of the gateway (`pg/v1/smartro-v2/readme.mdx`).
    Line { customer_id: Some(20), ..line("smartro_v2", None, Positive::Display, Zero::Issue) },
    line("welcome", CARD, Positive::Display, Zero::Issue),
    line("galaxia", CARD, Positive::Display, Zero::Issue),
    line("kakaopay", None, Positive::Charge, Zero::Issue),
    line("danal_tpay", None, Positive::Charge, Zero::Issue),
    line("settle_acc", None, Positive::Charge, Zero::Issue),
    line("mobilians", CARD, Positive::Charge, Zero::Issue),
    // A telephone bill issues nothing without something to bill.
    line("mobilians", PHONE, Positive::Charge, Zero::Refuse),
    line("welcome", PHONE, Positive::Charge, Zero::Refuse),
    line("galaxia", PHONE, Positive::Charge, Zero::Refuse),
    line("paymentwall", None, Positive::Charge, Zero::Refuse),
    with_customer_id(
        line("nice_v2", Some(&["kakaopay", "naverpay", "naverpay_card"]), Positive::Refuse, Zero::Issue),
        CUSTOMER_ID_MAX,
    ),
    with_customer_id(line("tosspay_v2", Some(&["tosspay"]), Positive::Display, Zero::Issue), 50),
    line("paypal_v2", None, Positive::Display, Zero::Issue),
];

/// The wish for a key, held against the table.
pub(super) fn decide(knobs: &Knobs, order: &WindowOrder, customer_id: Option<&str>) -> Result<Issue, Refusal> {
    let pg = order.channel.pg_provider.as_str();
    let of_pg = || LINES.iter().filter(|line| line.pg == pg);
    let fits = |line: &&Line| line.pay_methods.is_none_or(|methods| methods.contains(&order.pay_method.as_str()));
    let Some(line) = of_pg().find(fits) else {
        return match knobs.unlisted_issue {
            UnlistedIssue::Display if of_pg().next().is_none() => Ok(Issue::Display),
            UnlistedIssue::Charge if of_pg().next().is_none() => Ok(Issue::Charge),
            UnlistedIssue::Refuse | UnlistedIssue::Display | UnlistedIssue::Charge => {
                Err(Refusal::rejected("결제창에서 빌링키를 발급할 수 없는 PG 또는 결제수단입니다"))
            }
        };
    };
    if let Some(most) = line.customer_id {
        let length = customer_id.map_or(0, |id| id.chars().count());
        if length > most || (length == 0 && !line.anonymous) {
            return Err(Refusal::rejected(format!("customer_id 가 필요합니다 ({most}자 이하)")));
        }
    }
    match (order.order.amount, line.positive, line.zero) {
        (0, _, Zero::Refuse) => Err(Refusal::rejected("금액 없이는 빌링키를 발급하지 않는 PG 입니다")),
        (0, _, Zero::Issue) | (_, Positive::Display, _) => Ok(Issue::Display),
        (_, Positive::Charge, _) => Ok(Issue::Charge),
        (_, Positive::Refuse, _) => Err(Refusal::rejected("빌링키 발급 금액은 0이어야 합니다")),
    }
}
