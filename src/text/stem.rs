//! Languages, and which words are forms of one another in them.

use rust_stemmers::{Algorithm, Stemmer};

use super::clitic::{without_article, without_clitics};
use super::fold;
use super::script::Script;

/// A language by its BCP 47 code, with its stems where Snowball has them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Language {
    code: String,
    stems: Option<Stems>,
}

/// The languages that have stems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stems {
    Arabic,
    Danish,
    German,
    Greek,
    English,
    Spanish,
    Finnish,
    French,
    Hungarian,
    Italian,
    Dutch,
    Norwegian,
    Portuguese,
    Romanian,
    Russian,
    Swedish,
    Tamil,
    Turkish,
}

const STEMS: [(&str, Stems); 20] = [
    ("ar", Stems::Arabic),
    ("da", Stems::Danish),
    ("de", Stems::German),
    ("el", Stems::Greek),
    ("en", Stems::English),
    ("es", Stems::Spanish),
    ("fi", Stems::Finnish),
    ("fr", Stems::French),
    ("hu", Stems::Hungarian),
    ("it", Stems::Italian),
    ("nb", Stems::Norwegian),
    ("nl", Stems::Dutch),
    ("nn", Stems::Norwegian),
    ("no", Stems::Norwegian),
    ("pt", Stems::Portuguese),
    ("ro", Stems::Romanian),
    ("ru", Stems::Russian),
    ("sv", Stems::Swedish),
    ("ta", Stems::Tamil),
    ("tr", Stems::Turkish),
];

/// No word of any language is longer; what is longer is no word, and has no stem.
const LONGEST: usize = 128;

