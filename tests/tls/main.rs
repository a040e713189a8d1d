//! TLS, from whom a client trusts to what it makes of a server that goes wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at a failure"
)]

mod by_hand;
mod common;
mod edges;
mod handshake;
mod options;
mod replies;
#[path = "../support/mod.rs"]
mod support;
mod traffic;
mod trust;
