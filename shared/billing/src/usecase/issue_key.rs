//! Issuing a billing key from a card form.

use super::gateway::{on_card, on_first_order};
use super::schedule::NewSchedule;
use super::write::has_waited;
use super::{Billing, Failure};
use crate::card::Card;
use crate::fingerprint::{Fingerprint, FingerprintKey, hex};
use crate::ids::{CustomerId, CustomerUid};
use crate::invalid::Invalid;
use crate::key::{BillingKey, CardCheck, KeyEvidence, KeyState};
use crate::payment::{Claim, Purpose};
use crate::pg::Operation;
use crate::ports::{
    AlarmSink, CardHolder, ChargePsp, Clock, Entropy, KeyPsp, KeyStore, Lookup, PaymentStore, PostResult, RefundPsp,
    Saved, SchedulePsp,
};
use crate::text;

/// Lengths of an Idempotency-Key (reliability catalogue, row 19).
const IDEMPOTENCY_KEY_LENGTH: std::ops::RangeInclusive<usize> = 8..=255;
/// Lengths of the PSP's fields, in characters (Iamport V1 schema).
const CUSTOMER_NAME_MAX: usize = 20;
const CUSTOMER_TEL_MAX: usize = 20;
const CUSTOMER_EMAIL_MAX: usize = 200;
const CUSTOMER_ADDR_MAX: usize = 200;
const CUSTOMER_POSTCODE_MAX: usize = 8;

/// A request for a billing key.
#[derive(Debug, Clone)]
pub struct IssueKey {
    /// Whose key it will be.
    pub customer_id: CustomerId,
    /// The caller's own name for this request. The same name with the same card is the same request for ever.
    pub idempotency_key: String,
    /// The card form.
    pub card: Card,
    /// What the form says about its holder.
    pub holder: CardHolder,
    /// What is asked for along with the key.
    pub along: Along,
}

impl IssueKey {
    /// How the card is to be checked, if it is: by a charge to whoever filled in the form.
    pub(super) fn check(&self) -> Option<Box<CardCheck>> {
        let CardHolder { customer_name, customer_email, customer_tel, .. } = self.holder.clone();
        let amount = self.along.checking_amount?;
        let (buyer_name, buyer_email, buyer_tel) = (customer_name, customer_email, customer_tel);
        Some(Box::new(CardCheck { amount, buyer_name, buyer_email, buyer_tel }))
    }
}

