//! What matches tell.

use super::*;
use crate::model::matched::{Field, Severity};
use crate::model::post::{Media, Reference};

#[test]
fn posts_in_many_spellings_meet_the_rule() {
    let watch = watch(SAHEL);
    let table = [
        ("Livraison d’ARMES russes à Ouagadougou", vec!["Livraison", "ARMES", "Ouagadougou"]),
        (
            "Russia has committed more military assistance to #BurkinaFaso",
            vec!["committed", "military assistance", "BurkinaFaso"],
        ),
        ("Россия поставила Мали военную технику", vec!["поставила", "Мали", "военную технику"]),
        ("𝗪𝗲𝗮𝗽𝗼𝗻𝘀 were delivered to 🇧🇫", vec!["𝗪𝗲𝗮𝗽𝗼𝗻𝘀", "delivered", "🇧🇫"]),
        ("sends wеapons to #burkinafaso", vec!["sends", "wеapons", "burkinafaso"]),
        ("تسليم الأسلحة", vec![]),
        ("تسليم السلاح AES", vec!["تسليم", "السلاح", "AES"]),
        ("تسليم السلاح aes", vec![]),
        ("Vehicules militaires: livraisons au Mali", vec!["Vehicules militaires", "livraisons", "Mali"]),
    ];
    for (text, expected) in table {
        assert_eq!(forms(&watch, text), expected, "{text}");
    }
}

#[test]
fn a_match_tells_rule_severity_and_every_hit_with_its_place() {
    let found = watch(SAHEL).matches(&post("Livraison d’ARMES russes à Ouagadougou, Africa Corps présent"));
    assert_eq!(found.len(), 2);
    assert_eq!((&*found[0].rule, found[0].severity), ("sahel/arms-delivery", Severity::High));
    assert_eq!(
        found[0].hits[1],
        Hit {
            concept: Some("materiel".into()),
            term: "=armes".into(),
            form: "ARMES".into(),
            field: Field::Text,
            start: 14,
            end: 19,
        }
    );
    let bare = &found[1].hits[0];
    assert_eq!((&bare.concept, &*bare.term, &*bare.form), (&None, "Africa Corps", "Africa Corps"));
}

#[test]
fn words_are_looked_for_in_every_part_of_a_post() {
    let post = Post {
        title: Some("weapons".into()),
        warning: Some("weapons".into()),
        quote_of: Some(Reference { text: Some("weapons".into()), ..Reference::default() }),
        media: vec![Media::default(), Media { alt: Some("a weapon".into()), ..Media::default() }],
        links: vec!["https://example.org/new-weapons?weapons".into()],
        ..post("weapons https://example.org/weapons")
    };
    let found = watch(&one_rule("weapon")).matches(&post);
    let places: Vec<(Field, usize)> = found[0].hits.iter().map(|hit| (hit.field, hit.start)).collect();
    let fields = [Field::Title, Field::Warning, Field::Text, Field::Quote, Field::Media(1), Field::Link(0)];
    assert_eq!(places, fields.into_iter().zip([0, 0, 0, 0, 2, 24]).collect::<Vec<_>>());
}

#[test]
fn a_word_in_two_languages_of_a_concept_is_one_hit() {
    let list = "languages = [\"en\", \"fr\"]\n[concept.c]\nen = [\"munition\"]\nfr = [\"munition\"]\n\
                [[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = '@c'\n";
    assert_eq!(forms(&watch(list), "munitions"), ["munitions"]);
}

#[test]
fn a_phrase_written_together_inflects_but_is_not_met_by_the_words_it_begins_with() {
    let list = format!("{}[concept.friends]\nen = [\"African allies\"]\n", one_rule("@friends"));
    let watch = watch(&list);
    // Snowball makes `african` of `africanallies`, too.
    for (text, met) in [
        ("African allies", true),
        ("#AfricanAllies", true),
        ("an African ally", true),
        ("African", false),
        ("#Africans", false),
    ] {
        assert_eq!(!watch.matches(&post(text)).is_empty(), met, "{text}");
    }
}

#[test]
fn a_term_inflects_in_its_own_language_only() {
    let list = "languages = [\"en\", \"fr\"]\n[concept.c]\nen = [\"livraison\"]\nany = [\"soldat\"]\n\
                [[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = '@c'\n";
    let watch = watch(list);
    let held = |text| !watch.matches(&post(text)).is_empty();
    assert!(held("livraisons") && held("SOLDAT") && !held("soldats") && !held("livrais"));
}

#[test]
fn a_watch_counts_what_it_holds() {
    let other = Document::new("other.toml", one_rule("a OR \"b c\" OR a"));
    let sahel = Document::new("sahel.toml", SAHEL);
    let watch = Watch::load(&[("sahel".into(), sahel), ("other".into(), other)]).unwrap();
    assert_eq!(watch.watchlists().collect::<Vec<_>>(), ["sahel", "other"]);
    assert_eq!((watch.rules(), watch.terms()), (3, 30 + 2));
    assert_eq!(Watch::load(&[]).unwrap().matches(&post("a")), []);
}

#[test]
fn a_hit_within_a_wider_one_of_its_concept_is_left_out() {
    let list = "languages = []\n[concept.c]\nany = [\"Burkina\", \"Burkina Faso\", \"Faso\"]\n\
                [[rule]]\nname = \"it\"\nseverity = \"low\"\nwhen = '@c OR Burkina'\n";
    assert_eq!(forms(&watch(list), "Faso, Burkina Faso"), ["Faso", "Burkina", "Burkina Faso"]);
}
