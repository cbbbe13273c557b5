//! The product as it is breaks no rule, whatever a seed brings; and the seeds bring enough.

use std::collections::BTreeMap;
use std::path::Path;

use edge::world::{Kind, World, WorldError};

/// Seeds of each kind.
const SEEDS: u64 = 300;
/// Seeds at the doors: each is a whole visit to one function, with all that it refuses.
const VISITS: u64 = 27;
/// How often each step comes at least.
const OFTEN: u64 = 30;

/// Runs seeds, and counts the steps: what stands before the colon of each line of the journal.
async fn clean(kind: Kind, seeds: u64) -> Result<BTreeMap<String, u64>, WorldError> {
    let mut world = World::start(kind, None, Path::new(env!("CARGO_BIN_EXE_edge"))).await?;
    let mut steps = BTreeMap::new();
    for seed in 1..=seeds {
        let outcome = world.run(seed).await?;
        assert_eq!(outcome.violations, [], "{kind:?} {seed}: {}", outcome.journal.join("; "));
        for line in outcome.journal {
            *steps.entry(line.split(':').next().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    Ok(steps)
}

fn came_often(steps: &BTreeMap<String, u64>, wanted: &[&str]) {
    for step in wanted {
        assert!(steps.get(*step).is_some_and(|count| *count >= OFTEN), "{step} came too rarely: {steps:?}");
    }
}

#[tokio::test]
async fn calls_of_the_client_keep_every_rule() -> Result<(), WorldError> {
    let steps = clean(Kind::Calls, SEEDS).await?;
    let changes = ["again", "onetime", "customers", "cancel", "schedule", "move", "unschedule"];
    came_often(&steps, &changes);
    came_often(&steps, &["list", "payments", "billing key", "time passes"]);
    Ok(())
}

#[tokio::test]
async fn the_functions_keep_every_rule() -> Result<(), WorldError> {
    let steps = clean(Kind::Shop, SEEDS).await?;
    came_often(&steps, &["POST /billing-keys", "POST /charges", "Listed webhook", "ListedBehindProxy webhook"]);
    came_often(&steps, &["Stranger webhook", "StrangerClaiming webhook", "WrongToken webhook"]);
    came_often(&steps, &["a refused card", "nobody's card"]);
    came_often(&steps, &["WrongMethod webhook", "UnknownOrder webhook"]);
    Ok(())
}

#[tokio::test]
async fn the_template_keeps_every_rule() -> Result<(), WorldError> {
    let steps = clean(Kind::Deploy, SEEDS).await?;
    came_often(&steps, &["ChargeFunction", "RefundFunction", "WebhookFunction"]);
    Ok(())
}

#[tokio::test]
async fn every_route_refuses_what_it_has_to_and_does_what_it_is_for() -> Result<(), WorldError> {
    let steps = clean(Kind::Doors, VISITS).await?;
    for sample in edge::doors::SAMPLES {
        assert!(steps.keys().any(|step| step.split(' ').next() == Some(sample)), "{sample} was never sent: {steps:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_seed_is_the_same_every_time() -> Result<(), WorldError> {
    for kind in Kind::ALL {
        let program = Path::new(env!("CARGO_BIN_EXE_edge"));
        let mut one = World::start(kind, None, program).await?;
        let mut other = World::start(kind, None, program).await?;
        let mut differ = false;
        for seed in 1..=20 {
            let first = one.run(seed).await?.journal;
            assert_eq!(first, other.run(seed).await?.journal, "{kind:?} {seed}");
            differ |= first != one.run(seed + 1_000).await?.journal;
        }
        assert!(differ, "{kind:?}: every seed is the same");
    }
    Ok(())
}
