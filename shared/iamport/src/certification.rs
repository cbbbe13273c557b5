//! Identity checks: made in the window, or with a code sent to a telephone.

use std::fmt;

use serde::Deserialize;

use crate::client::{Call, Client};
use crate::envelope::{Content, Documented, Meaning, same};
use crate::error::Error;
use crate::ids::{AnyMerchantUid, ImpUid};
use crate::lenient::{choice, open_enum};
use crate::secret::Otp;
use crate::text::Sensitive;
use crate::wire::{Target, body};

/// 500: the gateway answered with an error, or the erasing failed.
const CERTIFICATION: Documented = &[(500, Meaning::Refused)];

choice! {
    /// The network of a telephone. A budget carrier is named by the network that it uses, with [`RequestOtp::is_mvno`].
    Carrier {
        /// SK Telecom.
        Skt = "SKT",
        /// KT.
        Kt = "KT",
        /// LG U+.
        Lgt = "LGT",
    }
}

choice! {
    /// How a person confirms. kcp_v2 only.
    VerificationMethod {
        /// With a code in a text message.
        Sms = "SMS",
        /// In the carrier's app.
        App = "APP",
    }
}

open_enum! {
    /// A person's sex.
    Gender {
        /// Male.
        Male = "male",
        /// Female.
        Female = "female",
    }
}

open_enum! {
    /// The carrier of a person's telephone.
    CertifiedCarrier {
        /// SK Telecom.
        Skt = "SKT",
        /// KT.
        Kt = "KT",
        /// LG U+.
        Lgt = "LGT",
        /// A budget carrier on SK Telecom's network.
        SktMvno = "SKT_MVNO",
        /// A budget carrier on KT's network.
        KtMvno = "KT_MVNO",
        /// A budget carrier on LG U+'s network.
        LgtMvno = "LGT_MVNO",
    }
}

/// A request to check a person's data at the carrier and to send a code to the telephone. Only for merchants that the
/// carriers have approved, at danal and kcp_v2. `Debug` shows nothing of the person.
#[derive(Clone)]
pub struct RequestOtp {
    name: Sensitive,
    phone: Sensitive,
    birth: Sensitive,
    gender_digit: Sensitive,
    carrier: Carrier,
    channel_key: Sensitive,
    /// Whether the carrier is a budget carrier on the network named.
    pub is_mvno: Option<bool>,
    /// Name or domain of the service, for the notice that the state's agency sends.
    pub company: Option<String>,
    /// The merchant's number of the check.
    pub merchant_uid: Option<AnyMerchantUid>,
    /// `danal.{merchant id}`: the older way to name a channel.
    pub pg: Option<String>,
    /// How the person confirms: kcp_v2.
    pub verification_method: Option<VerificationMethod>,
    /// Parameters handed to the gateway as they are, JSON in a string: kcp_v2.
    pub bypass: Option<Sensitive>,
}

impl RequestOtp {
    /// A check of the person called `name`, born on `birth` (`YYMMDD`), with the telephone `phone` at `carrier`.
    /// `gender_digit` is the seventh digit of the resident number: 1 and 2 for who was born before 2000, 3 and 4 from then
    /// on; 5 to 8 for foreigners.
    #[must_use]
    pub const fn new(
        channel_key: Sensitive,
        name: Sensitive,
        phone: Sensitive,
        birth: Sensitive,
        gender_digit: Sensitive,
        carrier: Carrier,
    ) -> Self {
        Self {
            name,
            phone,
            birth,
            gender_digit,
            carrier,
            channel_key,
            is_mvno: None,
            company: None,
            merchant_uid: None,
            pg: None,
            verification_method: None,
            bypass: None,
        }
    }
}

impl fmt::Debug for RequestOtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestOtp").field("merchant_uid", &self.merchant_uid).finish_non_exhaustive()
    }
}

/// An identity check for which a code was sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct OtpRequested {
    /// Iamport's number of the check, which [`Client::confirm_otp`] wants.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub imp_uid: String,
}

impl Content for OtpRequested {}

/// The result of an identity check. `Debug` shows nothing of the person.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Certification {
    /// Iamport's number of the check.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub imp_uid: String,
    /// The merchant's number of the check.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub merchant_uid: Option<String>,
    /// The gateway's number of the result.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_tid: Option<String>,
    /// Code of the gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_provider: Option<String>,
    /// The person's real name.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub name: Option<Sensitive>,
    /// The person's sex.
    #[serde(default, deserialize_with = "crate::lenient::open")]
    pub gender: Option<Gender>,
    /// Date of birth, `YYYY-MM-DD`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub birthday: Option<Sensitive>,
    /// Whether the person is a foreigner; always false unless the contract with Danal says otherwise.
    #[serde(default, deserialize_with = "crate::lenient::flag")]
    pub foreigner: Option<bool>,
    /// Whether the person is a foreigner; absent unless the contract with Danal covers it.
    #[serde(default, deserialize_with = "crate::lenient::flag")]
    pub foreigner_v2: Option<bool>,
    /// Telephone number, digits only. Absent without the carriers' approval, and for checks by card.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub phone: Option<Sensitive>,
    /// The carrier. Absent as the telephone number is.
    #[serde(default, deserialize_with = "crate::lenient::open")]
    pub carrier: Option<CertifiedCarrier>,
    /// Whether the check succeeded. It decides, so a value that is not understood makes the reply suspect; absent is not yes.
    #[serde(default, deserialize_with = "crate::lenient::strict_flag")]
    pub certified: Option<bool>,
    /// When it did, UNIX seconds.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub certified_at: Option<i64>,
    /// CI: one value per person.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub unique_key: Option<Sensitive>,
    /// DI: one value per person and merchant id.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub unique_in_site: Option<Sensitive>,
    /// The page on which the check ran.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub origin: Option<Sensitive>,
}

