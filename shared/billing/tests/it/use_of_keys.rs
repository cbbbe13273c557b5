//! Use cases of billing keys: issuing, listing, deleting, and what is scheduled on them.
