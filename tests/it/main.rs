//! Everything that is tested from outside, in one binary.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod cli;
mod crash;
mod daemon;
mod desk;
mod fair;
mod fake;
mod house;
mod large;
mod outage;
mod people;
mod pipeline;
mod program;
mod reload;
mod room;
mod server;
mod simulation;
mod sink;
mod source;
mod store;
mod stories;
mod troubles;
mod vault;
mod watchlist;
mod week;
