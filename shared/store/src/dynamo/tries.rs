//! What became of the tries of one write. The SDK repeats a request that was not answered and shows the last try's error
//! only: "throttled" then says nothing of the tries before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use billing::ports::{Saved, StoreError, WriteError};

/// Watches every try of a write, over all of its requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Tries {
    unanswered: Arc<AtomicBool>,
}

impl Tries {
    /// Notes that a try may have been carried out.
    pub(super) fn may_have_written(&self) {
        self.unanswered.store(true, Ordering::Relaxed);
    }

    /// Why the write failed, by what the last try was told.
    pub(super) fn failed(&self, last: WriteError) -> WriteError {
        match last {
            WriteError::Store(_) => self.refused(),
            WriteError::Unknown => last,
        }
    }

    /// What the last try was told of each row, if that holds for those before it, too ([`Saved::is_final`]).
    pub(super) fn answered<R>(&self, saved: Vec<Saved<R>>) -> Result<Vec<Saved<R>>, WriteError> {
        let holds = !self.unanswered.load(Ordering::Relaxed) || saved.iter().all(Saved::is_final);
        if holds { Ok(saved) } else { Err(WriteError::Unknown) }
    }

    /// Why the write failed, if its last try was refused without an effect.
    pub(super) fn refused(&self) -> WriteError {
        if self.unanswered.load(Ordering::Relaxed) { WriteError::Unknown } else { StoreError::Unavailable.into() }
    }
}

impl Intercept for Tries {
    fn name(&self) -> &'static str {
        "Tries"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // DynamoDB says 4xx to what it has not carried out. Silence, 5xx and an answer cut short leave it open.
        let refused = context.response().is_some_and(|response| response.status().is_client_error());
        if !refused {
            self.may_have_written();
        }
        Ok(())
    }
}
