//! The account that a timeline is of: how it is called now, and whether it shows itself.

use serde_json::Value;

use crate::source::SourceError;
use crate::source::answer::text;

/// How the account `did` calls itself now, if one of its posts or reposts tells.
pub fn name<'a>(items: &'a [Value], did: &str) -> Option<&'a str> {
    let profiles = items.iter().flat_map(|item| [&item["post"]["author"], &item["reason"]["by"]]);
    let mut its_own = profiles.filter(|profile| text(profile, "/did") == Some(did));
    its_own.find_map(|profile| text(profile, "/handle").filter(|handle| *handle != "handle.invalid"))
}

/// Whether a post is by the account `did`, rather than reposted by it.
pub fn wrote(did: &str, item: &Value) -> bool {
    text(item, "/post/author/did") == Some(did)
}

/// That it asks not to be shown to the public.
pub fn is_private(account: &str) -> SourceError {
    SourceError::Broken(format!(
        "the account {account} shows itself only to people with an account; give `identifier` and an app password as \
         `password`, or take it out of `accounts`"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_told_by_own_posts_and_reposts_alone_and_only_if_it_holds() {
        let by = |did: &str, handle: &str| json!({"did": did, "handle": handle});
        let post = |did: &str, handle: &str| json!({"post": {"author": by(did, handle)}});
        let repost =
            json!({"post": {"author": by("did:b", "b.test")}, "reason": {"by": by("did:a", "a.test")}});
        for (items, expected) in [
            (vec![], None),
            (vec![post("did:b", "b.test")], None),
            (vec![post("did:b", "b.test"), post("did:a", "a.test")], Some("a.test")),
            (vec![post("did:a", "handle.invalid")], None),
            (vec![json!(7), repost], Some("a.test")),
        ] {
            assert_eq!(name(&items, "did:a"), expected, "{items:?}");
        }
    }
}
