//! The words of vigie as values, and every transition between them as a plain function of the old value and `now`.

pub mod backoff;
pub mod calendar;
pub mod cadence;
pub mod coverage;
pub mod decision;
pub mod delivery;
pub mod instant;
pub mod look;
pub mod matched;
pub mod pace;
pub mod post;
pub mod retention;
pub mod silence;
pub mod sink;
pub mod spend;
pub mod story;
pub mod timeline;
