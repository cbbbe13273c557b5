//! I19 and I20: the same seed with its webhooks lost, tripled, late and out of order, or with forged ones among them ends in
//! the very same table.

use simulation::rng::{Rng, splitmix};
use simulation::seeded::setup::{Setup, Webhooks};
use simulation::seeded::{self, Outcome};

/// Seeds compared.
const SEEDS: u64 = 300;

const CALM: Webhooks = Webhooks { dropped: 0, doubled: 0, late: 0, late_seconds_max: 0, forged: 0 };

fn run(seed: u64, webhooks: Webhooks) -> Outcome {
    let setup = Setup::comparable(&mut Rng::new(splitmix(seed)), webhooks);
    seeded::run_with(seed, &setup, false)
}

#[test]
fn the_table_at_rest_does_not_depend_on_webhooks() {
    let variants = [
        ("none arrive", Webhooks { dropped: 1_000, ..CALM }),
        ("half are lost", Webhooks { dropped: 500, ..CALM }),
        ("each comes three times", Webhooks { doubled: 1_000, ..CALM }),
        ("late and out of order", Webhooks { late: 1_000, late_seconds_max: 3_000, doubled: 500, ..CALM }),
        ("with forged ones", Webhooks { forged: 1_000, ..CALM }),
    ];
    let compared = |seeds: &mut dyn Iterator<Item = u64>| {
        let (mut rows, mut different) = (0, 0);
        for seed in seeds {
            let usual = run(seed, CALM);
            rows += usual.table.len();
            for (name, webhooks) in variants {
                let other = run(seed, webhooks);
                assert_eq!(usual.table, other.table, "seed {seed}, {name}");
                different += usize::from(usual.trace != other.trace);
            }
        }
        (rows, different)
    };
    // A seed shares nothing with another.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (rows, different) = std::thread::scope(|scope| {
        let share = |first| scope.spawn(move || compared(&mut (1..=SEEDS).skip(first).step_by(threads)));
        let running: Vec<_> = (0..threads).map(share).collect();
        let shares = running.into_iter().map(|thread| thread.join().expect("a share that agrees"));
        shares.fold((0, 0), |(rows, different), share| (rows + share.0, different + share.1))
    });
    assert!(rows > 500, "only {rows} rows were compared");
    assert!(different > 500, "only {different} variants changed anything on the way");
}
