//! Nothing more is charged than a customer has paid, unless they have agreed to it themselves.

use billing::event::Row;
use billing::payment::State;
use billing::policy::ConsentPolicy;
use billing::ports::Clock;
use billing::subscription::{Ask, Increase, Intro, Subscription, SubscriptionState, TextDigest, WithoutConsent};
use billing::usecase::{Caller, Failure, NewConsent, NewPlan, NewSubscription};
use billing::{CustomerId, Money, Timestamp};

use super::changes::paid;
use super::{DAY, pass, plan, wanted};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{TestBilling, TestWorld};

pub(crate) async fn asking() -> TestBilling {
    let mut billing = crate::fixture::billing().await;
    billing.policy.consent = ConsentPolicy::Kr;
    billing
}

pub(super) fn text() -> TextDigest {
    TextDigest::parse(&"0a".repeat(32)).unwrap()
}

pub(crate) fn introduced(won: u64, amount: u64, periods: u32) -> NewPlan {
    let plan = plan("월간 이용권", won);
    let intro = Intro { amount, periods, tax_free: None, vat_amount: None };
    NewPlan { price: plan.price.with_intro(Some(intro)).unwrap(), ..plan }
}

async fn owner(billing: &TestBilling, id: &str) -> CustomerId {
    row(billing, id).await.customer_id
}

pub(super) async fn ask(billing: &TestBilling, id: &str) -> Option<Ask> {
    billing.view(row(billing, id).await).await.unwrap().ask
}

pub(crate) async fn agree(
    billing: &TestBilling,
    id: &str,
    won: u64,
    from: Option<Timestamp>,
) -> Result<Subscription, Failure> {
    let owner = owner(billing, id).await;
    billing.consent(&owner, id, NewConsent { amount: won.to_string(), from, text: text() }).await
}

#[tokio::test]
async fn a_trial_becomes_a_paid_period_only_with_its_customers_consent() {
    for agrees in [true, false] {
        let billing = asking().await;
        let id = begun(&billing, NewSubscription { trial_days: Some(10), ..wanted() }).await;
        assert!(billing.store.all_payments().is_empty(), "nothing is registered before they agree");
        let asked = ask(&billing, &id).await.unwrap();
        assert_eq!((asked.increase, asked.price, asked.given), (Increase::TrialEnd, Money::krw(8_900), false));
        pass(&billing, 5, &[], true).await;
        if agrees {
            let agreed = agree(&billing, &id, 8_900, Some(asked.from)).await.unwrap();
            assert_eq!((agreed.consents.len(), agreed.consents[0].from, agreed.asked), (1, asked.from, None));
            assert!(ask(&billing, &id).await.unwrap().given);
        }
        pass(&billing, 40, &[], true).await;
        let after = row(&billing, &id).await;
        if agrees {
            assert_eq!(paid(&billing), [(0, 8_900), (1, 8_900)]);
            assert_eq!(ask(&billing, &id).await, None);
        } else {
            assert_eq!((paid(&billing), after.state), (Vec::new(), SubscriptionState::Canceled));
            assert!(after.ended_without_consent && after.due_at.is_none());
            let late = agree(&billing, &id, 8_900, Some(asked.from)).await;
            assert_eq!(late.map(|_| ()), Err(Failure::SubscriptionNotChangeable));
        }
    }
}

#[tokio::test]
async fn a_consent_is_to_what_is_asked_within_thirty_days_by_the_customer_and_counts_once() {
    let billing = asking().await;
    let id = begun(&billing, NewSubscription { trial_days: Some(60), ..wanted() }).await;
    let asked = ask(&billing, &id).await.unwrap();
    assert_eq!(asked.opens_at, asked.from.plus(-30 * DAY));
    let early = agree(&billing, &id, 8_900, Some(asked.from)).await;
    assert_eq!(early.map(|_| ()), Err(Failure::ConsentTooEarly { opens_at: asked.opens_at }));
    pass(&billing, 32, &[], true).await;
    assert!(row(&billing, &id).await.asked.is_some(), "they were to be asked by now");
    for (won, from) in [(8_901, asked.from), (8_899, asked.from), (8_900, asked.from.plus(1))] {
        let other = agree(&billing, &id, won, Some(from)).await;
        assert_eq!(other.map(|_| ()), Err(Failure::ConsentMismatch), "{won} {from}");
    }
    let nowhere = agree(&billing, &id, 8_900, None).await;
    assert!(matches!(nowhere, Err(Failure::Invalid(invalid)) if invalid.code == "from_required"));
    let stranger = CustomerId::parse("nobody").unwrap();
    let new = NewConsent { amount: "8900".to_owned(), from: Some(asked.from), text: text() };
    assert_eq!(billing.consent(&stranger, &id, new).await.map(|_| ()), Err(Failure::NotFound));
    assert!(row(&billing, &id).await.consents.is_empty());
    let first = agree(&billing, &id, 8_900, Some(asked.from)).await.unwrap();
    billing.advance(60);
    let again = agree(&billing, &id, 8_900, Some(asked.from)).await.unwrap();
    assert_eq!((again.consents.len(), &again.consents), (1, &first.consents));
}

