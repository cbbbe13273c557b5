//! The parameter object of the browser SDK's `IMP.request_pay`, as a shop's page hands it over.

use std::fmt;

use serde_json::value::RawValue;

use crate::amount::Amount;
use crate::ids::{CustomerUid, MerchantUid};
use crate::text::Sensitive;
use crate::wire::{Object, body};

/// The parameters of the browser SDK's `IMP.request_pay`, which opens a payment gateway's (PG's) window. Only what is set
/// appears in [`Self::to_json`].
#[derive(Clone)]
pub struct RequestPay {
    merchant_uid: MerchantUid,
    pay_method: String,
    amount: Amount,
    /// The channel; takes the place of [`Self::pg`].
    pub channel_key: Option<String>,
    /// `{pg}` or `{pg}.{mid}`.
    pub pg: Option<String>,
    /// What the customer reads.
    pub name: Option<String>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// Free of tax, part of the amount.
    pub tax_free: Option<Amount>,
    /// Value added tax, part of the amount.
    pub vat_amount: Option<Amount>,
    /// Language of the window.
    pub language: Option<String>,
    /// The merchant's own data: JSON as it stands, or text.
    pub custom_data: Option<Sensitive>,
    /// Buyer's name.
    pub buyer_name: Option<Sensitive>,
    /// Buyer's telephone number.
    pub buyer_tel: Option<Sensitive>,
    /// Buyer's e-mail address.
    pub buyer_email: Option<Sensitive>,
    /// Buyer's postal address.
    pub buyer_addr: Option<Sensitive>,
    /// Buyer's postcode.
    pub buyer_postcode: Option<Sensitive>,
    /// Where the merchant is asked before approval.
    pub confirm_url: Option<Sensitive>,
    /// Where webhooks go.
    pub notice_url: Option<Sensitive>,
    /// Where a mobile browser comes back to.
    pub m_redirect_url: Option<String>,
    /// The app to come back to.
    pub app_scheme: Option<String>,
    /// The billing key to be issued.
    pub customer_uid: Option<CustomerUid>,
    /// The merchant's number of the customer.
    pub customer_id: Option<String>,
    /// Whether an escrow window is opened.
    pub escrow: Option<bool>,
    /// Whether what is sold is digital.
    pub digital: Option<bool>,
    /// How long a virtual account stays open, `YYYYMMDDhhmm` in Seoul.
    pub vbank_due: Option<String>,
    /// Business registration number.
    pub biz_num: Option<String>,
    /// `useFreeInterestFromMall`.
    pub use_free_interest_from_mall: Option<bool>,
    /// `display.card_quota`, months.
    pub card_quota: Option<Vec<u32>>,
    /// `card.direct`: code of the card company and months.
    pub card_direct: Option<(String, Option<u32>)>,
    /// `card.detail`: code of each card company and whether it is shown.
    pub card_detail: Vec<(String, bool)>,
    /// `period`.
    pub period: Option<ServicePeriod>,
    /// `products`.
    pub products: Vec<WindowProduct>,
    /// `naverPopupMode`.
    pub naver_popup_mode: Option<bool>,
    /// `naverUseCfm`, `YYYYMMDD`.
    pub naver_use_cfm: Option<String>,
    /// `naverProducts`.
    pub naver_products: Vec<NaverProduct>,
    /// `naverProductCode`: the merchant's code of what a billing key is issued for. A key's window is not opened without.
    pub naver_product_code: Option<String>,
    /// `naverProductCount`: how many of it. A key's window is not opened without.
    pub naver_product_count: Option<u32>,
    /// `naverMerchantUserKey`: the buyer's number with the merchant, for goods that NAVER Pay asks it for.
    pub naver_merchant_user_key: Option<Sensitive>,
    /// `naverPurchaserName`.
    pub naver_purchaser_name: Option<Sensitive>,
    /// `naverPurchaserBirthday`, `YYYYMMDD`.
    pub naver_purchaser_birthday: Option<Sensitive>,
    /// `naverCultureBenefit`: whether it counts as culture for the income tax.
    pub naver_culture_benefit: Option<bool>,
    /// What is passed on to one gateway or another, as the gateway's own page documents it: `bypass`, `storeDetails`, `company` and
    /// the like, each by its name and with its value as JSON. None of the parameters above belongs here.
    pub passed: Vec<(String, Sensitive)>,
}

