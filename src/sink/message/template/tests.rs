use super::*;
use crate::model::delivery::Body;
use crate::sink::message::tests::{delivery, excerpt};

fn parsed(text: &str) -> Result<Template, String> {
    Template::parse("desk.j2", text.to_owned())
}

fn applied(template: &str, text: &str) -> Message {
    let mut post = excerpt();
    text.clone_into(&mut post.text);
    let delivery = delivery(vec![post]);
    let Body::Alert(alert) = &delivery.body else { panic!("an alert") };
    let message = super::super::alert::message(alert, &delivery.id, None, &jiff::tz::TimeZone::UTC);
    parsed(template).unwrap().apply(message, alert)
}

#[test]
fn its_first_line_is_the_heading_and_the_matched_words_stay_marked() {
    let text = excerpt().text;
    let message =
        applied("{{ severity | upper }}: {{ who }}\n\n« {{ quote }} »\n{% if late %}late{% endif %}", &text);
    assert_eq!(message.heading, "HIGH: LookoutDaily on X");
    let shown: Vec<(&str, bool)> =
        message.text.iter().map(|segment| (segment.text.as_str(), segment.hit)).collect();
    assert_eq!(
        shown,
        [
            ("« Partner nation delivers ", false),
            ("military assistance", true),
            (" to ", false),
            ("Burkina Faso", true),
            (", says @press & <staff> »", false)
        ]
    );
    assert!(message.link.is_some() && message.details.is_empty() && message.quote.is_empty());
}

#[test]
fn a_broken_template_is_refused_with_the_line_and_what_to_do() {
    let cases = [
        ("ok\n{{ who", "desk.j2:2: "),
        ("ok\n{% if who %}", "desk.j2:2: "),
        ("{{ severity }}\n\n{{ sevrity }}", "desk.j2:3: there is no `sevrity`; did you mean `severity`?"),
        (
            "{% if posts > 99 %}\n{{ nothing }}\n{% endif %}x",
            "desk.j2:2: there is no `nothing`; docs/alerts.md",
        ),
        ("{{ who | shout }}", "desk.j2:1: "),
        ("{{ who.name }}", "desk.j2:1: "),
        ("\n \n", "it makes nothing of an alert"),
        ("{{ who }}\n{% for n in range(900) %}four{% endfor %}", "2800 are the most"),
        ("{% for n in range(9000) %}{% for m in range(9000) %}{% endfor %}{% endfor %}x", "desk.j2:1: "),
        ("{% include 'other' %}", "desk.j2:1: "),
    ];
    for (text, expected) in cases {
        let why = parsed(text).err().unwrap_or_else(|| panic!("{text} is fine"));
        assert!(why.contains(expected), "{text}: {why}");
    }
}

#[test]
fn one_that_fails_later_gives_way_to_vigies_own_words_and_is_told() {
    let text = excerpt().text;
    for template in [
        "{% if author == 'LookoutDaily' and posts == 1 %}{{ posts | first }}{% endif %}x",
        "{% if posts != 1 %}x{% endif %}",
    ] {
        let message = applied(template, &text);
        assert_eq!(message.heading, "HIGH · arms-delivery", "{template}");
        assert!(message.remark.unwrap().contains("desk.j2"), "{template}");
    }
}

#[test]
fn no_post_breaks_out_of_its_place_or_marks_words_of_its_own() {
    let message =
        applied("{{ heading }}\n{{ quote }}", "{{ severity }} {% if %} \u{e000}forged\u{e001} & <b>\u{1}");
    let shown: String = message.text.iter().map(|segment| segment.text.as_str()).collect();
    assert_eq!(shown, "{{ severity }} {% if %} forged & <b>");
    let long = applied("{{ heading }}\n{{ quote }}{{ quote }}{{ quote }}", &"💣".repeat(1100));
    let shown: String = long.text.iter().map(|segment| segment.text.as_str()).collect();
    assert!(shown.encode_utf16().count() <= MOST && shown.ends_with('…'), "{}", shown.len());
}
