//! What each operator and field asks for.

use super::*;
use crate::model::post::{Media, Reference};

#[test]
fn operators_hold_as_written() {
    let table = [
        ("a AND b", "b x a", true),
        ("a AND b", "a", false),
        ("a OR b", "b", true),
        ("a AND NOT b", "a", true),
        ("a AND NOT b", "a b", false),
        ("a AND NOT (b AND c)", "a b", true),
        ("a AND NOT (b OR c)", "a c", false),
        ("NOT (NOT a OR b)", "a", true),
        ("NOT (NOT a OR b)", "a b", false),
        ("a NEAR/0 b", "a b", true),
        ("a NEAR/0 b", "b a", true),
        ("a NEAR/0 b", "a x b", false),
        ("a NEAR/1 b", "a x b", true),
        ("a NEAR/2 b", "a x y z b", false),
        ("a NEAR/9 a", "a", false),
        ("a NEAR/9 a", "a x a", true),
        ("\"a b\" NEAR/0 b", "a b", false),
        ("a NEAR/1 b NEAR/1 c", "a x b x c", true),
        ("a NEAR/1 c NEAR/1 b", "a b c", true),
        ("a NEAR/1 b NEAR/1 c", "b x a x x c", false),
        ("a NEAR/1 (b OR \"c d\")", "c d a", true),
        ("(a NEAR/1 b OR c) NEAR/1 d", "c d", true),
        ("NOT a NEAR/1 b AND c", "a x x b c", true),
        ("a BEFORE/1 b", "a x b", true),
        ("a BEFORE/1 b", "b a", false),
        ("a BEFORE/1 b", "a x y b", false),
        ("a BEFORE/0 a", "a", false),
        ("a BEFORE/5 b BEFORE/5 c", "a b c", true),
        ("a BEFORE/5 b BEFORE/5 c", "c a b", false),
        ("a BEFORE/5 b NEAR/5 c", "c a b", true),
        ("(a OR \"a b\") BEFORE/0 c", "a b c", true),
        ("SENTENCE(a, b)", "A x b.", true),
        ("SENTENCE(a, b)", "A x. B", false),
        ("SENTENCE(a, b)", "x? B x a. C", true),
        ("SENTENCE(a, b)", "a\nb", false),
        ("SENTENCE(a, NOT b)", "A b. B c. A c", true),
        ("SENTENCE(a, NOT b)", "A b. B c.", false),
        ("NOT SENTENCE(a, b) AND c", "A c. B.", true),
        ("NOT SENTENCE(a, b) AND c", "A b. C.", false),
        ("SENTENCE(a NEAR/1 b, c OR d)", "A x b d. C", true),
        ("SENTENCE(a NEAR/9 b, c)", "A c. B c.", false),
        ("SENTENCE(2 of (a, b, c), d)", "A d. B c d", true),
        ("SENTENCE(2 of (a, b, c), d)", "A d. B d", false),
        ("SENTENCE(\"a b\", c)", "c a. B c", false),
        ("SENTENCE(马里, 俄罗斯)", "俄罗斯到了马里。", true),
        ("SENTENCE(马里, 俄罗斯)", "俄罗斯。马里", false),
        ("SENTENCE(مالي, روسيا)", "روسيا؟ مالي", false),
        ("2 of (a, b, c)", "a c", true),
        ("2 of (a, b, c)", "b b", false),
        ("2 of (a NEAR/0 b, c, NOT d)", "c", true),
        ("2 of (a NEAR/0 b, c, NOT d)", "c d", false),
        ("a AND NOT 2 of (b, c, d)", "a b", true),
        ("a AND NOT 2 of (b, c, d)", "a b d", false),
        ("3 of (a, b, c)", "c b a", true),
        ("\"military aid\"", "military aids", true),
        ("\"military aid\"", "aid military", false),
        ("=weapon", "weapons", false),
        ("weapon", "weapons", true),
        ("==US", "US", true),
        ("==US", "us", false),
        ("==US", "ＵＳ", true),
        ("==Mali", "Мali", true),
        ("weapo*", "weaponry", true),
        ("weapo*", "weap", false),
        ("\"voen* tehnik*\"", "voennaya tehnika", true),
        ("\"Burkina Faso\"", "#burkinafaso", true),
        ("\"Burkina Faso\"", "#BurkinaFaso", true),
        ("\"u n\"", "un", false),
        ("MiG-29", "#MiG29", true),
        ("Il-76", "IL76", true),
        ("俄罗斯", "今天俄罗斯向", true),
        ("россия", "в России", true),
        ("россия", "Pоссии", true),
    ];
    for (when, text, expected) in table {
        assert_eq!(holds(when, text), expected, "{when}: {text}");
    }
}

