//! What can go wrong with a call, sorted by what it says about the money.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;

use crate::text::PspText;

/// What Iamport says on HTTP 200 of a thing that it does not have, and where that was seen (all read on 2026-11-29).
const ABSENT_WORDS: [&str; 3] = [
    // A payment: the example of a `message` in the V1 reference, and node-iamporter's tests of payments.
    "존재하지 않는 결제정보",
    // A registered amount: node-iamporter's tests of `GET /payments/prepare/{merchant_uid}`.
    "사전등록된 결제정보가 존재하지 않습니다",
    // A billing key: the tests of billing keys in the Python clients of this API.
    "등록된 정보를 찾을 수 없습니다",
];

/// A cause, for the source chain.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What a failed call means. Match on it without a wildcard: each class wants another answer.
///
/// | class | was it executed? | what to do with a charge |
/// |---|---|---|
/// | `NotSent`, `Unauthorized`, `RateLimited` | no | may be sent again, same `merchant_uid` |
/// | `Rejected`, `NotFound` | no, as far as the reply can be believed | do not repeat as it is |
/// | `Refused` | probably not | look it up once (`findAll`) before believing it |
/// | `Suspect`, `Unknown` | perhaps | look it up; do **not** send again until it is known |
///
/// ```
/// use iamport::{Error, ErrorClass};
///
/// /// What a shop does about a charge that failed.
/// fn next(error: &Error) -> &'static str {
///     match error.class() {
///         ErrorClass::NotSent | ErrorClass::Unauthorized | ErrorClass::RateLimited => "send it again, under the same number",
///         ErrorClass::Rejected | ErrorClass::NotFound => "correct the request",
///         ErrorClass::Refused => "look it up once, then tell the customer",
///         ErrorClass::Suspect | ErrorClass::Unknown => "look it up until it is known",
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// No byte of this call left: DNS, connecting or TLS failed, too little time was left, or no token was to be had.
    NotSent,
    /// HTTP 401, and 401 again with a new token. Not executed. Credentials were asked for again, past any cache.
    Unauthorized,
    /// HTTP 200 with an envelope `code` other than 0: refused by Iamport or the payment gateway. Also HTTP 500 with such
    /// an envelope, from the operations that document it as their way to say "failed"; each says so itself.
    Refused,
    /// HTTP 404 with an envelope. A 404 without one says nothing about the object and is `Unknown`.
    NotFound,
    /// HTTP 400 or 403 with an envelope. Also 405, 409 and 501, from the operations that document them.
    Rejected,
    /// HTTP 429.
    RateLimited,
    /// HTTP 200 and `code` 0, but the content contradicts itself or the request.
    Suspect,
    /// Anything else after a byte may have left: 5xx, redirect, HTML, broken or oversized body, timeout, reset.
    Unknown,
}

/// Why a call was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSentReason {
    /// Resolving, connecting or the TLS handshake failed.
    Connect,
    /// `POST /users/getToken` gave no token.
    NoToken,
    /// Less than a second of the call's budget was left.
    TooLittleTime,
    /// The request could not be built as one that stays at its own path.
    Request,
}

/// A failed call. [`Error::class`] says what it means; the variants say what was seen. `Display` and `Debug` never contain
/// text of a request or an unscrubbed text of a reply.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// See [`ErrorClass::NotSent`].
    #[error("not sent ({reason:?})")]
    #[non_exhaustive]
    NotSent {
        /// What stood in the way.
        reason: NotSentReason,
        /// The failure below, if there is one.
        #[source]
        source: Option<Cause>,
    },
    /// See [`ErrorClass::Unauthorized`].
    #[error("the token was refused twice")]
    #[non_exhaustive]
    Unauthorized {
        /// Why no second token was to be had, if that was it.
        #[source]
        source: Option<Cause>,
    },
    /// See [`ErrorClass::Refused`].
    #[error("refused with code {code}")]
    #[non_exhaustive]
    Refused {
        /// The envelope's code. There is no table of codes.
        code: i64,
        /// The envelope's message, mostly the payment gateway's.
        message: Option<PspText>,
        /// The gateway's own code and words, where the envelope has them beside its message.
        gateway: Option<Box<GatewayRefusal>>,
    },
    /// See [`ErrorClass::NotFound`].
    #[error("not found (code {code})")]
    #[non_exhaustive]
    NotFound {
        /// The envelope's code.
        code: i64,
        /// The envelope's message.
        message: Option<PspText>,
    },
    /// See [`ErrorClass::Rejected`].
    #[error("rejected with HTTP {status}, code {code}")]
    #[non_exhaustive]
    Rejected {
        /// 400 or 403; 405 (not that way), 409 (its state forbids it) or 501 (the gateway cannot) where documented.
        status: u16,
        /// The envelope's code.
        code: i64,
        /// The envelope's message.
        message: Option<PspText>,
    },
    /// See [`ErrorClass::RateLimited`].
    #[error("rate limited")]
    #[non_exhaustive]
    RateLimited {
        /// The reply's `Retry-After`, if it was given in seconds; at most a day.
        retry_after: Option<Duration>,
    },
    /// See [`ErrorClass::Suspect`].
    #[error("suspect reply: {reason}")]
    #[non_exhaustive]
    Suspect {
        /// What is wrong, by field names; never by values.
        reason: Cow<'static, str>,
    },
    /// The reply is larger than is read. Whatever was asked for may have been done: [`ErrorClass::Unknown`]. A list can be
    /// asked for in smaller pages.
    #[error("the reply is larger than 1 MiB")]
    #[non_exhaustive]
    TooLarge {
        /// The HTTP status.
        status: u16,
    },
    /// See [`ErrorClass::Unknown`].
    #[error("unknown outcome: {reason}")]
    #[non_exhaustive]
    Unknown {
        /// What was seen instead of a reply.
        reason: Cow<'static, str>,
        /// The HTTP status, if the reply got that far.
        status: Option<u16>,
        /// The failure below, if there is one.
        #[source]
        source: Option<Cause>,
    },
}

