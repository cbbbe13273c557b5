//! What a rule of a gateway is: who asks for what, when, and where that is written.

use crate::money::Currency;

/// Where a rule is written: a page of Iamport's documentation, below `src/routes/(root)/` of its repository unless the path
/// says otherwise, and the day on which it was last changed. Pages of the help (`assets/docs/help/`) are those of its
/// `mcp-server`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The page.
    pub document: &'static str,
    /// `yyyy-MM-dd`.
    pub date: &'static str,
}

pub(super) const fn source(document: &'static str, date: &'static str) -> Source {
    Source { document, date }
}

/// Iamport's schema of its REST interface.
pub(super) const SCHEMA: Source = source("src/schema/v1.openapi.yml", "2026-07-27");

/// What is asked of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// A payment in the window.
    Window,
    /// A billing key that is issued in the window.
    KeyWindow,
    /// A billing key for a card that is typed on our own form (`POST /subscribe/customers`).
    CardKey,
    /// A charge of a billing key (`again`).
    Charge,
    /// A charge of a billing key that the PSP makes later.
    Schedule,
    /// Giving such a charge another time (`PUT /subscribe/payments/schedule/{merchant_uid}`).
    MoveSchedule,
    /// Giving money back (`cancel`).
    Refund,
    /// Deleting a billing key.
    DeleteKey,
    /// Issuing the cash receipt of a payment (`POST /receipts/{imp_uid}`).
    Receipt,
    /// Cancelling it (`DELETE /receipts/{imp_uid}`).
    CancelReceipt,
    /// Issuing a virtual account without a window (`POST /vbanks`).
    Account,
    /// Giving such an account more time (`PUT /vbanks/{imp_uid}`).
    ExtendAccount,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 12] = [
        Self::Window,
        Self::KeyWindow,
        Self::CardKey,
        Self::Charge,
        Self::Schedule,
        Self::MoveSchedule,
        Self::Refund,
        Self::DeleteKey,
        Self::Receipt,
        Self::CancelReceipt,
        Self::Account,
        Self::ExtendAccount,
    ];

    /// Its name within a rule's.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::KeyWindow => "key_window",
            Self::CardKey => "card_key",
            Self::Charge => "charge",
            Self::Schedule => "schedule",
            Self::MoveSchedule => "schedule_move",
            Self::Refund => "refund",
            Self::DeleteKey => "delete_key",
            Self::Receipt => "receipt",
            Self::CancelReceipt => "receipt_cancel",
            Self::Account => "account",
            Self::ExtendAccount => "account_extension",
        }
    }
}

