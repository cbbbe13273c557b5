//! Every planted bug is found by one of its rules within the seeds that a run has.

use std::collections::BTreeSet;

use simulation::inside;
use simulation::planted::{self, ELSEWHERE};
use simulation::zoo::{self, Hunt};

#[test]
fn every_planted_bug_is_found() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let hunted = zoo::hunt_all(threads);
    println!("{}", zoo::table(&hunted));
    assert_eq!(hunted.len(), planted::zoo().len(), "every bug that is in this build was looked for");
    for (plant, hunt) in &hunted {
        let missed = matches!(hunt, Hunt::Missed);
        assert!(!missed, "{} {} was not found by any of {:?}", plant.number, plant.name, plant.rules);
    }
}

#[test]
fn every_number_of_the_list_is_accounted_for() {
    let zoo = planted::zoo();
    let bugs: BTreeSet<_> = zoo.iter().map(|plant| plant.bug).collect();
    assert_eq!(bugs.len(), zoo.len(), "no bug is listed twice");
    if !inside::IN_THIS_BUILD {
        // Those inside the domain are in the zoo's copy of the repository.
        return;
    }
    let planted = zoo.iter().map(|plant| plant.number).filter(|number| *number != 0);
    let elsewhere = ELSEWHERE.iter().map(|(number, ..)| *number);
    assert_eq!(planted.chain(elsewhere).collect::<BTreeSet<u8>>(), (1..=45).collect());
}
