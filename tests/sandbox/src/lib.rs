//! What the functions talk to, on one machine: the Iamport simulator, DynamoDB, Secrets Manager and EventBridge, the API gateway; and
//! a shop that calls them.
//!
//! One process, one loopback port per role. Nothing of it is ever linked into a function.

pub mod aws;
pub mod cli;
pub mod files;
pub mod gateway;
pub mod iamport;
pub mod journey;
pub mod net;
pub mod storefront;
pub mod stream;
pub mod template;

/// The AWS account that the sandbox pretends to be.
pub const ACCOUNT_ID: &str = "123456789012";
/// The AWS region that the sandbox pretends to be in: Seoul, where the storefront's customers are.
pub const REGION: &str = "ap-northeast-2";

/// `N` bytes from the operating system's random source.
///
/// # Errors
/// If the system has none.
#[expect(clippy::disallowed_methods, reason = "the sandbox owns its randomness; it is no part of the simulated domain")]
pub fn random_bytes<const N: usize>() -> std::io::Result<[u8; N]>
where
    [u8; N]: Default,
{
    let mut bytes = <[u8; N]>::default();
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// `N` random bytes in hexadecimal, two digits each.
///
/// # Errors
/// If the system has no random source.
pub fn random_hex<const N: usize>() -> std::io::Result<String>
where
    [u8; N]: Default,
{
    Ok(random_bytes::<N>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}