#[test]
fn near_stays_within_one_field_and_and_does_not() {
    let apart = Post { title: Some("a".into()), ..post("b") };
    assert!(watch(&one_rule("a NEAR/50 b")).matches(&apart).is_empty());
    assert_eq!(watch(&one_rule("a AND b")).matches(&apart).len(), 1);
}

#[test]
fn no_word_stands_on_both_sides_of_near() {
    let list = |a: &str, b: &str, when: &str| {
        format!(
            "languages = [\"ar\", \"en\"]\n[concept.a]\nar = [{a}]\n[concept.b]\nar = [{b}]\n\
             [[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = '{when}'\n"
        )
    };
    let suspends = "فرنسا تعلق تدريب الجيش";
    let (phrase, word) = ("\"تعلق تدريب\"", "\"تدريب\"");
    let both = "\"تعلق\", \"تعلق تدريب\"";
    let tag = "#تعلق_تدريب";
    let table = [
        (phrase, word, "@a NEAR/9 @b", suspends, None),
        (word, phrase, "@a NEAR/9 @b", suspends, None),
        (phrase, word, "@a BEFORE/9 @b", suspends, None),
        (phrase, word, "SENTENCE(@a NEAR/9 @b, \"الجيش\")", suspends, None),
        (phrase, word, "@a NEAR/9 @b", tag, None),
        // The same word with the small words written together with it.
        (word, word, "@a NEAR/9 @b", "بالتدريب", None),
        (
            word,
            word,
            "@a NEAR/9 @b",
            "والتدريب وتدريب",
            Some(vec!["والتدريب", "والتدريب", "وتدريب", "وتدريب"]),
        ),
        // Another mention, or another term that leaves the word to the other side, is enough.
        (phrase, word, "@a NEAR/9 @b", "تعلق تدريب الجيش والتدريب", Some(vec!["تعلق تدريب", "والتدريب"])),
        (both, word, "@a NEAR/9 @b", suspends, Some(vec!["تعلق", "تدريب"])),
        (both, word, "@a BEFORE/0 @b", tag, Some(vec!["تعلق", "تدريب"])),
        // What asks for no distance asks for no second word.
        (phrase, word, "@a AND @b", suspends, Some(vec!["تعلق تدريب", "تدريب"])),
        (phrase, word, "SENTENCE(@a, @b)", suspends, Some(vec!["تعلق تدريب", "تدريب"])),
        (phrase, word, "2 of (@a, @b)", suspends, Some(vec!["تعلق تدريب", "تدريب"])),
    ];
    for (a, b, when, text, expected) in table {
        let watch = watch(&list(a, b, when));
        let found = forms(&watch, text);
        assert_eq!(found, expected.unwrap_or_default(), "{a} {b} {when}: {text}");
        assert_eq!(watch.explain(&post(text), None)[0].holds, !found.is_empty(), "{when}: {text}");
    }
}

#[test]
fn only_words_that_made_the_rule_hold_are_hits() {
    let text = "a b x x x a c";
    let table = [
        ("a NEAR/0 b", vec!["a", "b"]),
        ("a", vec!["a", "a"]),
        ("(a NEAR/0 b) OR (c AND d)", vec!["a", "b"]),
        ("a AND NOT d", vec!["a", "a"]),
        ("b OR c OR b", vec!["b", "c"]),
    ];
    for (when, expected) in table {
        assert_eq!(forms(&watch(&one_rule(when)), text), expected, "{when}");
    }
}

