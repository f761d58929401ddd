//! What people see of deliveries that wait, and decide about them, beside a running daemon and without one.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::daemon::Daemon;
use crate::desk::{Desk, code, err, line, out};
use crate::server::{Reply, Server};

/// A desk with a Slack channel behind each of these names, at a double.
fn desk(double: &Server, names: &[&str], more: &str) -> Desk {
    let desk = Desk::new(&line("1", "weapons"));
    let config = fs::read_to_string(desk.path("vigie.toml")).unwrap();
    let channel = |name: &&str| {
        desk.write(name, &double.url(&format!("/services/T/B/{name}")));
        format!("[sink.slack.{name}]\nurl = {{ file = \"{name}\" }}\n")
    };
    let channels: String = names.iter().map(channel).collect();
    let (head, rest) = config.split_once("[source").unwrap();
    let (keys, tables) =
        more.split_once("[[").map_or((more, String::new()), |(keys, tables)| (keys, format!("[[{tables}")));
    desk.write("vigie.toml", &format!("{head}{keys}[source{rest}{channels}{tables}"));
    desk
}

fn outbox(desk: &Desk) -> Vec<Value> {
    let listed = desk.run(&["outbox", "list", "--json"]);
    out(&listed).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const QUIET: &str =
    "[[route]]\nname = \"night\"\nsinks = [\"slack.desk\"]\nquiet = { from = \"00:00\", to = \"00:00\" }\n";

#[test]
fn what_is_held_is_no_failure_of_a_single_run_and_goes_when_a_person_wants_it() {
    let double = Server::start(|_, _| Reply::of(200, "ok"));
    let desk = desk(&double, &["desk"], QUIET);
    let run = desk.run(&["run", "--once"]);
    assert_eq!(code(&run), 0, "{}", err(&run));
    assert!(
        err(&run).contains("held until ") && err(&run).contains("quiet hours; 0 attempts"),
        "{}",
        err(&run)
    );
    let status = out(&desk.run(&["status"]));
    assert!(status.contains("0 waiting; 1 held, first until "), "{status}");
    let daemon = Daemon::start(&desk);
    let held = outbox(&desk);
    let id = held[0]["id"].as_str().unwrap();
    let shown = out(&desk.run(&["outbox", "show", &id[..8]]));
    assert!(shown.contains("by the routes night") && shown.contains("Why: test/arms"), "{shown}");
    assert!(double.calls().is_empty());
    let retried = desk.run(&["outbox", "retry", &id[..8]]);
    assert!(err(&retried).contains("1 post, first by hub: is sent as soon as"), "{}", err(&retried));
    daemon.until("it is sent although people sleep", || double.calls().len() == 1);
    daemon.until("the outbox is empty", || outbox(&desk).is_empty());
    daemon.stop();
}

#[test]
fn a_silence_of_a_rule_that_nobody_has_is_refused_with_the_nearest() {
    let double = Server::start(|_, _| Reply::of(200, "ok"));
    let desk = desk(&double, &["desk"], "");
    desk.run(&["run", "--once"]);
    let add = |name: &str| {
        desk.run(&["silence", "add", "--rule", name, "--for", "2h", "--reason", "drill", "--by", "ann"])
    };
    let refused = add("test/arm");
    assert_eq!(code(&refused), 2);
    assert!(
        err(&refused).contains("no rule is named `test/arm`; did you mean `test/arms`?"),
        "{}",
        err(&refused)
    );
    assert_eq!(code(&add("test/arms")), 0);
    assert!(out(&desk.run(&["status"])).contains("silences in force: 1"));
}

#[test]
fn operators_hear_at_the_next_sink_what_the_first_does_not_take_and_a_resumed_sink_delivers() {
    let mended = Arc::new(AtomicBool::new(false));
    let well = mended.clone();
    let double = Server::start(move |_, call| match call.path.rsplit('/').next() {
        Some("next") => Reply::of(200, "ok"),
        _ if well.load(Ordering::SeqCst) => Reply::of(200, "ok"),
        _ => Reply::of(410, "channel_is_archived"),
    });
    let more = "operators = [\"slack.ops\", \"slack.next\"]\n[[route]]\nsinks = [\"slack.desk\"]\n";
    let desk = desk(&double, &["desk", "ops", "next"], more);
    let daemon = Daemon::start(&desk);
    let heard = |name: &str, words: &str| {
        double
            .calls()
            .iter()
            .any(|call| call.path.ends_with(name) && String::from_utf8_lossy(&call.body).contains(words))
    };
    daemon.until("the next hears of the desk", || heard("/next", "slack.desk is broken"));
    daemon.until("the next hears of the first", || heard("/next", "slack.ops is broken"));
    assert_eq!(outbox(&desk).len(), 1, "the alert waits");
    mended.store(true, Ordering::SeqCst);
    assert_eq!(code(&desk.run(&["sink", "resume", "slack.desk"])), 0);
    daemon
        .until("the alert arrives", || outbox(&desk).iter().all(|delivery| delivery["sink"] != "slack.desk"));
    assert!(heard("/desk", "weapons"));
    daemon.until("its end is told", || heard("/next", "slack.desk works again"));
    daemon.stop();
}

#[test]
fn when_nobody_hears_the_log_the_status_readyz_and_the_silent_watchman_say_so() {
    let mended = Arc::new(AtomicBool::new(false));
    let well = mended.clone();
    let double = Server::start(move |_, call| match call.path.rsplit('/').next() {
        Some("ping") => Reply::of(200, "ok"),
        _ if well.load(Ordering::SeqCst) => Reply::of(200, "ok"),
        _ => Reply::of(404, "no_service"),
    });
    let desk = desk(
        &double,
        &["desk", "ops", "next"],
        "operators = [\"slack.ops\", \"slack.next\"]\n[[route]]\nsinks = [\"slack.desk\"]\n",
    );
    desk.write("posts.jsonl", "");
    desk.write("ping", &double.url("/ping"));
    let config = fs::read_to_string(desk.path("vigie.toml")).unwrap();
    desk.write(
        "vigie.toml",
        &format!("{config}[alive]\nping = {{ file = \"ping\" }}\nping_every = \"1s\"\n"),
    );
    let pings = || double.calls().iter().filter(|call| call.path == "/ping").count();
    let daemon = Daemon::start(&desk);
    daemon.until("the watchman is called", || pings() > 0);
    desk.write("posts.jsonl", &line("1", "weapons"));
    let ready = || desk.ask("/readyz", "");
    daemon.until("it is not ready", || ready().contains("no sink of the operators takes messages"));
    assert!(ready().starts_with("HTTP/1.1 503") && !ready().contains("slack"), "{}", ready());
    assert!(desk.ask("/healthz", "").starts_with("HTTP/1.1 200"), "a restart mends no sink");
    let log = || fs::read_to_string(desk.path("stderr")).unwrap();
    let said = |level: &str, words: &str| {
        log().lines().filter(|line| line.contains(level) && line.contains(words)).count()
    };
    daemon.until("no call any more", || said("WARN", "no ping: no sink of the operators") >= 2);
    assert_eq!(said("ERROR", "no sink of the operators takes messages"), 1, "{}", log());
    let status = desk.run(&["status"]);
    assert!(code(&status) == 1 && out(&status).contains("\nunheard: "), "{}", out(&status));
    let before = pings();
    mended.store(true, Ordering::SeqCst);
    for sink in ["slack.next", "slack.ops", "slack.desk"] {
        assert_eq!(code(&desk.run(&["sink", "resume", sink])), 0);
    }
    daemon.until("it is ready again", || ready().starts_with("HTTP/1.1 200"));
    daemon.until("the watchman is called again", || pings() > before);
    daemon.until("all is told", || outbox(&desk).is_empty());
    assert!(!out(&desk.run(&["status"])).contains("unheard"));
    daemon.stop();
}

#[test]
fn a_name_that_nothing_has_is_a_wrong_call_whoever_is_asked() {
    let double = Server::start(|_, _| Reply::of(200, "ok"));
    let desk = desk(&double, &["desk"], QUIET);
    assert_eq!(code(&desk.run(&["run", "--once"])), 0);
    let calls: [(&[&str], &str); 10] = [
        (&["sink", "check", "slack.dsk"], "no enabled sink is named `slack.dsk`; did you mean `slack.desk`?"),
        (&["sink", "test", "slack.dsk"], "did you mean `slack.desk`?"),
        (&["sink", "resume", "slack.dsk"], "did you mean `slack.desk`?"),
        (&["coverage", "file.post"], "no account or source is named `file.post`; did you mean `file.posts`?"),
        (&["poll", "file.post"], "did you mean `file.posts`?"),
        (&["outbox", "show", "nothing"], "no delivery in the outbox has an id that begins with nothing"),
        (&["outbox", "retry", "nothing"], "no delivery in the outbox has an id that begins with nothing"),
        (&["outbox", "drop", "nothing"], "no delivery in the outbox has an id that begins with nothing"),
        (&["silence", "end", "7"], "there is no silence 7"),
        (
            &["silence", "add", "--for", "2h", "--reason", "drill", "--by", "ann"],
            "a silence of everything is not",
        ),
    ];
    let refused = || {
        for (call, expected) in calls {
            let said = desk.run(call);
            assert_eq!(code(&said), 2, "{call:?}: {}", err(&said));
            assert!(err(&said).contains(expected), "{call:?}: {}", err(&said));
        }
    };
    refused();
    let daemon = Daemon::start(&desk);
    refused();
    daemon.stop();
}
