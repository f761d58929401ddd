//! A feed of any kind, whatever it holds, is read or refused without a panic, twice alike; its posts have
//! ids and can be kept, and its cursor leads on.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vigie::source::fuzz::feed(bytes));
