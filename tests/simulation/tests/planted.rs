//! Every planted bug is found by one of its rules within the seeds that a run has.

#![expect(clippy::print_stdout, reason = "what a test prints is its report")]

use simulation::planted::Bug;
use simulation::zoo;

#[test]
fn every_planted_bug_is_found() {
    for (bug, rules) in Bug::ALL {
        let found = zoo::hunt(bug, rules).by;
        println!("{bug:?}: {found:?}");
        assert!(found.is_some(), "{bug:?} was not found by any of {rules:?}");
    }
}