/// What may be asked for along with a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Along {
    /// Its card is checked by a charge of so many won, which is given back: only once it is paid the key is active.
    pub checking_amount: Option<u64>,
    /// At which gateway the key is issued, by its code, instead of the one that is set up.
    pub pg: Option<String>,
    /// What is registered on the key once it is active. Their orders name no key yet.
    pub schedules: Vec<NewSchedule>,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + RefundPsp,
    S: KeyStore + PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Issues a billing key. The row's state is the answer: active, abandoned with the PSP's refusal, or pending.
    ///
    /// The key's name is a keyed digest of (customer, Idempotency-Key): nobody outside can guess it, a repeat finds
    /// the very same row without a second record, and one name can never be given to two cards.
    ///
    /// Where a check is asked for, the key is active only once its charge is paid. A declined one is an abandoned key with the
    /// refusal, and the key is deleted at the PSP. A check that is not known to have come to an end is carried to it by the sweep.
    ///
    /// # Errors
    /// Each [`Failure`] but [`Failure::UpstreamMismatch`] means that this call has left no key behind.
    pub async fn issue_key(&self, request: IssueKey, secret: &FingerprintKey) -> Result<BillingKey, Failure> {
        check_idempotency_key(&request.idempotency_key)?;
        if request.card.cvc.is_some() && !self.policy.cvc_accepted {
            let detail = "the configured payment provider takes no verification code";
            return Err(Failure::Invalid(Invalid::new("cvc", "cvc_not_accepted", detail)));
        }
        let request = IssueKey { holder: checked(request.holder)?, ..request };
        if let Some((row, fingerprint)) = self.issued_as(&request, secret.every()).await? {
            return self.issue_again(row, (&request, secret), &fingerprint).await;
        }
        let pg = self.gateway_of(&request);
        on_card(pg, &request.card, &request.holder).accepted()?;
        let fingerprint = fingerprint(&request, secret);
        let customer_uid = name(&request, secret)?;
        let checking = request.check();
        if let Some(order) = checking.as_ref().and_then(|check| check.order(&customer_uid)) {
            on_first_order(Operation::Charge, pg, &order, self.host.now()).accepted()?;
        }
        self.check_schedules_with(&request, &customer_uid).await?;
        if !self.psp.ready().await {
            return Err(Failure::Unavailable);
        }
        let now = self.host.now();
        let claim = Claim::new(Purpose::Register, self.host.nonce(), now, &self.policy);
        let row = BillingKey {
            checking,
            ..BillingKey::issuing(customer_uid, request.customer_id.clone(), fingerprint.clone(), claim, now)
        };
        match self.insert_key(&row).await {
            Ok(Saved::Done) => self.issue_alone(row, &request, secret).await,
            Ok(Saved::Conflict(Some(current))) => self.issue_again(*current, (&request, secret), &fingerprint).await,
            // It may stand, and the card was not sent: it is pending until the sweep gives it up.
            Err(error) => error.or_pending(row),
            Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) => Err(Failure::Unavailable),
        }
    }

    /// What stands of a request under the names that these secrets give it, with its fingerprint under the same. Of several the
    /// one that is a key; else one that may come to something; else one on which everybody agrees.
    async fn issued_as(
        &self,
        request: &IssueKey,
        secrets: impl Iterator<Item = &FingerprintKey>,
    ) -> Result<Option<(BillingKey, Fingerprint)>, Failure> {
        let mut stored = Vec::new();
        for secret in secrets {
            if let Some(row) = self.store.key(&name(request, secret)?).await? {
                stored.push((row, fingerprint(request, secret)));
            }
        }
        let now = self.host.now();
        stored.sort_by_cached_key(|(row, _)| {
            (row.state != KeyState::Active, row.came_to_nothing(now), row.customer_uid.clone())
        });
        Ok(stored.into_iter().next())
    }

    /// Sends the card under a claim that was just made, unless the same request is begun under another name. While one secret
    /// takes another's place instances differ in the name that they give: in the same moment each would begin its own. So each
    /// looks again once its own stands, and makes way.
    async fn issue_alone(
        &self,
        row: BillingKey,
        request: &IssueKey,
        secret: &FingerprintKey,
    ) -> Result<BillingKey, Failure> {
        let own = row.customer_uid.clone();
        let others = secret.every().filter(|secret| name(request, secret).is_ok_and(|name| name != own));
        let Ok(other) = self.issued_as(request, others).await else { return self.withdrawn(row).await };
        let other = other.filter(|(other, _)| !other.came_to_nothing(self.host.now()));
        let Some((other, fingerprint)) = other else { return self.issue_claimed(row, request).await };
        match self.withdrawn(row).await {
            Err(_) if other.fingerprint != fingerprint => Err(Failure::IdempotencyKeyReused),
            Err(_) if other.state == KeyState::Issuing => Err(Failure::IdempotencyInProgress),
            Err(_) => Ok(other),
            Ok(pending) => Ok(pending),
        }
    }

    /// The answer for a card that was not sent and will not be. If that cannot be written down, its row is given up by the sweep.
    pub(super) async fn withdrawn(&self, row: BillingKey) -> Result<BillingKey, Failure> {
        let row = self.conclude_key(row.clone(), &KeyEvidence::NotSent).await.map_or(row, |(row, _)| row);
        if row.state == KeyState::Abandoned { Err(Failure::Unavailable) } else { Ok(row) }
    }

    /// Answers a repeat from the row. A card that certainly is not at the PSP is sent again, to the same name.
    async fn issue_again(
        &self,
        row: BillingKey,
        (request, secret): (&IssueKey, &FingerprintKey),
        fingerprint: &Fingerprint,
    ) -> Result<BillingKey, Failure> {
        if row.fingerprint != *fingerprint {
            return Err(Failure::IdempotencyKeyReused);
        }
        let now = self.host.now();
        let being_sent = row.claim.as_ref().is_some_and(|claim| claim.is_being_sent(now));
        match row.state {
            KeyState::Issuing if being_sent && !row.outcome_unknown => Err(Failure::IdempotencyInProgress),
            // What was recorded with it has come to nothing with it, and is never claimed again.
            KeyState::Abandoned if row.came_to_nothing(now) && self.has_recorded(&row, request).await? => {
                Err(Failure::CardNotSent)
            }
            KeyState::Abandoned if row.came_to_nothing(now) => {
                self.check_schedules_with(request, &row.customer_uid).await?;
                if !self.psp.ready().await {
                    return Err(Failure::Unavailable);
                }
                let claim = Claim::new(Purpose::Register, self.host.nonce(), now, &self.policy);
                let created_at = row.created_at;
                let next = BillingKey {
                    version: row.version + 1,
                    created_at,
                    checking: request.check(),
                    ..BillingKey::issuing(row.customer_uid, row.customer_id, row.fingerprint, claim, now)
                };
                match self.save_key(&next).await {
                    Ok(Saved::Done) => self.issue_alone(next, request, secret).await,
                    Err(error) => error.or_pending(next),
                    Ok(Saved::Conflict(_) | Saved::KeyNotActive | Saved::NotExpected) => {
                        Err(Failure::IdempotencyInProgress)
                    }
                }
            }
            // Nobody refused it, and it may still be under way: there is no answer yet.
            KeyState::Abandoned if !row.was_refused() => Err(Failure::IdempotencyInProgress),
            KeyState::Checking => Ok(Box::pin(self.carry_check_on(row.clone())).await.unwrap_or(row)),
            KeyState::Prepared
            | KeyState::Issuing
            | KeyState::Active
            | KeyState::Deleting
            | KeyState::Deleted
            | KeyState::Abandoned => Ok(row),
        }
    }

    /// Sends the card, exactly once, and writes down what came of it. From here on nothing but the row answers.
    async fn issue_claimed(&self, row: BillingKey, request: &IssueKey) -> Result<BillingKey, Failure> {
        let holder = CardHolder { customer_id: Some(request.customer_id.clone()), ..request.holder.clone() };
        if let Some(answer) = self.record_schedules_with(&row, request).await {
            return answer;
        }
        let in_time = row.claim.as_ref().is_some_and(|claim| claim.may_be_sent(self.host.now(), &self.policy));
        let posted = match in_time {
            true => self.psp.issue(&row.customer_uid, &request.card, &holder, request.along.pg.as_deref()).await,
            // The claim took too long to be written, and nobody keeps the card: it is as if it had not been sent.
            false => PostResult::NotSent,
        };
        let seen = match posted {
            PostResult::Known(snapshot) => KeyEvidence::Found(snapshot),
            PostResult::NotSent if !request.along.schedules.is_empty() => {
                return self.withdrawn_with_schedules(row).await;
            }
            PostResult::NotSent => return self.withdrawn(row).await,
            PostResult::Refused(refusal) => self.key_found_or(&row, KeyEvidence::Refused(refusal)).await,
            PostResult::Nonsense | PostResult::Lost => self.key_found_or(&row, KeyEvidence::Lost).await,
        };
        let row = self.conclude_key(row.clone(), &seen).await.map_or(row, |(row, _)| row);
        match row.state {
            KeyState::Abandoned if !row.was_refused() => Err(Failure::UpstreamMismatch),
            // A check that nobody has the time for any more is the sweep's.
            KeyState::Checking if !has_waited(&self.host) => {
                Ok(Box::pin(self.carry_check_on(row.clone())).await.unwrap_or(row))
            }
            KeyState::Checking
            | KeyState::Prepared
            | KeyState::Issuing
            | KeyState::Active
            | KeyState::Deleting
            | KeyState::Deleted
            | KeyState::Abandoned => Ok(row),
        }
    }

    async fn key_found_or(&self, row: &BillingKey, otherwise: KeyEvidence) -> KeyEvidence {
        match self.psp.key(&row.customer_uid).await {
            Lookup::Found(snapshot) => KeyEvidence::Found(snapshot),
            Lookup::Absent | Lookup::Unreachable => otherwise,
        }
    }
}

