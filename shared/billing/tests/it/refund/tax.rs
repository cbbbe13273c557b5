//! The parts that tax is counted by: what a payment named is given back by the same parts, to the last won.

use billing::Money;
use billing::order::Details;
use billing::payment::refund::Origin;
use billing::payment::refund::tax::asked;
use billing::payment::{PaymentSnapshot, PspStatus, Refund, RefundState, State, TaxParts};
use billing::ports::{Clock, PaymentStore};
use billing::usecase::{Failure, RefundRequest};
use proptest::prelude::*;

use super::{paid_again, request};
use crate::fixture::payments::order_1;
use crate::fixture::{START, TestBilling, TestWorld, billing, order, refund_account};

const NONE: TaxParts = TaxParts { tax_free: None, vat_amount: None };

fn parts(tax_free: u64, vat_amount: u64) -> TaxParts {
    TaxParts { tax_free: Some(tax_free), vat_amount: Some(vat_amount) }
}

fn named(of: TaxParts) -> Details {
    Details { tax_free: of.tax_free, vat_amount: of.vat_amount, ..Details::default() }
}

/// A world in which an order of 8,900 won was paid that names these parts.
async fn paid_with(of: TaxParts) -> TestBilling {
    let billing = billing().await;
    billing.charge(billing::order::Order { details: named(of), ..order("order_1") }, None).await.unwrap();
    billing
}

/// A refund of so much; what is not named is left to be found.
fn naming(amount: &str, key: &str, of: TaxParts) -> RefundRequest {
    let text = |part: Option<u64>| part.map(|won| won.to_string());
    RefundRequest { tax_free: text(of.tax_free), vat_amount: text(of.vat_amount), ..request(amount, key) }
}

/// What a refund came to: its parts, or the code of why not.
async fn of_parts(billing: &TestBilling, amount: &str, key: &str, of: TaxParts) -> Result<TaxParts, String> {
    match billing.refund(naming(amount, key, of)).await {
        Ok((_, refund)) => Ok(refund.parts),
        Err(Failure::Invalid(invalid)) => Err(invalid.code),
        Err(other) => panic!("{other:?}"),
    }
}

/// Somebody gives so much back in the console, and a notice tells of it.
async fn given_back_elsewhere(billing: &TestBilling, amount: u64) {
    let record = {
        let mut world = billing.psp.world();
        let record = world.payments.get_mut("order_1").unwrap().last_mut().unwrap();
        (record.cancel_amount, record.cancelled_at) = (record.cancel_amount + amount, Some(START));
        record.clone()
    };
    billing.notice(&crate::fixture::hint_of(&record)).await.unwrap();
}

#[tokio::test]
async fn all_that_is_left_goes_back_by_the_parts_that_are_left_without_their_being_named() {
    let billing = paid_with(parts(2_900, 545)).await;
    assert_eq!(of_parts(&billing, "8900", "a", NONE).await, Ok(parts(2_900, 545)));
    let billing = paid_with(parts(2_900, 545)).await;
    assert_eq!(of_parts(&billing, "900", "a", parts(600, 27)).await, Ok(parts(600, 27)));
    assert_eq!(of_parts(&billing, "8000", "b", NONE).await, Ok(parts(2_300, 518)));
    assert_eq!(billing.psp.world().cancelled, [parts(600, 27), parts(2_300, 518)], "and that is what is sent");
}

#[tokio::test]
async fn a_payment_without_parts_is_given_back_without_any() {
    let billing = paid_with(NONE).await;
    assert_eq!(of_parts(&billing, "900", "a", NONE).await, Ok(NONE));
    assert_eq!(
        of_parts(&billing, "900", "b", TaxParts { tax_free: Some(1), ..NONE }).await,
        Err("tax_free_invalid".to_owned())
    );
    assert_eq!(
        of_parts(&billing, "900", "b", TaxParts { vat_amount: Some(0), ..NONE }).await,
        Err("vat_amount_invalid".to_owned())
    );
    assert_eq!(
        of_parts(&billing, "8000", "b", TaxParts { tax_free: Some(0), ..NONE }).await,
        Ok(NONE),
        "which is no part"
    );
}

#[tokio::test]
async fn a_part_of_a_payment_that_is_all_of_one_kind_needs_no_parts() {
    let all_free = TaxParts { tax_free: Some(8_900), ..NONE };
    let billing = paid_with(all_free).await;
    assert_eq!(of_parts(&billing, "900", "a", NONE).await, Ok(TaxParts { tax_free: Some(900), ..NONE }));
    let billing = paid_with(parts(0, 809)).await;
    assert_eq!(of_parts(&billing, "900", "a", NONE).await, Ok(parts(0, 81)), "the same share of tax");
    assert_eq!(of_parts(&billing, "8000", "b", NONE).await, Ok(parts(0, 728)));
}

