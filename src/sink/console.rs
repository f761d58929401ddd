//! The console: standard output or standard error, readable, coloured on a terminal only.

use std::io::{ErrorKind, Write};
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use async_trait::async_trait;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use toml_span::{DeserError, Deserialize, Value};

use super::message::{Message, Role, Voice, Wording};
use super::{Common, Plan, Receipt, SendError, Sink};
use crate::model::delivery::Delivery;
use crate::model::matched::Severity;
use crate::model::sink::SinkId;
use crate::setting::{Fields, one_of};

/// A console that people, or a container's log, read.
pub struct Console {
    id: SinkId,
    to: Stream,
    voice: Voice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Output,
    Error,
}

/// Reads `[sink.console.NAME]`: `enabled`, `to` (`"stdout"` or `"stderr"`), `template`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let mut fields = Fields::new(value)?;
    let common = Common::take(&mut fields);
    let to = fields.optional("to").unwrap_or(Stream::Output);
    let wording = Wording::take(&mut fields);
    fields.finalize(None)?;
    let build = Box::new(move |id, kit: &super::Kit| {
        let voice = wording.voice(kit, SignedDuration::ZERO)?;
        let sink: Arc<dyn Sink> = Arc::new(Console { id, to, voice });
        Ok(sink)
    });
    Ok(Plan { common, build })
}

impl<'de> Deserialize<'de> for Stream {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        one_of(value, &["stdout", "stderr"], &[Self::Output, Self::Error])
    }
}

impl Console {
    /// Standard error, where vigie's own alarms go if no other sink is named for them.
    pub fn stderr(id: SinkId, timezone: TimeZone) -> Self {
        Self { id, to: Stream::Error, voice: Voice::new(timezone, SignedDuration::ZERO) }
    }
}

#[async_trait]
impl Sink for Console {
    fn id(&self) -> &SinkId {
        &self.id
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let message = self.voice.message(delivery);
        let text = painted(&message);
        let to = self.to;
        // Whoever reads the other end of a pipe may be slow.
        let written = tokio::task::spawn_blocking(move || match to {
            Stream::Output => write(&mut anstream::stdout().lock(), &text),
            Stream::Error => write(&mut anstream::stderr().lock(), &text),
        });
        match written.await {
            Ok(Ok(())) => Ok(Receipt { id: None, remark: message.remark }),
            Ok(Err(error)) => Err(failed(&error)),
            Err(_) => Err(SendError::Ambiguous("the console was left while writing".into())),
        }
    }

    fn payload(&self, delivery: &Delivery) -> String {
        self.voice.message(delivery).plain()
    }

    async fn check(&self) -> Result<Vec<String>, SendError> {
        let name = match self.to {
            Stream::Output => "standard output",
            Stream::Error => "standard error",
        };
        Ok(vec![format!("it writes to {name}")])
    }
}

fn write(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn failed(error: &std::io::Error) -> SendError {
    let why = format!("the console cannot be written to: {error}");
    match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::PermissionDenied => SendError::SinkBroken(why),
        _ => SendError::NotSent(why),
    }
}

/// The message with colours and an empty line behind it.
fn painted(message: &Message) -> String {
    let severity = message.severity;
    let style = |role| match role {
        Role::Heading => heading(severity),
        Role::Label => Style::new().dimmed(),
        Role::Plain => Style::new(),
        Role::Hit => Style::new().bold().underline(),
        Role::Link => AnsiColor::Blue.on_default(),
    };
    let paint = |role, text: &str| {
        let style = style(role);
        format!("{style}{text}{style:#}")
    };
    format!("{}\n\n", message.layout(paint))
}

fn heading(severity: Option<Severity>) -> Style {
    let style = Style::new().bold();
    let colour = match severity {
        None | Some(Severity::Low) => AnsiColor::Cyan,
        Some(Severity::Medium) => AnsiColor::Yellow,
        Some(Severity::High | Severity::Critical) => AnsiColor::Red,
    };
    let style = style.fg_color(Some(colour.into()));
    if severity == Some(Severity::Critical) { style.invert() } else { style }
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::{delivery, excerpt};
    use super::*;

    fn voice() -> Voice {
        Voice::new(TimeZone::UTC, SignedDuration::ZERO)
    }

    #[test]
    fn without_colours_it_says_the_same() {
        let message = voice().message(&delivery(vec![excerpt()]));
        let painted = painted(&message);
        let mut bare = anstream::StripStream::new(Vec::new());
        bare.write_all(painted.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(bare.into_inner()).unwrap(), format!("{}\n\n", message.plain()));
        assert!(painted.contains("\u{1b}[1m\u{1b}[4mmilitary assistance\u{1b}[0m"), "{painted:?}");
    }

    #[test]
    fn no_post_brings_control_sequences_of_its_own() {
        let mut hostile = excerpt();
        for text in [&mut hostile.text, &mut hostile.author, hostile.title.get_or_insert_default()] {
            *text = "\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\u{202e}x".into();
        }
        let message = voice().message(&delivery(vec![hostile]));
        let plain = message.plain();
        assert!(!plain.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'), "{plain:?}");
    }

    #[test]
    fn a_closed_pipe_needs_a_person_and_a_full_disk_does_not() {
        assert!(matches!(failed(&ErrorKind::BrokenPipe.into()), SendError::SinkBroken(_)));
        assert!(matches!(failed(&ErrorKind::StorageFull.into()), SendError::NotSent(_)));
    }
}
