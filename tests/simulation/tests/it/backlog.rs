//! Hundreds of payments that fall due within minutes of each other, while nobody tells us of any.

use simulation::rng::{Rng, splitmix};
use simulation::seeded::{self, setup::Setup};

#[test]
fn a_backlog_of_hundreds_is_worked_off_and_breaks_no_rule() {
    let (mut rows, mut most) = (0, 0);
    for seed in 1..=40 {
        let mut rng = Rng::new(splitmix(seed));
        let outcome = seeded::run_with(seed, &Setup::backlog(&mut rng), true);
        assert_eq!(outcome.violations, [], "seed {seed}");
        rows += outcome.table.len();
        most = most.max(outcome.table.len());
    }
    println!("{rows} payments in 40 backlogs, {most} in the largest");
    assert!(most >= 400, "no backlog is worth its name: {most}");
}
