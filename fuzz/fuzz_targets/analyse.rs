//! Text analysis over any bytes turned text: no panic, every word within its text, folded words stay themselves.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vigie::text::token::{analyse, analyse_link};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    for tokens in [analyse(&text), analyse_link(&text)] {
        let mut behind = (0, 0);
        for token in tokens {
            assert!(text.get(token.range.clone()).is_some_and(|form| !form.is_empty()));
            assert!(!token.folded.is_empty() && token.width > 0);
            assert!(token.range.start >= behind.0 && token.at >= behind.1);
            behind = (token.range.start, token.at);
        }
    }
});
