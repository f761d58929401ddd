//! What is wrong with a watchlist, where, and what to do.

use super::*;

#[test]
fn every_mistake_of_a_watchlist_is_told_at_once() {
    let text = r#"languages = ["en"]
tilte = "x"
[concept.recipient]
en = ["Mali", "!!!"]
fr = ["Mali"]
[concept.Bad_Name]
any = ["x", "ab*"]
[concept.empty]
[[rule]]
name = "one"
severity = "hgih"
when = "@recipiant AND \"military aid\" AND @delivery"
[[rule]]
name = "one"
severity = "low"
when = 'arms and aid'
unless = 'food ('
[[rule]]
name = "Two"
severity = "low"
when = 'NOT arms'
[[rule]]
name = "three"
severity = "low"
[[rule]]
name = "four"
severity = "low"
when = 'a OR NOT b'
[[rule]]
name = "five"
severity = "low"
when = '''
arms AND
  form:x'''
[[rule.example]]
txt = "y"
expect = "maybe"
[[rule]]
name = "six"
severity = "low"
when = 'arms NEAR/5 "food aid"'
unless = 'sport'
[[rule.example]]
text = "arms"
expect = "alert"
[[rule.example]]
text = "arms as food aid, sport"
expect = "alert"
[[rule.example]]
text = "food aid and arms"
expect = "quiet"
[[rule.example]]
text = "arms and then a lot of words before food aid"
expect = "alert"
"#;
    let found = load_as("sahel", text).unwrap_err();
    let expected = [
        ("2:1", "unknown key `tilte`; did you mean `title`?"),
        ("4:16", "`!!!` has no word"),
        ("5:1", "add \"fr\" to `languages`"),
        ("6:10", "such as `bad-name`"),
        ("7:14", "at least 3 letters"),
        ("8:10", "`empty` has no terms"),
        ("11:13", "did you mean `high`?"),
        ("12:9", "unknown concept `@recipiant`; did you mean `@recipient`?"),
        ("12:45", "unknown concept `@delivery`; add a [concept.delivery]"),
        ("14:9", "a rule `one` stands above already"),
        ("16:14", "operators are written in capitals: `AND`"),
        ("17:16", "no operator between `food` and `(`"),
        ("19:9", "such as `two`"),
        ("21:9", "no word to look for"),
        ("22:1", "`when` is missing"),
        ("28:9", "none of its words"),
        ("34:3", "unknown field `form:`"),
        ("35:1", "`text` is missing"),
        ("36:1", "unknown key `txt`; did you mean `text`?"),
        ("37:11", "`maybe` is none of alert, quiet"),
        ("44:9", "stays quiet: nothing meets \"food aid\""),
        ("47:9", "stays quiet: `unless` holds: `sport` meets \"sport\""),
        ("50:9", "alerts: `food aid` meets \"food aid\", `arms` meets \"arms\""),
        ("53:9", "all of \"arms\" NEAR/5 \"food aid\" is there, but not that near"),
    ];
    for (n, (place, message)) in expected.iter().enumerate() {
        let line = found.get(n).map_or("", String::as_str);
        assert!(
            line.starts_with(&format!("sahel.toml:{place}: ")) && line.contains(message),
            "{place} {message}: {found:#?}"
        );
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn each_other_mistake_has_its_place_and_remedy() {
    let rule = "[[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = 'a'\n";
    let when =
        |when: &str| format!("languages = []\n[[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = {when}\n");
    let table = [
        (
            format!("languages = [\"en\", \"EN\", \"en\"]\n{rule}"),
            vec!["sahel.toml:1:21: `EN` is no language code", "sahel.toml:1:27: `en` stands here twice"],
        ),
        (rule.into(), vec!["sahel.toml:1:1: `languages` is missing"]),
        ("languages = []".into(), vec!["sahel.toml:1:1: there is no rule here"]),
        (format!("languages = \"en\"\n{rule}"), vec!["sahel.toml:1:14: a list of language codes"]),
        ("languages = []\nrule = 3".into(), vec!["sahel.toml:2:8: an array of tables"]),
        ("languages = []\n[rule]\nname = 'x'".into(), vec!["an array of tables"]),
        (format!("languages = []\nconcept = 1\n{rule}"), vec!["sahel.toml:2:11: a table is wanted"]),
        (format!("languages = []\nconcept.x = 1\n{rule}"), vec!["sahel.toml:2:13: a table is wanted"]),
        (format!("languages = []\nconcept.x.any = 'w'\n{rule}"), vec!["sahel.toml:2:18: an array is wanted"]),
        (
            format!("languages = []\nconcept.x.any = [1, '?']\n{rule}"),
            vec!["sahel.toml:2:18: a string is wanted"],
        ),
        (
            format!("languages = []\n[concept.x]\nany = ['w']\n[concept.x]\nany = ['w']\n{rule}"),
            vec!["sahel.toml:4:"],
        ),
        (
            format!("languages = []\nconcept.x.any = ['a OR b']\n{rule}"),
            vec!["sahel.toml:2:19: `OR` joins nothing"],
        ),
        ("languages = [".into(), vec!["sahel.toml:1:"]),
        (when(r#""\"a\u00e9\" AND @x""#), vec!["sahel.toml:5:25: unknown concept `@x`; add a [concept.x]"]),
        (when("\"\"\"\na OR \\\n  @x\"\"\""), vec!["sahel.toml:7:3: unknown concept `@x`"]),
        (when("'''\r\na OR\r\n@x'''"), vec!["sahel.toml:7:1: unknown concept `@x`"]),
        (
            when("'@x AND a b AND @y'"),
            vec!["5:9: unknown concept `@x`", "5:18: no operator", "5:24: unknown concept `@y`"],
        ),
        (when("''"), vec!["sahel.toml:5:8: the condition is empty"]),
    ];
    for (text, expected) in table {
        let found = load_as("sahel", &text).unwrap_err();
        assert_eq!(found.len(), expected.len(), "{text}: {found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{text}: {found}");
        }
    }
}

#[test]
fn a_rule_that_holds_for_all_posts_or_for_none_is_refused() {
    let table = [
        ("NOT a", "", "no word to look for"),
        ("NOT (a AND NOT b)", "", "none of its words"),
        ("SENTENCE(NOT a, NOT b)", "", "no word to look for"),
        ("c AND NOT SENTENCE(NOT a, NOT b)", "", "`SENTENCE` of nothing but `NOT`"),
        ("2 of (a, NOT b, NOT c)", "", "none of its words"),
        ("NOT has:media", "", "no word to look for"),
        ("has:media OR NOT has:media", "", "none of its words"),
        ("a AND has:media AND NOT has:media", "", "asks for `has:media` and for its absence"),
        ("a AND platform:x AND platform:feed", "", "not both `platform:x` and `platform:feed`"),
        ("a AND platform:feed AND is:repost", "", "no entry of a feed is ever a repost"),
        ("3 of (a, b, c)", "b", "`unless` holds wherever \"b\" is"),
        ("a", "1 of (a, b)", "`unless` holds wherever \"a\" is"),
        ("a AND NOT a", "", "asks for \"a\" and for its absence"),
        ("a NEAR/3 b AND NOT (b OR c)", "", "asks for \"b\""),
        ("(a AND b) OR (a AND c)", "a OR d", "`unless` holds wherever \"a\" is"),
    ];
    for (when, unless, message) in table {
        let unless = if unless.is_empty() { String::new() } else { format!("unless = '{unless}'\n") };
        let found = load_as("it", &format!("{}{unless}", one_rule(when))).unwrap_err();
        assert!(found.len() == 1 && found[0].starts_with("it.toml:5:11: "), "{when}: {found:?}");
        assert!(found[0].contains(message), "{when}: {found:?}");
    }
    let meant = [
        "from:x AND has:media",
        "2 of (a, b, NOT c)",
        "a AND NOT SENTENCE(a, b)",
        "a AND NOT (a NEAR/3 b)",
        "a AND NOT (a AND b)",
        "(a AND NOT b) OR (b AND NOT a)",
    ];
    assert!(meant.iter().all(|when| load_as("it", &one_rule(when)).is_ok()));
}

#[test]
fn watchlists_are_named_apart_and_told_of_together() {
    let document = |path: &str, when: &str| Document::new(path, one_rule(when));
    let problems = Watch::load(&[
        ("arms".into(), document("a/arms.toml", "a b")),
        ("arms".into(), document("b/arms.toml", "@x")),
        ("Food Aid".into(), document("Food Aid.toml", "a")),
    ]);
    let found: Vec<String> = problems.unwrap_err().iter().map(ToString::to_string).collect();
    let expected = [
        "a/arms.toml:5:13: no operator between",
        "b/arms.toml: there are two watchlists named `arms`",
        "b/arms.toml:5:11: unknown concept `@x`",
        "Food Aid.toml: `Food Aid` is no name; write small letters, digits and single hyphens, such as `food-",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    assert!(found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected)), "{found:#?}");
}

#[test]
fn concepts_made_of_one_another_are_refused_where_the_ring_begins() {
    let list = |concepts: &str| {
        format!("languages = []\n{concepts}[[rule]]\nname = 'it'\nseverity = 'low'\nwhen = '@a OR w'\n")
    };
    let table = [
        (
            "[concept.a]\nany = ['x', '@b']\n[concept.b]\nany = ['@c', 'y']\n[concept.c]\nany = ['@a']\n",
            vec!["it.toml:3:14: `@a` uses `@b`, which uses `@c`, which uses `@a` again"],
        ),
        ("[concept.a]\nany = ['x', '@a']\n", vec!["it.toml:3:14: `@a` is made of itself"]),
        (
            "[concept.a]\nany = ['x', '@coats', '@zambezi']\n[concept.coast]\nany = ['y']\n",
            vec![
                "it.toml:3:14: unknown concept `@coats`; did you mean `@coast`?",
                "3:24: unknown concept `@zambezi`; add",
            ],
        ),
    ];
    for (concepts, expected) in table {
        let found = load_as("it", &list(concepts)).unwrap_err();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        assert!(found.iter().zip(expected).all(|(found, expected)| found.contains(expected)), "{found:#?}");
    }
    let named = "languages = ['en']\n[concept.a]\nen = ['@b']\n[concept.b]\nany = ['y']\n\
                 [[rule]]\nname = 'it'\nseverity = 'low'\nwhen = '@a'\n";
    assert!(load_as("it", named).unwrap_err()[0].contains("it.toml:3:8: `@b` brings its own languages"));
}

#[test]
fn terms_that_say_nothing_are_refused() {
    let table = [
        ("en = ['of the']", "it.toml:3:8: `of the` has only words that stand in nearly every text"),
        ("fr = ['de la']", "it.toml:3:8: `de la`"),
        ("en = ['the']", "it.toml:3:8: `the`"),
        ("any = ['sur la']", "it.toml:3:9: `sur la`"),
    ];
    for (terms, expected) in table {
        let rule = "[[rule]]\nname = 'it'\nseverity = 'low'\nwhen = '@a'\n";
        let found = load_as("it", &format!("languages = ['en', 'fr']\n[concept.a]\n{terms}\n{rule}"));
        assert!(found.as_ref().is_err_and(|found| found[0].starts_with(expected)), "{found:?}");
    }
    let bare = load_as("it", &one_rule("weapon AND \"of the\"")).unwrap_err();
    assert!(bare.len() == 1 && bare[0].starts_with("it.toml:5:22: `of the` has only words"), "{bare:?}");
    assert!(load_as("it", &one_rule("\"of the army\" OR \"==IT\"")).is_ok());
}

#[test]
fn an_account_that_nobody_watches_is_refused() {
    let accounts = Accounts {
        watched: vec![(Platform::X, "AfricanHub_".into())],
        groups: vec![("ministries".into(), Vec::new())],
    };
    let text = format!(
        "accounts = ['x:AfricanHb_', 'group:ministeries', 'twiter:a']\n{}",
        one_rule("weapon AND from:AfricanHub")
    );
    let documents = [("it".to_owned(), Document::new("it.toml", text))];
    let found = Watch::load_for(&documents, Some(&accounts), &mut Vec::new()).unwrap_err();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected = [
        "it.toml:1:14: no enabled source watches `x:AfricanHb_`; did you mean `x:AfricanHub_`?",
        "it.toml:1:30: no group is named `ministeries`; did you mean `group:ministries`?",
        "it.toml:1:51: no source has the platform `twiter`",
        "it.toml:6:22: no enabled source watches `AfricanHub`; did you mean `AfricanHub_`?",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    assert!(found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected)), "{found:#?}");
}
