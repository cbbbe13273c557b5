//! The client against a server of its own, through its public face only.

// The sample payment has more fields than the `json!` macro may nest by default.
#![recursion_limit = "256"]

mod absence;
#[cfg(test)]
mod account;
#[cfg(test)]
mod certifications;
#[cfg(test)]
mod escrow;
#[cfg(test)]
mod issued;
#[cfg(test)]
mod kcp_quick;
#[cfg(test)]
mod naver;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod receipts;
mod records;
#[cfg(test)]
mod replies;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod server;
#[cfg(test)]
mod shops;
#[cfg(test)]
mod support;
#[cfg(test)]
mod table;
#[cfg(test)]
mod time;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod transport;
#[cfg(test)]
mod windows;
