//! The same analysis told step by step, without buffers or shortcuts: what the fast one is held against.

use std::ops::Range;

use unicode_normalization::char::{compose, is_combining_mark};

use super::Token;
use crate::text::fold::{self, Class};
use crate::text::script::Script;
use crate::text::{confusable, disguise, link};

/// The tokens of a text, in its order; a whole stands before its parts.
pub fn analyse(text: &str) -> Vec<Token> {
    undisguised(text, tokens(&letters(outside_addresses(text)), true))
}

/// The tokens of an address: host and path, split at whatever is no letter.
pub fn analyse_link(address: &str) -> Vec<Token> {
    tokens(&letters(link::characters(address)), false)
}

/// A character in its compatibility form, with the bytes it came from.
struct Letter {
    range: Range<usize>,
    c: char,
    class: Class,
}

/// The characters of `text`; an address counts as one space.
fn outside_addresses(text: &str) -> impl Iterator<Item = (Range<usize>, char)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let c = text.get(at..)?.chars().next()?;
        let address = matches!(c, 'h' | 'H' | 'w' | 'W').then(|| link::address_at(text, at)).flatten();
        let (range, c) = address.map_or((at..at + c.len_utf8(), c), |address| (address, ' '));
        at = range.end;
        Some((range, c))
    })
}

/// Compatibility forms without noise, each mark joined to the letter it belongs to.
fn letters(characters: impl IntoIterator<Item = (Range<usize>, char)>) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::new();
    for (range, c) in characters {
        match &fold::entry(c).compat {
            None => put(&mut letters, &range, c),
            Some(forms) => forms.chars().for_each(|c| put(&mut letters, &range, c)),
        }
    }
    letters
}

fn put(letters: &mut Vec<Letter>, range: &Range<usize>, c: char) {
    let class = fold::entry(c).class;
    if let Some(last) = letters.last_mut().filter(|_| joins(c)) {
        if let Some(joined) = compose(last.c, c) {
            (last.c, last.range.end, last.class) = (joined, range.end, fold::entry(joined).class);
            return;
        }
        if class == Class::Noise {
            last.range.end = range.end;
        }
    }
    if class != Class::Noise {
        letters.push(Letter { range: range.clone(), c, class });
    }
}

/// Whether `c` may be part of the character before it: a mark, or the vowel or final of a Korean syllable.
fn joins(c: char) -> bool {
    c >= '\u{300}' && (is_combining_mark(c) || matches!(c, '\u{1161}'..='\u{1175}' | '\u{11A8}'..='\u{11C2}'))
}

/// Groups letters into tokens. With `tags`, `#` and `@` begin a tag, in which a capital begins a word.
fn tokens(letters: &[Letter], tags: bool) -> Vec<Token> {
    let mut found = Vec::new();
    let (mut rest, mut tag, mut at) = (letters, false, 0);
    while let Some(first) = rest.first() {
        let run = length(rest, first.class);
        let (token, behind) = rest.split_at(run);
        match first.class {
            Class::Other | Class::Noise | Class::Mark => {
                tag = tags && (matches!(first.c, '#' | '@') || (tag && first.c == '_'));
            }
            Class::Letter if tag => at = tag_word(token, at, &mut found),
            _ => at = word(token, at, 1, &mut found),
        }
        rest = behind;
    }
    found
}

/// How many letters belong together with the first one, which is of `class`.
fn length(letters: &[Letter], class: Class) -> usize {
    let tail = letters.get(1..).unwrap_or_default();
    let while_class = |fits: fn(Class) -> bool| tail.iter().take_while(|letter| fits(letter.class)).count();
    1 + match class {
        Class::Letter => while_class(|class| matches!(class, Class::Letter | Class::Mark)),
        Class::Digit => while_class(|class| class == Class::Digit),
        Class::Unspaced => while_class(|class| class == Class::Mark),
        Class::Flag => usize::from(tail.first().is_some_and(|next| next.class == Class::Flag)),
        Class::Symbol | Class::Mark | Class::Noise | Class::Other => 0,
    }
}

/// A word of a tag: the whole of it, and its parts if capitals divide it. Gives the place behind it.
fn tag_word(letters: &[Letter], at: usize, found: &mut Vec<Token>) -> usize {
    let mut parts = parts(letters);
    if parts.len() == 1 {
        return word(letters, at, 1, found);
    }
    word(letters, at, parts.len(), found);
    parts.drain(..).fold(at, |at, part| word(part, at, 1, found))
}

