//! The words of vigie as values, and every transition between them as a plain function of the old value and `now`.

pub mod backoff;
pub mod calendar;
pub mod delivery;
pub mod matched;
pub mod post;
pub mod sink;
pub mod spend;
pub mod story;
pub mod timeline;
