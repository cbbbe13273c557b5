//! What a storefront's page needs to open the PG's window: the object for `IMP.request_pay`, with everything in it that no
//! caller may choose.

use billing::checkout::{NaverProduct, Window};
use billing::order::Order;
use billing::usecase::Failure;
use billing::{CustomerId, Money};
use iamport::{InvalidInput, RequestPay, Sensitive, ServicePeriod, WindowProduct};

use crate::app::App;
use crate::config::{Config, channel_among};
use crate::http::Request;
use crate::psp::write::{amount, concealed};

/// Where this order's window reports to: our own addresses, each good for this order alone.
struct Addresses {
    notice_url: Option<Sensitive>,
    confirm_url: Option<Sensitive>,
    m_redirect_url: Option<String>,
}

impl App {
    /// The object for `IMP.request_pay`, as JSON. `customer_id` goes along where a billing key is issued, and where the gateway
    /// asks for it.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] without the secret: an order's addresses carry a token made of it.
    pub async fn request_pay(
        &self,
        request: &Request,
        order: &Order,
        window: &Window,
        customer_id: &CustomerId,
    ) -> Result<String, Failure> {
        let addresses = self.addresses(request, order).await?;
        let object = object(&self.config, order, window, customer_id, addresses);
        object.map(|object| object.to_json()).map_err(|_| Failure::Unavailable)
    }

    async fn addresses(&self, request: &Request, order: &Order) -> Result<Addresses, Failure> {
        let secret = self.secret().await.map_err(|_| Failure::Unavailable)?;
        let token = secret.order_token(&order.merchant_uid);
        let api = self.config.public_url.clone().or_else(|| request.own_url());
        let of_api = |path: String| api.as_ref().map(|api| format!("{api}{path}"));
        let merchant_uid = order.merchant_uid.as_str();
        let notice_url =
            self.config.notice_url.as_ref().map(|base| format!("{}/{}", base.trim_end_matches('/'), *token));
        let confirm_url = of_api(format!("/checkouts/confirm/{}", *token)).filter(|_| self.config.checkout_confirm);
        // Without a page of the storefront's to go on to, a mobile browser has nowhere to come back to.
        let page = self.config.checkout_return_url.as_ref();
        let m_redirect_url = page.and_then(|_| of_api(format!("/checkouts/{merchant_uid}/return?token={}", *token)));
        Ok(Addresses {
            notice_url: notice_url.map(Sensitive::from),
            confirm_url: confirm_url.map(Sensitive::from),
            m_redirect_url,
        })
    }
}

fn object(
    config: &Config,
    order: &Order,
    window: &Window,
    customer_id: &CustomerId,
    addresses: Addresses,
) -> Result<RequestPay, InvalidInput> {
    let given = &order.details;
    let options = window.options.clone();
    let part = |minor: u64| amount(Money::new(minor, order.amount.currency));
    let uid = iamport::MerchantUid::new(order.merchant_uid.as_str())?;
    let mut object = RequestPay::new(uid, &window.pay_method, amount(order.amount));
    (object.pg, object.channel_key) = channel(config, window.pg.as_deref(), &window.pay_method);
    object.name = Some(order.name.clone());
    object.currency = Some(order.amount.currency.code().to_owned());
    object.tax_free = given.tax_free.map(part);
    object.vat_amount = given.vat_amount.map(part);
    object.language = options.language;
    object.custom_data = concealed(given.custom_data.as_ref());
    object.buyer_name = concealed(given.buyer_name.as_ref());
    object.buyer_tel = concealed(given.buyer_tel.as_ref());
    object.buyer_email = concealed(given.buyer_email.as_ref());
    object.buyer_addr = concealed(given.buyer_addr.as_ref());
    object.buyer_postcode = concealed(given.buyer_postcode.as_ref());
    object.notice_url = addresses.notice_url;
    object.confirm_url = addresses.confirm_url;
    object.m_redirect_url = addresses.m_redirect_url;
    object.app_scheme = options.app_scheme;
    object.customer_uid = order.customer_uid.as_ref().map(|uid| iamport::CustomerUid::new(uid.as_str())).transpose()?;
    let gateway = window.pg.as_deref().or(config.policy.default_pg.as_deref());
    object.customer_id = window.tells_customer(order, gateway).then(|| customer_id.to_string());
    object.escrow = options.escrow;
    object.digital = options.digital;
    object.vbank_due = options.vbank_due;
    object.biz_num = options.biz_num;
    object.use_free_interest_from_mall = options.use_free_interest_from_mall;
    object.card_quota = options.card_quota;
    object.card_direct = options.card_direct.map(|direct| (direct.code, direct.quota));
    object.card_detail = options.card_detail.into_iter().map(|line| (line.card_code, line.enabled)).collect();
    object.period =
        options.period.map(|period| ServicePeriod { from: period.from, to: period.to, interval: period.interval });
    let product = |product: billing::checkout::Product| WindowProduct {
        id: product.id,
        name: product.name,
        code: product.code,
        unit_price: part(product.unit_price),
        quantity: product.quantity,
    };
    object.products = options.products.into_iter().map(product).collect();
    let naver = options.naver;
    object.naver_popup_mode = naver.popup_mode;
    object.naver_use_cfm = naver.use_cfm;
    object.naver_products = naver.products.into_iter().map(naver_product).collect();
    object.naver_product_code = naver.product_code;
    object.naver_product_count = naver.product_count;
    object.naver_merchant_user_key = concealed(naver.merchant_user_key.as_ref());
    object.naver_purchaser_name = concealed(naver.purchaser_name.as_ref());
    object.naver_purchaser_birthday = concealed(naver.purchaser_birthday.as_ref());
    object.naver_culture_benefit = naver.culture_benefit;
    let passed = options.passed.parameters();
    object.passed = passed.map(|(name, json)| (name.to_owned(), Sensitive::from(json))).collect();
    Ok(object)
}

fn naver_product(product: NaverProduct) -> iamport::NaverProduct {
    iamport::NaverProduct {
        category_type: product.category_type,
        category_id: product.category_id,
        uid: product.uid,
        name: product.name,
        count: product.count,
    }
}

/// `pg` and `channelKey`: the channel that is set up for the gateway and the method, or for the gateway, else the gateway as it
/// was named.
fn channel(config: &Config, pg: Option<&str>, pay_method: &str) -> (Option<String>, Option<String>) {
    let of_keys = (config.pg.as_deref(), config.channel_key.as_deref());
    channel_among(&config.window_channels, of_keys, pg, pay_method)
}

#[cfg(test)]
mod tests;
