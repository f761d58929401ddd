//! The running daemon: its address attacked, its configuration replaced under load.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

use crate::cli::{Desk, code, err, line, out};
use crate::program::program;
use crate::server::{Reply, Server};

/// A daemon over a desk; it dies with the test.
pub struct Daemon<'a> {
    desk: &'a Desk,
    child: Child,
}

impl<'a> Daemon<'a> {
    /// Starts it and waits until it is ready.
    pub fn start(desk: &'a Desk) -> Self {
        Self::start_at(desk, "info")
    }

    /// The same, logging so much.
    pub fn start_at(desk: &'a Desk, level: &str) -> Self {
        let config = desk.path("vigie.toml");
        let config = config.to_str().unwrap();
        let child = Command::new(program())
            .args(["run", "--log", level, "--log-format", "json", "--config", config])
            .stdout(fs::File::create(desk.path("stdout")).unwrap())
            .stderr(fs::File::create(desk.path("stderr")).unwrap())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let daemon = Self { desk, child };
        daemon.until("it is ready", || {
            TcpStream::connect(desk.listen()).is_ok() && desk.ask("/readyz", "").starts_with("HTTP/1.1 200")
        });
        daemon
    }

    /// Waits for something, for some twenty seconds at most.
    pub fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let held = (0..400).any(|_| {
            let held = holds();
            if !held {
                std::thread::sleep(Duration::from_millis(50));
            }
            held
        });
        assert!(held, "{what}: {}", read(self.desk, "stderr"));
    }

    /// What it said on standard output.
    pub fn said(&self) -> String {
        read(self.desk, "stdout")
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Asks it to stop; it must end well.
    pub fn stop(mut self) {
        self.signal("-TERM");
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "{}", read(self.desk, "stderr"));
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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

fn read(desk: &Desk, name: &str) -> String {
    fs::read_to_string(desk.path(name)).unwrap()
}

fn token(desk: &Desk) -> String {
    read(desk, "data/token").trim().to_owned()
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
fn no_log_holds_a_secret_and_none_above_debug_the_text_of_a_post() {
    // Hosts that say back whatever they were sent, in bodies and in headers.
    let parrot = Server::start(|_, call| {
        let body = format!(
            "{{\"errors\":[{{\"title\":\"{} {:?} {}\"}}]}}",
            call.path,
            call.headers,
            String::from_utf8_lossy(&call.body)
        );
        Reply::Say(403, vec![("x-error", call.header("authorization").to_owned())], body)
    });
    let posts = format!(
        "{}{{\"id\":\"2\",\"text\":\"zanzibar\",\"posted_at\":\"zanzibar\"}}\n",
        line("1", "zanzibar weapons")
    );
    let desk = Desk::new(&posts);
    let config = read(&desk, "vigie.toml").replace("[sink.console.here]\n", "");
    let key = "whsec_aHVudGVyMi1odW50ZXIyLWh1bnRlcjItaHVudGVyMg==";
    for (name, secret) in [
        ("x", "hunter2-x"),
        ("slack", &*parrot.url("/services/T0/B0/hunter2-slack")),
        ("matrix", "hunter2-matrix"),
        ("webhook", key),
        ("ping", &*parrot.url("/hunter2-ping")),
    ] {
        desk.write(name, secret);
    }
    let base = parrot.url("");
    let entries = format!(
        "[source.x.hub]\naccounts = [\"A\"]\ntoken = {{ file = \"x\" }}\nbase_url = \"{base}\"\nmax_posts_per_day = 100\n\
         [sink.slack.desk]\nurl = {{ file = \"slack\" }}\n\
         [sink.matrix.room]\nhomeserver = \"{base}\"\nroom = \"!a:b.example\"\ntoken = {{ file = \"matrix\" }}\n\
         [sink.webhook.desk]\nurl = \"{base}/hook\"\nsecret = {{ file = \"webhook\" }}\n\
         [alive]\nping = {{ file = \"ping\" }}\nping_every = \"1s\"\n"
    );
    desk.write("vigie.toml", &format!("{config}{entries}"));
    for level in ["info", "trace"] {
        let daemon = Daemon::start_at(&desk, level);
        let called = |path: &str| parrot.calls().iter().any(|call| call.path.contains(path));
        daemon.until("everything was called", || {
            ["hunter2-slack", "hunter2-ping", "/hook", "/_matrix", "/2/"].iter().all(|path| called(path))
        });
        let shown = [desk.run(&["status"]), desk.run(&["outbox", "list"]), desk.run(&["check"])];
        let shown: String = shown.iter().map(|output| out(output) + &err(output)).collect();
        daemon.stop();
        let log = read(&desk, "stderr");
        assert!(log.contains("403"), "the failures are logged: {log}");
        for secret in ["hunter2", "aHVudGVyMi"] {
            assert!(!log.contains(secret) && !shown.contains(secret), "{secret} at {level}: {log}{shown}");
        }
        assert!(level == "trace" || !log.contains("zanzibar"), "{log}");
        fs::remove_dir_all(desk.path("data")).unwrap();
    }
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
fn reloads_at_the_same_time_are_done_one_after_the_other() {
    let desk = Desk::new(&line("1", "weapons"));
    let daemon = Daemon::start(&desk);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..6).map(|_| scope.spawn(|| desk.run(&["reload"]))).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for answer in &answers {
        assert_eq!(code(answer), 0, "{}", err(answer));
        assert!(err(answer).contains("in force: 1 sources, 2 sinks, 1 rules"), "{}", err(answer));
    }
    daemon.until("the post is told", || daemon.said().contains("weapons"));
    assert_eq!(daemon.said().matches("Why: ").count(), 1);
    daemon.stop();
}

#[test]
fn a_refused_reload_says_why_and_where_and_the_daemon_goes_on() {
    let desk = Desk::new("");
    let nobody = desk.run(&["reload"]);
    assert!(code(&nobody) != 0, "no daemon runs");
    let daemon = Daemon::start(&desk);
    let good = read(&desk, "vigie.toml");
    desk.write("vigie.toml", &format!("{good}[[route]]\nsinks = [\"console.hear\"]\n"));
    let refused = desk.run(&["reload"]);
    assert_eq!(code(&refused), 1);
    assert!(err(&refused).contains("did you mean `console.here`?"), "{}", err(&refused));
    desk.write("posts.jsonl", &line("1", "weapons"));
    daemon.until("the post is told", || daemon.said().contains("weapons"));
    desk.write("vigie.toml", &good);
    daemon.signal("-HUP");
    let log = || read(&desk, "stderr");
    daemon.until("it is mended", || log().contains("the configuration is accepted"));
    daemon.stop();
}

#[test]
fn a_mounted_configuration_whose_link_is_swapped_under_load_loses_and_repeats_nothing() {
    let desk = Desk::new("");
    let (good, list) = (read(&desk, "vigie.toml"), read(&desk, "watchlists/test.toml"));
    // As orchestrators mount it: the files are links through `..data`, a link that is replaced at once.
    let mount = |n: usize, word: &str| {
        fs::create_dir_all(desk.path(&format!("..{n}/watchlists"))).unwrap();
        let rule = format!("\n[[rule]]\nname = \"more\"\nseverity = \"high\"\nwhen = '\"{word}\"'\n");
        desk.write(&format!("..{n}/watchlists/test.toml"), &format!("{list}{rule}"));
        let renamed = good.replace("source.file.posts", &format!("source.file.posts{n}"));
        desk.write(&format!("..{n}/vigie.toml"), &renamed);
        symlink(format!("..{n}"), desk.path("..new")).unwrap();
        fs::rename(desk.path("..new"), desk.path("..data")).unwrap();
    };
    mount(0, "alpha");
    fs::remove_file(desk.path("vigie.toml")).unwrap();
    fs::remove_dir_all(desk.path("watchlists")).unwrap();
    symlink("..data/vigie.toml", desk.path("vigie.toml")).unwrap();
    symlink("..data/watchlists", desk.path("watchlists")).unwrap();
    let daemon = Daemon::start(&desk);
    let mut posts = fs::OpenOptions::new().append(true).open(desk.path("posts.jsonl")).unwrap();
    let mut n = 0;
    let mut post = || {
        posts.write_all(line(&format!("n{n}"), &format!("weapons for unit number {n}")).as_bytes()).unwrap();
        n += 1;
        n
    };
    let taken_over = || read(&desk, "stderr").matches("was taken over").count();
    mount(1, "beta");
    daemon.until("the swapped link is seen", || post() > 0 && taken_over() == 1);
    mount(2, "gamma");
    daemon.until("each signal reloads", || {
        daemon.signal("-HUP");
        post() > 0 && taken_over() >= 6
    });
    let posted = post();
    posts.write_all(line("last", "gamma alone").as_bytes()).unwrap();
    daemon.until("the new rule holds", || daemon.said().contains("gamma alone"));
    daemon.until("all is told", || out(&desk.run(&["outbox", "list", "--json"])).is_empty());
    for n in 0..posted {
        let text = format!("weapons for unit number {n}\n");
        assert_eq!(daemon.said().matches(&text).count(), 1, "{text}{}", daemon.said());
    }
    daemon.stop();
}
