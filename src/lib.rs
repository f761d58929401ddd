//! vigie watches public social accounts and tells people, once and with proof, when a post says what they look for.
//!
//! The modules stand bottom-up, and that order is the rule: a module uses only those above it in this list.

pub mod model;
pub mod setting;
pub mod text;
pub mod watch;
pub mod story;
pub mod route;
pub mod clock;
pub mod remote;
pub mod metrics;
pub mod store;
pub mod source;
pub mod sink;
pub mod pulse;
pub mod poll;
pub mod dispatch;
pub mod status;
pub mod ledger;
pub mod alive;
pub mod errand;
pub mod web;
pub mod config;
pub mod app;
pub mod cli;
