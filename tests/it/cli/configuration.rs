//! What the program says of configurations.

use std::fs;
use std::process::Output;

use crate::desk::{Desk, WATCHLIST, code, err, out, root, vigie};

#[test]
fn every_configuration_that_is_shipped_loads_without_a_warning() {
    for config in ["config/vigie.toml", "config/demo.toml"] {
        let checked = vigie(&["check", "--config", config], "");
        assert_eq!((code(&checked), err(&checked)), (0, String::new()), "{config}");
        assert!(out(&checked).contains("sahel-military-aid"), "{config}");
    }
}

#[test]
fn the_watchlist_of_the_readme_loads() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = readme.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap());
    let list = blocks.into_iter().find(|block| block.contains("[[rule]]")).unwrap();
    let desk = Desk::new("");
    desk.write("watchlists/test.toml", list);
    let checked = desk.run(&["check"]);
    assert_eq!(code(&checked), 0, "{}", err(&checked));
}

#[test]
fn every_problem_of_a_configuration_is_told_at_once_with_file_line_and_hint() {
    let desk = Desk::new("");
    let config = r#"
stor = "data"
timezone = "Europe/Pariss"
listen = "localhost"
operators = "slack.opps"

[source.feeed.a]
feeds = []

[source.x.hub]
accounts = ["AfricanHub_"]
evry = "60s"
token = { env = "VIGIE_TEST_NO_SUCH_TOKEN" }

[source.x.secret]
accounts = ["Other"]
token = "hunter2-in-the-open"

[sink.slack.ops]
url = { file = "no-such-file" }

[[route]]
watchlists = ["tesst"]
severity = "hihg"
sinks = ["slack.desk"]
"#;
    desk.write("vigie.toml", config);
    let checked = desk.run(&["check"]);
    assert_eq!(code(&checked), 2);
    let said = err(&checked);
    let expected = [
        "vigie.toml:2:1: unknown key `stor`; did you mean `store`?",
        "did you mean \"Europe/Paris\"?",
        "vigie.toml:4:",
        "vigie.toml:5:",
        "no source of the kind `feeed`; did you mean `feed`?",
        "unknown key `evry`; did you mean `every`?",
        "a secret does not stand in the file itself",
        "no-such-file",
        "no watchlist is named `tesst`; did you mean `test`?",
        "`hihg` is none of low, medium, high, critical; did you mean `high`?",
        "no sink is named `slack.desk`",
    ];
    for expected in expected {
        assert!(said.contains(expected), "{expected}\nis missing in\n{said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn an_enabled_entry_without_its_secret_is_named_and_a_disabled_one_is_left_alone() {
    let desk = Desk::new("");
    let x = |enabled: bool| {
        let text = fs::read_to_string(desk.path("vigie.toml")).unwrap();
        let text = text.split("[source.x.hub]").next().unwrap();
        let token = "token = { env = \"VIGIE_TEST_NO_SUCH_TOKEN\" }";
        desk.write(
            "vigie.toml",
            &format!("{text}[source.x.hub]\nenabled = {enabled}\naccounts = [\"A\"]\n{token}\n"),
        );
        desk.run(&["check"])
    };
    let enabled = x(true);
    assert_eq!(code(&enabled), 2);
    assert!(err(&enabled).contains("VIGIE_TEST_NO_SUCH_TOKEN is not set"), "{}", err(&enabled));
    let disabled = x(false);
    assert_eq!(code(&disabled), 0, "{}", err(&disabled));
    assert!(out(&disabled).contains("disabled   source x.hub"));
}

#[test]
fn check_shows_a_few_warnings_and_all_of_them_when_asked() {
    let desk = Desk::new("");
    let twice = |word: &str| format!("\"{word}\", \"={word}\"");
    let words: Vec<_> = ["gun", "rifle", "tank", "mortar", "drone", "jet", "ship", "mine", "shell", "rocket"]
        .into_iter()
        .map(twice)
        .collect();
    let concept = format!("\n[concept.kinds]\nen = [{}]\n", words.join(", "));
    let rule = "\n[[rule]]\nname = \"kinds\"\nseverity = \"low\"\nwhen = \"@kinds\"\n";
    desk.write("watchlists/test.toml", &format!("{WATCHLIST}{concept}{rule}"));
    let redundant = |shown: &Output| err(shown).matches("finds nothing that").count();
    let few = desk.run(&["check"]);
    assert_eq!(code(&few), 0, "{}", err(&few));
    assert!(err(&few).contains("more warnings; `vigie check --warnings` shows all"), "{}", err(&few));
    let all = desk.run(&["check", "--warnings"]);
    assert_eq!(redundant(&all), 10, "{}", err(&all));
    assert!(redundant(&few) < 10 && !err(&all).contains("more warnings"), "{}", err(&all));
}

#[test]
fn match_and_stories_show_the_warnings_of_what_they_refuse_above_its_problems_as_check_does() {
    let desk = Desk::new("");
    let concept = "\n[concept.kinds]\nen = [\"gun\", \"=gun\"]\n";
    let rule = "\n[[rule]]\nname = \"kinds\"\nseverity = \"low\"\nwhen = \"@kinds\"\n";
    let wrong = "\n[[rule]]\nname = \"wrong\"\nseverity = \"low\"\nwhen = \"@nothing\"\n";
    desk.write("watchlists/test.toml", &format!("{WATCHLIST}{concept}{rule}{wrong}"));
    let (list, posts) = (desk.path("watchlists/test.toml"), desk.path("posts.jsonl"));
    let (list, posts) = (list.to_str().unwrap(), posts.to_str().unwrap());
    let checked = err(&desk.run(&["check"]));
    assert!(checked.starts_with("warning: ") && checked.contains("@nothing"), "{checked}");
    for command in [
        &["match", posts][..],
        &["match", "--watchlist", list, posts],
        &["stories", "--watchlist", list, posts],
    ] {
        let refused = desk.run(command);
        assert_eq!((code(&refused), err(&refused)), (2, checked.clone()), "{command:?}");
    }
    desk.write("watchlists/test.toml", &format!("{WATCHLIST}{concept}{rule}"));
    assert_eq!(
        err(&desk.run(&["match", posts])),
        "0 of 0 posts match\n",
        "what is in force is not warned of"
    );
}

#[test]
fn a_watchlist_with_a_failing_example_is_refused_with_which_and_why() {
    let desk = Desk::new("");
    let example = "\n[[rule.example]]\ntext = \"bread and milk\"\nexpect = \"alert\"\n";
    desk.write("watchlists/test.toml", &format!("{WATCHLIST}{example}"));
    let refused = desk.run(&["run", "--once"]);
    assert_eq!(code(&refused), 2);
    assert!(
        err(&refused).contains("test.toml:20:9: ") && err(&refused).contains("nothing meets @arms"),
        "{}",
        err(&refused)
    );
    assert!(!desk.path("data").exists(), "nothing was begun");
}

#[test]
fn a_route_whose_sinks_are_all_disabled_would_swallow_alerts_and_is_refused() {
    let desk = Desk::new("");
    let text = fs::read_to_string(desk.path("vigie.toml")).unwrap();
    let route = "[sink.console.off]\nenabled = false\n[[route]]\nsinks = [\"console.off\"]\n";
    desk.write("vigie.toml", &format!("{text}{route}"));
    let checked = desk.run(&["check"]);
    assert_eq!(code(&checked), 2);
    assert!(err(&checked).contains("every sink of this route is disabled"), "{}", err(&checked));
}

#[test]
fn a_misspelt_name_is_answered_with_the_nearest() {
    let desk = Desk::new("");
    let poll = desk.run(&["poll", "file.post"]);
    assert_eq!(code(&poll), 2);
    assert!(err(&poll).contains("did you mean `file.posts`?"), "{}", err(&poll));
    let test = desk.run(&["sink", "test", "console.hear"]);
    assert_eq!(code(&test), 2);
    assert!(err(&test).contains("did you mean `console.here`?"), "{}", err(&test));
}

#[test]
fn who_asks_more_of_a_host_than_its_pace_allows_is_warned_and_two_paces_for_one_host_are_refused() {
    let desk = Desk::new("");
    let feeds =
        |count: usize| -> Vec<_> { (0..count).map(|n| format!("\"https://hub.example/{n}\"")).collect() };
    let source = |name: &str, feeds: &[String], more: &str| {
        format!("[source.feed.{name}]\nfeeds = [{}]\nevery = \"1m\"\n{more}\n", feeds.join(","))
    };
    let check = |sources: &[String]| {
        desk.write("vigie.toml", &format!("[sink.console.here]\n{}", sources.concat()));
        let checked = desk.run(&["check"]);
        (code(&checked), err(&checked))
    };
    let feeds = feeds(200);
    assert_eq!(check(&[source("hub", &feeds[..180], "")]), (0, String::new()));
    let (status, said) = check(&[source("hub", &feeds, "")]);
    let expected = "vigie.toml:2:14: 200 accounts are read at https://hub.example, which is called once in 1s at most, so \
                    each is seen once in 3m 20s rather than 1m;";
    assert!(status == 0 && said.contains(expected), "{status} {said}");
    assert_eq!(check(&[source("hub", &feeds, "calls_per_second = 1.2")]), (0, String::new()));
    let (fast, slow) = ("calls_per_second = 20", "calls_per_second = 0.5");
    let same = [source("one", &feeds[..9], fast), source("two", &feeds[9..20], fast)];
    assert_eq!(check(&same), (0, String::new()));
    let (status, said) = check(&[source("one", &feeds[..9], fast), source("two", &feeds[9..20], slow)]);
    let expected = "https://hub.example is read by feed.one, too, at another pace";
    assert!(status == 2 && said.contains(expected), "{said}");
    for wrong in ["0", "-1", "1001", "nan", "\"20\"", "[1]"] {
        let (status, said) = check(&[source("hub", &feeds, &format!("calls_per_second = {wrong}"))]);
        assert!(status == 2 && said.contains("a number from 0.001 to 1000"), "{wrong}: {said}");
    }
}
