//! What a function builds once and keeps for all its requests.

use billing::usecase::Billing;
use iamport::Client;
use store::DynamoStore;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::deadline::Deadline;
use crate::host::Host;
use crate::psp::Psp;
use crate::secret::{Secret, SecretError, Secrets};

/// A function's clients and settings. Cheap to clone; clones share connections and caches.
#[derive(Debug, Clone)]
pub struct App {
    /// The settings.
    pub config: Config,
    pub(crate) clock: SystemClock,
    secrets: Secrets,
    client: Client,
    store: DynamoStore,
}

impl App {
    /// Builds every client. Nothing is sent yet.
    ///
    /// # Errors
    /// A setting that is missing or malformed.
    pub(crate) async fn new() -> Result<Self, lambda_runtime::Error> {
        // One TLS provider for the SDK and the PSP; a second call finds the first one installed.
        rustls::crypto::ring::default_provider().install_default().ok();
        let config = Config::from_env()?;
        let clock = SystemClock::new(config.clock_file.clone());
        let aws = crate::aws::config().await;
        let secrets = Secrets::new(aws_sdk_secretsmanager::Client::new(&aws), &config.secret_id, clock.clone());
        let client = Client::new(config.psp()?, secrets.clone(), clock.clone())?;
        let store = DynamoStore::new(aws_sdk_dynamodb::Client::new(&aws), &config.table_name);
        Ok(Self { config, clock, secrets, client, store })
    }

    /// Opens the connections while the platform still gives start-up time: secret, then token, beside the table. A
    /// failure costs the first request some time and nothing else.
    pub(crate) async fn warm_up(&self) {
        let (token, table) = tokio::join!(self.client.ready(), self.store.warm_up());
        if let Err(error) = token {
            tracing::warn!(%error, "no token yet");
        }
        if let Err(error) = table {
            tracing::warn!(%error, "no table yet");
        }
    }

    /// The use cases, for one request that has until `deadline`.
    #[must_use]
    pub fn billing(&self, deadline: &Deadline) -> Billing<Psp, DynamoStore, Host> {
        Billing {
            psp: Psp::new(self.client.clone(), self.secrets.clone(), &self.config, deadline.clone()),
            store: self.store.clone(),
            host: Host::new(self.clock.clone(), deadline.came_at()),
            policy: self.config.policy.clone(),
        }
    }

    /// Now, as the PSP would say it.
    #[must_use]
    pub fn now(&self) -> billing::Timestamp {
        self.clock.now()
    }

    /// The Iamport secret.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn secret(&self) -> Result<Secret, SecretError> {
        self.secrets.current().await
    }
}

#[cfg(test)]
pub(crate) mod tests;
