//! Refunds: where they go, how often they are sent, and what whoever is overtaken is told.

use billing::Money;
use billing::payment::refund::REFUNDS_MAX;
use billing::payment::{Payment, PspStatus, Refund, RefundState, State};
use billing::ports::{Clock, PaymentStore, Saved};
use billing::usecase::{Failure, RefundRequest};
use futures_util::future::join;

use crate::fixture::payments::order_1;
use crate::fixture::{Act, START, TestBilling, TestWorld, hint_of, order, refund_account, refund_request};
use crate::refund::{given_back, paid, refund};
use crate::refund_rules::in_doubt;
use crate::sweep::sweep;

const ACCOUNT: &str = "110-123-456789";

fn request(amount: &str, key: &str, account: Option<&str>) -> RefundRequest {
    RefundRequest {
        tax_free: None,
        vat_amount: None,
        account: account.map(refund_account),
        ..refund_request("order_1", amount, &format!("refund-{key}"))
    }
}

/// What became of a refund of 1 won to an account of this number: the number that it goes to, or the refusal.
async fn sent_to(billing: &TestBilling, number: &str) -> Result<String, String> {
    let sent = billing.psp.world().posts.len();
    match billing.refund(request("1", &format!("after-{sent}"), Some(number))).await {
        Ok((_, refund)) => Ok(refund.account.unwrap().account),
        Err(Failure::Invalid(invalid)) => Err(invalid.code),
        Err(other) => panic!("{number}: {other}"),
    }
}

/// So many digits that begin as a card's do, and whose last one makes them a card's or does not.
fn digits(count: usize, of_a_card: bool) -> String {
    let body = format!("4{}", "0".repeat(count - 2));
    let passes = |text: &String| billing::scrub::luhn(&text.bytes().map(|byte| byte - b'0').collect::<Vec<_>>());
    (0..10).map(|last| format!("{body}{last}")).find(|text| passes(text) == of_a_card).unwrap()
}

#[tokio::test]
async fn an_account_has_6_to_20_digits_and_of_more_than_14_none_that_are_a_cards() {
    let billing = paid().await;
    for (count, of_a_card) in (2..=24).flat_map(|count| [(count, false), (count, true)]) {
        let number = digits(count, of_a_card);
        let expected = match count {
            6..=14 => Ok(number.clone()),
            15..=19 if of_a_card => Err("sensitive_data_in_field".to_owned()),
            15..=20 => Ok(number.clone()),
            _ => Err("refund_account_invalid".to_owned()),
        };
        assert_eq!(sent_to(&billing, &number).await, expected, "{count} {of_a_card}");
    }
}

#[tokio::test]
async fn hyphens_of_an_account_do_not_count_and_nothing_else_stands_between_its_digits() {
    let billing = paid().await;
    for number in ["110-123-456789", "1-1-0-1-2-3-4-5-6-7-8-9", "-110123456789-"] {
        assert_eq!(sent_to(&billing, number).await.as_deref(), Ok("110123456789"), "{number}");
    }
    for stray in ["a", " ", ".", "١", "\u{ff11}", "\n"] {
        for number in [format!("110{stray}123456"), format!("{stray}110123"), format!("11012345678901{stray}")] {
            assert_eq!(sent_to(&billing, &number).await, Err("refund_account_invalid".to_owned()), "{number:?}");
        }
    }
    assert_eq!(sent_to(&billing, "1-2-3-4-5").await, Err("refund_account_invalid".to_owned()), "five digits");
}

/// An order that was paid twice, of which the PSP has just refused to give the second payment back without an account.
async fn owed() -> TestBilling {
    let billing = paid().await;
    billing.psp.world().account_wanted = true;
    let second = billing.psp.world().record(&order("order_1"), PspStatus::Paid, START);
    billing.notice(&hint_of(&second)).await.unwrap();
    sweep(&billing).await;
    assert!(order_1(&billing).await.refunds[0].wants_account());
    billing
}

