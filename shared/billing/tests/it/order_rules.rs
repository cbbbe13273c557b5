//! Orders: what an amount, a tax part and a word of Iamport's may be.

use billing::order::{CashReceiptType, Details, Order, ProductType};
use billing::{Money, Policy};

use crate::fixture::order;

/// Why an order is refused, if it is.
fn refusal(amount: u64, details: Details, policy: &Policy) -> Option<String> {
    let order = Order { amount: Money::krw(amount), details, ..order("order_1") };
    order.checked(policy).err().map(|invalid| invalid.code)
}

#[test]
fn an_amount_is_from_one_up_to_the_merchants_limit() {
    for limit in 1..=20 {
        let policy = Policy { amount_max_minor: limit, ..Policy::default() };
        let code = |amount| refusal(amount, Details::default(), &policy);
        assert_eq!(code(0).as_deref(), Some("amount_invalid"));
        for amount in 1..=limit {
            assert_eq!(code(amount), None, "{amount}, up to {limit}");
        }
        for amount in [limit + 1, limit + 2, u64::MAX] {
            assert_eq!(code(amount).as_deref(), Some("amount_out_of_range"), "{amount}, up to {limit}");
        }
    }
}

#[test]
fn a_tax_part_is_nothing_all_of_the_amount_or_something_between_and_names_itself_if_it_is_more() {
    type With = fn(u64) -> Details;
    let parts: [(&str, With); 2] = [
        ("tax_free", |part| Details { tax_free: Some(part), ..Details::default() }),
        ("vat_amount", |part| Details { vat_amount: Some(part), ..Details::default() }),
    ];
    for (field, with) in parts {
        for amount in 1..=20 {
            for part in 0..=amount {
                assert_eq!(refusal(amount, with(part), &Policy::default()), None, "{field} {part} of {amount}");
            }
            for part in [amount + 1, amount + 2, u64::MAX] {
                let code = refusal(amount, with(part), &Policy::default());
                assert_eq!(code, Some(format!("{field}_invalid")), "{part} of {amount}");
            }
        }
    }
}

#[test]
fn iamports_words_are_read_as_rows_spell_them_and_no_others() {
    let goods = [("real", ProductType::Real), ("digital", ProductType::Digital)];
    for (word, value) in goods {
        assert_eq!(ProductType::parse(word), Ok(value));
        assert_eq!(serde_json::to_value(value).unwrap(), word);
    }
    let receipts = [
        ("person", CashReceiptType::Person),
        ("company", CashReceiptType::Company),
        ("anonymous", CashReceiptType::Anonymous),
    ];
    for (word, value) in receipts {
        assert_eq!(CashReceiptType::parse(word), Ok(value));
        assert_eq!(serde_json::to_value(value).unwrap(), word);
    }
    for other in ["", "Real", "PERSON", "real ", "nobody"] {
        assert_eq!(ProductType::parse(other).unwrap_err().code, "product_type_invalid");
        assert_eq!(CashReceiptType::parse(other).unwrap_err().code, "cash_receipt_type_invalid");
    }
}
