//! The table `[source.x.NAME]`.

use jiff::SignedDuration;
use toml_span::{DeserError, Deserialize, Spanned, Value};
use url::Url;

use super::budget;
use super::id::is_id;
use crate::setting::{Fields, Period, Secret, one_of, wrong};
use crate::source::Common;
use crate::source::names::{Names, service};

/// What the table says beside [`Common`].
#[derive(Clone, Debug)]
pub struct Table {
    /// Handles, without `@`.
    pub accounts: Vec<String>,
    /// Ids of lists.
    pub lists: Vec<String>,
    /// How accounts are looked at.
    pub by: By,
    /// The bearer token.
    pub token: Secret,
    /// Where the API is.
    pub base_url: Url,
    /// Which words requests use first.
    pub vocabulary: Vocabulary,
    /// Posts in a page, 5 to 100.
    pub page: u32,
    /// Whether X bills what posts refer to.
    pub bills_included: bool,
}

/// How accounts are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Each by its timeline.
    Timelines,
    /// Many in one search, and each by its timeline now and then.
    Search {
        /// How often.
        timelines_every: SignedDuration,
    },
}

/// X is renaming tweets to posts; a server knows one set of words or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// `tweet.fields`, `referenced_tweets.id`.
    Tweet,
    /// `post.fields`, `referenced_posts`.
    Post,
}

/// Reads the whole table.
pub fn read(value: &mut Value<'_>) -> Result<(Common, Table), DeserError> {
    let span = value.span;
    let mut fields = Fields::new(value)?;
    let common =
        Common::take(&mut fields, SignedDuration::from_secs(60), Some(SignedDuration::from_hours(24)));
    let (accounts, lists) = (fields.optional::<Names>("accounts"), fields.optional::<Names>("lists"));
    if accounts.is_none() && lists.is_none() && fields.errors.is_empty() {
        fields.errors.push(wrong(span, "name `accounts`, such as [\"AfricanHub_\"], or `lists`"));
    }
    let accounts = accounts.map(|names| names.read(&mut fields, handle)).unwrap_or_default();
    let accounts = accounts.into_iter().map(|handle| handle.0).collect();
    let lists = lists.map(|names| names.read(&mut fields, list)).unwrap_or_default();
    let by = fields.optional::<Way>("by").unwrap_or(Way::Timelines);
    let timelines_every = fields.optional_s::<Period>("timelines_every");
    let by = by.with(timelines_every, &mut fields);
    let token = fields.required::<Secret>("token");
    let budget = budget::take(&mut fields);
    let bills_included = fields.optional("bills_included").unwrap_or(false);
    let page = in_range(&mut fields, "page", 5..=100).unwrap_or(100);
    let vocabulary = fields.optional::<Vocabulary>("fields").unwrap_or(Vocabulary::Tweet);
    let base_url = service(&mut fields, "base_url").or_else(|| Url::parse("https://api.x.com").ok());
    fields.finalize(None)?;
    let base_url = base_url.ok_or_else(|| wrong(span, "`base_url` is no address"))?;
    let common = Common { budget: Some(budget), ..common };
    Ok((common, Table { accounts, lists, by, token: token?, base_url, vocabulary, page, bills_included }))
}

/// The number in `fields` under `name`, if one is there and fits.
pub fn in_range(
    fields: &mut Fields<'_>,
    name: &'static str,
    range: std::ops::RangeInclusive<u32>,
) -> Option<u32> {
    let found = fields.optional_s::<i64>(name)?;
    let fits = u32::try_from(found.value).ok().filter(|number| range.contains(number));
    if fits.is_none() {
        let (least, most) = (range.start(), range.end());
        fields.errors.push(wrong(found.span, format!("`{name}` is a number from {least} to {most}")));
    }
    fits
}

/// A handle; X does not tell upper from lower case.
struct Handle(String);

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

/// The handle in `text`. X makes none longer than 15 any more, but some old ones are.
fn handle(text: &str) -> Result<Handle, String> {
    let handle = text.trim_start_matches('@');
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if (1..=20).contains(&handle.len()) && handle.chars().all(fits) {
        Ok(Handle(handle.to_owned()))
    } else {
        Err(format!("`{text}` is no handle of X; write it as in x.com/AfricanHub_, without the address"))
    }
}

fn list(text: &str) -> Result<String, String> {
    if is_id(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no list of X; write the number in x.com/i/lists/NUMBER"))
    }
}

/// `by` without its pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Timelines,
    Search,
}

impl Way {
    fn with(self, every: Option<Spanned<Period>>, fields: &mut Fields<'_>) -> By {
        let (shortest, longest) = (SignedDuration::from_mins(1), SignedDuration::from_hours(24));
        let period = every.as_ref().map_or(SignedDuration::from_mins(30), |every| every.value.0);
        let fits = (shortest..=longest).contains(&period);
        let wrong_at = every.map(|every| every.span).filter(|_| !fits || self == Self::Timelines);
        fields.errors.extend(
            wrong_at.map(|span| {
                wrong(span, "`timelines_every` goes with `by = \"search\"`, and is from 1m to 24h")
            }),
        );
        match self {
            Self::Timelines => By::Timelines,
            Self::Search => By::Search { timelines_every: period },
        }
    }
}

