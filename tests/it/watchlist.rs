//! Watchlists as people meet them: the program, its exit codes and what it says.

use std::fs;
use std::process::{Command, Output};

use crate::program::program;

const CONFIG: &str = "store = \"data\"\nwatchlists = \"list.toml\"\n[source.file.inbox]\nfiles = [\"posts.jsonl\"]\n\
                      [sink.console.here]\n";

const LIST: &str = "languages = [\"en\"]\naccounts = [\"group:desk\"]\n[concept.arms]\nen = [\"weapon\", \"weapons\"]\n\
                    [[rule]]\nname = \"arms\"\nseverity = \"high\"\nwhen = \"@arms AND from:file:posts.jsonl\"\n";

/// Runs the program in a folder that holds a configuration, a watchlist and posts.
fn vigie(config: &str, list: &str, posts: &str, arguments: &[&str]) -> Output {
    vigie_with(&[("vigie.toml", config), ("list.toml", list), ("posts.jsonl", posts)], arguments)
}

/// Runs the program in a folder that holds these files.
fn vigie_with(files: &[(&str, &str)], arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut command = Command::new(program());
    command.current_dir(folder.path()).env_remove("VIGIE_STORE").env_remove("VIGIE_LOG");
    command.args(["--config", "vigie.toml"]).args(arguments).output().unwrap()
}

fn said(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect()
}

#[test]
fn more_than_twenty_mistakes_are_told_in_one_run_each_with_its_place() {
    let output = vigie(CONFIG, include_str!("watchlist/mistakes.toml"), "", &["check"]);
    assert_eq!(output.status.code(), Some(2));
    let expected = [
        ("2:1", "unknown key `tilte`; did you mean `title`?"),
        ("3:27", "`english` is no language code"),
        ("4:14", "no enabled source watches `file:posts.jsnl`; did you mean `file:posts.jsonl`?"),
        ("7:17", "`!!!` has no word"),
        ("8:9", "unknown concept `@sahle`; did you mean `@sahel`?"),
        ("11:18", "`AND` joins nothing here"),
        ("12:9", "`@sahel` uses `@coast`, which uses `@sahel` again"),
        ("15:18", "`of the` has only words that stand in nearly every text"),
        ("16:9", "`*` needs at least 3 letters"),
        ("18:10", "`empty` has no terms"),
        ("24:13", "`Arms_Delivery` is no name"),
        ("25:13", "did you mean `high`?"),
        ("26:23", "unknown concept `@recipeint`; did you mean `@recipient`?"),
        ("31:19", "unknown operator `ONEAR/5`; write `BEFORE/10`"),
        ("34:13", "a rule `training` stands above already"),
        ("36:13", "this parenthesis is never closed"),
        ("41:13", "only what must not be there"),
        ("46:13", "`unless` holds wherever \"drone\" is"),
        ("52:23", "no source ever fills `is:retweet`; write `is:repost`"),
        ("57:13", "`4 of` can never be met by 3 parts"),
        (
            "65:11",
            "should alert, but `list/examples` stays quiet: all of (@arms AND \"convoy\") is there, but not in one",
        ),
        (
            "69:11",
            "should be quiet, but `list/examples` alerts: `convoy` meets \"convoy\", `rifles` meets @arms",
        ),
        ("77:11", "this very example stands above with expect = \"alert\""),
    ];
    let said = said(&output.stderr);
    let (sum, found) = said.split_last().unwrap();
    let (warned, found) = found.split_at(found.iter().take_while(|line| is_warning(line)).count());
    for (n, (place, message)) in expected.iter().enumerate() {
        let line = found.get(n).map_or("", String::as_str);
        let start = format!("./list.toml:{place}: ");
        assert!(
            line.trim_start_matches("./").starts_with(start.trim_start_matches("./"))
                && line.contains(message),
            "{place} {message}: {found:#?}"
        );
    }
    assert_eq!((found.len(), sum.as_str()), (expected.len(), "vigie: 23 problems in the configuration"));
    // What else is to be mended is told with them.
    let uncovered = ["Arms_Delivery", "training", "training", "quiet", "impossible", "fields", "count"];
    assert_eq!(warned.len(), uncovered.len(), "{warned:#?}");
    for (line, rule) in warned.iter().zip(uncovered) {
        assert!(line.contains(&format!("no example shows `{rule}` at work")), "{warned:#?}");
    }
}