#[tokio::test]
async fn whoever_signs_up_to_a_price_is_not_asked_about_it_and_a_cheaper_one_asks_nobody() {
    let billing = asking().await;
    let id = begun(&billing, wanted()).await;
    assert_eq!(ask(&billing, &id).await, None);
    let nothing = agree(&billing, &id, 8_900, None).await;
    assert_eq!(nothing.map(|_| ()), Err(Failure::ConsentNotAsked));
    billing.change_plan_now(&Caller::Merchant, &id, plan("가볍게", 4_900)).await.unwrap();
    pass(&billing, 65, &[], true).await;
    assert_eq!(paid(&billing), [(0, 8_900), (1, 900), (2, 4_900)]);
}

#[tokio::test]
async fn the_end_of_an_introduction_is_asked_about_and_without_an_answer_it_ends_or_lasts() {
    for (terms, agrees, wanted_paid) in [
        (WithoutConsent::End, true, vec![(0, 900), (1, 8_900), (2, 8_900)]),
        (WithoutConsent::End, false, vec![(0, 900)]),
        (WithoutConsent::OldPrice, false, vec![(0, 900), (1, 900), (2, 900)]),
    ] {
        let billing = asking().await;
        let new = NewSubscription { plan: introduced(8_900, 900, 1), without_consent: terms, ..wanted() };
        let id = begun(&billing, new).await;
        pass(&billing, 3, &[], true).await;
        let asked = ask(&billing, &id).await.unwrap();
        assert_eq!((asked.increase, asked.price), (Increase::IntroEnd, Money::krw(8_900)));
        if agrees {
            agree(&billing, &id, 8_900, Some(asked.from)).await.unwrap();
        }
        pass(&billing, 65, &[], true).await;
        assert_eq!(paid(&billing), wanted_paid, "{terms:?} {agrees}");
        assert_eq!(row(&billing, &id).await.ended_without_consent, terms == WithoutConsent::End && !agrees);
    }
}

#[tokio::test]
async fn a_dearer_plan_from_the_next_period_on_waits_for_its_customer() {
    for (terms, agrees, wanted_paid) in [
        (WithoutConsent::End, true, vec![(0, 8_900), (1, 12_900), (2, 12_900)]),
        (WithoutConsent::End, false, vec![(0, 8_900)]),
        (WithoutConsent::OldPrice, false, vec![(0, 8_900), (1, 8_900), (2, 8_900)]),
    ] {
        let billing = asking().await;
        let id = begun(&billing, NewSubscription { without_consent: terms, ..wanted() }).await;
        pass(&billing, 2, &[], true).await;
        billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
        let asked = ask(&billing, &id).await.unwrap();
        assert_eq!((asked.increase, asked.price), (Increase::DearerPlan, Money::krw(12_900)));
        if agrees {
            agree(&billing, &id, 12_900, Some(asked.from)).await.unwrap();
        }
        pass(&billing, 65, &[], true).await;
        assert_eq!(paid(&billing), wanted_paid, "{terms:?} {agrees}");
    }
}

