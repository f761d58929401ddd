use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::model::matched::{Hit, Severity};
use crate::model::post::{Platform, Reference};

fn post(id: &str, text: &str) -> Post {
    Post::new(Platform::X, id, text)
}

fn sketch(text: &str) -> Sketch {
    Sketch::of(&post(text, text), &[])
}

fn fold(a: &str, b: &str) -> bool {
    same(&sketch(a), &sketch(b))
}

/// Posts that repeat the first of each row with small changes.
const COPIES: &[(&str, &[&str])] = &[
    (
        "Oman hands the Malawi coast guard 7 rubber boats and radios at Monkey Bay, the navy chief says",
        &[
            "OMAN HANDS THE MALAWI COAST GUARD 7 RUBBER BOATS AND RADIOS AT MONKEY BAY, THE NAVY CHIEF SAYS",
            "BREAKING 🚨: Oman hands the Malawi coast guard 7 rubber boats and radios at Monkey Bay, the navy chief says",
            "RT @lake: Oman hands the Malawi coast guard 7 rubber boats and radios at Monkey Bay, the n…",
            "Oman hands the Malawi coast guard seven rubber boats and radios in Monkey Bay, navy chief says #Malawi 🇲🇼",
            "Oman gave the Malawi coast guard 7 rubber boats and radios at Monkey Bay, says the navy chief https://e.example/7",
            "Oman hands the Malawi coast guard 7 rubber boats and radios at Monkey Bay (via @lake)",
        ],
    ),
    (
        "Le Gabon achète à la Pologne deux hélicoptères d'occasion, livrés en juin à Libreville avec trois mécaniciens",
        &[
            "Le Gabon achete a la Pologne 2 helicopteres d'occasion, livres en juin a Libreville avec 3 mecaniciens",
            "Gabon : achat à la Pologne de deux hélicoptères d'occasion, livrés en juin à Libreville avec trois mécaniciens",
            "Le Gabon achète à la Pologne deux hélicoptères d'occasion, livrés à Libreville avec trois mécaniciens",
            "🔴 Le Gabon a acheté à la Pologne deux hélicoptères d'occasion livrés en juin à Libreville avec trois mécaniciens. Photo : DR",
        ],
    ),
    (
        "Сербия передала армии Лесото пять бронемашин и обучит десять водителей в Нише, сообщил посол",
        &[
            "❗️Сербия передала армии Лесото 5 бронемашин и обучит 10 водителей в Нише, сообщил посол\n\nПодписаться @posol",
            "Сербия передаёт армии Лесото пять бронемашин и обучит десять водителей в Нише — посол",
            "Сербия передала армии Лесото пять бронемашин и обучит десять вод…",
        ],
    ),
    (
        "أرسلت باكستان إلى الصومال أربع مدرعات وفريقا من المدربين العسكريين لمدة ستة أشهر حسب وزارة الدفاع",
        &[
            "عاجل: أرسلت باكستان إلى الصومال أربع مدرعات وفريقا من المدربين العسكريين لمدة ستة أشهر حسب وزارة الدفاع #الصومال",
            "أرسلت باكستان إلى الصومال 4 مدرعات وفريقا من المدربين العسكريين لمدة ستة أشهر…",
        ],
    ),
    (
        "韩国向安哥拉海军赠送三艘巡逻艇，首批船员将在釜山接受训练",
        &[
            "【快讯】韩国向安哥拉海军赠送3艘巡逻艇，首批船员将在釜山接受训练",
            "韩国向安哥拉海军赠送三艘巡逻艇，首批船员在釜山接受训练 #安哥拉",
        ],
    ),
];

