//! What is told of a watchlist without refusing it.

use super::*;

/// Asserts that a watchlist loads with these warnings and no others; each is told by how it begins.
fn assert_warned(text: &str, expected: &[&str]) {
    let (watch, found) = load_and_warn("it", text);
    watch.unwrap();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    assert!(found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected)), "{found:#?}");
}

#[test]
fn what_may_be_meant_but_seldom_is_comes_as_a_warning() {
    let text = "languages = ['en', 'fr']\n[concept.a]\nen = ['weapon', 'weapons', 'go', '==US']\nany = ['俄', 'the']\n\
                [[rule]]\nname = 'it'\nseverity = 'low'\nwhen = '@a OR in'\n";
    let expected = [
        "it.toml:3:18: `weapons` finds nothing that `weapon` does not find",
        "it.toml:3:29: `go` is very short",
        "it.toml:4:9: `俄` is a single character",
        "it.toml:4:14: `the` stands in nearly every text",
        "it.toml:6:9: no example shows `it` at work",
        "it.toml:8:15: `in` stands in nearly every text",
    ];
    assert_warned(text, &expected);
}

#[test]
fn a_term_that_meets_a_small_word_of_another_language_is_told() {
    let text = "languages = ['en', 'es', 'tr']\n[concept.a]\nes = ['cones']\ntr = ['para', 'silah']\nany = ['para*']\n\
                [concept.b]\nany = ['=cones', '==Para']\n[[rule]]\nname = 'it'\nseverity = 'low'\nwhen = '@a OR cones OR @b'\n\
                [[rule.example]]\ntext = 'silah'\nexpect = 'alert'\n";
    let expected = [
        "it.toml:3:8: `cones` also meets `con`, which stands in nearly every text in es; write `=cones` to look for this form only",
        "it.toml:4:8: `para` also meets `para`, which stands in nearly every text in es; make it part of a phrase, or keep",
        "it.toml:5:9: `para` also meets `para`, which stands in nearly every text in es; write more letters before the `*`",
        "it.toml:11:15: `cones` also meets `con`, which stands in nearly every text in es",
    ];
    assert_warned(text, &expected);
}

#[test]
fn a_phrase_that_meets_nothing_but_small_words_by_its_stems_is_told() {
    let text = "languages = ['en', 'es']\n[concept.a]\nes = ['cones para', 'cones militares', '=cones para']\n\
                [[rule]]\nname = 'it'\nseverity = 'low'\nwhen = '@a OR \"que cones\"'\n\
                [[rule.example]]\ntext = 'cones militares'\nexpect = 'alert'\n";
    let expected = [
        "it.toml:3:8: `cones para` also meets `con para`, which stands in nearly every text in es; write `=cones para`",
        "it.toml:3:41: `=cones para` finds nothing that `cones para` does not find",
        "it.toml:7:15: `que cones` also meets `que con`, which stands in nearly every text in es",
    ];
    assert_warned(text, &expected);
}

#[test]
fn a_watchlist_that_is_refused_is_warned_of_all_the_same() {
    let text = "languages = ['en']\n[concept.a]\nen = ['weapon', 'weapons', 'ab*']\n[concept.b]\nen = ['go']\nde = ['in']\n\
                [[rule]]\nname = 'it'\nseverity = 'low'\nwhen = '@a AND'\n\
                [[rule]]\nname = 'other'\nseverity = 'low'\nwhen = 'weapon'\n\
                [[rule.example]]\ntext = 'weapon'\nexpect = 'allert'\n";
    let (watch, warned) = load_and_warn("it", text);
    assert_eq!(watch.unwrap_err().len(), 4);
    // Nothing is said of the concept and the rule of which some could not be read: that may be what is missed.
    let expected = [
        "it.toml:3:18: `weapons` finds nothing that `weapon` does not find",
        "it.toml:8:9: no example shows `it` at work",
    ];
    assert_eq!(warned.len(), expected.len(), "{warned:#?}");
    assert!(warned.iter().zip(expected).all(|(found, expected)| found.starts_with(expected)), "{warned:#?}");
}