impl Language {
    /// The language that `code` names: `en`, `pt-BR`, `zh-Hans`. The error says how a code is written.
    pub fn parse(code: &str) -> Result<Self, String> {
        let mut parts = code.split('-');
        let base = parts.next().unwrap_or_default();
        let well_formed = (2..=3).contains(&base.len())
            && base.bytes().all(|byte| byte.is_ascii_lowercase())
            && parts.all(|part| {
                (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
        if !well_formed {
            return Err(format!(
                "`{code}` is no language code; write two or three small letters such as `en`, `fr` or `ha`, \
                 with a region or script behind a hyphen if need be: `pt-BR`"
            ));
        }
        let stems = STEMS.iter().find(|(known, _)| *known == base).map(|(_, stems)| *stems);
        Ok(Self { code: code.into(), stems })
    }

    /// The code as written.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether words of this language inflect and are written in `script`.
    pub fn inflects(&self, script: Script) -> bool {
        self.stems.is_some_and(|stems| stems.script() == script)
    }

    /// What a word of a text is compared by, given in lower case with and without diacritics: two words are
    /// forms of one another if they share a stem. In Arabic also with the small words written together with
    /// it taken off.
    pub fn stems(&self, lower: &str, folded: &str) -> Vec<String> {
        let variants = |word| match self.stems {
            Some(Stems::Arabic) => without_clitics(word),
            _ => vec![word],
        };
        self.collect(lower, folded, variants, |word, stem| {
            let whole = self.cuts_too_much(word, &stem).then(|| word.to_owned());
            std::iter::once(stem).chain(whole).collect()
        })
    }

    /// The same for a word that people look for. They write it without particles, so at most the article is
    /// taken off: the first letter of لندن, London, is no `for`. Nor do they mean what little some stems leave: Snowball
    /// makes `sa` of `sandık`, a box, so such a word is its own stem; not so in Arabic, whose roots are short.
    pub fn term_stems(&self, lower: &str, folded: &str) -> Vec<String> {
        let variants = |word| match self.stems {
            Some(Stems::Arabic) => without_article(word),
            _ => vec![word],
        };
        self.collect(lower, folded, variants, |word, stem| {
            vec![if self.cuts_too_much(word, &stem) { word.to_owned() } else { stem }]
        })
    }

    /// Whether a stem tells too little of its word: three letters at most, and at most half of it.
    fn cuts_too_much(&self, word: &str, stem: &str) -> bool {
        let left = stem.chars().count();
        self.stems != Some(Stems::Arabic) && left <= 3 && left * 2 <= word.chars().count()
    }

    fn collect<'a>(
        &self,
        lower: &'a str,
        folded: &'a str,
        variants: impl Fn(&'a str) -> Vec<&'a str>,
        trusted: impl Fn(&str, String) -> Vec<String>,
    ) -> Vec<String> {
        let Some(stems) = self.stems.filter(|_| lower.len() <= LONGEST && folded.len() <= LONGEST) else {
            return vec![folded.into()];
        };
        let stemmer = Stemmer::create(stems.algorithm());
        let stems_of = |word| trusted(word, stemmer.stem(word).into());
        let mut found: Vec<String> = variants(folded).into_iter().flat_map(stems_of).collect();
        if lower != folded {
            let accented = variants(lower).into_iter().flat_map(stems_of);
            found.extend(accented.map(|stem| fold::folded(&stem)));
        }
        if stems == Stems::French {
            // This Snowball makes soudan of soudanais but soudanais of soudanaise.
            let masculine: Vec<String> = found.iter().filter(|stem| stem.ends_with("ais")).cloned().collect();
            found.extend(masculine.iter().map(|stem| stemmer.stem(stem).into()));
        }
        found.sort();
        found.dedup();
        found
    }
}

impl Stems {
    fn script(self) -> Script {
        match self {
            Self::Arabic => Script::Arabic,
            Self::Greek => Script::Greek,
            Self::Russian => Script::Cyrillic,
            Self::Tamil => Script::Tamil,
            _ => Script::Latin,
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::Arabic => Algorithm::Arabic,
            Self::Danish => Algorithm::Danish,
            Self::German => Algorithm::German,
            Self::Greek => Algorithm::Greek,
            Self::English => Algorithm::English,
            Self::Spanish => Algorithm::Spanish,
            Self::Finnish => Algorithm::Finnish,
            Self::French => Algorithm::French,
            Self::Hungarian => Algorithm::Hungarian,
            Self::Italian => Algorithm::Italian,
            Self::Dutch => Algorithm::Dutch,
            Self::Norwegian => Algorithm::Norwegian,
            Self::Portuguese => Algorithm::Portuguese,
            Self::Romanian => Algorithm::Romanian,
            Self::Russian => Algorithm::Russian,
            Self::Swedish => Algorithm::Swedish,
            Self::Tamil => Algorithm::Tamil,
            Self::Turkish => Algorithm::Turkish,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn meet(code: &str, term: &str, word: &str) -> bool {
        let language = Language::parse(code).unwrap();
        let lower = |word: &str| word.chars().map(|c| &*fold::entry(c).lower).collect::<String>();
        let term = language.term_stems(&lower(term), &fold::folded(term));
        language.stems(&lower(word), &fold::folded(word)).iter().any(|stem| term.contains(stem))
    }

    #[test]
    fn forms_of_a_word_meet() {
        let table = [
            ("en", "weapon", "weapons"),
            ("fr", "équipée", "equipees"),
            ("fr", "equipee", "équipées"),
            ("fr", "livraison", "LIVRAISONS"),
            ("fr", "russe", "russes"),
            ("fr", "soudanais", "soudanaises"),
            ("fr", "française", "français"),
            ("ru", "поставка", "поставки"),
            ("ru", "Мали", "мали"),
            ("es", "misión", "misiones"),
            ("pt-BR", "equipamento", "equipamentos"),
            ("tr", "silah", "silahlar"),
            ("tr", "sandık", "sandıklar"),
            ("tr", "uçak", "uçaklarındaki"),
            ("ar", "الماليين", "المالية"),
            ("ar", "سلاح", "والسلاح"),
            ("ar", "سلاح", "بالسلاح"),
            ("ar", "سلاح", "للسلاح"),
            ("ar", "السلاح", "سلاح"),
            ("ar", "أسلحة", "اسلحة"),
            ("zh", "俄", "俄"),
        ];
        for (code, term, word) in table {
            assert!(meet(code, term, word), "{code}: {term} {word}");
        }
    }

    #[test]
    fn other_words_do_not_meet() {
        for (code, term, word) in [
            ("en", "weapon", "wagon"),
            ("ar", "لندن", "ندن"),
            ("sw", "silaha", "silah"),
            ("ru", "Мали", "малина"),
            ("tr", "sandık", "sana"),
            ("ru", "садятся", "сады"),
        ] {
            assert!(!meet(code, term, word), "{code}: {term} {word}");
        }
    }

    #[test]
    fn a_code_is_two_or_three_small_letters_with_subtags() {
        for code in ["en", "ha", "yue", "pt-BR", "zh-Hans", "es-419"] {
            assert!(Language::parse(code).is_ok(), "{code}");
        }
        for code in ["", "e", "english", "EN", "fr_FR", "fr-", "-fr", "en-x", "any lang"] {
            assert!(Language::parse(code).is_err(), "{code}");
        }
    }

    #[test]
    fn a_language_inflects_in_its_own_script_only() {
        let russian = Language::parse("ru").unwrap();
        assert!(russian.inflects(Script::Cyrillic) && !russian.inflects(Script::Latin));
        assert!(!Language::parse("sw").unwrap().inflects(Script::Latin));
    }

    proptest! {
        #[test]
        fn no_word_breaks_a_stemmer(word in "\\PC{0,24}", at in 0..STEMS.len()) {
            let language = Language::parse(STEMS[at].0).unwrap();
            prop_assert!(!language.stems(&word, &word).is_empty());
        }

        #[test]
        fn no_word_of_its_own_script_breaks_a_stemmer(
            word in "[a-zéèçñöüßøåğışłăâîțа-яёα-ωάέّء-يஅ-௹]{0,24}",
            at in 0..STEMS.len(),
        ) {
            let language = Language::parse(STEMS[at].0).unwrap();
            let folded = fold::folded(&word);
            let found = language.stems(&word, &folded);
            prop_assert!(language.term_stems(&word, &folded).iter().any(|stem| found.contains(stem)));
        }
    }
}