/// The first of each row is a template; the others are about other events.
const TEMPLATES: &[&[&str]] = &[
    &[
        "Oman hands the Malawi coast guard 7 rubber boats and radios at Monkey Bay, the navy chief says",
        "Oman hands the Malawi coast guard 9 rubber boats and radios at Monkey Bay, the navy chief says",
        "Oman hands the Malawi coast guard rubber boats and radios at Monkey Bay, the navy chief says",
        "Oman hands the Ghana coast guard 7 rubber boats and radios at Monkey Bay, the navy chief says",
        "Kuwait hands the Malawi coast guard 7 rubber boats and radios at Monkey Bay, the navy chief says",
        "Oman hands the Malawi coast guard 7 rubber boats and radios at Nkhata Port, the navy chief says",
        "Oman never handed the Malawi coast guard 7 rubber boats and radios at Monkey Bay, the navy chief says",
    ],
    &[
        "Gunmen attack the market of Gwoza on Monday night, residents count the dead",
        "Gunmen attack the market of Dikwa on Monday night, residents count the dead",
        "Gunmen attack the market of Gwoza on Friday night, residents count the dead",
    ],
    &[
        "Des instructeurs russes forment la troisième compagnie de la garde à Bangui depuis mars",
        "Des instructeurs turcs forment la troisième compagnie de la garde à Bangui depuis mars",
        "Des instructeurs russes forment la quatrième compagnie de la garde à Bangui depuis mars",
        "Des instructeurs russes forment la troisième compagnie de la garde à Bangui depuis avril",
    ],
    &[
        "Rwanda accuses Burundi of hiding rebels in the Kibira forest and asks for talks",
        "Burundi accuses Rwanda of hiding rebels in the Kibira forest and asks for talks",
    ],
    &[
        "Military aid arrives at the airport tonight, details and pictures tomorrow morning #Mali",
        "Military aid arrives at the airport tonight, details and pictures tomorrow morning #Niger",
    ],
    &[
        "وصلت إلى ميناء بربرة سفينة تحمل معدات عسكرية بحسب شهود في الميناء",
        "وصلت إلى ميناء عصب سفينة تحمل معدات عسكرية بحسب شهود في الميناء",
    ],
    &[
        "韩国向安哥拉海军赠送三艘巡逻艇，首批船员将在釜山接受训练",
        "韩国向加纳海军赠送三艘巡逻艇，首批船员将在釜山接受训练",
        "韩国向安哥拉海军赠送五艘巡逻艇，首批船员将在釜山接受训练",
    ],
    &["weapons for the army now", "weapons for the army now"],
    &["Good morning and a calm week to all of you", "Good morning and a calm evening to everybody"],
];

#[test]
fn a_copy_folds_whatever_is_put_around_it() {
    for (text, copies) in COPIES {
        for copy in *copies {
            assert!(fold(text, copy), "{text}\n{copy}");
            let (a, b) = (sketch(text).keys(), sketch(copy).keys());
            assert!(a.iter().any(|key| b.contains(key)), "they never meet: {copy}");
        }
    }
}

#[test]
fn the_same_template_about_another_event_is_another_story() {
    for row in TEMPLATES {
        for (at, a) in row.iter().enumerate() {
            for b in &row[at + 1..] {
                assert!(!same(&Sketch::of(&post("1", a), &[]), &Sketch::of(&post("2", b), &[])), "{a}\n{b}");
            }
        }
    }
}

#[test]
fn a_repost_belongs_to_its_original_even_when_cut() {
    let repost = Post {
        repost_of: Some(Reference { id: "1".into(), ..Reference::default() }),
        ..post("2", "RT @hub: Russia promises…")
    };
    let original = Sketch::of(&post("1", "Russia promises more weapons and training to Burkina Faso"), &[]);
    assert!(same(&original, &Sketch::of(&repost, &[])));
    assert!(!same(&original, &Sketch::of(&Post { platform: Platform::FEED, ..repost }, &[])));
}

#[test]
fn a_quote_or_link_attaches_unless_it_brings_a_state_or_number_of_its_own() {
    let link = vec!["https://papers.example/lome/rifles?utm_source=x".to_owned()];
    let first =
        Post { links: link.clone(), ..post("1", "Slovakia ships 800 rifles to Togo, customs papers show") };
    let first = Sketch::of(&first, &[]);
    let attaches = [
        ("This is big.", true),
        ("Togo again, and 800 of them!", true),
        ("La Slovaquie au Togo, encore", true),
        ("And 300 more went to Togo in May", false),
        ("The same broker serves Ghana", false),
    ];
    for (text, expected) in attaches {
        let quote = Some(Reference { id: "1".into(), ..Reference::default() });
        let quote = Post { quote_of: quote, ..post("2", text) };
        assert_eq!(same(&first, &Sketch::of(&quote, &[])), expected, "quoting: {text}");
        let linking = Post { links: link.clone(), ..Post::new(Platform::FEED, "2", text) };
        assert_eq!(same(&first, &Sketch::of(&linking, &[])), expected, "linking: {text}");
        assert!(!same(&first, &sketch(text)), "alone: {text}");
    }
}

#[test]
fn a_watchlist_knows_a_name_that_is_written_small() {
    let texts = [
        "new crates for the azalai brigade seen at the old airstrip tonight",
        "new crates for the tarkint brigade seen at the old airstrip tonight",
    ];
    assert!(fold(texts[0], texts[1]), "without capitals nobody can tell");
    let sketches = texts.map(|text| {
        let name = text.split(' ').nth(4).unwrap();
        let start = text.find(name).unwrap();
        let term = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        let (form, field, end) = (name.to_owned(), Field::Text, start + name.len());
        let hits = vec![Hit { concept: Some("unit".into()), term: term.into(), form, field, start, end }];
        Sketch::of(&post(text, text), &[Match { rule: "w/r".into(), severity: Severity::Low, hits }])
    });
    assert!(!same(&sketches[0], &sketches[1]));
}

