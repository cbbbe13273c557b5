//! The lists of calls and faults are whole.

use std::collections::BTreeSet;

use simulation::fault::{Call, Fault};

#[test]
fn every_call_and_every_fault_is_listed_once_and_every_fault_can_happen() {
    assert_eq!(BTreeSet::from(Call::ALL).len(), Call::ALL.len());
    assert_eq!(BTreeSet::from(Fault::ALL).len(), Fault::ALL.len());
    let possible: BTreeSet<Fault> = Call::ALL.iter().flat_map(|call| call.class().faults()).copied().collect();
    assert_eq!(possible, BTreeSet::from(Fault::ALL));
}
