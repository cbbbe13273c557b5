//! The access token. One lives at a time; asking again returns the same one, so that several servers can share.

use super::Ledger;

const LIFETIME_SECONDS: i64 = 30 * 60;
/// Asked with less than this left, the same token's expiry is pushed out.
const EXTENSION_WINDOW_SECONDS: i64 = 60;
const EXTENSION_SECONDS: i64 = 5 * 60;

/// A token and when it dies.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// 40 hexadecimal digits.
    pub value: String,
    /// UNIX seconds.
    pub expired_at: i64,
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AccessToken").field("expired_at", &self.expired_at).finish_non_exhaustive()
    }
}

impl Ledger {
    /// `POST /users/getToken`, after the credentials were checked.
    pub fn issue_token(&mut self, now: i64) -> AccessToken {
        let token = match self.token.take() {
            Some(live) if live.expired_at - now >= EXTENSION_WINDOW_SECONDS => live,
            Some(last_minute) if last_minute.expired_at > now => {
                AccessToken { expired_at: last_minute.expired_at + EXTENSION_SECONDS, ..last_minute }
            }
            Some(_) | None => AccessToken { value: self.ids.token(), expired_at: now + LIFETIME_SECONDS },
        };
        self.token = Some(token.clone());
        token
    }

    /// Whether a request carrying this token is let in.
    #[must_use]
    pub fn accepts(&self, token: &str, now: i64) -> bool {
        self.token.as_ref().is_some_and(|live| live.value == token && live.expired_at > now)
    }

    /// Kills the token: the next `getToken` makes another.
    pub fn revoke_token(&mut self) {
        self.token = None;
    }

    /// Lets the token die of age at `now`.
    pub fn expire_token(&mut self, now: i64) {
        if let Some(token) = self.token.as_mut() {
            token.expired_at = now;
        }
    }
}