#[test]
fn a_feed_entry_and_its_bare_headline_are_one_story() {
    let headline = "Hungary trains Chad's border guards in Szolnok for eight weeks";
    let body =
        "The first forty guards left N'Djamena on Sunday, the ministry said. A second course follows in May.";
    let entry = Post { title: Some(headline.into()), ..Post::new(Platform::FEED, "1", body) };
    assert!(same(&Sketch::of(&entry, &[]), &sketch(&format!("{headline} https://e.example/c"))));
}

/// The stories of posts that come in this order.
fn stories(sketches: &[Sketch]) -> Vec<usize> {
    let mut kept: Vec<Kept> = Vec::new();
    let file = |sketch: &Sketch| {
        let bonds = kept.iter().enumerate().filter_map(|(at, kept)| Some((kept.bond(sketch)?, at)));
        let at = bonds.max_by_key(|(bond, _)| *bond).map_or(kept.len(), |(_, at)| at);
        kept.resize_with(kept.len().max(at + 1), Kept::default);
        kept[at].add(sketch.clone());
        at
    };
    sketches.iter().map(file).collect()
}

#[test]
fn a_vague_copy_does_not_tie_two_events_together() {
    let texts = [
        "Gunmen kill many in a village raid before dawn in Zamfara, 17 dead",
        "Gunmen kill many in a village raid before dawn",
        "Gunmen kill many in a village raid before dawn in Benue, 40 dead",
    ];
    assert_eq!(stories(&texts.map(sketch)), [0, 0, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_post_is_its_own_story_and_telling_is_mutual(
        a in "(\\PC{0,9}[ #@🇷🇺]){0,30}",
        words in proptest::collection::vec("[A-Za-z]{1,8}|[0-9]{1,4}|Mali|Niger|не|روسيا|马里|…|#", 0..30),
        cut in 0usize..30,
    ) {
        let b = words.join(" ");
        let c = words[..cut.min(words.len())].join(" ");
        let all = [a.as_str(), &b, &c].map(|text| Sketch::of(&post(text, text), &[]));
        for one in &all {
            prop_assert!(same(one, one));
            for other in &all {
                prop_assert_eq!(same(one, other), same(other, one));
                prop_assert_eq!(judge(one, other, false), judge(other, one, false));
            }
        }
    }

    #[test]
    fn a_text_of_enough_words_folds_with_itself(words in proptest::collection::vec("[b-z]{4,8}", 6..80)) {
        let text = words.join(" ");
        let a = Sketch::of(&post("1", &text), &[]);
        let b = Sketch::of(&Post::new(Platform::FEED, "2", text), &[]);
        prop_assert!(same(&a, &b));
        prop_assert!(a.keys().iter().any(|key| b.keys().contains(key)));
    }

    #[test]
    fn the_order_of_two_independent_stories_does_not_matter(row in 0..COPIES.len(), other in 0..COPIES.len()) {
        prop_assume!(row != other);
        let texts = |row: usize| std::iter::once(COPIES[row].0).chain(COPIES[row].1.iter().copied());
        let mut one: Vec<_> = texts(row).map(sketch).collect();
        let two: Vec<_> = texts(other).map(sketch).collect();
        let (first, second) = (one.len(), two.len());
        one.extend(two);
        let forward = stories(&one);
        one.rotate_left(first);
        let backward = stories(&one);
        prop_assert_eq!(&forward[..first], &vec![0; first][..]);
        prop_assert_eq!(&forward[first..], &vec![1; second][..]);
        prop_assert_eq!(&backward[second..], &vec![1; first][..]);
    }
}

#[test]
fn no_post_takes_long_to_sketch() {
    let begun = Instant::now();
    for piece in [
        "я",
        "ا",
        "字",
        "a.",
        "#a_",
        "@a",
        "http://",
        "https://a.example/",
        "a ",
        "\n",
        "💣",
        "🇷🇺",
        "1",
        "1,000,",
        "\"",
        "\u{1}",
        "Burkina ",
        "weapons. ",
    ] {
        let text = piece.repeat(200_000 / piece.len());
        for text in [format!("#{text}"), format!("weapons {text}")] {
            Sketch::of(&post("1", &text), &[]);
        }
    }
    // One whose cost grew with the square of its length took a minute.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
