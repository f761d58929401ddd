//! Alerts that people do not want for a while.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::delivery::{Alert, Excerpt};
use super::post::Platform;

/// A wish not to hear of some alerts until an instant. It is kept after its end, for those who ask what it held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// What it is called.
    pub id: u32,
    /// What it covers.
    pub covers: Covers,
    /// Why.
    pub reason: String,
    /// Who wants it.
    pub by: String,
    /// When it began.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// How many alerts it held.
    pub alerts: u32,
    /// How many posts were in them.
    pub posts: u32,
    /// Whether people were told that it ended.
    pub told: bool,
}

/// So long after its end a silence can be asked for.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What a silence covers: posts for which everything holds that is said here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covers {
    /// All rules that it met are this one, as `watchlist/rule`.
    pub rule: Option<String>,
    /// All rules that it met are of this watchlist.
    pub watchlist: Option<String>,
    /// Who wrote it.
    pub account: Option<String>,
    /// Where.
    pub platform: Option<Platform>,
    /// Words in a row that stand in its title or text, whatever their case.
    pub words: Option<String>,
}

impl Silence {
    /// Whether it is in force.
    pub fn is_on(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }

    /// Whether it keeps this alert from people: it covers every post that the alert shows.
    pub fn holds(&self, alert: &Alert, now: Timestamp) -> bool {
        self.is_on(now)
            && !alert.excerpts.is_empty()
            && alert.excerpts.iter().all(|excerpt| self.covers.post(excerpt))
    }

    /// Whether it is still to be shown to those who ask: until long after people were told of its end.
    pub fn is_remembered(&self, now: Timestamp) -> bool {
        !self.told || now.duration_since(self.until) < REMEMBERED
    }

    /// It, with one more alert held.
    pub fn held(mut self, alert: &Alert) -> Self {
        self.alerts = self.alerts.saturating_add(1);
        self.posts = self.posts.saturating_add(alert.posts);
        self
    }

    /// It, ended now, if it did not end before.
    pub fn ended(mut self, now: Timestamp) -> Self {
        self.until = self.until.min(now.max(self.from));
        self
    }
}

impl Covers {
    /// Whether nothing is said, so that it would cover everything.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    fn post(&self, excerpt: &Excerpt) -> bool {
        let rules = || excerpt.matches.iter().map(|found| &*found.rule);
        let list = |rule: &str, name: &str| rule.split('/').next() == Some(name);
        let plain = |name: &str| name.trim().trim_start_matches('@').to_lowercase();
        let says = |words: &str| {
            let words = words.to_lowercase();
            let texts = [Some(excerpt.text.as_str()), excerpt.title.as_deref()];
            texts.into_iter().flatten().any(|text| text.to_lowercase().contains(&words))
        };
        self.rule.as_ref().is_none_or(|name| rules().all(|rule| rule == name))
            && self.watchlist.as_ref().is_none_or(|name| rules().all(|rule| list(rule, name)))
            && self.account.as_ref().is_none_or(|name| plain(name) == plain(&excerpt.author))
            && self.platform.as_ref().is_none_or(|platform| *platform == excerpt.platform)
            && self.words.as_ref().is_none_or(|words| says(words))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::matched::{Match, Severity};
    use crate::model::post::{Content, Post, PostKey};
    use crate::model::story::StoryId;

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    fn excerpt(rules: &[&str]) -> Excerpt {
        let post = Post { author: "AfricanHub_".into(), ..Post::new(Platform::X, "1", "A drill in GAO") };
        let found = |rule: &&str| Match { rule: (*rule).into(), severity: Severity::Low, hits: Vec::new() };
        Excerpt::of(&post, &rules.iter().map(found).collect::<Vec<_>>(), false, at(0))
    }

    fn alert(excerpts: Vec<Excerpt>) -> Alert {
        let story = StoryId::opened_by(PostKey::of(&Platform::X, "1"), Content([0; 8]));
        Alert { story, severity: Severity::Low, again: None, posts: 3, excerpts }
    }

    fn silence(covers: Covers) -> Silence {
        let (reason, by) = ("drill".into(), "ann".into());
        let (from, until) = (at(10), at(20));
        Silence { id: 1, covers, reason, by, from, until, alerts: 0, posts: 0, told: false }
    }

    #[test]
    fn a_silence_holds_what_all_that_it_says_is_true_of() {
        let some = |text: &str| Some(text.to_owned());
        let cases = [
            (Covers { rule: some("w/a"), ..Covers::default() }, true),
            (Covers { rule: some("w/b"), ..Covers::default() }, false),
            (Covers { watchlist: some("w"), ..Covers::default() }, true),
            (Covers { watchlist: some("v"), ..Covers::default() }, false),
            (Covers { account: some("@africanhub_"), ..Covers::default() }, true),
            (Covers { account: some("hub"), ..Covers::default() }, false),
            (Covers { platform: Some(Platform::X), ..Covers::default() }, true),
            (Covers { platform: Some(Platform::FILE), ..Covers::default() }, false),
            (Covers { words: some("drill in gao"), ..Covers::default() }, true),
            (Covers { words: some("drill in kidal"), ..Covers::default() }, false),
            (Covers { rule: some("w/a"), words: some("kidal"), ..Covers::default() }, false),
        ];
        for (covers, holds) in cases {
            let silence = silence(covers);
            assert_eq!(silence.holds(&alert(vec![excerpt(&["w/a"])]), at(10)), holds, "{silence:?}");
        }
    }

    #[test]
    fn what_also_meets_another_rule_or_shows_another_post_is_told() {
        let silence = silence(Covers { rule: Some("w/a".into()), ..Covers::default() });
        for excerpts in
            [vec![excerpt(&["w/a", "w/b"])], vec![excerpt(&["w/a"]), excerpt(&["w/b"])], Vec::new()]
        {
            assert!(!silence.holds(&alert(excerpts), at(10)));
        }
    }

    #[test]
    fn a_silence_has_a_beginning_an_end_and_a_count() {
        let silence = silence(Covers { rule: Some("w/a".into()), ..Covers::default() });
        let alert = alert(vec![excerpt(&["w/a"])]);
        for (second, holds) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(silence.holds(&alert, at(second)), holds, "{second}");
        }
        let ended = silence.clone().held(&alert).held(&alert).ended(at(15));
        assert_eq!((ended.alerts, ended.posts, ended.until), (2, 6, at(15)));
        assert_eq!(silence.ended(at(30)).until, at(20));
    }
}
