//! How one sink speaks to its people.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use toml_span::{Error, Spanned};

use super::template::Template;
use super::{Message, alert, digest, notice};
use crate::model::delivery::{Body, Delivery};
use crate::setting::Fields;
use crate::sink::Kit;

/// The words and times that a sink uses.
pub struct Voice {
    timezone: TimeZone,
    /// How long the channel recognises a delivery that comes again.
    memory: SignedDuration,
    template: Option<Template>,
}

/// The part of a sink's table that says how it speaks.
pub struct Wording {
    template: Option<Spanned<String>>,
}

impl Wording {
    /// Takes `template` out of a sink's table.
    pub fn take(fields: &mut Fields<'_>) -> Self {
        Self { template: fields.optional_s("template") }
    }

    /// The voice it describes, of a channel that recognises a delivery that comes again within `memory`.
    ///
    /// # Errors
    /// If the template is broken: what, and in which line.
    pub fn voice(&self, kit: &Kit, memory: SignedDuration) -> Result<Voice, Error> {
        let template = self.template.as_ref().map(|name| Template::read(name, &kit.dir)).transpose()?;
        Ok(Voice { template, ..Voice::new(kit.timezone.clone(), memory) })
    }
}

impl Voice {
    /// vigie's own words, for people who live in `timezone`.
    pub fn new(timezone: TimeZone, memory: SignedDuration) -> Self {
        Self { timezone, memory, template: None }
    }

    /// What `delivery` says.
    pub fn message(&self, delivery: &Delivery) -> Message {
        let mut message = match &delivery.body {
            Body::Alert(alert) => {
                let message = alert::message(alert, &delivery.id, self.sent_at(delivery), &self.timezone);
                // A template may be what the channel refused.
                match &self.template {
                    Some(template) if !delivery.plain => template.apply(message, alert),
                    _ => message,
                }
            }
            Body::Digest(digest) => digest::message(digest, &delivery.id, &self.timezone),
            Body::Notice(notice) => notice::message(notice, &delivery.id, &self.timezone),
        };
        if delivery.may_repeat(self.memory) {
            message.repeat = Some("Possible repeat: an earlier attempt may have arrived.");
        }
        message
    }

    /// When `delivery` is sent. A channel that recognises what comes again is told of the first attempt, so that under one
    /// id it is always told the same.
    fn sent_at(&self, delivery: &Delivery) -> Option<Timestamp> {
        if self.memory.is_zero() { delivery.tried_at } else { delivery.first_tried_at }
    }
}
