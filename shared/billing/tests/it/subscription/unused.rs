//! What an end at once gives back of the period that runs: the days that nobody uses any more.

use billing::payment::refund::tax::TaxParts;
use billing::payment::{PspStatus, RefundState, State};
use billing::ports::{Clock, Saved, SubscriptionStore};
use billing::subscription::{Ending, RefundPolicy, Subscription, UnusedDays};
use billing::usecase::{Caller, Failure, NewSubscription, RefundRequest};
use billing::{CustomerId, MerchantUid};

use super::{DAY, pass, plan, wanted};
use crate::fixture::payments::payment;
use crate::fixture::subscriptions::{begun, row, runs_in_time};
use crate::fixture::{Act, TestBilling, TestWorld, billing, refund_request};
use crate::sweep::{sweep, sweeps};

fn refunding() -> NewSubscription {
    NewSubscription { refund: RefundPolicy::Unused, ..wanted() }
}

/// What goes back of each payment of a subscription: made, or on its way.
fn backs(billing: &TestBilling) -> Vec<(String, u64, TaxParts)> {
    let payments = billing.store.all_payments();
    let refunds = payments.iter().flat_map(|it| it.refunds.iter().map(move |refund| (it, refund)));
    let mut all: Vec<_> = refunds
        .filter(|(_, refund)| refund.state != RefundState::Refused)
        .map(|(it, refund)| (it.merchant_uid().to_string(), refund.amount, refund.parts))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

async fn owner(billing: &TestBilling, id: &str) -> Caller {
    Caller::Customer(row(billing, id).await.customer_id)
}

#[tokio::test]
async fn the_days_after_the_end_go_back_and_fractions_are_the_customers() {
    // Thirty days from November 24: the day of the end is used.
    for (days, left, back) in [(0, 29, 8_604), (1, 28, 8_307), (14, 15, 4_450), (28, 1, 297), (29, 0, 0)] {
        let billing = billing().await;
        let id = begun(&billing, refunding()).await;
        pass(&billing, days, &[], true).await;
        let owner = owner(&billing, &id).await;
        let said = billing.preview_end(&owner, &id, None).await.unwrap()[1].clone();
        let ended = billing.cancel_subscription(&owner, &id, Ending::Now).await.unwrap();
        assert_eq!(said.given_back.iter().map(|it| it.amount.minor).sum::<u64>(), back, "{days}");
        assert_eq!(ended.unused_amount(), back, "{days}");
        if back > 0 {
            assert_eq!(ended.unused, Some(vec![UnusedDays { period: 0, days_left: left, days: 30, amount: back }]));
        }
        let given: Vec<u64> = backs(&billing).iter().map(|(_, amount, _)| *amount).collect();
        assert_eq!(given, Vec::from_iter((back > 0).then_some(back)), "{days}");
        assert_eq!((ended.access_until, ended.owes_credit()), (Some(billing.host.now()), false));
        // Ending it again gives nothing more back.
        let again = billing.end_subscription(&Caller::Merchant, &id, Ending::Now, Some(RefundPolicy::Unused)).await;
        assert_eq!(again.unwrap().unused_amount(), back);
        pass(&billing, 3, &[], true).await;
        assert_eq!(backs(&billing).len(), usize::from(back > 0));
    }
}

#[tokio::test]
async fn nothing_goes_back_by_a_plan_that_says_so_with_the_period_or_of_a_trial() {
    let (now, later) = (Ending::Now, Ending::AtPeriodEnd);
    let trial = NewSubscription { trial_days: Some(10), ..refunding() };
    for (new, ending) in [(wanted(), now), (wanted(), later), (refunding(), later), (trial, now)] {
        let billing = billing().await;
        let id = begun(&billing, new).await;
        pass(&billing, 3, &[], true).await;
        let owner = owner(&billing, &id).await;
        let ended = billing.cancel_subscription(&owner, &id, ending).await.unwrap();
        assert_eq!((ended.unused_amount(), backs(&billing)), (0, Vec::new()));
    }
}

#[tokio::test]
async fn only_the_merchant_gives_more_or_less_than_the_plan_says() {
    let (none, unused) = (Some(RefundPolicy::None), Some(RefundPolicy::Unused));
    for (new, asked) in [(wanted(), unused), (refunding(), none)] {
        let billing = billing().await;
        let id = begun(&billing, new).await;
        let owner = owner(&billing, &id).await;
        let refused = billing.end_subscription(&owner, &id, Ending::Now, asked).await;
        assert!(matches!(refused, Err(Failure::Invalid(invalid)) if invalid.code == "refund_invalid"));
        let with_period = billing.end_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd, unused).await;
        assert!(matches!(with_period, Err(Failure::Invalid(invalid)) if invalid.code == "refund_invalid"));
        let ended = billing.end_subscription(&Caller::Merchant, &id, Ending::Now, asked).await.unwrap();
        assert_eq!(ended.unused_amount() > 0, asked == unused);
        assert_eq!(backs(&billing).len(), usize::from(asked == unused));
    }
}

