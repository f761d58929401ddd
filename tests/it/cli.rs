//! The command line, as a person or a script meets it.

mod codes;
mod configuration;
mod running;

use std::fs;

use serde_json::Value;
use vigie::store::sled::SledStore;

use crate::desk::{Desk, code, err, line, out, vigie};

#[test]
fn the_demo_alerts_for_what_matters_and_says_nothing_the_second_time() {
    let store = tempfile::tempdir().unwrap();
    let args = ["run", "--once", "--config", "config/demo.toml", "--store", store.path().to_str().unwrap()];
    let first = vigie(&args, "");
    assert_eq!(code(&first), 0, "{}", err(&first));
    let said = out(&first);
    assert!(said.contains("AfricanHub_ on X") && said.contains("Why: sahel-military-aid/"), "{said}");
    assert!(said.contains("Further posts:"), "copies and reposts are counted, not told");
    let second = vigie(&args, "");
    assert_eq!((code(&second), out(&second)), (0, String::new()));
}

#[test]
fn match_prints_one_line_per_post_in_the_public_format() {
    let desk = Desk::new("");
    let list = desk.path("watchlists/test.toml");
    let posts = format!("{}{}{}", line("1", "No to WEAPONS"), line("2", "a toy weapon"), line("3", "l’arme"));
    let matched = vigie(&["match", "--watchlist", list.to_str().unwrap(), "--json", "-"], &posts);
    assert_eq!(code(&matched), 0);
    let lines: Vec<Value> = out(&matched).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let hit = |term: &str, form: &str, start: usize, end: usize| {
        serde_json::json!([{"rule": "test/arms", "severity": "high", "hits": [
            {"concept": "arms", "term": term, "form": form, "in": "text", "start": start, "end": end}]}])
    };
    let expected = [
        serde_json::json!({"id": "1", "alert": true, "severity": "high", "matches": hit("weapon", "WEAPONS", 6, 13)}),
        serde_json::json!({"id": "2", "alert": false, "severity": null, "matches": []}),
        serde_json::json!({"id": "3", "alert": true, "severity": "high", "matches": hit("arme", "arme", 4, 8)}),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn match_tells_broken_lines_by_number_and_goes_on() {
    let desk = Desk::new("");
    let list = desk.path("watchlists/test.toml");
    let posts = format!("{}{{\"id\": 7}}\nnonsense\n{}", line("1", "weapons"), line("2", "weapons"));
    let matched = vigie(&["match", "--watchlist", list.to_str().unwrap(), "-"], &posts);
    assert_eq!(code(&matched), 1);
    assert!(err(&matched).contains("line 2: ") && err(&matched).contains("line 3: "), "{}", err(&matched));
    assert_eq!(out(&matched).matches("weapons").count(), 4, "the text and the reason, for two posts");
}

#[test]
fn the_status_of_a_store_that_nobody_runs_is_read_from_it() {
    let desk = Desk::new(&line("1", "weapons"));
    desk.run(&["run", "--once"]);
    let status = desk.run(&["status"]);
    assert_eq!(code(&status), 1, "nothing watches");
    assert!(
        out(&status).starts_with("not running") && out(&status).contains("file.posts"),
        "{}",
        out(&status)
    );
    assert!(err(&status).contains("no vigie runs"), "{}", err(&status));
}

#[test]
fn a_second_process_is_told_who_has_the_store() {
    let desk = Desk::new("");
    let held =
        SledStore::open(&desk.path("data"), "vigie run", "2025-04-30T20:00:00Z".parse().unwrap()).unwrap();
    let second = desk.run(&["run", "--once"]);
    assert_eq!(code(&second), 1);
    let said = err(&second);
    assert!(said.contains("in use") && said.contains("`vigie run`") && !said.contains("panic"), "{said}");
    drop(held);
}

#[test]
fn hostile_posts_break_neither_a_poll_nor_a_message() {
    let mut posts: Vec<u8> = Vec::new();
    let hostile = [
        "\u{1b}[2J\u{7}weapons",
        "\u{202e}weapons\u{2066}",
        "weapons \u{0} \u{fffd}",
        "<!channel> @room weapons",
    ];
    for (n, text) in hostile.iter().enumerate() {
        posts.extend(line(&n.to_string(), text).bytes());
    }
    posts.extend(line("long", &format!("{} weapons {}", "я".repeat(50_000), "я".repeat(50_000))).bytes());
    posts.extend(b"{\"id\":\"broken\",\"text\":\"weapons \xff\xfe\"}\n");
    posts.extend(b"{\"id\":\"half\",\"text\":\"weapons\n");
    posts.extend(line("last", "weapons at last").bytes());
    let desk = Desk::new("");
    fs::write(desk.path("posts.jsonl"), posts).unwrap();
    let run = desk.run(&["run", "--once"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let said = out(&run);
    assert_eq!(said.matches("Why: test/arms").count(), 7, "{said}");
    assert!(said.contains("> weapons \u{fffd}\u{fffd}\n"), "{said}");
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()) && !said.contains('\u{202e}'));
    assert!(err(&run).contains("1 unreadable"), "{}", err(&run));
}

#[test]
fn what_cannot_be_delivered_is_listed_and_delivered_later() {
    let desk = Desk::new(&line("1", "weapons"));
    let config = fs::read_to_string(desk.path("vigie.toml")).unwrap();
    desk.write("slack", "http://127.0.0.1:9/services/T/B/hunter2");
    let slack = "[sink.slack.desk]\nurl = { file = \"slack\" }\n";
    desk.write("vigie.toml", &format!("{config}{slack}[[route]]\nsinks = [\"slack.desk\"]\n"));
    let run = desk.run(&["run", "--once"]);
    assert_eq!(code(&run), 1);
    assert!(err(&run).contains("slack.desk  high alert"), "{}", err(&run));
    let listed = desk.run(&["outbox", "list", "--json"]);
    let delivery: Value = serde_json::from_str(out(&listed).trim()).unwrap();
    assert_eq!((delivery["sink"].as_str(), delivery["attempts"].as_u64()), (Some("slack.desk"), Some(1)));
    assert!(!err(&run).contains("hunter2") && !out(&listed).contains("hunter2"));
}

#[test]
fn poll_looks_without_storing() {
    let desk = Desk::new(&format!("{}{}", line("1", "weapons"), line("2", "bread")));
    let polled = desk.run(&["poll", "file.posts", "--json"]);
    assert_eq!(code(&polled), 0);
    assert_eq!(out(&polled).lines().count(), 2);
    assert!(!desk.path("data").exists());
}

#[test]
fn a_test_message_says_that_it_is_one() {
    let desk = Desk::new("");
    let tested = desk.run(&["sink", "test", "console.here"]);
    assert_eq!(code(&tested), 0);
    assert!(out(&tested).contains("TEST"));
}
