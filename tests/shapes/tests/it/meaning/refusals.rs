//! Everything that is not done, and what it means for the money.

use iamport::ErrorClass::{NotFound, NotSent, Refused, Rejected, Unauthorized};

use super::{Check, refused};

pub(super) const ALL: &[(&str, Check)] = &[
    ("token_refused", |_, told| {
        let error = told.unwrap_err();
        assert_eq!(error.class(), NotSent, "without a token nothing leaves: {error:?}");
    }),
    ("token_not_accepted", |_, told| {
        let error = told.unwrap_err();
        assert_eq!(error.class(), Unauthorized, "{error:?}");
    }),
    ("payment_not_found", |_, told| assert!(refused(told, NotFound, Some(-1)).says_absent())),
    ("payment_not_found_with_200", |_, told| assert!(refused(told, Refused, Some(-1)).says_absent())),
    ("again_refused", |_, told| assert!(!refused(told, Refused, Some(-1)).says_absent())),
    ("onetime_refused", |_, told| drop(refused(told, Refused, Some(-1)))),
    ("schedule_without_a_key", |_, told| drop(refused(told, Refused, Some(1)))),
    ("schedule_not_found", |_, told| assert!(refused(told, NotFound, Some(1)).says_absent())),
    ("schedule_moved_too_late", |_, told| drop(refused(told, Rejected, Some(1)))),
    ("unschedule_refused", |_, told| drop(refused(told, Refused, Some(1)))),
    ("key_refused", |_, told| drop(refused(told, Refused, Some(-1)))),
    ("key_not_found", |_, told| assert!(refused(told, NotFound, Some(1)).says_absent())),
    ("key_not_found_with_200", |_, told| assert!(refused(told, Refused, Some(1)).says_absent())),
    ("key_deleted_before", |_, told| assert!(refused(told, NotFound, Some(1)).says_absent())),
    ("cancel_refused_done_before", |_, told| drop(refused(told, Refused, Some(1)))),
    ("cancel_refused_no_payment", |_, told| drop(refused(told, Refused, Some(1)))),
    ("vbank_not_waiting", |_, told| drop(refused(told, Rejected, Some(1)))),
    ("receipt_not_found", |_, told| assert!(refused(told, NotFound, Some(-1)).says_absent())),
    ("receipt_issued_before", |_, told| drop(refused(told, Rejected, Some(1)))),
    ("receipt_failed", |_, told| drop(refused(told, Refused, Some(1)))),
    ("certification_not_found", |_, told| assert!(refused(told, NotFound, Some(-1)).says_absent())),
    ("amount_not_registered", |_, told| assert!(refused(told, NotFound, Some(-1)).says_absent())),
];
