//! The real program against an X that lies, stalls and fails, and three channels, killed at any moment.

mod channels;
mod feeds;
mod jump;
mod soak;
mod weather;
mod x;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

use self::channels::Channels;
use self::x::XServer;
use crate::program::program;

/// Kills in the gate; `VIGIE_TEST_KILLS` asks for more.
const KILLS: u32 = 10;

/// How often it is looked whether everything arrived, 50 ms apart.
const LOOKS: u32 = 1200;

#[test]
fn killed_at_any_moment_nothing_is_lost_and_who_honours_the_id_sees_each_once() {
    let kills = std::env::var_os("VIGIE_TEST_KILLS");
    let kills = kills.and_then(|kills| kills.to_str()?.parse().ok()).unwrap_or(KILLS);
    let (x, channels) = (XServer::start(), Channels::start());
    let dir = tempfile::tempdir().unwrap();
    let config = write_config(dir.path(), &x, &channels);
    let mut rng = fastrand::Rng::with_seed(20_250_430);
    for round in 0..kills {
        x.publish(if round % 4 == 0 { 3 } else { 1 }, &format!("round {round}"));
        let mut vigie = start(&config);
        std::thread::sleep(Duration::from_millis(rng.u64(30..900)));
        // SIGKILL: no destructor runs, nothing is flushed.
        vigie.kill().unwrap();
        vigie.wait().unwrap();
    }
    let mut vigie = start(&config);
    let wanted = x.matching();
    // A backlog comes as a digest, which names some posts and counts the others.
    let missing = || {
        let told = channels.heads().into_iter().zip(channels.counted());
        let missing = told.map(|((channel, heads), (_, counted))| {
            let unnamed: Vec<_> = wanted.difference(&heads).cloned().collect();
            (channel, unnamed, counted)
        });
        missing.filter(|(_, unnamed, counted)| unnamed.len() != *counted).collect::<Vec<_>>()
    };
    let mut looks = 0..LOOKS;
    while !missing().is_empty() && looks.next().is_some() {
        assert!(vigie.try_wait().unwrap().is_none(), "vigie ended by itself");
        std::thread::sleep(Duration::from_millis(50));
    }
    let ended = stop(&mut vigie);
    assert_eq!(missing(), [], "each post is named, or counted by a digest");
    assert!(ended.success(), "a stop by signal is clean");
    println!(
        "{kills} kills, {} posts, {} of them for people; {}",
        x.everything().len(),
        wanted.len(),
        channels.counts()
    );
    channels.hold_to_their_promises();
    let archived = archived(dir.path());
    for id in x.everything() {
        assert_eq!(archived.get(&id), Some(&1), "post {id} is archived once");
    }
}

fn write_config(dir: &Path, x: &XServer, channels: &Channels) -> PathBuf {
    fs::write(dir.join("token"), "crash-test-token").unwrap();
    fs::write(dir.join("slack"), channels.slack_url()).unwrap();
    fs::write(dir.join("secret"), channels::SECRET).unwrap();
    fs::create_dir(dir.join("watchlists")).unwrap();
    let watchlist = "title = \"A test\"\nlanguages = [\"en\"]\n[[rule]]\nname = \"arms\"\nseverity = \"high\"\nwhen = \"weapons\"\n";
    fs::write(dir.join("watchlists/test.toml"), watchlist).unwrap();
    let config = format!(
        r#"
store = "data"
listen = "127.0.0.1:{port}"
operators = "console.log"

[source.x.hub]
accounts = ["hub_one", "hub_two", "gone"]
every = "150ms"
token = {{ file = "token" }}
max_posts_per_day = 100000
page = 7
base_url = "{x}"

[sink.slack.desk]
url = {{ file = "slack" }}

[sink.matrix.room]
homeserver = "{matrix}"
room = "!room"
token = {{ file = "token" }}

[sink.webhook.hook]
url = "{webhook}"
secret = {{ file = "secret" }}

[sink.console.log]

[[route]]
sinks = ["slack.desk", "matrix.room", "webhook.hook"]
"#,
        port = free_port(),
        x = x.url(),
        matrix = channels.matrix_url(),
        webhook = channels.webhook_url(),
    );
    let path = dir.join("vigie.toml");
    fs::write(&path, config).unwrap();
    path
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn start(config: &Path) -> Child {
    start_with(config, &[])
}

/// Starts it with this in its environment.
fn start_with(config: &Path, environment: &[(&str, &OsStr)]) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(config.with_extension("log")).unwrap();
    Command::new(program())
        .args(["run", "--config"])
        .arg(config)
        .envs(environment.iter().copied())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Asks for a clean stop and waits for it.
fn stop(vigie: &mut Child) -> std::process::ExitStatus {
    let asked = Command::new("kill").args(["-TERM", &vigie.id().to_string()]).status().unwrap();
    assert!(asked.success());
    for _ in 0..200 {
        if let Some(ended) = vigie.try_wait().unwrap() {
            return ended;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    vigie.kill().unwrap();
    panic!("vigie did not stop within ten seconds");
}

/// How often each post's revision stands in the archive.
fn archived(dir: &Path) -> BTreeMap<String, u32> {
    let mut archived = BTreeMap::new();
    let files = fs::read_dir(dir.join("data/archive/x")).unwrap().map(|day| day.unwrap().path());
    // What a kill left behind the last commit lies beside the days.
    for day in files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")) {
        for line in fs::read_to_string(day).unwrap().lines() {
            let post: serde_json::Value = serde_json::from_str(line).unwrap();
            *archived.entry(post["id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    archived
}

/// Waits for something; whether it came.
fn holds_within(most: Duration, holds: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while !holds() {
        if begun.elapsed() > most {
            return false;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    true
}

/// The end of what it logged.
fn log(config: &Path) -> String {
    let text = fs::read_to_string(config.with_extension("log")).unwrap();
    text.lines().rev().take(20).collect::<Vec<_>>().join("\n")
}