/// Checks an Idempotency-Key: 8 to 255 printable ASCII characters without commas, by which a gateway joins two of them, and no card
/// number.
///
/// # Errors
/// `idempotency_key_invalid`, `sensitive_data_in_url`.
pub fn check_idempotency_key(key: &str) -> Result<(), Invalid> {
    let printable = |byte: u8| byte.is_ascii_graphic() && byte != b',';
    if !IDEMPOTENCY_KEY_LENGTH.contains(&key.len()) || !key.bytes().all(printable) {
        let detail = "8 to 255 printable ASCII characters without spaces and commas";
        return Err(Invalid::new("Idempotency-Key", "idempotency_key_invalid", detail));
    }
    if crate::scrub::holds_card_number(key) {
        return Err(Invalid::new("Idempotency-Key", "sensitive_data_in_url", "no card number belongs here"));
    }
    Ok(())
}

fn checked(holder: CardHolder) -> Result<CardHolder, Invalid> {
    let line = |field, value: Option<String>, max| value.as_deref().map(|v| text::line(field, v, max)).transpose();
    let tel = holder.customer_tel.as_deref().map(|v| text::telephone("customer_tel", v, CUSTOMER_TEL_MAX));
    let email = holder.customer_email.as_deref().map(|v| text::email("customer_email", v, CUSTOMER_EMAIL_MAX));
    Ok(CardHolder {
        customer_id: holder.customer_id,
        customer_name: line("customer_name", holder.customer_name, CUSTOMER_NAME_MAX)?,
        customer_tel: tel.transpose()?,
        customer_email: email.transpose()?,
        customer_addr: line("customer_addr", holder.customer_addr, CUSTOMER_ADDR_MAX)?,
        customer_postcode: line("customer_postcode", holder.customer_postcode, CUSTOMER_POSTCODE_MAX)?,
    })
}