/// Something that is sent, as rules speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "Iamport's own field names, described where our requests have them")]
pub enum Field {
    MerchantUid,
    Name,
    BuyerName,
    BuyerEmail,
    BuyerTel,
    CustomerId,
    CustomerName,
    TaxFree,
    VatAmount,
    CardQuota,
    ProductType,
    BrowserIp,
    NaverUseCfm,
    Escrow,
    Digital,
    VbankDue,
    VbankHolder,
    BizNum,
    CardCode,
    CardMonths,
    NaverProducts,
    NaverProductCode,
    NaverProductCount,
    Birth,
    PwdTwoDigits,
    Cvc,
    RefundAccount,
    RefundTel,
    Reason,
    Requester,
    /// A receipt's identifier is a card of the tax office.
    Taxcard,
    CorpRegNo,
    CompanyName,
    CompanyTel,
    ConfirmUrl,
    RedirectUrl,
    NaverPopupMode,
    PeriodFrom,
    PeriodTo,
    PeriodInterval,
    KcpUser,
    KcpPointCode,
    QuickAction,
    QuickCi,
    QuickMember,
    NiceUser,
    NiceDirect,
    CashReceiptType,
    CashReceiptIdentifier,
    KsnetCode,
    KsnetUrl,
    KsnetDirect,
    LetterMethod,
    LetterService,
    WelcomeAccept,
    WelcomeReserved,
    StoreName,
    StoreNumber,
    StoreOwner,
    StoreAddress,
    StoreTel,
    Company,
    CompanyEn,
    KiccProducts,
    UseCardPoint,
    Popup,
    FirstNameKana,
    LastNameKana,
    CvsDue,
    CvsHours,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 70] = [
        Self::MerchantUid,
        Self::Name,
        Self::BuyerName,
        Self::BuyerEmail,
        Self::BuyerTel,
        Self::CustomerId,
        Self::CustomerName,
        Self::TaxFree,
        Self::VatAmount,
        Self::CardQuota,
        Self::ProductType,
        Self::BrowserIp,
        Self::NaverUseCfm,
        Self::Escrow,
        Self::Digital,
        Self::VbankDue,
        Self::VbankHolder,
        Self::BizNum,
        Self::CardCode,
        Self::CardMonths,
        Self::NaverProducts,
        Self::NaverProductCode,
        Self::NaverProductCount,
        Self::Birth,
        Self::PwdTwoDigits,
        Self::Cvc,
        Self::RefundAccount,
        Self::RefundTel,
        Self::Reason,
        Self::Requester,
        Self::Taxcard,
        Self::CorpRegNo,
        Self::CompanyName,
        Self::CompanyTel,
        Self::ConfirmUrl,
        Self::RedirectUrl,
        Self::NaverPopupMode,
        Self::PeriodFrom,
        Self::PeriodTo,
        Self::PeriodInterval,
        Self::KcpUser,
        Self::KcpPointCode,
        Self::QuickAction,
        Self::QuickCi,
        Self::QuickMember,
        Self::NiceUser,
        Self::NiceDirect,
        Self::CashReceiptType,
        Self::CashReceiptIdentifier,
        Self::KsnetCode,
        Self::KsnetUrl,
        Self::KsnetDirect,
        Self::LetterMethod,
        Self::LetterService,
        Self::WelcomeAccept,
        Self::WelcomeReserved,
        Self::StoreName,
        Self::StoreNumber,
        Self::StoreOwner,
        Self::StoreAddress,
        Self::StoreTel,
        Self::Company,
        Self::CompanyEn,
        Self::KiccProducts,
        Self::UseCardPoint,
        Self::Popup,
        Self::FirstNameKana,
        Self::LastNameKana,
        Self::CvsDue,
        Self::CvsHours,
    ];

    /// Its name in requests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MerchantUid => "merchant_uid",
            Self::Name => "name",
            Self::BuyerName => "buyer_name",
            Self::BuyerEmail => "buyer_email",
            Self::BuyerTel => "buyer_tel",
            Self::CustomerId => "customer_id",
            Self::CustomerName => "customer_name",
            Self::TaxFree => "tax_free",
            Self::VatAmount => "vat_amount",
            Self::CardQuota => "card_quota",
            Self::ProductType => "product_type",
            Self::BrowserIp => "browser_ip",
            Self::NaverUseCfm => "extra.naverUseCfm",
            Self::Escrow => "escrow",
            Self::Digital => "digital",
            Self::VbankDue => "vbank_due",
            Self::VbankHolder => "vbank_holder",
            Self::BizNum => "biz_num",
            Self::CardCode => "card.direct.code",
            Self::CardMonths => "card.direct.quota",
            Self::NaverProducts => "naverProducts",
            Self::NaverProductCode => "naverProductCode",
            Self::NaverProductCount => "naverProductCount",
            Self::Birth => "birth",
            Self::PwdTwoDigits => "pwd_2digit",
            Self::Cvc => "cvc",
            Self::RefundAccount => "refund_account",
            Self::RefundTel => "refund_tel",
            Self::Reason => "reason",
            Self::Requester => "extra.requester",
            Self::Taxcard => "identifier_type",
            Self::CorpRegNo => "corp_reg_no",
            Self::CompanyName => "company_name",
            Self::CompanyTel => "company_tel",
            Self::ConfirmUrl => "confirm_url",
            Self::RedirectUrl => "m_redirect_url",
            Self::NaverPopupMode => "naverPopupMode",
            Self::PeriodFrom => "period.from",
            Self::PeriodTo => "period.to",
            Self::PeriodInterval => "period.interval",
            Self::KcpUser => "bypass.shop_user_id",
            Self::KcpPointCode => "bypass.pt_memcorp_cd",
            Self::QuickAction => "bypass.kcpQuick.actionType",
            Self::QuickCi => "bypass.kcpQuick.encryptedCI",
            Self::QuickMember => "bypass.kcpQuick.memberID",
            Self::NiceUser => "bypass.nice_v2.MallUserID",
            Self::NiceDirect => "bypass.nice_v2.DirectShowOpt",
            Self::CashReceiptType => "bypass.cashReceiptType",
            Self::CashReceiptIdentifier => "bypass.customerIdentifier",
            Self::KsnetCode => "bypass.ksnet.tcode",
            Self::KsnetUrl => "bypass.ksnet.url",
            Self::KsnetDirect => "bypass.ksnet.easyPayDirect",
            Self::LetterMethod => "bypass.payletter_global.pginfo",
            Self::LetterService => "bypass.payletter_global.servicename",
            Self::WelcomeAccept => "bypass.welcome.acceptmethod",
            Self::WelcomeReserved => "bypass.welcome.P_RESERVED",
            Self::StoreName => "storeDetails.businessName",
            Self::StoreNumber => "storeDetails.businessRegistrationNumber",
            Self::StoreOwner => "storeDetails.ceoFullName",
            Self::StoreAddress => "storeDetails.address",
            Self::StoreTel => "storeDetails.phoneNumber",
            Self::Company => "company",
            Self::CompanyEn => "company_en",
            Self::KiccProducts => "kiccProducts",
            Self::UseCardPoint => "useCardPoint",
            Self::Popup => "popup",
            Self::FirstNameKana => "buyer_first_name_kana",
            Self::LastNameKana => "buyer_last_name_kana",
            Self::CvsDue => "cvs.payment_deadline.due_date",
            Self::CvsHours => "cvs.payment_deadline.valid_hours",
        }
    }
}

