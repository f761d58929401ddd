//! What it takes to find the story of a post among so many recent ones, on Linux.
//!
//! `cargo bench --bench stories` has `vigie stories --json` read 10,000, 100,000 and 1,000,000 posts of one day, and tells
//! from `/proc` what its process takes: CPU a post, reading it and printing its story included, for the first half of the
//! posts and the last tenth, and memory when all are known. `-- 50000` takes so many posts. `VIGIE_TEST_PROGRAM` names
//! another program than the one built with the benchmark.
//!
//! Of ten posts five are stories of their own, three are copies of one of the last thousand stories with small changes,
//! and two fill one of twenty templates with another name and number, which are stories of their own as well.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write as _};
use std::process::{Command, Stdio};

/// Words that there are. How often one comes falls with its rank.
const WORDS: usize = 30_000;

/// A post is a copy of one of so many stories before it.
const RECENT: usize = 1_000;

const TEMPLATES: usize = 20;

fn main() {
    let asked: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let counts = if asked.is_empty() { vec![10_000, 100_000, 1_000_000] } else { asked };
    println!(
        "{:>9}  {:>9}  {:>14}  {:>14}  {:>10}",
        "posts", "stories", "us/post, half", "us/post, last", "KiB"
    );
    for count in counts {
        measure(count);
    }
}

fn measure(count: usize) {
    let mut child = Command::new(program())
        .args(["stories", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, output) =
        (BufWriter::new(child.stdin.take().unwrap()), BufReader::new(child.stdout.take().unwrap()));
    let writer = std::thread::spawn(move || {
        let mut desk = Writer::new();
        for n in 0..count {
            let at = n as f64 * 86_000.0 / count as f64;
            let (hour, minute, second) = (at as u32 / 3600, at as u32 / 60 % 60, at as u32 % 60);
            let text = desk.post();
            writeln!(
                input,
                r#"{{"id":"{n}","author":"a{}","text":"{text}","posted_at":"2025-04-30T{hour:02}:{minute:02}:{second:02}Z"}}"#,
                n % 5_000
            )
            .unwrap();
        }
        // The last lines are read before the program ends, so that there is a process to look at.
        input.flush().unwrap();
        input
    });
    let process = format!("/proc/{}", child.id());
    let (mut stories, mut marks, mut memory) = (HashSet::new(), vec![cpu(&process)], 0);
    let mut lines = output.lines();
    for n in 1..=count {
        stories.insert(lines.next().unwrap().unwrap().split_once("\"story\":").unwrap().1.to_owned());
        if n == count / 2 || n == count - count / 10 || n == count {
            marks.push(cpu(&process));
            memory = self::memory(&process);
        }
    }
    drop(writer.join().unwrap());
    assert!(child.wait().unwrap().success());
    let each = |from: usize, to: usize, posts: usize| (marks[to] - marks[from]) * 1e6 / posts as f64;
    let (half, last) = (each(0, 1, count / 2), each(2, 3, count / 10));
    println!("{count:>9}  {:>9}  {half:>14.1}  {last:>14.1}  {memory:>10}", stories.len());
}

fn program() -> OsString {
    std::env::var_os("VIGIE_TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_vigie").into())
}

/// Seconds of CPU so far.
fn cpu(process: &str) -> f64 {
    let stat = fs::read_to_string(format!("{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// What it holds in memory, in KiB.
fn memory(process: &str) -> u64 {
    let status = fs::read_to_string(format!("{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Who writes the posts.
struct Writer {
    rng: fastrand::Rng,
    words: Vec<String>,
    stories: Vec<String>,
}

impl Writer {
    fn new() -> Self {
        let mut rng = fastrand::Rng::with_seed(7);
        let syllables = [
            ["ba", "ri", "to", "men", "vor", "la", "ku", "des", "pi", "ran"],
            ["ба", "ри", "то", "мен", "вор", "ла", "ку", "дес", "пи", "ран"],
            ["با", "ري", "تو", "من", "فر", "لا", "كو", "دس", "في", "را"],
        ];
        let words = (0..WORDS)
            .map(|n| (0..rng.usize(2..5)).map(|_| syllables[n % 3][rng.usize(0..10)]).collect())
            .collect();
        Self { rng, words, stories: Vec::new() }
    }

    /// A post's text.
    fn post(&mut self) -> String {
        match self.rng.u8(0..10) {
            0..5 => {
                let text = self.story();
                if self.stories.len() < RECENT {
                    self.stories.push(text.clone());
                } else {
                    let at = self.rng.usize(0..RECENT);
                    self.stories[at].clone_from(&text);
                }
                text
            }
            5..8 if !self.stories.is_empty() => self.copy(),
            _ => self.template(),
        }
    }

    /// Some twenty words of one language, a name and a number among them.
    fn story(&mut self) -> String {
        let tongue = self.rng.usize(0..3);
        let mut text = String::new();
        for n in 0..self.rng.usize(14..28) {
            let word = self.word(tongue);
            let _ = match n {
                0 => write!(text, "{word}"),
                5 => write!(text, " {}", self.rng.u32(2..5_000)),
                7 => write!(text, " {}", capital(&word)),
                _ => write!(text, " {word}"),
            };
        }
        text
    }

    /// A word of a language; the first ones are frequent.
    fn word(&mut self, tongue: usize) -> String {
        let rank = ((WORDS / 3) as f64).powf(self.rng.f64()) as usize - 1;
        self.words[(rank * 3 + tongue) % WORDS].clone()
    }

    /// A story before with what editors change.
    fn copy(&mut self) -> String {
        let at = self.rng.usize(0..self.stories.len());
        let text = self.stories[at].clone();
        match self.rng.u8(0..4) {
            0 => format!("RT @desk: {text}"),
            1 => format!("BREAKING: {text} #news https://e.example/{}", self.rng.u32(..)),
            2 => text.rsplit_once(' ').map_or(text.clone(), |(most, _)| format!("{most}…")),
            _ => {
                let mut words: Vec<&str> = text.split(' ').collect();
                words.swap(9, 10);
                words.join(" ")
            }
        }
    }

    /// The same sentence about another place and number.
    fn template(&mut self) -> String {
        let start = self.rng.usize(0..TEMPLATES) * 40;
        let (name, number) = (self.word(0), self.rng.u32(2..100_000));
        let words: Vec<&str> =
            self.words.iter().skip(start).step_by(3).take(12).map(String::as_str).collect();
        format!("{} {} {number} {}", capital(&name), words[..6].join(" "), words[6..].join(" "))
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