impl fmt::Debug for RequestPay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RequestPay").field("merchant_uid", &self.merchant_uid).finish_non_exhaustive()
    }
}

/// `period`: days as `YYYYMMDD`, and how often, such as `1m`.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the SDK's own field names")]
pub struct ServicePeriod {
    pub from: Option<String>,
    pub to: Option<String>,
    pub interval: Option<String>,
}

/// One of `products`.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the SDK's own field names")]
pub struct WindowProduct {
    pub id: Option<String>,
    pub name: String,
    pub code: Option<String>,
    pub unit_price: Amount,
    pub quantity: u32,
}

/// One of `naverProducts`.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the SDK's own field names")]
pub struct NaverProduct {
    pub category_type: String,
    pub category_id: String,
    pub uid: String,
    pub name: String,
    pub count: u32,
}

impl RequestPay {
    /// The window shall take `amount` by `pay_method` for `merchant_uid`.
    #[must_use]
    pub fn new(merchant_uid: MerchantUid, pay_method: impl Into<String>, amount: Amount) -> Self {
        Self {
            merchant_uid,
            pay_method: pay_method.into(),
            amount,
            channel_key: None,
            pg: None,
            name: None,
            currency: None,
            tax_free: None,
            vat_amount: None,
            language: None,
            custom_data: None,
            buyer_name: None,
            buyer_tel: None,
            buyer_email: None,
            buyer_addr: None,
            buyer_postcode: None,
            confirm_url: None,
            notice_url: None,
            m_redirect_url: None,
            app_scheme: None,
            customer_uid: None,
            customer_id: None,
            escrow: None,
            digital: None,
            vbank_due: None,
            biz_num: None,
            use_free_interest_from_mall: None,
            card_quota: None,
            card_direct: None,
            card_detail: Vec::new(),
            period: None,
            products: Vec::new(),
            naver_popup_mode: None,
            naver_use_cfm: None,
            naver_products: Vec::new(),
            naver_product_code: None,
            naver_product_count: None,
            naver_merchant_user_key: None,
            naver_purchaser_name: None,
            naver_purchaser_birthday: None,
            naver_culture_benefit: None,
            passed: Vec::new(),
        }
    }

