//! `STATE/sandbox.json`: where a running sandbox can be found.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::CliError;
use crate::files;

/// The file in the state directory. It is there exactly while the sandbox is ready.
const FILE: &str = "sandbox.json";
/// Where state is kept unless told otherwise: inside the ignored folder of the build.
pub(super) const DEFAULT_STATE: &str = "target/sandbox";

/// What a script needs to know about a running sandbox. It holds the webhook's token: only its owner may read it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Running {
    pub gateway_url: String,
    pub iamport_url: String,
    pub aws_url: String,
    pub lambda_url: String,
    pub storefront_url: String,
    pub gateway_port: u16,
    pub iamport_port: Option<u16>,
    pub aws_port: Option<u16>,
    pub storefront_port: u16,
    /// Where notices go, token included.
    pub webhook_url: String,
    pub table: String,
    pub secret_name: String,
    pub region: String,
    pub issuer: String,
    pub audience: String,
    pub pid: u32,
}

fn path(state: &Path) -> PathBuf {
    state.join(FILE)
}

impl Running {
    pub(super) fn write(&self, state: &Path) -> Result<(), CliError> {
        let content = serde_json::to_vec_pretty(self).map_err(|error| CliError::Failed(error.to_string()))?;
        files::replace(&path(state), &content).map_err(CliError::io(path(state).display().to_string()))
    }

    /// Takes the file away. A missing file is what was wanted.
    pub(super) fn remove(state: &Path) {
        std::fs::remove_file(path(state)).ok();
    }

    /// The running sandbox of a state directory, if there is one.
    pub(super) fn read(state: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path(state)).ok()?).ok()
    }
}
