//! Letters of another script that look like the ones they stand in for: `wеapons` with a Cyrillic е.

use super::fold;
use super::script::Script;

/// Letters that look alike in Latin, Cyrillic and Greek; a space where a script has none.
const ALIKE: [(char, char, char); 51] = [
    ('a', 'а', 'α'),
    ('c', 'с', ' '),
    ('d', 'ԁ', ' '),
    ('e', 'е', 'ε'),
    ('h', 'һ', ' '),
    ('i', 'і', 'ι'),
    ('j', 'ј', ' '),
    ('k', 'к', 'κ'),
    ('m', 'м', ' '),
    ('n', ' ', 'η'),
    ('o', 'о', 'ο'),
    ('p', 'р', 'ρ'),
    ('q', 'ԛ', ' '),
    ('s', 'ѕ', ' '),
    ('t', 'т', 'τ'),
    ('u', ' ', 'υ'),
    ('v', 'ѵ', 'ν'),
    ('w', 'ԝ', 'ω'),
    ('x', 'х', 'χ'),
    ('y', 'у', 'γ'),
    ('ë', 'ё', ' '),
    ('ï', 'ї', 'ϊ'),
    ('A', 'А', 'Α'),
    ('B', 'В', 'Β'),
    ('C', 'С', ' '),
    ('E', 'Е', 'Ε'),
    ('H', 'Н', 'Η'),
    ('I', 'І', 'Ι'),
    ('J', 'Ј', ' '),
    ('K', 'К', 'Κ'),
    ('M', 'М', 'Μ'),
    ('N', ' ', 'Ν'),
    ('O', 'О', 'Ο'),
    ('P', 'Р', 'Ρ'),
    ('S', 'Ѕ', ' '),
    ('T', 'Т', 'Τ'),
    ('V', 'Ѵ', ' '),
    ('W', 'Ԝ', ' '),
    ('X', 'Х', 'Χ'),
    ('Y', 'У', 'Υ'),
    ('Z', ' ', 'Ζ'),
    ('Ë', 'Ё', ' '),
    ('Ï', 'Ї', 'Ϊ'),
    // Between Cyrillic and Greek alone.
    (' ', 'г', 'γ'),
    (' ', 'Г', 'Γ'),
    (' ', 'л', 'λ'),
    (' ', 'Л', 'Λ'),
    (' ', 'п', 'π'),
    (' ', 'П', 'Π'),
    (' ', 'ф', 'φ'),
    (' ', 'Ф', 'Φ'),
];

const SCRIPTS: [Script; 3] = [Script::Latin, Script::Cyrillic, Script::Greek];

/// Writes a word that mixes scripts in one of them: that of most letters if all others have look-alikes
/// there, else the next one that they all fit into. A word that fits none stays.
pub fn unmix(word: &mut [char]) {
    let count = |script: Script| word.iter().filter(|letter| Script::of(**letter) == script).count();
    let mut scripts = SCRIPTS.map(|script| (count(script), script));
    scripts.sort_by_key(|(letters, _)| std::cmp::Reverse(*letters));
    if scripts[1].0 == 0 {
        return;
    }
    for (_, script) in scripts.into_iter().filter(|(letters, _)| *letters > 0) {
        let inside: Option<Vec<char>> = word.iter().map(|letter| written_in(script, *letter)).collect();
        if let Some(inside) = inside {
            word.copy_from_slice(&inside);
            return;
        }
    }
}

fn written_in(script: Script, letter: char) -> Option<char> {
    let from = Script::of(letter);
    if from == script || !SCRIPTS.contains(&from) {
        return Some(letter);
    }
    let side = |row: &(char, char, char), script| match script {
        Script::Latin => row.0,
        Script::Cyrillic => row.1,
        _ => row.2,
    };
    let alike = |letter| {
        let row = ALIKE.iter().find(|row| side(row, from) == letter && side(row, script) != ' ');
        row.map(|row| side(row, script))
    };
    // Diacritics are folded anyway, so a letter that has its look-alike without them has one.
    let mut bare = fold::entry(letter).folded.chars();
    alike(letter).or_else(|| alike(bare.next().filter(|_| bare.next().is_none())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unmixed(word: &str) -> String {
        let mut letters: Vec<char> = word.chars().collect();
        unmix(&mut letters);
        letters.into_iter().collect()
    }

    #[test]
    fn a_mixed_word_is_written_in_the_script_it_fits() {
        let table = [
            ("wеapons", "weapons"),
            ("Pоссия", "Россия"),
            ("Bагнер", "Вагнер"),
            ("wеароns", "weapons"),
            ("Αfrica", "Africa"),
            ("cоре", "соре"),
            ("drῦgs", "drugs"),
        ];
        for (mixed, plain) in table {
            assert_eq!(unmixed(mixed), plain, "{mixed}");
        }
    }

    #[test]
    fn a_word_with_a_letter_that_has_no_look_alike_stays() {
        for word in ["weжpons", "Россия", "weapons", "дron"] {
            assert_eq!(unmixed(word), word);
        }
    }

    #[test]
    fn every_look_alike_stands_in_its_script() {
        for (latin, cyrillic, greek) in ALIKE {
            assert!(latin == ' ' || Script::of(latin) == Script::Latin, "{latin}");
            assert!(cyrillic == ' ' || Script::of(cyrillic) == Script::Cyrillic, "{cyrillic}");
            assert!(greek == ' ' || Script::of(greek) == Script::Greek, "{greek}");
        }
    }
}
