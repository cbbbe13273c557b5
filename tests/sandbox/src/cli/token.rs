//! `sandbox token customer|merchant`: a JWT for the local gateway, made offline.

use std::path::PathBuf;

use clap::Subcommand;
use jiff::Timestamp;

use super::{CliError, span, state};
use crate::gateway::keys::{Bearer, SigningKey};

/// The longest life of a token: a development token in a log should not open anything for ever.
const LONGEST: i64 = 366 * 86_400;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    who: Who,
}

#[derive(Debug, Subcommand)]
enum Who {
    /// A signed-in customer (scope billing/customer)
    Customer {
        /// The customer's id (`sub`)
        #[arg(long)]
        id: String,
        #[command(flatten)]
        common: Common,
    },
    /// The storefront's server (scope billing/merchant)
    Merchant {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, clap::Args)]
struct Common {
    /// How long it is valid: 90s, 10m, 1h, 31d
    #[arg(long, default_value = "1h")]
    expires_in: String,
    /// Where the signing key is kept
    #[arg(long, default_value = state::DEFAULT_STATE)]
    state: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<String, CliError> {
    let (bearer, common) = match &args.who {
        Who::Customer { id, .. } if id.trim().is_empty() => return Err(CliError::Usage("--id is empty".to_owned())),
        Who::Customer { id, common } => (Bearer::Customer(id), common),
        Who::Merchant { common } => (Bearer::Merchant, common),
    };
    let lifetime = span::parse(&common.expires_in).map_err(CliError::Usage)?;
    if lifetime > LONGEST {
        return Err(CliError::Usage("--expires-in is at most 366d".to_owned()));
    }
    let key = SigningKey::load_or_create(&common.state)?;
    Ok(key.token(bearer, lifetime, Timestamp::now())?)
}
