//! One setting for each thing about V1 that no document settles. The defaults are the documented or the most
//! plausible behaviour; a careful client must survive every other setting too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ReceiptFlag, ReceiptOnRefund};

/// When a `merchant_uid` that was paid before is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dedupe {
    /// Only when the request is admitted: two requests in flight at once are both paid.
    Admission,
    /// At the moment of payment: never paid twice.
    Commit,
}

/// What a partly refunded payment's `status` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartialCancelStatus {
    /// Stays `paid`.
    Paid,
    /// Says `cancelled`.
    Cancelled,
}

/// What happens to a schedule registered for a past time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PastSchedule {
    /// Runs at the next tick.
    Run,
    /// HTTP 400.
    Refuse,
}

/// What a batch with one bad entry leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleBatch {
    /// Nothing.
    Atomic,
    /// The entries before the bad one, although the reply is a refusal.
    Partial,
}

/// What is left of a payment window that the customer closed without paying. PGs differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedWindow {
    /// A `failed` record that says so.
    Failed,
    /// A `ready` record, though there is no account to pay into.
    Ready,
    /// No record.
    Nothing,
}

/// What an amount does at a PG of which nobody knows whether it issues billing keys in its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnlistedIssue {
    /// It issues none.
    Refuse,
    /// It is shown.
    Display,
    /// It is charged.
    Charge,
}

/// With which of V1's classes a gateway's rule refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleRefusal {
    /// HTTP 200, code 1.
    Rejected,
    /// HTTP 200, code -1.
    Pg,
    /// HTTP 400.
    Invalid,
}

/// When a schedule's fields are held against its gateway's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleChecks {
    /// When it is registered.
    Registration,
    /// When it runs: the attempt fails.
    Run,
}

/// What a `channel_key` that the shop does not have leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownChannel {
    /// The request goes where it would without it.
    Ignore,
    /// A refusal.
    Refuse,
}

/// What counts as a byte where a gateway counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByteCount {
    /// One for ASCII, two for everything else.
    EucKr,
    /// As UTF-8.
    Utf8,
}

impl ByteCount {
    /// The bytes of a text.
    #[must_use]
    pub fn of(self, text: &str) -> usize {
        match self {
            Self::EucKr => text.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum(),
            Self::Utf8 => text.len(),
        }
    }
}

/// The books' knobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Knobs {
    /// When a paid `merchant_uid` is refused.
    pub dedupe: Dedupe,
    /// A `merchant_uid` whose attempts all failed may be charged again.
    pub failed_reusable: bool,
    /// Status after a partial refund.
    pub partial_cancel_status: PartialCancelStatus,
    /// Schedules for the past.
    pub past_schedule: PastSchedule,
    /// Batches with a bad entry.
    pub schedule_batch: ScheduleBatch,
    /// Deleting a key revokes its schedules.
    pub delete_key_revokes_schedules: bool,
    /// The PG of a request that names none, by its code.
    pub default_pg: String,
    /// Payments and keys are made on a test channel (`sandbox: true`).
    pub sandbox: bool,
    /// Billing key issue without `channel_key` is refused, as the current schema says.
    pub require_channel_key: bool,
    /// How long after the request the "late" test card is paid, seconds.
    pub late_seconds: i64,
    /// Every schedule runs this many seconds after its time.
    pub schedule_delay_seconds: i64,
    /// The next n schedules that fall due are lost: they stay `scheduled` for ever.
    pub lose_schedules: u32,
    /// The next n schedules that fall due are paid twice.
    pub double_schedules: u32,
    /// The next n direct charges are paid twice.
    pub double_charges: u32,
    /// A `merchant_uid` whose schedule was revoked may be registered again, on any key.
    pub revoked_reusable: bool,
    /// Characters of a refund's reason that the gateway keeps; without it all of them.
    pub reason_chars: Option<usize>,
    /// Payments show no `cancel_history`, which the schema does not require.
    pub history_hidden: bool,
    /// How long a schedule runs, in seconds: until its end it shows as `scheduled`, and can neither be moved nor revoked.
    pub running_seconds: i64,
    /// What a window that was closed leaves behind.
    pub closed_window: ClosedWindow,
    /// A billing key's issue that charges nothing has the amount shown in its window on its record, not 0.
    pub issue_shows_amount: bool,
    /// Billing keys through the window of a PG that is on no list.
    pub unlisted_issue: UnlistedIssue,
    /// The gateways behind Iamport refuse what their documentation says they do.
    pub gateway_rules: bool,
    /// Rules that count (`true`) or do not, whatever is the default, by id or by class: `marked`, `review`,
    /// `unsupported`; under `doubtful` whether gateways take the calls for which their pages and the schema differ.
    pub rule_answers: BTreeMap<String, bool>,
    /// How a rule refuses.
    pub rules_refuse_as: RuleRefusal,
    /// When schedules are held against the rules.
    pub schedule_checks: ScheduleChecks,
    /// What a byte is.
    pub byte_count: ByteCount,
    /// A `channel_key` of no channel.
    pub unknown_channel_key: UnknownChannel,
    /// What cannot be moved can be neither rescheduled nor retried.
    pub revival_like_move: bool,
    /// At tosspay_v2 a partial refund that did not name its value added tax makes every later one impossible.
    pub tosspay_v2_later_partial: bool,
    /// payletter_global issues a key for an amount of 0.
    pub payletter_issues_free: bool,
    /// What becomes of a cash receipt whose payment is given back.
    pub receipt_on_refund: ReceiptOnRefund,
    /// What `cash_receipt_issued` says.
    pub receipt_flag: ReceiptFlag,
    /// An account whose last moment is over can be given another one.
    pub late_extension: bool,
    /// The last moment that an account is given is kept by the minute.
    pub due_by_minutes: bool,
    /// A change of an account is announced.
    pub extension_notifies: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            dedupe: Dedupe::Commit,
            failed_reusable: true,
            partial_cancel_status: PartialCancelStatus::Paid,
            past_schedule: PastSchedule::Run,
            schedule_batch: ScheduleBatch::Atomic,
            delete_key_revokes_schedules: false,
            default_pg: "html5_inicis".to_owned(),
            sandbox: false,
            require_channel_key: false,
            late_seconds: 60,
            schedule_delay_seconds: 0,
            lose_schedules: 0,
            double_schedules: 0,
            double_charges: 0,
            revoked_reusable: true,
            reason_chars: None,
            history_hidden: false,
            running_seconds: 0,
            closed_window: ClosedWindow::Failed,
            issue_shows_amount: false,
            unlisted_issue: UnlistedIssue::Refuse,
            gateway_rules: true,
            rule_answers: BTreeMap::new(),
            rules_refuse_as: RuleRefusal::Rejected,
            schedule_checks: ScheduleChecks::Registration,
            byte_count: ByteCount::EucKr,
            unknown_channel_key: UnknownChannel::Ignore,
            revival_like_move: false,
            tosspay_v2_later_partial: true,
            payletter_issues_free: false,
            receipt_on_refund: ReceiptOnRefund::Stays,
            receipt_flag: ReceiptFlag::Automatic,
            late_extension: true,
            due_by_minutes: false,
            extension_notifies: false,
        }
    }
}
