use std::sync::LazyLock;

use proptest::prelude::*;

use super::lexicon::Findings;
use super::lexicon::plain::Tree;
use super::term::Term;
use super::*;
use crate::model::matched::Severity;
use crate::model::post::{Media, Platform, Reference};
use crate::text::token::{analyse, analyse_link};

const SAHEL: &str = r#"
title = "Military aid to the Sahel"
languages = ["en", "fr", "ru", "ar"]

[concept.recipient]
en  = ["Burkina Faso", "Mali", "Ouagadougou"]
ru  = ["Буркина-Фасо", "=Мали"]
any = ["🇧🇫", "==AES"]

[concept.delivery]
en = ["deliver", "commit", "send"]
fr = ["livraison", "livrer"]
ru = ["поставка", "поставить"]
ar = ["تسليم"]

[concept.materiel]
en = ["weapon", "=arms", "military assistance"]
fr = ["=arme", "=armes", "véhicule militaire"]
ru = ["оружие", "военная техника"]
ar = ["سلاح"]

[concept.food-aid]
en = ["food"]
fr = ["vivres"]

[concept.history]
en = ["histor*", "anniversary"]

[[rule]]
name     = "arms-delivery"
severity = "high"
when     = "@delivery NEAR/12 @materiel AND @recipient"
unless   = "@food-aid OR @history"

[[rule.example]]
text   = "Livraison d’ARMES russes à Ouagadougou"
expect = "alert"

[[rule.example]]
text   = "Livraison de vivres et d'armes à Ouagadougou"
expect = "quiet"

[[rule]]
name     = "africa-corps"
severity = "medium"
when     = '"Africa Corps" OR Вагнер'
"#;