    /// The object as JSON.
    ///
    /// ```
    /// # use iamport::*;
    /// let mut window = RequestPay::new(MerchantUid::new("ORD20180131-0000011")?, "card", Amount::from_minor(64_900, 0));
    /// window.pg = Some("html5_inicis".to_owned());
    /// let json = window.to_json();
    /// let start = r#"{"pg":"html5_inicis","pay_method":"card","merchant_uid":"ORD20180131-0000011","amount":64900"#;
    /// assert!(json.starts_with(start));
    /// # Ok::<(), InvalidInput>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        let bytes = body(|object| self.fill(object));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn fill(&self, object: &mut Object<'_>) {
        object.maybe_text("channelKey", self.channel_key.as_deref());
        object.maybe_text("pg", self.pg.as_deref());
        object.text("pay_method", &self.pay_method);
        object.text("merchant_uid", self.merchant_uid.as_str());
        object.amount("amount", self.amount);
        object.maybe_text("name", self.name.as_deref());
        object.maybe_text("currency", self.currency.as_deref());
        object.maybe_amount("tax_free", self.tax_free);
        object.maybe_amount("vat_amount", self.vat_amount);
        object.maybe_text("language", self.language.as_deref());
        match &self.custom_data {
            // The SDK takes an object; Iamport keeps it as text.
            Some(data) if serde_json::from_str::<&RawValue>(data).is_ok() => object.json("custom_data", data),
            data => object.concealed("custom_data", data.as_ref()),
        }
        object.concealed("buyer_name", self.buyer_name.as_ref());
        object.concealed("buyer_tel", self.buyer_tel.as_ref());
        object.concealed("buyer_email", self.buyer_email.as_ref());
        object.concealed("buyer_addr", self.buyer_addr.as_ref());
        object.concealed("buyer_postcode", self.buyer_postcode.as_ref());
        object.concealed("confirm_url", self.confirm_url.as_ref());
        object.concealed("notice_url", self.notice_url.as_ref());
        object.maybe_text("m_redirect_url", self.m_redirect_url.as_deref());
        object.maybe_text("app_scheme", self.app_scheme.as_deref());
        object.maybe_text("customer_uid", self.customer_uid.as_ref().map(CustomerUid::as_str));
        object.maybe_text("customer_id", self.customer_id.as_deref());
        object.flag("escrow", self.escrow);
        object.flag("digital", self.digital);
        object.maybe_text("vbank_due", self.vbank_due.as_deref());
        object.maybe_text("biz_num", self.biz_num.as_deref());
        object.flag("useFreeInterestFromMall", self.use_free_interest_from_mall);
        if let Some(months) = &self.card_quota {
            object.object("display", |display| display.integers("card_quota", months.iter().copied()));
        }
        self.fill_card(object);
        if let Some(period) = &self.period {
            object.object("period", |inner| {
                inner.maybe_text("from", period.from.as_deref());
                inner.maybe_text("to", period.to.as_deref());
                inner.maybe_text("interval", period.interval.as_deref());
            });
        }
        self.fill_goods(object);
        for (name, json) in &self.passed {
            object.json(name, json.as_str());
        }
    }

    fn fill_card(&self, object: &mut Object<'_>) {
        if self.card_direct.is_none() && self.card_detail.is_empty() {
            return;
        }
        object.object("card", |card| {
            if let Some((code, quota)) = &self.card_direct {
                card.object("direct", |direct| {
                    direct.text("code", code);
                    direct.maybe_integer("quota", *quota);
                });
            }
            if !self.card_detail.is_empty() {
                card.objects("detail", self.card_detail.iter(), |line, (code, enabled)| {
                    line.text("card_code", code);
                    line.flag("enabled", Some(*enabled));
                });
            }
        });
    }

    fn fill_goods(&self, object: &mut Object<'_>) {
        if !self.products.is_empty() {
            object.objects("products", self.products.iter(), |line, product| {
                line.maybe_text("id", product.id.as_deref());
                line.text("name", &product.name);
                line.maybe_text("code", product.code.as_deref());
                line.amount("unitPrice", product.unit_price);
                line.integer("quantity", product.quantity.into());
            });
        }
        object.flag("naverPopupMode", self.naver_popup_mode);
        object.maybe_text("naverUseCfm", self.naver_use_cfm.as_deref());
        object.maybe_text("naverProductCode", self.naver_product_code.as_deref());
        object.maybe_integer("naverProductCount", self.naver_product_count);
        object.concealed("naverMerchantUserKey", self.naver_merchant_user_key.as_ref());
        object.concealed("naverPurchaserName", self.naver_purchaser_name.as_ref());
        object.concealed("naverPurchaserBirthday", self.naver_purchaser_birthday.as_ref());
        object.flag("naverCultureBenefit", self.naver_culture_benefit);
        if !self.naver_products.is_empty() {
            object.objects("naverProducts", self.naver_products.iter(), |line, product| {
                line.text("categoryType", &product.category_type);
                line.text("categoryId", &product.category_id);
                line.text("uid", &product.uid);
                line.text("name", &product.name);
                line.integer("count", product.count.into());
            });
        }
    }
}
