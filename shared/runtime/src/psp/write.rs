//! Orders and cards as Iamport wants them.

use billing::card::Card;
use billing::checkout::AccountOrder;
use billing::order::{Details, Order, ProductType};
use billing::payment::Refund;
use billing::payment::receipt::{IdentifierType, ReceiptOrder, ReceiptPurpose};
use billing::ports::CardHolder;
use billing::{Currency, CustomerUid, Money, Timestamp};
use iamport::{
    Again, Amount, Birth, Buyer, Cancel, CancelTarget, CardNumber, CashReceiptType, Cvc, Expiry, InvalidInput,
    IssueBillingKey, IssueReceipt, IssueVbank, NonEmpty, Prepare, Pwd2, ReceiptDetails, ReceiptIdentifierType,
    Requester, Schedule, ScheduleItem, Sensitive, StandardCode,
};

/// `POST /subscribe/payments/again`.
pub(super) fn again(order: &Order, notice_url: Option<Sensitive>) -> Result<Again, InvalidInput> {
    let mut request = Again::new(
        // Without a key it is no request: the empty name is refused.
        iamport::CustomerUid::new(order.customer_uid.as_ref().map_or("", CustomerUid::as_str))?,
        iamport::MerchantUid::new(order.merchant_uid.as_str())?,
        amount(order.amount),
        &order.name,
    )?;
    request.details = details(order, notice_url);
    request.product_count = order.details.product_count;
    request.cash_receipt_type = cash_receipt(&order.details);
    request.naver_use_cfm = order.details.naver_use_cfm.clone();
    Ok(request)
}

/// `POST /vbanks`. What belongs to accounts that a gateway ties to a customer is never sent, and neither is anybody's own API key.
pub(super) fn account(
    order: &Order,
    account: &AccountOrder,
    channel_key: &str,
    notice_url: Option<Sensitive>,
) -> Result<IssueVbank, InvalidInput> {
    let mut request = IssueVbank::new(
        Sensitive::from(channel_key),
        iamport::MerchantUid::new(order.merchant_uid.as_str())?,
        amount(order.amount),
        StandardCode::new(&account.bank)?,
        account.due.0,
    )?;
    let details = details(order, notice_url);
    request.vbank_holder = concealed(account.holder.as_ref());
    request.name = Some(order.name.clone());
    request.buyer = Buyer {
        buyer_name: details.buyer_name,
        buyer_email: details.buyer_email,
        buyer_tel: details.buyer_tel,
        buyer_addr: details.buyer_addr,
        buyer_postcode: details.buyer_postcode,
    };
    request.product_type = details.product_type;
    request.product_count = order.details.product_count;
    request.tax_free = details.tax_free;
    request.vat_amount = details.vat_amount;
    request.custom_data = details.custom_data;
    request.notice_url = details.notice_url.into_iter().collect();
    Ok(request)
}

/// `POST` and `PUT /payments/prepare`.
pub(super) fn prepare(order: &Order) -> Result<Prepare, InvalidInput> {
    let mut request = Prepare::new(iamport::MerchantUid::new(order.merchant_uid.as_str())?, amount(order.amount));
    request.currency = Some(order.amount.currency.code().to_owned());
    Ok(request)
}

/// `POST /subscribe/payments/schedule`. Never with card data and never with a checking amount: both would do more than
/// register.
pub(super) fn schedule(
    customer_uid: &CustomerUid,
    orders: &[(&Order, Timestamp)],
    notice_url: Option<&Sensitive>,
) -> Result<Schedule, InvalidInput> {
    let item = |(order, schedule_at): &(&Order, Timestamp)| {
        let mut item = ScheduleItem::new(
            iamport::MerchantUid::new(order.merchant_uid.as_str())?,
            schedule_at.0,
            amount(order.amount),
            order.amount.currency.code(),
            &order.name,
        )?;
        item.details = details(order, notice_url.cloned());
        item.product_count = order.details.product_count;
        item.cash_receipt_type = cash_receipt(&order.details);
        item.naver_use_cfm = order.details.naver_use_cfm.clone();
        Ok(item)
    };
    let items = orders.iter().map(item).collect::<Result<Vec<_>, InvalidInput>>()?;
    Ok(Schedule::new(iamport::CustomerUid::new(customer_uid.as_str())?, NonEmpty::try_from(items)?))
}

/// Who wants money or a key back: the merchant, as the catalogue has it ([`billing::pg::REQUESTER`]).
pub(super) const REQUESTER: Requester = Requester::Admin;

/// `POST /payments/cancel`, always with an amount and the balance before it.
pub(super) fn cancel(refund: &Refund) -> Result<Cancel, InvalidInput> {
    let part = |minor| Amount::from_minor(minor, refund.exponent);
    let target = CancelTarget::Imp(iamport::ImpUid::new(refund.imp_uid.as_str())?);
    let mut request = Cancel::new(target, part(refund.amount), part(refund.checksum))?;
    request.tax_free = refund.parts.tax_free.map(part);
    request.vat_amount = refund.parts.vat_amount.map(part);
    request.reason = Some(refund.sent_reason());
    request.requester = Some(REQUESTER);
    if let Some(account) = &refund.account {
        request.refund_holder = concealed(Some(&account.holder));
        request.refund_bank = concealed(Some(&account.bank));
        request.refund_account = concealed(Some(&account.account));
        request.refund_tel = concealed(account.tel.as_ref());
    }
    Ok(request)
}

