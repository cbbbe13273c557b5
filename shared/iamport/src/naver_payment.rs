//! NAVER Pay's payment type (`naverpay`): points, confirmed purchases, and what a cash receipt may cover. And the reviews of
//! its order type (`naverco`).

use serde::Deserialize;

use crate::amount::Amount;
use crate::client::{Call, Client};
use crate::customer::Requester;
use crate::envelope::{Content, Documented, Meaning, Nothing};
use crate::error::Error;
use crate::ids::{ImpUid, InvalidInput, check_seconds};
use crate::lenient::choice;
use crate::naver::of_payment;
use crate::text::Sensitive;
use crate::wire::{Target, body};

/// 500: not done; the message says why.
const DO: Documented = &[(500, Meaning::Refused)];

choice! {
    /// Which reviews are listed.
    ReviewType {
        /// Ordinary ones.
        General = "general",
        /// Premium ones.
        Premium = "premium",
    }
}

/// A window of reviews. How long it may be is not documented.
#[derive(Debug, Clone)]
pub struct NaverReviews {
    channel_key: Sensitive,
    from: i64,
    to: i64,
    review_type: ReviewType,
}

impl NaverReviews {
    /// The reviews between two moments in UNIX seconds, through the channel `channel_key`.
    ///
    /// # Errors
    /// [`InvalidInput`] if a moment is not in seconds.
    pub fn new(channel_key: Sensitive, from: i64, to: i64, review_type: ReviewType) -> Result<Self, InvalidInput> {
        check_seconds("from", from)?;
        check_seconds("to", to)?;
        Ok(Self { channel_key, from, to, review_type })
    }
}

/// One review.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct NaverReview {
    /// Its id.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub review_id: String,
    /// The score. By one text of the schema 1 to 5; by the other 0 to 2 for an ordinary review (bad, fair, good) and 10 to 13
    /// for a premium one (no, fair, yes, very much).
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub score: Option<String>,
    /// Text of an ordinary review, or title of a premium one.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub title: Option<Sensitive>,
    /// Text of a premium review.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub content: Option<Sensitive>,
    /// NAVER's number of the product order.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub product_order_id: Option<String>,
    /// Number of the goods.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub product_id: Option<String>,
    /// Their name.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub product_name: Option<String>,
    /// Name of the option.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub product_option_name: Option<String>,
    /// Id of who wrote it.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub writer: Option<Sensitive>,
    /// When it was written.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub created_at: Option<i64>,
    /// When it was changed.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub modified_at: Option<i64>,
}

impl Content for NaverReview {}

/// For how much of a payment a cash receipt may be issued, in won.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct NaverCashAmount {
    /// In all.
    pub amount_total: Amount,
    /// Of it paid with NAVER's points.
    #[serde(default)]
    pub amount_by_npoint: Option<Amount>,
    /// Of it paid with the main means.
    #[serde(default)]
    pub amount_by_primary: Option<Amount>,
    /// Of it value of supply.
    #[serde(default)]
    pub amount_supply: Option<Amount>,
    /// Of it tax.
    #[serde(default)]
    pub amount_vat: Option<Amount>,
}

impl Content for NaverCashAmount {}

impl Client {
    /// Has NAVER credit the buyer with the points of a payment: `POST /payments/{imp_uid}/naver/point`. Sent at most once. Of the
    /// reply only the code is read.
    ///
    /// Source: `naverDepositPoint`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// client.naver_point(&ImpUid::new("imp_448280090638")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) without such a payment,
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) also as 500; else any class.
    pub async fn naver_point(&self, imp_uid: &ImpUid) -> Result<(), Error> {
        let call = Call::post(of_payment(imp_uid, "point"), None).documenting(DO);
        self.send::<Nothing>(call).await.map(drop)
    }

    /// Confirms the purchase of an escrow payment: `POST /payments/{imp_uid}/naver/confirm`. Sent at most once. Of the reply only
    /// the code is read.
    ///
    /// Source: `naverConfirmPayment`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// client.naver_confirm(&ImpUid::new("imp_448280090638")?, Some(Requester::Customer)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::naver_point`].
    pub async fn naver_confirm(&self, imp_uid: &ImpUid, requester: Option<Requester>) -> Result<(), Error> {
        let body = body(|object| object.maybe_text("requester", requester.map(Requester::as_str)));
        let call = Call::post(of_payment(imp_uid, "confirm"), Some(body)).documenting(DO);
        self.send::<Nothing>(call).await.map(drop)
    }

    /// For how much of a payment a cash receipt may be issued: `GET /payments/{imp_uid}/naver/cash-amount`.
    ///
    /// Source: `queryCashAmount`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let cash = client.naver_cash_amount(&ImpUid::new("imp_448280090638")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if it is no payment of this type; else any class.
    pub async fn naver_cash_amount(&self, imp_uid: &ImpUid) -> Result<NaverCashAmount, Error> {
        self.send(Call::get(of_payment(imp_uid, "cash-amount"))).await
    }

    /// Reviews of a window of time: `GET /naver/reviews`.
    ///
    /// Source: `getReviews`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, now: i64) -> Result<(), Box<dyn std::error::Error>> {
    /// let window = NaverReviews::new("channel-key-1".into(), now - 86_400, now, ReviewType::General)?;
    /// for review in client.naver_reviews(&window).await? { /* review.score, review.title */ }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if the window is not right; else any class.
    pub async fn naver_reviews(&self, request: &NaverReviews) -> Result<Vec<NaverReview>, Error> {
        // The schema puts the channel's key into form data, which a GET does not have: what HTTP gives a meaning is its query.
        let target = Target::new("/naver/reviews")
            .query("channel_key", &request.channel_key)
            .maybe_query("from", Some(request.from))
            .maybe_query("to", Some(request.to))
            .query("review_type", request.review_type.as_str());
        self.send(Call::get(target)).await
    }
}
