//! What a change of a subscription would come to, as it is shown before it is made.

use billing::subscription::{ChargeAhead, Proration};
use billing::usecase::{EndPreview, GivenBack, PlanPreview};
use billing::{Money, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use super::consent::{AskView, ask};
use super::exact;
use super::subscription::{PartView, ProrationView, UnusedView, parts, prorated, unused};

#[derive(Debug, Serialize)]
struct ChargeView<'a> {
    charges: &'static str,
    period: u32,
    plan_id: &'a str,
    name: &'a str,
    amount: Option<Box<RawValue>>,
    currency: &'a str,
    parts: Vec<PartView>,
    at: Timestamp,
}

fn charge(ahead: &ChargeAhead) -> ChargeView<'_> {
    ChargeView {
        charges: if ahead.attempt.is_difference() { "difference" } else { "period" },
        period: ahead.attempt.period,
        plan_id: ahead.plan.as_str(),
        name: &ahead.name,
        amount: exact(ahead.amount),
        currency: ahead.amount.currency.code(),
        parts: parts(&ahead.parts, ahead.amount.currency),
        at: ahead.at,
    }
}

#[derive(Debug, Serialize)]
struct PlanPreviewView<'a> {
    change: &'static str,
    begins_at: Option<Timestamp>,
    consent: Option<AskView>,
    proration: Option<ProrationView>,
    charges: Vec<ChargeView<'a>>,
}

/// What another plan would come to.
#[must_use]
pub fn plan(preview: &PlanPreview) -> impl Serialize + use<'_> {
    let currency = preview.row.price.amount.currency;
    PlanPreviewView {
        change: if preview.at_once { "now" } else { "next_period" },
        begins_at: preview.begins_at,
        consent: preview.consent.as_ref().map(|it| ask(&preview.row, it)),
        proration: preview.proration.map(|proration: Proration| prorated(proration, currency)),
        charges: preview.charges.iter().map(charge).collect(),
    }
}

#[derive(Debug, Serialize)]
struct GivenBackView<'a> {
    merchant_uid: &'a str,
    amount: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_free: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vat_amount: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
struct EndView<'a> {
    at: &'static str,
    ends_at: Timestamp,
    refund: Option<Box<RawValue>>,
    currency: &'a str,
    unused: Option<UnusedView>,
    payments: Vec<GivenBackView<'a>>,
}

fn back(of: &GivenBack) -> GivenBackView<'_> {
    let money = |minor| exact(Money { minor, ..of.amount });
    GivenBackView {
        merchant_uid: of.merchant_uid.as_str(),
        amount: exact(of.amount),
        tax_free: of.parts.tax_free.and_then(money),
        vat_amount: of.parts.vat_amount.and_then(money),
    }
}

fn end(preview: &EndPreview) -> EndView<'_> {
    // The next plan may be in another one.
    let currency = preview.row.running_price().currency;
    let sum = preview.given_back.iter().map(|of| of.amount.minor).fold(0, u64::saturating_add);
    EndView {
        at: preview.ending.name(),
        ends_at: preview.ends_at,
        refund: exact(Money::new(sum, currency)),
        currency: currency.code(),
        unused: unused(&preview.row),
        payments: preview.given_back.iter().map(back).collect(),
    }
}

#[derive(Debug, Serialize)]
struct EndsView<'a> {
    ends: Vec<EndView<'a>>,
}

/// What each end would come to.
#[must_use]
pub fn ends(previews: &[EndPreview]) -> impl Serialize + use<'_> {
    EndsView { ends: previews.iter().map(end).collect() }
}