/// A gateway's own code and words, which the envelope of a refusal may carry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct GatewayRefusal {
    /// The gateway's code.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub code: Option<PspText>,
    /// Its message.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub message: Option<PspText>,
}

impl Error {
    /// What the failure means.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::NotSent { .. } => ErrorClass::NotSent,
            Self::Unauthorized { .. } => ErrorClass::Unauthorized,
            Self::Refused { .. } => ErrorClass::Refused,
            Self::NotFound { .. } => ErrorClass::NotFound,
            Self::Rejected { .. } => ErrorClass::Rejected,
            Self::RateLimited { .. } => ErrorClass::RateLimited,
            Self::Suspect { .. } => ErrorClass::Suspect,
            Self::TooLarge { .. } | Self::Unknown { .. } => ErrorClass::Unknown,
        }
    }

    /// The envelope's `code`, if the reply had an envelope that decided.
    #[must_use]
    pub const fn code(&self) -> Option<i64> {
        match self {
            Self::Refused { code, .. } | Self::NotFound { code, .. } | Self::Rejected { code, .. } => Some(*code),
            Self::NotSent { .. }
            | Self::Unauthorized { .. }
            | Self::RateLimited { .. }
            | Self::Suspect { .. }
            | Self::TooLarge { .. }
            | Self::Unknown { .. } => None,
        }
    }

    /// The envelope's `message`, scrubbed: to be shown or stored. There is no table of these texts, so decide nothing by them.
    #[must_use]
    pub const fn psp_message(&self) -> Option<&PspText> {
        match self {
            Self::Refused { message, .. } | Self::NotFound { message, .. } | Self::Rejected { message, .. } => {
                message.as_ref()
            }
            Self::NotSent { .. }
            | Self::Unauthorized { .. }
            | Self::RateLimited { .. }
            | Self::Suspect { .. }
            | Self::TooLarge { .. }
            | Self::Unknown { .. } => None,
        }
    }

    /// The gateway's own code and words, where the reply had them beside the envelope's message.
    #[must_use]
    pub fn gateway_refusal(&self) -> Option<&GatewayRefusal> {
        match self {
            Self::Refused { gateway, .. } => gateway.as_deref(),
            Self::NotSent { .. }
            | Self::Unauthorized { .. }
            | Self::NotFound { .. }
            | Self::Rejected { .. }
            | Self::RateLimited { .. }
            | Self::Suspect { .. }
            | Self::TooLarge { .. }
            | Self::Unknown { .. } => None,
        }
    }

    /// Whether a reading call was answered "there is no such thing": by HTTP 404 with an envelope (or another status that the
    /// operation documents as that), or on HTTP 200 in words
    /// that are known to mean it. Another code on HTTP 200 proves nothing, `1` least of all: that is the API's general
    /// failure, and a server in trouble answers it about things that it has.
    #[must_use]
    pub fn says_absent(&self) -> bool {
        match self {
            Self::NotFound { .. } => true,
            Self::Refused { message, .. } => message.as_ref().is_some_and(|message| {
                let said = message.as_str();
                ABSENT_WORDS.iter().any(|words| said.contains(words))
            }),
            Self::NotSent { .. }
            | Self::Unauthorized { .. }
            | Self::Rejected { .. }
            | Self::RateLimited { .. }
            | Self::Suspect { .. }
            | Self::TooLarge { .. }
            | Self::Unknown { .. } => false,
        }
    }

    /// How long to wait before asking again, if the reply said so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } => *retry_after,
            _ => None,
        }
    }

    pub(crate) const fn too_little_time() -> Self {
        Self::NotSent { reason: NotSentReason::TooLittleTime, source: None }
    }

    pub(crate) fn suspect(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Suspect { reason: reason.into() }
    }

    pub(crate) fn unknown(reason: impl Into<Cow<'static, str>>, status: Option<u16>) -> Self {
        Self::Unknown { reason: reason.into(), status, source: None }
    }
}
