//! Digits that stand for the letters they look like: `w3ap0ns`, `0ружие`.

use super::script::Script;

/// The fewest letters of a word in which digits may stand for others: `A4` and `4x4` have fewer.
const FEWEST: usize = 3;

/// Digits, and the letters of Latin and Cyrillic that they look like.
const ALIKE: [(char, char, char); 7] = [
    ('0', 'o', 'о'),
    ('1', 'i', ' '),
    ('3', 'e', 'з'),
    ('4', 'a', 'ч'),
    ('5', 's', ' '),
    ('6', ' ', 'б'),
    ('7', 't', ' '),
];

/// What a word of letters and digits says if its digits are read as letters; nothing if they hardly are. The names of
/// many weapons look the same (`Su30MK`), so it can only be said beside what is written.
pub fn undisguised(word: &[char]) -> Option<Vec<char>> {
    let digits = word.iter().filter(|c| c.is_ascii_digit()).count();
    let letters = word.len() - digits;
    let begins = word.iter().take_while(|c| c.is_ascii_digit()).count() < 2;
    let ends = word.last().is_some_and(|c| !c.is_ascii_digit());
    if digits == 0 || letters < FEWEST || letters <= digits || !begins || !ends {
        return None;
    }
    let script = word.iter().find(|c| !c.is_ascii_digit()).map(|c| Script::of(*c))?;
    word.iter().map(|c| if c.is_ascii_digit() { letter(*c, script) } else { Some(*c) }).collect()
}

fn letter(digit: char, script: Script) -> Option<char> {
    let (_, latin, cyrillic) = ALIKE.iter().find(|(known, ..)| *known == digit)?;
    let letter = match script {
        Script::Latin => latin,
        Script::Cyrillic => cyrillic,
        _ => return None,
    };
    (*letter != ' ').then_some(*letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_among_letters_are_read_as_what_they_look_like() {
        let said = |word: &str| {
            undisguised(&word.chars().collect::<Vec<_>>()).map(|word| word.into_iter().collect::<String>())
        };
        for (word, plain) in [
            ("t4nks", "tanks"),
            ("w34p0ns", "weapons"),
            ("spec14l", "special"),
            ("S3LF", "SeLF"),
            ("4rms", "arms"),
            ("tr4ining", "training"),
            ("0ружие", "оружие"),
            ("6оеприпа4ы", "боеприпачы"),
            ("воо", "воо"),
        ] {
            let expected = word.chars().any(|c| c.is_ascii_digit()).then(|| plain.to_owned());
            assert_eq!(said(word), expected, "{word}");
        }
        for word in [
            "",
            "76",
            "F16",
            "4x4",
            "30mm",
            "A400M",
            "F35s",
            "covid19",
            "1000tonnes",
            "b2bizz",
            "ор1гинал",
            "سل3اح",
        ] {
            assert_eq!(said(word), None, "{word}");
        }
    }
}
