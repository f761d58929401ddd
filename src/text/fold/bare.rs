//! Letters without their diacritics.

use unicode_normalization::char::decompose_compatible;

use super::class::is_noise;
use crate::text::script::Script;

/// A small letter without its diacritics.
pub(super) fn without_diacritics(c: char) -> String {
    match Script::of(c) {
        // Only accents that mark stress go; й, ї and ў are letters of their own.
        Script::Cyrillic => match c {
            'ё' | 'ѐ' => "е".into(),
            'ѝ' => "и".into(),
            _ => c.into(),
        },
        Script::Latin | Script::Greek | Script::Arabic => {
            let mut bare = String::new();
            decompose_compatible(c, |part| {
                if !is_noise(part) {
                    bare.push_str(plain(part).unwrap_or(part.encode_utf8(&mut [0; 4])));
                }
            });
            bare
        }
        _ => c.into(),
    }
}

/// Letters that have no decomposition but are written without their stroke, hook or dot where a keyboard
/// lacks them.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ⱥ' | 'ɑ' => "a",
        'ɓ' | 'ƀ' | 'ƃ' | 'ᵬ' => "b",
        'ƈ' | 'ȼ' | 'ɕ' => "c",
        'đ' | 'ð' | 'ɗ' | 'ɖ' | 'ƌ' | 'ȡ' | 'ᵭ' => "d",
        'ɛ' | 'ə' | 'ǝ' | 'ɇ' | 'ⱸ' => "e",
        'ƒ' | 'ᵮ' => "f",
        'ɣ' | 'ɠ' | 'ɡ' | 'ǥ' => "g",
        'ħ' | 'ɦ' | 'ⱨ' => "h",
        'ı' | 'ɨ' | 'ᵻ' => "i",
        'ȷ' | 'ɉ' | 'ʝ' => "j",
        'ƙ' | 'ĸ' | 'ⱪ' => "k",
        'ł' | 'ƚ' | 'ɫ' | 'ɬ' | 'ɭ' | 'ȴ' | 'ⱡ' => "l",
        'ɱ' | 'ᵯ' => "m",
        'ŋ' | 'ɲ' | 'ɳ' | 'ƞ' | 'ȵ' | 'ᵰ' => "n",
        'ø' | 'ɔ' | 'ɵ' | 'ⱺ' => "o",
        'ƥ' | 'ᵱ' | 'ᵽ' => "p",
        'ɋ' | 'ʠ' => "q",
        'ɍ' | 'ɾ' | 'ɽ' | 'ɼ' | 'ᵲ' | 'ᵳ' => "r",
        'ȿ' | 'ʂ' | 'ᵴ' => "s",
        'ŧ' | 'ƭ' | 'ƫ' | 'ʈ' | 'ȶ' | 'ⱦ' | 'ᵵ' => "t",
        'ʉ' | 'ᵾ' => "u",
        'ʋ' | 'ⱱ' | 'ⱴ' => "v",
        'ⱳ' => "w",
        'ƴ' | 'ɏ' => "y",
        'ƶ' | 'ȥ' | 'ɀ' | 'ʐ' | 'ʑ' | 'ⱬ' | 'ᵶ' => "z",
        'ς' => "σ",
        'ٱ' => "ا",
        'ى' | 'ی' | 'ے' => "ي",
        'ة' | 'ۃ' | 'ہ' | 'ھ' | 'ە' => "ه",
        'ک' => "ك",
        _ => return None,
    })
}
