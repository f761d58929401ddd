//! Every shortcut of the search finds what a search without shortcuts finds.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::lexicon::Findings;
use super::super::lexicon::plain::Tree;
use super::super::scene::{Part, parts};
use super::super::term::Term;
use super::*;
use crate::model::matched::Field;
use crate::text::token::{analyse, analyse_link};

/// What is found in a post by a search without shortcuts or memory.
fn plainly(watch: &Watch, tree: &Tree, post: &Post) -> Findings {
    let tokens = |part: &Part| match part.field {
        Field::Link(_) => analyse_link(part.text),
        _ => analyse(part.text),
    };
    let tokens: Vec<_> = parts(post).iter().map(tokens).collect();
    tree.find(&watch.lexicon, tokens.iter().map(Vec::as_slice))
}

fn quickly(watch: &Watch, post: &Post) -> Findings {
    watch.desks.with(|desk| watch.lexicon.search(desk, &parts(post), Part::read))
}

/// The watchlist that comes with vigie.
static FOUNDING: LazyLock<(Watch, Tree)> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/watchlists/sahel-military-aid.toml");
    let document = Document::read_with_parts(path.as_ref(), &Watch::PARTS).unwrap();
    let watch = Watch::load(&[("sahel".into(), document)]).unwrap();
    let tree = Tree::of(&watch.lexicon);
    (watch, tree)
});

#[test]
fn the_demo_posts_are_searched_as_they_would_be_without_shortcuts() {
    let posts = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/demo/posts.jsonl"));
    let (watch, tree) = &*FOUNDING;
    let mut found = 0;
    for line in posts.lines() {
        let post: Post = serde_json::from_str(line).unwrap();
        let plain = plainly(watch, tree, &post);
        found += plain.count();
        assert_eq!(quickly(watch, &post), plain, "{line}");
    }
    assert!(found > 100, "{found}");
}

/// Text of words that the founding watchlist looks for, in many forms and disguises.
fn post_texts() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "weapons",
        "armes",
        "оружие",
        "оружия",
        "поставки",
        "поставил",
        "الأسلحة",
        "بالسلاح",
        "تسليم",
        "армия",
        "Burkina",
        "Faso",
        "#BurkinaFaso",
        "#burkinafaso",
        "буркина-фасо",
        "Мали",
        "Mali",
        "Niger",
        "AES",
        "aes",
        "🇷🇺",
        "🇧🇫",
        "military",
        "assistance",
        "aide",
        "militaire",
        "Africa Corps",
        "#AfricaCorps",
        "wеapons",
        "俄罗斯",
        "马里",
        "军",
        "l’armée",
        "ʀᴜssɪᴀ",
        "history",
        "delivered",
        "the",
        "of",
        ".",
        "https://t.co/x",
        "drones",
        "instructeurs",
        "d’",
        "#AesAesFaso",
        "MALI",
        "Wagner",
        "ВАГНЕР",
    ]);
    let piece = prop_oneof![8 => word.prop_map(str::to_owned), 1 => "\\PC{0,4}"];
    prop::collection::vec((piece, prop::sample::select(vec![" ", " ", " ", "", ", ", "\u{200B}"])), 0..24)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, space)| [piece, space.into()]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn every_post_is_searched_as_it_would_be_without_shortcuts(text in post_texts(), link in post_texts()) {
        let (watch, tree) = &*FOUNDING;
        let post = Post { links: vec![link.clone()], title: Some(link), ..post(&text) };
        let plain = plainly(watch, tree, &post);
        prop_assert_eq!(&quickly(watch, &post), &plain);
    }

    #[test]
    fn phrases_are_found_also_where_words_of_tags_overlap(
        terms in prop::collection::vec("(=|==)?[abAB]{1,3}\\*?( [abAB]{1,3}\\*?){0,3}", 1..8),
        text in "([abAB]{1,3} |#[abAB]{1,7} ?){0,24}",
    ) {
        let quoted = terms.iter().filter(|term| Term::parse(term).is_ok());
        let terms: Vec<String> = quoted.map(|term| format!("\"{term}\"")).collect();
        if let Ok(watch) = load_as("it", &one_rule(&terms.join(" OR "))) {
            let plain = plainly(&watch, &Tree::of(&watch.lexicon), &post(&text));
            prop_assert_eq!(quickly(&watch, &post(&text)), plain);
        }
    }
}
