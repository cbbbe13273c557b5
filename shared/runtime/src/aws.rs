//! The AWS SDK's clients: one TLS provider (ring), short timeouts, credentials and region from the environment.

use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// Timeouts of one try and of a whole operation. The SDK's own default has no limit for the whole.
const ATTEMPT_SECONDS: u64 = 1;
const OPERATION_SECONDS: u64 = 3;
const CONNECT_MS: u64 = 900;
/// Tries of one operation. Writes may be repeated: each is conditional and knows its own mark.
const ATTEMPTS_MAX: u32 = 3;

/// The SDK's configuration. On Lambda the environment holds region and credentials, so that no metadata service, profile
/// or single sign-on is asked (nor linked).
pub(crate) async fn config() -> SdkConfig {
    let tls = Provider::Rustls(CryptoMode::Ring);
    aws_config::defaults(BehaviorVersion::latest())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .region(EnvironmentVariableRegionProvider::new())
        .http_client(aws_smithy_http_client::Builder::new().tls_provider(tls).build_https())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_millis(CONNECT_MS))
                .operation_attempt_timeout(Duration::from_secs(ATTEMPT_SECONDS))
                .operation_timeout(Duration::from_secs(OPERATION_SECONDS))
                .build(),
        )
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
        .load()
        .await
}
