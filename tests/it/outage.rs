//! The real program and a channel that is gone for hours, or does not answer.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::SignedDuration;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use vigie::app::App;
use vigie::clock::{Clock, SystemClock, TokioClock};
use vigie::config::Config;
use vigie::store::sled::SledStore;

use crate::daemon::Daemon;
use crate::desk::{Desk, code, line, out};
use crate::server::{Reply, Server};

/// A desk whose alerts go to Slack at the double, and to standard output.
fn desk(double: &Server) -> Desk {
    let desk = Desk::new("");
    desk.write("slack", &double.url("/services/T/B/desk"));
    let config = fs::read_to_string(desk.path("vigie.toml")).unwrap();
    desk.write("vigie.toml", &format!("{config}[sink.slack.desk]\nurl = {{ file = \"slack\" }}\n"));
    desk
}

/// What Slack was sent, as its notifications show it.
fn sent(double: &Server) -> Vec<String> {
    double.calls().iter().map(|call| call.json()["text"].as_str().unwrap().to_owned()).collect()
}

fn is_marked(text: &str) -> bool {
    text.contains("Possible repeat")
}

/// What a run saw so many minutes ago and could not tell.
fn ran(desk: &Desk, minutes: i64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let then = SystemClock.now() - SignedDuration::from_mins(minutes);
        let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(then));
        let config = Config::load(&desk.path("vigie.toml"), &clock).unwrap();
        let store = Arc::new(SledStore::open(&desk.path("data"), "a test", then).unwrap());
        App::new(config, store, clock, 1).once(CancellationToken::new()).await.unwrap();
    });
}

#[test]
fn what_waited_for_hours_comes_in_its_order_and_a_backlog_as_one_digest() {
    for (posts, digest) in [(4, None), (40, Some("39 stories, 39 posts after an outage of this channel"))] {
        let up = Arc::new(AtomicBool::new(false));
        let again = up.clone();
        let wait = vec![("retry-after", "3600".to_owned())];
        let double = Server::start(move |_, _| {
            if again.load(Ordering::SeqCst) {
                Reply::of(200, "ok")
            } else {
                Reply::Say(429, wait.clone(), String::new())
            }
        });
        let desk = desk(&double);
        let text = |n: usize| format!("weapons for unit number {n}");
        let posted = |n: usize| {
            let post = json!({"id": n.to_string(), "text": text(n), "posted_at": format!("2025-04-30T20:00:{n:02}Z")});
            format!("{post}\n")
        };
        for (minutes, seen) in [(300, 1), (280, posts)] {
            desk.write("posts.jsonl", &(0..seen).map(posted).collect::<String>());
            ran(&desk, minutes);
        }
        assert_eq!(sent(&double).len(), 1, "while it is out it is left alone");
        let status = out(&desk.run(&["status"]));
        assert!(status.contains(&format!(" {posts} waiting, the oldest for 5 h")), "{status}");
        up.store(true, Ordering::SeqCst);
        let daemon = Daemon::start(&desk);
        daemon.until("all is told", || out(&desk.run(&["outbox", "list", "--json"])).is_empty());
        daemon.stop();
        let told = sent(&double).split_off(1);
        assert!(!told.iter().any(|text| is_marked(text)), "what was refused did not arrive: {told:?}");
        match digest {
            None => {
                let at = |n: usize| told.iter().position(|told| told.contains(&text(n)));
                assert_eq!((0..posts).map(at).collect::<Vec<_>>(), (0..posts).map(Some).collect::<Vec<_>>());
            }
            Some(digest) => {
                assert_eq!(told.len(), 2, "{told:?}");
                assert!(told[0].contains(digest), "{}", told[0]);
                assert!(told[1].contains(&text(0)), "what was tried stays itself: {}", told[1]);
            }
        }
    }
}

#[test]
fn a_channel_that_does_not_answer_keeps_no_other_waiting_and_is_called_again_with_a_mark() {
    let double = Server::start(|n, _| if n == 0 { Reply::Stall } else { Reply::of(200, "ok") });
    let desk = desk(&double);
    let daemon = Daemon::start(&desk);
    desk.write("posts.jsonl", &line("1", "weapons"));
    daemon.until("the channel is called", || sent(&double).len() == 1);
    desk.write("posts.jsonl", &format!("{}{}", line("1", "weapons"), line("2", "more weapons")));
    daemon.until("the other one hears of both", || daemon.said().contains("more weapons"));
    assert_eq!(sent(&double).len(), 1, "one at a time");
    assert_eq!(code(&desk.run(&["health"])), 0);
    let log = || fs::read_to_string(desk.path("stderr")).unwrap();
    daemon.until("patience ends", || log().contains("no answer within 15s"));
    daemon.until("both are told", || sent(&double).len() == 3);
    let told = sent(&double);
    let (other, first): (Vec<_>, Vec<_>) = told.iter().partition(|text| text.contains("more weapons"));
    assert_eq!(other.iter().map(|text| is_marked(text)).collect::<Vec<_>>(), [false]);
    assert_eq!(first.iter().map(|text| is_marked(text)).collect::<Vec<_>>(), [false, true]);
    daemon.stop();
}

#[test]
fn a_message_under_way_at_a_stop_is_in_doubt_and_goes_again_with_a_mark() {
    let double = Server::start(|n, _| if n == 0 { Reply::Stall } else { Reply::of(200, "ok") });
    let desk = desk(&double);
    desk.write("posts.jsonl", &line("1", "weapons"));
    let daemon = Daemon::start(&desk);
    daemon.until("the channel is called", || sent(&double).len() == 1);
    daemon.stop();
    let daemon = Daemon::start(&desk);
    daemon.until("it goes again", || sent(&double).len() == 2);
    let told = sent(&double);
    assert!(!is_marked(&told[0]) && is_marked(&told[1]), "{told:?}");
    daemon.until("that is all", || out(&desk.run(&["outbox", "list", "--json"])).is_empty());
    daemon.stop();
    assert_eq!(sent(&double).len(), 2);
}
