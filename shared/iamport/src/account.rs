//! What the account and the API know by themselves: channels, sub-merchants, codes of banks and card companies.

use serde::Deserialize;

use crate::client::{Call, Client};
use crate::envelope::{Content, same};
use crate::error::Error;
use crate::ids::{StandardCode, TierCode};
use crate::lenient::open_enum;
use crate::text::Sensitive;
use crate::wire::Target;

open_enum! {
    /// What a channel is for.
    PgSettingType {
        /// Payments in the window.
        Payment = "payment",
        /// Payments by API.
        ApiPayment = "api_payment",
        /// Identity checks.
        Certification = "certification",
    }
}

/// A channel that is set up in the console.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PgSetting {
    /// Code of the payment gateway.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub pg_provider: String,
    /// The merchant's id at the gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_id: Option<String>,
    /// Whether it is a test channel, i.e. moves no money.
    #[serde(default, deserialize_with = "crate::lenient::strict_flag")]
    pub sandbox: Option<bool>,
    /// What it is for.
    #[serde(default, rename = "type", deserialize_with = "crate::lenient::open")]
    pub kind: Option<PgSettingType>,
    /// Its name in the console.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub channel_name: Option<String>,
    /// Its key, which requests name it by.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub channel_key: Option<Sensitive>,
}

impl Content for PgSetting {}

/// A sub-merchant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Tier {
    /// Its code, for [`Config::with_tier`](crate::Config::with_tier).
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub tier_code: String,
    /// Its name in the console.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub tier_name: Option<String>,
}

impl Content for Tier {}

/// A bank or a card company, with its code at the Korea Financial Telecommunications and Clearings Institute.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CodeName {
    /// The code.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub code: String,
    /// The name.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub name: Option<String>,
}

impl Content for CodeName {}

impl Client {
    /// The channels set up in the console: `GET /users/pg`. The only operation that tells channel keys.
    ///
    /// Source: `getPgSettingList`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let channels = client.pg_settings().await?;
    /// let test = channels.into_iter().find(|channel| channel.sandbox == Some(true));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn pg_settings(&self) -> Result<Vec<PgSetting>, Error> {
        self.send(Call::get(Target::new("/users/pg"))).await
    }

    /// A sub-merchant: `GET /tiers/{tier_code}`.
    ///
    /// Source: `GetTier`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let tier = client.tier(&TierCode::new("AB1")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if it was never registered or is deleted; else any class.
    pub async fn tier(&self, tier_code: &TierCode) -> Result<Tier, Error> {
        let tier: Tier = self.send(Call::get(Target::new("/tiers").segment(tier_code.as_str()))).await?;
        same("tier_code", tier_code.as_str(), &tier.tier_code)?;
        Ok(tier)
    }

    /// All card companies: `GET /cards`.
    ///
    /// Source: `allCardCodes`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// for company in client.card_codes().await? { /* company.code, company.name */ }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn card_codes(&self) -> Result<Vec<CodeName>, Error> {
        self.send(Call::get(Target::new("/cards"))).await
    }

    /// One card company: `GET /cards/{card_standard_code}`.
    ///
    /// Source: `cardCodes`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let company = client.card_code(&StandardCode::new("361")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none; else any class.
    pub async fn card_code(&self, code: &StandardCode) -> Result<CodeName, Error> {
        self.one_code(code, Target::new("/cards")).await
    }

    /// All banks: `GET /banks`.
    ///
    /// Source: `allBankCodes`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// for bank in client.bank_codes().await? { /* bank.code, bank.name */ }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn bank_codes(&self) -> Result<Vec<CodeName>, Error> {
        self.send(Call::get(Target::new("/banks"))).await
    }

    /// One bank: `GET /banks/{bank_standard_code}`.
    ///
    /// Source: `bankCodes`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let bank = client.bank_code(&StandardCode::new("004")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none; else any class.
    pub async fn bank_code(&self, code: &StandardCode) -> Result<CodeName, Error> {
        self.one_code(code, Target::new("/banks")).await
    }

    async fn one_code(&self, code: &StandardCode, target: Target) -> Result<CodeName, Error> {
        let told: CodeName = self.send(Call::get(target.segment(code.as_str()))).await?;
        same("code", code.as_str(), &told.code)?;
        Ok(told)
    }
}
