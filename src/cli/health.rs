//! `vigie health`: is the daemon alive? Made for a container's health check.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use url::Url;

use super::Failure;
use crate::clock::Clock;
use crate::config::Basics;
use crate::remote::{Pace, Remotes, Request};

/// Asks the daemon.
pub(super) async fn health(path: &Path, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let mut listen = Basics::load(path).map_err(Failure::Problems)?.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let url = Url::parse(&format!("http://{listen}/healthz"))?;
    let remotes = Remotes::new(clock.clone(), "vigie health")?;
    let request = Request::get(url.clone()).timeout(Duration::from_secs(4));
    let answer = remotes.host(&url, "", Pace::new(Duration::ZERO, 1)).call(request).await;
    let answer = answer.map_err(|error| anyhow!("the daemon does not answer: {error}"))?;
    match answer.status {
        200 => Ok(()),
        status => Err(anyhow!("the daemon is not well (HTTP {status}):\n{}", answer.text().trim()).into()),
    }
}
