//! What an answer of an instance that is no page means, and where a page says the next one is.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use crate::model::coverage::Cause;
use crate::remote::{Answer, reopens, retry_after};
use crate::source::SourceError;
use crate::source::answer::{json, text, words};

/// How long an instance is left alone that has too many requests and does not say for how long.
pub const REST: Duration = Duration::from_mins(5);

/// What `answer`, whose status is not 2xx, says of the request to `host` for `account`.
pub fn refusal(
    answer: &Answer,
    (host, account): (&str, &str),
    with_token: bool,
    now: Timestamp,
) -> SourceError {
    let body: Value = json(&answer.body).unwrap_or_default();
    let said = text(&body, "/error").or_else(|| text(&body, "/error_description"));
    let said = said.map_or_else(|| format!("HTTP {}", answer.status), words);
    let broken = SourceError::Broken;
    match answer.status {
        401 | 403 if with_token => SourceError::Barred(
            Cause::Credentials,
            format!("{host} refuses the token ({said}); put a valid one where `token` points"),
        ),
        401 | 403 => broken(format!(
            "{host} shows {account} only to people with an account ({said}); give `token`, or take it out"
        )),
        404 => broken(format!(
            "{account} is not at {host}: it was never there, was renamed or deleted; check its name ({said})"
        )),
        410 => broken(format!("{account} is suspended at {host}, or gone for good; take it out ({said})")),
        300..=399 => broken(format!(
            "{host} redirects to another host (HTTP {}); write {account} with the host that answers",
            answer.status
        )),
        429 => {
            let at = reopens(&answer.headers, REST, now);
            SourceError::Retry(Some(at), format!("the rate limit of {host}: {said}"))
        }
        408 | 500.. => SourceError::Retry(retry_after(&answer.headers, now), format!("{host} fails: {said}")),
        _ => broken(format!("{host} refuses the request for {account}: {said}")),
    }
}

/// Why the account that `found` describes will not post here, if so.
pub fn lost(found: &Value, account: &str) -> Option<SourceError> {
    if found.get("suspended").and_then(Value::as_bool) == Some(true) {
        return Some(SourceError::Broken(format!(
            "the account {account} is suspended; take it out of `accounts`"
        )));
    }
    let moved = found.get("moved").filter(|moved| moved.is_object())?;
    let to = text(moved, "/acct").or_else(|| text(moved, "/url")).unwrap_or("another account");
    Some(SourceError::Broken(format!(
        "the account {account} moved to {}; watch that one in `accounts` instead",
        words(to)
    )))
}

/// The id below which a `Link` header says that the next page is.
pub fn next_page(header: &str) -> Option<String> {
    let next =
        header.split('<').skip(1).filter_map(|part| part.split_once('>')).find(|(_, parameters)| {
            let relation = parameters
                .split(';')
                .filter_map(|parameter| parameter.split_once('='))
                .find(|(name, _)| name.trim().eq_ignore_ascii_case("rel"));
            relation.is_some_and(|(_, value)| {
                value.trim().trim_end_matches(',').trim().trim_matches('"') == "next"
            })
        })?;
    let url = Url::parse("https://localhost").and_then(|base| base.join(next.0)).ok()?;
    url.query_pairs().find(|(name, _)| name == "max_id").map(|(_, id)| id.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_read_from_any_order_of_links_and_parameters() {
        for (header, next) in [
            (
                "<https://m.example/x?limit=5&max_id=7>; rel=\"next\", <https://m.example/x?min_id=9>; rel=\"prev\"",
                Some("7"),
            ),
            (
                "<https://m.example/x?min_id=9&limit=5>; rel=\"prev\", </x?max_id=7&limit=5>; foo=1; rel=next",
                Some("7"),
            ),
            ("<https://m.example/x?min_id=9>; rel=\"prev\"", None),
            ("<https://m.example/x>; rel=\"next\"", None),
            ("nonsense", None),
            ("<", None),
            ("", None),
        ] {
            assert_eq!(next_page(header).as_deref(), next, "{header}");
        }
    }
}
