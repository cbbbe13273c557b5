//! Billing keys: who may be issued, looked for, charged and deleted, to the second.

use std::collections::BTreeSet;

use billing::checkout::KeyWindow;
use billing::fingerprint::Fingerprint;
use billing::key::{BillingKey, CardCheck, KeyApplied, KeyEvidence, KeyState, apply};
use billing::payment::{Claim, Purpose, Refusal};
use billing::ports::{Clock, KeyStore, Saved};
use billing::usecase::{Caller, Failure};
use billing::{CustomerUid, Nonce, Policy, Timestamp};

use crate::fixture::{
    Act, START, TestBilling, TestWorld, billing, card_window, customer, issue_request, key_snapshot, key_state, order,
    secret,
};
use crate::sweep::look_when_due;

const CARD: &str = "4242424242424242";
const MASKED: &str = "424242******4242";

/// Seconds during which a request may still be carried out: 20 for its claim, 15 of its own, 120 for a late one.
const QUARANTINE: i64 = 155;

fn mark(text: &str) -> Nonce {
    Nonce::parse(text).unwrap()
}

fn uid() -> CustomerUid {
    CustomerUid::parse("key2").unwrap()
}

/// A key that the card form asked for at [`START`]: its card is on its way.
fn issuing() -> BillingKey {
    let claim = Claim::new(Purpose::Register, mark("f"), START, &Policy::default());
    BillingKey::issuing(uid(), customer("kim"), Fingerprint::of(&"card"), claim, START)
}

/// A key whose customer may be in the window since [`START`], for a day.
fn prepared() -> BillingKey {
    let open_until = START.plus(86_400);
    let window = KeyWindow { order: order("order_1"), window: card_window(), open_until, charges: false };
    BillingKey::prepared(uid(), customer("kim"), Fingerprint::of(&"window"), window, mark("f"), START)
}

fn in_state(row: BillingKey, state: KeyState) -> BillingKey {
    let known = matches!(state, KeyState::Checking | KeyState::Active | KeyState::Deleting | KeyState::Deleted);
    let record = known.then(|| key_snapshot("key2", MASKED));
    let check = CardCheck { amount: 100, buyer_name: None, buyer_email: None, buyer_tel: None };
    let checking = (state == KeyState::Checking).then(|| Box::new(check));
    BillingKey { state, record, checking, ..row }
}

/// Every state, of keys from the card form and from the window, and of such as nobody sends anything for.
fn rows() -> Vec<BillingKey> {
    let begun = [issuing(), prepared(), BillingKey { claim: None, ..issuing() }];
    KeyState::ALL.iter().flat_map(|state| begun.iter().map(|row| in_state(row.clone(), *state))).collect()
}

/// What may become of a request.
fn outcomes() -> Vec<KeyEvidence> {
    let refused = |code| KeyEvidence::Refused(Refusal { code, message: "거절".to_owned() });
    vec![refused(-1), refused(400), KeyEvidence::NotSent, KeyEvidence::Lost, KeyEvidence::Held]
}

/// One of every kind of evidence.
fn evidence() -> Vec<KeyEvidence> {
    let own = key_snapshot("key2", MASKED);
    let mut of_a_test_channel = own.clone();
    of_a_test_channel.sandbox = true;
    let found = [own, of_a_test_channel, key_snapshot("key3", MASKED)].map(KeyEvidence::Found);
    let refusal = Refusal { code: -1, message: "한도초과".to_owned() };
    let of_a_check = [KeyEvidence::CheckOpen, KeyEvidence::CheckPaid, KeyEvidence::CheckFailed(refusal)];
    outcomes().into_iter().chain(found).chain([KeyEvidence::Absent]).chain(of_a_check).collect()
}

fn applied(row: &BillingKey, seen: &KeyEvidence, now: Timestamp) -> KeyApplied {
    apply(row, seen, None, now, &Policy::default())
}

async fn stored(billing: &TestBilling, uid: &CustomerUid) -> BillingKey {
    billing.store.key(uid).await.unwrap().unwrap()
}

