//! What a person types, and what they see. Alerts go to standard output, everything else to standard error.
//!
//! Exit codes: 0 fine, 1 something failed, 2 usage or configuration.

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
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand, ValueEnum};

use self::coverage::Asked;
use self::matching::Show;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, DEFAULT_PATH};
use crate::errand;
use crate::setting::Problem;
use crate::store::sled::SledStore;

/// Watches public social accounts and tells people when a post says what they look for.
#[derive(Debug, Parser)]
#[command(name = "vigie", version, max_term_width = 100)]
struct Cli {
    /// The configuration.
    #[arg(long, global = true, env = "VIGIE_CONFIG", default_value = DEFAULT_PATH, value_name = "FILE")]
    config: PathBuf,
    /// The store's folder, instead of the one in the configuration.
    #[arg(long, global = true, env = "VIGIE_STORE", value_name = "DIR")]
    store: Option<PathBuf>,
    /// What to log, such as `debug` or `info,vigie::poll=debug`; by default `info` for the daemon, `warn` otherwise.
    #[arg(long, global = true, env = "VIGIE_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// How to log.
    #[arg(long, global = true, env = "VIGIE_LOG_FORMAT", default_value = "text")]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// A line for people.
    Text,
    /// An object a line for programs.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch until stopped.
    Run {
        /// Poll every timeline to its end, deliver what is due, and end: for cron.
        #[arg(long)]
        once: bool,
    },
    /// Read the whole configuration and show every problem, or the plan.
    Check {
        /// Show every warning, not only the first few.
        #[arg(long)]
        warnings: bool,
    },
    /// Hold posts against watchlists and show what matches, and why.
    Match {
        /// A watchlist, instead of those of the configuration.
        #[arg(long, value_name = "FILE")]
        watchlist: Vec<PathBuf>,
        /// One object per post.
        #[arg(long)]
        json: bool,
        /// Show each rule as a tree of what it asks for, also where it does not hold.
        #[arg(long)]
        explain: bool,
        /// Explain only this rule, as `watchlist/rule`.
        #[arg(long, value_name = "RULE", requires = "explain")]
        rule: Option<String>,
        /// Posts as JSON Lines; `-` is standard input.
        #[arg(default_value = "-", value_name = "POSTS.jsonl")]
        file: PathBuf,
    },
    /// Tell which posts tell the same thing, as the daemon would if every post matched.
    Stories {
        /// A watchlist whose names help to tell events apart; may be given several times.
        #[arg(long, value_name = "FILE")]
        watchlist: Vec<PathBuf>,
        /// One object per post, with the id of its story.
        #[arg(long)]
        json: bool,
        /// Posts as JSON Lines; `-` is standard input.
        #[arg(default_value = "-", value_name = "POSTS.jsonl")]
        file: PathBuf,
    },
    /// Look at what a source shows now; nothing is stored.
    Poll {
        /// The source, as `kind.name`.
        source: String,
        /// One post as JSON per line.
        #[arg(long)]
        json: bool,
    },
    /// Sinks.
    #[command(subcommand)]
    Sink(SinkCommand),
    /// Deliveries that are not delivered.
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Routes.
    #[command(subcommand)]
    Route(RouteCommand),
    /// Alerts that nobody wants for a while.
    #[command(subcommand)]
    Silence(SilenceCommand),
    /// Show how everything is, on one screen; exit code 0 if it runs and nobody needs to look after anything.
    Status {
        /// One object.
        #[arg(long)]
        json: bool,
    },
    /// Let the running daemon take over its configuration as it is now; exit code 1 if it is refused, and why.
    Reload,
    /// Save all there is into a folder, also while vigie runs.
    Backup {
        /// The folder; empty, or not there yet.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Make a store of a backup, where there is none.
    Restore {
        /// The folder that `backup` wrote.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Make a damaged store open again, and say what was lost.
    Repair,
    /// Tell what was seen between two times, and what was not: exit code 0 if nothing is missing.
    Coverage {
        /// An account, as `name` or `platform:name`, or a source, as `kind.name`; otherwise all accounts.
        account: Option<String>,
        /// From when on: 08:00, 24h (the default), 2025-04-30 08:00, or RFC 3339.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Up to when; otherwise up to now.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// One object per account.
        #[arg(long)]
        json: bool,
    },
    /// Ask the running daemon whether it is alive: exit code 0 if it is.
    Health,
}

#[derive(Debug, Subcommand)]
enum SinkCommand {
    /// Look whether sinks would take messages, without sending one.
    Check {
        /// The sink, as `kind.name`; all of them if none is named.
        name: Option<String>,
    },
    /// Send a message marked as a test.
    Test {
        /// The sink, as `kind.name`.
        name: String,
        /// What to send.
        #[arg(long = "as", default_value = "notice", value_name = "WHAT")]
        what: sink::Sample,
        /// Only show what would be sent.
        #[arg(long)]
        dry_run: bool,
    },
    /// Call a parked sink again at once, and one that was asked to wait.
    Resume {
        /// The sink, as `kind.name`.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum OutboxCommand {
    /// List them, the oldest first.
    List {
        /// One object per delivery.
        #[arg(long)]
        json: bool,
    },
    /// Show all that is known of one.
    Show {
        /// Its id, or how it begins.
        id: String,
        /// As an object.
        #[arg(long)]
        json: bool,
    },
    /// Send one as soon as its sink may be called, a dead letter and a held one too; it keeps its id.
    Retry {
        /// Its id, or how it begins.
        id: String,
    },
    /// Give one up: nobody will hear of it.
    Drop {
        /// Its id, or how it begins.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
enum RouteCommand {
    /// Follow posts through the routes: who would hear of them now, when, and why not.
    Test {
        /// One object per post.
        #[arg(long)]
        json: bool,
        /// Posts as JSON Lines; `-` is standard input.
        #[arg(default_value = "-", value_name = "POSTS.jsonl")]
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum SilenceCommand {
    /// Keep alerts from people for a while; they are counted.
    Add(Box<silence::Add>),
    /// List silences, also those that ended in the last 30 days, and what they held.
    List {
        /// One object per silence.
        #[arg(long)]
        json: bool,
    },
    /// End one now.
    End {
        /// Its number.
        id: u32,
    },
}

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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => writeln!(f, "vigie: {error:#}"),
            Self::Said => Ok(()),
            Self::Usage(message) => writeln!(f, "vigie: {message}"),
            Self::Problems(problems) => {
                problems.iter().try_for_each(|problem| writeln!(f, "{problem}"))?;
                let s = if problems.len() == 1 { "" } else { "s" };
                writeln!(f, "vigie: {} problem{s} in the configuration", problems.len())
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
        Command::Health => health::health(path, &clock).await,
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
    Ok(Arc::new(SledStore::open(path, holder, clock.now())?))
}