/// `BurkinaFaso` is `Burkina` `Faso`, `USArmy` is `US` `Army`.
fn parts(letters: &[Letter]) -> Vec<&[Letter]> {
    let upper = |at: usize| letters.get(at).is_some_and(|letter| letter.c.is_uppercase());
    let lower = |at: usize| letters.get(at).is_some_and(|letter| letter.c.is_lowercase());
    let begins = |at: usize| upper(at) && (lower(at - 1) || (upper(at - 1) && lower(at + 1)));
    let mut parts = Vec::new();
    let mut start = 0;
    for at in (1..letters.len()).filter(|at| begins(*at)).chain([letters.len()]) {
        parts.push(&letters[start..at]);
        start = at;
    }
    parts
}

/// One token, and the place behind it.
fn word(letters: &[Letter], at: usize, width: usize, found: &mut Vec<Token>) -> usize {
    let (Some(first), Some(last)) = (letters.first(), letters.last()) else { return at };
    let mut word: Vec<char> = letters.iter().map(|letter| letter.c).collect();
    let script = match first.class {
        Class::Digit => Script::Number,
        Class::Symbol | Class::Flag => Script::Symbol,
        _ => {
            confusable::unmix(&mut word);
            word.first().map_or(Script::Other, |letter| Script::of(*letter))
        }
    };
    found.push(Token {
        at,
        width,
        range: first.range.start..last.range.end,
        cased: word.iter().collect(),
        lower: word.iter().map(|letter| &*fold::entry(*letter).lower).collect(),
        folded: word.iter().map(|letter| &*fold::entry(*letter).folded).collect(),
        script,
    });
    at + width
}

/// Adds the whole of each word in disguise.
fn undisguised(text: &str, tokens: Vec<Token>) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut rest = tokens.as_slice();
    while let Some(first) = rest.first() {
        let joined = rest.windows(2).take_while(|pair| joint(text, pair).is_some()).count();
        let letters = |pair: &[Token]| pair.iter().all(|token| token.cased.chars().count() == 1);
        let apart = |pair: &[Token]| speaks(pair) && letters(pair) && between(text, pair) == Some(" ");
        let whole = |at: usize| rest.get(at..at + 2).is_none_or(|pair| joint(text, pair).is_none());
        let spaced = (0..rest.len())
            .take_while(|at| joined == 0 && whole(at + 1) && rest.get(*at..at + 2).is_some_and(apart));
        let spaced = spaced.count();
        let count = 1 + joined + spaced;
        let (parts, behind) = rest.split_at(count);
        let mut written: Vec<char> = first.cased.chars().collect();
        for pair in parts.windows(2) {
            written.extend(joint(text, pair).unwrap_or_default().chars().filter(|c| disguise::hides(*c)));
            written.extend(pair[1].cased.chars());
        }
        let goes_on = found.last().is_some_and(|before| before.range.end == first.range.start);
        if let Some(said) = disguise::undisguised(&written, spaced > 0).filter(|_| !goes_on) {
            let end = parts.last().map_or(first.range.end, |last| last.range.end);
            let letter = |c: char| Letter { range: first.range.start..end, c, class: fold::entry(c).class };
            word(&said.into_iter().map(letter).collect::<Vec<_>>(), first.at, count, &mut found);
        }
        found.extend_from_slice(parts);
        rest = behind;
    }
    found
}

/// What stands between two words if they may be one: signs and noise, or nothing where letters and digits touch.
fn joint<'t>(text: &'t str, pair: &[Token]) -> Option<&'t str> {
    let [one, next] = pair else { return None };
    let between = between(text, pair)?;
    let signs: Vec<char> = between.chars().filter(|c| fold::entry(*c).class != Class::Noise).collect();
    let digits = [one, next].map(|token| token.script == Script::Number);
    let joins = match signs.as_slice() {
        [] => between.is_empty() && digits[0] != digits[1],
        [_] | [_, _] => signs.iter().all(|sign| disguise::hides(*sign)) && digits == [false; 2],
        _ => false,
    };
    (joins && speaks(pair)).then_some(between)
}

fn between<'t>(text: &'t str, pair: &[Token]) -> Option<&'t str> {
    text.get(pair.first()?.range.end..pair.last()?.range.start)
}

/// Whether tokens can be parts of another word.
fn speaks(tokens: &[Token]) -> bool {
    tokens.iter().all(|token| !matches!(token.script, Script::Symbol | Script::Unspaced) && token.width == 1)
}
