use unicode_normalization::char::compose;

use super::*;
use crate::text::glyph::glyph;

#[test]
fn words_meet_by_their_lower_case_and_by_their_capitals() {
    let hashes = |text: &str| {
        let mut words = Words::default();
        words.read(text);
        let first = words.found()[0];
        (first.hash, words.cased_hash(&first))
    };
    let (weapons, cased) = hashes("weapons");
    for same in ["WEAPONS", "wеapons", "𝐖eapons", "wea\u{AD}pons"] {
        assert_eq!(hashes(same).0, weapons, "{same}");
    }
    assert_ne!(hashes("WEAPONS").1, cased);
    assert_eq!(hashes("wеapons").1, cased);
    for (text, folded) in [("ÉQUIPÉS", "equipes"), ("Straße", "strasse"), ("Ёлка", "елка"), ("arms", "arms")]
    {
        let mut words = Words::default();
        words.read(text);
        assert_eq!(words.spellings(), [spelling_hash(folded)], "{text}");
    }
    for other in ["weapon", "weaponss", "snopaew", "équipe", "equipe"] {
        assert_ne!(hashes(other).0, weapons, "{other}");
    }
}

#[test]
fn a_letter_stays_of_its_class_when_a_mark_joins_it() {
    let mut joined = 0;
    for c in '\u{C0}'..=char::MAX {
        let mut parts = Vec::new();
        unicode_normalization::char::decompose_canonical(c, |part| parts.push(part));
        let mut letter = parts[0];
        for mark in &parts[1..] {
            let Some(next) = compose(letter, *mark).filter(|_| glyph(*mark).joins()) else { break };
            assert_eq!(glyph(next).class, glyph(letter).class, "{letter:?} {mark:?}");
            (letter, joined) = (next, joined + 1);
        }
    }
    assert!(joined > 10_000, "{joined}");
}

#[test]
fn a_buffer_forgets_the_text_before() {
    let mut words = Words::default();
    words.read("many words stand here");
    words.read("two wеapons");
    assert_eq!(words.found().len(), 2);
    assert_eq!(words.token(&words.found()[1]).folded, "weapons");
    words.read_link("https://x.org/a");
    assert_eq!(words.found().len(), 3);
}

#[test]
fn a_word_stands_where_it_was_found_however_many_there_are_and_however_far_behind() {
    let tags = "#BurkinaFaso #MaliNiger ".repeat(6);
    let far = format!("arms {} weapons", "-".repeat(70_000));
    let between = format!("arms {} weapons arms", "-".repeat(65_535 - 10));
    let many = "arms and weapons ".repeat(200);
    let mut words = Words::default();
    for text in ["", "arms", &many, &tags, &far, "two weapons", &between, &many] {
        words.read(text);
        for (number, word) in words.found().iter().enumerate() {
            assert_eq!(words.spot(number), Some(Spot::of(word)), "{number} of {text:.40}");
        }
        assert_eq!(words.spot(words.found().len()), None);
        assert_eq!(words.spellings().len(), words.found().len());
    }
    words.read(&tags);
    let beside = |[before, behind]: [u32; 2]| {
        let [before, behind] = [before, behind].map(|number| words.spot(number as usize).unwrap());
        before.at + before.width == behind.at
    };
    // From each tag but the last to the next one: its whole to both, its last part to the first.
    assert_eq!(words.leaps().len(), 3 * 11);
    assert!(words.leaps().iter().all(|leap| beside(*leap)));
}
