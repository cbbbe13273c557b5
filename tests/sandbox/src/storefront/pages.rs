//! The shop's pages and what they load, as they lie in `static/`, under a policy that lets nothing else run.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use super::StorefrontError;
use crate::net::Reply;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

/// In a page: the address of Iamport's script.
const IAMPORT_JS: &str = "{{iamport.js}}";

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("static/", $name))
    };
}

/// Pages by their path.
const PAGES: [(&str, &str); 2] = [("/", file!("index.html")), ("/return", file!("return.html"))];

/// What the pages load: name below `/static/`, content type, content.
const FILES: [(&str, &str, &str); 23] = [
    ("billing.js", SCRIPT, file!("billing.js")),
    ("cards.js", SCRIPT, file!("cards.js")),
    ("checkout.js", SCRIPT, file!("checkout.js")),
    ("clock.js", SCRIPT, file!("clock.js")),
    ("http.js", SCRIPT, file!("http.js")),
    ("marks.js", SCRIPT, file!("marks.js")),
    ("orders.js", SCRIPT, file!("orders.js")),
    ("owner-subscriptions.js", SCRIPT, file!("owner-subscriptions.js")),
    ("owner.js", SCRIPT, file!("owner.js")),
    ("page.js", SCRIPT, file!("page.js")),
    ("plans.js", SCRIPT, file!("plans.js")),
    ("return.js", SCRIPT, file!("return.js")),
    ("shop.js", SCRIPT, file!("shop.js")),
    ("subscribe.js", SCRIPT, file!("subscribe.js")),
    ("subscriptions.js", SCRIPT, file!("subscriptions.js")),
    ("texts.js", SCRIPT, file!("texts.js")),
    ("timeline.js", SCRIPT, file!("timeline.js")),
    ("style.css", STYLE, file!("style.css")),
    ("subscriptions.css", STYLE, file!("subscriptions.css")),
    ("icon.svg", IMAGE, file!("icon.svg")),
    ("coffee.svg", IMAGE, file!("coffee.svg")),
    ("mug.svg", IMAGE, file!("mug.svg")),
    ("membership.svg", IMAGE, file!("membership.svg")),
];

/// What can be got, with the addresses that it depends on.
#[derive(Debug)]
pub(super) struct Pages {
    iamport_js: String,
    policy: HeaderValue,
}

impl Pages {
    /// # Errors
    /// [`StorefrontError::Url`] for an address that would say something else in a header or in HTML.
    pub(super) fn new(gateway_url: &str, iamport_url: &str) -> Result<Self, StorefrontError> {
        for url in [gateway_url, iamport_url] {
            let plain = url.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/.-_[]".contains(&byte));
            if !plain {
                return Err(StorefrontError::Url(url.to_owned()));
            }
        }
        let iamport_js = format!("{}/v1/iamport.js", iamport_url.trim_end_matches('/'));
        // The window is a page of the PG's in a window of its own; nothing of it runs in ours.
        let policy = format!(
            "default-src 'none'; script-src 'self' {iamport_js}; style-src 'self'; img-src 'self'; \
             connect-src 'self' {}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'",
            gateway_url.trim_end_matches('/'),
        );
        let policy = HeaderValue::from_str(&policy).map_err(|_| StorefrontError::Url(gateway_url.to_owned()))?;
        Ok(Self { iamport_js, policy })
    }

    /// A page or a file by its path.
    pub(super) fn get(&self, path: &str) -> Reply {
        if let Some((_, html)) = PAGES.iter().find(|(known, _)| *known == path) {
            return self.secured(content(HTML, html.replace(IAMPORT_JS, &self.iamport_js)));
        }
        let name = path.strip_prefix("/static/").unwrap_or_default();
        match FILES.iter().find(|(known, ..)| *known == name) {
            Some((_, kind, text)) => self.secured(content(kind, *text)),
            None => self.refused(StatusCode::NOT_FOUND),
        }
    }

    /// The way to the shop's one address.
    pub(super) fn moved(&self, to: &str) -> Reply {
        let mut reply = self.refused(StatusCode::TEMPORARY_REDIRECT);
        if let Ok(to) = HeaderValue::from_str(to) {
            reply.headers_mut().insert(header::LOCATION, to);
        }
        reply
    }

    /// A few plain words.
    pub(super) fn refused(&self, status: StatusCode) -> Reply {
        let mut reply = content("text/plain; charset=utf-8", format!("{status}\n"));
        *reply.status_mut() = status;
        self.secured(reply)
    }

    fn secured(&self, mut reply: Reply) -> Reply {
        let headers = reply.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        for (name, value) in [
            // Asked for anew each time, and yet kept for the way back: the pages hold nothing of anybody.
            (header::CACHE_CONTROL, "no-cache"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            // The PG's window has to find the page that opened it.
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin-allow-popups"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        reply
    }
}

/// An answer of `/api`: nobody keeps it, and nothing in it runs.
pub(super) fn secured_answer(mut reply: Reply) -> Reply {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply
}

fn content(kind: &'static str, text: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(text.into()));
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}
