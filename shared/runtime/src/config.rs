//! Configuration: environment variables, read once at the start. An error names the variable and never its value.

mod channel;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;

use billing::channels::Configured;
use billing::policy::{CashReceiptPolicy, ConsentPolicy, LatePaidPolicy, ReceiptIssuer};
use billing::{Currency, Policy};

pub use channel::WindowChannel;
pub(crate) use channel::channel_among;
use channel::pg_code;

/// A variable that is missing or does not say what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {rule}")]
pub struct ConfigError {
    /// Its name.
    pub variable: &'static str,
    /// What it should say.
    pub rule: &'static str,
}

/// What to do with a webhook from an address that is not on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookIpMode {
    /// Answer 403.
    Enforce,
    /// Log it and go on: only the re-fetch with our own token decides anyway.
    Observe,
}

/// The settings of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `TABLE_NAME`.
    pub table_name: String,
    /// `IAMPORT_SECRET_ID`: name or ARN of the secret.
    pub secret_id: String,
    /// `IAMPORT_BASE_URL`; https only unless loopback (checked by the client).
    pub base_url: String,
    /// `IAMPORT_PG`: `{pg}` or `{pg}.{mid}`, sent with a key issue.
    pub pg: Option<String>,
    /// `IAMPORT_CHANNEL_KEY`, sent with a key issue.
    pub channel_key: Option<String>,
    /// `NOTICE_URL`: where webhooks arrive, without the secret token at its end.
    pub notice_url: Option<String>,
    /// `IAMPORT_RATE`: how many calls of Iamport one function sends a second at most. Iamport documents no limit for V1, and the sweep
    /// has many calls at once.
    pub calls_a_second: NonZeroU32,
    /// `IAMPORT_TIER`: the sub-merchant that every call of the PSP is about, and every window.
    pub tier: Option<String>,
    /// `IAMPORT_CODE`: what a page hands to `IMP.init`, or with the tier to `IMP.agency`.
    pub imp_code: Option<ImpCode>,
    /// `IAMPORT_CHECKOUT_PGS`: the gateways that windows may be opened at, the default first.
    pub window_channels: Vec<WindowChannel>,
    /// `IAMPORT_VBANK_CHANNELS`: the channels that virtual accounts are issued through without a window, the default first.
    pub account_channels: Vec<WindowChannel>,
    /// `PUBLIC_URL`: where the storefront API answers; the API's own domain if absent.
    pub public_url: Option<String>,
    /// `CHECKOUT_RETURN_URL`: the storefront's page for customers whose mobile browser comes back from the window.
    pub checkout_return_url: Option<String>,
    /// `CHECKOUT_CONFIRM`: whether the PG asks us before it approves (`confirm_url`; Iamport switches it on by request).
    pub checkout_confirm: bool,
    /// `WEBHOOK_IP_MODE`: `observe` (default) or `enforce`.
    pub webhook_ip_mode: WebhookIpMode,
    /// `WEBHOOK_IPS`: the PSP's published addresses, separated by commas.
    pub webhook_ips: Vec<IpAddr>,
    /// `SANDBOX_CLOCK_FILE`: seconds by which a local simulator's clock is ahead. Refused unless the PSP is loopback.
    pub clock_file: Option<String>,
    /// The merchant's decisions: `CURRENCIES`, `AMOUNT_MAX`, `ACCEPT_SANDBOX_PAYMENTS`, `CONSENT_POLICY`,
    /// `LATE_PAID_POLICY`, `CASH_RECEIPT_POLICY`, `CASH_RECEIPT_CORP_REG_NO` and the rest of who issues receipts, `CVC_ACCEPTED`, `QUARANTINE_SECONDS`.
    pub policy: Policy,
}

/// The merchant's number in the browser SDK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImpCode {
    /// `IMP.init(code)`.
    pub code: String,
    /// `IMP.agency(code, tier)`, for a sub-merchant.
    pub tier: Option<String>,
}

/// The bus of the stack, for the one function that puts events there.
pub(crate) fn event_bus_name(get: impl Fn(&str) -> Option<String>) -> Result<String, ConfigError> {
    let name = get("EVENT_BUS_NAME").filter(|name| !name.is_empty());
    name.ok_or(ConfigError { variable: "EVENT_BUS_NAME", rule: "the name of an event bus" })
}

