//! `edge [--seeds N] [--from S]`: runs seeds of every kind, without bugs. `--zoo`: the hunt for the planted ones.
//! `function` and `tick`: play the functions for a scripted Lambda; only this program itself calls that.

#[path = "../../../functions/billing-keys/src/handler.rs"]
mod billing_keys;
#[path = "../../../functions/charge/src/handler.rs"]
mod charge;
#[path = "../../../functions/checkout/src/handler.rs"]
mod checkout;
#[path = "../../../functions/checkout/src/confirmation.rs"]
mod confirmation;
#[path = "../../../functions/subscription/src/consent.rs"]
mod consent;
#[expect(dead_code, reason = "its budget is for the webhook's own main")]
#[path = "../../../functions/webhook/src/handler.rs"]
mod handler;
#[path = "../../../functions/issue-billing-key/src/handler.rs"]
mod issue_billing_key;
#[path = "../../../functions/webhook/src/notice.rs"]
mod notice;
#[path = "../../../functions/reconcile/src/handler.rs"]
mod reconcile;
#[path = "../../../functions/refund/src/handler.rs"]
mod refund;
#[path = "../../../functions/schedule/src/handler.rs"]
mod schedule;
#[path = "../../../functions/subscription/src/handler.rs"]
mod subscription;
#[path = "../../../functions/billing-keys/src/window.rs"]
mod window;

use std::process::ExitCode;

use edge::switches;
use edge::world::{Kind, World};

/// Seeds of each kind, unless asked otherwise.
const SEEDS: u64 = 300;

const NO_BUGS: &str = "this build has no bugs: `./dev zoo` makes one that has";

/// One thread: planted bugs are a matter of the thread, and so is the order of things.
#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stderr, reason = "a command line tool talks to its terminal")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("function") => play_functions(arguments.get(1)).await,
        Some("tick") => play_ticks().await,
        Some("--zoo") => zoo().await,
        _ => seeds(&arguments).await,
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

type Ended = Result<ExitCode, Box<dyn std::error::Error + Send + Sync>>;

/// The handlers behind the platform's own loop, as each function's `main` has them.
async fn play_functions(bug: Option<&String>) -> Ended {
    let bug: Option<u8> = bug.map(|number| number.parse()).transpose()?;
    if bug.is_some() && !switches::IN_THIS_BUILD {
        return Err(NO_BUGS.into());
    }
    switches::plant(bug);
    runtime::serve_http(runtime::HANDLER_BUDGET, |app, request| async move {
        let route = request.route().to_owned();
        let of = |resource: &str| route.split('/').nth(1) == Some(resource);
        match route.as_str() {
            "POST /billing-keys" => issue_billing_key::handle(app, request).await,
            "POST /charges/{merchant_uid}/refunds"
            | "POST /charges/{merchant_uid}/receipt"
            | "DELETE /charges/{merchant_uid}/receipt" => refund::handle(app, request).await,
            _ if of("billing-keys") => billing_keys::handle(app, request).await,
            _ if of("charges") => charge::handle(app, request).await,
            _ if of("checkouts") => checkout::handle(app, request).await,
            _ if of("schedules") => schedule::handle(app, request).await,
            _ if of("subscriptions") => subscription::handle(app, request).await,
            _ => handler::handle(app, request).await,
        }
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

/// What a timer starts.
async fn play_ticks() -> Ended {
    runtime::serve_ticks(reconcile::handle).await?;
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "a command line tool talks to its terminal")]
async fn seeds(arguments: &[String]) -> Ended {
    let (mut from, mut seeds) = (1_u64, SEEDS);
    for pair in arguments.chunks(2) {
        match pair {
            [name, number] if name == "--seeds" => seeds = number.parse()?,
            [name, number] if name == "--from" => from = number.parse()?,
            [name, number] if name == "--seed" => (from, seeds) = (number.parse()?, 1),
            _ => return Err("edge [--seeds N] [--from S] [--seed S] | edge --zoo".into()),
        }
    }
    let program = std::env::current_exe()?;
    let mut broken = 0;
    for kind in Kind::ALL {
        let mut world = World::start(kind, None, &program).await?;
        for seed in from..from.saturating_add(seeds) {
            let outcome = world.run(seed).await?;
            if seeds == 1 {
                println!("{kind:?} {seed}: {}", outcome.journal.join("; "));
            }
            for violation in &outcome.violations {
                broken += 1;
                println!("{kind:?} {seed}: {}: {}", violation.rule, violation.detail);
            }
        }
        println!("{kind:?}: {seeds} seeds from {from}");
    }
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints which planted bug is found by which rule, and by which seed first.
#[expect(clippy::print_stdout, reason = "a command line tool talks to its terminal")]
async fn zoo() -> Ended {
    if !switches::IN_THIS_BUILD {
        return Err(NO_BUGS.into());
    }
    let program = std::env::current_exe()?;
    let mut missed = 0;
    println!("{:>3}  {:<46} {:<36} seed", "no.", "planted bug", "caught by");
    for bug in edge::bug::ALL {
        let caught = edge::hunt::hunt(bug, &program).await?;
        let (by, seed) = caught.by.map_or(("-".to_owned(), 0), |(rule, seed)| (rule.to_string(), seed));
        missed += u32::from(caught.by.is_none());
        println!("{:>3}  {:<46} {by:<36} {seed}", bug.number, bug.name);
    }
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
