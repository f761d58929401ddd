//! The exit codes: 1 if something failed, 2 if it was asked for wrongly.

use std::fs;

use vigie::store::sled::SledStore;

use crate::daemon::Daemon;
use crate::desk::{Desk, code, err, line};

/// A time after that of all commands here.
const NOW: &str = "2100-01-01T00:00:00Z";

/// Commands with what they end with and a part of what they say.
type Cases<'a> = &'a [(&'a [&'a str], i32, &'a str)];

fn hold(desk: &Desk, cases: Cases<'_>) {
    let here = |word: &&str| match word.strip_prefix("./") {
        Some(name) => desk.path(name).to_str().unwrap().to_owned(),
        None => (*word).to_owned(),
    };
    for (words, expected, said) in cases {
        let words: Vec<String> = words.iter().map(here).collect();
        let ended = desk.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let told = err(&ended);
        assert!(
            code(&ended) == *expected && told.contains(said),
            "{words:?} ends with {}: {told}",
            code(&ended)
        );
    }
}

#[test]
fn where_no_store_is_every_command_that_needs_one_says_so_and_makes_none() {
    let desk = Desk::new("");
    let commands: [&[&str]; 12] = [
        &["status"],
        &["coverage"],
        &["outbox", "list"],
        &["outbox", "show", "7"],
        &["outbox", "retry", "7"],
        &["outbox", "drop", "7"],
        &["sink", "resume", "console.here"],
        &["silence", "list"],
        &["silence", "end", "7"],
        &["reload"],
        &["backup", "./saved"],
        &["repair"],
    ];
    for command in commands {
        // Not there, a folder of something else, a file.
        for store in ["./data", "./watchlists", "./posts.jsonl"] {
            hold(&desk, &[(&[command, &["--store", store]].concat(), 2, "there is no store at")]);
        }
    }
    assert!(!desk.path("data").exists() && !desk.path("saved").exists());
    assert_eq!(fs::read_dir(desk.path("watchlists")).unwrap().count(), 1);
}

#[test]
fn what_is_asked_for_wrongly_ends_with_2_and_what_fails_with_1() {
    let desk = Desk::new(&line("1", "weapons"));
    assert_eq!(code(&desk.run(&["run", "--once"])), 0);
    hold(
        &desk,
        &[
            (&["watch"], 2, "unrecognized subcommand"),
            (&["status", "--log", "vigie=loud"], 2, "--log"),
            (&["poll", "file.nobody"], 2, "no enabled source is named"),
            (&["sink", "check", "console.nobody"], 2, "no enabled sink is named"),
            (&["sink", "test", "console.nobody"], 2, "no enabled sink is named"),
            (&["sink", "resume", "console.nobody"], 2, "no enabled sink is named"),
            (&["outbox", "show", "nothing"], 2, "no delivery in the outbox"),
            (&["outbox", "retry", "nothing"], 2, "no delivery in the outbox"),
            (&["outbox", "drop", "nothing"], 2, "no delivery in the outbox"),
            (
                &["silence", "add", "--rule", "no/rule", "--for", "2h", "--reason", "r", "--by", "b"],
                2,
                "no rule is named",
            ),
            (
                &["silence", "add", "--words", "w", "--for", "soon", "--reason", "r", "--by", "b"],
                2,
                "is no time",
            ),
            (
                &["silence", "add", "--platform", "?", "--for", "2h", "--reason", "r", "--by", "b"],
                2,
                "platform",
            ),
            (&["silence", "add", "--for", "2h", "--reason", "r", "--by", "b"], 2, "a silence of everything"),
            (&["silence", "end", "7"], 2, "7"),
            (&["coverage", "nobody"], 2, "no account or source is named"),
            (&["coverage", "--since", "soon"], 2, "is no time"),
            (&["match", "--explain", "--rule", "no/rule", "./posts.jsonl"], 2, "no rule is named"),
            (&["match", "./nothing"], 2, "nothing: "),
            (&["match", "./watchlists"], 2, "watchlists: "),
            (&["match", "--watchlist", "./nothing", "./posts.jsonl"], 2, "nothing"),
            (&["stories", "./nothing"], 2, "nothing: "),
            (&["stories", "--watchlist", "./nothing", "./posts.jsonl"], 2, "nothing"),
            (&["route", "test", "./nothing"], 2, "nothing: "),
            (&["run", "--once", "--store", "./posts.jsonl"], 2, "posts.jsonl"),
            (&["backup", "./watchlists"], 2, "is not empty; name a new folder"),
            (&["backup", "./posts.jsonl"], 2, "is no folder"),
            (&["backup", "./saved"], 0, "saved in"),
            (&["restore", "./saved"], 2, "is not empty"),
            (&["restore", "./nothing", "--store", "./other"], 2, "there is no whole backup"),
            (&["restore", "./watchlists", "--store", "./other"], 2, "there is no whole backup"),
            (&["restore", "./saved", "--store", "./posts.jsonl"], 2, "posts.jsonl"),
            (&["restore", "./saved", "--store", "./other"], 0, "restored to"),
            (&["repair"], 0, "nothing is damaged"),
            (&["reload"], 1, "no vigie runs"),
            (&["health"], 1, "does not answer"),
        ],
    );
    let config = fs::read_to_string(desk.path("vigie.toml")).unwrap();
    desk.write("vigie.toml", "nonsense");
    for command in
        [&["check"][..], &["run"], &["status"], &["backup", "./again"], &["restore", "./saved"], &["repair"]]
    {
        hold(&desk, &[(command, 2, "vigie.toml:1:")]);
    }
    desk.write("vigie.toml", &config);
    desk.write("saved/state.export", "damaged");
    hold(&desk, &[(&["restore", "./saved", "--store", "./third"], 1, "cannot be restored")]);
    let _held = SledStore::open(&desk.path("data"), "vigie run", NOW.parse().unwrap()).unwrap();
    hold(&desk, &[(&["run", "--once"], 1, "is in use"), (&["repair"], 1, "is in use")]);
}

#[test]
fn a_running_vigie_refuses_with_the_same_code() {
    let desk = Desk::new("");
    let daemon = Daemon::start(&desk);
    hold(
        &desk,
        &[
            (&["backup", "./watchlists"], 2, "is not empty; name a new folder"),
            (&["backup", "./posts.jsonl"], 2, "is no folder"),
            (&["backup", "./saved"], 0, "saved in"),
            (&["restore", "./saved"], 2, "is not empty"),
            (&["repair"], 1, "is in use"),
            (&["sink", "resume", "console.nobody"], 2, "no enabled sink is named"),
            (&["coverage", "nobody"], 2, "no account or source is named"),
        ],
    );
    daemon.stop();
}
