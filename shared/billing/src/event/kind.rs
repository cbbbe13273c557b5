//! What can happen, and to what.

use std::fmt;

use crate::day::KstDay;
use crate::ids::{CustomerUid, MerchantUid, SubscriptionId};

/// What happened. The names are public: consumers filter by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The PSP says paid.
    PaymentPaid,
    /// The PSP says failed, or refused it; nothing is under way.
    PaymentFailed,
    /// Its customer did not pay it in time.
    PaymentExpired,
    /// The merchant withdrew it before it was paid, or it was never sent.
    PaymentWithdrawn,
    /// A part of it went back.
    PaymentPartiallyRefunded,
    /// All of it went back.
    PaymentRefunded,
    /// Something was paid that is not what was ordered. An operator decides.
    PaymentSuspect,
    /// Something that is told of it changed, and none of the others says what.
    PaymentUpdated,
    /// A refund was made: the PSP's record shows it.
    RefundMade,
    /// The PSP refused a refund.
    RefundRefused,
    /// A virtual account waits for its deposit.
    DepositWaiting,
    /// The deposit came.
    DepositReceived,
    /// The PSP holds the payment for a later time.
    ScheduleScheduled,
    /// Its time changed, or the billing key that it is on.
    ScheduleMoved,
    /// It was taken back before it ran.
    ScheduleRevoked,
    /// The key can be charged.
    BillingKeyActive,
    /// It came to nothing: refused, never sent, or never made in the window.
    BillingKeyAbandoned,
    /// It is gone at the PSP.
    BillingKeyDeleted,
    /// It is gone, and another key took over its schedules.
    BillingKeyReplaced,
    /// It was begun.
    SubscriptionCreated,
    /// A period of it is paid, the first one included.
    SubscriptionRenewed,
    /// A period was declined, or not paid on its day.
    SubscriptionPastDue,
    /// What was past due, given up or ended for want of money is paid.
    SubscriptionRecovered,
    /// Nothing is charged until it is resumed.
    SubscriptionPaused,
    /// It is charged again.
    SubscriptionResumed,
    /// Its plan or price is another one, now or from a later period on.
    SubscriptionPlanChanged,
    /// It is to end with its period.
    SubscriptionCancelScheduled,
    /// It is not to end after all.
    SubscriptionCancelRevoked,
    /// It ended.
    SubscriptionCanceled,
    /// It was given up unpaid, and may be taken up again.
    SubscriptionUnpaid,
    /// Its last period is paid.
    SubscriptionCompleted,
    /// Its customer is asked to agree to pay more: nothing more is charged before they do.
    SubscriptionConsentRequired,
    /// They have not answered, and are to be reminded.
    SubscriptionConsentReminder,
    /// Its card is to be charged in some days.
    SubscriptionRenewalUpcoming,
    /// Its trial is to end in some days, and its card to be charged.
    SubscriptionTrialEnding,
    /// Something that is told of it changed, and none of the others says what: its card, until when it is paid for, its notes.
    SubscriptionUpdated,
    /// Table and PSP agree.
    ReportMatched,
    /// Something is left that somebody has to look at.
    ReportUnmatched,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 38] = [
        Self::PaymentPaid,
        Self::PaymentFailed,
        Self::PaymentExpired,
        Self::PaymentWithdrawn,
        Self::PaymentPartiallyRefunded,
        Self::PaymentRefunded,
        Self::PaymentSuspect,
        Self::PaymentUpdated,
        Self::RefundMade,
        Self::RefundRefused,
        Self::DepositWaiting,
        Self::DepositReceived,
        Self::ScheduleScheduled,
        Self::ScheduleMoved,
        Self::ScheduleRevoked,
        Self::BillingKeyActive,
        Self::BillingKeyAbandoned,
        Self::BillingKeyDeleted,
        Self::BillingKeyReplaced,
        Self::SubscriptionCreated,
        Self::SubscriptionRenewed,
        Self::SubscriptionPastDue,
        Self::SubscriptionRecovered,
        Self::SubscriptionPaused,
        Self::SubscriptionResumed,
        Self::SubscriptionPlanChanged,
        Self::SubscriptionCancelScheduled,
        Self::SubscriptionCancelRevoked,
        Self::SubscriptionCanceled,
        Self::SubscriptionUnpaid,
        Self::SubscriptionCompleted,
        Self::SubscriptionConsentRequired,
        Self::SubscriptionConsentReminder,
        Self::SubscriptionRenewalUpcoming,
        Self::SubscriptionTrialEnding,
        Self::SubscriptionUpdated,
        Self::ReportMatched,
        Self::ReportUnmatched,
    ];

    /// The public name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PaymentPaid => "payment.paid",
            Self::PaymentFailed => "payment.failed",
            Self::PaymentExpired => "payment.expired",
            Self::PaymentWithdrawn => "payment.withdrawn",
            Self::PaymentPartiallyRefunded => "payment.partially_refunded",
            Self::PaymentRefunded => "payment.refunded",
            Self::PaymentSuspect => "payment.suspect",
            Self::PaymentUpdated => "payment.updated",
            Self::RefundMade => "refund.made",
            Self::RefundRefused => "refund.refused",
            Self::DepositWaiting => "deposit.waiting",
            Self::DepositReceived => "deposit.received",
            Self::ScheduleScheduled => "schedule.scheduled",
            Self::ScheduleMoved => "schedule.moved",
            Self::ScheduleRevoked => "schedule.revoked",
            Self::BillingKeyActive => "billing_key.active",
            Self::BillingKeyAbandoned => "billing_key.abandoned",
            Self::BillingKeyDeleted => "billing_key.deleted",
            Self::BillingKeyReplaced => "billing_key.replaced",
            Self::SubscriptionCreated => "subscription.created",
            Self::SubscriptionRenewed => "subscription.renewed",
            Self::SubscriptionPastDue => "subscription.past_due",
            Self::SubscriptionRecovered => "subscription.recovered",
            Self::SubscriptionPaused => "subscription.paused",
            Self::SubscriptionResumed => "subscription.resumed",
            Self::SubscriptionPlanChanged => "subscription.plan_changed",
            Self::SubscriptionCancelScheduled => "subscription.cancel_scheduled",
            Self::SubscriptionCancelRevoked => "subscription.cancel_revoked",
            Self::SubscriptionCanceled => "subscription.canceled",
            Self::SubscriptionUnpaid => "subscription.unpaid",
            Self::SubscriptionCompleted => "subscription.completed",
            Self::SubscriptionConsentRequired => "subscription.consent_required",
            Self::SubscriptionConsentReminder => "subscription.consent_reminder",
            Self::SubscriptionRenewalUpcoming => "subscription.renewal_upcoming",
            Self::SubscriptionTrialEnding => "subscription.trial_ending",
            Self::SubscriptionUpdated => "subscription.updated",
            Self::ReportMatched => "report.matched",
            Self::ReportUnmatched => "report.unmatched",
        }
    }

    /// Reads a public name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What an event is about: the row's name, in the words of the API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A payment, charged at once, scheduled or paid in a window.
    Payment(MerchantUid),
    /// A billing key.
    Key(CustomerUid),
    /// A subscription.
    Subscription(SubscriptionId),
    /// A day's report.
    Report(KstDay),
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payment(uid) => write!(out, "payment/{uid}"),
            Self::Key(uid) => write!(out, "billing_key/{uid}"),
            Self::Subscription(id) => write!(out, "subscription/{id}"),
            Self::Report(day) => write!(out, "report/{day}"),
        }
    }
}
