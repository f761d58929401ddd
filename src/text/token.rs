//! Words: where they begin and end, and how each is compared.

use std::ops::Range;

use super::script::Script;
use super::words::Words;

/// A word, a number, a character of a script without spaces, or an emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its place, counted in tokens from 0.
    pub at: usize,
    /// How many places it takes: 1, or the number of its parts if it is the whole of a tag such as `#BurkinaFaso`, or
    /// of a word in disguise, such as `t4nks`. The parts follow it as tokens of their own.
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

/// The tokens of a text, in its order; a whole stands before its parts.
pub fn analyse(text: &str) -> Vec<Token> {
    let mut words = Words::default();
    words.read(text);
    words.found().iter().map(|word| words.token(word)).collect()
}

/// The tokens of an address: host and path, split at whatever is no letter.
pub fn analyse_link(address: &str) -> Vec<Token> {
    let mut words = Words::default();
    words.read_link(address);
    words.found().iter().map(|word| words.token(word)).collect()
}

#[cfg(test)]
pub mod plain;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// Scripts with look-alikes in one another.
    const MIXED: [Script; 3] = [Script::Latin, Script::Cyrillic, Script::Greek];

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
            ("t4nks, w3ap0ns", "[tanks] t 4 nks [weapons] w 3 ap 0 ns"),
            ("0ружие Su30MK F16s", "[оружие] 0 ружие [sueomk] su 30 mk f 16 s"),
            ("#tr4ining a #MaliT4nks", "[training] tr 4 ining a [malit] mali t 4 nks"),
            ("in.struc.teurs it@liens. Fin", "[instructeurs] in struc teurs [italiens] it liens fin"),
            ("w e a p o n s D r 0 n e  s", "[weaponsdrone] w e a p o n s d r 0 n e s"),
            ("les D r 0 n e s ici", "les [drones] d r 0 n e s ici"),
            (
                "о р у ж и е. U S A; a b t4nks; w e a  p o n",
                "[оружие] о р у ж и е u s a a b [tanks] t 4 nks w e a p o n",
            ),
            ("1 2 3 4 a, b c d 俄 a b c 罗", "1 2 3 4 a b c d 俄 a b c 罗"),
            ("ru$$ian. a...bcd", "[russian] ru ian a bcd"),
            ("مسـ.ـيّرات ا.ل", "[مسيرات] مس يرات ا ل"),
            ("U.S. a.m. 3.5 x.y", "u s a m 3 5 x y"),
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
        let places =
            |text: &str| analyse(text).into_iter().map(|token| (token.at, token.width)).collect::<Vec<_>>();
        assert_eq!(places("a #BurkinaFaso b"), [(0, 1), (1, 2), (1, 1), (2, 1), (3, 1)]);
        assert_eq!(places("a t4nks b"), [(0, 1), (1, 3), (1, 1), (2, 1), (3, 1), (4, 1)]);
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
        let pieces = [
            "a", "Aa", "#Aa", "e\u{301}", "\u{301}", "wе", "🇷🇺", "https://", " www.", "http:", "俄", "' ",
            "a.", "a1b", "a@",
        ];
        for piece in pieces {
            let text = piece.repeat(20_000 / piece.len());
            let tokens = analyse(&text);
            assert!(tokens.windows(2).all(|pair| pair[0].at <= pair[1].at), "{piece}");
        }
        assert_eq!(analyse_link(&"%D0%B0".repeat(4_000)).len(), 1);
        assert_eq!(analyse_link(&"%D0/".repeat(6_000)).len(), 0);
    }

    /// Text with all that makes words hard to find.
    fn disguised() -> impl Strategy<Value = String> {
        "(\\PC|[#@'’ _a-zA-ZеоА\u{301}\u{200B}ｶﾞ🇷🇺俄١ʀẞİßα]|https://|www\\.|#[A-Z][a-z]{1,3}[A-Z]е|[a-zа]{0,2}[0-7.@·][a-zа]{1,3}| [a-zéо0] [a-zо3] [a-zо]|%D0%B0){0,60}"
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

        #[test]
        fn words_in_buffers_are_the_plain_ones(text in disguised()) {
            prop_assert_eq!(analyse(&text), plain::analyse(&text));
            prop_assert_eq!(analyse_link(&text), plain::analyse_link(&text));
        }

        #[test]
        fn folded_words_fold_to_themselves(text in disguised()) {
            for word in analyse(&text).into_iter().map(|token| token.folded) {
                // A word that fits no single script stays as it is, and may fit one without its ligatures.
                let scripts: HashSet<Script> = word.chars().map(Script::of).collect();
                if scripts.iter().filter(|script| MIXED.contains(script)).count() < 2 {
                    let again: String = analyse(&word).into_iter().map(|token| token.folded).collect();
                    prop_assert_eq!(again, word);
                }
            }
        }

        #[test]
        fn tokens_lie_in_the_text_in_order(text in disguised()) {
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