/// Calls a second where nobody has set any: 100,000 renewals of two calls each take 67 minutes.
const RATE: u32 = 50;
/// Most calls a second that can be set.
const RATE_MAX: u32 = 1_000;
/// Shortest quarantine accepted, in seconds. Below it a late execution at the PSP could meet a second POST.
const QUARANTINE_SECONDS_MIN: i64 = 60;

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// How to reach the PSP: its address, and whose account it is to look into.
    ///
    /// # Errors
    /// A [`ConfigError`] for an address or a tier that cannot be one.
    pub fn psp(&self) -> Result<iamport::Config, ConfigError> {
        let mut address = iamport::Config::new(&self.base_url).map_err(|_| ConfigError {
            variable: "IAMPORT_BASE_URL",
            rule: "an https address, or http on this machine",
        })?;
        address.calls_a_second = Some(self.calls_a_second);
        let Some(tier) = &self.tier else { return Ok(address) };
        let rule = "three letters or digits, or nothing";
        address.with_tier(tier).map_err(|_| ConfigError { variable: "IAMPORT_TIER", rule })
    }

    /// Whether the key of any channel is set. The current schema wants one wherever a key or an account is made, and new gateways
    /// are known by theirs alone (`channel_key`, V1 schema, 2026-07).
    #[must_use]
    pub fn names_a_channel(&self) -> bool {
        self.channel_key.is_some() || self.window_channels.iter().any(|channel| channel.channel_key.is_some())
    }

    /// Whether something is set for windows: their gateways, or the shop's own code, which pages open them with.
    #[must_use]
    pub const fn opens_windows(&self) -> bool {
        !self.window_channels.is_empty() || self.imp_code.is_some()
    }

    /// Reads settings from any source of variables. An empty variable counts as absent.
    ///
    /// # Errors
    /// As [`Self::from_env`].
    pub fn read(variable: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let optional = |name| variable(name).map(|v| v.trim().to_owned()).filter(|value| !value.is_empty());
        let required = |name| optional(name).ok_or(ConfigError { variable: name, rule: "must be set" });
        let base_url = optional("IAMPORT_BASE_URL").unwrap_or_else(|| iamport::BASE_URL.to_owned());
        let clock_file = optional("SANDBOX_CLOCK_FILE");
        if clock_file.is_some() && !is_loopback(&base_url) {
            let rule = "only with a simulator on this machine (IAMPORT_BASE_URL on a loopback address)";
            return Err(ConfigError { variable: "SANDBOX_CLOCK_FILE", rule });
        }
        let webhook_ips = optional("WEBHOOK_IPS").unwrap_or_default();
        let channels = optional("IAMPORT_CHECKOUT_PGS").unwrap_or_default();
        let channels_rule = "entries of {pg}[.{mid}][:{pay_method}+…][={channelKey}] separated by commas";
        let window_channels: Vec<WindowChannel> = list(&channels)
            .map(WindowChannel::parse)
            .collect::<Option<_>>()
            .ok_or(ConfigError { variable: "IAMPORT_CHECKOUT_PGS", rule: channels_rule })?;
        let accounts = optional("IAMPORT_VBANK_CHANNELS").unwrap_or_default();
        let accounts_rule = "entries of {pg}[.{mid}]={channelKey} separated by commas";
        let account_channels: Vec<WindowChannel> = list(&accounts)
            .map(|entry| WindowChannel::parse(entry).filter(WindowChannel::issues_accounts))
            .collect::<Option<_>>()
            .ok_or(ConfigError { variable: "IAMPORT_VBANK_CHANNELS", rule: accounts_rule })?;
        let checkout_return_url = public_url("CHECKOUT_RETURN_URL", optional("CHECKOUT_RETURN_URL"))?;
        let checkout_confirm = flag("CHECKOUT_CONFIRM", optional("CHECKOUT_CONFIRM"))?;
        let tier = optional("IAMPORT_TIER");
        let pg = optional("IAMPORT_PG");
        let of_keys = pg.as_deref().map(|pg| pg_code(pg).to_owned());
        let default_pg = window_channels.first().map(|channel| channel.code().to_owned()).or(of_keys.clone());
        Ok(Self {
            table_name: required("TABLE_NAME")?,
            secret_id: required("IAMPORT_SECRET_ID")?,
            base_url,
            pg,
            channel_key: optional("IAMPORT_CHANNEL_KEY"),
            notice_url: optional("NOTICE_URL"),
            webhook_ip_mode: match optional("WEBHOOK_IP_MODE").as_deref() {
                // Iamport sends a notice once, and its addresses have changed before (webhook/readme-v1.mdx, 2026-08).
                None | Some("observe") => WebhookIpMode::Observe,
                Some("enforce") => WebhookIpMode::Enforce,
                Some(_) => return Err(ConfigError { variable: "WEBHOOK_IP_MODE", rule: "observe or enforce" }),
            },
            webhook_ips: list(&webhook_ips)
                .map(str::parse)
                .collect::<Result<_, _>>()
                .map_err(|_| ConfigError { variable: "WEBHOOK_IPS", rule: "addresses separated by commas" })?,
            clock_file,
            imp_code: optional("IAMPORT_CODE").map(|code| ImpCode { code, tier: tier.clone() }),
            calls_a_second: rate(optional("IAMPORT_RATE"))?,
            tier,
            public_url: public_url("PUBLIC_URL", optional("PUBLIC_URL"))?,
            checkout_confirm,
            policy: Policy {
                pgs: codes(&window_channels),
                pg_methods: limited(&window_channels),
                default_pg,
                card_pg: of_keys,
                account_pgs: codes(&account_channels),
                return_page: checkout_return_url.is_some(),
                confirms: checkout_confirm,
                channels: configured(
                    window_channels.iter().chain(&account_channels),
                    optional("IAMPORT_PG").as_deref(),
                    optional("IAMPORT_CHANNEL_KEY"),
                ),
                ..policy(optional)?
            },
            checkout_return_url,
            window_channels,
            account_channels,
        })
    }
}

