//! What is asked of a host, and what it answers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use tokio::sync::OwnedSemaphorePermit;

/// One call.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    pub(super) follow: Follow,
    pub(super) apart: bool,
    pub(super) timeout: Duration,
    pub(super) most: usize,
}

/// Which redirects are followed. Only ever for `GET`, at most five, only to `http` and `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// None: a 3xx is the answer.
    Nowhere,
    /// Anywhere; another origin gets no credentials.
    Anywhere,
}

impl Request {
    /// A `GET` that follows no redirect, takes 30 s and 4 MiB at most.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A `POST` of JSON.
    pub fn post(url: Url, json: Vec<u8>) -> Self {
        Self::new(Method::POST, url).json(json)
    }

    /// A `PUT` of JSON.
    pub fn put(url: Url, json: Vec<u8>) -> Self {
        Self::new(Method::PUT, url).json(json)
    }

    fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            follow: Follow::Nowhere,
            apart: false,
            timeout: Duration::from_secs(30),
            most: 4 << 20,
        }
    }

    fn json(mut self, json: Vec<u8>) -> Self {
        self.body = Some(json);
        self.header("content-type", "application/json; charset=utf-8")
    }

    /// With a header; one that cannot be sent is left out.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// With `Authorization: Bearer`, hidden from every log.
    pub fn bearer(mut self, token: &str) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {token}")) {
            value.set_sensitive(true);
            self.headers.insert(reqwest::header::AUTHORIZATION, value);
        }
        self
    }

    /// Following redirects.
    pub fn follow(self, follow: Follow) -> Self {
        Self { follow, ..self }
    }

    /// To an address that stands for itself: if it fails, it does not speak for its host.
    pub fn apart(self) -> Self {
        Self { apart: true, ..self }
    }

    /// Where it goes.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// With another bound on the whole call.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// With another bound on the answer's body, in bytes after decompression.
    pub fn most(self, most: usize) -> Self {
        Self { most, ..self }
    }
}

/// What a host answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
    /// The address that answered.
    pub url: Url,
    /// Where a chain of permanent redirects alone led to.
    pub moved: Option<Url>,
    /// What it holds of the room for large answers.
    pub room: Room,
}

/// A share of the room for large answers; it is given back when the answer and its copies are gone.
#[derive(Clone, Debug, Default)]
pub struct Room(pub(super) Option<Arc<OwnedSemaphorePermit>>);

impl Answer {
    /// A header as text, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text, broken UTF-8 replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// Why there is no answer. Never shows more of an address than its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The request surely did not reach the host.
    NotSent(String),
    /// The request may have reached the host, which gave no answer.
    Ambiguous(String),
    /// The host answered, but with nothing that can be taken: it is too large, cut short, or leads nowhere.
    Unusable(String),
    /// The host asked for peace until then; nothing was sent.
    Closed(Timestamp, String),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(why) | Self::Ambiguous(why) | Self::Unusable(why) | Self::Closed(_, why) => {
                f.write_str(why)
            }
        }
    }
}

impl std::error::Error for CallError {}
