//! How fast watchlists are held against posts, beside what one would otherwise take.
//!
//! `cargo bench --bench matching` prints a table first: CPU time of this thread, all engines in turn in every round, the
//! median of the rounds; every engine has to count the same. Then criterion measures the same passes by the clock.
//! `cargo bench --bench matching -- once ENGINE TERMS PASSES` makes so many passes of one engine, for callgrind.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

#[path = "matching/corpus.rs"]
mod corpus;
#[path = "matching/engine.rs"]
mod engine;

use std::collections::HashSet;
use std::hint::black_box;

use corpus::Corpus;
use criterion::{Criterion, Throughput};
use engine::{Chain, automaton, posts, prepared, regex_set, watch, words};
use rustix::time::{ClockId, clock_gettime};
use vigie::model::post::Post;

const POSTS: usize = 20_000;
const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
const ROUNDS: usize = 7;

/// RegexSet takes minutes to build and gigabytes beyond this.
const MOST_EXPRESSIONS: usize = 1_000;

/// An engine by name, the hits it has to count if it counts otherwise than the first, what it takes in memory, and a pass of it over all posts.
struct Engine<'c> {
    name: &'static str,
    hits: Option<usize>,
    bytes: usize,
    pass: Box<dyn Fn() -> usize + 'c>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [once, name, terms, passes] = arguments.as_slice()
        && once == "once"
    {
        return run_once(name, terms.parse().unwrap(), passes.parse().unwrap());
    }
    let corpus = Corpus::new(POSTS);
    describe(&corpus);
    for size in SIZES {
        table("find terms in prepared words", &finding(&corpus, size, ""), size);
    }
    for size in SIZES {
        cold(&corpus, size);
        table("text to matches, with stems", &matching(&corpus, size, ""), size);
    }
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    for size in SIZES {
        measure(&mut criterion, "find", &finding(&corpus, size, "vigie"), size);
        measure(&mut criterion, "match", &matching(&corpus, size, "vigie"), size);
    }
    criterion.final_summary();
}

/// Engines that look for terms as they are written, in words that were prepared for them; only `only` if it is given.
fn finding<'c>(corpus: &'c Corpus, size: usize, only: &str) -> Vec<Engine<'c>> {
    let terms = corpus.terms(size);
    let wanted = |name: &str| only.is_empty() || only == name;
    let mut engines = Vec::new();
    if wanted("vigie") {
        let (texts, before) = (words(corpus), resident());
        let watch = watch(&terms, false);
        let bytes = resident().saturating_sub(before);
        let pass = Box::new(move || texts.iter().map(|words| watch.count(words)).sum());
        engines.push(Engine { name: "vigie", hits: None, bytes, pass });
    }
    if wanted("aho-corasick") {
        let (texts, automaton) = (prepared(corpus), automaton(terms.iter().map(|(_, term)| &**term)));
        let bytes = automaton.memory_usage();
        let count = move |text: &String| automaton.find_overlapping_iter(text).count();
        engines.push(Engine {
            name: "aho-corasick",
            hits: None,
            bytes,
            pass: Box::new(move || texts.iter().map(&count).sum()),
        });
    }
    if only == "regex-set" || (only.is_empty() && size <= MOST_EXPRESSIONS) {
        let texts = prepared(corpus);
        let hits = Some(distinct(&texts, &terms));
        let before = resident();
        let set = regex_set(&terms);
        let pass = Box::new(move || texts.iter().map(|text| set.matches(text).iter().count()).sum());
        engines.push(Engine { name: "regex-set", hits, bytes: resident().saturating_sub(before), pass });
    }
    engines
}

/// Engines that get the text of posts, and look for terms in all their forms.
fn matching<'c>(corpus: &'c Corpus, size: usize, only: &str) -> Vec<Engine<'c>> {
    let terms = corpus.terms(size);
    let mut engines = Vec::new();
    if only.is_empty() || only == "vigie" {
        let (posts, before) = (posts(corpus), resident());
        let watch = watch(&terms, true);
        let bytes = resident().saturating_sub(before);
        let hits = move |post: &Post| watch.matches(post).iter().map(|found| found.hits.len()).sum::<usize>();
        engines.push(Engine {
            name: "vigie",
            hits: None,
            bytes,
            pass: Box::new(move || posts.iter().map(&hits).sum()),
        });
    }
    if only.is_empty() || only == "chain" {
        let chain = Chain::new(&terms);
        let bytes = chain.memory();
        let pass = Box::new(move || corpus.posts.iter().map(|text| chain.count(text)).sum());
        engines.push(Engine { name: "chain", hits: None, bytes, pass });
    }
    engines
}

