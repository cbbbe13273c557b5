//! Cash receipts: of payments through Iamport, and of cash that was taken elsewhere.

use serde::Deserialize;

use crate::amount::Amount;
use crate::charge::{ProductType, check_positive};
use crate::client::{Call, Client};
use crate::envelope::{Content, Documented, Meaning, same};
use crate::error::Error;
use crate::ids::{ImpUid, InvalidInput, MerchantUid, check_text};
use crate::lenient::{choice, open_enum};
use crate::payment::vet_amount;
use crate::text::Sensitive;
use crate::wire::{Object, Target, body};

/// 500: the gateway did not issue or revoke it. 501: it has no receipts here.
const RECEIPT: Documented = &[(500, Meaning::Refused), (501, Meaning::Rejected)];

choice! {
    /// What a receipt shall be good for.
    ReceiptPurpose {
        /// A person's deduction from income: the API's default.
        Person = "person",
        /// A company's proof of expense.
        Company = "company",
    }
}

choice! {
    /// What the identifier of a receipt is.
    ReceiptIdentifierType {
        /// A resident number.
        Person = "person",
        /// A business number.
        Business = "business",
        /// A telephone number.
        Phone = "phone",
        /// A receipt card of the tax office. nice_v2 does not take it.
        Taxcard = "taxcard",
    }
}

choice! {
    /// How cash that was taken elsewhere was paid.
    CashPayMethod {
        /// By transfer.
        Trans = "trans",
        /// Into a virtual account.
        Vbank = "vbank",
    }
}

open_enum! {
    /// What a receipt is good for.
    ReceiptType {
        /// A person's deduction from income.
        Person = "person",
        /// A company's proof of expense.
        Company = "company",
    }
}

/// What both kinds of receipt may say beside their required fields.
#[derive(Debug, Clone, Default)]
pub struct ReceiptDetails {
    /// What the identifier is. kicc, settle and nice_v2 want it; html5_inicis, kcp, nice, daou and welcome find it out.
    pub identifier_type: Option<ReceiptIdentifierType>,
    /// What the receipt is for. smartro_v2, nice_v2 and welcome want it.
    pub purpose: Option<ReceiptPurpose>,
    /// What was sold. KSNET wants it.
    pub product_type: Option<ProductType>,
    /// Buyer's name. KSNET and smartro_v2 want it; elsewhere it helps to find the receipt again.
    pub buyer_name: Option<Sensitive>,
    /// Buyer's e-mail address.
    pub buyer_email: Option<Sensitive>,
    /// Buyer's telephone number. smartro_v2 and welcome want it.
    pub buyer_tel: Option<Sensitive>,
    /// Part that is free of tax. Default 0; an eleventh of the rest counts as tax.
    pub tax_free: Option<Amount>,
    /// Tax within the receipt, for merchants that may set it.
    pub vat_amount: Option<Amount>,
    /// The issuing merchant's business number. welcome wants it, and daou for a payment.
    pub corp_reg_no: Option<String>,
}

impl ReceiptDetails {
    fn write(&self, object: &mut Object<'_>) {
        object.maybe_text("identifier_type", self.identifier_type.map(ReceiptIdentifierType::as_str));
        object.maybe_text("type", self.purpose.map(ReceiptPurpose::as_str));
        object.maybe_text("product_type", self.product_type.map(ProductType::as_str));
        object.concealed("buyer_name", self.buyer_name.as_ref());
        object.concealed("buyer_email", self.buyer_email.as_ref());
        object.concealed("buyer_tel", self.buyer_tel.as_ref());
        object.maybe_amount("tax_free", self.tax_free);
        object.maybe_amount("vat_amount", self.vat_amount);
        object.maybe_text("corp_reg_no", self.corp_reg_no.as_deref());
    }
}

/// A request for the cash receipt of a payment by transfer or virtual account. Its amount is the payment's, or what is left
/// of it.
#[derive(Debug, Clone)]
pub struct IssueReceipt {
    imp_uid: ImpUid,
    identifier: Sensitive,
    /// What may be added.
    pub details: ReceiptDetails,
    /// Tax. Deprecated by the API in favour of [`ReceiptDetails::tax_free`].
    pub vat: Option<Amount>,
    /// The issuing merchant's telephone number. daou wants it.
    pub company_tel: Option<String>,
    /// The issuing merchant's registered name. daou wants it.
    pub company_name: Option<String>,
}

