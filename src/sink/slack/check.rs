//! Asking Slack without posting anything.

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};
use url::Url;

use super::words::{Trouble, answered};
use super::{Slack, Way};
use crate::remote::{Answer, Request};
use crate::sink::SendError;

impl Slack {
    /// What there is to see of the token and the channel. A webhook shows nothing before it is used.
    pub(super) async fn look(&self) -> Result<Vec<String>, SendError> {
        let Way::App { channel, .. } = &self.way else {
            return Ok(vec![
                "the address is an incoming webhook's; only a message tells whether Slack knows it".into(),
            ]);
        };
        let who = self.call("auth.test", &json!({}), answered).await.map_err(SendError::from)?;
        let name = |key: &str| who[key].as_str().map_or_else(|| "?".to_owned(), shown);
        let mut lines = vec![format!("the token is that of {} at {}", name("user"), name("team"))];
        match self.call("conversations.info", &json!({"channel": channel}), answered).await {
            Ok(found) => lines.push(fit(&found["channel"], channel)?),
            Err(Trouble::Other(broken @ SendError::SinkBroken(_))) if !broken.to_string().contains("missing_scope") => {
                return Err(broken);
            }
            Err(Trouble::Other(wait @ (SendError::Throttled(..) | SendError::NotSent(_)))) => return Err(wait),
            Err(_) => lines.push(format!(
                "the channel {channel} cannot be looked at without the scope channels:read; only a message tells"
            )),
        }
        Ok(lines)
    }

    /// Calls a method of the Web API as the app.
    pub(super) async fn call<T>(
        &self,
        method: &str,
        payload: &Json,
        judge: impl FnOnce(&Answer, Timestamp) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let Way::App { api, token, .. } = &self.way else {
            return Err(SendError::SinkBroken("an incoming webhook has no Web API".into()).into());
        };
        let request = Request::post(below(api, method), payload.to_string().into_bytes());
        let request = request.bearer(token.expose_secret());
        self.line.exchange(request, |answer, now| Trouble::apart(judge(answer, now))).await?
    }
}

fn below(api: &Url, method: &str) -> Url {
    let mut url = api.clone();
    url.set_path(&format!("{}/{method}", api.path().trim_end_matches('/')));
    url
}

/// Whether the channel takes messages, in words.
fn fit(channel: &Json, id: &str) -> Result<String, SendError> {
    if channel["is_archived"] == true {
        return Err(SendError::SinkBroken(format!(
            "the Slack channel {id} is archived; configure another one"
        )));
    }
    if channel["is_member"] == false {
        return Ok(format!(
            "the channel {id} exists, but vigie is not in it: invite its app, or give it chat:write.public"
        ));
    }
    Ok(format!("the channel {id} takes messages"))
}

/// A name from outside, short and harmless.
fn shown(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || " ._-".contains(*c)).take(60).collect()
}
