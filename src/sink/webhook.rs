//! Any receiver that follows Standard Webhooks 1.0: signed JSON under an id that stays the same.

mod payload;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use toml_span::{DeserError, Error, Value};
use url::Url;

use super::classify::{by_status, exchange};
use super::{Common, Kit, Plan, Receipt, SendError, Sink};
use crate::clock::Clock;
use crate::model::delivery::Delivery;
use crate::model::sink::SinkId;
use crate::remote::{Answer, Pace, Remote, Request};
use crate::setting::{Address, Fields, Secret};

/// A program that takes deliveries by HTTP.
struct Webhook {
    id: SinkId,
    url: Url,
    keys: Vec<SecretSlice<u8>>,
    remote: Remote,
    clock: Arc<dyn Clock>,
}

/// Reads `[sink.webhook.NAME]`: `enabled`, `url`, `secret` (a secret: `whsec_...`; while it changes, the new and the
/// old one with a blank between them).
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let mut fields = Fields::new(value)?;
    let common = Common::take(&mut fields);
    let url = fields.required::<Address>("url");
    let secret = fields.required::<Secret>("secret");
    fields.finalize(None)?;
    let (url, secret) = (url?.0, secret?);
    Ok(Plan { common, build: Box::new(move |id, kit| build(id, url, &secret, kit)) })
}

fn build(id: SinkId, url: Url, secret: &Secret, kit: &Kit) -> Result<Arc<dyn Sink>, Error> {
    let text = secret.read(&kit.dir)?;
    let keys: Result<_, _> = text.expose_secret().split_whitespace().map(key).collect();
    let keys = keys.map_err(|why| secret.wrong(why))?;
    let remote = kit.remotes.host(&url, id.as_str(), Pace::new(Duration::from_millis(100), 20));
    Ok(Arc::new(Webhook { id, url, keys, remote, clock: kit.clock.clone() }))
}

/// The key in a secret.
fn key(text: &str) -> Result<SecretSlice<u8>, &'static str> {
    let how = "a secret is whsec_ and 24 to 64 random bytes in base64; make one with: echo whsec_$(openssl rand -base64 32)";
    let bytes = text.strip_prefix("whsec_").and_then(|text| BASE64_STANDARD.decode(text).ok()).ok_or(how)?;
    if (24..=64).contains(&bytes.len()) { Ok(bytes.into()) } else { Err(how) }
}

#[async_trait]
impl Sink for Webhook {
    fn id(&self) -> &SinkId {
        &self.id
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let body = payload::of(delivery);
        let id = delivery.id.as_str();
        let now = self.clock.now().as_second();
        let signatures: Vec<String> = self.keys.iter().map(|key| signature(key, id, now, &body)).collect();
        let request = Request::post(self.url.clone(), body)
            .header("webhook-id", id)
            .header("webhook-timestamp", &now.to_string())
            .header("webhook-signature", &signatures.join(" "));
        let judge = |answer: &Answer, now| judge(answer, self.remote.name(), now);
        exchange(&self.remote, self.clock.as_ref(), request, judge).await
    }

    fn payload(&self, delivery: &Delivery) -> String {
        String::from_utf8_lossy(&payload::of(delivery)).into_owned()
    }

    async fn check(&self) -> Result<Vec<String>, SendError> {
        Ok(vec![format!("messages go to {}; only a message tells whether it takes them", self.remote.name())])
    }
}

/// `v1,` and the HMAC-SHA256 of id, time and body.
fn signature(key: &SecretSlice<u8>, id: &str, second: i64, body: &[u8]) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose_secret()) else { return String::new() };
    mac.update(format!("{id}.{second}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

fn judge(answer: &Answer, host: &str, now: Timestamp) -> Result<Receipt, SendError> {
    if answer.is_success() {
        return Ok(Receipt::default());
    }
    Err(by_status(answer, format!("the webhook at {host} answered {}", answer.status), now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::classify::tests::{answer, kind};

    #[test]
    fn the_signature_is_the_one_of_the_standard() {
        let key = key("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let signature = signature(&key, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn a_weak_or_garbled_secret_is_refused() {
        for text in ["", "whsec_", "whsec_c2hvcnQ=", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_%%%"] {
            assert!(key(text).is_err(), "{text}");
        }
        assert!(key(&format!("whsec_{}", BASE64_STANDARD.encode([7; 65]))).is_err());
        assert!(key(&format!("whsec_{}", BASE64_STANDARD.encode([7; 64]))).is_ok());
    }

    #[test]
    fn any_2xx_is_success_and_a_redirect_is_a_failure() {
        for (status, expected) in
            [(200, "sent"), (202, "sent"), (204, "sent"), (301, "broken"), (410, "gone"), (422, "refused")]
        {
            assert_eq!(
                kind(&judge(&answer(status, None, ""), "it", Timestamp::UNIX_EPOCH)),
                expected,
                "{status}"
            );
        }
    }
}
