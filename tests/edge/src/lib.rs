//! Seeded scenarios at the HTTP edge, outside of billing's core, and the mistakes planted there that they have to find.
//!
//! One seed decides what is called, what the peers answer and how time passes. The code under test is the product's
//! own: the Iamport client against a scripted Iamport, the functions' handlers behind a scripted Lambda, `template.yaml`.
//!
//! | module | what it is |
//! |---|---|
//! | [`bug`] | the mistakes, numbered as in reliability §6.7 |
//! | [`rule`] | what must hold, read from wire, answers, rows, logs and texts only |
//! | [`calls`] | some calls of the client, while time passes |
//! | [`shop`] | a card, a charge and webhooks, through the functions' handlers in a process of their own |
//! | [`doors`] | what every route refuses before it does anything, and that it does what it is for |
//! | [`deploy`] | what is deployed around the function that takes cards |
//! | [`peer`], [`canary`] | a scripted Iamport; secrets that are looked for in every text |
//! | [`world`], [`hunt`], [`switches`] | a scenario of either kind by its seed; which bug is found by which rule, and how soon |

pub mod bug;
pub mod calls;
pub mod canary;
pub mod deploy;
pub mod doors;
pub mod hunt;
pub mod peer;
pub mod rule;
pub mod shop;
pub mod switches;
pub mod world;
