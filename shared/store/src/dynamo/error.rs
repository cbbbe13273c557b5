//! What a failed DynamoDB call means for the caller.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::CancellationReason;
use billing::ports::{StoreError, WriteError};

use super::item::Item;

/// Error codes after which DynamoDB has certainly written nothing.
const NOT_WRITTEN: [&str; 7] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "ResourceNotFoundException",
    "ValidationException",
    "AccessDeniedException",
    "UnrecognizedClientException",
];

/// A failed read: nothing was learnt and nothing was done.
pub(super) fn read<E: ProvideErrorMetadata, R>(_: &SdkError<E, R>) -> StoreError {
    StoreError::Unavailable
}

/// A failed write: done or not, by what the last try was told. Silence may mean done.
pub(super) fn write<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> WriteError {
    let refused = match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::ServiceError(service) => service.err().code().is_some_and(|code| NOT_WRITTEN.contains(&code)),
        _ => false,
    };
    if refused { WriteError::Store(StoreError::Unavailable) } else { WriteError::Unknown }
}

/// The item that stood in the way of a conditional update: `None` if the update failed for another reason.
pub(super) fn conflicting_item<R>(error: &SdkError<UpdateItemError, R>) -> Option<Option<Item>> {
    match error.as_service_error()? {
        UpdateItemError::ConditionalCheckFailedException(refused) => Some(refused.item.clone()),
        _ => None,
    }
}

/// Whether a transaction held the item of an update: nothing was written.
pub(super) fn held_by_transaction<R>(error: &SdkError<UpdateItemError, R>) -> bool {
    matches!(error.as_service_error(), Some(UpdateItemError::TransactionConflictException(_)))
}

/// Why a transaction was cancelled, action by action: `None` if it failed for another reason.
pub(super) fn cancellation<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => Some(cancelled.cancellation_reasons()),
        _ => None,
    }
}
