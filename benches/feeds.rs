//! What it takes to watch many feeds, each on a host of its own, on Linux.
//!
//! `cargo bench --bench feeds` starts vigie over 10,000 feeds on 127.x.y.z, all of them one server here, and tells from
//! `/proc` what its process takes: memory, and CPU for a feed that changed and for one that did not. Every look is a
//! connection of its own, as it is at the usual pace; with `-- kept` connections stay open. `-- 500` takes so many feeds.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Items of a feed, of about 400 bytes each; one of them is new whenever a feed changes.
const ITEMS: u64 = 20;

/// The wait between two looks at a feed, in seconds.
const EVERY: u64 = 20;

const WATCHLIST: &str = "title = \"Many\"\nlanguages = [\"en\"]\n[[rule]]\nname = \"arms\"\nseverity = \"high\"\nwhen = \"weapons\"\n";

/// All the feeds there are: what they show now, and what was answered.
#[derive(Default)]
struct Feeds {
    version: AtomicU64,
    changed: AtomicU64,
    unchanged: AtomicU64,
    /// Whether connections stay open.
    kept: bool,
}

/// A vigie that runs; it ends with the benchmark.
struct Vigie(Child);

impl Drop for Vigie {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::main]
async fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(10_000);
    let kept = std::env::args().any(|argument| argument == "kept");
    let few = count / 100;
    let base = measure(few, kept).await;
    let all = measure(count, kept).await;
    let each = all.saturating_sub(base) * 1024 / (count - few).max(1);
    println!("memory: {base} KiB for {few} feeds, {all} KiB for {count}: {each} bytes a feed");
}

/// What watching so many feeds takes in memory, in KiB, once each was read twice; tells what it takes in CPU.
async fn measure(count: u64, kept: bool) -> u64 {
    let feeds = Arc::new(Feeds { kept, ..Feeds::default() });
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut serving = JoinSet::new();
    serving.spawn(serve(listener, feeds.clone()));
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), count, port);
    let vigie = start(folder.path());
    while feeds.changed.load(Ordering::Relaxed) < count {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(Duration::from_secs(EVERY)).await;
    round(&vigie, &feeds, "unchanged").await;
    let memory = memory(&vigie);
    feeds.version.fetch_add(1, Ordering::Relaxed);
    round(&vigie, &feeds, "changed").await;
    drop(vigie);
    serving.shutdown().await;
    memory
}

/// Tells what a feed takes in CPU for the time of one look at each.
async fn round(vigie: &Vigie, feeds: &Feeds, what: &str) {
    let counts = || [&feeds.changed, &feeds.unchanged].map(|count| count.load(Ordering::Relaxed));
    let (before, looked) = (cpu(vigie), counts());
    tokio::time::sleep(Duration::from_secs(EVERY)).await;
    let (after, now) = (cpu(vigie), counts());
    let [changed, unchanged] = [now[0] - looked[0], now[1] - looked[1]];
    let each = (after - before) * 1000.0 / (changed + unchanged).max(1) as f64;
    println!("{what}: {each:.3} ms of CPU a look ({changed} changed, {unchanged} unchanged in {EVERY} s)");
}

fn write(folder: &Path, count: u64, port: u16) {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut config = format!(
        "store = \"data\"\nlisten = \"{listen}\"\n[sink.console.here]\n[source.feed.many]\nevery = \"{EVERY}s\"\nfeeds = [\n"
    );
    for n in 0..count {
        let (b, c, d) = (1 + n / 62_500, n / 250 % 250, 1 + n % 250);
        writeln!(config, "\"http://127.{b}.{c}.{d}:{port}/feed.xml\",").unwrap();
    }
    fs::write(folder.join("vigie.toml"), config + "]\n").unwrap();
    fs::create_dir(folder.join("watchlists")).unwrap();
    fs::write(folder.join("watchlists/many.toml"), WATCHLIST).unwrap();
}

fn start(folder: &Path) -> Vigie {
    let said = fs::File::create(folder.join("stderr")).unwrap();
    let config = folder.join("vigie.toml");
    let vigie = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(["run", "--log", "error", "--config"])
        .arg(config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said)
        .spawn();
    Vigie(vigie.unwrap())
}

async fn serve(listener: tokio::net::TcpListener, feeds: Arc<Feeds>) {
    let mut answers = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => drop(answers.spawn(answer(stream, feeds.clone()))),
            Some(_) = answers.join_next() => {}
            else => return,
        }
    }
}

/// Answers requests; hangs up after the first, unless connections are kept.
async fn answer(mut stream: TcpStream, feeds: Arc<Feeds>) -> std::io::Result<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let version = feeds.version.load(Ordering::Relaxed);
        let etag = format!("\"{version}\"");
        let known = String::from_utf8_lossy(&head).contains(&format!("if-none-match: {etag}"));
        let (status, count, body) = if known {
            ("304 Not Modified", &feeds.unchanged, String::new())
        } else {
            ("200 OK", &feeds.changed, feed(version))
        };
        let connection = if feeds.kept { "keep-alive" } else { "close" };
        let length = if known { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let head = format!("HTTP/1.1 {status}\r\netag: {etag}\r\nconnection: {connection}\r\n{length}\r\n");
        stream.write_all((head + &body).as_bytes()).await?;
        count.fetch_add(1, Ordering::Relaxed);
        if !feeds.kept {
            return Ok(());
        }
    }
}

fn feed(version: u64) -> String {
    let mut feed =
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>A ministry</title>".to_owned();
    for n in (version..version + ITEMS).rev() {
        let words = "The ministry met people of the region and spoke of roads, schools and water. ".repeat(3);
        let _ = write!(
            feed,
            "<item><guid>item-{n}</guid><title>News number {n}</title><link>https://m.example/{n}</link>\
             <description>&lt;p&gt;{words}&lt;/p&gt;</description></item>"
        );
    }
    feed + "</channel></rss>"
}

/// The CPU that the process took so far, in seconds.
fn cpu(vigie: &Vigie) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", vigie.0.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: f64 = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    ticks / rustix::param::clock_ticks_per_second() as f64
}

/// The memory of its own that the process has, in KiB.
fn memory(vigie: &Vigie) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", vigie.0.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