impl IssueReceipt {
    /// A receipt of the payment `imp_uid` for whoever `identifier` names: a telephone, resident or business number, or a
    /// receipt card. tosspayments does not check it.
    #[must_use]
    pub fn new(imp_uid: ImpUid, identifier: Sensitive) -> Self {
        Self {
            imp_uid,
            identifier,
            details: ReceiptDetails::default(),
            vat: None,
            company_tel: None,
            company_name: None,
        }
    }
}

/// A request for the receipt of cash that was taken outside Iamport.
#[derive(Debug, Clone)]
pub struct IssueExternalReceipt {
    merchant_uid: MerchantUid,
    channel_key: Sensitive,
    name: String,
    amount: Amount,
    identifier: Sensitive,
    /// What may be added.
    pub details: ReceiptDetails,
    /// How it was paid. welcome wants it.
    pub pay_method: Option<CashPayMethod>,
}

impl IssueExternalReceipt {
    /// A receipt over `amount` for the sale `merchant_uid`, called `name`, through the channel `channel_key`, for whoever
    /// `identifier` names. smartro_v2 takes only letters and digits in the number.
    ///
    /// # Errors
    /// [`InvalidInput`] if the amount is not above zero or the name empty.
    pub fn new(
        merchant_uid: MerchantUid,
        channel_key: Sensitive,
        name: impl Into<String>,
        amount: Amount,
        identifier: Sensitive,
    ) -> Result<Self, InvalidInput> {
        let name = name.into();
        check_positive("amount", amount)?;
        check_text("name", &name, usize::MAX)?;
        let details = ReceiptDetails::default();
        Ok(Self { merchant_uid, channel_key, name, amount, identifier, details, pay_method: None })
    }
}

/// The cash receipt of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// Iamport's number of the payment.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub imp_uid: String,
    /// The gateway's number of the receipt.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub receipt_tid: Option<String>,
    /// The tax office's number of the receipt.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub apply_num: Option<String>,
    /// What it is good for.
    #[serde(default, rename = "type", deserialize_with = "crate::lenient::open")]
    pub kind: Option<ReceiptType>,
    /// Its amount.
    pub amount: Amount,
    /// Tax within it.
    #[serde(default)]
    pub vat: Option<Amount>,
    /// Where it can be seen.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub receipt_url: Option<Sensitive>,
    /// When it was issued.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub applied_at: Option<i64>,
    /// When it was revoked.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub cancelled_at: Option<i64>,
}

impl Content for Receipt {
    fn vet(&self) -> Result<(), Error> {
        vet_amount("amount", self.amount, Some("KRW"))
    }
}

/// The receipt of cash that was taken outside Iamport.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ExternalReceipt {
    /// The merchant's number of the sale.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub merchant_uid: String,
    /// The gateway's number of the receipt.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub receipt_tid: Option<String>,
    /// The tax office's number of the receipt.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub apply_num: Option<String>,
    /// What it is good for.
    #[serde(default, rename = "type", deserialize_with = "crate::lenient::open")]
    pub kind: Option<ReceiptType>,
    /// Its amount.
    pub amount: Amount,
    /// Tax within it.
    #[serde(default)]
    pub vat: Option<Amount>,
    /// Where it can be seen.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub receipt_url: Option<Sensitive>,
    /// When it was issued.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub applied_at: Option<i64>,
    /// When it was revoked.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub cancelled_at: Option<i64>,
}

impl Content for ExternalReceipt {
    fn vet(&self) -> Result<(), Error> {
        vet_amount("amount", self.amount, Some("KRW"))
    }
}

fn of_payment(imp_uid: &ImpUid) -> Target {
    Target::new("/receipts").segment(imp_uid.as_str())
}

fn external(merchant_uid: &MerchantUid) -> Target {
    Target::new("/receipts/external").segment(merchant_uid.as_str())
}

impl Client {
    /// The cash receipt of a payment: `GET /receipts/{imp_uid}`.
    ///
    /// Source: `getReceipt`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let receipt = client.receipt(&ImpUid::new("imp_448280090638")?).await?;
    /// let good = receipt.cancelled_at.is_none();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) without payment or receipt; else any class.
    pub async fn receipt(&self, imp_uid: &ImpUid) -> Result<Receipt, Error> {
        self.one_receipt(imp_uid, Call::get(of_payment(imp_uid))).await
    }

