//! From the table to the PSP: the billing keys of the rows that are compared are keys there too.

use super::run::{Run, Stop};
use crate::ids::CustomerUid;
use crate::key::{KeyEvidence, KeyState};
use crate::ports::{
    AlarmSink, ChargePsp, ClaimStore, Clock, Entropy, KeyPsp, KeyStore, ListingPsp, Lookup, PaymentStore, ReceiptPsp,
    ReportStore, SchedulePsp, StoreError,
};
use crate::report::Counts;
use crate::usecase::Billing;

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + ReceiptPsp + ListingPsp,
    S: PaymentStore + KeyStore + ClaimStore + ReportStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Looks for the keys of a page of rows, each once a tick: one call for a whole page, and one more for each key that it
    /// does not show. The listing finds candidates; a key's own record decides, and the sweep asks for it once more.
    pub(super) async fn compare_keys(
        &self,
        run: &mut Run,
        named: Vec<CustomerUid>,
        tally: &mut Counts,
    ) -> Result<(), Stop> {
        let unseen: Vec<CustomerUid> = named.into_iter().filter(|uid| !run.keys.contains(uid)).collect();
        if unseen.is_empty() {
            return Ok(());
        }
        let held = match self.psp.held_keys(&unseen).await {
            Lookup::Found(names) => names,
            Lookup::Absent => Vec::new(),
            Lookup::Unreachable => return Err(Stop::Unanswered),
        };
        for uid in unseen {
            if !held.iter().any(|name| name == uid.as_str()) {
                self.time_is_left(run)?;
                self.compare_key(&uid, tally).await?;
            }
            run.keys.insert(uid);
        }
        Ok(())
    }

    async fn compare_key(&self, uid: &CustomerUid, tally: &mut Counts) -> Result<(), Stop> {
        let key = match self.store.key(uid).await {
            Ok(key) => key.filter(|key| key.state == KeyState::Active),
            // Whoever reads it next tells a person.
            Err(StoreError::Unreadable { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let Some(key) = key else { return Ok(()) };
        match self.psp.key(uid).await {
            Lookup::Found(_) => {}
            Lookup::Absent => {
                tally.missing += 1;
                self.conclude_key(key, &KeyEvidence::Absent).await.map_err(|_| Stop::Unanswered)?;
            }
            Lookup::Unreachable => return Err(Stop::Unanswered),
        }
        Ok(())
    }
}
