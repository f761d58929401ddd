//! A message as a letter: plain text, and the same in a little HTML.

use std::time::SystemTime;

use lettre::Message as Letter;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use crate::model::delivery::{Delivery, DeliveryId};
use crate::model::matched::Severity;
use crate::sink::message::{Message, html};

/// The letter, ready to be sent; the same bytes for the same delivery.
pub fn write(message: &Message, delivery: &Delivery, from: &Mailbox, to: &[Mailbox]) -> Option<Vec<u8>> {
    let header = |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
    let urgent = message.severity.is_some_and(|severity| severity >= Severity::High);
    let mut letter = Letter::builder()
        .from(from.clone())
        .date(SystemTime::from(delivery.created_at))
        .subject(message.heading.clone())
        .message_id(Some(message_id(&delivery.id, from)))
        // RFC 3834: no machine answers it.
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("Importance", if urgent { "high" } else { "normal" }));
    if let Some(first) = delivery.thread.as_deref().filter(|first| is_message_id(first)) {
        letter = letter.references(first.to_owned()).in_reply_to(first.to_owned());
    }
    for mailbox in to {
        letter = letter.to(mailbox.clone());
    }
    let written = if delivery.plain {
        letter.singlepart(SinglePart::plain(message.brief()))
    } else {
        let page = format!("<!DOCTYPE html><html><body>{}</body></html>", html::page(message));
        let parts = MultiPart::alternative().boundary(format!("vigie-{}", delivery.id));
        letter.multipart(
            parts.singlepart(SinglePart::plain(message.plain())).singlepart(SinglePart::html(page)),
        )
    };
    written.ok().map(|letter| letter.formatted())
}

/// What a delivery's letter is called everywhere.
pub fn message_id(id: &DeliveryId, from: &Mailbox) -> String {
    format!("<{id}@{}>", from.email.domain())
}

fn is_message_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    inner.is_some_and(|inner| inner.contains('@') && inner.bytes().all(|byte| byte.is_ascii_graphic()))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::sink::message::Voice;
    use crate::sink::message::tests::{delivery, excerpt};

    fn written(delivery: &Delivery) -> String {
        let message = Voice::new(TimeZone::UTC, SignedDuration::ZERO).message(delivery);
        let from: Mailbox = "vigie <vigie@example.org>".parse().unwrap();
        let to: Vec<Mailbox> =
            vec!["desk@example.org".parse().unwrap(), "Ops <ops@example.org>".parse().unwrap()];
        String::from_utf8(write(&message, delivery, &from, &to).unwrap()).unwrap()
    }

    #[test]
    fn a_letter_has_a_stable_name_both_forms_and_no_machine_answers_it() {
        let delivery = delivery(vec![excerpt()]);
        let letter = written(&delivery);
        assert_eq!(letter, written(&delivery));
        for part in [
            &format!("Message-ID: <{}@example.org>\r\n", delivery.id),
            "Date: Wed, 30 Apr 2025 20:40:03 +0000\r\n",
            "To: desk@example.org, Ops <ops@example.org>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Importance: high\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
            "<strong>military assistance</strong>",
        ] {
            // Lines that are too long are folded with an equals sign.
            assert!(letter.replace("=\r\n", "").contains(part), "{part} in {letter}");
        }
    }

    #[test]
    fn letters_of_one_story_refer_to_the_first() {
        let mut delivery = delivery(vec![excerpt()]);
        for (thread, refers) in
            [("<1@example.org>", true), ("1@example.org", false), ("<1@e>\r\nBcc: a@b", false)]
        {
            delivery.thread = Some(thread.into());
            let letter = written(&delivery);
            assert_eq!(letter.contains("References: <1@example.org>\r\n"), refers, "{letter}");
            assert!(!letter.contains("Bcc"));
        }
    }

    #[test]
    fn no_post_adds_headers_parts_or_lines_too_long() {
        for c in ["\r\nBcc: evil@example.org\r\n\r\n", "💣", "é", "\u{1}", "\n.\n", "--vigie-", "x"] {
            let mut post = excerpt();
            (post.text, post.title) = (c.repeat(3000), Some(c.repeat(300)));
            let delivery = delivery(vec![post]);
            let letter = written(&delivery);
            let (head, body) = letter.split_once("\r\n\r\n").unwrap();
            assert!(!head.contains("Bcc") || !head.contains("\r\nBcc"), "{head}");
            assert!(letter.is_ascii() && letter.lines().all(|line| line.len() <= 998), "{c:?}");
            assert_eq!(body.matches(&format!("\r\n--vigie-{}", delivery.id)).count(), 2, "{c:?}");
        }
    }
}