    /// Issues the cash receipt of a payment: `POST /receipts/{imp_uid}`. Sent at most once.
    ///
    /// At smartro_v2 the receipt stays when the payment is cancelled: revoke it, too. nice_v2 issues none unless the window
    /// asked for one.
    ///
    /// Source: `issueReceipt`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut issue = IssueReceipt::new(ImpUid::new("imp_448280090638")?, "01012345678".into());
    /// issue.details.identifier_type = Some(ReceiptIdentifierType::Phone);
    /// let receipt = client.issue_receipt(&issue).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if the payment is not paid, has a receipt, or its gateway
    /// issues none (501); [`ErrorClass::Refused`](crate::ErrorClass::Refused) by the gateway (also as 500); else any class.
    pub async fn issue_receipt(&self, request: &IssueReceipt) -> Result<Receipt, Error> {
        let body = body(|object| {
            object.concealed("identifier", Some(&request.identifier));
            request.details.write(object);
            object.maybe_amount("vat", request.vat);
            object.maybe_text("company_tel", request.company_tel.as_deref());
            object.maybe_text("company_name", request.company_name.as_deref());
        });
        let call = Call::post(of_payment(&request.imp_uid), Some(body)).documenting(RECEIPT);
        self.one_receipt(&request.imp_uid, call).await
    }

    /// Revokes the cash receipt of a payment: `DELETE /receipts/{imp_uid}`. Sent at most once. kicc and smartro cannot.
    ///
    /// Source: `revokeReceipt`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let receipt = client.revoke_receipt(&ImpUid::new("imp_448280090638")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if Iamport issued none or the gateway has none (501);
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) by the gateway (also as 500); else any class.
    pub async fn revoke_receipt(&self, imp_uid: &ImpUid) -> Result<Receipt, Error> {
        self.one_receipt(imp_uid, Call::delete(of_payment(imp_uid)).documenting(RECEIPT)).await
    }

    /// The receipt of cash taken elsewhere: `GET /receipts/external/{merchant_uid}`.
    ///
    /// Source: `getExternalReceipt`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let receipt = client.external_receipt(&MerchantUid::new("counter_0001")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none; else any class.
    pub async fn external_receipt(&self, merchant_uid: &MerchantUid) -> Result<ExternalReceipt, Error> {
        self.one_external(merchant_uid, Call::get(external(merchant_uid))).await
    }

    /// Issues a receipt for cash taken elsewhere: `POST /receipts/external/{merchant_uid}`. Sent at most once.
    ///
    /// Source: `issueExternalReceipt`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut issue = IssueExternalReceipt::new(
    ///     MerchantUid::new("counter_0001")?,
    ///     "channel-key-1".into(),
    ///     "의자",
    ///     Amount::from_minor(30_000, 0),
    ///     "1234567890".into(),
    /// )?;
    /// issue.details.purpose = Some(ReceiptPurpose::Company);
    /// let receipt = client.issue_external_receipt(&issue).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if the number has a receipt or the gateway issues none (501);
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) by the gateway (also as 500); else any class.
    pub async fn issue_external_receipt(&self, request: &IssueExternalReceipt) -> Result<ExternalReceipt, Error> {
        let body = body(|object| {
            object.concealed("channel_key", Some(&request.channel_key));
            object.text("name", &request.name);
            object.amount("amount", request.amount);
            object.concealed("identifier", Some(&request.identifier));
            request.details.write(object);
            object.maybe_text("pay_method", request.pay_method.map(CashPayMethod::as_str));
        });
        let call = Call::post(external(&request.merchant_uid), Some(body)).documenting(RECEIPT);
        let receipt = self.one_external(&request.merchant_uid, call).await?;
        if receipt.amount != request.amount {
            return Err(Error::suspect("amount is not the one that was asked for"));
        }
        Ok(receipt)
    }

    /// Revokes a receipt for cash taken elsewhere: `DELETE /receipts/external/{merchant_uid}`. Sent at most once. kicc,
    /// smartro and daou cannot.
    ///
    /// Source: `revokeExternalReceipt`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let receipt = client.revoke_external_receipt(&MerchantUid::new("counter_0001")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none;
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if the gateway has none (501);
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) by the gateway (also as 500); else any class.
    pub async fn revoke_external_receipt(&self, merchant_uid: &MerchantUid) -> Result<ExternalReceipt, Error> {
        self.one_external(merchant_uid, Call::delete(external(merchant_uid)).documenting(RECEIPT)).await
    }

    async fn one_receipt(&self, imp_uid: &ImpUid, call: Call) -> Result<Receipt, Error> {
        let receipt: Receipt = self.send(call).await?;
        same("imp_uid", imp_uid.as_str(), &receipt.imp_uid)?;
        Ok(receipt)
    }

    async fn one_external(&self, merchant_uid: &MerchantUid, call: Call) -> Result<ExternalReceipt, Error> {
        let receipt: ExternalReceipt = self.send(call).await?;
        same("merchant_uid", merchant_uid.as_str(), &receipt.merchant_uid)?;
        Ok(receipt)
    }
}