#[tokio::test]
async fn a_dearer_plan_is_given_back_at_its_price_from_both_of_its_payments_with_their_taxes() {
    let billing = billing().await;
    let id = begun(&billing, refunding()).await;
    pass(&billing, 15, &[], true).await;
    let dearer = plan("더 많이", 29_900);
    billing.change_plan_now(&Caller::Merchant, &id, dearer).await.unwrap();
    let said = billing.preview_end(&Caller::Merchant, &id, None).await.unwrap()[1].given_back.clone();
    let ended = billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    // Fourteen of thirty days at 29,900.
    assert_eq!(ended.unused_amount(), 13_954);
    let given = backs(&billing);
    let said: Vec<_> = said.iter().map(|it| (it.merchant_uid.to_string(), it.amount.minor, it.parts)).collect();
    let sorted = |mut all: Vec<(String, u64, TaxParts)>| {
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    };
    assert_eq!(sorted(said), given);
    assert_eq!(given.iter().map(|(_, amount, _)| amount).sum::<u64>(), 13_954);
    for (uid, amount, parts) in given {
        let of = payment(&billing, &uid).await.order;
        let share = |part: Option<u64>| part.map(|part| part * amount / of.amount.minor);
        assert_eq!(parts.tax_free, share(of.details.tax_free), "{uid}");
    }
}

#[tokio::test]
async fn what_the_merchant_has_given_back_of_the_period_is_not_given_back_twice() {
    let billing = billing().await;
    let id = begun(&billing, refunding()).await;
    pass(&billing, 31, &[], true).await;
    let request = RefundRequest {
        merchant_uid: MerchantUid::parse(&format!("{id}p1t0")).unwrap(),
        amount: "8000".to_owned(),
        tax_free: None,
        vat_amount: None,
        reason: None,
        account: None,
        idempotency_key: "goodwill-refund-1".to_owned(),
    };
    let details = payment(&billing, &format!("{id}p1t0")).await.order.details;
    let tax_free = details.tax_free.map(|_| "0".to_owned());
    billing.refund(RefundRequest { tax_free, ..request }).await.unwrap();
    let ended = billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    assert_eq!(ended.unused_amount(), 900, "what is left of it");
    assert_eq!(payment(&billing, &format!("{id}p1t0")).await.state, State::Refunded);
    assert!(payment(&billing, &format!("{id}p0t0")).await.refunds.is_empty(), "the month before was used");
}

#[tokio::test]
async fn what_the_merchant_gives_back_after_the_end_is_not_made_up_for_out_of_the_month_before() {
    let billing = billing().await;
    let id = begun(&billing, refunding()).await;
    pass(&billing, 31, &[], true).await;
    // It has ended, and nobody has come to the refund yet.
    let said = billing.preview_end(&Caller::Merchant, &id, None).await.unwrap().pop().unwrap();
    let version = said.row.version + 1;
    let ended = Subscription { due_at: Some(billing.host.now()), version, ..said.row };
    assert_eq!(billing.store.save_subscription(&ended).await.unwrap(), Saved::Done);
    assert_eq!(ended.unused_amount(), 8_326, "29 of 31 days");
    let amount = "8000".to_owned();
    let details = payment(&billing, &format!("{id}p1t0")).await.order.details;
    let tax_free = details.tax_free.map(|_| "0".to_owned());
    let request =
        RefundRequest { amount, tax_free, ..refund_request(&format!("{id}p1t0"), "8000", "goodwill-refund-3") };
    billing.refund(request).await.unwrap();
    sweeps(&billing, 3, 300).await;
    assert_eq!(payment(&billing, &format!("{id}p1t0")).await.state, State::Refunded);
    assert!(payment(&billing, &format!("{id}p0t0")).await.refunds.is_empty(), "the month before was used");
    let row = row(&billing, &id).await;
    assert_eq!((row.adjustment, row.due_at), (0, None));
}

