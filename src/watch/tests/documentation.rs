//! The examples of `docs/watchlists.md` do what the page says.

use super::*;

const PAGE: &str = include_str!("../../../docs/watchlists.md");

/// The fenced blocks of one kind.
fn blocks(kind: &str) -> Vec<&'static str> {
    let fence = format!("\n```{kind}\n");
    let body = |rest: &'static str| rest.split("\n```").next().unwrap();
    PAGE.split(&*fence).skip(1).map(body).collect()
}

/// The conditions of blocks, each with the lines below it.
fn conditions(kind: &str) -> Vec<(&'static str, Vec<&'static str>)> {
    let entry = |entry: &'static str| {
        let (condition, lines) = entry.split_once('\n').unwrap();
        (condition, lines.lines().collect())
    };
    blocks(kind).into_iter().flat_map(|block| block.split("\n\n")).map(entry).collect()
}

/// A watchlist of the page's concepts and one rule.
fn list(condition: &str, examples: &[String]) -> String {
    let rule = format!("name = \"it\"\nseverity = \"low\"\nwhen = '''{condition}'''\n");
    format!("{}\n[[rule]]\n{rule}example = [{}]\n", blocks("concepts")[0], examples.join(", "))
}

fn example(line: &str) -> String {
    let (expect, post) = match line.split_at(2) {
        ("+ ", post) => ("alert", post),
        ("- ", post) => ("quiet", post),
        _ => panic!("{line}"),
    };
    match post.strip_suffix('}').filter(|_| post.starts_with('{')) {
        Some(open) => format!("{}, expect = \"{expect}\" }}", open.trim_end()),
        None => format!("{{ text = '''{post}''', expect = \"{expect}\" }}"),
    }
}

#[test]
fn accepted_conditions_do_with_each_post_what_the_page_says() {
    let all = conditions("condition accept");
    assert!(all.len() > 20, "{}", all.len());
    for (condition, posts) in all {
        let examples: Vec<String> = posts.into_iter().map(example).collect();
        assert!(examples.iter().any(|example| example.contains("alert")), "{condition}");
        assert_eq!(load_as("it", &list(condition, &examples)).err(), None, "{condition}");
    }
}

#[test]
fn refused_conditions_are_refused_with_the_words_of_the_page() {
    let all = conditions("condition refuse");
    assert!(all.len() > 20, "{}", all.len());
    for (condition, says) in all {
        let message = says[0].strip_prefix("! ").unwrap();
        let found = load_as("it", &list(condition, &[])).expect_err(condition);
        assert!(found.iter().any(|problem| problem.contains(message)), "{condition}: {found:?}");
    }
}

#[test]
fn whole_files_are_accepted_or_refused_as_the_page_says() {
    let (accepted, refused) = (blocks("watchlist accept"), blocks("watchlist refuse"));
    assert!(!accepted.is_empty() && refused.len() > 2);
    for file in accepted {
        let (watch, warnings) = load_and_warn("example", file);
        watch.unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
    }
    for file in refused {
        let (message, file) = file.split_once('\n').unwrap();
        let message = message.strip_prefix("! ").unwrap();
        let found = load_as("example", file).unwrap_err();
        assert!(found.len() == 1 && found[0].contains(message), "{message}: {found:?}");
    }
}

#[test]
fn every_block_of_examples_is_of_a_known_kind() {
    let kinds = [
        "watchlist accept",
        "watchlist refuse",
        "condition accept",
        "condition refuse",
        "concepts",
        "toml",
        "text",
    ];
    let fences = PAGE.lines().filter_map(|line| line.trim_start().strip_prefix("```"));
    for kind in fences.step_by(2) {
        assert!(kinds.contains(&kind), "{kind}");
    }
}
