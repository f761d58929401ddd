//! Any condition is either read or refused with places that lie in the file; what is read can be held against any
//! text, and its explanation agrees with its matches.
//!
//! The first line of the input is the condition, the rest the text of a post.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vigie::model::post::{Platform, Post};
use vigie::setting::Document;
use vigie::watch::Watch;

const HEAD: &str = "languages = [\"en\", \"fr\", \"ru\", \"ar\"]\n[concept.arms]\nen = [\"weapon\", \"=arms\", \"drone*\"]\n\
                    any = [\"@heavy\", \"🚁\"]\n[concept.heavy]\nfr = [\"char\", \"véhicule blindé\"]\n\
                    [[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = '''";

static OTHER: LazyLock<Watch> = LazyLock::new(|| load("weapon OR Mali").expect("it is sound"));

fn load(condition: &str) -> Result<Watch, Vec<vigie::setting::Problem>> {
    let document = Document::new("it.toml", format!("{HEAD}{condition}'''\n"));
    Watch::load(&[("it".into(), document)])
}

fuzz_target!(|input: &str| {
    let (condition, text) = input.split_once('\n').unwrap_or((input, "weapons and drones for Mali. A b c"));
    let post = Post::new(Platform::X, "1", text);
    OTHER.matches(&post);
    match load(condition) {
        Ok(watch) => {
            let matches = watch.matches(&post);
            for hit in matches.iter().flat_map(|found| &found.hits) {
                assert_eq!(text.get(hit.start..hit.end), Some(&*hit.form));
            }
            let explained = watch.explain(&post, None);
            assert_eq!(explained.len(), 1);
            assert_eq!(explained[0].holds, !matches.is_empty(), "{condition:?}");
            // Parentheses around the whole change nothing.
            let bare = !condition.contains('\'');
            if let Ok(same) = load(&format!("({condition})"))
                && bare
            {
                assert_eq!(same.matches(&post), matches, "{condition:?}");
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            let lines = HEAD.lines().count() + condition.lines().count() + 1;
            for (line, _) in problems.iter().filter_map(|problem| problem.at) {
                assert!((1..=lines + condition.matches(['\r', '\n']).count()).contains(&line), "{problems:?}");
            }
        }
    }
});
