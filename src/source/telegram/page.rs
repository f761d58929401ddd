//! A preview page: its messages, and what it says of its place in the channel.

use super::message::{Message, Told, read};
use super::place::Shown;
use super::tree::{Element, Page};
use crate::model::post::Post;

/// What a page shows.
#[derive(Debug, Default)]
pub struct Preview {
    /// Its posts, the oldest first.
    pub posts: Vec<Post>,
    /// Messages that a page cannot show, by their number, and why.
    pub hidden: Vec<(u64, String)>,
    /// Where in the channel it is.
    pub shown: Shown,
}

/// Why a page shows no channel.
#[derive(Debug, PartialEq, Eq)]
pub enum Odd {
    /// It is about something else.
    NoChannel,
    /// It cannot be read, for this reason.
    Unreadable(&'static str),
}

/// Posts of a page that say nothing at all before it counts as unread.
const MOST_SILENT: usize = 5;

const CHANGED: Odd =
    Odd::Unreadable("shows messages in a way that is not known; did Telegram change its pages?");

/// Reads the page `html`.
pub fn preview(html: &str) -> Result<Preview, Odd> {
    let page = Page::read(html).map_err(Odd::Unreadable)?;
    let root = page.root();
    let numbered = root.elements().filter(|element| element.attr("data-post").is_some()).count();
    let messages: Vec<Message> = root.all("tgme_widget_message").filter_map(read).collect();
    if messages.is_empty() {
        let history = root.first("tgme_channel_history").is_some();
        let says_so = root.first("tme_no_messages_found").is_some();
        if numbered > 0 || history && !says_so {
            return Err(CHANGED);
        }
        let channel = history || root.first("tgme_channel_info").is_some();
        return if channel { Ok(Preview::default()) } else { Err(Odd::NoChannel) };
    }
    let ids = || messages.iter().map(|message| message.id);
    let shown = Shown {
        ends: ids().min().zip(ids().max()),
        oldest: messages.iter().filter_map(|message| message.posted_at).min(),
        older: leads_on(root),
        channel: messages.iter().find_map(|message| message.channel),
    };
    let lost = numbered.saturating_sub(messages.len());
    let mut preview = Preview { shown, ..Preview::default() };
    if lost > 0 {
        preview.hidden.push((u64::MAX, format!("messages that cannot be read: {lost}")));
    }
    for message in messages {
        match message.told {
            Told::Post(post) => preview.posts.push(*post),
            Told::Hidden(why) => preview.hidden.push((message.id, why)),
            Told::Service => {}
        }
    }
    if is_changed(&preview) { Err(CHANGED) } else { Ok(preview) }
}

/// Whether posts are there but their dates, or all that they say, are not found any more.
fn is_changed(preview: &Preview) -> bool {
    let posts = &preview.posts;
    let undated = !posts.is_empty() && posts.iter().all(|post| post.posted_at.is_none());
    let silent = posts.iter().all(|post| post.text.is_empty() && post.media.is_empty());
    undated || silent && posts.len() >= MOST_SILENT
}

/// Whether the page leads to older messages.
fn leads_on(root: Element<'_>) -> bool {
    let button = root.all("tme_messages_more").any(|more| more.attr("data-before").is_some());
    button
        || root.elements().any(|element| {
            element.name() == "link"
                && element.attr("rel") == Some("prev")
                && element.attr("href").is_some_and(|href| href.contains("before="))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::Reference;

    fn message(id: u64, class: &str, inner: &str) -> String {
        format!(
            "<div class=\"tgme_widget_message_wrap js-widget_message_wrap\"><div class=\"tgme_widget_message {class} js-widget_message\" \
             data-post=\"Hub_Ru/{id}\" data-view=\"eyJjIjotNywicCI6MX0\">{inner}\
             <div class=\"media_not_supported_cont\"><div class=\"message_media_not_supported\">Please open Telegram</div></div>\
             <span class=\"tgme_widget_message_views\">4.2K</span><span class=\"tgme_widget_message_meta\">edited \
             <a class=\"tgme_widget_message_date\" href=\"https://t.me/Hub_Ru/{id}\"><time datetime=\"2025-04-30T20:00:00+00:00\" \
             class=\"time\">20:00</time></a></span></div></div>"
        )
    }

    fn page(messages: &str) -> String {
        format!(
            "<!DOCTYPE html><html><head><link rel=\"prev\" href=\"/s/Hub_Ru?before=1\"></head><body><div class=\"tgme_channel_info\">\
             </div><section class=\"tgme_channel_history js-message_history\">{messages}</section></body></html>"
        )
    }

    fn post(inner: &str) -> Post {
        let html = page(&message(
            5,
            "text_not_supported_wrap",
            &format!("<div class=\"media_supported_cont\">{inner}</div>"),
        ));
        let mut preview = preview(&html).unwrap();
        assert_eq!(preview.posts.len(), 1, "{preview:?}");
        preview.posts.remove(0)
    }

    const TEXT: &str = "class=\"tgme_widget_message_text js-message_text\" dir=\"auto\"";

    #[test]
    fn a_post_carries_what_the_page_tells_of_it() {
        let told = post(&format!(
            "<a class=\"tgme_widget_message_photo_wrap 53 12\" style=\"width:8px;background-image:url('https://cdn.example/1.jpg')\"></a>\
             <div {TEXT}><tg-emoji emoji-id=\"5\"><i class=\"emoji\" style=\"x\"><b>🔥</b></i></tg-emoji> <b>Оружие</b> для Мали<br/><br/>\
             <a href=\"?q=%23%D0%9C\">#Мали</a> <a href=\"https://e.example/a?b=1&amp;amp;c=2\" onclick=\"return confirm('x');\">здесь</a></div>"
        ));
        let expected = serde_json::json!({
            "id": "hub_ru/5", "platform": "telegram", "author": "Hub_Ru", "text": "🔥 Оружие для Мали\n\n#Мали здесь",
            "posted_at": "2025-04-30T20:00:00Z", "url": "https://t.me/Hub_Ru/5", "links": ["https://e.example/a?b=1&c=2"],
            "media": [{"kind": "image", "url": "https://cdn.example/1.jpg"}],
        });
        assert_eq!(serde_json::to_value(told).unwrap(), expected);
    }

    #[test]
    fn an_answer_is_told_apart_from_what_it_answers() {
        let told = post(&format!(
            "<a class=\"tgme_widget_message_reply user-color-1\" href=\"https://t.me/Hub_Ru/3\"><div class=\"tgme_widget_message_author\">\
             <span class=\"tgme_widget_message_author_name\">Hub</span></div><div class=\"tgme_widget_message_text js-message_reply_text\">\
             the question</div></a><div {TEXT}>the answer</div>"
        ));
        assert_eq!(told.text, "the answer");
        let reply = told.reply_to.unwrap();
        assert_eq!(
            (reply.id.as_str(), reply.author.as_deref(), reply.text.as_deref()),
            ("hub_ru/3", Some("Hub"), Some("the question"))
        );
        let silent = post(
            "<a class=\"tgme_widget_message_reply\" href=\"https://t.me/Hub_Ru/3\"><div class=\"tgme_widget_message_text\">\
             q</div></a>",
        );
        assert_eq!(silent.text, "");
    }

    #[test]
    fn a_forward_names_its_origin_if_there_is_one_to_name() {
        let from = |tag: &str| {
            post(&format!("<div class=\"tgme_widget_message_forwarded_from\">Forwarded from&nbsp;{tag}</div><div {TEXT}>t</div>")).repost_of
        };
        let origin = Reference {
            id: "mchs_official/24927".into(),
            author: Some("МЧС".into()),
            url: Some("https://t.me/Mchs_official/24927".into()),
            text: None,
        };
        let class = "class=\"tgme_widget_message_forwarded_from_name\"";
        assert_eq!(
            from(&format!("<a {class} href=\"https://t.me/Mchs_official/24927\"><span>МЧС</span></a>")),
            Some(origin)
        );
        assert_eq!(from(&format!("<a {class} href=\"https://t.me/somebody\">S</a>")), None);
        assert_eq!(from(&format!("<span {class}>hidden user</span>")), None);
    }

    #[test]
    fn an_album_is_one_post_and_films_files_previews_and_polls_tell_their_words() {
        let photo = |id: u32| {
            format!(
                "<a class=\"tgme_widget_message_photo_wrap grouped_media_wrap\" href=\"https://t.me/Hub_Ru/{id}?single\"></a>"
            )
        };
        assert_eq!(post(&[photo(5), photo(6), photo(7)].concat()).media.len(), 3);
        let told = post(&format!(
            "<a class=\"tgme_widget_message_video_player\"><video src=\"https://cdn.example/1.mp4\"></video><time>0:20</time></a>\
             <div class=\"tgme_widget_message_document_wrap\"><div class=\"tgme_widget_message_document_title\">list.pdf</div></div>\
             <div class=\"tgme_widget_message_poll\"><div class=\"tgme_widget_message_poll_question\">Why?</div>\
             <div class=\"tgme_widget_message_poll_option_text\">Arms</div></div>\
             <div {TEXT}>t</div><a class=\"tgme_widget_message_link_preview\" href=\"https://e.example/\">\
             <div class=\"link_preview_title\">Title</div><div class=\"link_preview_description\">of it</div></a>"
        ));
        let media: Vec<_> = told
            .media
            .iter()
            .map(|media| (media.kind.as_str(), media.alt.as_deref().unwrap_or("")))
            .collect();
        assert_eq!(media, [("video", ""), ("file", "list.pdf"), ("link", "Title\nof it")]);
        assert_eq!(
            (told.text.as_str(), told.posted_at),
            ("t\nWhy?\nArms", Some("2025-04-30T20:00:00Z".parse().unwrap()))
        );
    }

    #[test]
    fn what_only_the_app_shows_is_named_and_what_happened_to_the_channel_is_no_post() {
        let html = page(&[message(4, "service_message", "<div>pinned</div>"), message(5, "", "")].concat());
        let preview = preview(&html).unwrap();
        assert!(preview.posts.is_empty() && preview.hidden.len() == 1, "{preview:?}");
        assert_eq!(preview.hidden[0].0, 5);
        assert_eq!(
            (preview.shown.ends, preview.shown.older, preview.shown.channel),
            (Some((4, 5)), true, Some(-7))
        );
    }

    #[test]
    fn a_page_without_messages_is_empty_or_changed_or_no_channel() {
        let none = "<div class=\"tme_no_messages_found\">No posts found</div>";
        assert!(preview(&page(none)).unwrap().shown.ends.is_none());
        for changed in [
            "",
            "<div class=\"message\" data-post=\"Hub_Ru/5\">x</div>",
            "<div class=\"tgme_widget_message\" data-post=\"x\">y</div>",
        ] {
            assert!(matches!(preview(&page(changed)), Err(Odd::Unreadable(_))), "{changed}");
        }
        for other in ["<html><body>If you have Telegram, you can contact", "", "{}"] {
            assert_eq!(preview(other).unwrap_err(), Odd::NoChannel);
        }
    }

    #[test]
    fn posts_that_lost_their_dates_or_all_their_words_are_a_sign_of_change() {
        let many: String = (1..=5).map(|id| message(id, "", &format!("<div {TEXT}>text</div>"))).collect();
        assert_eq!(preview(&page(&many)).unwrap().posts.len(), 5);
        let silent: String =
            (1..=5).map(|id| message(id, "", "<div class=\"media_supported_cont\"></div>")).collect();
        for changed in [many.replace("datetime=", "when="), silent] {
            assert!(matches!(preview(&page(&changed)), Err(Odd::Unreadable(_))), "{changed}");
        }
        let odd = many.replace("Hub_Ru/3\" data-view", "3\" data-view");
        let preview = preview(&page(&odd)).unwrap();
        assert_eq!((preview.posts.len(), preview.hidden.len()), (4, 1));
    }

    #[test]
    fn damaged_bytes_are_read_or_refused_but_never_a_panic() {
        let whole = page(
            &[
                message(4, "", &format!("<div {TEXT}>one <a href='https://e.example/'>x</a></div>")),
                message(5, "", "two"),
            ]
            .concat(),
        );
        let mut rng = fastrand::Rng::with_seed(7);
        let mut refused = 0;
        for _ in 0..200 {
            let mut bytes = whole.clone().into_bytes();
            for _ in 0..rng.usize(1..10) {
                let at = rng.usize(0..bytes.len());
                bytes[at] = if rng.bool() { rng.u8(..) } else { b"<>&;/\"'="[rng.usize(0..8)] };
            }
            bytes.truncate(rng.usize(0..=bytes.len()));
            refused += usize::from(preview(&String::from_utf8_lossy(&bytes)).is_err());
        }
        assert!((1..200).contains(&refused), "{refused}");
    }
}