#[test]
fn a_text_full_of_hits_is_answered() {
    let near = watch(&one_rule("(a OR b) NEAR/100 (b OR a) NEAR/100 (a OR c)"));
    assert_eq!(near.matches(&post(&"a b ".repeat(3_000))).len(), 1);
    let phrase = watch(&one_rule(&format!("\"{}\"", "b ".repeat(40))));
    let sentence = watch(&one_rule("SENTENCE(a, b NEAR/3 c, NOT d)"));
    assert_eq!(sentence.matches(&post(&"A b d. ".repeat(5_000))).len(), 0);
    assert_eq!(phrase.matches(&post(&"b ".repeat(5_000))).len(), 1);
}

#[test]
fn a_sentence_lies_within_one_field() {
    let apart = Post { title: Some("a".into()), ..post("b") };
    assert!(watch(&one_rule("SENTENCE(a, b)")).matches(&apart).is_empty());
    let forms = forms(&watch(&one_rule("SENTENCE(a, b)")), "A c. A b. Why? A x b");
    assert_eq!(forms, ["A", "b", "A", "b"]);
}

#[test]
fn fields_join_words_as_conditions() {
    let post = Post {
        author: "AfricanHub_".into(),
        lang: Some("fr".into()),
        links: vec!["https://www.rt.com/a".into()],
        media: vec![Media::default()],
        repost_of: Some(Reference::default()),
        ..post("a")
    };
    let table = [
        ("a AND from:AfricanHub_", true),
        ("a AND by:\"africanhub_\"", true),
        ("b OR link:rt.com", true),
        ("has:media AND platform:x", true),
        ("a AND NOT is:repost", false),
        ("2 of (b, is:repost, lang:fr)", true),
        ("2 of (b, is:reply, lang:fr)", false),
        ("a AND (lang:en OR has:quote)", false),
    ];
    for (when, expected) in table {
        assert_eq!(!watch(&one_rule(when)).matches(&post).is_empty(), expected, "{when}");
    }
    let found = watch(&one_rule("has:media AND platform:x")).matches(&post);
    assert!(found[0].hits.is_empty());
}

#[test]
fn from_asks_for_the_account_that_is_watched() {
    let watch = watch(&one_rule("a AND from:x:Ministries"));
    let reposted = Post { author: "Ministries".into(), ..post("a") };
    let origin = |account| Origin { platform: &Platform::X, account };
    assert_eq!(watch.matches(&reposted).len(), 1);
    assert_eq!(watch.matches_from(&post("a"), &origin("ministries")).len(), 1);
    assert_eq!(watch.matches_from(&reposted, &origin("other")).len(), 0);
    assert_eq!(
        watch.matches_from(&post("a"), &Origin { platform: &Platform::FEED, account: "ministries" }),
        []
    );
}

#[test]
fn a_watchlist_is_for_the_accounts_it_names() {
    let text = format!("accounts = [\"x:AfricanHub_\", \"group:ministries\"]\n{}", one_rule("weapon"));
    let accounts = Accounts {
        watched: ["AfricanHub_", "mod_a", "other"].map(|name| (Platform::X, name.into())).into(),
        groups: vec![("ministries".into(), vec![Account::parse("x:mod_a").unwrap()])],
    };
    let documents = [("it".to_owned(), Document::new("it.toml", text))];
    let watch = Watch::load_for(&documents, Some(&accounts), &mut Vec::new()).unwrap();
    let held = |account: &str| {
        !watch.matches_from(&post("weapons"), &Origin { platform: &Platform::X, account }).is_empty()
    };
    assert!(held("africanhub_") && held("mod_a") && !held("other"));
    assert_eq!(watch.matches(&post("weapons")).len(), 1);
}

#[test]
fn a_concept_may_be_made_of_others() {
    let list = "languages = [\"en\"]\n[concept.recipient]\nany = [\"@sahel\", \"@coast\", \"Chad\"]\n\
                [concept.sahel]\nen = [\"Mali\"]\n[concept.coast]\nany = [\"@guinea\"]\n\
                [concept.guinea]\nen = [\"Benin\"]\n\
                [[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = '@recipient NEAR/2 arms'\n";
    let watch = watch(list);
    for text in ["arms for Chad", "arms for Mali", "Benin arms"] {
        assert_eq!(watch.matches(&post(text)).len(), 1, "{text}");
    }
    assert!(watch.matches(&post("arms for Ghana")).is_empty());
    let found = watch.matches(&post("arms for Benin"));
    assert_eq!(found[0].hits[1].concept.as_deref(), Some("guinea"));
}
