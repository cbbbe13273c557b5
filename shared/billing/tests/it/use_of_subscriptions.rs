//! Use cases of subscriptions, and the sweep that carries them on.
