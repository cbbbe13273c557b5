//! Billing keys: issue, look up, delete.

use super::cards::{Behaviour, Card};
use super::gateways::{Asked, Operation};
use super::{BillingKey, Channel, Ledger, Person, Refusal, Said, ScheduleStatus};

/// `POST /subscribe/customers/{customer_uid}`.
#[derive(Debug, Clone)]
pub struct KeyOrder {
    /// The shop's name for the key.
    pub customer_uid: String,
    /// The shop's name for the customer.
    pub customer_id: Option<String>,
    /// PG to issue on.
    pub channel: Channel,
    /// Whether `channel_key` came with the request.
    pub has_channel_key: bool,
    /// The card, already masked.
    pub card: Card,
    /// `customer_*` fields.
    pub customer: Person,
    /// What the request says beside this. What is said of a card is only that it is there.
    pub said: Said,
}

/// What `DELETE /subscribe/customers/{customer_uid}` says of its why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deletion {
    /// Why.
    pub reason: Option<String>,
    /// Who wants it: `extra[requester]`.
    pub requester: Option<String>,
}

impl Ledger {
    /// Issues a key by card data. An existing one of that name is silently pointed at the new card, as V1 does.
    ///
    /// # Errors
    /// A PG refusal for a card that cannot be registered; `Rejected` when `channel_key` is required and missing, and for
    /// what breaks a rule of the gateway.
    pub fn issue_key(&mut self, now: i64, order: KeyOrder) -> Result<BillingKey, Refusal> {
        self.knobs.check(&Asked {
            method: Some("card"),
            customer: Some(&order.customer),
            customer_id: order.customer_id.as_deref(),
            said: Some(&order.said),
            ..Asked::of(&order.channel.pg_provider, Operation::Issue, now)
        })?;
        self.store_key(now, order, "card")
    }

    /// As [`Ledger::issue_key`], whatever the key is made of.
    pub(super) fn store_key(&mut self, now: i64, order: KeyOrder, pay_method: &str) -> Result<BillingKey, Refusal> {
        if self.knobs.require_channel_key && !order.has_channel_key {
            return Err(Refusal::rejected("channel_key 가 필요합니다"));
        }
        if order.card.behaviour == Behaviour::RefuseIssue {
            return Err(Refusal::pg("카드 인증에 실패했습니다"));
        }
        let inserted = self.keys.get(&order.customer_uid).map_or(now, |existing| existing.inserted);
        let key = BillingKey {
            customer_uid: order.customer_uid.clone(),
            customer_id: order.customer_id,
            sandbox: self.is_test(&order.channel),
            channel: order.channel,
            card: order.card,
            pay_method: pay_method.to_owned(),
            customer: order.customer,
            inserted,
            updated: now,
        };
        self.keys.insert(order.customer_uid, key.clone());
        Ok(key)
    }

    /// `GET /subscribe/customers/{customer_uid}`.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn key(&self, customer_uid: &str) -> Result<&BillingKey, Refusal> {
        self.keys.get(customer_uid).ok_or_else(|| Refusal::not_found("등록된 정보를 찾을 수 없습니다"))
    }

    /// All keys, by name.
    pub fn keys(&self) -> impl Iterator<Item = &BillingKey> {
        self.keys.values()
    }

    /// A card's limits change, or its issuer's mind: charges turn out like this from now on. Nobody is told.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn turn_card(&mut self, customer_uid: &str, behaviour: Behaviour) -> Result<(), Refusal> {
        let key = self.keys.get_mut(customer_uid);
        key.ok_or_else(|| Refusal::not_found("등록된 정보를 찾을 수 없습니다"))?.card.behaviour = behaviour;
        Ok(())
    }

    /// [`Ledger::delete_key_for`] without a word on why.
    ///
    /// # Errors
    /// As there.
    pub fn delete_key(&mut self, now: i64, customer_uid: &str) -> Result<BillingKey, Refusal> {
        self.delete_key_for(now, customer_uid, &Deletion::default())
    }

    /// `DELETE /subscribe/customers/{customer_uid}`. Its schedules stay, and fail when they run, unless the knob
    /// says otherwise.
    ///
    /// # Errors
    /// `NotFound`; `Rejected` for what breaks a rule of the gateway.
    pub fn delete_key_for(&mut self, now: i64, customer_uid: &str, why: &Deletion) -> Result<BillingKey, Refusal> {
        if let Some(key) = self.keys.get(customer_uid) {
            let mut said = Said::nothing();
            said.add("reason", why.reason.as_deref().unwrap_or_default());
            said.add("extra.requester", why.requester.as_deref().unwrap_or_default());
            let asked = Asked::of(&key.channel.pg_provider, Operation::Delete, now);
            self.knobs.check(&Asked { method: Some(&key.pay_method), key: Some(key), said: Some(&said), ..asked })?;
        }
        let key = self.keys.remove(customer_uid).ok_or_else(|| Refusal::not_found("등록된 정보를 찾을 수 없습니다"))?;
        if self.knobs.delete_key_revokes_schedules {
            let waiting: Vec<String> = self
                .schedules
                .values()
                .filter(|row| row.customer_uid == customer_uid && row.status == ScheduleStatus::Scheduled)
                .map(|row| row.order.merchant_uid.clone())
                .collect();
            for merchant_uid in waiting {
                self.revoke_one(now, &merchant_uid);
            }
        }
        Ok(key)
    }
}
