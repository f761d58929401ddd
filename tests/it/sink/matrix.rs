use std::sync::Mutex;

use jiff::Timestamp;
use serde_json::json;
use vigie::model::delivery::Again;

use super::*;

pub const CHANNEL: Channel = Channel {
    kind: "matrix",
    table: |url| {
        let homeserver = url("/base/");
        format!("homeserver = \"{homeserver}\"\nroom = \"!room\"\ntoken = {{ file = \"secret\" }}")
    },
    secret: |_| format!("syt_{MARKER}\n"),
    beside: |call| match call.path.as_str() {
        path if path.contains("/state/m.room.") || path.starts_with("/.well-known/") => Some(missing()),
        path if path.ends_with("/account/whoami") => Some(whoami()),
        _ => None,
    },
    taken: || Reply::of(200, r#"{"event_id":"$event"}"#),
    id: |call| call.path.rsplit('/').next().map(str::to_owned),
    gone: &[410],
};

fn missing() -> Reply {
    Reply::of(404, r#"{"errcode":"M_NOT_FOUND","error":"loudly answered"}"#)
}

fn whoami() -> Reply {
    Reply::of(200, r#"{"user_id":"@vigie:example.org","device_id":"WATCH"}"#)
}

fn forbidden() -> Reply {
    Reply::of(403, r#"{"errcode":"M_FORBIDDEN","error":"loudly answered"}"#)
}

/// A homeserver that answers each path by the first script whose key the path contains, once; the last for ever.
fn homeserver(script: Vec<(&'static str, Vec<Reply>)>) -> Server {
    let script = Mutex::new(script);
    Server::start(move |_, call| {
        let mut script = script.lock().unwrap();
        if call.path.is_empty() {
            return Reply::Vanish;
        }
        match script.iter_mut().find(|(key, _)| call.path.contains(key)) {
            Some((_, replies)) if replies.len() > 1 => replies.remove(0),
            Some((_, replies)) => replies[0].clone(),
            None if call.path.ends_with("/account/whoami") => whoami(),
            None => missing(),
        }
    })
}

/// The sink that writes to `room` at `double`.
fn sink(double: &Server, room: &str) -> (Arc<dyn Sink>, tempfile::TempDir) {
    sink_by(Arc::new(TokioClock::starting_at(posts::NOW)), double, room)
}

/// The same by a clock.
fn sink_by(clock: Arc<dyn Clock>, double: &Server, room: &str) -> (Arc<dyn Sink>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret"), MARKER).unwrap();
    let table =
        format!("homeserver = \"{}\"\nroom = \"{room}\"\ntoken = {{ file = \"secret\" }}", double.url(""));
    let kit = Kit { clock, ..kit(dir.path()) };
    ((plan("matrix", &table).unwrap().build)(SinkId::new("matrix", "it"), &kit).unwrap(), dir)
}

/// A clock that somebody sets.
struct Set(Mutex<Timestamp>);

impl Clock for Set {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Set {
    fn forward(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

/// Method and path below the client API, in order.
fn steps(double: &Server) -> Vec<String> {
    let step = |call: &Call| format!("{} {}", call.method, call.path.rsplit("/v3/").next().unwrap_or(""));
    double.calls().iter().map(step).collect()
}

#[tokio::test]
async fn an_alert_wakes_people_and_a_notice_does_not() {
    let (double, sink, _dir) = CHANNEL.double(|_, _| (CHANNEL.taken)());
    for delivery in [alert(), notice()] {
        assert_eq!(send(&sink, &delivery).await, Ok(Receipt { id: Some("$event".into()), remark: None }));
    }
    let calls = CHANNEL.messages(&double);
    let path = format!("/base/_matrix/client/v3/rooms/%21room/send/m.room.message/{}", alert().id);
    assert_eq!((calls[0].method.as_str(), calls[0].path.as_str()), ("PUT", path.as_str()));
    assert_eq!(calls[0].header("authorization"), format!("Bearer syt_{MARKER}"));
    let [first, second] = [calls[0].json(), calls[1].json()];
    assert_eq!((&first["msgtype"], &second["msgtype"]), (&json!("m.text"), &json!("m.notice")));
    assert_eq!((&first["m.mentions"], &first["format"]), (&json!({}), &json!("org.matrix.custom.html")));
    let html = first["formatted_body"].as_str().unwrap();
    assert!(
        html.starts_with("<p><strong>HIGH · arms-delivery</strong><br>LookoutDaily on X</p><blockquote>")
    );
    assert!(html.contains("brought <strong>weapons</strong> and gear"), "{html}");
    assert!(first["body"].as_str().unwrap().contains("\n> Our partners brought weapons"));
}

#[tokio::test]
async fn the_room_is_looked_at_before_the_first_message_and_after_a_failure() {
    let sent = || Reply::of(200, r#"{"event_id":"$1"}"#);
    let double = homeserver(vec![
        ("/directory/room/", vec![Reply::of(200, r#"{"room_id":"!v12"}"#)]),
        ("/send/", vec![sent(), sent(), Reply::of(500, ""), sent()]),
    ]);
    let (sink, _dir) = sink(&double, "#alerts:example.org");
    for expected in ["sent", "sent", "ambiguous", "sent"] {
        assert_eq!(kind(&send(&sink, &alert()).await), expected);
    }
    let look = [
        "GET /.well-known/matrix/client",
        "GET account/whoami",
        "GET directory/room/%23alerts%3Aexample.org",
        "GET rooms/%21v12/state/m.room.tombstone",
        "GET rooms/%21v12/state/m.room.encryption",
    ];
    let put = format!("PUT rooms/%21v12/send/m.room.message/{}", alert().id);
    let put = put.as_str();
    assert_eq!(steps(&double), [&look[..], &[put, put, put], &look, &[put]].concat());
}

#[tokio::test]
async fn a_room_that_is_left_behind_or_encrypted_meanwhile_gets_nothing_more_although_it_would_take_it() {
    let sent = || Reply::of(200, r#"{"event_id":"$1"}"#);
    let cases = [
        ("/rooms/%21room/state/m.room.tombstone", r#"{"replacement_room":"!new"}"#, "sent"),
        ("/rooms/%21room/state/m.room.encryption", r#"{"algorithm":"m"}"#, "broken"),
    ];
    for (state, found, expected) in cases {
        let double = homeserver(vec![
            (state, vec![missing(), Reply::of(200, found)]),
            ("/join/", vec![Reply::of(200, "{}")]),
            ("/send/", vec![sent()]),
        ]);
        let clock = Arc::new(Set(Mutex::new(posts::NOW)));
        let (sink, _dir) = sink_by(clock.clone(), &double, "!room");
        for (wait, expected) in [(0, "sent"), (59, "sent"), (1, expected), (0, expected)] {
            clock.forward(wait);
            assert_eq!(kind(&send(&sink, &alert()).await), expected, "{state} after {wait} s more");
        }
        let steps = steps(&double);
        let puts =
            |room: &str| steps.iter().filter(|step| step.starts_with(&format!("PUT rooms/{room}/"))).count();
        assert_eq!(
            (puts("%21room"), puts("%21new")),
            (2, if expected == "sent" { 2 } else { 0 }),
            "{steps:?}"
        );
    }
}

#[tokio::test]
async fn an_encrypted_room_is_refused_with_an_explanation() {
    let double = homeserver(vec![("/state/m.room.encryption", vec![Reply::of(200, r#"{"algorithm":"m"}"#)])]);
    let (sink, _dir) = sink(&double, "!room");
    let Err(SendError::SinkBroken(why)) = send(&sink, &alert()).await else { panic!("broken") };
    assert!(why.contains("encrypted"), "{why}");
    assert!(steps(&double).iter().all(|step| step.starts_with("GET")), "nothing was written");
}

#[tokio::test]
async fn a_room_that_vigie_is_not_in_is_joined_once() {
    let double = homeserver(vec![
        ("/state/m.room.encryption", vec![forbidden(), missing()]),
        ("/join/", vec![Reply::of(200, r#"{"room_id":"!room"}"#)]),
        ("/send/", vec![Reply::of(200, r#"{"event_id":"$1"}"#)]),
    ]);
    let (sink, _dir) = sink(&double, "!room");
    assert_eq!(kind(&send(&sink, &alert()).await), "sent");
    assert!(steps(&double).contains(&"POST join/%21room".to_owned()));
}

#[tokio::test]
async fn a_room_that_threw_vigie_out_is_joined_again() {
    let double = homeserver(vec![
        ("/send/", vec![forbidden(), Reply::of(200, r#"{"event_id":"$1"}"#)]),
        ("/state/m.room.tombstone", vec![forbidden()]),
        ("/join/", vec![Reply::of(200, r#"{"room_id":"!room"}"#)]),
    ]);
    let (sink, _dir) = sink(&double, "!room");
    assert_eq!(kind(&send(&sink, &alert()).await), "sent");
}

#[tokio::test]
async fn an_upgraded_room_is_followed_to_its_successor() {
    let double = homeserver(vec![
        ("/rooms/%21old%3Aexample.org/send/", vec![forbidden()]),
        (
            "/rooms/%21old%3Aexample.org/state/m.room.tombstone",
            vec![missing(), Reply::of(200, r#"{"replacement_room":"!new"}"#)],
        ),
        ("/join/", vec![Reply::of(200, "{}")]),
        ("/rooms/%21new/send/", vec![Reply::of(200, r#"{"event_id":"$1"}"#)]),
    ]);
    let (sink, _dir) = sink(&double, "!old:example.org");
    for _ in 0..2 {
        assert_eq!(kind(&send(&sink, &alert()).await), "sent");
    }
    let steps = steps(&double);
    assert!(steps.contains(&"POST join/%21new?via=example.org&server_name=example.org".into()), "{steps:?}");
    assert!(steps.last().unwrap().starts_with("PUT rooms/%21new/"), "the second goes there at once");
    assert_eq!(steps.iter().filter(|step| step.starts_with("PUT rooms/%21old")).count(), 1);
}

#[tokio::test]
async fn whoever_may_not_write_or_join_is_told_so_and_nothing_goes_round_for_ever() {
    let banned = || Reply::of(403, r#"{"errcode":"M_BAD_STATE","error":"loudly answered"}"#);
    let grave = || Reply::of(200, r#"{"replacement_room":"!room"}"#);
    let scripts: Vec<Vec<(&str, Vec<Reply>)>> = vec![
        vec![("/send/", vec![forbidden()]), ("/join/", vec![Reply::of(200, "{}")])],
        vec![("/send/", vec![forbidden()]), ("/join/", vec![forbidden()])],
        vec![("/send/", vec![forbidden()]), ("/join/", vec![banned()])],
        vec![("/encryption", vec![forbidden()]), ("/join/", vec![Reply::of(200, "{}")])],
        vec![
            ("/send/", vec![forbidden()]),
            ("/tombstone", vec![grave()]),
            ("/join/", vec![Reply::of(200, "{}")]),
        ],
        vec![("", vec![Reply::of(401, r#"{"errcode":"M_UNKNOWN_TOKEN","soft_logout":false}"#)])],
        vec![("", vec![Reply::of(404, "<html>loudly answered</html>")])],
    ];
    for (n, script) in scripts.into_iter().enumerate() {
        let double = homeserver(script);
        let (sink, _dir) = sink(&double, "!room");
        let result = send(&sink, &alert()).await;
        assert_eq!(kind(&result), "broken", "{n}: {result:?}");
        // Whether muted, thrown out or banned, that is what to mend, and not the homeserver.
        let why = result.unwrap_err().to_string();
        assert!(n > 2 || why.contains("may not write to the room"), "{n}: {why}");
        assert!(double.calls().len() < 15, "{n}: {:?}", steps(&double));
    }
}

#[tokio::test]
async fn an_alias_that_leads_nowhere_breaks_the_sink_and_refuses_no_message() {
    for reply in [missing(), Reply::of(400, r#"{"errcode":"M_INVALID_PARAM"}"#), Reply::of(400, "")] {
        let double = homeserver(vec![("/directory/", vec![reply])]);
        let (sink, _dir) = sink(&double, "#alerts:example.org");
        assert_eq!(kind(&send(&sink, &alert()).await), "broken");
    }
}

#[tokio::test]
async fn what_was_refused_goes_short_under_the_same_transaction() {
    let too_large = || Reply::of(413, r#"{"errcode":"M_TOO_LARGE"}"#);
    let double = homeserver(vec![("/send/", vec![too_large(), Reply::of(200, r#"{"event_id":"$1"}"#)])]);
    let (sink, _dir) = sink(&double, "!room");
    assert_eq!(kind(&send(&sink, &alert()).await), "refused");
    assert_eq!(kind(&send(&sink, &Delivery { plain: true, ..alert() }).await), "sent");
    let calls = CHANNEL.messages(&double);
    assert_eq!(calls[0].path, calls[1].path);
    assert!(calls[1].json()["formatted_body"].is_null() && calls[1].body.len() < calls[0].body.len());
}

#[tokio::test]
async fn a_room_upgraded_before_the_first_message_is_followed_and_people_are_told() {
    let double = homeserver(vec![
        ("/rooms/%21old/state/m.room.tombstone", vec![Reply::of(200, r#"{"replacement_room":"!new"}"#)]),
        ("/join/", vec![Reply::of(200, "{}")]),
        ("/rooms/%21new/send/", vec![Reply::of(200, r#"{"event_id":"$1"}"#)]),
    ]);
    let (sink, _dir) = sink(&double, "!old");
    let receipt = send(&sink, &alert()).await.unwrap();
    assert!(receipt.remark.unwrap().contains("!new"));
}

#[tokio::test]
async fn a_servers_name_leads_to_its_homeserver_and_a_token_to_no_weaker_place() {
    let homeserver = Server::start(|_, call| (CHANNEL.beside)(call).unwrap_or_else(CHANNEL.taken));
    let said = format!(r#"{{"m.homeserver":{{"base_url":"{}"}}}}"#, homeserver.url("/base/"));
    let site = Server::start(move |_, call| match call.path.as_str() {
        "/.well-known/matrix/client" => Reply::of(200, &said),
        _ => Reply::of(404, ""),
    });
    let (sink, _dir) = sink(&site, "!room");
    assert_eq!(kind(&send(&sink, &alert()).await), "sent");
    assert!(site.calls().iter().all(|call| call.header("authorization").is_empty()));
    assert!(homeserver.calls().iter().all(|call| call.path.starts_with("/base/_matrix/client/v3/")));
    for nonsense in
        ["<html>", "{}", r#"{"m.homeserver":{"base_url":"ftp://x"}}"#, r#"{"m.homeserver":{"base_url":1}}"#]
    {
        let double = Server::start(move |_, call| match call.path.as_str() {
            "/.well-known/matrix/client" => Reply::of(200, nonsense),
            _ => (CHANNEL.beside)(call).unwrap_or_else(CHANNEL.taken),
        });
        let (sink, _dir) = self::sink(&double, "!room");
        assert_eq!(kind(&send(&sink, &alert()).await), "sent", "{nonsense}");
    }
}

#[tokio::test]
async fn a_look_tells_who_writes_where_and_whether_it_may() {
    let levels = |needed: u8| {
        let levels = format!(r#"{{"events_default":{needed},"users":{{"@vigie:example.org":20}}}}"#);
        homeserver(vec![("/state/m.room.power_levels", vec![Reply::of(200, &levels)])])
    };
    let double = levels(20);
    let (good, _dir) = sink(&double, "!room");
    let lines = good.check().await.unwrap().join("\n");
    assert!(lines.contains("@vigie:example.org, on device WATCH") && lines.contains("!room"), "{lines}");
    let double = levels(50);
    let (muted, _dir) = sink(&double, "!room");
    let Err(SendError::SinkBroken(why)) = muted.check().await else { panic!("broken") };
    assert!(why.contains("power level"), "{why}");
    assert!(steps(&double).iter().all(|step| step.starts_with("GET")), "nothing was written");
}

#[tokio::test]
async fn what_a_story_says_again_answers_the_first_message_or_stands_alone_where_that_is_gone() {
    let unknown = || Reply::of(400, r#"{"errcode":"M_UNKNOWN"}"#);
    let sent = || Reply::of(200, r#"{"event_id":"$2"}"#);
    let double = homeserver(vec![("/send/", vec![sent(), sent(), unknown(), sent()])]);
    let (sink, _dir) = sink(&double, "!room");
    for again in [Again::Copies, Again::Wording, Again::Copies] {
        send(&sink, &posts::again(again, "$1")).await.unwrap();
    }
    let calls = CHANNEL.messages(&double);
    let contents: Vec<_> = calls.iter().map(Call::json).collect();
    let answers = json!({"event_id": "$1"});
    let thread = json!({
        "rel_type": "m.thread", "event_id": "$1", "is_falling_back": true, "m.in_reply_to": answers
    });
    assert_eq!((&contents[0]["m.relates_to"], &contents[0]["msgtype"]), (&thread, &json!("m.notice")));
    assert_eq!(contents[1]["m.relates_to"], json!({"m.in_reply_to": answers}));
    assert_eq!((&contents[1]["msgtype"], &contents[2]["m.relates_to"]), (&json!("m.text"), &thread));
    assert!(contents[3]["m.relates_to"].is_null() && contents[3]["body"] == contents[2]["body"]);
    assert_eq!(calls[2].path, calls[3].path, "under the same transaction: the refused one was not taken");
}

#[tokio::test]
async fn the_larger_of_two_waits_counts() {
    let body = r#"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":60000}"#;
    let wait = vec![("retry-after", "2".to_owned())];
    let (_double, sink, _dir) = CHANNEL.double(move |_, _| Reply::Say(429, wait.clone(), body.into()));
    let Err(SendError::Throttled(at, _)) = send(&sink, &alert()).await else { panic!("throttled") };
    assert!(at.duration_since(posts::NOW) >= SignedDuration::from_secs(60));
}

#[tokio::test]
async fn nothing_in_a_post_is_markup_or_a_mention() {
    let (double, _, _dir) = CHANNEL.double(|_, _| (CHANNEL.taken)());
    for delivery in hostile() {
        let (sink, _dir) = CHANNEL.sink(&|path| double.url(path));
        send(&sink, &delivery).await.unwrap();
    }
    let own = ["p", "/p", "strong", "/strong", "br", "blockquote", "/blockquote", "em", "/em", "/a"];
    for call in CHANNEL.messages(&double) {
        let content = call.json();
        assert_eq!(content["m.mentions"], json!({}));
        let html = content["formatted_body"].as_str().unwrap();
        for tag in html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
            assert!(own.contains(&tag) || tag.starts_with("a href=\"https://"), "{tag} in {html}");
        }
    }
}
