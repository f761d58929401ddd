//! The running daemon's address attacked.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::{Daemon, read, token};
use crate::desk::{Desk, line};

/// What the daemon answers to `bytes`, sent as they are.
fn raw(desk: &Desk, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(desk.listen()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // It may hang up before it read everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[test]
fn whoever_has_no_token_learns_and_changes_nothing() {
    let desk = Desk::new(&line("1", "weapons"));
    let daemon = Daemon::start(&desk);
    let token = token(&desk);
    let wrong = [
        String::new(),
        "authorization: Bearer guess\r\n".into(),
        "authorization: Bearer \r\n".into(),
        "authorization: Basic dmlnaWU6dmlnaWU=\r\n".into(),
        format!("authorization: {token}\r\n"),
        format!("authorization: bearer  {token}\r\n"),
        format!("authorization: Bearer {}\r\n", &token[..63]),
        format!("authorization: Bearer {token}0\r\n"),
        format!("cookie: token={token}\r\n"),
    ];
    for header in &wrong {
        for path in ["/v1/status", "/v1/outbox", "/metrics", "/v1/reload", "/v1/nothing"] {
            for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
                let request =
                    format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}\r\n");
                let answer = raw(&desk, request.as_bytes());
                assert!(
                    ["401", "404", "405"].contains(&status(&answer)),
                    "{method} {path} {header}: {answer}"
                );
                let lower = answer.to_lowercase();
                assert!(!lower.contains("file.posts") && !lower.contains("access-control"), "{answer}");
            }
        }
    }
    let query = desk.ask(&format!("/v1/status?token={token}"), "");
    assert_eq!(status(&query), "401", "a token in an address ends up in logs");
    let admitted = desk.ask("/v1/status", &format!("authorization: Bearer {token}\r\n"));
    assert!(status(&admitted) == "200" && admitted.contains("file.posts"), "{admitted}");
    let log = read(&desk, "stderr");
    assert!(!log.contains(&token), "{log}");
    daemon.stop();
}

#[test]
fn metrics_are_for_those_who_hold_the_token_unless_they_are_opened() {
    let desk = Desk::new(&line("1", "weapons"));
    let daemon = Daemon::start(&desk);
    assert_eq!(status(&desk.ask("/metrics", "")), "401");
    let bearer = format!("authorization: Bearer {}\r\n", token(&desk));
    let delivered = "vigie_sends_total{sink=\"console.here\",class=\"delivered\"} 1";
    daemon.until("the delivery is counted", || desk.ask("/metrics", &bearer).contains(delivered));
    let answer = desk.ask("/metrics", &bearer);
    for expected in [
        "content-type: text/plain; version=0.0.4; charset=utf-8",
        "vigie_posts_total{source=\"file.posts\",news=\"new\"} 1",
        "vigie_posts_matched_total{source=\"file.posts\",rule=\"test/arms\"} 1",
        "vigie_posts_alerted_total{source=\"file.posts\",rule=\"test/arms\"} 1",
        "vigie_source_accounts{source=\"file.posts\",sight=\"seen\"} 1",
        "vigie_outbox_deliveries{sink=\"console.here\",state=\"waiting\"} 0",
        "vigie_config_in_force 1",
    ] {
        assert!(answer.lines().any(|line| line == expected), "{expected}\nis missing in\n{answer}");
    }
    assert!(!answer.contains("posts.jsonl"), "the account is no label");
    daemon.stop();
    let config = read(&desk, "vigie.toml");
    desk.write("vigie.toml", &format!("open_metrics = true\n{config}"));
    let daemon = Daemon::start(&desk);
    assert_eq!(status(&desk.ask("/metrics", "")), "200");
    assert_eq!(status(&desk.ask("/v1/status", "")), "401");
    daemon.stop();
}

