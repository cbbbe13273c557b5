//! Use cases of schedules and refunds, and how a change is sent.
