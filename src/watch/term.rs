//! Terms: a word, a phrase, `=exact`, `==Cased`, `begin*`, as people write them.

use crate::text::script::Script;
use crate::text::{Token, analyse};

/// A term of a watchlist, analysed like the texts it is held against.
#[derive(Clone, Debug)]
pub struct Term {
    /// How its words are compared.
    pub mode: Mode,
    /// Its words; at least one.
    pub words: Vec<Word>,
}

/// How the words of a term are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By stem, where the language has stems.
    Inflected,
    /// `=word`: by folded form.
    Exact,
    /// `==Word`: by the form as written.
    Cased,
}

/// A word of a term.
#[derive(Clone, Debug)]
pub struct Word {
    /// Its forms.
    pub token: Token,
    /// Whether any word that begins so will do.
    pub prefix: bool,
    /// A stem of it has more characters than this. Of words written together no stem is so short that it is one of them.
    pub beyond: usize,
}

impl Word {
    /// Whether it meets a word of a text by its folded form, whatever the language.
    pub fn meets_form(&self, folded: &str) -> bool {
        folded == self.token.folded || (self.prefix && folded.starts_with(&self.token.folded))
    }
}

/// A phrase of more words is a mistake, such as a lost quote.
const LONGEST: usize = 40;

/// A beginning shorter than this meets too much.
const SHORTEST_PREFIX: usize = 3;

/// Words written together are met as one from this length on; shorter ones are other words too often.
const SHORTEST_JOINED: usize = 6;

impl Term {
    /// Reads a term; the error says what to write instead.
    pub fn parse(written: &str) -> Result<Self, String> {
        let (mode, body) = match (written.strip_prefix("=="), written.strip_prefix('=')) {
            (Some(body), _) => (Mode::Cased, body),
            (None, Some(body)) => (Mode::Exact, body),
            (None, None) => (Mode::Inflected, written),
        };
        let words = words(body)?;
        if words.is_empty() {
            return Err(format!(
                "`{written}` has no word, number or emoji in it, so it can never be met; remove it, or write \
                 words (an address gives none)"
            ));
        }
        if words.len() > LONGEST {
            return Err(format!("this term has {} words; a phrase has at most {LONGEST}", words.len()));
        }
        for word in words.iter().filter(|word| word.prefix) {
            if mode == Mode::Cased {
                return Err(format!("`{written}`: `==` and `*` do not go together; write `={body}`"));
            }
            if word.token.folded.chars().count() < SHORTEST_PREFIX {
                return Err(format!("`{written}`: `*` needs at least {SHORTEST_PREFIX} letters before it"));
            }
        }
        Ok(Self { mode, words })
    }

    /// The whole phrase as one word, as in `#burkinafaso`, if it is one that can be written so.
    pub fn joined(&self) -> Option<Self> {
        let (last, others) = self.words.split_last()?;
        let letters =
            |word: &Word| !matches!(word.token.script, Script::Unspaced | Script::Number | Script::Symbol);
        let long =
            self.words.iter().map(|word| word.token.folded.chars().count()).sum::<usize>() >= SHORTEST_JOINED;
        if others.is_empty()
            || !long
            || others.iter().any(|word| word.prefix)
            || !self.words.iter().all(letters)
        {
            return None;
        }
        let join = |form: fn(&Token) -> &str| self.words.iter().map(|word| form(&word.token)).collect();
        let beyond = others.iter().map(|word| word.token.folded.chars().count()).sum();
        let token = Token {
            cased: join(|token| &token.cased),
            lower: join(|token| &token.lower),
            folded: join(|token| &token.folded),
            ..last.token.clone()
        };
        Some(Self { mode: self.mode, words: vec![Word { token, prefix: last.prefix, beyond }] })
    }
}

fn words(body: &str) -> Result<Vec<Word>, String> {
    let starred = |token: &Token| body.get(token.range.end..).is_some_and(|rest| rest.starts_with('*'));
    let words: Vec<Word> = analyse(body)
        .into_iter()
        .filter(|token| token.width == 1)
        .map(|token| Word { prefix: starred(&token), token, beyond: 0 })
        .collect();
    // `*` divides words, so one inside a word would quietly make two of it.
    let inside = body.match_indices('*').any(|(at, _)| {
        let next = body.get(at + 1..).and_then(|rest| rest.chars().next());
        let marks = words.iter().any(|word| word.prefix && word.token.range.end == at);
        !marks || next.is_some_and(|next| next.is_alphanumeric() || next == '*')
    });
    if inside {
        return Err(format!("`{body}`: `*` stands at the end of a word and nowhere else"));
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(written: &str) -> String {
        let term = Term::parse(written).unwrap();
        let words: Vec<String> = term
            .words
            .iter()
            .map(|word| format!("{}{}", word.token.cased, if word.prefix { "*" } else { "" }))
            .collect();
        format!("{:?} {}", term.mode, words.join(" "))
    }

    #[test]
    fn terms_read_as_written() {
        let table = [
            ("Burkina Faso", "Inflected Burkina Faso"),
            ("=Mi-24", "Exact Mi 24"),
            ("==AES", "Cased AES"),
            ("weapon*", "Inflected weapon*"),
            ("voen* tehnik*", "Inflected voen* tehnik*"),
            ("=oruzhi*", "Exact oruzhi*"),
            ("#BurkinaFaso", "Inflected Burkina Faso"),
            ("🇧🇫", "Inflected 🇧🇫"),
            ("俄军", "Inflected 俄 军"),
            ("U.S", "Inflected U S"),
        ];
        for (written, expected) in table {
            assert_eq!(shown(written), expected, "{written}");
        }
    }

    #[test]
    fn what_cannot_be_met_is_refused() {
        let table = [
            ("", "can never be met"),
            ("!!!", "can never be met"),
            ("=", "can never be met"),
            ("https://t.co/x", "can never be met"),
            ("*", "end of a word"),
            ("fo*bar", "end of a word"),
            ("foo**", "end of a word"),
            ("*foo", "end of a word"),
            ("ab*", "at least 3 letters"),
            ("==Word*", "do not go together"),
        ];
        for (written, message) in table {
            let found = Term::parse(written).unwrap_err();
            assert!(found.contains(message), "{written}: {found}");
        }
    }

    #[test]
    fn a_phrase_is_also_met_as_one_word_unless_short_or_without_spaces() {
        let joined =
            |written| Term::parse(written).unwrap().joined().map(|term| term.words[0].token.folded.clone());
        assert_eq!(joined("Burkina Faso").as_deref(), Some("burkinafaso"));
        assert_eq!(joined("Côte d’Ivoire").as_deref(), Some("cotedivoire"));
        for written in ["U.S", "Il-76", "Burkina", "俄罗斯联邦军队", "arm* deal", "An-124"] {
            assert_eq!(joined(written), None, "{written}");
        }
    }
}
