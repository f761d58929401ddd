//! States by the words people name them with, so that `Russian`, `russe`, `Россия` and `🇷🇺` are one.

mod names;

use std::collections::HashMap;
use std::sync::OnceLock;

use self::names::NAMES;
use crate::text::fold;

/// Names that are everyday words of some language unless they stand in capitals.
const SHOUTED: &[&str] =
    &["abd", "bae", "car", "eu", "rca", "uae", "ue", "uk", "us", "usa", "ес", "рф", "цар"];

/// Names that are everyday words of some language unless they begin with a capital.
const CAPITAL: &[&str] = &["cad", "chad", "cin", "fas", "gana", "gine", "polish", "rus"];

#[derive(Default)]
struct Table {
    whole: HashMap<String, &'static str>,
    begins: HashMap<String, &'static str>,
    /// By the first word of names of several words, how many words the longest has.
    several: HashMap<String, usize>,
    /// Bytes of the longest of `begins`.
    longest: usize,
}

/// The state that the words at the start of `words`, folded, name, and how many they are. `shown` is the first of them
/// as written.
pub fn named(words: &[&str], shown: &str) -> Option<(&'static str, usize)> {
    static TABLE: OnceLock<Table> = OnceLock::new();
    let table = TABLE.get_or_init(table);
    let first = particles_off(words.first()?);
    let longest = first.iter().filter_map(|form| table.several.get(*form)).max().copied().unwrap_or(1);
    (1..=longest.min(words.len()))
        .rev()
        .find_map(|count| Some((one(table, words.get(..count)?, shown)?, count)))
}

fn one(table: &Table, words: &[&str], shown: &str) -> Option<&'static str> {
    let joined = words.join(" ");
    let forms = particles_off(&joined);
    let found = forms.iter().find_map(|form| table.whole.get(*form));
    let found = found.or_else(|| forms.iter().find_map(|form| beginning(table, form)))?;
    let shouted = shown.chars().all(|c| !c.is_lowercase());
    let everyday = (SHOUTED.contains(&&*joined) && !shouted)
        || (CAPITAL.contains(&&*joined) && !shown.starts_with(char::is_uppercase));
    (!everyday).then_some(*found)
}

/// The longest beginning that the table has, with a part of the last word.
fn beginning<'t>(table: &'t Table, word: &str) -> Option<&'t &'static str> {
    let whole = word.rfind(' ').map_or(0, |space| space + 1);
    let ends = word.char_indices().map(|(at, _)| at).filter(|at| *at > whole).skip(2).chain([word.len()]);
    // A word may be as long as a whole post.
    ends.take_while(|end| *end <= table.longest).filter_map(|end| table.begins.get(word.get(..end)?)).last()
}

/// A name as it is, and without what Arabic writes together with it.
fn particles_off(name: &str) -> Vec<&str> {
    let mut forms = vec![name];
    if name.starts_with(|c| ('\u{620}'..='\u{64A}').contains(&c)) {
        forms.extend(name.strip_prefix("ال"));
        forms.extend(name.strip_prefix("لل"));
        if let Some(rest) = name.strip_prefix(['و', 'ف', 'ب', 'ل', 'ك']) {
            forms.extend([rest, rest.strip_prefix("ال").unwrap_or(rest)]);
        }
    }
    forms
}

/// The state that a flag shows, by its two letters.
pub fn flagged(flag: &str) -> Option<String> {
    let letter = |c: char| char::from_u32((c as u32).checked_sub(0x1F1E6)? + u32::from(b'A'));
    let code: Option<String> = flag.chars().map(letter).collect();
    code.filter(|code| code.len() == 2 && code.is_ascii())
}

fn table() -> Table {
    let mut table = Table::default();
    for (code, names) in NAMES {
        for name in names.split('/') {
            let name = fold::folded(name);
            let name = name.strip_prefix("ال").unwrap_or(&name);
            let starred = name.strip_suffix('*');
            let name = spaced(starred.unwrap_or(name));
            if let Some((first, rest)) = name.split_once(' ') {
                let words = 2 + rest.matches(' ').count();
                let longest = table.several.entry(first.into()).or_default();
                *longest = words.max(*longest);
            }
            if starred.is_some() {
                table.longest = table.longest.max(name.len());
                table.begins.insert(name, *code);
            } else {
                table.whole.insert(name, *code);
            }
        }
    }
    table
}

/// Han names come character by character.
fn spaced(name: &str) -> String {
    let han = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
    if !name.contains(han) {
        return name.into();
    }
    let characters: Vec<String> = name.chars().map(String::from).collect();
    characters.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_one_in_every_language_and_form() {
        let table = [
            ("Russia", Some("RU")),
            ("russe", Some("RU")),
            ("российские", Some("RU")),
            ("الروسية", Some("RU")),
            ("وروسيا", Some("RU")),
            ("Burkina Faso", Some("BF")),
            ("South Sudan", Some("SS")),
            ("Sudan", Some("SD")),
            ("Niger", Some("NE")),
            ("Nigerian", Some("NG")),
            ("尼 日 尔", Some("NE")),
            ("للجزائر", Some("DZ")),
            ("US", Some("US")),
            ("us", None),
            ("Car", None),
            ("того", None),
            ("individual", None),
        ];
        for (name, state) in table {
            let folded = fold::folded(name);
            let words: Vec<&str> = folded.split(' ').collect();
            assert_eq!(named(&words, name), state.map(|state| (state, words.len())), "{name}");
        }
    }

    #[test]
    fn a_flag_is_its_state() {
        assert_eq!(flagged("🇷🇺").as_deref(), Some("RU"));
        assert_eq!(flagged("🇷"), None);
        for picture in ["🚨", "🔥", "🔥🔥", "➡"] {
            assert_eq!(flagged(picture), None, "{picture}");
        }
    }

    #[test]
    fn no_name_stands_for_two_states() {
        let mut seen: HashMap<&str, &str> = HashMap::new();
        for (code, names) in NAMES {
            for name in names.split('/') {
                let other = seen.insert(name, code);
                assert!(other.is_none_or(|other| other == *code), "{name}");
                assert!(!name.trim_end_matches('*').contains('*') && !name.is_empty(), "{name}");
            }
        }
    }
}
