//! The running daemon: its configuration replaced under load.

mod attack;
mod broken;
mod secrets;

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::desk::{Desk, code, err, line, out};
use crate::program::program;

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

fn read(desk: &Desk, name: &str) -> String {
    fs::read_to_string(desk.path(name)).unwrap()
}

fn token(desk: &Desk) -> String {
    read(desk, "data/token").trim().to_owned()
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
        assert!(err(answer).contains("in force: 1 source, 2 sinks, 1 rule"), "{}", err(answer));
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

#[test]
fn a_reload_begins_no_new_time_and_no_new_count() {
    let desk = Desk::new(&line("1", "weapons"));
    let daemon = Daemon::start(&desk);
    let bearer = format!("authorization: Bearer {}\r\n", token(&desk));
    let posts = |metrics: &str| {
        let counted = "vigie_posts_total{source=\"file.posts\",news=\"new\"} ";
        metrics.lines().find_map(|line| line.strip_prefix(counted)).map(str::to_owned)
    };
    let since = || {
        let status: serde_json::Value = serde_json::from_str(&out(&desk.run(&["status", "--json"]))).unwrap();
        (status["since"].clone(), status["today"]["new"].clone())
    };
    daemon.until("the post is counted", || since().1 == 1);
    let (before, counted) = (since(), posts(&desk.ask("/metrics", &bearer)));
    assert_eq!(counted.as_deref(), Some("1"));
    let config = read(&desk, "vigie.toml");
    desk.write("vigie.toml", &format!("timezone = \"Africa/Bamako\"\n{config}"));
    assert_eq!(code(&desk.run(&["reload"])), 0);
    assert_eq!((since(), posts(&desk.ask("/metrics", &bearer))), (before, counted));
    daemon.stop();
}
