//! One HTTP exchange: exactly one request leaves, whatever happens.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Url, redirect, retry};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::error::{Cause, Error, NotSentReason};
use crate::wire::Target;

/// Largest reply that is read. A page of a list may be larger, because its records hold free text of the merchant's: that is
/// [`Error::TooLarge`], and whoever reads lists asks for a smaller page.
const REPLY_BYTES_MAX: usize = 1 << 20;

/// Names the sub-merchant that a call is about.
const TIER: &str = "Tier";

/// A longer wait is as good as none to anyone who holds a request open.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The client could not be set up: no usable root certificates, or TLS settings of another rustls.
#[derive(Debug, thiserror::Error)]
#[error("the HTTPS client cannot be built")]
pub struct BuildError(#[source] Cause);

/// A reply as it came.
pub(crate) struct RawReply {
    pub(crate) status: u16,
    /// False if the reply says that it is something else than JSON; silence is taken for JSON.
    pub(crate) may_be_json: bool,
    pub(crate) retry_after: Option<Duration>,
    /// Wiped on drop: it may hold a token, or a card number that a gateway failed to mask.
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// Whether an exchange may use a connection that was used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionKind {
    /// A connection of its own: a stale one would turn a charge into an unknown outcome.
    Fresh,
    /// An idle connection if there is one.
    Pooled,
}

/// One request.
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) target: &'a Target,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) body: Option<Bytes>,
    pub(crate) connection: ConnectionKind,
    pub(crate) timeout: Duration,
}

pub(crate) struct Transport {
    base: Url,
    tier: Option<HeaderValue>,
    fresh: reqwest::Client,
    pooled: reqwest::Client,
}

impl Transport {
    pub(crate) fn new(config: &Config) -> Result<Self, BuildError> {
        let tls = match &config.tls {
            Some(tls) => tls.clone(),
            None => default_tls(&config.base).map_err(|error| BuildError(error.into()))?,
        };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let tier = config.tier.as_deref().map(HeaderValue::from_str);
        let builder = || {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .user_agent(concat!("iamport-rust/", env!("CARGO_PKG_VERSION")))
                .default_headers(headers.clone())
                .connect_timeout(config.connect_timeout)
                .redirect(redirect::Policy::none())
                .retry(retry::never())
                .referer(false)
                .no_proxy()
                .http1_only()
        };
        let build =
            |builder: reqwest::ClientBuilder| builder.build().map_err(|error| BuildError(error.without_url().into()));
        Ok(Self {
            base: config.base.clone(),
            tier: tier.transpose().map_err(|error| BuildError(error.into()))?,
            fresh: build(builder().pool_max_idle_per_host(0))?,
            pooled: build(builder().pool_max_idle_per_host(2).pool_idle_timeout(config.read_idle_timeout))?,
        })
    }

    /// Sends one request and reads the reply. 401 and 429 come without their body: their meaning does not depend on it.
    pub(crate) async fn exchange(&self, request: Request<'_>) -> Result<RawReply, Error> {
        let timeout = request.timeout;
        let Some(url) = self.url(request.target) else {
            return Err(Error::NotSent { reason: NotSentReason::Request, source: None });
        };
        let client = match request.connection {
            ConnectionKind::Fresh => &self.fresh,
            ConnectionKind::Pooled => &self.pooled,
        };
        let mut builder = client.request(request.method, url);
        if let Some(authorization) = request.authorization {
            builder = builder.header(AUTHORIZATION, authorization);
            // The token is the agent's own, asked for with the agent's keys; each call that it opens names the sub-merchant
            // (developers.portone.io `api/rest-v1/_components/v1auth.mdx`, read on 2026-11-29).
            if let Some(tier) = &self.tier {
                builder = builder.header(TIER, tier);
            }
        }
        if let Some(body) = request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body);
        }
        match tokio::time::timeout(timeout, receive(builder)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::unknown("no complete reply in time", None)),
        }
    }

    /// The address of a target, or `None` if parsing made another path of it.
    fn url(&self, target: &Target) -> Option<Url> {
        let mut url = self.base.clone();
        let path = format!("{}{}", self.base.path().trim_end_matches('/'), target.path());
        url.set_path(&path);
        url.set_query(target.query_text());
        (url.path() == path && url.query() == target.query_text()).then_some(url)
    }
}

async fn receive(builder: reqwest::RequestBuilder) -> Result<RawReply, Error> {
    let mut response = builder.send().await.map_err(|error| {
        if error.is_builder() {
            Error::NotSent { reason: NotSentReason::Request, source: Some(error.without_url().into()) }
        } else if error.is_connect() {
            Error::NotSent { reason: NotSentReason::Connect, source: Some(error.without_url().into()) }
        } else {
            broken("the exchange broke off before a reply", None, error)
        }
    })?;
    let status = response.status().as_u16();
    let mut reply = RawReply {
        status,
        may_be_json: may_be_json(response.headers()),
        retry_after: retry_after(response.headers()),
        body: Zeroizing::new(Vec::new()),
    };
    if status == 401 || status == 429 {
        return Ok(reply);
    }
    let too_large = || Error::TooLarge { status };
    let announced = response.content_length().unwrap_or(0);
    let announced = usize::try_from(announced).ok().filter(|bytes| *bytes <= REPLY_BYTES_MAX).ok_or_else(too_large)?;
    reply.body.reserve_exact(announced);
    while let Some(chunk) =
        response.chunk().await.map_err(|error| broken("the reply broke off", Some(status), error))?
    {
        if reply.body.len().saturating_add(chunk.len()) > REPLY_BYTES_MAX {
            return Err(too_large());
        }
        reply.body.extend_from_slice(&chunk);
    }
    Ok(reply)
}

fn broken(reason: &'static str, status: Option<u16>, error: reqwest::Error) -> Error {
    Error::Unknown { reason: reason.into(), status, source: Some(error.without_url().into()) }
}

fn may_be_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_none_or(|value| value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("json")))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// The ring provider with the platform's roots, without touching the process-wide default. For plain HTTP (a
/// simulator on this machine) no roots are loaded.
fn default_tls(base: &Url) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    if base.scheme() == "http" {
        return Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth());
    }
    Ok(builder.with_platform_verifier()?.with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::{Target, Transport};
    use crate::config::Config;

    /// The types of the identifiers let none of these through; this is what stands behind them.
    #[test]
    fn an_address_that_parsing_would_change_is_none() {
        let transport = Transport::new(&Config::new("http://127.0.0.1:1/v1/").unwrap()).unwrap();
        let address = |segment: &str| {
            let target = Target::new("/payments").segment(segment).query("k", segment);
            transport.url(&target).map(String::from)
        };
        for leaves_its_place in [".", ".."] {
            assert_eq!(address(leaves_its_place), None, "{leaves_its_place}");
        }
        for (stays, encoded) in [("imp_1", "imp_1"), ("...", "..."), ("a/../b?#'", "a%2F..%2Fb%3F%23%27")] {
            let expected = format!("http://127.0.0.1:1/v1/payments/{encoded}?k={encoded}");
            assert_eq!(address(stays), Some(expected));
        }
    }
}
