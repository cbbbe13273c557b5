//! One request under two names, while one secret takes another's place.

use billing::fingerprint::FingerprintKey;
use billing::key::{BillingKey, KeyState};
use billing::payment::Refusal;
use billing::ports::KeyStore;
use billing::usecase::Failure;

use super::{CARD, MASKED, OTHER_CARD, issues, on_its_way};
use crate::fixture::{Act, billing, issue_request, key_snapshot};
use crate::lossy::{Fate, lossy};

/// The old secret and the new one, each of which knows the other, and the two alone.
fn secrets() -> ([FingerprintKey; 2], [FingerprintKey; 2]) {
    let key = |byte| FingerprintKey::new(&[byte; 32]).unwrap();
    ([key(1).beside(vec![key(2)]), key(2).beside(vec![key(1)])], [key(1), key(2)])
}

/// Two instances that did not know of each other's secret have each begun the same request.
#[tokio::test]
async fn of_two_that_stand_a_key_answers_and_else_the_one_that_may_come_to_something() {
    let rank = |act: &Act| match act {
        Act::Approve => 0,
        Act::Lose | Act::Refuse(_) => 1,
        _ => 2,
    };
    let acts = [Act::Approve, Act::Lose, Act::Refuse(-1), Act::Unreachable];
    let (both, alone) = secrets();
    for (first, second) in acts.iter().flat_map(|first| acts.iter().map(move |second| (first, second))) {
        if rank(first) == rank(second) {
            continue;
        }
        let billing = billing().await;
        billing.psp.will([first.clone(), second.clone()]);
        let mut answers = Vec::new();
        for secret in &alone {
            answers.push(billing.issue_key(issue_request("request-1", CARD), secret).await);
        }
        let better = if rank(first) < rank(second) { &answers[0] } else { &answers[1] };
        assert!(better.is_ok(), "{first:?} {second:?}");
        let sent = issues(&billing);
        for secret in &both {
            let again = billing.issue_key(issue_request("request-1", CARD), secret).await;
            assert_eq!(again, *better, "{first:?} {second:?}");
        }
        assert_eq!(issues(&billing), sent, "{first:?} {second:?}");
    }
}

/// What may stand under the other name, and what whoever makes way for it is told. Nothing that makes way sends its card.
fn answers(begun: &BillingKey) -> Vec<(BillingKey, Result<BillingKey, Failure>)> {
    let states =
        [KeyState::Issuing, KeyState::Prepared, KeyState::Active, KeyState::Deleting, KeyState::Deleted].into_iter();
    let refused = Refusal { code: -1, message: "한도초과".to_owned() };
    let refused = BillingKey { state: KeyState::Abandoned, refusal: Some(refused), ..begun.clone() };
    let record = Some(key_snapshot(begun.customer_uid.as_str(), MASKED));
    let others = states.map(|state| BillingKey { state, record: record.clone(), ..begun.clone() }).chain([refused]);
    let told = |other: &BillingKey| match other.state {
        KeyState::Issuing => Err(Failure::IdempotencyInProgress),
        _ => Ok(other.clone()),
    };
    others.map(|other| (other.clone(), told(&other))).collect()
}

#[tokio::test]
async fn whoever_begins_second_makes_way_and_says_what_stands_there() {
    let (both, alone) = secrets();
    for (place, secret) in both.iter().enumerate() {
        let own = on_its_way(&alone[place], CARD).await.customer_uid;
        let same = answers(&on_its_way(&alone[1 - place], CARD).await);
        let reused = answers(&on_its_way(&alone[1 - place], OTHER_CARD).await);
        let reused = reused.into_iter().map(|(other, _)| (other, Err(Failure::IdempotencyKeyReused)));
        for (other, told) in same.into_iter().chain(reused) {
            let billing = lossy().await;
            // The other appears between the look for it and the look after the own claim.
            billing.store.will([Fate::Lost]);
            billing.store.meanwhile(other.clone());
            let answer = billing.issue_key(issue_request("request-1", CARD), secret).await;
            assert_eq!(answer, told, "{:?}", other.state);
            let stored = billing.store.rows.key(&own).await.unwrap().unwrap();
            assert_eq!((stored.state, stored.due_at), (KeyState::Abandoned, None), "{:?}", other.state);
            assert!(billing.psp.world().posts.is_empty(), "{:?}", other.state);
        }
    }
}

#[tokio::test]
async fn whoever_meets_what_came_to_nothing_goes_on() {
    let (both, alone) = secrets();
    let begun = on_its_way(&alone[1], CARD).await;
    let billing = lossy().await;
    billing.store.will([Fate::Lost]);
    billing.store.meanwhile(BillingKey { state: KeyState::Abandoned, claim: None, ..begun });
    let answer = billing.issue_key(issue_request("request-1", CARD), &both[0]).await.unwrap();
    assert_eq!((answer.state, answer.customer_uid), (KeyState::Active, on_its_way(&alone[0], CARD).await.customer_uid));
    assert_eq!(billing.psp.world().posts.len(), 1);
}

#[tokio::test]
async fn two_cards_under_one_idempotency_key_are_never_one_key() {
    let billing = billing().await;
    let (both, _) = secrets();
    billing.psp.world().hesitates = true;
    let ask = |card, place: usize| billing.issue_key(issue_request("request-1", card), &both[place]);
    let (first, second) = tokio::join!(ask(CARD, 0), ask(OTHER_CARD, 1));
    // Whoever comes first.
    let told = [first, second].map(|answer| answer.map(|row| row.state));
    assert!(told.contains(&Ok(KeyState::Active)), "{told:?}");
    assert!(told.contains(&Err(Failure::IdempotencyKeyReused)), "{told:?}");
    assert_eq!(issues(&billing), 1);
}
