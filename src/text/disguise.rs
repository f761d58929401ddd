//! Words that are written so that others do not find them: with digits for letters (`w3ap0ns`, `0ружие`), with signs
//! for letters (`we@pons`), with dots between them (`wea.pons`) or with a space between each two (`w e a p o n s`).

use super::script::Script;

/// The fewest letters of such a word: `A4` and `4x4` have fewer.
const FEWEST: usize = 3;

/// The same if there are only dots or spaces in it: `U.S.A`, `U S A`.
pub const FEWEST_APART: usize = 4;

/// No word that hides is longer, in letters and signs.
const LONGEST: usize = 64;

/// Signs, and the letters of Latin and Cyrillic that they stand for.
const ALIKE: [(char, char, char); 9] = [
    ('0', 'o', 'о'),
    ('1', 'i', ' '),
    ('3', 'e', 'з'),
    ('4', 'a', 'ч'),
    ('5', 's', ' '),
    ('6', ' ', 'б'),
    ('7', 't', ' '),
    ('@', 'a', 'а'),
    ('$', 's', ' '),
];

/// Signs that stand for nothing.
const SILENT: [char; 4] = ['.', '·', '•', '*'];

/// Whether a sign may stand inside a word to hide it.
pub fn hides(c: char) -> bool {
    SILENT.contains(&c) || matches!(c, '@' | '$')
}

/// What letters, digits and signs that [`hides`] knows say as one word, perhaps `spaced` apart; nothing if they hardly are
/// one. The names of many weapons look the same (`Su30MK`), so it can only be said beside what is written.
pub fn undisguised(word: &[char], spaced: bool) -> Option<Vec<char>> {
    if word.len() > LONGEST {
        return None;
    }
    let is_letter = |c: &&char| !c.is_ascii_digit() && !hides(**c);
    let (letters, digits) =
        (word.iter().filter(is_letter).count(), word.iter().filter(|c| c.is_ascii_digit()).count());
    let dotted = word.iter().all(|c| is_letter(&c) || SILENT.contains(c));
    let fewest = if dotted { FEWEST_APART } else { FEWEST };
    let begins = word.iter().take_while(|c| !is_letter(c)).count() < 2;
    let ends = word.last().is_some_and(|c| is_letter(&c));
    let plain = letters == word.len() && !spaced;
    if plain || letters < fewest || letters <= digits || !begins || !ends {
        return None;
    }
    // Letters of other scripts that look like those of the word hide it, too.
    let count = |script: Script| word.iter().filter(|c| Script::of(**c) == script).count();
    let script = [Script::Latin, Script::Cyrillic].into_iter().max_by_key(|script| count(*script));
    let script = script.filter(|script| count(*script) > 0);
    let heard = word.iter().filter(|c| !SILENT.contains(c));
    heard.map(|c| if is_letter(&c) { Some(*c) } else { letter(*c, script?) }).collect()
}

fn letter(sign: char, script: Script) -> Option<char> {
    let (_, latin, cyrillic) = ALIKE.iter().find(|(known, ..)| *known == sign)?;
    let letter = if script == Script::Latin { latin } else { cyrillic };
    (*letter != ' ').then_some(*letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_signs_among_letters_are_read_as_what_they_stand_for() {
        let said = |word: &str| {
            let spaced = word.contains(' ');
            let word: Vec<char> = word.chars().filter(|c| *c != ' ').collect();
            undisguised(&word, spaced).map(|word| word.into_iter().collect::<String>())
        };
        for (word, plain) in [
            ("t4nks", "tanks"),
            ("w34p0ns", "weapons"),
            ("spec14l", "special"),
            ("S3LF", "SeLF"),
            ("4rms", "arms"),
            ("0ружие", "оружие"),
            ("6p0ню", "бpоню"),
            ("we@p0ns", "weapons"),
            ("wea.pons", "weapons"),
            ("r.u.s.s.i.a", "russia"),
            ("soldat·e·s", "soldates"),
            ("سل.اح", "سلاح"),
            ("w e a p o n s", "weapons"),
            ("D r 0 n e s", "Drones"),
            ("0 р у ж и е", "оружие"),
            ("a r m s", "arms"),
        ] {
            assert_eq!(said(word).as_deref(), Some(plain), "{word}");
        }
        for word in [
            "",
            "76",
            "arms",
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
            "U.S.A",
            "U S A",
            "a 4 b 2",
            "1 2 3 4",
            "t.me",
            "arms.",
        ] {
            assert_eq!(said(word), None, "{word}");
        }
        assert!(said(&"a.b".repeat(22)).is_none());
        assert!(said(&"a.b".repeat(21)).is_some());
    }
}