fn load_as(name: &str, text: &str) -> Result<Watch, Vec<String>> {
    let document = Document { path: format!("{name}.toml").into(), text: text.into() };
    let loaded = Watch::load(&[(name.into(), document)]);
    loaded.map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn watch(text: &str) -> Watch {
    load_as("sahel", text).unwrap()
}

fn post(text: &str) -> Post {
    Post::new(Platform::X, "1", text)
}

/// A watchlist of one rule without concepts.
fn one_rule(when: &str) -> String {
    let languages = "languages = [\"en\", \"fr\", \"ru\"]";
    format!("{languages}\n[[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = '''{when}'''\n")
}

fn holds(when: &str, text: &str) -> bool {
    !watch(&one_rule(when)).matches(&post(text)).is_empty()
}

/// The forms of the hits of the first match.
fn forms(watch: &Watch, text: &str) -> Vec<String> {
    watch.matches(&post(text)).into_iter().take(1).flat_map(|found| found.hits).map(|hit| hit.form).collect()
}

#[test]
fn posts_in_many_spellings_meet_the_rule() {
    let watch = watch(SAHEL);
    let table = [
        ("Livraison d’ARMES russes à Ouagadougou", vec!["Livraison", "ARMES", "Ouagadougou"]),
        (
            "Russia has committed more military assistance to #BurkinaFaso",
            vec!["committed", "military assistance", "BurkinaFaso"],
        ),
        ("Россия поставила Мали военную технику", vec!["поставила", "Мали", "военную технику"]),
        ("𝗪𝗲𝗮𝗽𝗼𝗻𝘀 were delivered to 🇧🇫", vec!["𝗪𝗲𝗮𝗽𝗼𝗻𝘀", "delivered", "🇧🇫"]),
        ("sends wеapons to #burkinafaso", vec!["sends", "wеapons", "burkinafaso"]),
        ("تسليم الأسلحة", vec![]),
        ("تسليم السلاح AES", vec!["تسليم", "السلاح", "AES"]),
        ("تسليم السلاح aes", vec![]),
        ("Vehicules militaires: livraisons au Mali", vec!["Vehicules militaires", "livraisons", "Mali"]),
    ];
    for (text, expected) in table {
        assert_eq!(forms(&watch, text), expected, "{text}");
    }
}

#[test]
fn a_match_tells_rule_severity_and_every_hit_with_its_place() {
    let found = watch(SAHEL).matches(&post("Livraison d’ARMES russes à Ouagadougou, Africa Corps présent"));
    assert_eq!(found.len(), 2);
    assert_eq!((&*found[0].rule, found[0].severity), ("sahel/arms-delivery", Severity::High));
    assert_eq!(
        found[0].hits[1],
        Hit {
            concept: Some("materiel".into()),
            term: "=armes".into(),
            form: "ARMES".into(),
            field: Field::Text,
            start: 14,
            end: 19,
        }
    );
    let bare = &found[1].hits[0];
    assert_eq!((&bare.concept, &*bare.term, &*bare.form), (&None, "Africa Corps", "Africa Corps"));
}

#[test]
fn words_are_looked_for_in_every_part_of_a_post() {
    let post = Post {
        title: Some("weapons".into()),
        warning: Some("weapons".into()),
        quote_of: Some(Reference { text: Some("weapons".into()), ..Reference::default() }),
        media: vec![Media::default(), Media { alt: Some("a weapon".into()), ..Media::default() }],
        links: vec!["https://example.org/new-weapons?weapons".into()],
        ..post("weapons https://example.org/weapons")
    };
    let found = watch(&one_rule("weapon")).matches(&post);
    let places: Vec<(Field, usize)> = found[0].hits.iter().map(|hit| (hit.field, hit.start)).collect();
    let fields = [Field::Title, Field::Warning, Field::Text, Field::Quote, Field::Media(1), Field::Link(0)];
    assert_eq!(places, fields.into_iter().zip([0, 0, 0, 0, 2, 24]).collect::<Vec<_>>());
}

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
fn a_word_in_two_languages_of_a_concept_is_one_hit() {
    let list = "languages = [\"en\", \"fr\"]\n[concept.c]\nen = [\"munition\"]\nfr = [\"munition\"]\n\
                [[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = '@c'\n";
    assert_eq!(forms(&watch(list), "munitions"), ["munitions"]);
}

#[test]
fn a_term_inflects_in_its_own_language_only() {
    let list = "languages = [\"en\", \"fr\"]\n[concept.c]\nen = [\"livraison\"]\nany = [\"soldat\"]\n\
                [[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = '@c'\n";
    let watch = watch(list);
    let held = |text| !watch.matches(&post(text)).is_empty();
    assert!(held("livraisons") && held("SOLDAT") && !held("soldats") && !held("livrais"));
}

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
  from:x'''
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
        ("34:3", "unknown operator `from:`"),
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
    let meant = ["a AND NOT (a NEAR/3 b)", "a AND NOT (a AND b)", "(a AND NOT b) OR (b AND NOT a)"];
    assert!(meant.iter().all(|when| load_as("it", &one_rule(when)).is_ok()));
}

#[test]
fn watchlists_are_named_apart_and_told_of_together() {
    let document = |path: &str, when: &str| Document { path: path.into(), text: one_rule(when) };
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
fn a_watch_counts_what_it_holds() {
    let other = Document { path: "other.toml".into(), text: one_rule("a OR \"b c\" OR a") };
    let sahel = Document { path: "sahel.toml".into(), text: SAHEL.into() };
    let watch = Watch::load(&[("sahel".into(), sahel), ("other".into(), other)]).unwrap();
    assert_eq!(watch.watchlists().collect::<Vec<_>>(), ["sahel", "other"]);
    assert_eq!((watch.rules(), watch.terms()), (3, 30 + 2));
    assert_eq!(Watch::load(&[]).unwrap().matches(&post("a")), []);
}

#[test]
fn a_hit_within_a_wider_one_of_its_concept_is_left_out() {
    let list = "languages = []\n[concept.c]\nany = [\"Burkina\", \"Burkina Faso\", \"Faso\"]\n\
                [[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = '@c OR Burkina'\n";
    assert_eq!(forms(&watch(list), "Faso, Burkina Faso"), ["Faso", "Burkina", "Burkina Faso"]);
}

#[test]
fn a_text_full_of_hits_is_answered() {
    let near = watch(&one_rule("(a OR b) NEAR/100 (b OR a) NEAR/100 (a OR c)"));
    assert_eq!(near.matches(&post(&"a b ".repeat(3_000))).len(), 1);
    let phrase = watch(&one_rule(&format!("\"{}\"", "a ".repeat(40))));
    assert_eq!(phrase.matches(&post(&"a ".repeat(5_000))).len(), 1);
}

/// What is found in a post by a search without shortcuts or memory.
fn plainly(watch: &Watch, tree: &Tree, post: &Post) -> Findings {
    let tokens = |part: &Part| match part.field {
        Field::Link(_) => analyse_link(part.text),
        _ => analyse(part.text),
    };
    let tokens: Vec<_> = parts(post).iter().map(tokens).collect();
    tree.find(&watch.lexicon, tokens.iter().map(Vec::as_slice))
}

fn quickly(watch: &Watch, post: &Post) -> Findings {
    watch.desks.with(|desk| watch.lexicon.search(desk, &parts(post), Part::read))
}

/// The watchlist that comes with vigie.
static FOUNDING: LazyLock<(Watch, Tree)> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/watchlists/sahel-military-aid.toml");
    let watch = watch(&std::fs::read_to_string(path).unwrap());
    let tree = Tree::of(&watch.lexicon);
    (watch, tree)
});

#[test]
fn the_demo_posts_are_searched_as_they_would_be_without_shortcuts() {
    let posts = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/demo/posts.jsonl"));
    let (watch, tree) = &*FOUNDING;
    let mut found = 0;
    for line in posts.lines() {
        let post: Post = serde_json::from_str(line).unwrap();
        let plain = plainly(watch, tree, &post);
        found += plain.count();
        assert_eq!(quickly(watch, &post), plain, "{line}");
        let rules = watch.rules.iter().filter(|rule| rule.holds(&plain).is_some()).map(|rule| &rule.name);
        let matched = watch.matches(&post);
        assert_eq!(matched.iter().map(|found| &found.rule).collect::<Vec<_>>(), rules.collect::<Vec<_>>());
    }
    assert!(found > 100, "{found}");
}

/// Text of words that the founding watchlist looks for, in many forms and disguises.
fn post_texts() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "weapons",
        "armes",
        "оружие",
        "оружия",
        "поставки",
        "поставил",
        "الأسلحة",
        "بالسلاح",
        "تسليم",
        "армия",
        "Burkina",
        "Faso",
        "#BurkinaFaso",
        "#burkinafaso",
        "буркина-фасо",
        "Мали",
        "Mali",
        "Niger",
        "AES",
        "aes",
        "🇷🇺",
        "🇧🇫",
        "military",
        "assistance",
        "aide",
        "militaire",
        "Africa Corps",
        "#AfricaCorps",
        "wеapons",
        "俄罗斯",
        "马里",
        "军",
        "l’armée",
        "ʀᴜssɪᴀ",
        "history",
        "delivered",
        "the",
        "of",
        ".",
        "https://t.co/x",
        "drones",
        "instructeurs",
        "d’",
        "#AesAesFaso",
        "MALI",
        "Wagner",
        "ВАГНЕР",
    ]);
    let piece = prop_oneof![8 => word.prop_map(str::to_owned), 1 => "\\PC{0,4}"];
    prop::collection::vec((piece, prop::sample::select(vec![" ", " ", " ", "", ", ", "\u{200B}"])), 0..24)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, space)| [piece, space.into()]).collect())
}

/// A condition over a few words, and the same one with more space and parentheses.
fn conditions() -> impl Strategy<Value = (String, String)> {
    let term = prop::sample::select(vec!["a", "b", "c", "\"a b\"", "=d", "fgh*"]);
    let near = (term.clone(), 0..4_usize, term.clone()).prop_map(|(one, n, other)| {
        (format!("{one} NEAR/{n} {other}"), format!("( {one}  NEAR/{n} ({other}) )"))
    });
    let leaf = prop_oneof![term.prop_map(|term| (term.to_owned(), format!("(({term}) )"))), near];
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
            inner.prop_map(|a| (format!("(NOT NOT ({}))", a.0), format!("(NOT (NOT ({})))", a.1))),
        ]
    })
}

/// What a watchlist makes of a text, if it is not refused.
fn result(list: &str, text: &str) -> Option<Vec<Match>> {
    Some(load_as("it", list).ok()?.matches(&post(text)))
}

fn texts() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec!["a", "b", "c", "d", "fghi", "x", "."]);
    prop::collection::vec(words, 0..12).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn every_post_is_searched_as_it_would_be_without_shortcuts(text in post_texts(), link in post_texts()) {
        let (watch, tree) = &*FOUNDING;
        let post = Post { links: vec![link.clone()], title: Some(link), ..post(&text) };
        let plain = plainly(watch, tree, &post);
        prop_assert_eq!(&quickly(watch, &post), &plain);
        let tokens = [analyse(&text)];
        let of_tokens = watch.lexicon.find(tokens.iter().map(Vec::as_slice));
        prop_assert_eq!(of_tokens, tree.find(&watch.lexicon, tokens.iter().map(Vec::as_slice)));
    }

    #[test]
    fn phrases_are_found_also_where_words_of_tags_overlap(
        terms in prop::collection::vec("(=|==)?[abAB]{1,3}\\*?( [abAB]{1,3}\\*?){0,3}", 1..8),
        text in "([abAB]{1,3} |#[abAB]{1,7} ?){0,24}",
    ) {
        let quoted = terms.iter().filter(|term| Term::parse(term).is_ok());
        let terms: Vec<String> = quoted.map(|term| format!("\"{term}\"")).collect();
        if let Ok(watch) = load_as("it", &one_rule(&terms.join(" OR "))) {
            let plain = plainly(&watch, &Tree::of(&watch.lexicon), &post(&text));
            prop_assert_eq!(quickly(&watch, &post(&text)), plain);
        }
    }

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
    fn no_condition_breaks_loading(when in "([@()\"=* ]|AND |OR |NOT |NEAR/3 |[a-z]{1,3} |\\PC){0,20}") {
        let list = one_rule(&when.replace('\'', ""));
        if let Err(problems) = load_as("it", &list) {
            prop_assert!(problems.iter().all(|problem| problem.starts_with("it.toml:")), "{:?}", problems);
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
            both.retain(|found| found.rule == "it/it");
            prop_assert_eq!(both, alone);
        }
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
