//! The command line, as a person or a script meets it.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use vigie::store::sled::SledStore;

use crate::program::program;
use crate::server::{Reply, Server};

const WATCHLIST: &str = r#"
title = "A test"
languages = ["en", "fr"]

[concept.arms]
en = ["weapon"]
fr = ["arme"]

[[rule]]
name = "arms"
severity = "high"
when = "@arms"
unless = "toy"

[[rule.example]]
text = "Livraison d'ARMES"
expect = "alert"
"#;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn vigie(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(program())
        .args(args)
        .current_dir(root())
        .env_remove("X_BEARER_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that fails early reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// A folder with a watchlist, a file of posts and a configuration that prints alerts.
pub struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    pub fn new(posts: &str) -> Self {
        let desk = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(desk.path("watchlists")).unwrap();
        desk.write("watchlists/test.toml", WATCHLIST);
        desk.write("posts.jsonl", posts);
        let config = "store = \"data\"\nlisten = \"127.0.0.1:PORT\"\n[source.file.posts]\nfiles = [\"posts.jsonl\"]\n\
                      every = \"200ms\"\n[sink.console.here]\n";
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        desk.write("vigie.toml", &config.replace("PORT", &port.to_string()));
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Where the daemon answers.
    pub fn listen(&self) -> SocketAddr {
        let config = fs::read_to_string(self.path("vigie.toml")).unwrap();
        config.split("listen = \"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    }

    /// What the daemon answers to somebody who knows nothing but its address.
    pub fn ask(&self, path: &str, headers: &str) -> String {
        let mut stream = std::net::TcpStream::connect(self.listen()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n{headers}connection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        answer
    }

    pub fn run(&self, args: &[&str]) -> Output {
        let config = self.path("vigie.toml");
        vigie(&[args, &["--config", config.to_str().unwrap()]].concat(), "")
    }
}

pub fn line(id: &str, text: &str) -> String {
    format!("{}\n", serde_json::json!({"id": id, "author": "hub", "text": text}))
}

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
    posts.extend(line("last", "weapons at last").bytes());
    let desk = Desk::new("");
    fs::write(desk.path("posts.jsonl"), posts).unwrap();
    let run = desk.run(&["run", "--once"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    let said = out(&run);
    assert_eq!(said.matches("Why: test/arms").count(), 6, "{said}");
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
fn the_daemon_says_that_it_is_alive_and_stops_when_asked() {
    let desk = Desk::new(&line("1", "weapons"));
    assert_eq!(code(&desk.run(&["health"])), 1, "nobody is there");
    let config = desk.path("vigie.toml");
    let mut daemon = Command::new(program())
        .args(["run", "--config", config.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let alive = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        code(&desk.run(&["health"])) == 0
    });
    assert!(alive);
    let seen = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let status = desk.run(&["status"]);
        assert!(out(&status).starts_with("running"), "{}{}", out(&status), err(&status));
        assert!(err(&status).starts_with("asking the vigie that runs at 127.0.0.1:"), "{}", err(&status));
        code(&status) == 0 && out(&status).contains("accounts: 1 of 1 seen")
    });
    assert!(seen, "{}", out(&desk.run(&["status"])));
    let delivered = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let outbox = desk.run(&["outbox", "list", "--json"]);
        assert_eq!(code(&outbox), 0, "{}", err(&outbox));
        out(&outbox).is_empty()
    });
    assert!(delivered);
    assert!(desk.ask("/v1/outbox", "").starts_with("HTTP/1.1 401"));
    assert!(desk.ask("/v1/status", "authorization: Bearer guess\r\n").starts_with("HTTP/1.1 401"));
    let killed = Command::new("kill").args(["-TERM", &daemon.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert!(daemon.wait().unwrap().success());
    let mut said = String::new();
    std::io::Read::read_to_string(&mut daemon.stdout.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("Why: test/arms"), "{said}");
}

#[test]
fn an_outside_watchman_is_called_while_the_daemon_is_well() {
    let watchman = Server::start(|_, _| Reply::of(200, "ok"));
    let desk = Desk::new("");
    desk.write("ping", &watchman.url("/hunter2"));
    let config = fs::read_to_string(desk.path("vigie.toml")).unwrap();
    desk.write(
        "vigie.toml",
        &format!("{config}[alive]\nping = {{ file = \"ping\" }}\nping_every = \"1s\"\n"),
    );
    let config = desk.path("vigie.toml");
    let mut daemon = Command::new(program())
        .args(["run", "--log", "trace", "--config", config.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(fs::File::create(desk.path("log")).unwrap())
        .spawn()
        .unwrap();
    let called = || watchman.calls().iter().filter(|call| call.path == "/hunter2").count();
    let enough = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        called() >= 2
    });
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert!(enough, "{} calls", called());
    let log = fs::read_to_string(desk.path("log")).unwrap();
    assert!(log.contains("watching") && !log.contains("hunter2"), "the address is a secret: {log}");
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
