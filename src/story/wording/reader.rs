//! Reading the words of a text one by one, each by what it says where it stands.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use crate::story::country;
use crate::story::number::{self, Measure};
use crate::story::word::{Kind, Word};
use crate::text::Token;
use crate::text::script::Script;

/// A text with the place of every token in sentences and tags.
pub struct Reader<'t> {
    text: &'t str,
    tokens: &'t [Token],
    names: &'t [Range<usize>],
    /// Token behind the last that counts.
    pub end: usize,
    /// Whether the text was cut before it.
    pub cut: bool,
    shouts: bool,
    headline: bool,
}

impl<'t> Reader<'t> {
    /// A text of these tokens; `names` are bytes of it that a watchlist has as a name.
    pub fn new(text: &'t str, tokens: &'t [Token], names: &'t [Range<usize>]) -> Self {
        let mut reader =
            Self { text, tokens, names, end: tokens.len(), cut: false, shouts: false, headline: false };
        reader.drop_credits();
        reader.drop_cut_word();
        let cased = tokens.iter().filter(|token| is_cased(token) && token.cased.chars().count() > 3);
        let (mut all, mut upper, mut capital) = (0, 0, 0);
        for token in cased {
            all += 1;
            upper += usize::from(!token.cased.contains(char::is_lowercase));
            capital += usize::from(token.cased.starts_with(char::is_uppercase));
        }
        reader.shouts = upper * 10 > all * 6;
        reader.headline = all > 3 && capital * 10 > all * 8;
        reader
    }