#[tokio::test]
async fn a_part_of_a_payment_of_two_kinds_has_to_say_how_much_is_free_of_tax() {
    let billing = paid_with(parts(2_900, 545)).await;
    let before = order_1(&billing).await;
    for (of, code) in [
        (NONE, "tax_free_required"),
        (TaxParts { tax_free: Some(901), ..NONE }, "tax_free_invalid"),
        (parts(0, 901), "vat_amount_invalid"),
        (parts(900, 1), "vat_amount_invalid"),
    ] {
        assert_eq!(of_parts(&billing, "900", "a", of).await, Err(code.to_owned()), "{of:?}");
    }
    for (amount, tax_free) in [("6000", 2_901), ("6001", 0), ("8900", 2_899)] {
        let of = TaxParts { tax_free: Some(tax_free), ..NONE };
        assert_eq!(of_parts(&billing, amount, "a", of).await, Err("tax_free_invalid".to_owned()), "{amount}");
    }
    assert_eq!((&order_1(&billing).await, billing.psp.world().cancelled.len()), (&before, 0), "nothing is written");
    for text in ["1.5", "-1", "1e2", "x"] {
        let asked = RefundRequest { tax_free: Some(text.to_owned()), ..request("900", "a") };
        let Err(Failure::Invalid(invalid)) = billing.refund(asked).await else { panic!("{text}") };
        assert_eq!(invalid.code, "tax_free_invalid", "{text}");
    }
}

#[tokio::test]
async fn the_parts_are_of_the_request_that_a_key_stands_for() {
    let billing = paid_with(parts(2_900, 545)).await;
    let of = parts(600, 27);
    for _ in 0..2 {
        assert_eq!(of_parts(&billing, "900", "a", of).await, Ok(of));
    }
    for other in [NONE, parts(599, 27), parts(600, 26)] {
        assert_eq!(
            billing.refund(naming("900", "a", other)).await.err(),
            Some(Failure::IdempotencyKeyReused),
            "{other:?}"
        );
    }
    assert_eq!(billing.psp.world().cancelled, [of]);
}

#[tokio::test]
async fn what_goes_back_by_itself_has_its_parts_too() {
    let billing = paid_with(parts(2_900, 545)).await;
    paid_again(&billing, billing.host.now().plus(1)).await;
    billing.advance(60);
    crate::sweep::sweep(&billing).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.refunds.len()), (State::Paid, 1));
    assert_eq!((row.refunds[0].state, row.refunds[0].parts), (RefundState::Done, parts(2_900, 545)));
    assert_eq!(billing.psp.world().cancelled, [parts(2_900, 545)]);
}

#[tokio::test]
async fn what_was_given_back_elsewhere_may_have_been_of_any_part() {
    let billing = paid_with(parts(2_900, 545)).await;
    given_back_elsewhere(&billing, 1_900).await;
    assert_eq!(of_parts(&billing, "7000", "a", NONE).await, Err("tax_free_required".to_owned()));
    // All of the rest of the taxed part at most, and so much of the other at least.
    let of = |tax_free| TaxParts { tax_free: Some(tax_free), ..NONE };
    for beyond in [999, 2_901] {
        assert_eq!(of_parts(&billing, "7000", "a", of(beyond)).await, Err("tax_free_invalid".to_owned()), "{beyond}");
    }
    assert_eq!(of_parts(&billing, "7000", "a", of(1_000)).await, Ok(parts(1_000, 545)));
}

#[tokio::test]
async fn a_refund_that_is_owed_keeps_its_parts_when_an_account_is_named_for_it() {
    let billing = paid_with(parts(2_900, 545)).await;
    billing.psp.world().account_wanted = true;
    paid_again(&billing, billing.host.now().plus(1)).await;
    billing.advance(60);
    crate::sweep::sweep(&billing).await;
    let to_account = |of| RefundRequest { account: Some(refund_account("110123456789")), ..naming("8900", "a", of) };
    for (other, code) in [(parts(2_899, 545), "tax_free_invalid"), (parts(2_900, 0), "vat_amount_invalid")] {
        let Err(Failure::Invalid(invalid)) = billing.refund(to_account(other)).await else { panic!("{other:?}") };
        assert_eq!(invalid.code, code);
    }
    let (_, refund) = billing.refund(to_account(parts(2_900, 545))).await.unwrap();
    assert_eq!(refund.parts, parts(2_900, 545));
}

#[tokio::test]
async fn a_refund_that_is_owed_and_refused_may_be_tried_by_the_parts_that_a_request_names() {
    let billing = paid_with(parts(2_900, 545)).await;
    // All that was taxed is given back in the console, and nobody says of which part it was.
    given_back_elsewhere(&billing, 6_000).await;
    let (mut row, like) = (order_1(&billing).await, one_refund().await.0);
    let imp_uid = row.imp_uid().unwrap().clone();
    let (state, origin) = (RefundState::Pending, Origin::Unwanted);
    let id = "auto1".to_owned();
    let owed = Refund { id, imp_uid, origin, state, amount: 2_900, checksum: 2_900, requests: Vec::new(), ..like };
    row.refunds.push(owed);
    (row.version, row.due_at) = (row.version + 1, Some(START));
    billing.store.save(&row).await.unwrap();
    billing.psp.world().refunds_refused = true;
    billing.advance(600);
    crate::sweep::sweep(&billing).await;
    let refused = order_1(&billing).await.refunds[0].clone();
    assert!(refused.refusal.is_some() && refused.parts.tax_free < Some(2_900), "{refused:?}");
    billing.psp.world().refunds_refused = false;
    billing.advance(600);
    assert_eq!(of_parts(&billing, "2900", "b", parts(2_901, 0)).await, Err("tax_free_invalid".to_owned()));
    let named = parts(2_900, 0);
    assert_eq!(of_parts(&billing, "2900", "a", named).await, Ok(named));
    assert_eq!((order_1(&billing).await.state, billing.psp.world().cancelled.last()), (State::Refunded, Some(&named)));
}