#[tokio::test]
async fn an_account_is_used_in_the_very_second_in_which_what_was_sent_without_it_can_arrive_no_more() {
    let billing = owed().await;
    let before = order_1(&billing).await;
    let end = before.quarantine_until().unwrap();
    assert!(before.due_at.is_some_and(|due_at| due_at < end), "it would have been looked at before");
    let told = billing.refund(request("8900", "a", Some(ACCOUNT))).await.unwrap().1;
    assert_eq!((told.state, order_1(&billing).await.due_at), (RefundState::Pending, Some(end)));
    let sent = billing.psp.world().posts.len();
    while billing.host.now() < end {
        assert_eq!((sweep(&billing).await.seen, billing.psp.world().posts.len()), (0, sent));
        billing.advance(1);
    }
    sweep(&billing).await;
    assert_eq!((order_1(&billing).await.refunds[0].state, given_back(&billing)), (RefundState::Done, 8_900));
}

#[tokio::test]
async fn as_many_accounts_may_be_named_for_what_is_owed_as_a_payment_may_have_refunds_and_no_more() {
    let billing = owed().await;
    billing.psp.world().refunds_refused = true;
    for nth in 1..=REFUNDS_MAX + 2 {
        billing.advance(200);
        let told = billing.refund(request("8900", &nth.to_string(), Some(ACCOUNT))).await;
        let expected = if nth <= REFUNDS_MAX {
            Ok((State::Paid, RefundState::Pending))
        } else {
            Err(Failure::RefundOwed { amount: Money::krw(8_900) })
        };
        assert_eq!(told.map(|(row, refund)| (row.state, refund.state)), expected, "request {nth}");
    }
    assert_eq!(order_1(&billing).await.refunds[0].requests.len(), REFUNDS_MAX, "each is its own record");
}

#[tokio::test]
async fn a_refund_that_may_still_arrive_is_not_sent_again_by_who_can_look_nothing_up() {
    let billing = paid().await;
    billing.psp.will([Act::Lose]);
    refund(&billing, "900", "a").await.unwrap();
    billing.psp.world().looks_fail = true;
    let over = billing.policy.claim_seconds();
    for second in 1..=over {
        billing.advance(1);
        sweep(&billing).await;
        let sent = if second < over { 1 } else { 2 };
        assert_eq!(billing.psp.world().posts.len(), sent, "{second}");
    }
    assert_eq!((order_1(&billing).await.refunds[0].state, given_back(&billing)), (RefundState::Done, 900));
}

#[tokio::test]
async fn a_refund_that_may_have_been_made_is_not_sent_again_by_who_can_look_nothing_up() {
    let billing = in_doubt().await;
    billing.psp.world().looks_fail = true;
    let mut seen = 0;
    for _ in 0..2 * 288 {
        billing.advance(300);
        seen += sweep(&billing).await.seen;
        assert_eq!(billing.psp.world().posts.len(), 1);
    }
    assert!(seen > 0, "it was due");
    assert_eq!((order_1(&billing).await.refunds[0].state, given_back(&billing)), (RefundState::Pending, 900));
}

/// Three others write first, the last of them perhaps on top of a write of this very request.
#[tokio::test]
async fn who_is_overtaken_three_times_is_told_of_its_own_refund_or_of_none() {
    let [own, other] = ["own", "other"].map(|key| request("900", key, None));
    let own_refund = paid().await.refund(own.clone()).await.unwrap().1;
    let other_refund = paid().await.refund(other).await.unwrap().1;
    let own_refund = Refund { state: RefundState::Pending, ..own_refund };
    let refused = Refund { state: RefundState::Refused, ..other_refund };
    for stands in [true, false] {
        let billing = paid().await;
        billing.psp.world().hesitates = true;
        let others = async {
            for place in 1..=3 {
                let row = order_1(&billing).await;
                let own = (stands && place == 3).then(|| own_refund.clone());
                let refunds = std::iter::once(refused.clone()).chain(own).collect();
                let next = Payment { version: row.version + 1, refunds, due_at: Some(START), ..row };
                assert_eq!(billing.store.save(&next).await.unwrap(), Saved::Done);
                tokio::task::yield_now().await;
            }
        };
        let (told, ()) = join(billing.refund(own.clone()), others).await;
        let expected = if stands { Ok(own_refund.clone()) } else { Err(Failure::Unavailable) };
        assert_eq!(told.map(|(_, refund)| refund), expected);
        assert_eq!(billing.psp.world().posts.len(), 0, "it was never claimed");
    }
}
