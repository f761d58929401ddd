//! Fields of conditions: what a post is, beside what it says. `from:AfricanHub_`, `has:media`, `link:rt.com`.

use std::fmt;

use url::Url;

use super::origin::{Account, Origin, PLATFORMS, same_name};
use crate::model::post::Post;
use crate::setting::nearest;
use crate::text::stem::Language;

/// The names of all fields.
pub const NAMES: [&str; 7] = ["from", "by", "platform", "lang", "has", "is", "link"];

/// Something that is true of a post or not, whatever its words are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// `from:` the watched account it came by.
    From(Account),
    /// `by:` its writer, by handle or title.
    By(String),
    /// `platform:` where it was posted.
    Platform(String),
    /// `lang:` its declared language, or a variety of it.
    Lang(String),
    /// `has:`
    Has(Has),
    /// `is:`
    Is(Is),
    /// `link:` it links to this domain or to a part of it.
    Link(String),
}

/// What a post may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// Pictures, films or sound.
    Media,
    /// A link to elsewhere.
    Link,
    /// A quoted post.
    Quote,
}

/// What a post may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// It repeats another one.
    Repost,
    /// It answers another one.
    Reply,
    /// It is a later revision.
    Edit,
}

const HAS: [(&str, Has); 3] = [("media", Has::Media), ("link", Has::Link), ("quote", Has::Quote)];
const IS: [(&str, Is); 3] = [("repost", Is::Repost), ("reply", Is::Reply), ("edit", Is::Edit)];

/// What each field takes, for those who wrote something else.
const USAGE: [(&str, &str); 7] = [
    ("from", "`from:AfricanHub_` or `from:x:AfricanHub_`"),
    ("by", "`by:AfricanHub_` or `by:\"African Hub\"`"),
    ("platform", "`platform:x`"),
    ("lang", "`lang:fr`"),
    ("has", "`has:media`, `has:link` or `has:quote`"),
    ("is", "`is:repost`, `is:reply` or `is:edit`"),
    ("link", "`link:rt.com`"),
];

impl Fact {
    /// Reads `name:value`; the error says what to write instead.
    pub fn parse(name: &str, value: &str) -> Result<Self, String> {
        let value = value.trim();
        if value.contains('|') {
            return Err(format!(
                "`{name}:` takes one value; write ({})",
                value.split('|').map(|one| format!("{name}:{one}")).collect::<Vec<_>>().join(" OR ")
            ));
        }
        match name {
            "from" => Account::parse(value).map(Self::From),
            "by" => Ok(Self::By(value.trim_start_matches('@').into())),
            "platform" => platform(value).map(Self::Platform),
            "lang" => Language::parse(value).map(|_| Self::Lang(value.into())),
            "has" => one_of(name, value, &HAS).map(Self::Has),
            "is" => one_of(name, value, &IS).map(Self::Is),
            "link" => domain(value).map(Self::Link),
            _ => Err(format!("unknown field `{name}:`")),
        }
    }

    /// Whether it is true of a post; without an origin, `from:` asks for the writer.
    pub fn holds(&self, post: &Post, origin: Option<&Origin>) -> bool {
        match self {
            Self::From(account) => match origin {
                Some(origin) => account.is(origin),
                None => account.is(&Origin { platform: &post.platform, account: &post.author }),
            },
            Self::By(writer) => same_name(writer, &post.author),
            Self::Platform(platform) => post.platform.as_str() == platform,
            Self::Lang(wanted) => post.lang.as_deref().is_some_and(|lang| speaks(lang, wanted)),
            Self::Has(Has::Media) => !post.media.is_empty(),
            Self::Has(Has::Link) => !post.links.is_empty(),
            Self::Has(Has::Quote) => post.quote_of.is_some(),
            Self::Is(Is::Repost) => post.repost_of.is_some(),
            Self::Is(Is::Reply) => post.reply_to.is_some(),
            Self::Is(Is::Edit) => post.edited_at.is_some(),
            Self::Link(domain) => post.links.iter().any(|link| leads_to(link, domain)),
        }
    }

    /// Why no post has both facts, or none if one may.
    pub fn excludes(&self, other: &Self) -> Option<String> {
        let apart = match (self, other) {
            (Self::Platform(one), Self::Platform(other)) => one != other,
            (Self::By(one), Self::By(other)) => !same_name(one, other),
            (Self::From(one), Self::From(other)) => one.excludes(other),
            (Self::Lang(one), Self::Lang(other)) => !speaks(one, other) && !speaks(other, one),
            (Self::From(account), Self::Platform(platform))
            | (Self::Platform(platform), Self::From(account)) => {
                account.platform.as_ref().is_some_and(|named| named != platform)
            }
            // Feeds tell of neither.
            (Self::Platform(platform), Self::Is(Is::Repost | Is::Reply) | Self::Has(Has::Quote))
            | (Self::Is(Is::Repost | Is::Reply) | Self::Has(Has::Quote), Self::Platform(platform)) => {
                if platform == "feed" {
                    return Some(format!(
                        "no entry of a feed is ever a repost, a reply or a quote, so `{self}` and `{other}` never go \
                         together"
                    ));
                }
                false
            }
            _ => false,
        };
        apart.then(|| format!("a post has one value for this, not both `{self}` and `{other}`; write OR"))
    }

