//! The one source of chance.

use simulation::rng::Rng;

#[test]
fn a_seed_always_gives_the_same_numbers_and_another_seed_others() {
    let numbers = |seed| {
        let mut rng = Rng::new(seed);
        [rng.next_u64(), rng.next_u64(), rng.next_u64()]
    };
    assert_eq!(numbers(1), numbers(1));
    assert_ne!(numbers(1), numbers(2));
}

#[test]
fn numbers_spread_over_their_range_and_stay_inside() {
    let mut rng = Rng::new(7);
    let mut seen = [0_u32; 10];
    for _ in 0..10_000 {
        seen[usize::try_from(rng.between(-3, 6) + 3).unwrap()] += 1;
    }
    assert!(seen.iter().all(|count| (800..1_200).contains(count)), "{seen:?}");
    let hits = (0..10_000).filter(|_| rng.chance(250)).count();
    assert!((2_300..2_700).contains(&hits), "{hits}");
    assert!(!rng.chance(0) && rng.chance(1_000));
}