#[tokio::test]
async fn nothing_is_given_back_out_of_a_month_that_was_used() {
    // All of the month's payment, and nobody has looked at the subscription since; all of a difference within the month.
    for raised in [false, true] {
        let billing = billing().await;
        let id = begun(&billing, refunding()).await;
        pass(&billing, 31, &[], true).await;
        let returned = if raised {
            pass(&billing, 10, &[], true).await;
            billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 29_900)).await.unwrap();
            format!("{id}p1t1000")
        } else {
            format!("{id}p1t0")
        };
        let row = payment(&billing, &returned).await;
        let amount = row.order.amount.decimal();
        let key = "goodwill-refund-2".to_owned();
        let merchant_uid = row.merchant_uid().clone();
        let (tax_free, reason) = (None, None);
        let whole = RefundRequest {
            merchant_uid,
            amount,
            tax_free,
            vat_amount: None,
            reason,
            account: None,
            idempotency_key: key,
        };
        billing.refund(whole).await.unwrap();
        let said = billing.preview_end(&Caller::Merchant, &id, None).await.unwrap().pop().unwrap();
        let ended = billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
        let held = if raised { 8_900 } else { 0 };
        assert!(ended.unused_amount() <= held, "{raised}: {}", ended.unused_amount());
        assert_eq!(said.row.unused_amount(), ended.unused_amount());
        sweep(&billing).await;
        assert!(payment(&billing, &format!("{id}p0t0")).await.refunds.is_empty(), "{raised}: that month was used");
    }
}

#[tokio::test]
async fn what_is_on_its_way_back_is_not_given_back_twice() {
    let billing = billing().await;
    let id = begun(&billing, refunding()).await;
    pass(&billing, 31, &[], true).await;
    let merchant_uid = MerchantUid::parse(&format!("{id}p1t0")).unwrap();
    let (tax_free, vat_amount, reason, account) = (None, None, None, None);
    let idempotency_key = "goodwill-refund-3".to_owned();
    let amount = "8000".to_owned();
    let request = RefundRequest { merchant_uid, amount, tax_free, vat_amount, reason, account, idempotency_key };
    billing.psp.will([Act::Lose]);
    billing.refund(request).await.unwrap();
    assert!(payment(&billing, &format!("{id}p1t0")).await.pending_refund().is_some());
    let ended = billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    assert_eq!(ended.unused_amount(), 900, "what is left of it");
    for _ in 0..3 {
        billing.advance(3_600);
        sweep(&billing).await;
    }
    assert!(payment(&billing, &format!("{id}p0t0")).await.refunds.is_empty(), "the month before was used");
}

#[tokio::test]
async fn a_period_that_was_paid_before_the_end_and_heard_of_after_it_is_given_back_as_well() {
    let billing = billing().await;
    let id = begun(&billing, refunding()).await;
    let told_late = runs_in_time(&billing, &id, PspStatus::Paid).await;
    billing.advance(60);
    // Nobody can look at the PSP when it is ended.
    billing.psp.world().listing.single_looks_fail = true;
    billing.psp.will([Act::Unreachable]);
    let ended = billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    assert_eq!(ended.unused_amount(), 0, "nobody knows of it yet");
    billing.psp.world().listing.single_looks_fail = false;
    billing.advance(600);
    billing.notice(&told_late).await.unwrap();
    pass(&billing, 2, &[], true).await;
    let late = payment(&billing, told_late.merchant_uid.as_str()).await;
    assert!(!late.refunds.is_empty(), "{:?}", row(&billing, &id).await);
}

#[tokio::test]
async fn a_refund_that_the_psp_does_not_take_at_once_is_carried_out_all_the_same() {
    for act in [Act::Unreachable, Act::Lose, Act::ApproveAndLose, Act::Garble] {
        let billing = billing().await;
        let id = begun(&billing, refunding()).await;
        billing.advance(DAY);
        // The schedule of the next month is taken back first.
        billing.psp.will([Act::Approve, act.clone()]);
        billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
        pass(&billing, 2, &[], true).await;
        let paid = payment(&billing, &format!("{id}p0t0")).await;
        assert_eq!((paid.state, paid.record.unwrap().cancel_amount), (State::PartiallyRefunded, 8_307), "{act:?}");
    }
}

#[tokio::test]
async fn a_strangers_subscription_has_no_end_to_be_looked_at() {
    let billing = billing().await;
    let id = begun(&billing, refunding()).await;
    let stranger = Caller::Customer(CustomerId::parse("nobody").unwrap());
    assert_eq!(billing.preview_end(&stranger, &id, None).await.map(|_| ()), Err(Failure::NotFound));
    let ended = billing.end_subscription(&stranger, &id, Ending::Now, None).await;
    assert_eq!(ended.map(|_| ()), Err(Failure::NotFound));
}
