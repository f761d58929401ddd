//! What is measured at the moment of asking. Made anew each time, so that what is gone from the configuration is gone.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// A gauge that may show part of a unit.
type Measure = Gauge<f64, AtomicU64>;

/// How things are at one moment.
pub struct Now {
    registry: Registry,
    accounts: Family<AccountLabels, Gauge>,
    lag: Family<SourceLabels, Measure>,
    spent: Family<SpentLabels, Measure>,
    budget_used: Family<SourceLabels, Measure>,
    deliveries: Family<OutboxLabels, Gauge>,
    oldest: Family<SinkLabels, Measure>,
    parked: Family<SinkLabels, Gauge>,
    store: Gauge,
    late: Gauge,
    paused: Gauge,
    in_force: Gauge,
    resident: Gauge,
    descriptors: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AccountLabels {
    source: String,
    sight: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabels {
    source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SpentLabels {
    source: String,
    period: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutboxLabels {
    sink: String,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SinkLabels {
    sink: String,
}

impl Default for Now {
    fn default() -> Self {
        let mut now = Self {
            registry: Registry::default(),
            accounts: Family::default(),
            lag: Family::default(),
            spent: Family::default(),
            budget_used: Family::default(),
            deliveries: Family::default(),
            oldest: Family::default(),
            parked: Family::default(),
            store: Gauge::default(),
            late: Gauge::default(),
            paused: Gauge::default(),
            in_force: Gauge::default(),
            resident: Gauge::default(),
            descriptors: Gauge::default(),
        };
        now.registry = now.registered();
        now
    }
}

impl Now {
    fn registered(&self) -> Registry {
        let mut all = Registry::default();
        all.register("process_resident_memory_bytes", "Memory that is resident", self.resident.clone());
        all.register("process_open_fds", "Open file descriptors", self.descriptors.clone());
        let vigie = all.sub_registry_with_prefix("vigie");
        vigie.register(
            "source_accounts",
            "Watched accounts, by whether they are seen",
            self.accounts.clone(),
        );
        let help = "The age of the last complete look at the account of the source that is furthest behind";
        vigie.register("source_lag_seconds", help, self.lag.clone());
        let help = "What reading cost today and this month (UTC), by the prices in the configuration";
        vigie.register("source_spent_dollars", help, self.spent.clone());
        let help = "How much of the bound on reading that is nearest is used, from 0 to 1";
        vigie.register("source_budget_used_ratio", help, self.budget_used.clone());
        vigie.register("outbox_deliveries", "Deliveries that are not delivered", self.deliveries.clone());
        let help = "The age of the oldest delivery that waits; 0 if none does";
        vigie.register("outbox_oldest_seconds", help, self.oldest.clone());
        vigie.register("sink_parked", "1 while a sink is broken as a whole", self.parked.clone());
        vigie.register("store_size_bytes", "What the store takes on disk", self.store.clone());
        let help =
            "1 while nothing is polled, because the store cannot be written or its disk is nearly full";
        vigie.register("polling_paused", help, self.paused.clone());
        vigie.register("loops_late", "Loops that do not turn as they should", self.late.clone());
        let help = "1 while the configuration is in force as its files have it, 0 after a refusal";
        vigie.register("config_in_force", help, self.in_force.clone());
        all
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// So many accounts of a source are seen, new, late or blind.
    pub fn accounts(&self, source: &str, sight: &'static str, accounts: usize) {
        self.accounts.get_or_create(&AccountLabels { source: source.into(), sight }).set(accounts as i64);
    }

    /// How far behind a source is.
    pub fn lag(&self, source: &str, seconds: f64) {
        self.lag.get_or_create(&SourceLabels { source: source.into() }).set(seconds.max(0.0));
    }

    /// What reading a source cost, in dollars.
    pub fn spent(&self, source: &str, today: f64, month: f64) {
        for (period, dollars) in [("day", today), ("month", month)] {
            self.spent.get_or_create(&SpentLabels { source: source.into(), period }).set(dollars);
        }
    }

    /// How much of its budget a source used, from 0 to 1.
    pub fn budget_used(&self, source: &str, ratio: f64) {
        self.budget_used.get_or_create(&SourceLabels { source: source.into() }).set(ratio);
    }

    /// What waits for a sink, what it refused, the age of the oldest that waits, and whether it is parked.
    pub fn sink(&self, sink: &str, counts: [(&'static str, usize); 3], oldest_seconds: f64, parked: bool) {
        for (state, deliveries) in counts {
            self.deliveries.get_or_create(&OutboxLabels { sink: sink.into(), state }).set(deliveries as i64);
        }
        let labels = SinkLabels { sink: sink.into() };
        self.oldest.get_or_create(&labels).set(oldest_seconds.max(0.0));
        self.parked.get_or_create(&labels).set(parked.into());
    }

    /// How large the store is, how many loops are late, whether the configuration is in force, and
    /// whether vigie pauses.
    pub fn whole(&self, store_bytes: u64, late: usize, in_force: bool, paused: bool) {
        self.store.set(i64::try_from(store_bytes).unwrap_or(i64::MAX));
        self.late.set(late as i64);
        self.in_force.set(in_force.into());
        self.paused.set(paused.into());
    }

    /// What the process takes of the machine, as far as the machine tells.
    pub fn process(&self) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = resident.and_then(|text| text.trim().trim_end_matches(" kB").parse::<i64>().ok());
        self.resident.set(kilobytes.unwrap_or(0).saturating_mul(1024));
        let open = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        self.descriptors.set(open as i64);
    }
}
