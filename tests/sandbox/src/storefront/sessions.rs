//! Who is signed in. A session is a random name in a cookie that no script can read; what it stands for is kept here.

use std::collections::VecDeque;

use http::{HeaderMap, HeaderValue, header};

use super::guard::Refused;

/// The customer's cookie.
pub(super) const CUSTOMER: Cookie = Cookie { name: "shop_session", path: "/" };
/// The owner's cookie, which goes to the owner's routes only.
pub(super) const OWNER: Cookie = Cookie { name: "shop_owner", path: "/api/owner" };
/// Sessions kept; the oldest goes.
const MOST: usize = 1_000;
/// The longest name of a demo customer.
const NAME_MAX: usize = 24;

/// A cookie's name and where it is sent.
#[derive(Debug)]
pub(super) struct Cookie {
    name: &'static str,
    path: &'static str,
}

impl Cookie {
    /// `Set-Cookie` with a value. Strict: a page of another site never acts in the customer's name, and the return from
    /// the PG's window needs no cookie, because the page that it leads to asks by itself. A real shop adds `Secure` and
    /// the `__Host-` prefix, which need TLS.
    pub(super) fn set(&self, value: &str) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{}={value}; Path={}; HttpOnly; SameSite=Strict", self.name, self.path)).ok()
    }

    /// `Set-Cookie` that takes it away.
    pub(super) fn clear(&self) -> Option<HeaderValue> {
        let text = format!("{}=; Path={}; Max-Age=0; HttpOnly; SameSite=Strict", self.name, self.path);
        HeaderValue::from_str(&text).ok()
    }

    fn read<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.name).map(|(_, value)| value)
    }
}

/// A demo customer's telephone, which the PG asks for.
pub(super) const TELEPHONE: &str = "010-4242-4242";
/// The longest `buyer_name` that every PG takes.
const BUYER_NAME_MAX: usize = 16;

/// A demo customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Customer {
    pub name: String,
}

impl Customer {
    /// A customer by the name they picked.
    pub(super) fn named(name: &str) -> Result<Self, Refused> {
        let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if name.is_empty() || name.len() > NAME_MAX || !plain {
            return Err(Refused::invalid("name", "name has 1 to 24 of a-z, 0-9 and -"));
        }
        Ok(Self { name: name.to_owned() })
    }

    /// Their `customer_id` at the billing API, the `sub` of their token.
    pub(super) fn id(&self) -> String {
        format!("demo-{}", self.name)
    }

    /// Their name for the PG.
    pub(super) fn buyer_name(&self) -> String {
        self.name.chars().take(BUYER_NAME_MAX).collect()
    }

    pub(super) fn email(&self) -> String {
        format!("{}@example.com", self.name)
    }
}

#[derive(Debug)]
enum Who {
    Customer(Customer),
    Owner,
}

/// Everybody who is signed in.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_age: VecDeque<(String, Who)>,
}

impl Sessions {
    /// Signs a customer in; returns the cookie's value.
    pub(super) fn enter(&mut self, customer: Customer) -> Result<String, Refused> {
        self.add(Who::Customer(customer))
    }

    /// Signs the shop's owner in; returns the cookie's value.
    pub(super) fn enter_owner(&mut self) -> Result<String, Refused> {
        self.add(Who::Owner)
    }

    fn add(&mut self, who: Who) -> Result<String, Refused> {
        let id = crate::random_hex::<16>().map_err(|_| Refused::unavailable("there is no randomness"))?;
        if self.by_age.len() >= MOST {
            self.by_age.pop_front();
        }
        self.by_age.push_back((id.clone(), who));
        Ok(id)
    }

    /// The customer of a request's cookie.
    pub(super) fn customer(&self, headers: &HeaderMap) -> Option<Customer> {
        match self.find(CUSTOMER.read(headers)?)? {
            Who::Customer(customer) => Some(customer.clone()),
            Who::Owner => None,
        }
    }

    /// Whether a request's cookie is the owner's.
    pub(super) fn is_owner(&self, headers: &HeaderMap) -> bool {
        OWNER.read(headers).and_then(|id| self.find(id)).is_some_and(|who| matches!(who, Who::Owner))
    }

    /// Ends the session of a cookie.
    pub(super) fn leave(&mut self, cookie: &Cookie, headers: &HeaderMap) {
        if let Some(id) = cookie.read(headers) {
            self.by_age.retain(|(known, _)| known != id);
        }
    }

    fn find(&self, id: &str) -> Option<&Who> {
        self.by_age.iter().find(|(known, _)| known == id).map(|(_, who)| who)
    }
}