/// What a text may be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// `A-Z`, `a-z` and `0-9`.
    Alphanumeric,
    /// These, `-` and `_`.
    AlphanumericDash,
    /// Whatever English and Japanese are written in: no Hangul.
    EnglishOrJapanese,
    /// What EUC-KR can be asked to hold: nothing beyond the sixteen bits that it maps to, such as an emoji.
    EucKr,
    /// A first and a last name with one space between them.
    TwoNames,
    /// Katakana, and spaces.
    Katakana,
    /// A Korean mobile number: `01` and eight or nine digits more.
    MobileNumber,
}

/// How many bytes a character beyond ASCII is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {
    /// Two, as in EUC-KR: what is too long so is too long in any count.
    Two,
    /// Three, as Hangul is in UTF-8.
    Three,
}

/// What the amount of a window that issues a billing key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueAmount {
    /// It is shown and never charged.
    ShownOnly,
    /// More than zero is charged along with the issue; zero issues only.
    Charged,
    /// It is always charged: there is no issue without a payment.
    AlwaysCharged,
    /// It has to be zero.
    MustBeZero,
}

/// What a gateway asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// The field has to be there.
    Required(Field),
    /// Where the first field is, the second has to be as well.
    Along(Field, Field),
    /// Where the first field is, the second must not be.
    Apart(Field, Field),
    /// The field must not be there.
    Absent(Field),
    /// The field must not be there, unless it is zero.
    Zero(Field),
    /// So many characters at least and at most.
    Length(Field, usize, usize),
    /// So many bytes at most.
    Bytes(Field, usize, Bytes),
    /// Nothing but these letters.
    Only(Field, Letters),
    /// None of these characters.
    Without(Field, &'static str),
    /// An amount in won from the first to the second.
    Won(u64, u64),
    /// One of these currencies.
    Currencies(&'static [Currency]),
    /// Value added tax of so many hundredths of the whole amount at most.
    VatPercent(u64),
    /// One of these texts.
    OneOf(Field, &'static [&'static str]),
    /// A day that is not before that of the payment.
    FromDay(Field),
    /// One of these payment methods. A method that is not on the list of all may be newer than this one.
    Methods(&'static [&'static str]),
    /// What the amount does where a key is issued, and the least that the window shows, in the currency's smallest unit.
    Issue(IssueAmount, u64),
    /// It cannot be done at all.
    Impossible,
    /// A refund names this part if the payment did.
    TaxPart(Field),
    /// So many refunds of a part of the payment at most, but for the gateways named here.
    Parts(u32, &'static [&'static str]),
    /// A refund in the calendar month of the payment, but for the gateways named here.
    SameMonth(&'static [&'static str]),
    /// A refund in the calendar month of the payment, or to an account.
    SameMonthOrAccount,
    /// A refund within so many days of the payment.
    Days(i64),
    /// A refund within so many calendar months of the payment: on the same day of a later month at the latest.
    Months(i64),
    /// No refund from the first hour to the second, in Seoul.
    NotBetween(i64, i64),
}

/// What a request has to be for a rule to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The field says one of these texts; with none of them, it is there.
    Says(Field, &'static [&'static str]),
    /// The field is not there, or does not contain this. Everything contains the empty text.
    Lacks(Field, &'static str),
}

/// A rule of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its name: gateway, operation, and what it is about.
    pub id: &'static str,
    /// The gateway's code; `*` for every one.
    pub gateway: &'static str,
    /// What it is asked for at.
    pub operation: Operation,
    /// For which payment methods; empty for all.
    pub pay_methods: &'static [&'static str],
    /// For which requests: all of these have to be true of one.
    pub conditions: &'static [Condition],
    /// What is asked for.
    pub demand: Demand,
    /// Where that is written.
    pub source: Source,
    /// Whether it is said in so many words and nothing says otherwise. A rule that is not certain refuses nothing.
    pub certain: bool,
}

pub(super) const fn rule(
    id: &'static str,
    gateway: &'static str,
    operation: Operation,
    pay_methods: &'static [&'static str],
    demand: Demand,
    source: Source,
) -> Rule {
    Rule { id, gateway, operation, pay_methods, conditions: &[], demand, source, certain: true }
}

/// A rule that is only implied, or that another page contradicts.
pub(super) const fn unsure(
    id: &'static str,
    gateway: &'static str,
    operation: Operation,
    pay_methods: &'static [&'static str],
    demand: Demand,
    source: Source,
) -> Rule {
    Rule { certain: false, ..rule(id, gateway, operation, pay_methods, demand, source) }
}

impl Rule {
    /// The same rule, for such requests only.
    pub(super) const fn only_where(self, conditions: &'static [Condition]) -> Self {
        Self { conditions, ..self }
    }

    /// Whether it speaks of this gateway, operation and payment method. A method that is not known is none that it names.
    #[must_use]
    pub fn applies(&self, gateway: &str, operation: Operation, pay_method: Option<&str>) -> bool {
        let here = self.gateway == "*" || self.gateway == gateway;
        let by = self.pay_methods.is_empty() || pay_method.is_some_and(|by| self.pay_methods.contains(&by));
        here && self.operation == operation && by
    }
}
