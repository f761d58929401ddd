//! A preview page of Telegram, whatever it holds, is read or refused without a panic, and what is read has an id.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vigie::source::fuzz::telegram(bytes));
