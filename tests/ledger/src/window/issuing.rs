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
}

const fn line(pg: &'static str, pay_methods: Option<&'static [&'static str]>, positive: Positive, zero: Zero) -> Line {
    Line { pg, pay_methods, positive, zero }
}

const CARD: Option<&[&str]> = Some(&["card"]);
const PHONE: Option<&[&str]> = Some(&["phone"]);

const LINES: [Line; 24] = [
    line("html5_inicis", None, Positive::Display, Zero::Issue),
    line("kcp_billing", None, Positive::Display, Zero::Issue),
    line("tosspayments", None, Positive::Display, Zero::Issue),
    line("kicc", None, Positive::Display, Zero::Issue),
    line("payco", None, Positive::Display, Zero::Issue),
    line("naverpay", None, Positive::Display, Zero::Issue),
    line("smartro_v2", None, Positive::Display, Zero::Issue),
    line("welcome", CARD, Positive::Display, Zero::Issue),
    line("galaxia", CARD, Positive::Display, Zero::Issue),
    line("kakaopay", None, Positive::Charge, Zero::Issue),
    line("danal_tpay", None, Positive::Charge, Zero::Issue),
    line("settle_acc", None, Positive::Charge, Zero::Issue),
    line("mobilians", CARD, Positive::Charge, Zero::Issue),
    // A telephone bill issues nothing without something to bill.
    line("mobilians", PHONE, Positive::Charge, Zero::Refuse),
    line("mobilians_v2", CARD, Positive::Charge, Zero::Issue),
    line("mobilians_v2", PHONE, Positive::Charge, Zero::Refuse),
    line("welcome", PHONE, Positive::Charge, Zero::Refuse),
    line("galaxia", PHONE, Positive::Charge, Zero::Refuse),
    line("paymentwall", None, Positive::Charge, Zero::Refuse),
    // Its window names the purse: `naverpay` alone opens none (`pg/v1/nice-v2/readme.mdx`).
    line("nice_v2", Some(&["kakaopay", "naverpay_card", "naverpay_point"]), Positive::Refuse, Zero::Issue),
    line("tosspay_v2", Some(&["tosspay"]), Positive::Display, Zero::Issue),
    line("kcp_quick", None, Positive::Display, Zero::Issue),
    line("payletter_global", None, Positive::Charge, Zero::Refuse),
    line("paypal_v2", None, Positive::Display, Zero::Issue),
];

/// The wish for a key, held against the table.
pub(super) fn decide(knobs: &Knobs, order: &WindowOrder) -> Result<Issue, Refusal> {
    let pg = order.channel.pg_provider.as_str();
    let of_pg = || LINES.iter().filter(|line| line.pg == pg);
    let fits = |line: &&Line| line.pay_methods.is_none_or(|methods| methods.contains(&order.pay_method.as_str()));
    let Some(line) = of_pg().find(fits) else {
        return match knobs.unlisted_issue {
            UnlistedIssue::Display if of_pg().next().is_none() => Ok(Issue::Display),
            UnlistedIssue::Charge if of_pg().next().is_none() => Ok(Issue::Charge),
            UnlistedIssue::Refuse | UnlistedIssue::Display | UnlistedIssue::Charge => {
                Err(refused("결제창에서 빌링키를 발급할 수 없는 PG 또는 결제수단입니다", pg, "pay_method"))
            }
        };
    };
    match (order.order.amount, line.positive, line.zero) {
        (0, _, Zero::Refuse) if pg == "payletter_global" && knobs.payletter_issues_free => Ok(Issue::Display),
        (0, _, Zero::Refuse) => Err(refused("금액 없이는 빌링키를 발급하지 않는 PG 입니다", pg, "amount")),
        (0, _, Zero::Issue) | (_, Positive::Display, _) => Ok(Issue::Display),
        (_, Positive::Charge, _) => Ok(Issue::Charge),
        (_, Positive::Refuse, _) => Err(refused("빌링키 발급 금액은 0이어야 합니다", pg, "amount")),
    }
}

/// In the words of a gateway's rule; the table counts whether the rules do or not.
fn refused(why: &str, pg: &str, field: &str) -> Refusal {
    Refusal::rejected(format!("{why} [{pg}.key_window.{field}]"))
}