/// Lets the sweep look at a key `times` times, and says after how many seconds each time was.
async fn looked_for(billing: &TestBilling, uid: &CustomerUid, times: usize) -> Vec<i64> {
    let begun = billing.host.now();
    let looks = look_when_due(billing, times, async || stored(billing, uid).await.due_at).await;
    looks.into_iter().map(|at| at.0 - begun.0).collect()
}

#[test]
fn a_state_has_one_name_in_rows_and_replies() {
    assert_eq!(
        KeyState::ALL.map(KeyState::name),
        ["prepared", "issuing", "checking", "active", "deleting", "deleted", "abandoned"],
        "openapi.yaml"
    );
    for state in KeyState::ALL {
        assert_eq!(serde_json::to_value(state).unwrap(), state.name());
    }
}

#[test]
fn a_key_that_somebody_waits_for_is_never_written_without_a_time_to_look_for_it() {
    for row in rows() {
        let open = [KeyState::Prepared, KeyState::Issuing, KeyState::Checking, KeyState::Deleting];
        let waited_for = open.contains(&row.state);
        let at_rest = BillingKey { due_at: None, ..row.clone() };
        assert_eq!(at_rest.check().is_err(), waited_for, "{:?}", row.state);
        let due = BillingKey { due_at: Some(START), ..row };
        assert_eq!(due.check(), Ok(()));
    }
}

#[test]
fn a_key_is_active_only_by_the_psps_record_and_by_none_but_its_own() {
    for row in rows() {
        let without = BillingKey { record: None, ..row.clone() };
        let of_the_psps = matches!(row.state, KeyState::Checking | KeyState::Active);
        assert_eq!(without.check().is_err(), of_the_psps, "{:?}", row.state);
        let anothers = BillingKey { record: Some(key_snapshot("key3", MASKED)), ..row };
        assert!(anothers.check().is_err(), "{:?}", anothers.state);
    }
}

#[test]
fn whatever_is_learnt_leaves_a_row_that_keeps_the_rules_and_says_when_it_changed() {
    let mut changes = BTreeSet::new();
    for row in rows() {
        for seen in evidence() {
            for now in [1, QUARANTINE, 600, 90_000].map(|seconds| START.plus(seconds)) {
                let after = applied(&row, &seen, now).row;
                assert_eq!(after.check(), Ok(()), "{:?} by {seen:?}", row.state);
                let changed = BillingKey { updated_at: row.updated_at, ..after.clone() } != row;
                changes.insert(changed);
                let expected = if changed { now } else { row.updated_at };
                assert_eq!(after.updated_at, expected, "{:?} by {seen:?}", row.state);
            }
        }
    }
    assert_eq!(changes.len(), 2, "news and no news");
}

#[test]
fn what_became_of_a_request_says_nothing_of_one_under_another_claim() {
    let policy = Policy::default();
    for row in rows() {
        for seen in outcomes() {
            let nothing = KeyApplied { row: row.clone(), alarms: Vec::new(), delete_orphan: false };
            let now = START.plus(1);
            assert_eq!(apply(&row, &seen, Some(&mark("e")), now, &policy), nothing, "{:?} by {seen:?}", row.state);
        }
    }
    let never_left = apply(&issuing(), &KeyEvidence::NotSent, Some(&mark("f")), START.plus(1), &policy);
    assert_eq!(never_left.row.state, KeyState::Abandoned, "and of its own it does");
}

#[test]
fn a_window_is_opened_for_a_day_and_waited_for_an_hour_longer_and_only_while_the_key_is_prepared() {
    for row in rows() {
        let in_the_window = row.state == KeyState::Prepared && row.window.is_some();
        for (seconds, opens, waits) in [
            (0, true, true),
            (86_399, true, true),
            (86_400, false, true),
            (86_401, false, true),
            (89_999, false, true),
            (90_000, false, false),
            (90_001, false, false),
        ] {
            let now = START.plus(seconds);
            let told = (row.is_issuable(now), row.waits(now));
            assert_eq!(told, (opens && in_the_window, waits && in_the_window), "{:?} after {seconds} s", row.state);
        }
    }
}

