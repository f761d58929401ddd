//! From the text of a post to the words in it, whatever script, alphabet trick or spelling they come in.
//!
//! In this order: compatibility forms, noise out, marks joined to their letters, look-alike letters, words,
//! look-alike digits, lower case, diacritics. Every step is per character or per word, so every word keeps its bytes in the
//! original text.

mod clitic;
pub mod confusable;
pub mod disguise;
pub mod fold;
pub mod glyph;
pub mod link;
pub mod markup;
pub mod script;
pub mod stem;
pub mod token;
pub mod words;

pub use self::token::{Token, analyse};
pub use self::words::{Word, Words};