fn is_warning(line: &str) -> bool {
    line.starts_with("warning: ") || line.ends_with("`vigie check --warnings` shows all")
}

#[test]
fn a_sound_watchlist_is_checked_with_warnings_and_exit_code_0() {
    let output = vigie(CONFIG, include_str!("watchlist/doubts.toml"), "", &["check", "--warnings"]);
    let found = said(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{found:#?}");
    let expected = [
        ("5:19", "`weapons` finds nothing that `weapon` does not find"),
        ("5:30", "`weapon` stands in this concept twice"),
        ("5:40", "`=rifle` finds nothing that `rifle` does not find"),
        ("5:59", "`howitzers` finds nothing that `howit*` does not find"),
        ("6:9", "`cones` also meets `con`, which stands in nearly every text in es"),
        ("6:18", "`cones para` also meets `con para`, which stands in nearly every text in es"),
        ("7:9", "`俄` is a single character"),
        ("7:14", "`the` stands in nearly every text"),
        ("7:21", "`par` also meets `para`, which stands in nearly every text in es; write more letters"),
        ("10:13", "no example shows `uncovered` at work"),
        ("12:22", "`go` is very short"),
        ("12:28", "`in` stands in nearly every text"),
        ("15:13", "no example shows `only-quiet` at work"),
    ];
    for (n, (place, message)) in expected.iter().enumerate() {
        let line = found.get(n).map_or("", String::as_str);
        let told = line.starts_with("warning: ") && line.contains(&format!("list.toml:{place}: "));
        assert!(told && line.contains(message), "{place} {message}: {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn a_group_or_account_that_does_not_exist_is_an_error_with_its_place() {
    let first = |config: &str| {
        let found = said(&vigie(config, LIST, "", &["check"]).stderr);
        found.into_iter().find(|line| !is_warning(line)).unwrap()
    };
    let found = first(CONFIG);
    assert!(found.contains("list.toml:2:14: no group is named `desk`; add a [group.desk]"), "{found}");
    let found = first(&format!("{CONFIG}[group.desk]\naccounts = [\"file:post.jsonl\"]\n"));
    assert!(
        found.contains("vigie.toml:7:14: no enabled source watches `file:post.jsonl`; did you"),
        "{found}"
    );
}

#[test]
fn only_posts_of_the_accounts_of_a_watchlist_alert() {
    let config = format!("{CONFIG}[group.desk]\naccounts = [\"file:posts.jsonl\"]\n");
    let posts = "{\"id\": \"1\", \"text\": \"Weapons\"}\n";
    let output = vigie(&config, LIST, posts, &["run", "--once"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("list/arms"), "{output:?}");
    let other = LIST.replace("from:file:posts.jsonl", "from:file:other.jsonl");
    assert_eq!(vigie(&config, &other, posts, &["check"]).status.code(), Some(2));
}

#[test]
fn explanations_come_for_posts_that_match_and_for_those_that_do_not() {
    let list = LIST.replace("accounts = [\"group:desk\"]\n", "").replace("from:file:posts.jsonl", "NOT toy");
    let posts = "{\"id\": \"1\", \"text\": \"WEAPONS\"}\n{\"id\": \"2\", \"text\": \"toy weapon\"}\n";
    let explain = |more: &[&str]| {
        let arguments: Vec<&str> =
            ["match", "--explain", "posts.jsonl"].iter().chain(more).copied().collect();
        vigie(CONFIG, &list, posts, &arguments)
    };
    let shown = said(&explain(&["--rule", "list/arms"]).stdout);
    let expected = [
        "1 ",
        "  WEAPONS",
        "  PASS list/arms (high)",
        "    PASS when: all of",
        "      PASS @arms: “WEAPONS” (weapon; case, stem:en)",
        "      PASS NOT",
        "        FAIL \"toy\"",
        "",
        "2 ",
        "  toy weapon",
        "  FAIL list/arms (high)",
        "    FAIL when: all of",
        "      PASS @arms: “weapon” (weapon)",
        "      FAIL NOT",
        "        PASS \"toy\": “toy” (toy)",
        "",
    ];
    assert_eq!(shown, expected);
    let json: Vec<serde_json::Value> =
        said(&explain(&["--json"]).stdout).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&json[0]["alert"], &json[1]["alert"]), (&true.into(), &false.into()));
    assert_eq!(json[1]["rules"][0]["when"]["parts"][1]["parts"][0]["hits"][0]["form"], "toy");
    let unknown = explain(&["--rule", "list/arm"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("did you mean `list/arms`?"));
}

const HEAD: &str =
    "languages = [\"en\"]\n[[rule]]\nname = \"arms\"\nseverity = \"low\"\nwhen = \"@arms AND @place\"\n";

#[test]
fn what_stands_in_the_folder_of_a_watchlists_name_is_part_of_it() {
    let files = [
        ("list.toml", HEAD),
        ("list/arms.toml", "[concept.arms]\nen = [\"weapon\"]\n"),
        ("list/place.toml", "[concept.place]\nen = [\"Mali\"]\n"),
        ("posts.jsonl", "{\"id\": \"1\", \"text\": \"Weapons for Mali\"}\n"),
    ];
    let output = vigie_with(&files, &["match", "--watchlist", "list.toml", "--json", "posts.jsonl"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"alert\":true"), "{output:?}");
}

#[test]
fn mistakes_in_the_parts_of_a_watchlist_are_told_with_their_file_and_line() {
    let rule = "[[rule]]\nname = \"arms\"\nseverity = \"low\"\nwhen = \"weapon\"\n";
    let arms = format!("\n[concept.arms]\nen = [\"weapon\", \"ab*\"]\nde = [\"Waffe\"]\n{rule}");
    let place = "[concept.place]\nen = [\"Mali\"]\nany = [\"@palce\"]\n";
    let check = |parts: &[(&str, &str)]| {
        let config = CONFIG.replace("list.toml", "lists");
        let files = [&[("vigie.toml", &*config), ("lists/list.toml", HEAD)], parts].concat();
        let output = vigie_with(&files, &["check"]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let found = said(&output.stderr).into_iter().filter(|line| !is_warning(line));
        found.map(|line| line.trim_start_matches("./").to_owned()).collect::<Vec<_>>()
    };
    let expect = |found: Vec<String>, expected: &[(&str, &str)]| {
        assert_eq!(found.len(), expected.len() + 1, "{found:#?}");
        for (line, (place, message)) in found.iter().zip(expected) {
            assert!(line.starts_with(place) && line.contains(message), "{place} {message}: {line}");
        }
    };
    expect(
        check(&[("lists/list/arms.toml", &arms), ("lists/list/place.toml", place)]),
        &[
            ("lists/list/arms.toml:3:18: ", "`*` needs at least 3 letters"),
            ("lists/list/arms.toml:4:1: ", "`de` is none of this watchlist's languages"),
            ("lists/list/arms.toml:6:9: ", "a rule `arms` stands above already"),
            ("lists/list/place.toml:3:9: ", "unknown concept `@palce`; did you mean `@place`?"),
        ],
    );
    expect(
        check(&[
            ("lists/list/a.toml", "title = \"x\"\n"),
            ("lists/list/b.toml", "[concept.arms]\nen = [\"a\"\n"),
        ]),
        &[
            ("lists/list/a.toml:1:1: ", "`title` belongs in lists/list.toml"),
            ("lists/list/b.toml:", "right bracket"),
        ],
    );
    let twice = "[concept.arms]\nen = [\"weapon\"]\n";
    expect(
        check(&[("lists/list/a.toml", twice), ("lists/list/b.toml", twice)]),
        &[("lists/list/b.toml:1:1", "`arms` stands already in lists/list/a.toml:1:1")],
    );
    let sound =
        [("lists/list/a.toml", twice), ("lists/list/place.toml", "[concept.place]\nen = [\"Mali\"]\n")];
    let orphan = [&sound[..], &[("lists/lost/a.toml", twice)]].concat();
    expect(check(&orphan), &[("vigie.toml:2:15: ", "belong to no watchlist; add ")]);
}
