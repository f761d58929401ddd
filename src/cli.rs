//! What a person types, and what they see. Alerts go to standard output, everything else to standard error.
//!
//! Exit codes: 0 fine, 1 something failed, 2 usage (also a name that nothing has, and a file or folder that is not what the
//! command needs) or configuration.

mod arguments;
mod backup;
mod check;
mod coverage;
mod explaining;
mod health;
mod keeper;
mod matching;
mod outbox;
mod poll;
mod routing;
mod reload;
mod run;
mod silence;
mod sink;
mod status;
mod stories;
mod when;

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::anyhow;
use clap::Parser;

use self::arguments::{Cli, Command, LogFormat, OutboxCommand, RouteCommand, SilenceCommand, SinkCommand};
use self::coverage::Asked;
use self::matching::Show;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::errand::{self, Unable};
use crate::setting::Problem;
use crate::store::OpenError;
use crate::store::sled::SledStore;

/// Why a command failed, by its exit code.
#[derive(Debug)]
enum Failure {
    /// Something failed.
    Failed(anyhow::Error),
    /// It failed and everything was said.
    Said,
    /// The configuration, or the way it was called.
    Usage(String),
    /// The configuration's problems.
    Problems(Vec<Problem>),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Failure {
    /// By why an errand was not done.
    fn of(unable: Unable) -> Self {
        match unable {
            Unable::Amiss(why) => Self::Usage(why),
            Unable::Problems(problems) => Self::Problems(problems),
            Unable::Refused(_) | Unable::Store(_) => Self::Failed(unable.into()),
        }
    }

    /// By why a store was not opened.
    fn to_open(error: OpenError) -> Self {
        match error {
            OpenError::Occupied { .. } | OpenError::NoBackup { .. } => Self::Usage(error.to_string()),
            OpenError::Io { path, cause } => named(&path, cause),
            other => Self::Failed(other.into()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => writeln!(f, "vigie: {error:#}"),
            Self::Said => Ok(()),
            Self::Usage(message) => writeln!(f, "vigie: {message}"),
            Self::Problems(problems) => {
                problems.iter().try_for_each(|problem| writeln!(f, "{problem}"))?;
                writeln!(f, "vigie: {} in the configuration", when::count(problems.len(), "problem"))
            }
        }
    }
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(message) = log(&cli) {
        anstream::eprintln!("vigie: {message}");
        return ExitCode::from(2);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => {
            anstream::eprintln!("vigie: {cause}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(obey(cli));
    // What still blocks, such as a read of a file, is not waited for.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            anstream::eprint!("{failure}");
            let usage = matches!(failure, Failure::Usage(_) | Failure::Problems(_));
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

async fn obey(cli: Cli) -> Result<(), Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let path = cli.config.as_path();
    let store = cli.store.as_deref();
    match cli.command {
        Command::Run { once } => run::run(path, store, once, clock).await,
        Command::Check { warnings } => check::check(path, store, warnings, &clock),
        Command::Match { watchlist, json, explain, rule, file } => {
            let show = match (explain, json) {
                (true, json) => Show::Explained { rule, json },
                (false, true) => Show::Json,
                (false, false) => Show::Matches,
            };
            matching::run(path, &watchlist, &show, &file, &clock)
        }
        Command::Stories { watchlist, json, file } => stories::run(&watchlist, json, &file, clock.as_ref()),
        Command::Poll { source, json } => poll::poll(path, &source, json, &clock).await,
        Command::Sink(SinkCommand::Check { name }) => sink::check(path, name.as_deref(), &clock).await,
        Command::Sink(SinkCommand::Test { name, what, dry_run }) => {
            sink::test(path, &name, what, dry_run, &clock).await
        }
        Command::Sink(SinkCommand::Resume { name }) => sink::resume(path, store, name, &clock).await,
        Command::Outbox(OutboxCommand::List { json }) => outbox::list(path, store, json, &clock).await,
        Command::Outbox(OutboxCommand::Show { id, json }) => {
            outbox::show(path, store, &id, json, &clock).await
        }
        Command::Outbox(OutboxCommand::Retry { id }) => {
            outbox::decide(
                path,
                store,
                &errand::RETRY,
                "is sent as soon as its sink may be called",
                id,
                &clock,
            )
            .await
        }
        Command::Outbox(OutboxCommand::Drop { id }) => {
            outbox::decide(path, store, &errand::DROP, "is given up", id, &clock).await
        }
        Command::Route(RouteCommand::Test { json, file }) => {
            routing::test(path, store, json, &file, &clock).await
        }
        Command::Silence(SilenceCommand::Add(add)) => silence::add(path, store, *add, &clock).await,
        Command::Silence(SilenceCommand::List { json }) => silence::list(path, store, json, &clock).await,
        Command::Silence(SilenceCommand::End { id }) => silence::end(path, store, id, &clock).await,
        Command::Status { json } => status::status(path, store, json, &clock).await,
        Command::Reload => reload::reload(path, store, &clock).await,
        Command::Backup { dir } => backup::backup(path, store, &dir, &clock).await,
        Command::Restore { dir } => backup::restore(path, store, &dir),
        Command::Repair => backup::repair(path, store, clock.as_ref()),
        Command::Coverage { account, since, until, json } => {
            let asked = Asked { whom: account, since, until, json };
            coverage::coverage(path, store, asked, &clock).await
        }
        Command::Health => health::health(path, store, &clock).await,
    }
}

fn log(cli: &Cli) -> Result<(), String> {
    let daemon = matches!(cli.command, Command::Run { once: false });
    let default = if daemon { "info,sled=warn" } else { "warn" };
    // What the HTTP libraries tell below `info` holds addresses, and addresses may be secrets.
    let quiet = "h2=info,hyper=info,hyper_util=info,reqwest=info,rustls=info";
    let filter = format!("{},{quiet}", cli.log.as_deref().unwrap_or(default));
    let filter = tracing_subscriber::EnvFilter::try_new(filter).map_err(|error| format!("--log: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match cli.log_format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text => {
            let terminal = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
            builder.with_ansi(terminal).with_target(false).init();
        }
    }
    Ok(())
}

fn load(path: &Path, clock: &Arc<dyn Clock>) -> Result<Config, Failure> {
    Config::load(path, clock).map_err(Failure::Problems)
}

fn open(path: &Path, holder: &str, clock: &dyn Clock) -> Result<Arc<SledStore>, Failure> {
    SledStore::open(path, holder, clock.now()).map(Arc::new).map_err(Failure::to_open)
}

/// Why a file or folder that somebody named cannot be used: it is not there or is none, or it fails.
fn named(path: &Path, cause: io::Error) -> Failure {
    let said = format!("{}: {cause}", path.display());
    match cause.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => Failure::Usage(said),
        _ => Failure::Failed(anyhow!(said)),
    }
}
