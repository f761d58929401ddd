//! Words: where they begin and end, and how each is compared.

use std::ops::Range;

use unicode_normalization::char::{compose, is_combining_mark};

use super::fold::{self, Class};
use super::script::Script;
use super::{confusable, link};

/// A word, a number, a character of a script without spaces, or an emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its place, counted in tokens from 0.
    pub at: usize,
    /// How many places it takes: 1, or the number of its parts if it is the whole of a tag such as
    /// `#BurkinaFaso`. The parts follow it as tokens of their own.
    pub width: usize,
    /// Its bytes in the original text.
    pub range: Range<usize>,
    /// Its letters as written, in compatibility forms and one script.
    pub cased: String,
    /// The same in lower case, with diacritics.
    pub lower: String,
    /// The same without diacritics: the form by which exact words meet.
    pub folded: String,
    /// Its script.
    pub script: Script,
}

/// The tokens of a text, in its order; the whole of a tag stands before its parts.
pub fn analyse(text: &str) -> Vec<Token> {
    tokens(&letters(outside_addresses(text)), true)
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
    let (mut at, mut inside) = (0, false);
    std::iter::from_fn(move || {
        let c = text.get(at..)?.chars().next()?;
        let address =
            matches!(c, 'h' | 'H' | 'w' | 'W').then(|| link::address_at(text, at, inside)).flatten();
        let (range, c) = address.map_or((at..at + c.len_utf8(), c), |address| (address, ' '));
        inside = c.is_alphanumeric();
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The folded words of `text`; the whole of a tag in brackets.
    fn words(text: &str) -> String {
        let shown = |token: &Token| match token.width {
            1 => token.folded.clone(),
            _ => format!("[{}]", token.folded),
        };
        analyse(text).iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_found_in_every_disguise() {
        let table = [
            ("𝗥𝘂𝘀𝘀𝗶𝗮 sends 𝐚𝐫𝐦𝐬", "russia sends arms"),
            ("Ｒｕｓｓｉａ", "russia"),
            ("wea\u{200B}pons wea\u{AD}pons", "weapons weapons"),
            ("\u{202E}Russia\u{202C}", "russia"),
            ("wеapons, Pоссия", "weapons россия"),
            ("Traore\u{301} Traoré", "traore traore"),
            ("И\u{306} й и\u{306}", "й й й"),
            ("За\u{301}мок ёлка", "замок елка"),
            ("الـــسِّلاح", "السلاح"),
            ("か\u{3099} ｶﾞ", "が ガ"),
            ("한국 \u{1112}\u{1161}\u{11AB}", "한국 한"),
            ("हिन्दी", "हिन्दी"),
            ("שָׁלוֹם", "שלום"),
            ("Novichok™", "novichok"),
        ];
        for (text, expected) in table {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_divided_where_people_divide_them() {
        let table = [
            ("Il-76 Il76 IL 76", "il 76 il 76 il 76"),
            ("l’armée l'armée lʼarmée", "l armee l armee l armee"),
            ("N'Djamena Russia's", "n djamena russia s"),
            ("pick-up aide_militaire", "pick up aide militaire"),
            ("#BurkinaFaso", "[burkinafaso] burkina faso"),
            ("#burkinafaso", "burkinafaso"),
            ("＃AfricaCorps @USArmy2025", "[africacorps] africa corps [usarmy] us army 2025"),
            ("#aide_militaire #AES", "aide militaire aes"),
            ("#ПомощьМали.Конец СтоП", "[помощьмали] помощь мали конец стоп"),
            ("BurkinaFaso", "burkinafaso"),
            ("see https://t.co/AbC now www.x.org/a?b", "see now"),
            ("vuhttps://t.co/AbC", "vu"),
            ("俄罗斯向马里 30辆", "俄 罗 斯 向 马 里 30 辆"),
            ("ไทย", "ไ ท ย"),
            ("🇷🇺➡️🇲🇱 🤝🏾", "🇷🇺 ➡ 🇲🇱 🤝"),
            ("🇷", "🇷"),
            ("👨‍✈️", "👨 ✈"),
            ("٣٠ 12,000 1️⃣", "30 12 000 1"),
            ("  \n—…!? ", ""),
        ];
        for (text, expected) in table {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn every_token_keeps_its_bytes_in_the_text() {
        let table = [
            ("l’ARME\u{301}E,", vec!["l", "ARME\u{301}E"]),
            ("wea\u{200B}pons!", vec!["wea\u{200B}pons"]),
            ("𝗥𝘂𝘀", vec!["𝗥𝘂𝘀"]),
            ("#MiG29", vec!["MiG", "Mi", "G", "29"]),
            ("✈️🇷🇺", vec!["✈️", "🇷🇺"]),
        ];
        for (text, forms) in table {
            let found: Vec<&str> = analyse(text).into_iter().map(|token| &text[token.range]).collect();
            assert_eq!(found, forms, "{text}");
        }
    }

    #[test]
    fn each_form_of_a_word_keeps_what_it_should() {
        let token = analyse("É\u{200B}QUIPÉS").remove(0);
        assert_eq!((&*token.cased, &*token.lower, &*token.folded), ("ÉQUIPÉS", "équipés", "equipes"));
        assert_eq!(token.script, Script::Latin);
        assert_eq!(
            analyse("7 🚁 俄 سلاح").iter().map(|token| token.script).collect::<Vec<_>>(),
            [Script::Number, Script::Symbol, Script::Unspaced, Script::Arabic]
        );
    }

    #[test]
    fn a_tag_and_its_parts_take_the_same_places() {
        let places: Vec<_> =
            analyse("a #BurkinaFaso b").into_iter().map(|token| (token.at, token.width)).collect();
        assert_eq!(places, [(0, 1), (1, 2), (1, 1), (2, 1), (3, 1)]);
    }

    #[test]
    fn an_address_gives_tokens_where_it_is_a_link() {
        let found: Vec<String> =
            analyse_link("https://www.Mali24.org/aide-russe/%D0%9C%D0%B0%D0%BB%D0%B8?utm=x")
                .into_iter()
                .map(|token| token.folded)
                .collect();
        assert_eq!(found, ["www", "mali", "24", "org", "aide", "russe", "мали"]);
    }

    // A cost that grew with the square of the length would take minutes here.
    #[test]
    fn long_texts_cost_what_their_length_asks() {
        let pieces =
            ["a", "Aa", "#Aa", "e\u{301}", "\u{301}", "wе", "🇷🇺", "https://", " www.", "http:", "俄", "' "];
        for piece in pieces {
            let text = piece.repeat(100_000 / piece.len());
            let tokens = analyse(&text);
            assert!(tokens.windows(2).all(|pair| pair[0].at <= pair[1].at), "{piece}");
        }
        assert_eq!(analyse_link(&"%D0%B0".repeat(16_000)).len(), 1);
        assert_eq!(analyse_link(&"%D0/".repeat(25_000)).len(), 0);
    }

    proptest! {
        #[test]
        fn tokens_lie_in_the_text_in_order(
            text in "(\\PC|[#@'’ _a-zA-Zе\u{301}\u{200B}ｶﾞ🇷🇺俄]|https://){0,60}",
        ) {
            for tokens in [analyse(&text), analyse_link(&text)] {
                let mut behind = (0, 0);
                for token in tokens {
                    prop_assert!(text.get(token.range.clone()).is_some_and(|form| !form.is_empty()));
                    prop_assert!(!token.folded.is_empty() && token.width > 0);
                    prop_assert!(token.range.start >= behind.0 && token.at >= behind.1);
                    behind = (token.range.start, token.at);
                }
            }
        }
    }
}
