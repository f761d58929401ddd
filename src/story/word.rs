//! The words of a text as a story keeps them: four bytes each, that tell which word it is and whether it may differ.

use crate::text::script::Script;

/// What kind of word it is. The order is that of the bits it is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In small letters.
    Plain,
    /// With a capital where every word has one: at the start of a sentence, in a headline.
    Initial,
    /// With a capital of its own.
    Name,
    /// Of a script without capitals, or of a text in capitals: it may be a name.
    Caseless,
    /// A character of a script without spaces: a few of them may be a name.
    Character,
    /// A state, or a name of a watchlist.
    Actor,
    /// A number.
    Number,
    /// A day or a month.
    Date,
    /// It says that something is not so.
    Denial,
}

const KINDS: [Kind; 9] = [
    Kind::Plain,
    Kind::Initial,
    Kind::Name,
    Kind::Caseless,
    Kind::Character,
    Kind::Actor,
    Kind::Number,
    Kind::Date,
    Kind::Denial,
];

/// A word: 20 bits of its hash, 7 of the hash of its beginning, its kind, and whether it is a tag or a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(pub u32);

const HASH_BITS: u32 = 20;
const FORM_BITS: u32 = 7;
const TAG: u32 = 1 << 31;

impl Word {
    /// The word `folded` of this kind.
    pub fn new(folded: &str, kind: Kind, script: Script, tag: bool) -> Self {
        let low = |hash: u64, bits: u32| (hash & ((1 << bits) - 1)) as u32;
        let form = low(hash(&beginning(folded, kind, script)), FORM_BITS) << HASH_BITS;
        let tag = if tag { TAG } else { 0 };
        Self(low(hash(folded), HASH_BITS) | form | ((kind as u32) << (HASH_BITS + FORM_BITS)) | tag)
    }

    /// Which word it is, however it is written.
    pub fn id(self) -> u32 {
        self.0 & ((1 << HASH_BITS) - 1)
    }

    /// Its kind.
    pub fn kind(self) -> Kind {
        KINDS.get((self.0 >> (HASH_BITS + FORM_BITS) & 15) as usize).copied().unwrap_or(Kind::Plain)
    }

    /// Whether it is part of a tag, or a flag.
    pub fn is_tag(self) -> bool {
        self.0 & TAG != 0
    }

    /// Whether it begins as the other does, so that both may be forms of one word.
    pub fn resembles(self, other: Self) -> bool {
        let form = |word: Self| word.0 >> HASH_BITS & ((1 << FORM_BITS) - 1);
        form(self) == form(other)
    }

    /// Whether a text that has it tells something else than one without it.
    pub fn is_fact(self) -> bool {
        matches!(self.kind(), Kind::Actor | Kind::Number | Kind::Denial)
    }

    /// Whether it is or may be a name.
    pub fn may_name(self) -> bool {
        matches!(self.kind(), Kind::Name | Kind::Caseless | Kind::Character | Kind::Initial | Kind::Actor)
    }
}

/// What forms of one word share. Arabic inflects by its vowels, so there it is the first consonants.
fn beginning(folded: &str, kind: Kind, script: Script) -> String {
    match (script, kind) {
        (Script::Arabic, _) => {
            let consonants = folded.chars().filter(|c| !matches!(c, 'ا' | 'و' | 'ي' | 'ء'));
            consonants.take(2).collect()
        }
        (_, Kind::Plain) => folded.chars().take(4).collect(),
        _ => folded.chars().take(5).collect(),
    }
}

/// A hash that is the same on every machine and in every version.
pub fn hash(text: &str) -> u64 {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    mix(text.bytes().fold(0xCBF2_9CE4_8422_2325, fnv))
}

/// Spreads a number over all 64 bits.
pub fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_keeps_what_it_is() {
        for kind in KINDS {
            for tag in [false, true] {
                let word = Word::new("convoy", kind, Script::Latin, tag);
                assert_eq!((word.kind(), word.is_tag()), (kind, tag));
                assert_eq!(word.id(), Word::new("convoy", Kind::Plain, Script::Latin, false).id());
            }
        }
    }

    #[test]
    fn forms_of_a_word_resemble_one_another() {
        let word = |text, kind, script| Word::new(text, kind, script, false);
        let plain = |text| word(text, Kind::Plain, Script::Latin);
        assert!(plain("envia").resembles(plain("enviou")));
        assert!(!plain("envia").resembles(plain("recebe")));
        let name = |text| word(text, Kind::Name, Script::Latin);
        assert!(!name("bama").resembles(name("bamako")));
        let arabic = |text| word(text, Kind::Caseless, Script::Arabic);
        assert!(arabic("وصلت").resembles(arabic("وصول")));
    }
}
