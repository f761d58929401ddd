//! Watchlists as a whole, from their text to matches.

mod documentation;
mod examples;
mod matching;
mod mistakes;
mod operators;
mod properties;
mod shortcuts;
mod warnings;

use super::*;
use crate::model::post::Platform;

const SAHEL: &str = r#"
title = "Military aid to the Sahel"
languages = ["en", "fr", "ru", "ar"]

[concept.recipient]
en  = ["Burkina Faso", "Mali", "Ouagadougou"]
ru  = ["Буркина-Фасо", "=Мали"]
any = ["🇧🇫", "==AES"]

[concept.delivery]
en = ["deliver", "commit", "send"]
fr = ["livraison", "livrer"]
ru = ["поставка", "поставить"]
ar = ["تسليم"]

[concept.materiel]
en = ["weapon", "=arms", "military assistance"]
fr = ["=arme", "=armes", "véhicule militaire"]
ru = ["оружие", "военная техника"]
ar = ["سلاح"]

[concept.food-aid]
en = ["food"]
fr = ["vivres"]

[concept.history]
en = ["histor*", "anniversary"]

[[rule]]
name     = "arms-delivery"
severity = "high"
when     = "@delivery NEAR/12 @materiel AND @recipient"
unless   = "@food-aid OR @history"

[[rule.example]]
text   = "Livraison d’ARMES russes à Ouagadougou"
expect = "alert"

[[rule.example]]
text   = "Livraison de vivres et d'armes à Ouagadougou"
expect = "quiet"

[[rule]]
name     = "africa-corps"
severity = "medium"
when     = '"Africa Corps" OR Вагнер'
"#;

fn load_as(name: &str, text: &str) -> Result<Watch, Vec<String>> {
    load_and_warn(name, text).0
}

/// The same, with its warnings.
fn load_and_warn(name: &str, text: &str) -> (Result<Watch, Vec<String>>, Vec<String>) {
    let shown = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect();
    let (document, mut warnings) = (Document::new(format!("{name}.toml"), text), Vec::new());
    let loaded = Watch::load_for(&[(name.into(), document)], None, &mut warnings);
    (loaded.map_err(shown), shown(warnings))
}

fn watch(text: &str) -> Watch {
    load_as("sahel", text).unwrap()
}

fn post(text: &str) -> Post {
    Post::new(Platform::X, "1", text)
}

/// A watchlist of one rule without concepts.
fn one_rule(when: &str) -> String {
    let languages = "languages = [\"en\", \"fr\", \"ru\"]";
    format!("{languages}\n[[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = '''{when}'''\n")
}

fn holds(when: &str, text: &str) -> bool {
    !watch(&one_rule(when)).matches(&post(text)).is_empty()
}

/// The forms of the hits of the first match.
fn forms(watch: &Watch, text: &str) -> Vec<String> {
    watch.matches(&post(text)).into_iter().take(1).flat_map(|found| found.hits).map(|hit| hit.form).collect()
}
