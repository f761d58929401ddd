//! What it takes to watch many feeds, on Linux.
//!
//! `cargo bench --bench feeds` starts vigie over 10,000 feeds, each on a host of its own, 127.x.y.z, all of them one server
//! here, and tells from `/proc` what its process takes: memory, and CPU for a feed that changed and for one that did not.
//! Every look is a connection of its own, as it is at the usual pace; with `-- kept` the server leaves connections open.
//! `-- 500` takes so many feeds, `-- 500 50` on so many hosts, of which each takes the calls that it needs, `-- 500 2s` looks
//! every two seconds, `-- ./vigie` measures another vigie. `-- 10000 1 kept` is a hub of one's own.

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

/// What is asked for.
struct Wish {
    program: String,
    kept: bool,
    /// The wait between two looks at a feed, in seconds.
    every: u64,
    hosts: u64,
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
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut numbers = arguments.iter().filter_map(|argument| argument.parse().ok());
    let count = numbers.next().unwrap_or(10_000);
    let seconds = |argument: &String| argument.strip_suffix('s')?.parse().ok();
    let path = arguments.iter().find(|argument| argument.contains('/'));
    let wish = Wish {
        program: path.map_or(env!("CARGO_BIN_EXE_vigie"), String::as_str).to_owned(),
        kept: arguments.iter().any(|argument| argument == "kept"),
        every: arguments.iter().find_map(seconds).unwrap_or(20),
        hosts: numbers.next().unwrap_or(count),
    };
    let few = count / 100;
    let base = measure(few, &wish).await;
    let all = measure(count, &wish).await;
    let each = all.saturating_sub(base) * 1024 / (count - few).max(1);
    println!("memory: {base} KiB for {few} feeds, {all} KiB for {count}: {each} bytes a feed");
}

/// What watching so many feeds takes in memory, in KiB, once each was read twice; tells what it takes in CPU.
async fn measure(count: u64, wish: &Wish) -> u64 {
    let feeds = Arc::new(Feeds { kept: wish.kept, ..Feeds::default() });
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut serving = JoinSet::new();
    serving.spawn(serve(listener, feeds.clone()));
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), (count, port), wish);
    let vigie = start(folder.path(), wish);
    while feeds.changed.load(Ordering::Relaxed) < count {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(Duration::from_secs(wish.every)).await;
    round(&vigie, &feeds, "unchanged", wish.every).await;
    let memory = memory(&vigie);
    feeds.version.fetch_add(1, Ordering::Relaxed);
    round(&vigie, &feeds, "changed", wish.every).await;
    drop(vigie);
    serving.shutdown().await;
    memory
}

/// Tells what a feed takes in CPU for the time of one look at each.
async fn round(vigie: &Vigie, feeds: &Feeds, what: &str, every: u64) {
    let counts = || [&feeds.changed, &feeds.unchanged].map(|count| count.load(Ordering::Relaxed));
    let (before, looked) = (cpu(vigie), counts());
    tokio::time::sleep(Duration::from_secs(every)).await;
    let (after, now) = (cpu(vigie), counts());
    let [changed, unchanged] = [now[0] - looked[0], now[1] - looked[1]];
    let each = (after - before) * 1000.0 / (changed + unchanged).max(1) as f64;
    println!("{what}: {each:.3} ms of CPU a look ({changed} changed, {unchanged} unchanged in {every} s)");
}

fn write(folder: &Path, (count, port): (u64, u16), wish: &Wish) {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // Three times what is needed, because the first round is to be over soon.
    let calls = (3 * count.div_ceil(wish.hosts)).div_ceil(wish.every).min(1000);
    let mut config = format!(
        "store = \"data\"\nlisten = \"{listen}\"\n[sink.console.here]\n[source.feed.many]\nevery = \"{}s\"\n\
         calls_per_second = {calls}\nfeeds = [\n",
        wish.every
    );
    for n in 0..count {
        let host = n % wish.hosts;
        let (b, c, d) = (1 + host / 62_500, host / 250 % 250, 1 + host % 250);
        writeln!(config, "\"http://127.{b}.{c}.{d}:{port}/feed-{n}.xml\",").unwrap();
    }
    fs::write(folder.join("vigie.toml"), config + "]\n").unwrap();
    fs::create_dir(folder.join("watchlists")).unwrap();
    fs::write(folder.join("watchlists/many.toml"), WATCHLIST).unwrap();
}

fn start(folder: &Path, wish: &Wish) -> Vigie {
    let said = fs::File::create(folder.join("stderr")).unwrap();
    let config = folder.join("vigie.toml");
    let vigie = Command::new(&wish.program)
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
