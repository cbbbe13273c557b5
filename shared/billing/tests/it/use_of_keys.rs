//! Use cases of billing keys: issuing, listing, deleting, and what is scheduled on them.

mod begun;
mod deleted;
mod moved;

use billing::CustomerUid;
use billing::fingerprint::FingerprintKey;
use billing::key::{BillingKey, KeyState};
use billing::ports::{CardHolder, KeyStore, PaymentStore, Saved};
use billing::usecase::{Billing, Failure, IssueKey, check_idempotency_key};

use crate::fixture::{
    Act, TestBilling, TestHost, TestPsp, TestWorld, billing, issue_request, key_snapshot, key_state, secret, uid,
};

const CARD: &str = "4242424242424242";
const OTHER_CARD: &str = "5555555555554444";
const MASKED: &str = "424242******4242";
const DAY: i64 = 86_400;

/// Seconds during which a request may still be carried out: 20 for its claim, 15 of its own, 120 for a late one.
const QUARANTINE: i64 = 155;

/// Two active keys of `kim` besides `key1`.
async fn two_more<S: KeyStore + PaymentStore>(billing: &Billing<TestPsp, S, TestHost>) -> [CustomerUid; 2] {
    let mut more = Vec::new();
    for name in ["second-card", "third-card"] {
        let row = billing.issue_key(issue_request(name, OTHER_CARD), &secret()).await.unwrap();
        more.push(row.customer_uid);
    }
    billing.psp.world().posts.clear();
    more.try_into().unwrap()
}

async fn stored(billing: &TestBilling, name: &str) -> BillingKey {
    billing.store.key(&uid(name)).await.unwrap().unwrap()
}

/// The row of `request-1` as it stands while its card is on its way.
async fn on_its_way(secret: &FingerprintKey, card: &str) -> BillingKey {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    let row = billing.issue_key(issue_request("request-1", card), secret).await.unwrap();
    BillingKey { version: 1, outcome_unknown: false, ..row }
}

/// A world in which that row stands as it was left by somebody.
async fn left_as(row: &BillingKey) -> TestBilling {
    let billing = billing().await;
    assert_eq!(billing.store.insert_key(row).await, Ok(Saved::Done));
    billing
}

async fn asked_again(billing: &TestBilling) -> Result<BillingKey, Failure> {
    billing.issue_key(issue_request("request-1", CARD), &secret()).await
}

fn issues(billing: &TestBilling) -> usize {
    billing.psp.world().posts.iter().filter(|post| post.starts_with("issue")).count()
}

#[test]
fn an_idempotency_key_is_of_8_to_255_visible_ascii_characters_and_no_comma() {
    let checked = |key: &str| check_idempotency_key(key).map_err(|invalid| invalid.code);
    let expected = |right: bool| if right { Ok(()) } else { Err("idempotency_key_invalid".to_owned()) };
    for length in 0..=600 {
        assert_eq!(checked(&"a".repeat(length)), expected((8..=255).contains(&length)), "{length}");
    }
    for character in ('\0'..='\u{ff}').chain(['가', '😀']) {
        let key = format!("request-{character}-1");
        assert_eq!(checked(&key), expected(('!'..='~').contains(&character) && character != ','), "{character:?}");
    }
    assert_eq!(checked("request-가"), expected(false));
    assert_eq!(checked("request-4242424242424242"), Err("sensitive_data_in_url".to_owned()));
}

#[tokio::test]
async fn a_card_under_a_name_that_is_no_idempotency_key_is_not_sent() {
    let billing = billing().await;
    for name in ["", "short", "with a space", "request-4242424242424242"] {
        let refused = billing.issue_key(issue_request(name, CARD), &secret()).await;
        assert!(
            matches!(&refused, Err(Failure::Invalid(invalid)) if invalid.field == "Idempotency-Key"),
            "{refused:?}"
        );
    }
    assert_eq!(issues(&billing), 0);
}

/// A request whose form says something about the holder in one field.
fn held_by(name: &str, field: &str, text: &str) -> IssueKey {
    let mut holder = CardHolder::default();
    let place = match field {
        "customer_name" => &mut holder.customer_name,
        "customer_tel" => &mut holder.customer_tel,
        "customer_email" => &mut holder.customer_email,
        "customer_addr" => &mut holder.customer_addr,
        "customer_postcode" => &mut holder.customer_postcode,
        other => panic!("{other}"),
    };
    *place = Some(text.to_owned());
    IssueKey { holder, ..issue_request(name, CARD) }
}