/// `POST /receipts/{imp_uid}`: over what is left of the payment, as the PSP reckons it.
pub(super) fn receipt(order: &ReceiptOrder) -> Result<IssueReceipt, InvalidInput> {
    let won = |minor| Amount::from_minor(minor, Currency::Krw.exponent());
    let wish = &order.wish;
    let imp_uid = iamport::ImpUid::new(order.imp_uid.as_str())?;
    let mut request = IssueReceipt::new(imp_uid, Sensitive::from(wish.identifier.expose()));
    request.details = ReceiptDetails {
        identifier_type: Some(match wish.identifier_type {
            IdentifierType::Phone => ReceiptIdentifierType::Phone,
            IdentifierType::Business => ReceiptIdentifierType::Business,
            IdentifierType::Taxcard => ReceiptIdentifierType::Taxcard,
        }),
        purpose: Some(match wish.purpose {
            ReceiptPurpose::Person => iamport::ReceiptPurpose::Person,
            ReceiptPurpose::Company => iamport::ReceiptPurpose::Company,
        }),
        product_type: order.product_type.map(product_type),
        buyer_name: concealed(order.buyer_name.as_ref()),
        buyer_email: concealed(order.buyer_email.as_ref()),
        buyer_tel: concealed(order.buyer_tel.as_ref()),
        tax_free: order.parts.tax_free.map(won),
        vat_amount: order.parts.vat_amount.map(won),
        corp_reg_no: order.issuer.corp_reg_no.clone(),
    };
    request.company_name.clone_from(&order.issuer.company_name);
    request.company_tel.clone_from(&order.issuer.company_tel);
    Ok(request)
}

const fn product_type(kind: ProductType) -> iamport::ProductType {
    match kind {
        ProductType::Real => iamport::ProductType::Real,
        ProductType::Digital => iamport::ProductType::Digital,
    }
}

/// `POST /subscribe/customers/{customer_uid}`: the only function that lets card data out.
pub(super) fn issue(
    customer_uid: &CustomerUid,
    card: &Card,
    holder: &CardHolder,
    pg: Option<&str>,
    channel_key: Option<&str>,
) -> Result<IssueBillingKey, InvalidInput> {
    let mut request = IssueBillingKey::new(
        iamport::CustomerUid::new(customer_uid.as_str())?,
        CardNumber::new(card.number.expose())?,
        Expiry::new(&card.expiry.expose())?,
    );
    request.pg = pg.map(str::to_owned);
    request.channel_key = channel_key.map(Sensitive::from);
    request.birth = card.birth.as_ref().map(|birth| Birth::new(birth.expose())).transpose()?;
    request.pwd_2digit = card.pwd_2digit.as_ref().map(|digits| Pwd2::new(digits.expose())).transpose()?;
    request.cvc = card.cvc.as_ref().map(|cvc| Cvc::new(cvc.expose())).transpose()?;
    request.customer_id = holder.customer_id.as_ref().map(ToString::to_string);
    request.customer_name = concealed(holder.customer_name.as_ref());
    request.customer_tel = concealed(holder.customer_tel.as_ref());
    request.customer_email = concealed(holder.customer_email.as_ref());
    request.customer_addr = concealed(holder.customer_addr.as_ref());
    request.customer_postcode = concealed(holder.customer_postcode.as_ref());
    Ok(request)
}

pub(crate) fn amount(money: Money) -> Amount {
    Amount::from_minor(money.minor, money.currency.exponent())
}

pub(crate) fn concealed(text: Option<&String>) -> Option<Sensitive> {
    text.map(|text| Sensitive::from(text.as_str()))
}

fn details(order: &Order, notice_url: Option<Sensitive>) -> iamport::Details {
    let given = &order.details;
    let part = |minor: u64| amount(Money::new(minor, order.amount.currency));
    iamport::Details {
        currency: Some(order.amount.currency.code().to_owned()),
        tax_free: given.tax_free.map(part),
        vat_amount: given.vat_amount.map(part),
        buyer_name: concealed(given.buyer_name.as_ref()),
        buyer_email: concealed(given.buyer_email.as_ref()),
        buyer_tel: concealed(given.buyer_tel.as_ref()),
        buyer_addr: concealed(given.buyer_addr.as_ref()),
        buyer_postcode: concealed(given.buyer_postcode.as_ref()),
        card_quota: given.card_quota,
        interest_free_by_merchant: given.interest_free_by_merchant,
        use_card_point: given.use_card_point,
        custom_data: concealed(given.custom_data.as_ref()),
        notice_url,
        browser_ip: concealed(given.browser_ip.as_ref()),
        product_type: given.product_type.map(product_type),
        promotion_id: given.promotion_id.clone(),
        bypass: None,
    }
}

fn cash_receipt(details: &Details) -> Option<CashReceiptType> {
    details.cash_receipt_type.map(|kind| match kind {
        billing::order::CashReceiptType::Person => CashReceiptType::Person,
        billing::order::CashReceiptType::Company => CashReceiptType::Company,
        billing::order::CashReceiptType::Anonymous => CashReceiptType::Anonymous,
    })
}