/// The request in its normal form, under the secret: a bare hash of a card number could be searched.
fn fingerprint(request: &IssueKey, secret: &FingerprintKey) -> Fingerprint {
    let card = &request.card;
    let holder = &request.holder;
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    let expiry = card.expiry.expose();
    let holder = [
        &holder.customer_name,
        &holder.customer_tel,
        &holder.customer_email,
        &holder.customer_addr,
        &holder.customer_postcode,
    ]
    .map(optional);
    let mut parts = vec![
        owner(request),
        card.number.expose(),
        &expiry,
        card.birth.as_ref().map_or("", |birth| birth.expose()),
        card.pwd_2digit.as_ref().map_or("", |digits| digits.expose()),
        card.cvc.as_ref().map_or("", |cvc| cvc.expose()),
    ];
    parts.extend(holder.iter().map(String::as_str));
    // Requests of before there were checks are what they were.
    let won = request.along.checking_amount.map(|won| won.to_string());
    if let Some(won) = &won {
        parts.extend(["checking_amount", won]);
    }
    if let Some(pg) = &request.along.pg {
        parts.extend(["pg", pg]);
    }
    let schedules: Vec<_> = request.along.schedules.iter().map(|new| (&new.order, new.schedule_at)).collect();
    let schedules = (!schedules.is_empty()).then(|| Fingerprint::of(&schedules));
    if let Some(schedules) = &schedules {
        parts.extend(["schedules", schedules.as_str()]);
    }
    Fingerprint::keyed(secret, &parts)
}

/// The key's name: 128 bits of a keyed digest, letters and digits only.
pub(super) fn name(request: &IssueKey, secret: &FingerprintKey) -> Result<CustomerUid, Failure> {
    let digest = hex(&secret.mac("customer_uid", &[owner(request), &request.idempotency_key]));
    let short = digest.get(..32).ok_or(Failure::Unavailable)?;
    Ok(CustomerUid::parse(&format!("key{short}"))?)
}

/// Whose Idempotency-Keys they are: another customer's are other requests.
fn owner(request: &IssueKey) -> &str {
    request.customer_id.as_str()
}
