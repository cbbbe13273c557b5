//! Windows out of JSON bodies: the parameters of `IMP.request_pay` that a caller may choose, in Iamport's own names.

use billing::checkout::{
    AccountOrder, CardDetail, CardDirect, Naver, NaverProduct, Options, Passed, Period, Product, Window,
};
use billing::order::{Details, Order, ProductType};
use billing::{Currency, Invalid, MerchantUid, Money, Timestamp};

use super::Object;
use super::order::{common, currency, money, seconds};

/// Most entries of a list that are read; the domain allows fewer.
const LIST_MAX: usize = 200;

/// Takes an order that is paid in the window out of `object`.
///
/// # Errors
/// The first field that is missing or of the wrong form.
pub fn order(object: &mut Object) -> Result<Order, Invalid> {
    let merchant_uid = object.required("merchant_uid", MerchantUid::parse)?;
    let currency = currency(object)?;
    let amount = money(object, "amount", currency)?.ok_or_else(|| object.missing("amount"))?;
    let name = object.required_text("name")?;
    // An account without a window, and a cash receipt, may not be issued without it.
    let product_type = object.optional("product_type", ProductType::parse)?;
    let details = Details { product_type, ..common(object, currency)? };
    Ok(Order { merchant_uid, customer_uid: None, amount, name, details })
}

/// Takes what a window that issues a billing key shows out of `object`: an amount, if one is named, and the buyer.
///
/// # Errors
/// The first field of the wrong form.
pub fn shown(object: &mut Object) -> Result<(Option<Money>, Currency, Details), Invalid> {
    let currency = currency(object)?;
    let amount = money(object, "amount", currency)?;
    Ok((amount, currency, common(object, currency)?))
}

/// Takes a window's parameters out of `object`. Amounts among them are in `currency`.
///
/// # Errors
/// The first field of the wrong form.
pub fn window(object: &mut Object, currency: Currency) -> Result<Window, Invalid> {
    let pg = object.text("pg")?;
    let pay_method = object.text("pay_method")?.unwrap_or_else(|| "card".to_owned());
    let (card_direct, card_detail) = card(object)?;
    let options = Options {
        language: object.text("language")?,
        escrow: object.flag("escrow")?,
        digital: object.flag("digital")?,
        vbank_due: object.text("vbank_due")?,
        app_scheme: object.text("app_scheme")?,
        biz_num: object.text("biz_num")?,
        use_free_interest_from_mall: object.flag("useFreeInterestFromMall")?,
        card_quota: display(object)?,
        card_direct,
        card_detail,
        period: period(object)?,
        products: products(object, currency)?,
        naver: Naver {
            popup_mode: object.flag("naverPopupMode")?,
            use_cfm: object.text("naverUseCfm")?,
            products: naver_products(object)?,
            product_code: object.text("naverProductCode")?,
            product_count: object.integer("naverProductCount")?,
            merchant_user_key: object.text("naverMerchantUserKey")?,
            purchaser_name: object.text("naverPurchaserName")?,
            purchaser_birthday: object.text("naverPurchaserBirthday")?,
            culture_benefit: object.flag("naverCultureBenefit")?,
        },
        passed: passed(object)?,
    };
    Ok(Window { pg, pay_method, options })
}

/// Takes a virtual account that is issued without a window out of `object`, with the gateway that is to issue it. What belongs to a
/// window has no place beside it.
///
/// # Errors
/// The first field that is missing or of the wrong form.
pub fn account(object: &mut Object) -> Result<Option<(Option<String>, AccountOrder)>, Invalid> {
    let Some(mut account) = object.object("vbank")? else { return Ok(None) };
    let bank = account.text("code")?;
    let bank = bank.ok_or_else(|| Invalid::new("vbank_code", "vbank_code_required", "the bank's code"))?;
    let due = seconds(&mut account, "due")?;
    let holder = account.text("holder")?;
    account.finish()?;
    if object.text("pay_method")?.is_some_and(|method| method != "vbank") {
        return Err(Invalid::field("pay_method", "vbank, where an account is asked for"));
    }
    Ok(Some((object.text("pg")?, AccountOrder { bank, due, holder })))
}

