//! Every planted bug is found by one of its rules within the seeds that a run has.

use std::collections::BTreeSet;

use simulation::planted::{Bug, ELSEWHERE, ZOO};
use simulation::zoo::{self, Hunt};

#[test]
fn every_planted_bug_is_found() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let hunted = zoo::hunt_all(threads);
    println!("{}", zoo::table(&hunted));
    assert_eq!(hunted.len(), ZOO.len());
    for (plant, hunt) in &hunted {
        let missed = matches!(hunt, Hunt::Missed);
        assert!(!missed, "{} {} was not found by any of {:?}", plant.number, plant.name, plant.rules);
    }
    let caught = hunted.iter().filter(|(_, hunt)| matches!(hunt, Hunt::Caught { .. })).count();
    let inside = ZOO.iter().filter(|plant| matches!(plant.bug, Bug::Inside(_))).count();
    let wanted = if billing::planted::IN_THIS_BUILD { ZOO.len() } else { ZOO.len() - inside };
    assert_eq!(caught, wanted, "every bug that is in this build was looked for");
}

#[test]
fn every_number_of_the_list_is_accounted_for() {
    let planted = ZOO.iter().map(|plant| plant.number).filter(|number| *number != 0);
    let elsewhere = ELSEWHERE.iter().map(|(number, ..)| *number);
    assert_eq!(planted.chain(elsewhere).collect::<BTreeSet<u8>>(), (1..=45).collect());
    let bugs: BTreeSet<_> = ZOO.iter().map(|plant| plant.bug).collect();
    assert_eq!(bugs.len(), ZOO.len(), "no bug is listed twice");
}