    /// What stands between a token and the one before it.
    fn gap(&self, at: usize) -> &'t str {
        let before = at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.range.end);
        let start = self.tokens.get(at).map_or(self.text.len(), |token| token.range.start);
        self.text.get(before..start).unwrap_or_default()
    }

    fn begins_sentence(&self, at: usize) -> bool {
        at == 0
            || self.gap(at).contains([
                '.', '!', '?', ':', ';', '\n', '"', '«', '“', '”', '—', '–', '|', '(', '¡', '¿', '/',
            ])
            || self.tokens.get(at - 1).is_some_and(|before| before.script == Script::Symbol)
    }

    /// A short last sentence or bracket that only tells where the post is from.
    fn drop_credits(&mut self) {
        let from = self.end.saturating_sub(10).max(4);
        let credit = |at: &usize| {
            let word = self.tokens.get(*at).map_or("", |token| &*token.folded);
            self.begins_sentence(*at) && is_credit(word)
        };
        self.end = (from..self.end).find(credit).unwrap_or(self.end);
    }

    /// The last word of a text that was cut, which may be half a word.
    fn drop_cut_word(&mut self) {
        let plain = |at: &usize| !matches!(self.mark(*at), Some('#' | '@')) && !self.is_picture(*at);
        let Some(last) = (0..self.end).rev().find(plain) else { return };
        let behind = self.gap(last + 1);
        self.cut = behind.contains('…') || behind.contains("...");
        let half = behind.starts_with('…') || behind.starts_with("...");
        if self.cut {
            self.end = if half { last } else { last + 1 };
        }
    }

    fn is_picture(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.script == Script::Symbol)
    }

    /// The sign that makes a tag or a handle of a token, or of the one that it goes on.
    fn mark(&self, at: usize) -> Option<char> {
        for at in (0..=at).rev().take(TAG_PARTS) {
            let gap = self.gap(at);
            match gap.chars().next_back() {
                Some('#' | '＃') => return Some('#'),
                Some('@' | '＠') => return Some('@'),
                Some('_' | '.') | None if gap.len() < 2 && !self.is_picture(at) => {}
                _ => return None,
            }
        }
        None
    }

    /// The word at a token, if it counts, and the token behind it.
    pub fn word(&self, at: usize) -> (Option<Word>, usize) {
        let Some(token) = self.tokens.get(at) else { return (None, at + 1) };
        let mark = self.mark(at);
        let tag = mark == Some('#');
        if mark == Some('@') || (at == 0 && token.folded == "rt") {
            return (None, at + 1);
        }
        if token.script == Script::Symbol {
            let state = country::flagged(&token.folded);
            return (state.map(|state| actor(&state, true)), at + 1);
        }
        if self.counts_posts(at) {
            return (None, at + 1);
        }
        if token.script == Script::Number {
            let (number, next) = self.number(at);
            return (Some(Word::new(&number, Kind::Number, Script::Number, tag)), next);
        }
        let ahead = self.tokens.get(at..(at + 6).min(self.end)).unwrap_or_default();
        let folded: Vec<&str> = ahead.iter().map(|token| &*token.folded).collect();
        if let Some((state, count)) = country::named(&folded, &token.cased) {
            let label = at == 0 && matches!(self.gap(count).trim(), ":" | "|" | "-" | "–" | "—");
            return (Some(actor(state, tag || label)), at + count);
        }
        if let Some((number, next)) = self.characters(at) {
            return (Some(Word::new(&number, Kind::Number, Script::Number, tag)), next);
        }
        (self.other(at, token, tag), at + 1)
    }

    /// Whether a number at the start only counts the posts of a thread or tells the time: `1/4`, `2)`, `14:30`.
    fn counts_posts(&self, at: usize) -> bool {
        let is_number = |at: usize| self.tokens.get(at).is_some_and(|token| token.script == Script::Number);
        let divides = |at: usize| self.gap(at).starts_with(['/', ')', ':']);
        is_number(at) && ((at == 0 && divides(1)) || (at == 1 && is_number(0) && divides(1)))
    }

    /// A number with the groups of three digits that belong to it, and what hangs on it.
    fn number(&self, at: usize) -> (String, usize) {
        let digits = |at: usize| {
            self.tokens
                .get(at)
                .filter(|token| token.script == Script::Number)
                .map_or("", |token| &*token.folded)
        };
        let mut number = digits(at).to_owned();
        let mut next = at + 1;
        let groups = |next: usize| {
            let group = digits(next);
            let apart = matches!(self.gap(next), "," | "." | "'" | "’" | "\u{A0}" | "\u{202F}");
            group.len() == 3 && (apart || (self.gap(next) == " " && group == "000"))
        };
        while number.len() <= 9 && digits(at).len() <= 3 && groups(next) {
            number.push_str(digits(next));
            next += 1;
        }
        let plain = number.trim_start_matches('0').to_owned();
        let joined = matches!(self.gap(next), "" | "-" | "'" | "’");
        let hangs = self.tokens.get(next).filter(|token| joined && is_cased(token));
        match hangs.map(|token| &*token.folded) {
            Some("st" | "nd" | "rd" | "th" | "e" | "er" | "eme" | "re" | "й" | "я" | "го" | "ю")
                if next < self.end =>
            {
                (format!("place {plain}"), next + 1)
            }
            Some(unit) if unit.chars().count() <= 2 && self.gap(next).is_empty() => (plain + unit, next + 1),
            _ => (plain, next),
        }
    }

    /// A number in Han characters, and the token behind it.
    fn characters(&self, at: usize) -> Option<(String, usize)> {
        let digit = |at: usize| {
            let token =
                self.tokens.get(at).filter(|token| at < self.end && token.script == Script::Unspaced)?;
            match number::measure(&token.folded, &token.cased) {
                Some(Measure::Exactly(count)) => Some(count),
                _ if token.folded == "一" => Some(1),
                _ => None,
            }
        };
        let digits: Vec<u32> = (at..).map_while(digit).take(9).collect();
        let (mut sum, mut ones) = (0_u64, 0_u64);
        for digit in digits.iter().map(|digit| u64::from(*digit)) {
            match digit {
                0..10 => ones = ones * 10 + digit,
                10..10_000 => (sum, ones) = (sum + ones.max(1) * digit, 0),
                _ => (sum, ones) = ((sum + ones).max(1).saturating_mul(digit), 0),
            }
        }
        (digits.len() > 1).then(|| ((sum + ones).to_string(), at + digits.len()))
    }

    fn other(&self, at: usize, token: &Token, tag: bool) -> Option<Word> {
        match number::measure(&token.folded, &token.cased) {
            Some(Measure::Exactly(count)) => {
                return Some(Word::new(&count.to_string(), Kind::Number, Script::Number, tag));
            }
            Some(Measure::Place(place)) => {
                return Some(Word::new(&format!("place {place}"), Kind::Number, Script::Number, tag));
            }
            Some(Measure::Date(date)) => {
                return Some(Word::new(&format!("date {date}"), Kind::Date, Script::Number, tag));
            }
            Some(Measure::Denial) => return Some(Word::new("denial", Kind::Denial, Script::Number, tag)),
            None => {}
        }
        let kind = self.kind(at, token);
        let letters = token.folded.chars().count();
        let small = letters < 2 || (letters < 3 && !matches!(kind, Kind::Name | Kind::Actor));
        if token.script != Script::Unspaced && (small || is_small(&token.folded)) {
            return None;
        }
        Some(Word::new(bare(token), kind, token.script, tag))
    }

    fn kind(&self, at: usize, token: &Token) -> Kind {
        if self.names.iter().any(|name| name.contains(&token.range.start)) {
            return Kind::Actor;
        }
        if token.script == Script::Unspaced {
            return Kind::Character;
        }
        // An Arabic sentence begins with its verb, unless a place stands before a colon.
        if token.script == Script::Arabic && self.begins_sentence(at) && !self.gap(at + 1).contains(':') {
            return Kind::Plain;
        }
        if !is_cased(token) {
            return Kind::Caseless;
        }
        let capital = token.cased.starts_with(char::is_uppercase);
        match capital {
            false => Kind::Plain,
            true if self.shouts => Kind::Caseless,
            true if self.headline || self.begins_sentence(at) => Kind::Initial,
            true => Kind::Name,
        }
    }
}