    /// What the post has in place of what was asked for, for people; none if there is nothing to say.
    pub fn actual(&self, post: &Post, origin: Option<&Origin>) -> Option<String> {
        let own = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        match self {
            Self::From(_) => origin.map_or_else(|| own(&post.author), |origin| own(origin.account)),
            Self::By(_) => own(&post.author),
            Self::Platform(_) => own(post.platform.as_str()),
            Self::Lang(_) => post.lang.as_deref().map_or_else(|| own("none declared"), own),
            Self::Link(_) => own(&post.links.join(" ")),
            Self::Has(_) | Self::Is(_) => None,
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(account) => write!(f, "from:{account}"),
            Self::By(writer) if writer.contains(char::is_whitespace) => write!(f, "by:\"{writer}\""),
            Self::By(writer) => write!(f, "by:{writer}"),
            Self::Platform(platform) => write!(f, "platform:{platform}"),
            Self::Lang(lang) => write!(f, "lang:{lang}"),
            Self::Has(has) => write!(f, "has:{}", name_of(has, &HAS)),
            Self::Is(is) => write!(f, "is:{}", name_of(is, &IS)),
            Self::Link(domain) => write!(f, "link:{domain}"),
        }
    }
}

/// How a field is used.
fn usage(name: &str) -> &'static str {
    USAGE.iter().find(|(known, _)| *known == name).map_or("", |(_, usage)| usage)
}

fn name_of<T: PartialEq>(value: &T, all: &[(&'static str, T)]) -> &'static str {
    all.iter().find(|(_, known)| known == value).map_or("", |(name, _)| name)
}

fn one_of<T: Copy>(name: &str, value: &str, all: &[(&'static str, T)]) -> Result<T, String> {
    let found = all.iter().find(|(known, _)| *known == value).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let near = nearest(value, all.iter().map(|(known, _)| *known));
        let hint = near.map_or_else(
            || format!("write {}", usage(name)),
            |near| format!("did you mean `{name}:{near}`?"),
        );
        format!("no source ever fills `{name}:{value}`; {hint}")
    })
}

fn platform(value: &str) -> Result<String, String> {
    if PLATFORMS.contains(&value) {
        return Ok(value.into());
    }
    let lower = value.to_lowercase();
    let meant = [("twitter", "x"), ("rss", "feed"), ("atom", "feed"), ("bsky", "bluesky")];
    let meant = meant.iter().find(|(other, _)| *other == lower).map(|(_, known)| *known);
    let hint = meant.or_else(|| nearest(&lower, PLATFORMS)).map_or_else(
        || format!("platforms are {}", PLATFORMS.join(", ")),
        |near| format!("did you mean `platform:{near}`?"),
    );
    Err(format!("no source has the platform `{value}`; {hint}"))
}

/// The domain in `value`, as addresses have it.
fn domain(value: &str) -> Result<String, String> {
    let host = |text: &str| {
        let url = Url::parse(text).ok()?;
        Some(url.host_str()?.trim_end_matches('.').to_owned())
    };
    if value.contains(['/', '@', '?', '#', '*']) || value.contains("://") {
        let inner = value.trim_start_matches("*.");
        let whole = if inner.contains("://") { inner.to_owned() } else { format!("https://{inner}") };
        let hint = host(&whole).filter(|host| host.contains('.'));
        let hint =
            hint.map_or_else(|| format!("write {}", usage("link")), |host| format!("write `link:{host}`"));
        return Err(format!("`link:` takes a domain and meets all of its sub-domains and pages; {hint}"));
    }
    let found = host(&format!("https://{value}/")).filter(|host| host.contains('.') && !value.contains(':'));
    found.ok_or_else(|| format!("`{value}` is no domain; write {}", usage("link")))
}

/// Whether `lang` is the language `wanted` or a variety of it: `pt-BR` is `pt`.
pub fn speaks(lang: &str, wanted: &str) -> bool {
    let mut parts = lang.split(['-', '_']);
    wanted.split('-').all(|part| parts.next().is_some_and(|own| own.eq_ignore_ascii_case(part)))
}

fn leads_to(link: &str, domain: &str) -> bool {
    let Ok(url) = Url::parse(link) else { return false };
    let Some(host) = url.host_str().map(|host| host.trim_end_matches('.')) else { return false };
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests;
