//! Other hosts. Every call to a host goes through one object, which keeps its pace, its bounds and its secrets.
//!
//! A call ends in an answer, whatever its status, or in a [`CallError`]; what a status means only the adapter knows.

mod address;
mod call;
mod host;
mod pace;
mod request;
mod wait;

pub use call::{Remote, waited};
pub use host::Remotes;
pub use pace::Pace;
pub use request::{Answer, CallError, Follow, Request, Room};
pub(crate) use wait::{believable, in_seconds, limit, reopens};
pub use wait::{rate_limit_reset, retry_after};
