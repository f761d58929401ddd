//! From a text to the words by which it is compared: without repost marks, credits, handles, links and pictures.

mod reader;

use std::ops::Range;

use self::reader::Reader;
use super::word::Word;
use crate::text::{Token, analyse};

/// So many words of a text are compared.
pub const LONGEST: usize = 72;

/// So many bytes of a text are read for them.
const READ: usize = 16 << 10;

/// The words of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    /// In the order of the text.
    pub words: Vec<Word>,
    /// Whether the text goes on elsewhere.
    pub cut: bool,
}

impl Wording {
    /// The words of `text`. `names` are bytes of it that a watchlist has as a name.
    pub fn of(text: &str, names: &[Range<usize>]) -> Self {
        let (whole, text) = (text, text.get(..text.floor_char_boundary(READ)).unwrap_or(text));
        let tokens: Vec<Token> = analyse(text).into_iter().filter(|token| token.width == 1).collect();
        let reader = Reader::new(text, &tokens, names);
        let (mut words, mut at) = (Vec::new(), 0);
        while at < reader.end && words.len() < LONGEST {
            let (word, next) = reader.word(at);
            words.extend(word);
            at = next.max(at + 1);
        }
        Self { words, cut: reader.cut || at < reader.end || text.len() < whole.len() }
    }

    /// The words between the tags and flags around them.
    pub fn body(&self) -> &[Word] {
        let start = self.words.iter().position(|word| !word.is_tag());
        let last = self.words.iter().rposition(|word| !word.is_tag());
        start.zip(last).and_then(|(start, last)| self.words.get(start..=last)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        let ids = |text| Wording::of(text, &[]).body().iter().map(|word| word.id()).collect::<Vec<_>>();
        ids(a) == ids(b)
    }

    #[test]
    fn decoration_is_no_wording() {
        let plain = "Russia promises more weapons and training to Burkina Faso";
        let dressed = [
            "RT @hub: Russia promises more weapons and training to Burkina Faso",
            "🇷🇺🇧🇫 RUSSIA promises more #weapons, and training, to Burkina-Faso! https://example.org/x",
            "Russia promises more weapons and training to Burkina-Faso 🔥 #AES #Sahel 🇧🇫",
            "Russia promises more weapons and training to Burkina Faso (via @hub)",
            "Russia promises more weapons and training to Burkina Faso\n\nJoin 👉 t.me/hub_africa",
            "Russia promises more weapons and training to Burkina Faso. Photo: a friend",
            "1/4 Russia promises more weapons and training to Burkina Faso",
            "14:30 Russia promises more weapons and training to Burkina Faso",
        ];
        for text in dressed {
            assert!(same(plain, text), "{text}");
        }
    }

    #[test]
    fn a_number_is_one_however_it_is_written() {
        let table = [
            ("5,000 men", "5000 men"),
            ("5 000 men", "5000 men"),
            ("four boats", "4 boats"),
            ("quarante camions", "40 camions"),
            ("the third group", "the 3rd group"),
            ("٣٠ عربة", "30 عربة"),
        ];
        for (a, b) in table {
            assert!(same(a, b), "{a} = {b}");
        }
        assert!(!same("17 300 men", "17300 men"));
        assert!(!same("9m dollars", "9bn dollars"));
    }

    #[test]
    fn a_cut_text_ends_before_the_half_word() {
        let wording = Wording::of("finished in Cairo in Aug… https://t.co/x", &[]);
        assert!(wording.cut);
        assert_eq!(wording.words.len(), 2);
        assert!(!Wording::of("finished in Cairo", &[]).cut);
        assert!(Wording::of(&"word ".repeat(500), &[]).cut);
    }
}
