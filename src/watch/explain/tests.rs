use super::*;
use crate::model::post::Platform;
use crate::setting::Document;

const LIST: &str = r#"
languages = ["en", "fr"]
[concept.delivery]
en = ["deliver"]
fr = ["livraison"]
[concept.arms]
en = ["weapon", "rifle", "shell", "mortar", "howitzer", "drone", "missile"]
any = ["@heavy"]
[concept.heavy]
en = ["tank"]
[[rule]]
name     = "arms"
severity = "high"
when     = "@delivery NEAR/2 @arms AND (Mali OR SENTENCE(coast, guard) OR has:media)"
unless   = "food AND NOT 2 of (a, b, c)"
"#;

/// The tree in lines, indented by depth.
fn shown(branch: &Branch, depth: usize, lines: &mut Vec<String>) {
    let hits: Vec<String> = branch
        .hits
        .iter()
        .map(|traced| {
            let folds: Vec<String> = traced.folds.iter().map(ToString::to_string).collect();
            format!(" “{}”~{}[{}]", traced.hit.form, traced.hit.term, folds.join(" "))
        })
        .collect();
    let note = branch.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
    let state = if branch.holds { "PASS" } else { "FAIL" };
    lines.push(format!("{}{state} {}{}{note}", "  ".repeat(depth), branch.asks, hits.concat()));
    branch.parts.iter().for_each(|part| shown(part, depth + 1, lines));
}

fn explain(text: &str) -> (Explained, Vec<String>) {
    let documents = [("it".to_owned(), Document::new("it.toml", LIST))];
    let watch = Watch::load(&documents).unwrap();
    let post = Post::new(Platform::X, "1", text);
    let explained = watch.explain(&post, None).remove(0);
    assert_eq!(explained.holds, !watch.matches(&post).is_empty(), "{text}");
    let mut lines = Vec::new();
    shown(&explained.when, 0, &mut lines);
    explained.unless.iter().for_each(|unless| shown(unless, 0, &mut lines));
    (explained, lines)
}

#[test]
fn a_rule_that_holds_shows_the_words_that_decided_and_their_folds() {
    let (explained, lines) = explain("Livraisons: TANKS for Mali");
    assert!(explained.holds && explained.rule == "it/arms");
    assert_eq!(
        lines,
        [
            "PASS all of",
            "  PASS NEAR/2 “Livraisons”~livraison[case stem:fr] “TANKS”~tank[case stem:en]",
            "    PASS @delivery “Livraisons”~livraison[case stem:fr]",
            "    PASS @arms “TANKS”~tank[case stem:en]",
            "  PASS any of",
            "    PASS \"Mali\" “Mali”~Mali[]",
            "    FAIL SENTENCE",
            "      FAIL \"coast\"",
            "      FAIL \"guard\"",
            "    FAIL has:media",
            "FAIL all of",
            "  FAIL \"food\"",
            "  PASS 2 of 3",
            "    PASS NOT",
            "      FAIL \"a\"",
            "    PASS NOT",
            "      FAIL \"b\"",
            "    PASS NOT",
            "      FAIL \"c\"",
        ]
    );
}

#[test]
fn a_rule_that_does_not_hold_shows_what_is_missing() {
    let (explained, lines) = explain("They deliver. A coast guard? Nothing");
    assert!(!explained.holds);
    assert_eq!(
        lines[..9],
        [
            "FAIL all of",
            "  FAIL NEAR/2",
            "    PASS @delivery “deliver”~deliver[]",
            "    FAIL @arms (looked for weapon, rifle, shell, mortar, howitzer and 3 more)",
            "  PASS any of",
            "    FAIL \"Mali\"",
            "    PASS SENTENCE “coast”~coast[] “guard”~guard[]",
            "      PASS \"coast\" “coast”~coast[]",
            "      PASS \"guard\" “guard”~guard[]",
        ]
    );
    let (_, lines) = explain("Deliver x x x x weapons. Coast. Guard");
    assert!(lines[1].ends_with("FAIL NEAR/2 (the closest are 4 words apart)"));
    assert!(lines[6].ends_with("FAIL SENTENCE (all are there, but not in one sentence)"), "{lines:#?}");
}

#[test]
fn unless_is_a_branch_of_its_own() {
    let (explained, _) = explain("Weapons delivered to Mali with food");
    assert!(!explained.holds && explained.when.holds && explained.unless.unwrap().holds);
}

#[test]
fn an_explanation_is_also_json() {
    let json = serde_json::to_value(explain("Weapons delivered to Mali").0).unwrap();
    assert_eq!(json["rule"], "it/arms");
    assert_eq!(json["when"]["parts"][0]["parts"][0]["hits"][0]["form"], "delivered");
    assert_eq!(json["when"]["parts"][0]["parts"][0]["hits"][0]["folds"][0], "stem:en");
    assert_eq!(json["unless"]["parts"][0]["holds"], false);
}

#[test]
fn one_rule_is_explained_as_it_is_among_all() {
    let more = "[[rule]]\nname = \"tanks\"\nseverity = \"low\"\nwhen = \"@heavy\"\n";
    let watch = Watch::load(&[("w".into(), Document::new("w.toml", format!("{LIST}{more}")))]).unwrap();
    let post = Post::new(Platform::X, "1", "Tanks and more tanks");
    let all = watch.explain(&post, None);
    assert_eq!(all.len(), 2);
    for explained in all {
        assert_eq!(watch.explain(&post, Some(&explained.rule)), [explained]);
    }
    assert_eq!(watch.explain(&post, Some("w/none")), []);
}