impl<'de> Deserialize<'de> for Way {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        one_of(value, &["timelines", "search"], &[Self::Timelines, Self::Search])
    }
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        one_of(value, &["tweet", "post"], &[Self::Tweet, Self::Post])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::Document;

    fn parse(text: &str) -> Result<(Common, Table), Vec<String>> {
        let document = Document::new("vigie.toml", text);
        let mut value = document.parse().unwrap();
        read(&mut value).map_err(|error| document.problems(error).iter().map(ToString::to_string).collect())
    }

    const TOKEN: &str = "token = { env = \"X_BEARER_TOKEN\" }\n";

    #[test]
    fn what_is_not_said_is_filled_in() {
        let (common, table) = parse(&format!("accounts = [\"@AfricanHub_\", \"kremlin\"]\n{TOKEN}")).unwrap();
        assert_eq!(table.accounts, ["AfricanHub_", "kremlin"]);
        assert_eq!((table.base_url.as_str(), table.page), ("https://api.x.com/", 100));
        let budget = common.budget.unwrap();
        assert_eq!((budget.posts_per_day, common.every), (Some(500), SignedDuration::from_secs(60)));
        assert_eq!(
            (budget.price.post.to_string(), budget.price.user.to_string()),
            ("$0.005".into(), "$0.01".into())
        );
        assert_eq!((common.enabled, common.backfill), (true, Some(SignedDuration::from_hours(24))));
        assert_eq!(table.vocabulary, Vocabulary::Tweet);
    }

    #[test]
    fn a_budget_replaces_the_usual_bound_and_a_bound_stands_beside_it() {
        let of = |text: &str| {
            let budget = parse(&format!("accounts = [\"a\"]\n{TOKEN}{text}")).unwrap().0.budget.unwrap();
            budget.bounds().map(|bound| bound.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(of(""), ["500 posts a day"]);
        assert_eq!(of("budget_per_day = 5"), ["$5.00 a day"]);
        assert_eq!(of("budget_per_month = 90.5\nmax_posts_per_day = 9"), ["9 posts a day", "$90.50 a month"]);
        let dear = parse(&format!("accounts = [\"a\"]\n{TOKEN}price = {{ post = 0.01 }}"))
            .unwrap()
            .0
            .budget
            .unwrap();
        assert_eq!((dear.price.post.0, dear.price.user.0), (10_000, 10_000));
        for wrong in ["budget_per_day = -1", "budget_per_day = \"5\"", "price = { pst = 1 }"] {
            assert_eq!(
                parse(&format!("accounts = [\"a\"]\n{TOKEN}{wrong}")).unwrap_err().len(),
                1,
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_search_says_how_often_timelines_are_read_beside_it() {
        let by = |text: &str| parse(&format!("accounts = [\"a\"]\n{TOKEN}{text}")).map(|(_, table)| table.by);
        assert_eq!(by(""), Ok(By::Timelines));
        let minutes = |n| By::Search { timelines_every: SignedDuration::from_mins(n) };
        assert_eq!(by("by = \"search\""), Ok(minutes(30)));
        assert_eq!(by("by = \"search\"\ntimelines_every = \"2h\""), Ok(minutes(120)));
        for wrong in
            ["timelines_every = \"1h\"", "by = \"search\"\ntimelines_every = \"2d\"", "by = \"list\""]
        {
            assert_eq!(by(wrong).unwrap_err().len(), 1, "{wrong}");
        }
    }

    #[test]
    fn lists_are_named_by_number_and_may_stand_alone() {
        let lists = parse(&format!("lists = [\"123\"]\n{TOKEN}")).unwrap().1.lists;
        assert_eq!(lists, ["123"]);
        for wrong in ["lists = [\"mine\"]\n", "lists = [\"1\", \"1\"]\n", ""] {
            assert_eq!(parse(&format!("{wrong}{TOKEN}")).unwrap_err().len(), 1, "{wrong}");
        }
    }

    #[test]
    fn a_token_never_travels_in_the_open() {
        let with = |url: &str| parse(&format!("accounts = [\"a\"]\nbase_url = \"{url}\"\n{TOKEN}"));
        for url in ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9", "https://proxy.example/x"] {
            assert!(with(url).is_ok(), "{url}");
        }
        for url in ["http://api.x.com", "http://127.0.0.1.example.org", "http://10.0.0.1", "ftp://x.com"] {
            let problems = with(url).unwrap_err();
            assert_eq!(problems.len(), 1, "{url}: {problems:?}");
        }
    }

    #[test]
    fn every_problem_is_told_at_once_with_its_place() {
        let problems = parse(
            "accounts = [\"ok\", \"x.com/no\", \"@OK\", 3]\npage = 4\nmax_posts_per_day = 0\nfields = \"twet\"\nevry = 1\n",
        )
        .unwrap_err();
        let said = problems.join("\n");
        for word in [
            "x.com/no",
            "named twice",
            "a name is wanted",
            "5 to 100",
            "max_posts_per_day",
            "`tweet`",
            "`every`",
            "`token` is missing",
        ] {
            assert!(said.contains(word), "{word} in\n{said}");
        }
        assert!(problems.iter().any(|problem| problem.starts_with("vigie.toml:1:")), "{said}");
        assert!(parse(&format!("accounts = []\n{TOKEN}")).is_err());
        assert!(parse(&format!("accounts = \"a\"\n{TOKEN}")).is_err());
    }
}
