//! `vigie stories` on invented posts in ten languages: copies with small changes, and the same templates about other
//! events.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::program::program;

const POSTS: &str = include_str!("stories.jsonl");

/// Invented posts, what people do to them by `kind`, and near misses about other events.
const VARIANTS: &str = include_str!("variants.jsonl");

fn stories(arguments: &[&str], posts: &str) -> Output {
    let mut child = Command::new(program())
        .arg("stories")
        .args(arguments)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(posts.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn copies_fold_and_templates_stay_apart_in_ten_languages() {
    let output = stories(&["--json"], POSTS);
    assert!(output.status.success());
    let told = lines(&String::from_utf8(output.stdout).unwrap());
    let posts = lines(POSTS);
    assert_eq!(told.len(), posts.len());
    let (mut right, mut wrong, mut missed) = (0, Vec::new(), Vec::new());
    for (at, (a, told_a)) in posts.iter().zip(&told).enumerate() {
        assert_eq!(a["id"], told_a["id"], "in the order of the file");
        for (b, told_b) in posts.iter().zip(&told).skip(at + 1) {
            match (a["story"] == b["story"], told_a["story"] == told_b["story"]) {
                (true, true) => right += 1,
                (false, true) => wrong.push((&a["id"], &b["id"])),
                (true, false) => missed.push((&a["id"], &b["id"])),
                (false, false) => {}
            }
        }
    }
    assert!(wrong.len() * 98 <= right * 2, "precision below 0.98: {wrong:?}");
    assert!(missed.len() * 9 <= right, "recall below 0.90: {missed:?}");
}

#[test]
fn people_read_the_posts_of_a_story_together_and_broken_lines_are_told() {
    let first = r#"{"id":"1","author":"a","text":"Oman hands the Malawi coast guard 7 rubber boats at Monkey Bay","posted_at":"2025-06-01T10:00:00Z"}"#;
    let other = r#"{"id":"2","author":"b","text":"Heavy rain closes the road between Mbarara and Kabale","posted_at":"2025-06-01T10:01:00Z"}"#;
    let copy = first.replace(r#""1""#, r#""3""#).replace("T10:00", "T10:02");
    let late = first.replace(r#""1""#, r#""4""#).replace("01T10:00", "02T11:00");
    let output = stories(&[], &format!("{first}\n{other}\noops\n{copy}\n{late}\n"));
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let heads: HashMap<&str, &str> =
        text.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| line.split_once("  ")).collect();
    let mut counts: Vec<&str> = heads.values().copied().collect();
    counts.sort_unstable();
    assert_eq!(counts, ["1 post", "1 post", "2 posts"], "a day later it is another story:\n{text}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("line 3") && said.contains("4 posts in 3 stories"), "{said}");
}

#[test]
fn no_near_miss_joins_a_story_and_what_is_not_worded_anew_does() {
    let output = stories(&["--json"], VARIANTS);
    let told = lines(&String::from_utf8(output.stdout).unwrap());
    let posts = lines(VARIANTS);
    assert_eq!(told.len(), posts.len());
    let (mut meant, mut begun) = (HashMap::new(), HashMap::new());
    let mut found: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (post, told) in posts.iter().zip(&told) {
        let (kind, told) = (post["kind"].as_str().unwrap(), &told["story"]);
        let other = meant.insert(told, &post["story"]);
        assert!(other.is_none_or(|other| *other == post["story"]), "precision below 1.00: {}", post["id"]);
        let first = *begun.entry(&post["story"]).or_insert(told);
        if !["first", "near"].contains(&kind) {
            let (right, all) = found.entry(kind).or_default();
            (*right, *all) = (*right + usize::from(told == first), *all + 1);
        }
    }
    println!("found by kind: {found:?}");
    let worded_anew = |kind: &str| ["paraphrase", "translation"].contains(&kind);
    let counts = found.iter().filter(|(kind, _)| !worded_anew(kind)).map(|(_, counts)| counts);
    let (right, all) = counts.fold((0, 0), |sum, (right, all)| (sum.0 + right, sum.1 + all));
    assert!(all >= 60 && right * 100 >= all * 95, "recall below 0.95: {found:?}");
}