#[tokio::test]
async fn what_a_form_says_about_the_holder_is_checked_and_is_part_of_the_request() {
    let billing = billing().await;
    for (field, longest, too_long) in [
        ("customer_name", "가".repeat(20), "가".repeat(21)),
        ("customer_tel", format!("{:)<20}", "010-1234-5678"), format!("{:)<21}", "010-1234-5678")),
        ("customer_email", format!("{}@shop.kr", "a".repeat(192)), format!("{}@shop.kr", "a".repeat(193))),
        ("customer_addr", "가".repeat(200), "가".repeat(201)),
        ("customer_postcode", "06236-06".to_owned(), "06236-061".to_owned()),
    ] {
        let before = issues(&billing);
        for text in [too_long.as_str(), "", "line\nbreak"] {
            let refused = billing.issue_key(held_by(field, field, text), &secret()).await;
            let Err(Failure::Invalid(invalid)) = refused else { panic!("{field} {text:?}: {refused:?}") };
            assert_eq!((invalid.field.as_str(), invalid.code), (field, format!("{field}_invalid")));
        }
        assert_eq!(issues(&billing), before, "nothing of it was sent");
        let issued = billing.issue_key(held_by(field, field, &longest), &secret()).await.unwrap();
        assert_eq!(issued.state, KeyState::Active, "{field}");
        assert_eq!(billing.issue_key(held_by(field, field, &longest), &secret()).await, Ok(issued), "{field}");
        let of_nobody = billing.issue_key(issue_request(field, CARD), &secret()).await;
        assert_eq!(of_nobody, Err(Failure::IdempotencyKeyReused), "{field}");
        assert_eq!(issues(&billing), before + 1, "{field}");
    }
    let spelt = ["010-1234-5678", "01012345678"].map(|tel| held_by("request-1", "customer_tel", tel));
    let [first, again] = spelt.map(|request| async { billing.issue_key(request, &secret()).await });
    assert_eq!(first.await, again.await, "however it is spelt");
}

#[tokio::test]
async fn a_repeat_is_in_progress_for_half_a_minute_and_pending_from_then_on() {
    let begun = on_its_way(&secret(), CARD).await;
    for outcome_unknown in [false, true] {
        let begun = BillingKey { outcome_unknown, ..begun.clone() };
        let billing = left_as(&begun).await;
        for second in 0..=QUARANTINE {
            let being_sent = second < 30 && !outcome_unknown;
            let expected = if being_sent { Err(Failure::IdempotencyInProgress) } else { Ok(begun.clone()) };
            assert_eq!(asked_again(&billing).await, expected, "after {second} s");
            billing.advance(1);
        }
        assert_eq!(issues(&billing), 0, "the sweep finds out what became of it");
    }
}

/// Nothing that runs now leaves such a row. Should one stand there all the same, its card is not sent twice.
#[tokio::test]
async fn a_card_that_nobody_refused_is_not_sent_again_while_it_may_be_under_way() {
    let begun = on_its_way(&secret(), CARD).await;
    let billing = left_as(&BillingKey { state: KeyState::Abandoned, ..begun }).await;
    for second in 0..QUARANTINE {
        assert_eq!(asked_again(&billing).await, Err(Failure::IdempotencyInProgress), "after {second} s");
        billing.advance(1);
    }
    assert_eq!(issues(&billing), 0);
    assert_eq!(asked_again(&billing).await.map(|row| row.state), Ok(KeyState::Active));
    assert_eq!(issues(&billing), 1);
}

#[tokio::test]
async fn a_card_that_went_to_a_test_channel_is_a_key_only_where_those_are_accepted() {
    let named = on_its_way(&secret(), CARD).await.customer_uid;
    let mut on_test_channel = key_snapshot(named.as_str(), MASKED);
    on_test_channel.sandbox = true;
    for act in [Act::Lose, Act::GarbleAndLose, Act::Refuse(-1)] {
        for accepted in [false, true] {
            let mut billing = billing().await;
            billing.policy.accept_sandbox_payments = accepted;
            billing.psp.world().keys.insert(named.to_string(), on_test_channel.clone());
            billing.psp.will([act.clone()]);
            let issued = asked_again(&billing).await.map(|row| row.state);
            let (answer, state) = match accepted {
                true => (Ok(KeyState::Active), KeyState::Active),
                false => (Err(Failure::UpstreamMismatch), KeyState::Abandoned),
            };
            assert_eq!((issued, key_state(&billing, named.as_str()).await), (answer, state), "{act:?}");
        }
    }
}
