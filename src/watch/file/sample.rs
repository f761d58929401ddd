//! Reading `[[rule.example]]`: a post in few words, and what the rule shall make of it.

use jiff::Timestamp;
use toml_span::{DeserError, Deserialize, Error, Spanned, Value};

use super::{Example, settle};
use crate::model::post::{Media, Platform, Post, Reference};
use crate::setting::{Fields, one_of, wrong};
use crate::watch::origin::{Account, PLATFORMS};

/// Reads an example; what is wrong with it goes to `found`.
pub(super) fn read<'d>(mut value: Value<'d>, found: &mut Vec<Error>) -> Option<Example<'d>> {
    let mut fields = Fields::new(&mut value).map_err(|error| found.extend(error.errors)).ok()?;
    let (text, expected) = (fields.required("text"), fields.required::<Expected>("expect"));
    let post = post(&mut fields);
    let from = from(&mut fields, &post);
    let known = found.len();
    settle(fields, found);
    let text: super::Quoted = text.ok()?;
    let post = Post { text: text.text.to_string(), ..post };
    let alert = expected.ok()?.0;
    (found.len() == known).then_some(Example { text, post, from, alert })
}

/// A post of what an example says beside its text.
fn post(fields: &mut Fields) -> Post {
    let platform = fields.optional::<Known>("platform").map_or(Platform::FILE, |known| known.0);
    let mut post = Post::new(platform, "example", "");
    post.author = fields.optional("by").unwrap_or_default();
    post.lang = fields.optional("lang");
    post.title = fields.optional("title");
    post.warning = fields.optional("warning");
    post.links = fields.optional("links").unwrap_or_default();
    let media: Vec<String> = fields.optional("media").unwrap_or_default();
    post.media = media.into_iter().map(|alt| Media { alt: Some(alt), ..Media::default() }).collect();
    let quote: Option<String> = fields.optional("quote");
    post.quote_of = quote.map(|text| Reference { text: Some(text), ..Reference::default() });
    for kind in fields.optional::<Vec<Kind>>("is").unwrap_or_default() {
        match kind {
            Kind::Repost => post.repost_of = Some(Reference::default()),
            Kind::Reply => post.reply_to = Some(Reference::default()),
            Kind::Edit => post.edited_at = Some(Timestamp::UNIX_EPOCH),
        }
    }
    post
}

/// The watched account that the example came by; its platform is that of the post unless it says otherwise.
fn from(fields: &mut Fields, post: &Post) -> Option<(Platform, String)> {
    let written = fields.optional::<Spanned<String>>("from")?;
    match Account::parse(&written.value) {
        Ok(account) => {
            let platform = account.platform.and_then(|name| Platform::try_from(name).ok());
            Some((platform.unwrap_or_else(|| post.platform.clone()), account.name))
        }
        Err(message) => {
            fields.errors.push(wrong(written.span, message));
            None
        }
    }
}

/// `alert` or `quiet`.
struct Expected(bool);

impl<'de> Deserialize<'de> for Expected {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        one_of(value, &["alert", "quiet"], &[true, false]).map(Self)
    }
}

/// A platform that sources read.
struct Known(Platform);

impl<'de> Deserialize<'de> for Known {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let name = one_of(value, &PLATFORMS, &PLATFORMS)?;
        Platform::try_from(name.to_owned()).map(Self).map_err(|message| wrong(span, message).into())
    }
}

/// What a post may be.
#[derive(Clone, Copy)]
enum Kind {
    Repost,
    Reply,
    Edit,
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        one_of(value, &["repost", "reply", "edit"], &[Self::Repost, Self::Reply, Self::Edit])
    }
}