/// So many parts of a tag belong together.
const TAG_PARTS: usize = 32;

/// Words that carry little and come and go with every editor; those of one or two letters go anyway.
const SMALL: &str = "the and for with from that this has have had was were are been will its his her their one les des une \
    aux est ont par sur dans pour avec qui que ses son leur los las del por con para una uno sus han fue \
    dos das nos nas uma aos foi pelo pela seu sua или как что это для при его был была было были над под \
    bir icin ile daki olan kwa wa ya na la za katika من الي علي في عن مع ان قد كان هذا هذه التي الذي بعد ذلك ضمن اطار عبر خلال حسب بحسب وفق وفقا حول بين منذ حتي لدي بشان \
    via amp";

/// What begins a line about the post itself.
const CREDITS: &str = "via source sources photo photos credit credits video join follow subscribe read more watch lire suivez abonnez \
    rejoignez leia siga assine lea sigue suscribete подписаться подпишись подписывайтесь читать фото видео источник \
    المصدر تابعونا اشترك للمزيد kaynak takip foto soma karanta";

fn actor(name: &str, tag: bool) -> Word {
    Word::new(&format!("state {name}"), Kind::Actor, Script::Other, tag)
}

fn is_cased(token: &Token) -> bool {
    matches!(token.script, Script::Latin | Script::Cyrillic | Script::Greek)
}

fn is_small(word: &str) -> bool {
    static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| SMALL.split_ascii_whitespace().collect());
    WORDS.contains(word)
}

fn is_credit(word: &str) -> bool {
    static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| CREDITS.split_ascii_whitespace().collect());
    WORDS.contains(word)
}

/// An Arabic word without its `and`, its `for` and its article.
fn bare(token: &Token) -> &str {
    let word = &*token.folded;
    if token.script != Script::Arabic {
        return word;
    }
    let rest = word.strip_prefix('و').filter(|rest| rest.starts_with("ال")).unwrap_or(word);
    ["ال", "لل"]
        .iter()
        .find_map(|article| rest.strip_prefix(article))
        .filter(|bare| bare.chars().count() > 2)
        .unwrap_or(rest)
}
