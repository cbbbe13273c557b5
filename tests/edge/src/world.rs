//! A scenario of any kind, by its seed.

use std::path::Path;

use crate::calls::Calls;
use crate::deploy::Deploy;
use crate::doors::Doors;
use crate::rule::Violation;
use crate::shop::Shop;

/// A kind of scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`Calls`].
    Calls,
    /// [`Shop`].
    Shop,
    /// [`Deploy`].
    Deploy,
    /// [`Doors`].
    Doors,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Calls, Self::Shop, Self::Deploy, Self::Doors];
}

/// What a seed came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rules that did not hold.
    pub violations: Vec<Violation>,
    /// The steps, for a replay.
    pub journal: Vec<String>,
}

/// Why a scenario could not run.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// A socket, a file or a process.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Something that should be plain could not be made.
    #[error("{0}")]
    Made(String),
}

impl WorldError {
    /// From any other error.
    pub(crate) fn made(error: impl std::fmt::Display) -> Self {
        Self::Made(error.to_string())
    }
}

/// Where seeds of one kind run, with one planted bug or none.
#[derive(Debug)]
pub struct World {
    bug: Option<u8>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Calls(Calls),
    Shop(Box<Shop>),
    Deploy(Deploy),
    Doors(Box<Doors>),
}

impl World {
    /// Starts what the kind needs. `program` is this crate's binary: it plays the functions.
    ///
    /// # Errors
    /// [`WorldError`].
    pub async fn start(kind: Kind, bug: Option<u8>, program: &Path) -> Result<Self, WorldError> {
        let place = match kind {
            Kind::Calls => Place::Calls(Calls::start().await?),
            Kind::Shop => Place::Shop(Box::new(Shop::start(bug, program).await?)),
            Kind::Deploy => Place::Deploy(Deploy::read()?),
            Kind::Doors => Place::Doors(Box::new(Doors::start(bug, program).await?)),
        };
        Ok(Self { bug, place })
    }

    /// Runs one seed.
    ///
    /// # Errors
    /// [`WorldError`].
    pub async fn run(&mut self, seed: u64) -> Result<Outcome, WorldError> {
        crate::switches::plant(self.bug);
        let outcome = match &mut self.place {
            Place::Calls(calls) => calls.run(seed).await,
            Place::Shop(shop) => shop.run(seed).await,
            Place::Deploy(deploy) => Ok(deploy.run(seed, self.bug == Some(41))),
            Place::Doors(doors) => doors.run(seed).await,
        };
        crate::switches::plant(None);
        outcome
    }
}
