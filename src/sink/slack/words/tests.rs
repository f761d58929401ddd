use super::*;
use crate::sink::classify::tests::{answer, kind};

#[test]
fn every_answer_has_one_meaning() {
    let cases: &[(u16, Option<&str>, &str, &str)] = &[
        (200, None, "ok", "sent"),
        (200, None, "ok\n", "sent"),
        (200, None, "<html>Sign in to the airport</html>", "ambiguous"),
        (200, None, "", "ambiguous"),
        (200, None, r#"{"ok":true}"#, "ambiguous"),
        (200, None, r#"{"ok":false,"error":"no_service"}"#, "broken"),
        (200, None, r#"{"ok":false,"error":"ratelimited"}"#, "wait 5"),
        (202, None, "ok", "ambiguous"),
        (204, None, "", "ambiguous"),
        (302, None, "", "broken"),
        (400, None, "invalid_payload", "refused"),
        (400, None, "invalid_blocks", "refused"),
        (400, None, "invalid_blocks_format", "refused"),
        (400, None, "msg_blocks_too_long", "refused"),
        (400, None, "no_text", "refused"),
        (400, None, "too_many_attachments", "refused"),
        (400, None, "user_not_found", "broken"),
        (400, None, "something_new", "refused"),
        (403, None, "action_prohibited", "broken"),
        (403, None, "posting_to_general_channel_denied", "broken"),
        (403, None, "invalid_token", "broken"),
        (403, None, "team_disabled", "broken"),
        (404, None, "channel_not_found", "broken"),
        (404, None, "no_service", "broken"),
        (404, None, "no_service_id", "broken"),
        (404, None, "no_team", "broken"),
        (404, None, "no_active_hooks", "broken"),
        (404, None, "", "broken"),
        (410, None, "channel_is_archived", "broken"),
        (413, None, "", "refused"),
        (429, Some("30"), r#"{"retry_after":1,"ok":false,"error":"rate_limited"}"#, "wait 30"),
        (429, None, r#"{"retry_after":7,"ok":false,"error":"rate_limited"}"#, "wait 7"),
        (429, None, "", "wait 5"),
        (429, None, "invalid_token", "wait 5"),
        (500, None, "rollup_error", "ambiguous"),
        (500, None, "", "ambiguous"),
        (503, Some("9"), "", "wait 9"),
        (503, None, "service_unavailable", "ambiguous"),
        (418, None, "", "ambiguous"),
    ];
    for (status, wait, body, expected) in cases {
        let verdict = posted_by_webhook(&answer(*status, *wait, body), Timestamp::UNIX_EPOCH);
        assert_eq!(kind(&verdict), *expected, "{status} {body}");
    }
}

#[test]
fn an_answer_is_never_repeated_in_an_error() {
    for status in [200, 302, 400, 403, 404, 418, 429, 500] {
        let error = posted_by_webhook(&answer(status, None, "hunter2 <!channel>"), Timestamp::UNIX_EPOCH)
            .unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn every_word_to_an_app_has_one_meaning() {
    let cases: &[(&str, &str)] = &[
        ("ratelimited", "wait 5"),
        ("message_limit_exceeded", "wait 5"),
        ("invalid_blocks", "refused"),
        ("msg_too_long", "refused"),
        ("invalid_arguments", "refused"),
        ("invalid_auth", "broken"),
        ("missing_scope", "broken"),
        ("channel_not_found", "broken"),
        ("not_in_channel", "broken"),
        ("is_archived", "broken"),
        ("restricted_action", "broken"),
        ("internal_error", "ambiguous"),
        ("fatal_error", "ambiguous"),
        ("something_new", "ambiguous"),
        ("thread_not_found", "thread"),
        ("cannot_reply_to_message", "thread"),
        ("restricted_action_thread_locked", "thread"),
    ];
    let judged =
        |status, wait, body: &str| match posted_by_app(&answer(status, wait, body), Timestamp::UNIX_EPOCH) {
            Ok(ts) => ts,
            Err(Trouble::Thread) => "thread".into(),
            Err(Trouble::Other(error)) => kind::<()>(&Err(error)),
        };
    for (word, expected) in cases {
        assert_eq!(judged(200, None, &format!(r#"{{"ok":false,"error":"{word}"}}"#)), *expected, "{word}");
    }
    assert_eq!(judged(200, None, r#"{"ok":true,"ts":"1700000000.000001"}"#), "1700000000.000001");
    assert_eq!(judged(429, Some("30"), r#"{"ok":false,"error":"ratelimited"}"#), "wait 30");
    for body in ["ok", "<html>", r#"{"ok":true}"#, r#"{"ok":true,"ts":"<script>"}"#, r#"{"ok":"true"}"#] {
        assert_eq!(judged(200, None, body), "ambiguous", "{body}");
    }
    assert_eq!(judged(503, None, ""), "ambiguous");
    assert_eq!(judged(404, None, "<html>"), "broken");
}