/// Every channel that is named, for windows and for keys.
fn configured<'a>(
    channels: impl Iterator<Item = &'a WindowChannel>,
    pg: Option<&str>,
    channel_key: Option<String>,
) -> Vec<Configured> {
    let named = |pg: Option<&str>, channel_key: Option<String>, pay_methods: Vec<String>| {
        let pg_id = pg.and_then(|pg| pg.split_once('.')).map(|(_, id)| id.to_owned());
        Configured { pg: pg.map(|pg| pg_code(pg).to_owned()), pg_id, channel_key, pay_methods }
    };
    let of_window = |it: &WindowChannel| named(Some(&it.pg), it.channel_key.clone(), it.pay_methods.clone());
    let mut channels: Vec<Configured> = channels.map(of_window).collect();
    if pg.is_some() || channel_key.is_some() {
        let of_keys = named(pg, channel_key, Vec::new());
        channels.extend((!channels.contains(&of_keys)).then_some(of_keys));
    }
    channels
}

/// The payment methods of each gateway that has no channel for all of them.
fn limited(channels: &[WindowChannel]) -> BTreeMap<String, Vec<String>> {
    let limited = |code: String| {
        let of_gateway: Vec<_> = channels.iter().filter(|channel| channel.code() == code).collect();
        let methods = of_gateway.iter().flat_map(|channel| channel.pay_methods.clone()).collect();
        let is_limited = of_gateway.iter().all(|channel| !channel.pay_methods.is_empty());
        is_limited.then_some((code, methods))
    };
    codes(channels).into_iter().filter_map(limited).collect()
}

/// Each gateway once, the default first.
fn codes(channels: &[WindowChannel]) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for channel in channels {
        if !codes.iter().any(|code| code == channel.code()) {
            codes.push(channel.code().to_owned());
        }
    }
    codes
}

