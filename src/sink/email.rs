//! Mail, by SMTP.
//!
//! The delivery's id is in the Message-ID, by which mail readers and many servers recognise a letter that comes again;
//! not all do, so that a possible repeat is marked. Letters of one story refer to the first, so that they make a thread.

mod letter;
mod smtp;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::SignedDuration;
use lettre::message::Mailbox;
use toml_span::{DeserError, Deserialize, Error, Value};

use self::smtp::{Login, Server, Tls};
use super::message::{Message, Voice, Wording};
use super::{Common, Kit, Plan, Receipt, SendError, Sink};
use crate::model::delivery::Delivery;
use crate::model::sink::SinkId;
use crate::setting::{Fields, Secret, one_of, wrong};

/// A mailbox, or a few.
struct Email {
    id: SinkId,
    server: Server,
    from: Mailbox,
    to: Vec<Mailbox>,
    voice: Voice,
}

/// A name and an address, as in a letter: `Watch desk <desk@example.org>`.
struct Mail(Mailbox);

/// After so many attempts a letter goes to those who can have it, without those whose server puts it off.
const PATIENT_ATTEMPTS: u32 = 4;

/// Reads `[sink.email.NAME]`: `enabled`, `server`, `port`, `tls`, `user`, `password` (a secret), `from`, `to`, `template`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let mut fields = Fields::new(value)?;
    let (common, wording) = (Common::take(&mut fields), Wording::take(&mut fields));
    let server = fields.required_s::<String>("server");
    let port = fields.optional::<u16>("port");
    let tls = fields.optional::<Tls>("tls").unwrap_or(Tls::Upgraded);
    let user = fields.optional_s::<String>("user");
    let password = fields.optional::<Secret>("password");
    let from = fields.required::<Mail>("from");
    let to = fields.required_s::<Vec<Mail>>("to");
    let mut amiss = |span, message: &str| fields.errors.push(wrong(span, message.to_owned()));
    if let Ok(to) = &to
        && to.value.is_empty()
    {
        amiss(to.span, "nobody is written to");
    }
    if let Ok(server) = &server {
        if server.value.is_empty() || server.value.contains(['/', ':', ' ', '@']) {
            amiss(
                server.span,
                "a mail server is named by its host, such as \"mail.example.org\"; the port has a key of its own",
            );
        } else if tls == Tls::None && password.is_some() && !is_loopback(&server.value) {
            amiss(
                server.span,
                "a password does not travel in the open; use tls = \"starttls\" or \"implicit\"",
            );
        }
    }
    if let (Some(user), None) = (&user, &password) {
        amiss(user.span, "a user logs in with a `password`");
    }
    fields.finalize(None)?;
    let (host, from, to) = (server?.value, from?.0, to?.value.into_iter().map(|mail| mail.0).collect());
    let build = move |id, kit: &Kit| {
        let password = password.map(|secret| secret.read(&kit.dir)).transpose()?;
        let user = user.map_or_else(|| from.email.to_string(), |user| user.value);
        let login = password.map(|password| Login { user, password });
        let port = port.unwrap_or(tls.port());
        let server = Server { host, port, tls, login, domain: from.email.domain().to_owned() };
        let voice = wording.voice(kit, SignedDuration::ZERO)?;
        let sink: Arc<dyn Sink> = Arc::new(Email { id, server, from, to, voice });
        Ok::<_, Error>(sink)
    };
    Ok(Plan { common, build: Box::new(build) })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl<'de> Deserialize<'de> for Mail {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let text = value.take_string(Some("a mail address"))?;
        let found = text.parse::<Mailbox>().ok().filter(|mail| mail.email.to_string().is_ascii());
        let how = "a mail address is written as \"desk@example.org\" or \"Watch desk <desk@example.org>\"";
        found.map(Self).ok_or_else(|| wrong(span, how).into())
    }
}

impl<'de> Deserialize<'de> for Tls {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        one_of(value, &["starttls", "implicit", "none"], &[Self::Upgraded, Self::Implicit, Self::None])
    }
}

#[async_trait]
impl Sink for Email {
    fn id(&self) -> &SinkId {
        &self.id
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let message = self.voice.message(delivery);
        let letter = self.written(&message, delivery)?;
        let patient = delivery.attempts < PATIENT_ATTEMPTS;
        let left_out = self.server.send(&self.from.email, &self.addresses(), &letter, patient).await?;
        let left_out = (!left_out.is_empty()).then(|| {
            let names: Vec<String> = left_out.iter().map(ToString::to_string).collect();
            format!("the mail server does not take letters to {}; the others have it", names.join(", "))
        });
        let id = letter::message_id(&delivery.id, &self.from);
        Ok(Receipt { id: Some(id), remark: message.remark.or(left_out) })
    }

    fn payload(&self, delivery: &Delivery) -> String {
        let letter = self.written(&self.voice.message(delivery), delivery);
        letter.map_or_else(|error| error.to_string(), |letter| String::from_utf8_lossy(&letter).into_owned())
    }

    async fn check(&self) -> Result<Vec<String>, SendError> {
        self.server.look(&self.from.email, &self.addresses()).await
    }
}

impl Email {
    fn written(&self, message: &Message, delivery: &Delivery) -> Result<Vec<u8>, SendError> {
        letter::write(message, delivery, &self.from, &self.to)
            .ok_or_else(|| SendError::Refused("no letter could be made of it".into()))
    }

    fn addresses(&self) -> Vec<lettre::Address> {
        self.to.iter().map(|mail| mail.email.clone()).collect()
    }
}
