//! Every planted bug is found by one of its rules within the seeds that a run has.

#![expect(clippy::print_stdout, reason = "what a test prints is its report")]

use std::collections::BTreeSet;

use simulation::planted::{ELSEWHERE, ZOO};
use simulation::zoo::{self, Hunt};

#[test]
fn every_planted_bug_is_found() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let hunted = zoo::hunt_all(threads);
    println!("{}", zoo::table(&hunted));
    assert_eq!(hunted.len(), ZOO.len());
    for (plant, hunt) in hunted {
        match hunt {
            Hunt::Caught { .. } => {}
            Hunt::Missed => panic!("{} {} was not found by any of {:?}", plant.number, plant.name, plant.rules),
            Hunt::NotInThisBuild => assert!(!plant.is_in_this_build(), "{} was not looked for", plant.name),
        }
    }
}

#[test]
fn every_number_of_the_list_is_accounted_for() {
    let planted = ZOO.iter().map(|plant| plant.number).filter(|number| *number != 0);
    let elsewhere = ELSEWHERE.iter().map(|(number, ..)| *number);
    assert_eq!(planted.chain(elsewhere).collect::<BTreeSet<u8>>(), (1..=45).collect());
    let bugs: BTreeSet<_> = ZOO.iter().map(|plant| plant.bug).collect();
    assert_eq!(bugs.len(), ZOO.len(), "no bug is listed twice");
}