/// How many terms stand in each text: a RegexSet tells which of them do, not how often.
fn distinct(texts: &[String], terms: &engine::Terms) -> usize {
    let automaton = automaton(terms.iter().map(|(_, term)| &**term));
    let count = |text: &String| {
        automaton.find_overlapping_iter(text).map(|found| found.pattern()).collect::<HashSet<_>>().len()
    };
    texts.iter().map(count).sum()
}

fn describe(corpus: &Corpus) {
    let bytes: usize = corpus.posts.iter().map(String::len).sum();
    let count: usize = words(corpus).iter().map(|words| words.found().len()).sum();
    let ascii = corpus.posts.iter().filter(|text| text.is_ascii()).count();
    println!(
        "{POSTS} posts, {} bytes and {} words each, {} % ASCII",
        bytes / POSTS,
        count / POSTS,
        ascii * 100 / POSTS
    );
}

/// One pass of a watch that has met no word before: every word is stemmed when it is first met.
fn cold(corpus: &Corpus, size: usize) {
    let (posts, watch) = (posts(corpus), watch(&corpus.terms(size), true));
    let nanoseconds = cpu_of(|| posts.iter().map(|post| watch.matches(post).len()).sum()).1;
    println!("\ntext to matches, {size} terms: first pass {} ns/post", nanoseconds / POSTS as u64);
}

/// Prints what every engine takes, and how many times what the first takes.
fn table(what: &str, engines: &[Engine], size: usize) {
    let counts: Vec<usize> = engines.iter().map(|engine| (engine.pass)()).collect();
    for (engine, count) in engines.iter().zip(&counts) {
        assert_eq!(*count, engine.hits.unwrap_or(counts[0]), "{what}, {size} terms: {}", engine.name);
    }
    let mut times = vec![Vec::new(); engines.len()];
    for _ in 0..ROUNDS {
        for (engine, times) in engines.iter().zip(&mut times) {
            times.push(cpu_of(&engine.pass).1);
        }
    }
    println!("\n{what}, {size} terms, {} hits", counts[0]);
    let medians: Vec<u64> = times.iter_mut().map(|times| median(times)).collect();
    for (engine, time) in engines.iter().zip(&medians) {
        println!(
            "{:14} {:8} ns/post {:10} posts/s {:6.1} x {:9} KiB",
            engine.name,
            time / POSTS as u64,
            POSTS as u64 * 1_000_000_000 / time,
            *time as f64 / medians[0] as f64,
            engine.bytes / 1024,
        );
    }
}

fn measure(criterion: &mut Criterion, group: &str, engines: &[Engine], size: usize) {
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(POSTS as u64));
    for engine in engines {
        group.bench_function(format!("{}/{size}", engine.name), |bencher| bencher.iter(|| (engine.pass)()));
    }
    group.finish();
}

/// The first pass teaches the memo; what a pass costs is the difference of two runs.
fn run_once(name: &str, size: usize, passes: usize) {
    let corpus = Corpus::new(POSTS / 10);
    let engines = match name.split_once('-') {
        Some(("find", engine)) => finding(&corpus, size, engine),
        Some(("match", engine)) => matching(&corpus, size, engine),
        _ => panic!("engines are find-vigie, find-aho-corasick, find-regex-set, match-vigie and match-chain"),
    };
    for _ in 0..passes {
        println!("{} posts, {} hits", POSTS / 10, black_box((engines[0].pass)()));
    }
}

/// What `work` gives, and the nanoseconds of CPU this thread took for it.
fn cpu_of(work: impl Fn() -> usize) -> (usize, u64) {
    let before = cpu();
    let done = black_box(work());
    (done, cpu() - before)
}

/// Nanoseconds that this thread ran so far.
fn cpu() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Bytes of memory this process holds.
fn resident() -> usize {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap();
    told.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn median(times: &mut [u64]) -> u64 {
    times.sort_unstable();
    times[times.len() / 2]
}
