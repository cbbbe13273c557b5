//! Orders and card forms out of JSON bodies: the fields that more than one function reads.

use billing::card::{Birth, Card, CardNumber, Cvc, Expiry, Pwd2Digit};
use billing::order::{CashReceiptType, Details, Order, ProductType};
use billing::ports::CardHolder;
use billing::usecase::Caller;
use billing::{Currency, CustomerId, CustomerUid, Invalid, MerchantUid, Money, Timestamp};

use super::Object;

/// Takes an order's fields out of `object`, in Iamport's spelling or the seed's (`carf_quota`, `buyer_post`). Whether
/// they keep the rules is checked by the domain.
///
/// # Errors
/// The first field that is missing or of the wrong form.
pub fn order(object: &mut Object, customer_uid: CustomerUid) -> Result<Order, Invalid> {
    Ok(Order { customer_uid: Some(customer_uid), ..order_without_key(object)? })
}

/// The same for a key that has no name yet.
///
/// # Errors
/// As above.
pub fn order_without_key(object: &mut Object) -> Result<Order, Invalid> {
    let merchant_uid = object.required("merchant_uid", MerchantUid::parse)?;
    let currency = currency(object)?;
    let amount = money(object, "amount", currency)?.ok_or_else(|| object.missing("amount"))?;
    let name = object.required_text("name")?;
    let details = details(object, currency)?;
    Ok(Order { merchant_uid, customer_uid: None, amount, name, details })
}

/// What may be said of a payment on a billing key.
pub(super) fn details(object: &mut Object, currency: Currency) -> Result<Details, Invalid> {
    object.alias("carf_quota", "card_quota")?;
    Ok(Details {
        card_quota: object.integer("card_quota")?,
        interest_free_by_merchant: object.flag("interest_free_by_merchant")?,
        use_card_point: object.flag("use_card_point")?,
        product_type: object.optional("product_type", ProductType::parse)?,
        product_count: object.integer("product_count")?,
        cash_receipt_type: object.optional("cash_receipt_type", CashReceiptType::parse)?,
        browser_ip: object.text("browser_ip")?,
        naver_use_cfm: naver_use_cfm(object)?,
        ..common(object, currency)?
    })
}

/// What may be said of every payment, however it is made: its tax, its buyer, and the storefront's own data.
pub(super) fn common(object: &mut Object, currency: Currency) -> Result<Details, Invalid> {
    object.alias("buyer_post", "buyer_postcode")?;
    Ok(Details {
        tax_free: money(object, "tax_free", currency)?.map(|part| part.minor),
        vat_amount: money(object, "vat_amount", currency)?.map(|part| part.minor),
        buyer_name: object.text("buyer_name")?,
        buyer_email: object.text("buyer_email")?,
        buyer_tel: object.text("buyer_tel")?,
        buyer_addr: object.text("buyer_addr")?,
        buyer_postcode: object.text("buyer_postcode")?,
        custom_data: object.text_or_json("custom_data")?,
        ..Details::default()
    })
}

/// Won unless another currency is named; `null` names none.
pub(super) fn currency(object: &mut Object) -> Result<Currency, Invalid> {
    if object.is_null("currency") {
        let named = Invalid::new("currency", "currency_unsupported", "an upper-case ISO code such as KRW");
        return Err(object.placed(named));
    }
    Ok(object.optional("currency", str::parse)?.unwrap_or(Currency::Krw))
}

pub(super) fn money(object: &mut Object, name: &str, currency: Currency) -> Result<Option<Money>, Invalid> {
    let text = object.number(name)?;
    text.map(|text| Money::parse(name, &text, currency)).transpose().map_err(|invalid| object.placed(invalid))
}

/// `extra: {naverUseCfm}`, or the seed's dotted `extra.naverUseCfm`.
fn naver_use_cfm(object: &mut Object) -> Result<Option<String>, Invalid> {
    let dotted = object.text("extra.naverUseCfm")?;
    let Some(mut extra) = object.object("extra")? else { return Ok(dotted) };
    let nested = extra.text("naverUseCfm")?;
    extra.finish()?;
    match (dotted, nested) {
        (Some(_), Some(_)) => {
            Err(object.placed(Invalid::new("extra.naverUseCfm", "duplicate_field", "each field once")))
        }
        (dotted, nested) => Ok(nested.or(dotted)),
    }
}

/// Whose a billing key will be: a customer's own, or the one that the merchant names.
///
/// # Errors
/// `missing` for a merchant who names nobody; `customer_id_invalid` for a customer who names somebody else.
pub fn owner(caller: Caller, named: Option<CustomerId>, missing: Invalid) -> Result<CustomerId, Invalid> {
    match (caller, named) {
        (Caller::Merchant, named) => named.ok_or(missing),
        (Caller::Customer(own), None) => Ok(own),
        (Caller::Customer(own), Some(named)) if own == named => Ok(own),
        (Caller::Customer(_), Some(_)) => Err(Invalid::field("customer_id", "your own, or none")),
    }
}

/// UNIX seconds.
///
/// # Errors
/// `{name}_required`, `{name}_invalid`.
pub fn seconds(object: &mut Object, name: &str) -> Result<Timestamp, Invalid> {
    object.integer(name)?.map(Timestamp).ok_or_else(|| object.missing(name))
}

/// Takes a card form's fields out of `object`.
///
/// # Errors
/// The first field that is missing or breaks a rule. Never with its value.
pub fn card(object: &mut Object, now: Timestamp) -> Result<(Card, CardHolder), Invalid> {
    let card = Card {
        number: object.required("card_number", CardNumber::parse)?,
        expiry: object.required("expiry", |text| Expiry::parse(text, now))?,
        birth: object.optional("birth", Birth::parse)?,
        pwd_2digit: quoted(object.optional("pwd_2digit", Pwd2Digit::parse), "pwd_2digit_invalid")?,
        cvc: quoted(object.optional("cvc", Cvc::parse), "cvc_invalid")?,
    };
    let holder = CardHolder {
        customer_id: None,
        customer_name: object.text("customer_name")?,
        customer_tel: object.text("customer_tel")?,
        customer_email: object.text("customer_email")?,
        customer_addr: object.text("customer_addr")?,
        customer_postcode: object.text("customer_postcode")?,
    };
    Ok((card, holder))
}

/// Digits without quotes lose their leading zeros, so a number is a wrong value here rather than a wrong type.
fn quoted<T>(read: Result<Option<T>, Invalid>, code: &str) -> Result<Option<T>, Invalid> {
    read.map_err(|invalid| Invalid { code: code.to_owned(), ..invalid })
}

#[cfg(test)]
pub(crate) mod tests;
