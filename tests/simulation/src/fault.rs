//! What may go wrong at a boundary: which calls there are, and which faults each kind of call can meet.

/// A call across the border of the use cases: one boundary each time it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the methods of billing's ports")]
pub enum Call {
    Ready,
    Charge,
    IssueAccount,
    ExtendAccount,
    FindAll,
    GetPayment,
    Register,
    Revoke,
    Move,
    GetSchedule,
    Issue,
    GetKey,
    Delete,
    Cancel,
    Prepare,
    Correct,
    GetPrepared,
    ReadPayment,
    ReadPayments,
    Insert,
    InsertCheckout,
    Reclaim,
    Save,
    ListSchedules,
    ReadKey,
    InsertKey,
    SaveKey,
    ListKeys,
    Due,
    ListPayments,
    ListChanges,
    ListPlanned,
    ListChannels,
    Claims,
    ReadReport,
    SaveReport,
    ReadSubscription,
    LastOfPlan,
    BeginSubscription,
    SaveSubscription,
    ListSubscriptions,
    IssueReceipt,
    RevokeReceipt,
    GetReceipt,
}

/// Calls that fail alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Getting a token.
    Token,
    /// A POST, PUT or DELETE at the PSP.
    Post,
    /// A GET at the PSP.
    Get,
    /// A consistent read of the table.
    Read,
    /// A conditional write to the table.
    Write,
    /// A query of an index, which may lag behind.
    Index,
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process ends before the call has any effect.
    CrashBefore,
    /// The process ends after the effect, before the answer arrives.
    CrashAfter,
    /// POST: no byte leaves (DNS, connect, TLS).
    NotSent,
    /// POST: HTTP 401.
    Unauthorized,
    /// POST: HTTP 429.
    RateLimited,
    /// POST: the request is lost on its way; nothing happens; we wait until our timeout.
    LostRequest,
    /// POST: it happens, the reply is lost; we wait until our timeout.
    LostReply,
    /// POST: it happens long after our timeout.
    Late,
    /// POST: HTTP 5xx, nothing happened.
    ErrorBefore,
    /// POST: HTTP 5xx, though it happened.
    ErrorAfter,
    /// POST: HTML or a truncated body, nothing happened.
    GarbledBefore,
    /// POST: HTML or a truncated body, though it happened.
    GarbledAfter,
    /// POST: `code: 0` without a record, nothing happened.
    NonsenseBefore,
    /// POST: `code: 0` without a record, though it happened.
    NonsenseAfter,
    /// POST: `code != 0`, nothing happened.
    RefusedBefore,
    /// POST: `code != 0`, though it happened.
    RefusedAfter,
    /// POST: it happens, and the reply shows another amount, currency, channel or name.
    WrongAmount,
    /// GET: no usable answer. Token: none to be had.
    Unreachable,
    /// Table: throttled, nothing written or read.
    Throttled,
    /// Write: committed, and no answer.
    SilentCommit,
    /// Write: not committed, and no answer.
    SilentDrop,
    /// Write: no answer, and it is committed after its sender has looked whether it was.
    LateCommit,
    /// Write: somebody else wrote first.
    Conflict,
    /// Write: it is seen again, as when the SDK repeats a lost request.
    OwnWriteAgain,
    /// Index: it does not show the newest writes yet.
    Stale,
}

impl Call {
    /// Every call.
    pub const ALL: [Self; 44] = [
        Self::Ready,
        Self::Charge,
        Self::IssueAccount,
        Self::ExtendAccount,
        Self::FindAll,
        Self::GetPayment,
        Self::Register,
        Self::Revoke,
        Self::Move,
        Self::GetSchedule,
        Self::Issue,
        Self::GetKey,
        Self::Delete,
        Self::Cancel,
        Self::Prepare,
        Self::Correct,
        Self::GetPrepared,
        Self::ReadPayment,
        Self::ReadPayments,
        Self::Insert,
        Self::InsertCheckout,
        Self::Reclaim,
        Self::Save,
        Self::ListSchedules,
        Self::ReadKey,
        Self::InsertKey,
        Self::SaveKey,
        Self::ListKeys,
        Self::Due,
        Self::ListPayments,
        Self::ListChanges,
        Self::ListPlanned,
        Self::ListChannels,
        Self::Claims,
        Self::ReadReport,
        Self::SaveReport,
        Self::ReadSubscription,
        Self::LastOfPlan,
        Self::BeginSubscription,
        Self::SaveSubscription,
        Self::ListSubscriptions,
        Self::IssueReceipt,
        Self::RevokeReceipt,
        Self::GetReceipt,
    ];

