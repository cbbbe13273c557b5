//! One contract for both stores: each story runs against the table in memory and against DynamoDB's wire protocol,
//! served by an embedded engine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so")]

/// Two tests of one story.
macro_rules! both_stores {
    ($name:ident, |$store:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "stories use different parts of the module above")]
            use super::*;

            async fn story<S>($store: S)
            where
                S: billing::ports::PaymentStore
                    + billing::ports::KeyStore
                    + billing::ports::DueStore
                    + billing::ports::ClaimStore
                    + billing::ports::ReportStore
                    + billing::ports::SubscriptionStore,
            $body

            #[tokio::test]
            async fn in_memory() {
                story(store::MemoryStore::new()).await;
            }

            #[tokio::test]
            async fn in_dynamodb() {
                let table = crate::table::Table::start().await;
                story(table.store()).await;
            }
        }
    };
}

mod claims;
mod lists;
mod lost;
mod reports;
mod rows;
mod stream;
mod subscriptions;
mod table;
mod windows;
