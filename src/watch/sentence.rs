//! Where the sentences of a text end.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Words that a full stop shortens; a sentence seldom ends behind one.
const SHORTENED: [&str; 46] = [
    "adm", "al", "approx", "art", "brig", "capt", "cf", "cie", "cmdr", "col", "dept", "dr", "etc", "fig",
    "gen", "gov", "hon", "inc", "lt", "ltd", "maj", "mgr", "mlle", "mm", "mme", "mr", "mrs", "ms", "nr",
    "op", "pres", "prof", "sen", "sgt", "sr", "st", "vol", "vs", "г", "ген", "гос", "им", "млн", "млрд",
    "тыс", "ул",
];

/// The sentences of `text`, by their bytes, in its order; together they are all of it.
///
/// They end by the rules of UAX #29: behind `.`, `!`, `?`, `؟`, `。`, `！`, `？` and the like where a new one may
/// begin, and at every line break. A full stop behind an initial or a usual short form ends none.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, piece) in text.split_sentence_bound_indices() {
        let end = start + piece.len();
        match found.last_mut().filter(|last| text.get((*last).clone()).is_some_and(goes_on)) {
            Some(last) => last.end = end,
            None => found.push(start..end),
        }
    }
    found
}

/// Whether the full stop at the end of `piece` ends a short form and no sentence.
fn goes_on(piece: &str) -> bool {
    if piece.ends_with(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        return false;
    }
    let Some(before) = piece.trim_end().strip_suffix('.') else { return false };
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    initial || SHORTENED.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn divided(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|range| text[range].trim()).collect()
    }

    #[test]
    fn sentences_end_where_people_end_them() {
        let table = [
            ("One. Two! Three? Four", vec!["One.", "Two!", "Three?", "Four"]),
            ("وصلت الأسلحة؟ نعم", vec!["وصلت الأسلحة؟", "نعم"]),
            ("武器到了。俄罗斯！真的？是", vec!["武器到了。", "俄罗斯！", "真的？", "是"]),
            ("A headline\nA line\n\nA paragraph", vec!["A headline", "A line", "", "A paragraph"]),
            ("Il-76 with 3.5 t. Next", vec!["Il-76 with 3.5 t.", "Next"]),
            ("The U.S. Army and Gen. Tiani met. Then", vec!["The U.S. Army and Gen. Tiani met.", "Then"]),
            ("Le col. Goïta a dit « non ». Il part.", vec!["Le col. Goïta a dit « non ».", "Il part."]),
            ("в 2025 г. Россия поставила. Потом", vec!["в 2025 г. Россия поставила.", "Потом"]),
            ("by A.\nNext", vec!["by A.", "Next"]),
            ("", vec![]),
        ];
        for (text, expected) in table {
            assert_eq!(divided(text), expected, "{text}");
        }
    }

    #[test]
    fn short_forms_are_sorted_small_and_known_once() {
        assert!(SHORTENED.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(SHORTENED.iter().all(|word| word.to_lowercase() == *word));
    }

    proptest! {
        #[test]
        fn the_sentences_of_any_text_are_all_of_it(text in "(\\PC|[.!?。\n ؟A-Z]){0,40}") {
            let mut behind = 0;
            for range in sentences(&text) {
                prop_assert_eq!(range.start, behind);
                prop_assert!(text.get(range.clone()).is_some_and(|piece| !piece.is_empty()));
                behind = range.end;
            }
            prop_assert_eq!(behind, text.len());
        }
    }
}