#[test]
fn malformed_oversized_and_wandering_requests_are_turned_away() {
    let desk = Desk::new("");
    let daemon = Daemon::start(&desk);
    let bearer = format!("authorization: Bearer {}\r\n", token(&desk));
    let post = |length: usize, body: &str| {
        let head = format!("POST /v1/reload HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{bearer}");
        format!("{head}content-length: {length}\r\n\r\n{body}")
    };
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{bearer}\r\n");
    let cases = [
        ("traversal", get("/v1/../../../../etc/passwd"), "404"),
        ("encoded traversal", get("/v1/%2e%2e/%2e%2e/etc/passwd"), "404"),
        ("the token's own file", get("/token"), "404"),
        ("no method at all", "\r\n\r\n\r\n".into(), "none"),
        ("nonsense", "\u{16}\u{3}\u{1}\u{2}TLS hello?\r\n\r\n".into(), "400"),
        ("a method too many", get("/v1/reload"), "405"),
        (
            "a long head",
            format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(40_000)),
            "431",
        ),
        ("many headers", format!("GET /healthz HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(2000)), "431"),
        ("a long address", get(&format!("/healthz?{}", "x".repeat(40_000))), "431"),
        ("broken JSON", post(9, "{\"broken\""), "400"),
        ("JSON of another kind", post(7, "[1,2,3]"), "400"),
        ("deep JSON", post(20_000, &"[".repeat(20_000)), "400"),
        ("a large body", post(70_000, &"x".repeat(70_000)), "413"),
        ("a body that is promised to be huge", post(1 << 40, "x"), "413"),
        (
            "two lengths",
            post(2, "{}").replace("content-length: 2", "content-length: 2\r\ncontent-length: 9"),
            "400",
        ),
    ];
    for (what, request, expected) in cases {
        let answer = raw(&desk, request.as_bytes());
        assert!(status(&answer) == expected || (expected == "none" && answer.is_empty()), "{what}: {answer}");
        assert!(!answer.contains("root:"), "{what}");
    }
    assert_eq!(status(&desk.ask("/healthz", "")), "200");
    daemon.stop();
}

#[test]
fn who_is_slow_is_cut_off_and_holds_up_nobody() {
    let desk = Desk::new("");
    let daemon = Daemon::start(&desk);
    let bearer = format!("authorization: Bearer {}\r\n", token(&desk));
    let half = "GET /healthz HTTP/1.1\r\nhost:";
    let slow_body = format!("POST /v1/reload HTTP/1.1\r\nhost: x\r\n{bearer}content-length: 9\r\n\r\n{{");
    let begun = Instant::now();
    // As many as there are connections at a time, and more.
    let held: Vec<_> = (0..90)
        .map(|n| {
            let mut stream = TcpStream::connect(desk.listen()).unwrap();
            stream.write_all(if n % 2 == 0 { half.as_bytes() } else { slow_body.as_bytes() }).unwrap();
            stream
        })
        .collect();
    let answer = desk.ask("/healthz", "");
    assert!(status(&answer) == "200" && begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    drop(held);
    daemon.stop();
}

#[test]
fn a_crowd_that_sends_heads_slowly_keeps_nobody_waiting_for_long() {
    let desk = Desk::new("");
    let daemon = Daemon::start(&desk);
    let held: Vec<_> = (0..120)
        .map(|_| {
            let mut stream = TcpStream::connect(desk.listen()).unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nx: ").unwrap();
            stream
        })
        .collect();
    let begun = Instant::now();
    assert_eq!(status(&desk.ask("/healthz", "")), "200");
    // Without a shorter time for them it would be five seconds.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    drop(held);
    daemon.stop();
}

#[test]
fn who_keeps_asking_on_every_connection_holds_up_nobody() {
    let desk = Desk::new("");
    let daemon = Daemon::start(&desk);
    let question = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    // As many as there are connections at a time; each asks again and again, and never hangs up.
    let mut held: Vec<_> = (0..64).map(|_| TcpStream::connect(desk.listen()).unwrap()).collect();
    let answered = AtomicBool::new(false);
    let answer = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !answered.load(Ordering::SeqCst) {
                // Whether it still hears is what is tried here.
                for stream in &mut held {
                    let _ = stream.write_all(question.as_bytes());
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let answer = raw(&desk, "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".as_bytes());
        answered.store(true, Ordering::SeqCst);
        answer
    });
    assert_eq!(status(&answer), "200", "it waits until the others are done");
    drop(held);
    daemon.stop();
}

#[test]
fn a_flood_of_connections_and_floods_of_nonsense_leave_the_daemon_at_work() {
    let desk = Desk::new("");
    let daemon = Daemon::start(&desk);
    let endless = "POST /v1/reload HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (desk, chunk) = (&desk, &chunk);
            scope.spawn(move || {
                for k in 0..40 {
                    let mut stream = TcpStream::connect(desk.listen()).unwrap();
                    stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
                    let begins = match (n + k) % 4 {
                        0 => endless,
                        1 => "\0\0\0\0",
                        2 => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                        _ => "",
                    };
                    // It hangs up on most of this, and should.
                    let _ = stream.write_all(begins.as_bytes());
                    while begins == endless && stream.write_all(chunk.as_bytes()).is_ok() {}
                }
            });
        }
        desk.write("posts.jsonl", &line("1", "weapons"));
        daemon.until("the post is told", || daemon.said().contains("weapons"));
    });
    let answer = raw(&desk, "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".as_bytes());
    assert!(status(&answer) == "200" && begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
    let stopping = Instant::now();
    let _held: Vec<_> = (0..64).map(|_| TcpStream::connect(desk.listen()).unwrap()).collect();
    daemon.stop();
    assert!(stopping.elapsed() < Duration::from_secs(5), "{:?}", stopping.elapsed());
}

