//! What X bills: a post or a profile once in a UTC day, however often it is answered with.
//!
//! From X's pricing page of 22 August 2026. What vigie read before it was restarted is counted again.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::Value;

use super::wire::Answer;
use crate::model::calendar::day;
use crate::model::spend::Reads;

/// What was billed today.
#[derive(Debug, Default)]
pub struct Billed {
    /// Whether what posts refer to is billed as well; X does not say.
    included: bool,
    today: Mutex<Today>,
}

#[derive(Debug, Default)]
struct Today {
    day: i32,
    posts: HashSet<String>,
    users: HashSet<String>,
}

impl Billed {
    /// Nothing yet.
    pub fn new(included: bool) -> Self {
        Self { included, today: Mutex::default() }
    }

    /// What a page adds to today's bill.
    pub fn page(&self, answer: &Answer, now: Timestamp) -> Reads {
        let (none, own) = (Vec::new(), answer.data.as_ref().and_then(Value::as_array));
        let (posts, users) =
            if self.included { (&answer.includes.tweets, &answer.includes.users) } else { (&none, &none) };
        let ids = |values: &[Value]| -> Vec<String> {
            let id = |value: &Value| value.get("id").and_then(Value::as_str).map(str::to_owned);
            values.iter().filter_map(id).collect()
        };
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.day != day(now) {
            *today = Today { day: day(now), ..Today::default() };
        }
        let posts = ids(own.unwrap_or(&none)).into_iter().chain(ids(posts));
        let posts = posts.filter(|id| today.posts.insert(id.clone())).count() as u32;
        let users = ids(users).into_iter().filter(|id| today.users.insert(id.clone())).count() as u32;
        Reads { posts, users }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer() -> Answer {
        let posts = json!([{"id": "3"}, {"id": "2"}, {"no": "id"}]);
        let includes = json!({"tweets": [{"id": "1"}, {"id": "2"}], "users": [{"id": "10"}]});
        serde_json::from_value(json!({"data": posts, "includes": includes})).unwrap()
    }

    #[test]
    fn a_post_is_billed_once_a_day() {
        let now: Timestamp = "2026-06-16T23:59:59Z".parse().unwrap();
        let billed = Billed::new(false);
        assert_eq!(billed.page(&answer(), now), Reads { posts: 2, users: 0 });
        assert_eq!(billed.page(&answer(), now), Reads::default());
        let tomorrow = "2026-06-17T00:00:00Z".parse().unwrap();
        assert_eq!(billed.page(&answer(), tomorrow), Reads { posts: 2, users: 0 });
    }

    #[test]
    fn what_posts_refer_to_is_billed_if_the_configuration_says_so() {
        let billed = Billed::new(true);
        assert_eq!(billed.page(&answer(), Timestamp::UNIX_EPOCH), Reads { posts: 3, users: 1 });
    }
}
