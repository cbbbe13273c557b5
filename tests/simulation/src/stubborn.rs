//! Permanence: a gateway that refuses, or ignores, one thing for ever: one order, one key, one refund, one schedule. What
//! nothing ever comes of must be told a person, must not be asked for without end, and must not hold up anything else.

use std::collections::BTreeMap;

use billing::ports::PostResult;

use crate::fault::Call;
use crate::psp::request::{PspReply, PspRequest, refusal};
use crate::sim::World;

const DAY: i64 = 86_400;

/// How it resists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// HTTP 200 with `code != 0`, every time.
    Refuses,
    /// A 5xx, or a firewall's 403 as HTML, every time: nothing is done, and the answer says nothing.
    Ignores,
}

/// What resists: from the n-th request of a kind on, whatever that was about.
#[derive(Debug, Clone)]
pub struct Stubborn {
    /// Which requests.
    pub call: Call,
    /// The first so many are let through.
    pub spares: u64,
    /// How.
    pub how: How,
    /// The order, payment or key that it is about, once there is one.
    pub subject: Option<String>,
    /// Requests about it by day, from the day on which it began.
    pub asked: BTreeMap<i64, u32>,
    /// When it began, in UNIX seconds.
    pub since: i64,
}

impl Stubborn {
    /// One that nothing has met yet.
    #[must_use]
    pub const fn new(call: Call, spares: u64, how: How) -> Self {
        Self { call, spares, how, subject: None, asked: BTreeMap::new(), since: 0 }
    }

    /// The same of cash receipts.
    pub const RECEIPTS: [(Call, How); 4] = [
        (Call::IssueReceipt, How::Refuses),
        (Call::IssueReceipt, How::Ignores),
        (Call::RevokeReceipt, How::Refuses),
        (Call::RevokeReceipt, How::Ignores),
    ];

    /// What can resist, and how. A card is never sent twice, and what was charged and refused is over.
    pub const KINDS: [(Call, How); 9] = [
        (Call::Charge, How::Ignores),
        (Call::Register, How::Ignores),
        (Call::Cancel, How::Refuses),
        (Call::Cancel, How::Ignores),
        (Call::Delete, How::Refuses),
        (Call::Delete, How::Ignores),
        (Call::Revoke, How::Refuses),
        (Call::Revoke, How::Ignores),
        (Call::Move, How::Ignores),
    ];
}

/// What a request is about, if its kind can resist.
fn subject(request: &PspRequest) -> Option<(Call, String)> {
    Some(match request {
        PspRequest::Charge(order) => (Call::Charge, order.merchant_uid.to_string()),
        PspRequest::Register { orders, .. } => (Call::Register, orders.first()?.0.merchant_uid.to_string()),
        PspRequest::Cancel(refund) => (Call::Cancel, refund.imp_uid.to_string()),
        PspRequest::Delete { customer_uid } => (Call::Delete, customer_uid.to_string()),
        PspRequest::Revoke { merchant_uid, .. } => (Call::Revoke, merchant_uid.to_string()),
        PspRequest::Move { merchant_uid, .. } => (Call::Move, merchant_uid.to_string()),
        PspRequest::IssueReceipt(order) => (Call::IssueReceipt, order.imp_uid.to_string()),
        PspRequest::RevokeReceipt(imp_uid) => (Call::RevokeReceipt, imp_uid.to_string()),
        PspRequest::Issue { .. }
        | PspRequest::Prepare(_)
        | PspRequest::Correct(_)
        | PspRequest::CloseAccount(_)
        | PspRequest::ExtendAccount(..)
        | PspRequest::Account(..)
        | PspRequest::CarelessCancel { .. }
        | PspRequest::RevokeAll { .. } => return None,
    })
}

impl World {
    /// What a request comes to that is about the one thing which resists. Nothing of it is done.
    pub(crate) fn resisted(&mut self, request: &PspRequest) -> Option<PostResult<PspReply>> {
        let now = self.kernel.now();
        let stubborn = self.stubborn.as_mut()?;
        let (_, about) = subject(request).filter(|(call, _)| *call == stubborn.call)?;
        if stubborn.subject.is_none() {
            if stubborn.spares > 0 {
                stubborn.spares -= 1;
                return None;
            }
            stubborn.subject = Some(about.clone());
            stubborn.since = now;
        }
        if stubborn.subject.as_ref() != Some(&about) {
            return None;
        }
        *stubborn.asked.entry((now - stubborn.since).div_euclid(DAY)).or_default() += 1;
        let how = stubborn.how;
        self.write(|| format!("    {about} resists: {how:?}"));
        Some(match how {
            How::Refuses => PostResult::Refused(refusal()),
            How::Ignores => PostResult::Lost,
        })
    }
}