#[test]
fn odd_methods_and_disguised_addresses_reach_nothing() {
    let desk = Desk::new("");
    let daemon = Daemon::start(&desk);
    let token = token(&desk);
    let bearer = format!("authorization: Bearer {token}\r\n");
    let ask = |first: &str, headers: &str| {
        raw(&desk, format!("{first}\r\nhost: x\r\nconnection: close\r\n{headers}\r\n").as_bytes())
    };
    for (first, with, expected) in [
        // Whoever holds the token gets no further by these.
        ("TRACE /v1/status HTTP/1.1", &*bearer, "405"),
        ("PATCH /v1/status HTTP/1.1", &bearer, "405"),
        ("BREW /v1/status HTTP/1.1", &bearer, "405"),
        ("get /v1/status HTTP/1.1", &bearer, "405"),
        ("CONNECT example.org:443 HTTP/1.1", &bearer, "404"),
        ("GET http://example.org/ HTTP/1.1", &bearer, "404"),
        ("GET //v1/status HTTP/1.1", &bearer, "404"),
        ("GET /V1/STATUS HTTP/1.1", &bearer, "404"),
        ("GET /v1/status/ HTTP/1.1", &bearer, "404"),
        ("GET /v1/status%00 HTTP/1.1", &bearer, "404"),
        ("GET /v1/./status HTTP/1.1", &bearer, "404"),
        ("GET /healthz/../v1/status HTTP/1.1", &bearer, "404"),
        // These are for all, or for none.
        ("HEAD /healthz HTTP/1.1", "", "200"),
        ("POST /healthz HTTP/1.1", "", "405"),
        ("OPTIONS * HTTP/1.1", "", "404"),
        ("TRACE /healthz HTTP/1.1", "", "405"),
        ("GET /v1/status#/healthz HTTP/1.1", "", "401"),
        ("GET http://x/v1/status HTTP/1.1", "", "401"),
        ("HEAD /v1/status HTTP/1.1", "", "401"),
        ("GET /v1/status HTTP/1.1", "x-forwarded-for: 127.0.0.1\r\nx-original-url: /healthz\r\n", "401"),
        ("GET /v1/status HTTP/1.1", "upgrade: websocket\r\nconnection: upgrade\r\n", "401"),
        ("GET /healthz HTTP/9.9", "", "400"),
    ] {
        let answer = ask(first, with);
        assert_eq!(status(&answer), expected, "{first} {with}: {answer}");
        assert!(!answer.contains(&token), "{first}: a token is sent back");
    }
    let smuggled = "POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n\
                    GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = raw(&desk, smuggled.as_bytes());
    assert!(answer.matches("HTTP/1.1").count() <= 1, "one connection, one answer: {answer}");
    daemon.stop();
}
