//! One conversation with a mail server, step by step: what a failure means depends on how far it got. Before the letter
//! was handed over it surely was not taken; a refused address concerns every letter, a refused text only this one.

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use crate::sink::SendError;

/// A mail server, and how vigie enters.
pub struct Server {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub login: Option<Login>,
    /// The domain vigie introduces itself with: its sender's.
    pub domain: String,
}

/// An account at a mail server.
pub struct Login {
    pub user: String,
    pub password: SecretString,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte.
    Implicit,
    /// After a greeting in the open; a server that does not offer it is refused.
    Upgraded,
    /// Not at all.
    None,
}

impl Tls {
    /// The usual port.
    pub fn port(self) -> u16 {
        match self {
            Self::Implicit => 465,
            Self::Upgraded => 587,
            Self::None => 25,
        }
    }
}

/// The longest for connecting, protecting and logging in.
const OPENING: Duration = Duration::from_secs(10);

/// The longest for naming sender and recipients, and for being asked for the letter.
const ADDRESSING: Duration = Duration::from_secs(8);

/// The longest for handing the letter over.
const HANDING: Duration = Duration::from_secs(15);

/// How far a conversation got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Connecting,
    LoggingIn,
    Sender,
    Recipient,
    Letter,
    HandedOver,
}

impl Server {
    /// Hands a letter over; who of the recipients is left out. A recipient who is put off holds all up while `patient`.
    pub async fn send(
        &self,
        from: &Address,
        to: &[Address],
        letter: &[u8],
        patient: bool,
    ) -> Result<Vec<Address>, SendError> {
        let mut talk = self.open().await?;
        let left_out = self.address(&mut talk, from, to, patient).await?;
        match timeout(ADDRESSING, talk.command(Data)).await {
            Ok(asked) => asked.map_err(|error| self.failed(Step::Letter, &error))?,
            Err(_) => return Err(SendError::NotSent(self.late(ADDRESSING))),
        };
        match timeout(HANDING, talk.message(letter)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(self.failed(Step::HandedOver, &error)),
            Err(_) => return Err(SendError::Ambiguous(self.late(HANDING))),
        }
        // It has the letter; how it takes leave is no matter.
        let _ = timeout(Duration::from_secs(2), talk.quit()).await;
        Ok(left_out)
    }

    /// Goes as far as one can without a letter.
    pub async fn look(&self, from: &Address, to: &[Address]) -> Result<Vec<String>, SendError> {
        let mut talk = self.open().await?;
        let left_out = self.address(&mut talk, from, to, true).await?;
        let _ = timeout(Duration::from_secs(2), async {
            let _ = talk.command(Rset).await;
            talk.quit().await
        })
        .await;
        let protected = if talk.is_encrypted() { "protected" } else { "not protected" };
        let user = self.login.as_ref().map_or_else(String::new, |login| format!(" as {}", login.user));
        let mut lines = vec![
            format!("{}:{} lets vigie in{user}; the connection is {protected}", self.host, self.port),
            format!(
                "it takes letters from {from} to {} of {} recipients",
                to.len() - left_out.len(),
                to.len()
            ),
        ];
        lines.extend(left_out.iter().map(|address| format!("it does not take letters to {address}")));
        Ok(lines)
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, SendError> {
        timeout(OPENING, self.enter()).await.unwrap_or_else(|_| Err(SendError::NotSent(self.late(OPENING))))
    }

    async fn enter(&self) -> Result<AsyncSmtpConnection, SendError> {
        let failed = |error| self.failed(Step::Connecting, &error);
        let hello = ClientId::Domain(self.domain.clone());
        let tls = || TlsParameters::new(self.host.clone()).map_err(failed);
        let at_once = if self.tls == Tls::Implicit { Some(tls()?) } else { None };
        let place = (self.host.as_str(), self.port);
        let connected = AsyncSmtpConnection::connect_tokio1(place, Some(OPENING), &hello, at_once, None);
        let mut talk = connected.await.map_err(failed)?;
        if self.tls == Tls::Upgraded {
            talk.starttls(tls()?, &hello).await.map_err(failed)?;
        }
        if let Some(Login { user, password }) = &self.login {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            let entered = talk.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            entered.map_err(|error| self.failed(Step::LoggingIn, &error))?;
        }
        Ok(talk)
    }

    async fn address(
        &self,
        talk: &mut AsyncSmtpConnection,
        from: &Address,
        to: &[Address],
        patient: bool,
    ) -> Result<Vec<Address>, SendError> {
        let named = timeout(ADDRESSING, self.name(talk, from, to, patient)).await;
        named.unwrap_or_else(|_| Err(SendError::NotSent(self.late(ADDRESSING))))
    }

    /// Names sender and recipients; a wrong address among several keeps none of the others from hearing.
    async fn name(
        &self,
        talk: &mut AsyncSmtpConnection,
        from: &Address,
        to: &[Address],
        patient: bool,
    ) -> Result<Vec<Address>, SendError> {
        let sender = talk.command(Mail::new(Some(from.clone()), Vec::new())).await;
        sender.map_err(|error| self.failed(Step::Sender, &error))?;
        let (mut left_out, mut last) = (Vec::new(), None);
        for address in to {
            let Err(error) = talk.command(Rcpt::new(address.clone(), Vec::new())).await else { continue };
            let failed = self.failed(Step::Recipient, &error);
            if error.status().is_none() || (error.is_transient() && patient) {
                return Err(failed);
            }
            left_out.push(address.clone());
            last = Some(failed);
        }
        match last {
            Some(failed) if left_out.len() == to.len() => Err(failed),
            _ => Ok(left_out),
        }
    }

    fn late(&self, longest: Duration) -> String {
        format!("the mail server {} took longer than {} s", self.host, longest.as_secs())
    }

    /// What a failure means. What the server says beside its code stays out of it.
    fn failed(&self, step: Step, error: &lettre::transport::smtp::Error) -> SendError {
        let host = &self.host;
        let code = error.status().map(u16::from);
        let said = match code {
            Some(code) => format!("the mail server {host}, {}, answered {code}", doing(step)),
            None => format!("the mail server {host}, {}, did not answer as one does", doing(step)),
        };
        if error.is_tls() {
            return SendError::SinkBroken(format!(
                "no protected connection to {host}:{} came about; check `tls`, the port and the server's certificate",
                self.port
            ));
        }
        if error.is_client() {
            return SendError::SinkBroken(format!(
                "the mail server {host} offers no STARTTLS, or no way to log in; check `tls` and the port"
            ));
        }
        match (step, error.is_permanent()) {
            (Step::Letter | Step::HandedOver, true) => SendError::Refused(said),
            (Step::Connecting, true) => SendError::SinkBroken(format!("{said}: it does not let vigie in")),
            (Step::LoggingIn, true) => {
                SendError::SinkBroken(format!("{said}: check `user` and the password"))
            }
            (Step::Sender, true) => {
                SendError::SinkBroken(format!("{said}: check `from`, and whether to log in"))
            }
            (Step::Recipient, true) => SendError::SinkBroken(format!("{said}: check `to`")),
            (Step::HandedOver, false) if code.is_none() => SendError::Ambiguous(said),
            _ => SendError::NotSent(said),
        }
    }
}

fn doing(step: Step) -> &'static str {
    match step {
        Step::Connecting => "greeted",
        Step::LoggingIn => "asked to let vigie in",
        Step::Sender => "told the sender",
        Step::Recipient => "told a recipient",
        Step::Letter => "asked to take a letter",
        Step::HandedOver => "handed the letter",
    }
}
