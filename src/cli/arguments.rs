//! What may be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use super::{silence, sink};
use crate::config::DEFAULT_PATH;

/// What the exit code tells.
const EXIT_CODES: &str = "Exit codes: 0 fine; 1 something failed, is missing (`coverage`), or needs somebody (`status`); \
                          2 usage (also a name that nothing has, and a file or folder that is not what the command needs) or \
                          configuration.\nCommands that need the store ask the running vigie, or open the store if none \
                          runs; they say which.";

/// Watches public social accounts and tells people when a post says what they look for.
#[derive(Debug, Parser)]
#[command(name = "vigie", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(super) struct Cli {
    /// The configuration.
    #[arg(long, global = true, env = "VIGIE_CONFIG", default_value = DEFAULT_PATH, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// The store's folder, instead of the one in the configuration.
    #[arg(long, global = true, env = "VIGIE_STORE", value_name = "DIR")]
    pub(super) store: Option<PathBuf>,
    /// What to log, such as `debug` or `info,vigie::poll=debug`; by default `info` for the daemon, `warn` otherwise.
    #[arg(long, global = true, env = "VIGIE_LOG", value_name = "FILTER")]
    pub(super) log: Option<String>,
    /// How to log.
    #[arg(long, global = true, env = "VIGIE_LOG_FORMAT", default_value = "text")]
    pub(super) log_format: LogFormat,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LogFormat {
    /// A line for people.
    Text,
    /// An object a line for programs.
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
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
    /// Check, test or resume the channels that messages go to.
    #[command(subcommand)]
    Sink(SinkCommand),
    /// List, show, retry or drop what is not delivered.
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Follow posts through the routes: who would hear of them.
    #[command(subcommand)]
    Route(RouteCommand),
    /// Add, list or end silences, for alerts that nobody wants for a while.
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
pub(super) enum SinkCommand {
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
pub(super) enum OutboxCommand {
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
pub(super) enum RouteCommand {
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
pub(super) enum SilenceCommand {
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
