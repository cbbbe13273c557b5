//! Every bug planted at the edge is found by one of its rules, within the seeds that a hunt has.

#![expect(clippy::print_stdout, reason = "what a test prints is its report")]

use std::path::Path;

use edge::bug;
use edge::hunt::hunt;

#[tokio::test]
async fn every_planted_bug_is_found() {
    for bug in bug::ALL {
        let caught = hunt(bug, Path::new(env!("CARGO_BIN_EXE_edge"))).await.expect("a hunt");
        println!("{:>3} {}: {:?}", bug.number, bug.name, caught.by);
        assert!(caught.by.is_some(), "{} was not found by any of {:?}", bug.name, bug.rules);
    }
}