fn policy(optional: impl Fn(&'static str) -> Option<String>) -> Result<Policy, ConfigError> {
    let defaults = Policy::default();
    let currencies = match optional("CURRENCIES") {
        None => defaults.currencies.clone(),
        Some(codes) => list(&codes)
            .map(str::parse::<Currency>)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| ConfigError { variable: "CURRENCIES", rule: "upper-case ISO codes separated by commas" })?,
    };
    let number = |name, rule, fallback: i64, least: i64| match optional(name) {
        None => Ok(fallback),
        Some(text) => {
            text.parse::<i64>().ok().filter(|number| *number >= least).ok_or(ConfigError { variable: name, rule })
        }
    };
    let amount_max = i64::try_from(defaults.amount_max_minor).unwrap_or(i64::MAX);
    let amount_max = number("AMOUNT_MAX", "a whole number of the smallest unit, above zero", amount_max, 1)?;
    let quarantine = "a whole number of seconds, 60 or more";
    Ok(Policy {
        currencies,
        amount_max_minor: u64::try_from(amount_max).unwrap_or(defaults.amount_max_minor),
        accept_sandbox_payments: flag("ACCEPT_SANDBOX_PAYMENTS", optional("ACCEPT_SANDBOX_PAYMENTS"))?,
        consent: match optional("CONSENT_POLICY").as_deref() {
            None | Some("kr") => ConsentPolicy::Kr,
            Some("off") => ConsentPolicy::Off,
            Some(_) => return Err(ConfigError { variable: "CONSENT_POLICY", rule: "kr or off" }),
        },
        late_paid: match optional("LATE_PAID_POLICY").as_deref() {
            None | Some("accept") => LatePaidPolicy::Accept,
            Some("refund") => LatePaidPolicy::Refund,
            Some(_) => return Err(ConfigError { variable: "LATE_PAID_POLICY", rule: "accept or refund" }),
        },
        cash_receipts: match optional("CASH_RECEIPT_POLICY").as_deref() {
            None | Some("on_request") => CashReceiptPolicy::OnRequest,
            Some("off") => CashReceiptPolicy::Off,
            Some("required") => CashReceiptPolicy::Required,
            Some(_) => {
                return Err(ConfigError { variable: "CASH_RECEIPT_POLICY", rule: "off, on_request or required" });
            }
        },
        receipt_issuer: ReceiptIssuer {
            corp_reg_no: optional("CASH_RECEIPT_CORP_REG_NO")
                .map(|number| ReceiptIssuer::number(&number).ok_or("a business number: ten digits"))
                .transpose()
                .map_err(|rule| ConfigError { variable: "CASH_RECEIPT_CORP_REG_NO", rule })?,
            company_name: optional("CASH_RECEIPT_COMPANY_NAME"),
            company_tel: optional("CASH_RECEIPT_COMPANY_TEL"),
        },
        cvc_accepted: flag("CVC_ACCEPTED", optional("CVC_ACCEPTED"))?,
        quarantine_seconds: number(
            "QUARANTINE_SECONDS",
            quarantine,
            defaults.quarantine_seconds,
            QUARANTINE_SECONDS_MIN,
        )?,
        ..defaults
    })
}

fn rate(value: Option<String>) -> Result<NonZeroU32, ConfigError> {
    let calls = value.map_or(NonZeroU32::new(RATE), |text| text.parse().ok());
    let allowed = calls.filter(|calls| calls.get() <= RATE_MAX);
    allowed.ok_or(ConfigError { variable: "IAMPORT_RATE", rule: "calls a second, 1 to 1000" })
}

fn flag(variable: &'static str, value: Option<String>) -> Result<bool, ConfigError> {
    match value.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(ConfigError { variable, rule: "true or false" }),
    }
}

/// An address that browsers and the PSP are sent to: https, or a machine's own for the sandbox. Without a slash at its end.
fn public_url(variable: &'static str, value: Option<String>) -> Result<Option<String>, ConfigError> {
    let rule = "an https address without a fragment";
    let Some(url) = value else { return Ok(None) };
    // Of a scheme without a host no slash is left.
    let url = url.trim_end_matches('/');
    let clean = url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if clean && (url.starts_with("https://") || is_loopback(url)) {
        Ok(Some(url.to_owned()))
    } else {
        Err(ConfigError { variable, rule })
    }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn is_loopback(base_url: &str) -> bool {
    let host = base_url.strip_prefix("http://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    name.is_some_and(|name| {
        let address = name.trim_start_matches('[').trim_end_matches(']');
        name == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests;
