//! What holds for any watchlist and any text.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::model::matched::Match;

/// A condition over a few words, and the same one with more space and parentheses.
fn conditions() -> impl Strategy<Value = (String, String)> {
    let term = prop::sample::select(vec!["a", "b", "c", "\"a b\"", "=d", "fgh*"]);
    let near = (term.clone(), 0..4_usize, term.clone()).prop_map(|(one, n, other)| {
        (format!("{one} NEAR/{n} {other}"), format!("( {one}  NEAR/{n} ({other}) )"))
    });
    let leaf = prop_oneof![term.clone().prop_map(|term| (term.to_owned(), format!("(({term}) )"))), near];
    let ordered = (term.clone(), 0..4_usize, term.clone()).prop_map(|(one, n, other)| {
        (format!("{one} BEFORE/{n} {other}"), format!("(({one}) BEFORE/{n}\n{other})"))
    });
    let sentence = (term.clone(), term.clone()).prop_map(|(one, other)| {
        (format!("SENTENCE({one}, {other} OR e)"), format!("SENTENCE ( ({one}),(({other}) OR e ) )"))
    });
    let field = prop::sample::select(vec!["has:media", "platform:x", "lang:fr"])
        .prop_map(|field| (field.to_owned(), format!("( {field})")));
    let leaf = prop_oneof![4 => leaf, 1 => ordered, 1 => sentence, 1 => field];
    leaf.prop_recursive(4, 16, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(a, b)| (
                format!("({}) AND ({})", a.0, b.0),
                format!("( {}\nAND\t({}))", a.1, b.1)
            )),
            two.prop_map(|(a, b)| (format!("({} OR {})", a.0, b.0), format!("(({})  OR  {})", a.1, b.1))),
            inner
                .clone()
                .prop_map(|a| (format!("(a AND NOT ({}))", a.0), format!("((a) AND (NOT (({}))))", a.1))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| (
                format!("2 of ({}, e, {}, fghi)", a.0, b.0),
                format!("2 of ( ({}) ,(e),{},\n fghi)", a.1, b.1)
            )),
            inner.prop_map(|a| (format!("(NOT NOT ({}))", a.0), format!("(NOT (NOT ({})))", a.1))),
        ]
    })
}

/// What a watchlist makes of a text, if it is not refused.
fn result(list: &str, text: &str) -> Option<Vec<Match>> {
    Some(load_as("it", list).ok()?.matches(&post(text)))
}

/// A watchlist that looks for one phrase.
fn phrase(language: &str, phrase: &str) -> String {
    let rule = one_rule("@phrase").replacen("[\"en\", \"fr\", \"ru\"]", &format!("[\"{language}\"]"), 1);
    format!("{rule}[concept.phrase]\n{language} = [\"{phrase}\"]\n")
}

fn texts() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec!["a", "b", "c", "d", "fghi", "x", "."]);
    prop::collection::vec(words, 0..12).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_text_breaks_matching(
        text in "(\\PC|[#@'’ _a-zA-Zе\u{301}]|Mali|armes|🇧🇫|Africa|Corps|livr|https://|%D0){0,40}",
    ) {
        static WATCH: LazyLock<Watch> = LazyLock::new(|| watch(SAHEL));
        let post = Post { links: vec![text.clone()], title: Some(text.clone()), ..post(&text) };
        for hit in WATCH.matches(&post).into_iter().flat_map(|found| found.hits) {
            prop_assert_eq!(text.get(hit.start..hit.end), Some(&*hit.form));
        }
    }

    #[test]
    fn no_condition_breaks_loading(
        when in "([@()\"=* ]|AND |OR |NOT |NEAR/3 |BEFORE/1 |SENTENCE\\(|2 of \\(|, |from:|has:media |lang:|[a-z]{1,3} |\\PC){0,20}",
        text in texts(),
    ) {
        let list = one_rule(&when.replace('\'', ""));
        match load_as("it", &list) {
            Ok(watch) => {
                let about = post(&text);
                prop_assert_eq!(watch.explain(&about, None)[0].holds, !watch.matches(&about).is_empty());
            }
            Err(problems) => {
                prop_assert!(problems.iter().all(|problem| problem.starts_with("it.toml:")), "{:?}", problems);
            }
        }
    }

    #[test]
    fn an_explanation_agrees_with_the_matches((plain, _) in conditions(), text in texts()) {
        if let Ok(watch) = load_as("it", &one_rule(&plain)) {
            let (explained, found) = (watch.explain(&post(&text), None).remove(0), watch.matches(&post(&text)));
            prop_assert_eq!(explained.holds, !found.is_empty());
            prop_assert_eq!(explained.when.holds, explained.holds);
        }
    }

    #[test]
    fn a_rule_and_its_reformatted_text_agree((plain, spaced) in conditions(), text in texts()) {
        prop_assert_eq!(result(&one_rule(&plain), &text), result(&one_rule(&spaced), &text));
    }

    #[test]
    fn twice_not_is_as_if_nothing_were_said((plain, _) in conditions(), text in texts()) {
        let once = result(&one_rule(&plain), &text);
        for twice in [format!("NOT NOT ({plain})"), format!("NOT (NOT ({plain}))")] {
            prop_assert_eq!(&result(&one_rule(&twice), &text), &once);
        }
    }

    #[test]
    fn an_unrelated_rule_changes_no_result(
        (plain, _) in conditions(),
        (other, _) in conditions(),
        text in texts(),
    ) {
        let alone = one_rule(&plain);
        let rule = format!("[[rule]]\nname = \"other\"\nseverity = \"low\"\nwhen = \'\'\'{other}\'\'\'\n");
        let both = result(&format!("{alone}{rule}"), &text);
        if let (Some(alone), Some(mut both)) = (result(&alone, &text), both) {
            both.retain(|found| *found.rule == *"it/it");
            prop_assert_eq!(both, alone);
        }
    }

    #[test]
    fn a_phrase_is_never_met_by_its_first_word(
        first in "[a-z]{3,8}(an|al|ic|e|is|en)?",
        last in "[a-z]{0,3}(ally|allies|ement|ingly|idade|lik|ost)",
        language in prop::sample::select(vec!["en", "fr", "de", "es", "it", "nl", "pt", "sv", "tr"]),
    ) {
        let watch = load_as("it", &phrase(language, &format!("{first} {last}")));
        let watch = watch.map_err(|problems| TestCaseError::reject(problems.join("; ")))?;
        prop_assert_eq!(watch.matches(&post(&first)), []);
    }

    #[test]
    fn no_edit_of_a_watchlist_breaks_loading(
        at in 0..SAHEL.len(),
        cut in 0..9_usize,
        piece in "\\PC{0,3}|[\\[\\]\"'=(){}\n]{0,3}",
    ) {
        let mut text: Vec<char> = SAHEL.chars().collect();
        let at = at.min(text.len());
        text.splice(at..(at + cut).min(text.len()), piece.chars());
        if let Err(problems) = load_as("it", &text.into_iter().collect::<String>()) {
            prop_assert!(problems.iter().all(|problem| problem.starts_with("it.toml:")), "{:?}", problems);
        }
    }
}