#[tokio::test]
async fn a_dearer_plan_at_once_is_offered_and_begins_when_its_customer_agrees() {
    let billing = asking().await;
    let id = begun(&billing, wanted()).await;
    let dearer = plan("더 많이", 12_900);
    let said = billing.preview_plan(&Caller::Merchant, &id, dearer.clone(), true).await.unwrap();
    assert_eq!((said.consent.unwrap().price, said.charges[0].amount), (Money::krw(12_900), Money::krw(4_000)));
    let (offered, stated) = billing.change_plan_now(&Caller::Merchant, &id, dearer.clone()).await.unwrap();
    assert_eq!((stated.charged, offered.price.amount.minor, offered.upgrade.is_some()), (4_000, 8_900, false));
    let (again, _) = billing.change_plan_now(&Caller::Merchant, &id, dearer).await.unwrap();
    assert_eq!(again.offer, offered.offer, "asked for again it is the same offer");
    assert_eq!(paid(&billing), [(0, 8_900)]);
    let other = agree(&billing, &id, 19_900, None).await;
    assert_eq!(other.map(|_| ()), Err(Failure::ConsentMismatch));
    billing.advance(15 * DAY);
    let agreed = agree(&billing, &id, 12_900, None).await.unwrap();
    assert_eq!((agreed.price.amount.minor, agreed.offer.is_none(), agreed.consents.len()), (12_900, true, 1));
    // For the days that were left when they agreed.
    assert_eq!(paid(&billing), [(0, 2_000), (0, 8_900)]);
    pass(&billing, 16, &[], true).await;
    assert_eq!(paid(&billing), [(0, 2_000), (0, 8_900), (1, 12_900)]);
}

#[tokio::test]
async fn an_offer_that_nobody_takes_is_gone_with_its_period() {
    let billing = asking().await;
    let id = begun(&billing, wanted()).await;
    billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    pass(&billing, 65, &[], true).await;
    assert_eq!(paid(&billing), [(0, 8_900), (1, 8_900), (2, 8_900)]);
    assert_eq!((row(&billing, &id).await.offer, ask(&billing, &id).await), (None, None));
}

#[tokio::test]
async fn a_consent_that_is_older_than_thirty_days_is_none() {
    let billing = asking().await;
    let id = begun(&billing, NewSubscription { trial_days: Some(20), ..wanted() }).await;
    let asked = ask(&billing, &id).await.unwrap();
    agree(&billing, &id, 8_900, Some(asked.from)).await.unwrap();
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    pass(&billing, 45, &[], true).await;
    billing.resume_subscription(&Caller::Merchant, &id).await.unwrap();
    pass(&billing, 2, &[], true).await;
    assert_eq!(paid(&billing), Vec::new());
    let asked = ask(&billing, &id).await.unwrap();
    assert!(!asked.given, "they are asked once more");
    agree(&billing, &id, 8_900, Some(asked.from)).await.unwrap();
    assert_eq!(paid(&billing).len(), 1);
    assert_eq!(row(&billing, &id).await.consents.len(), 2, "what was agreed to before is kept");
}

#[tokio::test]
async fn reminders_are_due_seven_days_and_one_day_before() {
    let billing = asking().await;
    let id = begun(&billing, NewSubscription { trial_days: Some(20), ..wanted() }).await;
    let from = ask(&billing, &id).await.unwrap().from;
    for (before, reminders) in [(8, 0), (6, 1), (2, 1)] {
        let days = (from.0 - billing.host.now().0) / DAY - before;
        pass(&billing, days, &[], true).await;
        assert_eq!(row(&billing, &id).await.asked.unwrap().reminders, reminders, "{before} days before");
    }
    billing.advance(DAY + DAY / 2);
    crate::sweep::sweep(&billing).await;
    assert_eq!(row(&billing, &id).await.asked.unwrap().reminders, 2);
}

#[tokio::test]
async fn nobody_is_asked_where_the_merchant_sees_to_it() {
    let billing = crate::fixture::billing().await;
    let id = begun(&billing, NewSubscription { trial_days: Some(10), ..wanted() }).await;
    assert_eq!(ask(&billing, &id).await, None);
    let nothing = agree(&billing, &id, 8_900, None).await;
    assert_eq!(nothing.map(|_| ()), Err(Failure::ConsentNotAsked));
    pass(&billing, 12, &[], true).await;
    assert_eq!(paid(&billing), [(0, 8_900)]);
}

