//! Where the API is and how patient the client is.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use reqwest::Url;

use crate::ids::InvalidInput;

/// The address of the real API.
pub const BASE_URL: &str = "https://api.iamport.kr";

/// Settings of a [`Client`](crate::Client). The times have defaults that suit a request handler that may take 30 s.
///
/// ```
/// use std::time::Duration;
///
/// use iamport::{BASE_URL, Config};
///
/// let mut config = Config::new(BASE_URL)?;
/// config.change_timeout = Duration::from_secs(20);
/// # Ok::<(), iamport::InvalidInput>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    pub(crate) base: Url,
    pub(crate) tls: Option<rustls::ClientConfig>,
    pub(crate) tier: Option<String>,
    /// Longest time for DNS, connecting and TLS of one exchange. Default 3 s.
    pub connect_timeout: Duration,
    /// Longest time for getting a token, retries included. Default 3 s.
    pub token_timeout: Duration,
    /// Longest time for one exchange that changes something (POST, PUT, DELETE). Default 15 s.
    pub change_timeout: Duration,
    /// Longest time for a whole reading call (GET), retries and token included. Default 5 s.
    pub read_timeout: Duration,
    /// How long an idle connection may serve another GET. Default 4 s: after a longer pause (a frozen function) the
    /// other side has probably closed it. Calls that change something always open a connection of their own.
    pub read_idle_timeout: Duration,
    /// Most calls a second by all clones of a client together; fewer while Iamport answers 429. Default: no limit, since V1
    /// documents none.
    pub calls_a_second: Option<NonZeroU32>,
}

impl Config {
    /// Settings for the API at `base_url`, normally [`BASE_URL`].
    ///
    /// # Errors
    /// [`InvalidInput`] unless it is an `https` URL without user, query and fragment; `http` is taken only for
    /// `localhost` and loopback addresses, where a simulator may stand.
    pub fn new(base_url: &str) -> Result<Self, InvalidInput> {
        let invalid = |rule| InvalidInput::new("base_url", rule);
        let base = Url::parse(base_url).map_err(|_| invalid("must be a URL"))?;
        match base.scheme() {
            "https" => {}
            "http" if is_loopback(&base) => {}
            _ => return Err(invalid("must be https, unless the host is loopback")),
        }
        if base.host_str().is_none_or(str::is_empty) {
            return Err(invalid("must have a host"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(invalid("must not contain credentials"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(invalid("must not have a query or fragment"));
        }
        Ok(Self {
            base,
            tls: None,
            tier: None,
            connect_timeout: Duration::from_secs(3),
            token_timeout: Duration::from_secs(3),
            change_timeout: Duration::from_secs(15),
            read_timeout: Duration::from_secs(5),
            read_idle_timeout: Duration::from_secs(4),
            calls_a_second: None,
        })
    }

    /// TLS settings of `rustls` 0.23 to use instead of the platform's roots with the ring provider; lets a program load its
    /// roots once for all its clients.
    #[must_use]
    pub fn with_tls(mut self, tls: rustls::ClientConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The three-character code of a sub-merchant, sent as `Tier` with every call but the one for a token. The credentials
    /// must be the agency's: without `Tier` its calls are about the agency's own account.
    ///
    /// # Errors
    /// [`InvalidInput`] unless it is three ASCII letters or digits.
    pub fn with_tier(mut self, code: &str) -> Result<Self, InvalidInput> {
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidInput::new("tier", "must be three letters or digits"));
        }
        self.tier = Some(code.to_owned());
        Ok(self)
    }
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("base", &self.base.as_str()).field("tier", &self.tier).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{BASE_URL, Config};

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in [BASE_URL, "http://127.0.0.1:8010", "http://localhost:8010/", "http://[::1]:1", "https://x.kr/v1"] {
            assert!(Config::new(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.iamport.kr",
            "http://localhost.evil.kr",
            "http://127.0.0.1.evil.kr",
            "http://10.0.0.1",
            "ftp://127.0.0.1",
            "api.iamport.kr",
            "https://user:secret@api.iamport.kr",
            "https://api.iamport.kr?x=1",
            "https://api.iamport.kr#x",
            "https://",
            "",
        ] {
            assert!(Config::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tier_codes_have_three_characters() {
        let config = || Config::new(BASE_URL).unwrap();
        assert!(config().with_tier("abc").is_ok());
        assert!(config().with_tier("ab").is_err() && config().with_tier("a\r\n").is_err());
    }
}
