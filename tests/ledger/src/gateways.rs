//! What the gateways behind Iamport refuse, by the simulator's own reading of the documentation
//! (`portone-io/developers.portone.io`, af926bd2 of 2026-08-06). Nothing of this is shared with what is deployed, so
//! that no misunderstanding is.
//!
//! | part | what it is |
//! |---|---|
//! | `operation` | what a request is about |
//! | `rule` | what a line can ask, and when |
//! | `pages` | the lines, page by page |
//! | `support` | which gateway takes which call |
//! | `open` | what the documents leave open, and its knob |
//! | `asked` | a request as the lines see it |
//!
//! A refusal ends in the rule's id in brackets: `[smartro_v2.again.buyer_name]`. The knob `gateway_rules` switches
//! all of them off, `rule_answers` one of them, or one class (`marked`, `review`, `unsupported`, `doubtful`).

mod asked;
mod open;
mod operation;
mod pages;
mod rule;
mod support;
#[cfg(test)]
mod tests;

pub(crate) use self::asked::Asked;
pub use self::asked::{Said, UNNAMED};
pub use self::open::{OPEN, Question};
pub use self::operation::Operation;

pub use self::rule::{Demand, Force, Rule, Source, When};
use self::support::{CLOSING, Standing};
pub use self::support::{NAMED, SUPPORT, Support};
use crate::knobs::RuleRefusal;
use crate::{Knobs, Refusal};

/// Every line of the documentation.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    pages::PAGES.iter().flat_map(|page| page.iter())
}

/// Gateways whose amounts are in dollars if a window's request names no currency.
const DOLLARS: [&str; 3] = ["eximbay", "paypal", "paypal_v2"];

/// The currency of a window's request that names none.
#[must_use]
pub fn default_currency(gateway: &str) -> &'static str {
    if DOLLARS.contains(&gateway) { "USD" } else { "KRW" }
}

/// Whether a refusal in these words is a rule's: its id.
#[must_use]
pub fn rule_of(message: &str) -> Option<&str> {
    message.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')).map(|(_, id)| id)
}

impl Knobs {
    /// Whether a rule of that name and force counts.
    fn counts(&self, id: &str, class: Option<&str>, by_default: bool) -> bool {
        let said = |name: &str| self.rule_answers.get(name).copied();
        said(id).or_else(|| class.and_then(said)).unwrap_or(by_default)
    }

    pub(crate) fn refusal(&self, id: &str, why: &str) -> Refusal {
        let message = format!("{why} [{id}]");
        match self.rules_refuse_as {
            RuleRefusal::Rejected => Refusal::rejected(message),
            RuleRefusal::Pg => Refusal::pg(message),
            RuleRefusal::Invalid => Refusal::invalid(message),
        }
    }

    /// Holds a request against everything that is known of its gateway.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub(crate) fn check(&self, asked: &Asked<'_>) -> Result<(), Refusal> {
        if !self.gateway_rules {
            return Ok(());
        }
        self.check_support(asked.gateway, asked.operation)?;
        for rule in rules() {
            if !rule.concerns(asked) || rule.is_met(asked, self.byte_count) {
                continue;
            }
            let id = rule.id(asked.operation);
            if self.counts(&id, rule.force.word(), rule.force.by_default()) {
                return Err(self.refusal(&id, &why(rule)));
            }
        }
        Ok(())
    }

    /// Whether a gateway takes such a call at all.
    ///
    /// # Errors
    /// `[{gateway}.{operation}]`.
    pub(crate) fn check_support(&self, gateway: &str, operation: Operation) -> Result<(), Refusal> {
        let id = format!("{gateway}.{}", operation.word());
        let refuses = match support::standing(gateway, operation) {
            Standing::Takes => false,
            Standing::Doubtful => !self.counts(&id, Some("doubtful"), true),
            Standing::Refuses => self.counts(&id, None, true),
        };
        if self.gateway_rules && refuses {
            return Err(self.refusal(&id, "해당 PG사에서 지원하지 않는 요청입니다"));
        }
        Ok(())
    }

    /// Whether a gateway closes a virtual account.
    ///
    /// # Errors
    /// A PG refusal where it cannot, and by `html5_inicis` without its own `pg_api_key`.
    pub(crate) fn check_closing(&self, gateway: &str, has_api_key: bool) -> Result<(), Refusal> {
        if !self.gateway_rules {
            return Ok(());
        }
        if gateway == "html5_inicis" && !has_api_key {
            return Err(Refusal::pg("hashData 불일치 [html5_inicis.close_account.pg_api_key]"));
        }
        if NAMED.contains(&gateway) && !CLOSING.contains(&gateway) {
            return Err(Refusal::pg(format!("가상계좌 말소를 지원하지 않는 PG사입니다 [{gateway}.close_account]")));
        }
        Ok(())
    }
}

/// In the words of no gateway.
fn why(rule: &Rule) -> String {
    let field = rule.field;
    match rule.demand {
        Demand::Required => format!("{field} 은(는) 필수 입력값입니다"),
        Demand::Absent => format!("{field} 은(는) 함께 사용할 수 없습니다"),
        Demand::LeastChars(least) => format!("{field} 은(는) {least}자 이상이어야 합니다"),
        Demand::MostChars(most) => format!("{field} 은(는) {most}자를 넘을 수 없습니다"),
        Demand::MostBytes(most) => format!("{field} 은(는) {most}바이트를 넘을 수 없습니다"),
        Demand::Alphanumeric => format!("{field} 에는 영문자와 숫자만 쓸 수 있습니다"),
        Demand::Ascii | Demand::Without(_) | Demand::EucKr | Demand::Katakana | Demand::NoHangul => {
            format!("{field} 에 쓸 수 없는 문자가 있습니다")
        }
        Demand::Digits(count) => format!("{field} 은(는) 숫자 {count}자리여야 합니다"),
        Demand::OneOf(_) | Demand::NoneOf(_) => format!("{field} 값을 지원하지 않습니다"),
        Demand::Form(_) | Demand::TwoNames => format!("{field} 형식이 올바르지 않습니다"),
        Demand::DayFromPayment => format!("{field} 은(는) 결제일 이후의 날짜(YYYYMMDD)여야 합니다"),
        Demand::MostNumber(most) => format!("{field} 은(는) {most} 이하여야 합니다"),
        Demand::LeastAmount(least) => format!("결제 금액은 {least} 이상이어야 합니다"),
        Demand::Tenth => format!("{field} 은(는) 결제 금액의 10%를 넘을 수 없습니다"),
        Demand::AsIssued => format!("{field} 이(가) 빌링키 발급 시 값과 다릅니다"),
        Demand::Fresh => format!("{field} 은(는) 다시 사용할 수 없습니다"),
        Demand::Never => format!("처리할 수 없는 요청입니다 ({field})"),
    }
}