    /// What kind of call it is.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::Ready => Class::Token,
            Self::Charge
            | Self::IssueAccount
            | Self::ExtendAccount
            | Self::Register
            | Self::Revoke
            | Self::Move
            | Self::Issue
            | Self::Delete
            | Self::Cancel
            | Self::Prepare
            | Self::Correct
            | Self::IssueReceipt
            | Self::RevokeReceipt => Class::Post,
            Self::FindAll
            | Self::GetPayment
            | Self::GetSchedule
            | Self::GetKey
            | Self::GetPrepared
            | Self::ListPayments
            | Self::ListChanges
            | Self::ListPlanned
            | Self::ListChannels
            | Self::GetReceipt => Class::Get,
            Self::ReadPayment
            | Self::ReadPayments
            | Self::ReadKey
            | Self::ReadReport
            | Self::ReadSubscription
            | Self::LastOfPlan => Class::Read,
            Self::Insert
            | Self::InsertCheckout
            | Self::Reclaim
            | Self::Save
            | Self::InsertKey
            | Self::SaveKey
            | Self::SaveReport
            | Self::BeginSubscription
            | Self::SaveSubscription => Class::Write,
            Self::ListSchedules | Self::ListKeys | Self::Due | Self::Claims | Self::ListSubscriptions => Class::Index,
        }
    }
}

impl Class {
    /// Every fault that a call of this kind can meet.
    #[must_use]
    pub const fn faults(self) -> &'static [Fault] {
        match self {
            Self::Token | Self::Get => &[Fault::CrashBefore, Fault::CrashAfter, Fault::Unreachable],
            Self::Post => &[
                Fault::CrashBefore,
                Fault::CrashAfter,
                Fault::NotSent,
                Fault::Unauthorized,
                Fault::RateLimited,
                Fault::LostRequest,
                Fault::LostReply,
                Fault::Late,
                Fault::ErrorBefore,
                Fault::ErrorAfter,
                Fault::GarbledBefore,
                Fault::GarbledAfter,
                Fault::NonsenseBefore,
                Fault::NonsenseAfter,
                Fault::RefusedBefore,
                Fault::RefusedAfter,
                Fault::WrongAmount,
            ],
            Self::Read => &[Fault::CrashBefore, Fault::CrashAfter, Fault::Throttled],
            Self::Write => &[
                Fault::CrashBefore,
                Fault::CrashAfter,
                Fault::Throttled,
                Fault::SilentCommit,
                Fault::SilentDrop,
                Fault::LateCommit,
                Fault::Conflict,
                Fault::OwnWriteAgain,
            ],
            Self::Index => &[Fault::CrashBefore, Fault::CrashAfter, Fault::Throttled, Fault::Stale],
        }
    }
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 25] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::NotSent,
        Self::Unauthorized,
        Self::RateLimited,
        Self::LostRequest,
        Self::LostReply,
        Self::Late,
        Self::ErrorBefore,
        Self::ErrorAfter,
        Self::GarbledBefore,
        Self::GarbledAfter,
        Self::NonsenseBefore,
        Self::NonsenseAfter,
        Self::RefusedBefore,
        Self::RefusedAfter,
        Self::WrongAmount,
        Self::Unreachable,
        Self::Throttled,
        Self::SilentCommit,
        Self::SilentDrop,
        Self::LateCommit,
        Self::Conflict,
        Self::OwnWriteAgain,
        Self::Stale,
    ];

    /// Whether a POST that meets it never has an effect.
    #[must_use]
    pub const fn stops_the_request(self) -> bool {
        matches!(
            self,
            Self::CrashBefore
                | Self::NotSent
                | Self::Unauthorized
                | Self::RateLimited
                | Self::LostRequest
                | Self::ErrorBefore
                | Self::GarbledBefore
                | Self::NonsenseBefore
                | Self::RefusedBefore
        )
    }
}
