//! Faults on demand: what a network, a proxy or the PSP can do to one request. Rules are tried in order; the first
//! that matches is used up by one.

mod play;
mod reply;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(super) use self::play::{Deferred, LateBy, Outcome, gateway_timeout, play};
use super::requests::Facts;

/// Whether the request is handled before the fault hides that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// The request is not handled.
    #[default]
    Before,
    /// The request is handled; the reply is lost or changed.
    After,
}

/// Field of a reply that is made wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Field {
    Amount,
    Currency,
    MerchantUid,
    CustomerUid,
    ImpUid,
    /// Null, unless another value is named: the schema does not require it.
    CancelHistory,
}

/// What a caller sees while its request waits to run late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LateAnswer {
    /// HTTP 504.
    #[default]
    GatewayTimeout,
    /// Nothing.
    Hang,
}

/// One kind of fault, with its strength.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Kind {
    Latency {
        ms: u64,
        #[serde(default)]
        phase: Phase,
    },
    /// No reply for `ms` (default: the knob `hang_ms`), then 504.
    Hang {
        #[serde(default)]
        phase: Phase,
        ms: Option<u64>,
    },
    /// The connection is reset without a reply.
    Reset {
        #[serde(default)]
        phase: Phase,
    },
    /// This HTTP status with an HTML page, as proxies answer.
    Status {
        status: u16,
        #[serde(default)]
        phase: Phase,
    },
    HtmlOk {
        #[serde(default)]
        phase: Phase,
    },
    HtmlUnavailable {
        #[serde(default)]
        phase: Phase,
    },
    /// The reply stops after `bytes` of its body.
    Truncated {
        bytes: usize,
    },
    Oversized {
        #[serde(default = "five_mebibytes")]
        bytes: usize,
    },
    WrongContentType {},
    EmptyBody {},
    EmptyObject {},
    BrokenGzip {},
    Bom {},
    DuplicateKeys {},
    Redirect {
        #[serde(default = "other_host")]
        location: String,
        #[serde(default = "moved_temporarily")]
        status: u16,
    },
    Unauthorized {},
    RateLimited {
        retry_after: Option<u64>,
    },
    /// HTTP 200 with this `code` and a null response.
    Refused {
        #[serde(default = "minus_one")]
        code: i64,
        #[serde(default)]
        phase: Phase,
    },
    NullResponse {},
    ArrayResponse {},
    StringNumbers {},
    Wrong {
        field: Field,
        value: Option<Value>,
    },
    UnknownStatus {
        #[serde(default = "pending")]
        status: String,
    },
    SlowDrip {
        #[serde(default = "one")]
        bytes_per_second: u64,
    },
    /// Admitted now, executed `seconds` later by the simulator's clock.
    Late {
        seconds: i64,
        #[serde(default)]
        answer: LateAnswer,
    },
}

const fn five_mebibytes() -> usize {
    5 * 1024 * 1024
}
fn other_host() -> String {
    "http://elsewhere.invalid/".to_owned()
}
const fn moved_temporarily() -> u16 {
    302
}
const fn minus_one() -> i64 {
    -1
}
fn pending() -> String {
    "pending".to_owned()
}
const fn one() -> u64 {
    1
}

/// Which requests a fault is for; what is absent matches anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Matcher {
    method: Option<String>,
    path_prefix: Option<String>,
    /// Anywhere in path, query or body.
    merchant_uid: Option<String>,
}

impl Matcher {
    fn matches(&self, facts: &Facts) -> bool {
        self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&facts.method))
            && self.path_prefix.as_ref().is_none_or(|prefix| facts.path.starts_with(prefix.as_str()))
            && self.merchant_uid.as_ref().is_none_or(|uid| facts.merchant_uids.contains(uid))
    }
}

/// A rule in force.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Rule {
    id: u64,
    matcher: Matcher,
    /// Matching requests to let pass first.
    skip: u32,
    /// Uses left; `null` is for ever.
    times: Option<u32>,
    /// Uses so far.
    fired: u32,
    fault: Kind,
}

#[derive(Debug, Default)]
pub(super) struct FaultBook {
    rules: Vec<Rule>,
    next: u64,
}

impl FaultBook {
    /// Adds a rule from `{"kind": "status", "status": 503, "phase": "after", "times": 1, "skip": 0, "matcher": {}}`:
    /// the kind's own parameters stand beside the common ones. `times` is 1 by default, `null` for ever.
    pub(super) fn add(&mut self, mut request: Map<String, Value>) -> Result<Rule, serde_json::Error> {
        let matcher = request.remove("matcher").map(serde_json::from_value).transpose()?.unwrap_or_default();
        let skip = request.remove("skip").map(serde_json::from_value).transpose()?.unwrap_or(0);
        let times = request.remove("times").map_or(Ok(Some(1)), serde_json::from_value)?;
        let name: String = serde_json::from_value(request.remove("kind").unwrap_or_default())?;
        let fault = serde_json::from_value(Value::Object(Map::from_iter([(name, Value::Object(request))])))?;
        let rule = Rule { id: self.next, matcher, skip, times, fired: 0, fault };
        self.next += 1;
        self.rules.push(rule.clone());
        Ok(rule)
    }

    /// The fault for this request, if any.
    pub(super) fn take(&mut self, facts: &Facts) -> Option<Kind> {
        for rule in self.rules.iter_mut().filter(|rule| rule.matcher.matches(facts) && rule.times != Some(0)) {
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.times = rule.times.map(|times| times - 1);
            rule.fired += 1;
            return Some(rule.fault.clone());
        }
        None
    }

    pub(super) fn list(&self) -> &[Rule] {
        &self.rules
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }
}

impl Kind {
    /// For the request log.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Hang { .. } => "hang",
            Self::Reset { .. } => "reset",
            Self::Status { .. } => "status",
            Self::HtmlOk { .. } => "html_ok",
            Self::HtmlUnavailable { .. } => "html_unavailable",
            Self::Truncated { .. } => "truncated",
            Self::Oversized { .. } => "oversized",
            Self::WrongContentType {} => "wrong_content_type",
            Self::EmptyBody {} => "empty_body",
            Self::EmptyObject {} => "empty_object",
            Self::BrokenGzip {} => "broken_gzip",
            Self::Bom {} => "bom",
            Self::DuplicateKeys {} => "duplicate_keys",
            Self::Redirect { .. } => "redirect",
            Self::Unauthorized {} => "unauthorized",
            Self::RateLimited { .. } => "rate_limited",
            Self::Refused { .. } => "refused",
            Self::NullResponse {} => "null_response",
            Self::ArrayResponse {} => "array_response",
            Self::StringNumbers {} => "string_numbers",
            Self::Wrong { .. } => "wrong",
            Self::UnknownStatus { .. } => "unknown_status",
            Self::SlowDrip { .. } => "slow_drip",
            Self::Late { .. } => "late",
        }
    }
}
