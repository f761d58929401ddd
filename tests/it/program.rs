//! The program under test.

use std::ffi::OsString;

/// The one that was built with the tests, or the one that `VIGIE_TEST_PROGRAM` names: an optimised one for long trials.
pub fn program() -> OsString {
    std::env::var_os("VIGIE_TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_vigie").into())
}
