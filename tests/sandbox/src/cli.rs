//! The command line.

mod clock;
mod dump;
mod events;
mod serve;
mod span;
mod state;
mod token;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::aws::AwsError;
use crate::aws::client::AwsClientError;
use crate::gateway::GatewayError;
use crate::gateway::keys::KeyError;
use crate::journey::JourneyError;
use crate::net::{HttpError, chain};
use crate::storefront::StorefrontError;
use crate::template::TemplateError;

/// Everything the functions talk to, on one machine and offline.
#[derive(Debug, Parser)]
#[command(name = "sandbox", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the API gateway, the Iamport simulator, the AWS endpoint and the demo storefront until stopped
    Serve(serve::Args),
    /// Print a token that the local gateway accepts
    Token(token::Args),
    /// Print every row of the table as one line of JSON, sorted by key
    Dump(dump::Args),
    /// Print what the storefront is told, as it is told
    Events(events::Args),
    /// Move the clock, which runs the schedules that it passes and sweeps on the way
    Clock(clock::Args),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error("port {port} is in use: stop what listens there, or set {variable} to a free port")]
    PortInUse { port: u16, variable: &'static str },
    #[error("cannot listen on {address} ({variable})")]
    Listen {
        address: std::net::SocketAddr,
        variable: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("{0}")]
    Usage(String),
    #[error("{what}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{path}")]
    Template {
        path: String,
        #[source]
        source: TemplateError,
    },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the AWS endpoint")]
    Aws(#[from] AwsError),
    #[error("the AWS endpoint at {url}")]
    AwsClient {
        url: String,
        #[source]
        source: AwsClientError,
    },
    #[error("the gateway")]
    Gateway(#[from] GatewayError),
    #[error("the storefront")]
    Storefront(#[from] StorefrontError),
    #[error("the Iamport simulator: {0}")]
    Iamport(String),
    #[error("the secret {name}: {why}")]
    Secret { name: String, why: String },
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Journey(#[from] JourneyError),
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// 2 for what the caller can change on the command line or in the environment, 1 for everything else.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::PortInUse { .. } | Self::Listen { .. } | Self::Usage(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

/// Runs the command of the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout with 0, a mistake to stderr with 2.
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            error.print().ok();
            return ExitCode::from(code);
        }
    };
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CliError::io("the runtime"))
        .and_then(|runtime| runtime.block_on(run(cli.command)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(std::io::stderr(), "sandbox: {}", chain(&error)).ok();
            error.exit_code()
        }
    }
}

async fn run(command: Command) -> Result<(), CliError> {
    match command {
        Command::Serve(args) => serve::run(args).await,
        Command::Token(args) => print(&token::run(&args)?),
        Command::Dump(args) => dump::run(args).await,
        Command::Events(args) => events::run(args).await,
        Command::Clock(args) => print(&clock::run(args).await?),
    }
}

/// One line on stdout. A reader that went away (`| head`) is no failure.
fn print(line: &str) -> Result<(), CliError> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(CliError::io("stdout")(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