/// Independent books of one payment, by parts.
#[derive(Debug, Clone, Copy)]
struct Books {
    free: u64,
    taxed: u64,
    vat: u64,
}

impl Books {
    fn takes(&self, amount: u64, of: TaxParts) -> bool {
        let (free, vat) = (of.tax_free.unwrap(), of.vat_amount.unwrap());
        let taxed = amount.checked_sub(free);
        free <= self.free
            && taxed.is_some_and(|taxed| {
                taxed <= self.taxed && vat <= self.vat && vat <= taxed && self.vat - vat <= self.taxed - taxed
            })
    }

    fn take(&mut self, amount: u64, of: TaxParts) {
        let (free, vat) = (of.tax_free.unwrap(), of.vat_amount.unwrap());
        *self = Self { free: self.free - free, taxed: self.taxed - (amount - free), vat: self.vat - vat };
    }

    /// In how many ways so much can be split into what is free of tax and what is not.
    fn ways(&self, amount: u64) -> u64 {
        self.free.min(amount) - amount.saturating_sub(self.taxed) + 1
    }
}

fn made(like: &Refund, amount: u64, of: TaxParts) -> Refund {
    Refund { amount, parts: of, state: RefundState::Done, ..like.clone() }
}

async fn one_refund() -> (Refund, PaymentSnapshot) {
    let billing = paid_with(NONE).await;
    let (row, refund) = billing.refund(request("1", "a")).await.unwrap();
    (refund, row.record.unwrap())
}

fn any_refund() -> (Refund, PaymentSnapshot) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(one_refund())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn the_parts_of_a_payment_and_of_its_refunds_add_up(
        free in 0_u64..60, taxed in 0_u64..60, vat_share in 0_u64..=10,
        tries in prop::collection::vec((1_u64..60, prop::option::of(0_u64..60), prop::option::of(0_u64..20)), 1..9),
    ) {
        let (like, record) = {
            static ONE: std::sync::OnceLock<(Refund, PaymentSnapshot)> = std::sync::OnceLock::new();
            ONE.get_or_init(any_refund).clone()
        };
        let vat = taxed * vat_share / 10;
        let details = named(parts(free, vat));
        let mut books = Books { free, taxed, vat };
        let mut refunds = Vec::new();
        for (amount, tax_free, vat_amount) in tries {
            let left = books.free + books.taxed;
            if left == 0 {
                break;
            }
            let amount = amount.min(left);
            let record = PaymentSnapshot {
                status: PspStatus::Paid, amount: Money::krw(free + taxed), cancel_amount: free + taxed - left, ..record.clone()
            };
            match asked(&details, &refunds, &record, amount, TaxParts { tax_free, vat_amount }) {
                Ok(of) => {
                    prop_assert!(books.takes(amount, of), "{of:?} of {amount} out of {books:?}");
                    prop_assert!(tax_free.is_none_or(|named| of.tax_free == Some(named)));
                    prop_assert!(vat_amount.is_none_or(|named| of.vat_amount == Some(named)));
                    prop_assert!(tax_free.is_some() || books.ways(amount) == 1, "nobody has said which");
                    books.take(amount, of);
                    refunds.push(made(&like, amount, of));
                }
                Err(invalid) if invalid.code == "tax_free_required" => {
                    prop_assert!(tax_free.is_none() && books.ways(amount) > 1);
                }
                Err(invalid) => {
                    let free = tax_free.unwrap_or(amount.saturating_sub(books.taxed));
                    let named = |vat| books.takes(amount, parts(free, vat));
                    let possible = match (invalid.code.as_str(), vat_amount) {
                        ("vat_amount_invalid", Some(vat)) => named(vat),
                        ("tax_free_invalid", _) => (0..=books.vat).any(named),
                        (other, _) => panic!("{other}"),
                    };
                    prop_assert!(!possible, "{} refused of {amount} out of {books:?}", invalid.code);
                }
            }
        }
        // Whatever was given back before, all of the rest is of what is left.
        let left = books.free + books.taxed;
        if left > 0 {
            let record = PaymentSnapshot { amount: Money::krw(free + taxed), cancel_amount: free + taxed - left, ..record };
            let rest = asked(&details, &refunds, &record, left, NONE).unwrap();
            prop_assert_eq!(rest, parts(books.free, books.vat));
        }
    }
}
