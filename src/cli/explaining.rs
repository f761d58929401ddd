//! `vigie match --explain`: rules as trees of what they ask for, with the words that decided.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::Failure;
use super::matching::{MARK, QUIET, plain, texts};
use crate::model::matched::Hit;
use crate::model::post::Post;
use crate::setting::nearest;
use crate::watch::{Branch, Explained, Traced, Watch};

const PASS: Style = AnsiColor::Green.on_default().bold();
const FAIL: Style = AnsiColor::Red.on_default();

/// At most so many words are shown of one branch.
const MOST_HITS: usize = 8;

/// One line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    alert: bool,
    rules: &'a [Explained],
}

/// Whether there is a rule of this name.
pub(super) fn check_rule(watch: &Watch, rule: &str) -> Result<(), Failure> {
    if watch.rule_names().any(|known| known == rule) {
        return Ok(());
    }
    let known: Vec<&str> = watch.rule_names().collect();
    let hint = nearest(rule, known.iter().copied())
        .map_or_else(|| format!("there are {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
    Err(Failure::Usage(format!("no rule is named `{rule}`; {hint}")))
}

/// A post, and why each rule, or only `rule`, holds for it or does not.
pub(super) fn show(
    out: &mut impl Write,
    watch: &Watch,
    post: &Post,
    rule: Option<&str>,
    json: bool,
) -> Result<(), Failure> {
    let explained = watch.explain(post, rule);
    if json {
        let alert = explained.iter().any(|explained| explained.holds);
        serde_json::to_writer(&mut *out, &Line { id: &post.id, alert, rules: &explained })?;
        writeln!(out)?;
        return Ok(());
    }
    writeln!(out, "{MARK}{}{MARK:#} {}", plain(&post.id), plain(&post.author))?;
    let mut hits = Vec::new();
    for explained in explained.iter().filter(|explained| explained.holds) {
        collect(&explained.when, &mut hits);
    }
    texts(out, post, &hits)?;
    explained.iter().try_for_each(|explained| tree(out, explained))?;
    writeln!(out)?;
    Ok(())
}

/// The words by which a branch holds.
fn collect<'a>(branch: &'a Branch, hits: &mut Vec<&'a Hit>) {
    if branch.holds && branch.asks != "NOT" {
        hits.extend(branch.hits.iter().map(|traced| &traced.hit));
        branch.parts.iter().for_each(|part| collect(part, hits));
    }
}

fn tree(out: &mut impl Write, explained: &Explained) -> io::Result<()> {
    let Explained { rule, severity, holds, when, unless } = explained;
    writeln!(out, "  {} {rule} {QUIET}({severity}){QUIET:#}", verdict(*holds))?;
    branch(out, when, "when: ", 2)?;
    unless.iter().try_for_each(|unless| branch(out, unless, "unless: ", 2))
}

fn branch(out: &mut impl Write, shown: &Branch, label: &str, depth: usize) -> io::Result<()> {
    let indent = "  ".repeat(depth);
    write!(out, "{indent}{} {QUIET}{label}{QUIET:#}{}", verdict(shown.holds), plain(&shown.asks))?;
    // Where the parts follow, they show the words.
    if shown.parts.is_empty() || shown.asks.contains('/') {
        let words: Vec<String> = shown.hits.iter().take(MOST_HITS).map(met).collect();
        if !words.is_empty() {
            write!(out, ": {}", words.join(", "))?;
        }
        if shown.hits.len() > MOST_HITS {
            write!(out, " and {} more", shown.hits.len() - MOST_HITS)?;
        }
    }
    if let Some(note) = &shown.note {
        write!(out, " {QUIET}({}){QUIET:#}", plain(note))?;
    }
    writeln!(out)?;
    shown.parts.iter().try_for_each(|part| branch(out, part, "", depth + 1))
}

fn verdict(holds: bool) -> String {
    if holds { format!("{PASS}PASS{PASS:#}") } else { format!("{FAIL}FAIL{FAIL:#}") }
}

/// Words, the term they met, and what was folded for that.
fn met(traced: &Traced) -> String {
    let folds: Vec<String> = traced.folds.iter().map(ToString::to_string).collect();
    let folds = if folds.is_empty() { String::new() } else { format!("; {}", folds.join(", ")) };
    let Hit { form, term, field, .. } = &traced.hit;
    let place =
        if *field == crate::model::matched::Field::Text { String::new() } else { format!(" in {field}") };
    format!("{MARK}“{}”{MARK:#}{place} {QUIET}({}{folds}){QUIET:#}", plain(form), plain(term))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::Platform;
    use crate::setting::Document;

    #[test]
    fn a_post_that_does_not_match_shows_what_failed_and_what_was_looked_for() {
        let text = "languages = [\"en\"]\n[concept.arms]\nen = [\"weapon\"]\n[[rule]]\nname = \"it\"\nseverity = \"low\"\n\
                    when = '@arms NEAR/1 Mali'\nunless = 'food'\n";
        let document = Document::new("it.toml", text);
        let watch = Watch::load(&[("w".into(), document)]).unwrap();
        let post = Post::new(Platform::X, "7", "Weapons \u{1b}for x y Mali");
        let mut out = Vec::new();
        assert!(show(&mut out, &watch, &post, None, false).is_ok());
        let shown = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
        let expected = "7 \n  Weapons  for x y Mali\n  FAIL w/it (low)\n    FAIL when: NEAR/1 (the closest are 3 words apart)\n\
                        \u{20}     PASS @arms: “Weapons” (weapon; case, stem:en)\n      PASS \"Mali\": “Mali” (Mali)\n\
                        \u{20}   FAIL unless: \"food\"\n\n";
        assert_eq!(shown, expected);
        assert!(check_rule(&watch, "w/it").is_ok());
        let Err(Failure::Usage(message)) = check_rule(&watch, "w/if") else { panic!() };
        assert!(message.contains("did you mean `w/it`?"));
    }
}
