//! Welfare points of Benepia: KCP only, with a site code of KCP's.

use serde::Deserialize;

use crate::amount::Amount;
use crate::buyer::Buyer;
use crate::charge::{NAME_CHARS_MAX, check_positive, same_order};
use crate::client::{Call, Client};
use crate::envelope::{Content, Documented, Meaning};
use crate::error::Error;
use crate::ids::{InvalidInput, MerchantUid, check_text};
use crate::payment::Payment;
use crate::secret::BenepiaPassword;
use crate::text::Sensitive;
use crate::wire::{Object, Target, body};

/// 500: the points could not be read, or the payment failed.
const BENEPIA: Documented = &[(500, Meaning::Refused)];

/// A customer's account at Benepia, and the channel through which it is reached.
#[derive(Debug, Clone)]
pub struct BenepiaAccount {
    benepia_user: Sensitive,
    benepia_password: BenepiaPassword,
    channel_key: Sensitive,
}

impl BenepiaAccount {
    /// The account `benepia_user`, through the channel `channel_key`.
    #[must_use]
    pub const fn new(benepia_user: Sensitive, benepia_password: BenepiaPassword, channel_key: Sensitive) -> Self {
        Self { benepia_user, benepia_password, channel_key }
    }

    fn write(&self, object: &mut Object<'_>) {
        object.concealed("benepia_user", Some(&self.benepia_user));
        object.secret("benepia_password", Some(&self.benepia_password));
        object.concealed("channel_key", Some(&self.channel_key));
    }
}

/// For whom points are paid. To the API a missing code is a test payment, which costs nothing; here it has to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BenepiaMember {
    /// The member company with this code at Benepia.
    Code(String),
    /// Nobody: a test payment.
    Test,
}

/// A request to pay with Benepia points.
#[derive(Debug, Clone)]
pub struct PayBenepia {
    account: BenepiaAccount,
    member: BenepiaMember,
    merchant_uid: MerchantUid,
    amount: Amount,
    name: String,
    /// The buyer.
    pub buyer: Buyer,
    /// Where the webhooks of this payment go, instead of the console's URL.
    pub notice_url: Vec<Sensitive>,
    /// The merchant's own data, kept with the payment. JSON in a string by convention.
    pub custom_data: Option<Sensitive>,
}

impl PayBenepia {
    /// A payment of `amount` from `account` under the number `merchant_uid`, for an order called `name`.
    ///
    /// # Errors
    /// [`InvalidInput`] if the amount is not above zero, the name not 1 to 40 characters, or the member's code empty.
    pub fn new(
        account: BenepiaAccount,
        member: BenepiaMember,
        merchant_uid: MerchantUid,
        amount: Amount,
        name: impl Into<String>,
    ) -> Result<Self, InvalidInput> {
        let name = name.into();
        check_positive("amount", amount)?;
        check_text("name", &name, NAME_CHARS_MAX)?;
        if let BenepiaMember::Code(code) = &member {
            check_text("benepia_member_code", code, usize::MAX)?;
        }
        let buyer = Buyer::default();
        Ok(Self { account, member, merchant_uid, amount, name, buyer, notice_url: Vec::new(), custom_data: None })
    }
}

/// What an account at Benepia holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BenepiaPoint {
    /// Points held.
    pub point: Amount,
}

impl Content for BenepiaPoint {}

impl Client {
    /// How many Benepia points a customer has: `POST /benepia/point`. It changes nothing, but carries the customer's password,
    /// so it is sent once.
    ///
    /// Source: `queryBenepiaPoint`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, password: String) -> Result<(), Box<dyn std::error::Error>> {
    /// let account = BenepiaAccount::new("gildong".into(), BenepiaPassword::new(password), "channel-key-1".into());
    /// let points = client.benepia_point(&account).await?.point;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) (also as 500) if they could not be read; else any class.
    pub async fn benepia_point(&self, account: &BenepiaAccount) -> Result<BenepiaPoint, Error> {
        let body = body(|object| account.write(object));
        self.send(Call::post(Target::new("/benepia/point"), Some(body)).documenting(BENEPIA)).await
    }

    /// Pays with Benepia points: `POST /benepia/payment`. A charge, sent at most once; only [`Payment::status`] says whether
    /// it was paid.
    ///
    /// Source: `payBenepiaPoint`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, account: BenepiaAccount) -> Result<(), Box<dyn std::error::Error>> {
    /// let pay = PayBenepia::new(
    ///     account,
    ///     BenepiaMember::Code("A001".to_owned()),
    ///     MerchantUid::new("order_0001")?,
    ///     Amount::from_minor(30_000, 0),
    ///     "의자",
    /// )?;
    /// let payment = client.pay_benepia(&pay).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) (also as 500) if it failed: look it up once before you believe it.
    /// Else any class.
    pub async fn pay_benepia(&self, request: &PayBenepia) -> Result<Payment, Error> {
        let body = body(|object| {
            request.account.write(object);
            if let BenepiaMember::Code(code) = &request.member {
                object.text("benepia_member_code", code);
            }
            object.text("merchant_uid", request.merchant_uid.as_str());
            object.amount("amount", request.amount);
            object.text("name", &request.name);
            request.buyer.write(object);
            object.concealed_texts("notice_url", &request.notice_url);
            object.concealed("custom_data", request.custom_data.as_ref());
        });
        let call = Call::post(Target::new("/benepia/payment"), Some(body)).documenting(BENEPIA);
        let payment: Payment = self.send(call).await?;
        same_order(&request.merchant_uid, request.amount, &payment)?;
        Ok(payment)
    }
}
