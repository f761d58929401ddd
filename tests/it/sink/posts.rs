//! Invented posts as deliveries carry them.

use jiff::{SignedDuration, Timestamp};
use vigie::model::delivery::{Again, Body, Delivery, DeliveryId, Digest, Excerpt, Joining, Notice, Occasion};
use vigie::model::matched::{Field, Hit, Match, Severity};
use vigie::model::post::{Content, Platform, Post, PostKey, Reference};
use vigie::model::sink::SinkId;
use vigie::model::story::StoryId;

/// When all of it happens.
pub const NOW: Timestamp = Timestamp::constant(1_746_045_603, 0);

/// A post that was found by two words.
pub fn alert() -> Delivery {
    let text = "Our partners brought weapons and gear to Burkina Faso this morning";
    let post = Post { title: None, ..post(text) };
    delivery(&[post])
}

/// The same in many words, with many copies.
pub fn long() -> Delivery {
    let text = format!("Our partners brought weapons. {}", "And then they talked for hours. ".repeat(60));
    delivery(&vec![post(&text); 12])
}

/// Many stories at once.
pub fn digest() -> Delivery {
    let mut digest = Digest::empty(Occasion::Quiet, NOW);
    for delivery in std::iter::once(alert()).chain(hostile()) {
        let Body::Alert(alert) = delivery.body else { continue };
        digest.absorb(alert, NOW);
    }
    Delivery { body: Body::Digest(digest), ..alert() }
}

/// What a story has to say again, below what it said first.
pub fn again(again: Again, thread: &str) -> Delivery {
    let mut delivery = alert();
    if let Body::Alert(alert) = &mut delivery.body {
        alert.again = Some(again);
    }
    Delivery { thread: Some(thread.to_owned()), ..delivery }
}

/// Something about vigie itself.
pub fn notice() -> Delivery {
    let sink = SinkId::new("any", "it");
    let id = DeliveryId::of_notice("blind", &sink);
    let notice =
        Notice { title: "Blind: x.hub".into(), text: "401 since 21:10; renew the token".into(), at: NOW };
    Delivery::open(id, sink, Body::Notice(notice), NOW, NOW)
}

/// Posts that want to ping, to forge, to break out or to be too long.
pub fn hostile() -> Vec<Delivery> {
    let long = |text: &str| text.repeat(100_000 / text.len());
    let texts = [
        "<!channel> <!here> <@U024BE7LH> <#C1> @room @everyone @channel :tada: *b* _i_ `c`".to_owned(),
        "<https://evil.example|x> https://evil.example [a](javascript:b) <script>c</script> </blockquote>".into(),
        "\u{202e}drow\u{202c} \u{2066}\u{0}\u{1b}[2J\u{7}\u{85}\u{2028}\u{feff} \"}],\"x\":[{\"".into(),
        "Буркина-Фасо بوركينا فاسو 布基纳法索 ብርኪና ፋሶ ബുർക്കിന ブルキナファソ 부르키나파소 🇧🇫 e\u{301} 👩\u{200d}🚀".into(),
        long("&<>\"'\\"),
        long("💣"),
        long("\n"),
        long("\u{1}"),
        long("字"),
        String::new(),
        " \u{200b} ".into(),
    ];
    let mut deliveries: Vec<Delivery> = texts
        .iter()
        .map(|text| {
            let post = Post {
                author: text.clone(),
                title: Some(text.clone()),
                lang: Some(text.clone()),
                url: Some(format!("https://x.com/a|b<{}>", "é".repeat(100))),
                repost_of: Some(Reference { author: Some(text.clone()), ..Reference::default() }),
                ..post(text)
            };
            delivery(&vec![post; 12])
        })
        .collect();
    for url in ["javascript:alert(1)", "https://x.com@evil.example/", "no address"] {
        deliveries.push(delivery(&[Post { url: Some(url.into()), ..post("text") }]));
    }
    deliveries
}

fn post(text: &str) -> Post {
    Post {
        author: "LookoutDaily".into(),
        url: Some("https://x.com/LookoutDaily/status/1".into()),
        lang: Some("en".into()),
        posted_at: NOW.checked_sub(SignedDuration::from_secs(60)).ok(),
        ..Post::new(Platform::X, "1", text)
    }
}

fn delivery(posts: &[Post]) -> Delivery {
    let first = &posts[0];
    let story = StoryId::opened_by(PostKey::of(&Platform::X, "1"), Content([1; 8]));
    let sink = SinkId::new("any", "it");
    let id = DeliveryId::of_story(&story, &sink, 1);
    let alert = vigie::model::delivery::Alert {
        story,
        severity: Severity::High,
        again: None,
        posts: 0,
        excerpts: Vec::new(),
    };
    let mut delivery = Delivery::open(id, sink, Body::Alert(alert), NOW, NOW);
    let hits = ["weapons", "Burkina Faso", "布基纳法索", "💣"];
    let hit = |form: &&str| {
        let start = first.text.find(form)?;
        let (term, form) = (form.to_lowercase(), (*form).to_owned());
        let end = start + form.len();
        Some(Hit { concept: Some("c".into()), term: term.into(), form, field: Field::Text, start, end })
    };
    let found = Match {
        rule: "sahel/arms-delivery".into(),
        severity: Severity::High,
        hits: hits.iter().filter_map(hit).collect(),
    };
    for post in posts {
        let excerpt = Excerpt::of(post, std::slice::from_ref(&found), false, NOW);
        let joining =
            Joining { excerpt, severity: Severity::High, again: None, routes: Vec::new(), due: NOW };
        delivery.absorb(joining, NOW);
    }
    delivery
}
