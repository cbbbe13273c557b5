//! dbg
use simulation::planted::Bug;
use simulation::seeded;
fn main() {
    let bug = Bug::Inside(billing::planted::Bug::RefundRunAgain);
    let mut n = 0;
    for seed in 1..=10_000 {
        let with = seeded::run_with_bug(seed, bug);
        let without = seeded::run(seed);
        if with.trace != without.trace { n += 1; if n < 5 { println!("{seed}"); } }
        for v in with.violations { println!("{seed} {} {}", v.rule, v.detail); }
    }
    println!("{n}");
}