impl Content for Certification {}

impl fmt::Debug for Certification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certification")
            .field("imp_uid", &self.imp_uid)
            .field("merchant_uid", &self.merchant_uid)
            .field("pg_provider", &self.pg_provider)
            .field("certified", &self.certified)
            .field("certified_at", &self.certified_at)
            .finish_non_exhaustive()
    }
}

fn one(imp_uid: &ImpUid) -> Target {
    Target::new("/certifications").segment(imp_uid.as_str())
}

impl Client {
    /// The result of an identity check: `GET /certifications/{imp_uid}`.
    ///
    /// Source: `getCertification`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let check = client.certification(&ImpUid::new("imp_448280090638")?).await?;
    /// if check.certified == Some(true) { /* check.unique_key tells who it is */ }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none; else any class.
    pub async fn certification(&self, imp_uid: &ImpUid) -> Result<Certification, Error> {
        self.one_certification(imp_uid, Call::get(one(imp_uid))).await
    }

    /// Erases the result of an identity check for good: `DELETE /certifications/{imp_uid}`. Sent at most once. The reply
    /// shows what was erased.
    ///
    /// Source: `deleteCertification`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// client.delete_certification(&ImpUid::new("imp_448280090638")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none,
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) also as 500; else any class.
    pub async fn delete_certification(&self, imp_uid: &ImpUid) -> Result<Certification, Error> {
        self.one_certification(imp_uid, Call::delete(one(imp_uid)).documenting(CERTIFICATION)).await
    }

    /// Checks a person's data at the carrier and has a code sent to the telephone: `POST /certifications/otp/request`. Sent at
    /// most once.
    ///
    /// Source: `requestOTP`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, digit: String) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = RequestOtp::new(
    ///     "channel-key-1".into(),
    ///     "홍길동".into(),
    ///     "01012345678".into(),
    ///     "880101".into(),
    ///     digit.into(),
    ///     Carrier::Skt,
    /// );
    /// let check = client.request_otp(&request).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if data are missing or not right,
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) by the gateway (also as 500); else any class.
    pub async fn request_otp(&self, request: &RequestOtp) -> Result<OtpRequested, Error> {
        let body = body(|object| {
            object.concealed("name", Some(&request.name));
            object.concealed("phone", Some(&request.phone));
            object.concealed("birth", Some(&request.birth));
            object.concealed("gender_digit", Some(&request.gender_digit));
            object.text("carrier", request.carrier.as_str());
            object.concealed("channel_key", Some(&request.channel_key));
            object.flag("is_mvno", request.is_mvno);
            object.maybe_text("company", request.company.as_deref());
            object.maybe_text("merchant_uid", request.merchant_uid.as_ref().map(AnyMerchantUid::as_str));
            object.maybe_text("pg", request.pg.as_deref());
            object.maybe_text("verification_method", request.verification_method.map(VerificationMethod::as_str));
            object.concealed("bypass", request.bypass.as_ref());
        });
        self.send(Call::post(Target::new("/certifications/otp/request"), Some(body)).documenting(CERTIFICATION)).await
    }

    /// Finishes an identity check with the code that the person was sent: `POST /certifications/otp/confirm/{imp_uid}`. Sent at
    /// most once. There is no code where kcp_v2 asks in the carrier's app.
    ///
    /// Source: `confirmOTP`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, check: OtpRequested, typed: String) -> Result<(), Box<dyn std::error::Error>> {
    /// let check = client.confirm_otp(&ImpUid::new(check.imp_uid)?, Some(&Otp::new(typed))).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if the code is missing or the check finished already,
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if no code was asked for,
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) by the gateway (also as 500); else any class.
    pub async fn confirm_otp(&self, imp_uid: &ImpUid, otp: Option<&Otp>) -> Result<Certification, Error> {
        let body = body(|object| object.secret("otp", otp));
        let target = Target::new("/certifications/otp/confirm").segment(imp_uid.as_str());
        self.one_certification(imp_uid, Call::post(target, Some(body)).documenting(CERTIFICATION)).await
    }

    async fn one_certification(&self, imp_uid: &ImpUid, call: Call) -> Result<Certification, Error> {
        let certification: Certification = self.send(call).await?;
        same("imp_uid", imp_uid.as_str(), &certification.imp_uid)?;
        Ok(certification)
    }
}
