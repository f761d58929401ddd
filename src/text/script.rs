//! Which script a letter belongs to, as far as that decides how its words are found.

/// A script, or what stands in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Script {
    /// Latin.
    Latin,
    /// Cyrillic.
    Cyrillic,
    /// Greek.
    Greek,
    /// Arabic.
    Arabic,
    /// Tamil.
    Tamil,
    /// Han, kana, Thai, Lao, Khmer, Myanmar: words are not set apart, so every character is a token.
    Unspaced,
    /// Any other script.
    Other,
    /// A number.
    Number,
    /// An emoji, an arrow or a flag.
    Symbol,
}

/// Blocks, by first and last character.
const BLOCKS: [(u32, u32, Script); 34] = [
    (0x0041, 0x024F, Script::Latin),
    (0x0250, 0x02AF, Script::Latin),
    (0x0370, 0x03FF, Script::Greek),
    (0x0400, 0x052F, Script::Cyrillic),
    (0x0600, 0x06FF, Script::Arabic),
    (0x0750, 0x077F, Script::Arabic),
    (0x0870, 0x08FF, Script::Arabic),
    (0x0B80, 0x0BFF, Script::Tamil),
    (0x0E00, 0x0EFF, Script::Unspaced),
    (0x1000, 0x109F, Script::Unspaced),
    (0x1780, 0x17FF, Script::Unspaced),
    (0x1C80, 0x1C8F, Script::Cyrillic),
    (0x1D00, 0x1DBF, Script::Latin),
    (0x1E00, 0x1EFF, Script::Latin),
    (0x1F00, 0x1FFF, Script::Greek),
    (0x2C60, 0x2C7F, Script::Latin),
    (0x2E80, 0x2FDF, Script::Unspaced),
    (0x3005, 0x3007, Script::Unspaced),
    (0x3021, 0x3029, Script::Unspaced),
    (0x3038, 0x303B, Script::Unspaced),
    (0x3041, 0x30FF, Script::Unspaced),
    (0x31F0, 0x31FF, Script::Unspaced),
    (0x3400, 0x4DBF, Script::Unspaced),
    (0x4E00, 0x9FFF, Script::Unspaced),
    (0xA640, 0xA69F, Script::Cyrillic),
    (0xA720, 0xA7FF, Script::Latin),
    (0xA9E0, 0xA9FF, Script::Unspaced),
    (0xAA60, 0xAA7F, Script::Unspaced),
    (0xAB30, 0xAB6F, Script::Latin),
    (0xF900, 0xFAFF, Script::Unspaced),
    (0xFB50, 0xFDFF, Script::Arabic),
    (0xFE70, 0xFEFF, Script::Arabic),
    (0x1B000, 0x1B16F, Script::Unspaced),
    (0x20000, 0x3FFFF, Script::Unspaced),
];

impl Script {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Latin,
        Self::Cyrillic,
        Self::Greek,
        Self::Arabic,
        Self::Tamil,
        Self::Unspaced,
        Self::Other,
        Self::Number,
        Self::Symbol,
    ];

    /// The script of the letter `c`.
    pub fn of(c: char) -> Self {
        let code = c as u32;
        let block = BLOCKS.partition_point(|(_, last, _)| *last < code);
        BLOCKS.get(block).filter(|(first, ..)| *first <= code).map_or(Self::Other, |(.., script)| *script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_sorted_and_apart() {
        assert!(BLOCKS.windows(2).all(|pair| pair[0].1 < pair[1].0));
        assert!(BLOCKS.iter().all(|(first, last, _)| first <= last));
    }

    #[test]
    fn letters_belong_to_their_script() {
        let table = [
            ('a', Script::Latin),
            ('é', Script::Latin),
            ('ж', Script::Cyrillic),
            ('λ', Script::Greek),
            ('س', Script::Arabic),
            ('俄', Script::Unspaced),
            ('カ', Script::Unspaced),
            ('ก', Script::Unspaced),
            ('한', Script::Other),
            ('ש', Script::Other),
        ];
        for (letter, script) in table {
            assert_eq!(Script::of(letter), script, "{letter}");
        }
    }
}
