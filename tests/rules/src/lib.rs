//! Two lists of what the gateways behind Iamport ask for, read from the same documents by themselves: the catalogue of the
//! product (`billing::pg`) and the lines of its simulator (`ledger::gateways`). Here each is held against the other.
//!
//! | part | what it is |
//! |---|---|
//! | `cases` | of each rule of the catalogue a request that keeps it, and the same one that breaks it |
//! | `seen` | such a request as the simulator sees it, and every rule of its own by which it is refused |
//! | `lines` | of each line of the simulator's the same two requests, as the catalogue sees them |
//! | `calls` | which gateway takes which call, in either list |
//! | `differences` | what one list has and the other has not, with the reason |
//! | `reach` | which rules a storefront can break through the API |
//! | `print` | the rules, with where they are written and by which tests they are held |

pub mod calls;
pub mod cases;
pub mod differences;
pub mod lines;
pub mod print;
pub mod reach;
pub mod seen;
