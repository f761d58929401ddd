//! An answer of X, whatever it holds, is read or refused without a panic, twice alike; its posts have
//! ids and can be kept, and its cursor leads on. The first byte of the input tells the status (`4` is 400,
//! `1` 401, `3` 403, `9` 429, `5` 503, all else 200).

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vigie::source::fuzz::x(bytes));
