use serde_json::json;
use standardwebhooks::Webhook;

use super::*;

/// The marker, a few more bytes, in base64.
const SECRET: &str = "whsec_TUFSS0VSaHVudGVyMk1BUktFUm1vcmVieXRlcw==";

pub const CHANNEL: Channel = Channel {
    kind: "webhook",
    table: |url| format!("url = \"{}\"\nsecret = {{ file = \"secret\" }}", url(&format!("/in?key={MARKER}"))),
    secret: |_| SECRET.into(),
    beside: |_| None,
    taken: || Reply::of(204, ""),
    id: |call| Some(call.header("webhook-id").to_owned()),
    gone: &[410],
};

#[tokio::test]
async fn a_delivery_is_signed_as_the_standard_says_whatever_the_post() {
    let clock: Arc<dyn Clock> = Arc::new(vigie::clock::SystemClock);
    let dir = tempfile::tempdir().unwrap();
    let old = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    std::fs::write(dir.path().join("secret"), format!("{SECRET} {old}\n")).unwrap();
    let double = Server::start(|_, _| Reply::of(200, ""));
    let remotes = Remotes::new(clock.clone(), "vigie/test").unwrap();
    let kit = Kit { remotes, clock, dir: dir.path().to_owned(), timezone: TimeZone::UTC };
    let table = (CHANNEL.table)(&|path| double.url(path));
    let sink = (plan("webhook", &table).unwrap().build)(SinkId::new("webhook", "it"), &kit).unwrap();
    let deliveries: Vec<_> = hostile().into_iter().chain([alert(), notice()]).collect();
    for delivery in &deliveries {
        send(&sink, delivery).await.unwrap();
    }
    let calls = double.calls();
    assert_eq!(calls.len(), deliveries.len());
    for call in calls {
        assert!(call.body.len() < 20_000, "{}", call.body.len());
        let mut headers = reqwest::header::HeaderMap::new();
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            headers.insert(name, call.header(name).parse().unwrap());
        }
        for secret in [SECRET, old] {
            Webhook::new(secret).unwrap().verify(&call.body, &headers).unwrap();
        }
        let other = Webhook::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
        assert!(other.verify(&call.body, &headers).is_err());
    }
}

#[tokio::test]
async fn the_payload_is_the_documented_one() {
    let (double, sink, _dir) = CHANNEL.double(|_, _| (CHANNEL.taken)());
    for delivery in [alert(), notice()] {
        send(&sink, &delivery).await.unwrap();
    }
    let [first, second] = [&double.calls()[0], &double.calls()[1]].map(Call::json);
    let hit = |form: &str, start: usize| {
        json!({"concept": "c", "term": form.to_lowercase(), "form": form, "in": "text", "start": start,
               "end": start + form.len()})
    };
    assert_eq!(
        first,
        json!({
            "type": "vigie.alert.created",
            "timestamp": "2025-04-30T20:40:03Z",
            "data": {
                "delivery": alert().id.as_str(),
                "story": first["data"]["story"],
                "severity": "high",
                "posts": 1,
                "excerpts": [{
                    "id": "1",
                    "platform": "x",
                    "author": "LookoutDaily",
                    "text": "Our partners brought weapons and gear to Burkina Faso this morning",
                    "skipped": 0,
                    "cut": false,
                    "posted_at": "2025-04-30T20:39:03Z",
                    "seen_at": "2025-04-30T20:40:03Z",
                    "lang": "en",
                    "url": "https://x.com/LookoutDaily/status/1",
                    "edited": false,
                    "matches": [{
                        "rule": "sahel/arms-delivery",
                        "severity": "high",
                        "hits": [hit("weapons", 21), hit("Burkina Faso", 41)],
                    }],
                }],
            },
        })
    );
    assert_eq!(second["type"], "vigie.notice.created");
    assert_eq!(second["data"]["title"], "Blind: x.hub");
}

#[tokio::test]
async fn a_bad_secret_is_refused_without_repeating_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret"), MARKER).unwrap();
    let table = "url = \"https://example.org/\"\nsecret = { file = \"secret\" }";
    let error = (plan("webhook", table).unwrap().build)(SinkId::new("webhook", "it"), &kit(dir.path()))
        .err()
        .unwrap();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("openssl rand") && !shown.contains(MARKER), "{shown}");
}