/// Takes the last moment for the deposit that a virtual account is to have out of `object`.
///
/// # Errors
/// The first field that is missing or of the wrong form.
pub fn extension(object: &mut Object) -> Result<Timestamp, Invalid> {
    let account = object.object("vbank")?;
    let mut account = account.ok_or_else(|| Invalid::new("vbank", "vbank_required", "what the account is to have"))?;
    let due = seconds(&mut account, "due")?;
    account.finish()?;
    Ok(due)
}

fn display(object: &mut Object) -> Result<Option<Vec<u32>>, Invalid> {
    let Some(mut display) = object.object("display")? else { return Ok(None) };
    let quotas = display.integers("card_quota")?;
    display.finish()?;
    Ok(quotas)
}

fn card(object: &mut Object) -> Result<(Option<CardDirect>, Vec<CardDetail>), Invalid> {
    let Some(mut card) = object.object("card")? else { return Ok((None, Vec::new())) };
    let direct = match card.object("direct")? {
        None => None,
        Some(mut direct) => {
            let read = CardDirect { code: direct.required_text("code")?, quota: direct.integer("quota")? };
            direct.finish()?;
            Some(read)
        }
    };
    let line = |mut line: Object| {
        let card_code = line.required_text("card_code")?;
        let enabled = line.flag("enabled")?.ok_or_else(|| line.missing("enabled"))?;
        line.finish()?;
        Ok(CardDetail { card_code, enabled })
    };
    let detail = card.optional_list("detail", LIST_MAX)?.into_iter().map(line).collect::<Result<_, Invalid>>()?;
    card.finish()?;
    Ok((direct, detail))
}

fn period(object: &mut Object) -> Result<Option<Period>, Invalid> {
    let Some(mut period) = object.object("period")? else { return Ok(None) };
    let read = Period { from: period.text("from")?, to: period.text("to")?, interval: period.text("interval")? };
    period.finish()?;
    Ok(Some(read))
}

fn products(object: &mut Object, currency: Currency) -> Result<Vec<Product>, Invalid> {
    let read = |mut line: Object| {
        let unit_price = money(&mut line, "unitPrice", currency)?.ok_or_else(|| line.missing("unitPrice"))?;
        let product = Product {
            id: line.text("id")?,
            name: line.required_text("name")?,
            code: line.text("code")?,
            unit_price: unit_price.minor,
            quantity: line.integer("quantity")?.ok_or_else(|| line.missing("quantity"))?,
        };
        line.finish()?;
        Ok(product)
    };
    object.optional_list("products", LIST_MAX)?.into_iter().map(read).collect()
}

fn naver_products(object: &mut Object) -> Result<Vec<NaverProduct>, Invalid> {
    let read = |mut line: Object| {
        let product = NaverProduct {
            category_type: line.required_text("categoryType")?,
            category_id: line.required_text("categoryId")?,
            uid: line.required_text("uid")?,
            name: line.required_text("name")?,
            count: line.integer("count")?.ok_or_else(|| line.missing("count"))?,
        };
        line.finish()?;
        Ok(product)
    };
    object.optional_list("naverProducts", LIST_MAX)?.into_iter().map(read).collect()
}

/// What one gateway or another asks for. It is passed on as it stands.
fn passed(object: &mut Object) -> Result<Passed, Invalid> {
    let passed = Passed::default().with("bypass", object.json("bypass").as_deref())?;
    let passed = passed.with("buyer_first_name_kana", object.json("buyer_first_name_kana").as_deref())?;
    let passed = passed.with("buyer_last_name_kana", object.json("buyer_last_name_kana").as_deref())?;
    let passed = passed.with("company", object.json("company").as_deref())?;
    let passed = passed.with("company_en", object.json("company_en").as_deref())?;
    let passed = passed.with("cvs", object.json("cvs").as_deref())?;
    let passed = passed.with("kiccProducts", object.json("kiccProducts").as_deref())?;
    let passed = passed.with("popup", object.json("popup").as_deref())?;
    let passed = passed.with("storeDetails", object.json("storeDetails").as_deref())?;
    passed.with("useCardPoint", object.json("useCardPoint").as_deref())
}

#[cfg(test)]
pub(crate) mod tests;