#[tokio::test]
async fn a_key_in_the_window_is_looked_for_after_10_and_30_minutes_two_hours_and_every_six_until_the_end() {
    let billing = billing().await;
    assert_eq!(billing.store.insert_key(&prepared()).await, Ok(Saved::Done));
    let looks = looked_for(&billing, &uid(), 6).await;
    assert_eq!(looks, [600, 2_400, 9_600, 31_200, 52_800, 74_400]);
    assert_eq!(key_state(&billing, "key2").await, KeyState::Prepared, "none of them gave it up");
    looked_for(&billing, &uid(), 1).await;
    assert_eq!(billing.host.now(), START.plus(90_000), "nobody can be in the window any more");
    let row = stored(&billing, &uid()).await;
    assert_eq!((row.state, row.due_at), (KeyState::Abandoned, None));
}

#[test]
fn a_look_before_its_time_does_not_move_a_windows_calendar() {
    let row = prepared();
    for seen in [KeyEvidence::Absent, KeyEvidence::Found(key_snapshot("key3", MASKED))] {
        for seconds in 0..600 {
            assert_eq!(applied(&row, &seen, START.plus(seconds)).row, row, "{seen:?} after {seconds} s");
        }
        for now in [600, 601].map(|seconds| START.plus(seconds)) {
            assert_eq!(applied(&row, &seen, now).row.due_at, Some(now.plus(1_800)), "{seen:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_issue_is_looked_for_soon_and_in_the_moment_when_nothing_can_arrive_any_more() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    let lost = billing.issue_key(issue_request("request-1", CARD), &secret()).await.unwrap().customer_uid;
    assert_eq!(looked_for(&billing, &lost, 3).await, [10, 70, QUARANTINE]);
    let row = stored(&billing, &lost).await;
    assert_eq!((row.state, row.due_at), (KeyState::Abandoned, None));
}

#[test]
fn nothing_found_ends_an_issue_only_once_its_request_cannot_be_carried_out_any_more() {
    let refusal = KeyEvidence::Refused(Refusal { code: -1, message: "거절".to_owned() });
    let refused = applied(&issuing(), &refusal, START.plus(1)).row;
    let end = START.plus(QUARANTINE);
    for row in [issuing(), refused] {
        for now in (1..QUARANTINE).map(|seconds| START.plus(seconds)) {
            let after = applied(&row, &KeyEvidence::Absent, now).row;
            assert_eq!((after.state, after.claim.is_some()), (row.state, true), "{now:?}");
            assert!(after.due_at.is_some_and(|due_at| now < due_at && due_at <= end), "{now:?}: {:?}", after.due_at);
        }
        for now in [end, end.plus(1)] {
            let after = applied(&row, &KeyEvidence::Absent, now).row;
            assert_eq!((after.state, after.due_at, after.claim), (KeyState::Abandoned, None, None), "{now:?}");
            assert_eq!(after.refusal, row.refusal, "why stays");
        }
    }
}

#[tokio::test]
async fn a_key_that_is_missing_is_deleted_after_ten_minutes_however_often_somebody_looks_before() {
    let billing = billing().await;
    let (kim, key) = (Caller::Customer(customer("kim")), CustomerUid::parse("key1").unwrap());
    billing.psp.world().keys.remove("key1");
    for _ in 0..600 {
        assert_eq!(billing.confirm_key(&kim, "key1").await.map(|row| row.state), Ok(KeyState::Active));
        let row = stored(&billing, &key).await;
        assert_eq!((row.missing_since, row.due_at), (Some(START), Some(START.plus(600))));
        billing.advance(1);
    }
    assert!(billing.alarms().is_empty());
    assert_eq!(billing.confirm_key(&kim, "key1").await, Err(Failure::KeyInactive));
    assert_eq!((key_state(&billing, "key1").await, billing.alarms()), (KeyState::Deleted, vec!["key_gone"]));
}
