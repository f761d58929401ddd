//! Compatibility forms.

use unicode_normalization::UnicodeNormalization;

use super::class::is_noise;

/// A character in its compatibility form.
pub(super) fn compatible(c: char) -> String {
    let code = c as u32;
    if let Some(zero) = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)) {
        return char::from_digit(code - zero, 10).into_iter().collect();
    }
    match code {
        _ if is_noise(c) => c.into(),
        // Trade mark signs hang on a word but are none of its letters.
        0x2120 | 0x2122 => " ".into(),
        // An acute accent on its own is typed as an apostrophe.
        0xB4 => "'".into(),
        // Letters in black circles and squares have no compatibility form of their own.
        0x1F150..=0x1F169 => letter(code - 0x1F150),
        0x1F170..=0x1F189 => letter(code - 0x1F170),
        _ => c.nfkc().fold(String::new(), |mut plain, c| {
            plain.push_str(small_capital(c).unwrap_or(c.encode_utf8(&mut [0; 4])));
            plain
        }),
    }
}

/// The zeros of decimal digits outside ASCII that compatibility forms do not reach.
const ZEROS: [u32; 37] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0,
    0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0, 0x1E950,
];

/// Small capitals, which are written for show: `ʀᴜssᴇs` is `russes`. Superscripts have compatibility forms.
fn small_capital(c: char) -> Option<&'static str> {
    Some(match c {
        'ᴀ' => "a",
        'ᴁ' => "ae",
        'ʙ' | 'ᴃ' => "b",
        'ᴄ' => "c",
        'ᴅ' => "d",
        'ᴆ' => "ð",
        'ᴇ' | 'ⱻ' => "e",
        'ꜰ' => "f",
        'ɢ' => "g",
        'ʜ' => "h",
        'ɪ' => "i",
        'Ɪ' => "I",
        'ᴊ' => "j",
        'ᴋ' => "k",
        'ʟ' | 'ᴌ' => "l",
        'ᴍ' => "m",
        'ɴ' | 'ᴎ' => "n",
        'ᴏ' => "o",
        'ɶ' => "oe",
        'ᴘ' => "p",
        'ꞯ' => "q",
        'ʀ' | 'ᴙ' | 'ʁ' => "r",
        'Ʀ' => "R",
        'ꜱ' => "s",
        'ᴛ' => "t",
        'ᴜ' => "u",
        'ᴠ' => "v",
        'ᴡ' => "w",
        'ʏ' => "y",
        'ᴢ' => "z",
        _ => return None,
    })
}

fn letter(place: u32) -> String {
    char::from_u32('A' as u32 + place).into_iter().collect()
}
