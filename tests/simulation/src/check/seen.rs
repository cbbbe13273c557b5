//! What a bystander between us and the PSP, and between us and the table, has seen. Some rules need it, because neither the
//! books nor the table keep it.

use std::collections::{BTreeMap, BTreeSet};

use billing::key::{BillingKey, KeyState};
use billing::payment::receipt::ReceiptClaim;
use billing::payment::{Claim, Payment};
use billing::usecase::Failure;
use billing::{Nonce, Timestamp};

use crate::kernel::ProcessId;
use crate::lambda::Answer;
use crate::sim::World;

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Order numbers of which the PSP has refused something to whoever asked for it.
    pub refused: BTreeSet<String>,
    /// Order numbers that somebody has changed in the PSP's console, and those of schedules that it has changed.
    pub touched: BTreeSet<String>,
    /// Orders of other systems on keys of ours, and when each came to be, in UNIX seconds.
    pub foreign: BTreeMap<String, i64>,
    /// Those among them that came to be just when their key was deleted.
    pub raced: BTreeSet<String>,
    /// Keys that are gone at the PSP though nobody here has deleted them.
    pub vanished: BTreeSet<String>,
    /// Schedules of which the PSP has refused a change.
    pub unchanged: BTreeSet<String>,
    /// Schedules whose change was claimed again: whoever claimed it first has been told that it is carried to its end.
    pub promised: BTreeSet<String>,
    /// Rows that a process has claimed without having sent anything since.
    claimed: BTreeMap<ProcessId, BTreeMap<String, Claimed>>,
    /// The marks of all claims that ever stood in the table, and whose they are.
    claimants: BTreeMap<Nonce, Claimant>,
}

/// A row that a process has claimed.
#[derive(Debug, Clone, Copy)]
struct Claimed {
    /// Whether something else may have to come first.
    may_wait: bool,
    at: Timestamp,
}

#[derive(Debug)]
struct Claimant {
    process: ProcessId,
    /// The mark of the write that made the claim. Whoever had no answer to that one does not know that it claimed anything.
    made_by: Nonce,
    /// It has heard that the claim stands, or has sent something since.
    knows: bool,
}

/// Seconds after which nobody has to send under a claim: half of those within which it may be sent (twenty), for
/// the clocks of two machines differ by some.
const OLD_CLAIM_SECONDS: i64 = 10;

impl Seen {
    /// A row with this claim stands in the table. Whoever has written it without one has given up its own, if it had one: it may
    /// hear of that by reading back.
    pub(crate) fn stands(&mut self, process: ProcessId, row: &str, claim: Option<&Claim>, writer: &Nonce) {
        if let Some(claim) = claim {
            let claimant = || Claimant { process, made_by: writer.clone(), knows: false };
            self.claimants.entry(claim.nonce.clone()).or_insert_with(claimant);
        } else if let Some(claimed) = self.claimed.get_mut(&process) {
            claimed.remove(row);
        }
    }

    /// A row with this claim on its cash receipt stands in the table.
    pub(crate) fn receipt_stands(&mut self, process: ProcessId, claim: Option<&ReceiptClaim>, writer: &Nonce) {
        if let Some(claim) = claim {
            let claimant = || Claimant { process, made_by: writer.clone(), knows: true };
            self.claimants.entry(claim.nonce.clone()).or_insert_with(claimant);
        }
    }

    /// Whether a claim of this mark is this process's own.
    pub(crate) fn has_claimed(&self, process: ProcessId, nonce: &Nonce) -> bool {
        self.claimants.get(nonce).is_some_and(|claimant| claimant.process == process)
    }

    /// Whether a claim is this process's own.
    pub(crate) fn is_claimant(&self, process: ProcessId, claim: &Claim) -> bool {
        self.claimants.get(&claim.nonce).is_some_and(|claimant| claimant.process == process)
    }

    /// A process has written a payment's row, and knows what came of it; `state` is what stands there now.
    pub(crate) fn payment_written(&mut self, process: ProcessId, row: &Payment, state: &Payment, now: Timestamp) {
        let claim = |row: &Payment| row.claim.clone().filter(|claim| claim.is_live(now));
        self.written(process, row.merchant_uid().to_string(), (&row.writer, &state.writer), claim(row), false);
    }

    /// The same of a billing key's row.
    pub(crate) fn key_written(&mut self, process: ProcessId, row: &BillingKey, state: &BillingKey, now: Timestamp) {
        let claim = row.claim.clone().filter(|claim| claim.is_live(now));
        let deleting = row.state == KeyState::Deleting;
        self.written(process, row.customer_uid.to_string(), (&row.writer, &state.writer), claim, deleting);
    }

    fn written(
        &mut self,
        process: ProcessId,
        row: String,
        (writer, state): (&Nonce, &Nonce),
        claim: Option<Claim>,
        may_wait: bool,
    ) {
        let claims = self.claimed.entry(process).or_default();
        if writer != state {
            return;
        }
        match claim {
            Some(claim) => {
                // Whoever only writes on leaves the claim that stands there as it is.
                let own = |claimant: &&mut Claimant| claimant.process == process && claimant.made_by == *writer;
                if let Some(claimant) =
                    self.claimants.get_mut(&claim.nonce).filter(own).filter(|claimant| !claimant.knows)
                {
                    claimant.knows = true;
                    claims.insert(row, Claimed { may_wait, at: claim.claimed_at });
                }
            }
            None => drop(claims.remove(&row)),
        }
    }

    /// A process sends something.
    pub(crate) fn sent(&mut self, process: ProcessId) {
        for claimant in self.claimants.values_mut().filter(|claimant| claimant.process == process) {
            claimant.knows = true;
        }
        self.claimed.remove(&process);
    }

    /// The table failed a process: what it has claimed and not sent by then may be the sweep's, too.
    pub(crate) fn without_table(&mut self, process: ProcessId) {
        for claimed in self.claimed.get_mut(&process).into_iter().flat_map(BTreeMap::values_mut) {
            claimed.may_wait = true;
        }
    }

    /// A process has been killed: what it has claimed is the sweep's now.
    pub(crate) fn killed(&mut self, process: ProcessId) {
        self.claimed.remove(&process);
    }
}

/// I15: whoever has claimed a row and knows it sends. A caller is never told "somebody else is at it" by the one who is.
pub(crate) fn check_answered(world: &mut World, process: ProcessId, answer: &Answer) {
    let Some(claimed) = world.seen.claimed.remove(&process) else { return };
    let failure = match answer {
        Answer::Payment(Err(failure))
        | Answer::Payments(Err(failure))
        | Answer::Key(Err(failure))
        | Answer::KeyDeleted(Err(failure))
        | Answer::Opened(Err(failure))
        | Answer::Prepared(Err(failure))
        | Answer::ReturnView(Err(failure))
        | Answer::Receipt(Err(failure))
        | Answer::Refund(Err(failure)) => Some(failure),
        _ => None,
    };
    // Without the table, or the PSP, what was begun is left to the sweep.
    // A mark that was taken off again claims nothing.
    if matches!(failure, Some(Failure::Unavailable | Failure::Store(_) | Failure::KeyInUse))
        || matches!(answer, Answer::Noticed(_) | Answer::Swept(Err(_)))
    {
        return;
    }
    let now = world.kernel.now();
    for (row, Claimed { may_wait, at }) in claimed {
        // A claim that took so long to be written may be too old to be sent under.
        let in_time = now < at.0 + OLD_CLAIM_SECONDS;
        if failure.is_some() || (!may_wait && in_time) {
            world.violation("I15", format!("{row} was claimed, nothing was sent, and the answer was {failure:?}"));
        }
    }
}