#[tokio::test]
async fn whoever_agreed_before_the_day_is_not_asked_again_because_the_card_was_declined() {
    let billing = asking().await;
    let id = begun(&billing, NewSubscription { trial_days: Some(29), ..wanted() }).await;
    let asked = ask(&billing, &id).await.unwrap();
    agree(&billing, &id, 8_900, Some(asked.from)).await.unwrap();
    pass(&billing, 31, &["key1"], true).await;
    assert_eq!((row(&billing, &id).await.state, paid(&billing).len()), (SubscriptionState::PastDue, 0));
    // By now they agreed longer than thirty days ago.
    pass(&billing, 8, &[], true).await;
    let recovered = row(&billing, &id).await;
    assert_eq!((paid(&billing), recovered.state), (vec![(0, 8_900)], SubscriptionState::Active));
    assert_eq!((recovered.consents.len(), recovered.ended_without_consent), (1, false));
}

#[tokio::test]
async fn what_was_registered_while_nobody_was_asked_is_taken_back_before_its_time() {
    for agrees in [true, false] {
        let mut billing = crate::fixture::billing().await;
        let id = begun(&billing, NewSubscription { trial_days: Some(20), ..wanted() }).await;
        assert_eq!(billing.store.all_payments()[0].state, State::Scheduled);
        pass(&billing, 3, &[], true).await;
        billing.policy.consent = ConsentPolicy::Kr;
        pass(&billing, 12, &[], true).await;
        let asked = ask(&billing, &id).await.unwrap();
        assert!(billing.host.now() < asked.from && !asked.given);
        assert_eq!(billing.store.all_payments().iter().map(|it| it.state).collect::<Vec<_>>(), [State::Revoked]);
        if agrees {
            agree(&billing, &id, 8_900, Some(asked.from)).await.unwrap();
        }
        pass(&billing, 10, &[], true).await;
        let after = row(&billing, &id).await;
        assert_eq!(paid(&billing).len(), usize::from(agrees));
        assert_eq!(after.ended_without_consent, !agrees);
    }
}

#[tokio::test]
async fn an_end_for_want_of_a_consent_is_told_as_nobodys_wish() {
    let billing = asking().await;
    let id = begun(&billing, NewSubscription { trial_days: Some(10), ..wanted() }).await;
    pass(&billing, 20, &[], true).await;
    let ended = Row::Subscription(Box::new(row(&billing, &id).await));
    let told = serde_json::to_value(ended.facts().unwrap()).unwrap();
    assert_eq!((&told["cancel"]["by"], &told["cancel"]["reason"]), (&"nobody".into(), &"no_consent".into()));
    assert_eq!(told["state"], "canceled");
}

#[tokio::test]
async fn an_offer_does_not_keep_anybody_from_agreeing_to_what_the_next_charge_costs() {
    let billing = asking().await;
    let id = begun(&billing, NewSubscription { plan: introduced(8_900, 900, 1), ..wanted() }).await;
    pass(&billing, 3, &[], true).await;
    billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    let view = billing.view(row(&billing, &id).await).await.unwrap();
    let (offered, next) = (view.ask.unwrap(), view.ask_beside.unwrap());
    assert_eq!((offered.price, next.price, next.increase), (Money::krw(12_900), Money::krw(8_900), Increase::IntroEnd));
    let mixed = agree(&billing, &id, 12_900, Some(next.from)).await;
    assert_eq!(mixed.map(|_| ()), Err(Failure::ConsentMismatch));
    let agreed = agree(&billing, &id, 8_900, Some(next.from)).await.unwrap();
    assert!(agreed.offer.is_some() && agreed.upgrade.is_none(), "what was offered waits still");
    pass(&billing, 40, &[], true).await;
    assert_eq!(paid(&billing), [(0, 900), (1, 8_900)]);
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Active);
}

#[tokio::test]
async fn a_plan_that_follows_anyway_is_offered_as_well_if_it_is_to_begin_at_once() {
    let billing = asking().await;
    let id = begun(&billing, wanted()).await;
    let dearer = plan("더 많이", 12_900);
    billing.change_plan(&Caller::Merchant, &id, dearer.clone()).await.unwrap();
    let (offered, _) = billing.change_plan_now(&Caller::Merchant, &id, dearer).await.unwrap();
    assert!(offered.offer.is_some() && offered.upgrade.is_none());
    let agreed = agree(&billing, &id, 12_900, None).await.unwrap();
    assert_eq!((agreed.price.amount.minor, agreed.offer, paid(&billing)), (12_900, None, vec![(0, 4_000), (0, 8_900)]));
}
