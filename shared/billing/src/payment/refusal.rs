//! A refused call, and who it was that refused.

use serde::{Deserialize, Serialize};

/// The envelope's code under which Iamport passes on what the gateway or the card's issuer said. Of all codes ever seen it is
/// the only one that speaks of a card: a bad card is -1 with the gateway's text at `customers` and `onetime`; 1 is the API's
/// general failure (no gateway configured, a field missing, nothing to revoke). Seen in the tests of
/// iamport-rest-client-python (`tests/test_customer_create.py`, `test_pay_onetime.py`, `test_pay_schedule.py`) and in its
/// Ruby sibling's issue 23, read on 2026-11-29. The V1 schema has no table of codes.
const ISSUERS_CODE: i64 = -1;

/// What Iamport itself says under the issuer's code: `again` on a key that it does not have
/// (`tests/test_pay_again.py` of iamport-rest-client-python, and node-iamporter's tests of payments, read on 2026-11-29).
const NOT_THE_ISSUERS: [&str; 1] = ["등록되지 않은 구매자"];

/// The code of refusals that this system makes up itself: Iamport's 0 is no refusal.
pub(super) const OUR_CODE: i64 = 0;

/// The PSP refused a call (`code != 0` on HTTP 200). Its message is the PG's own wording, scrubbed and cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The envelope's code; the HTTP status, where it was the status that refused.
    pub code: i64,
    /// The envelope's message.
    pub message: String,
}

/// Who said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedBy {
    /// The card's issuer, or the gateway about the card: its customer can do something about it.
    Issuer,
    /// The PSP, about our request: a setting or an agreement is wrong, and no customer's card has anything to do with it.
    Psp,
    /// Nobody but this system: the billing key is not active any more, so nothing was sent.
    Ourselves,
}

impl Refusal {
    /// What the card's issuer has said in a failed payment's record, as a refusal.
    #[must_use]
    pub(crate) const fn of_issuer(message: String) -> Self {
        Self { code: ISSUERS_CODE, message }
    }

    /// Who said no. A code that is not known to be the issuer's counts as a refusal of our request: a person looks at it, and
    /// nobody throws a good card away.
    #[must_use]
    pub fn by(&self) -> RefusedBy {
        match self.code {
            OUR_CODE => RefusedBy::Ourselves,
            ISSUERS_CODE if !NOT_THE_ISSUERS.iter().any(|words| self.message.contains(words)) => RefusedBy::Issuer,
            _ => RefusedBy::Psp,
        }
    }
}
