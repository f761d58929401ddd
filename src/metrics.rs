//! What is counted and measured, in the text format of Prometheus.
//!
//! Names and units keep its conventions (<https://prometheus.io/docs/practices/naming/>). Labels are names from the
//! configuration, never accounts or authors, so that their number is bounded. `docs/operating.md` explains each metric.

mod now;

use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use now::Now;
pub use prometheus_text::CONTENT_TYPE;

/// The upper bounds of the delivery times, in seconds: from at once to a day.
const DELIVERY_SECONDS: [f64; 12] =
    [0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 21_600.0, 86_400.0];

/// Everything counted since the process started. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    posts: Family<PostLabels, Counter>,
    matched: Family<RuleLabels, Counter>,
    alerted: Family<RuleLabels, Counter>,
    looks: Family<LookLabels, Counter>,
    gaps: Family<GapLabels, Counter>,
    calls_left: Family<SourceLabels, Gauge>,
    sends: Family<SendLabels, Counter>,
    delivery: Family<SinkLabels, Histogram, fn() -> Histogram>,
    reloads: Family<ReloadLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PostLabels {
    source: String,
    news: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleLabels {
    source: String,
    rule: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LookLabels {
    source: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabels {
    source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GapLabels {
    source: String,
    end: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SinkLabels {
    sink: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SendLabels {
    sink: String,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    result: &'static str,
}

impl Metrics {
    /// Nothing counted yet, by a process that started at `start`.
    pub fn new(start: Timestamp) -> Self {
        let delivery: fn() -> Histogram = || Histogram::new(DELIVERY_SECONDS);
        let mut metrics = Self {
            registry: Arc::default(),
            posts: Family::default(),
            matched: Family::default(),
            alerted: Family::default(),
            looks: Family::default(),
            gaps: Family::default(),
            calls_left: Family::default(),
            sends: Family::default(),
            delivery: Family::new_with_constructor(delivery),
            reloads: Family::default(),
        };
        metrics.registry = Arc::new(metrics.registered(start));
        metrics
    }

    fn registered(&self, start: Timestamp) -> Registry {
        let mut all = Registry::default();
        let start = ConstGauge::new(start.as_microsecond() as f64 / 1e6);
        all.register("process_start_time_seconds", "When the process started, in seconds since 1970", start);
        let vigie = all.sub_registry_with_prefix("vigie");
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        vigie.register("build", "Which version runs", build);
        vigie.register("posts", "Posts that looks brought, by what was known of them", self.posts.clone());
        vigie.register("posts_matched", "New or edited posts for which a rule holds", self.matched.clone());
        vigie.register(
            "posts_alerted",
            "Posts of which people hear, by the rules that say so",
            self.alerted.clone(),
        );
        vigie.register("looks", "Looks at timelines, by how they ended", self.looks.clone());
        let help = "Times in which an account was not seen in time, once they ended: seen late, or lost";
        vigie.register("gaps", help, self.gaps.clone());
        let help = "Calls that a platform still allows in its window, as it said last";
        vigie.register("source_calls_left", help, self.calls_left.clone());
        vigie.register("sends", "Attempts to deliver, by how they ended", self.sends.clone());
        let help = "The time from the filing of a delivery until its sink had it";
        vigie.register("delivery_seconds", help, self.delivery.clone());
        vigie.register("reloads", "Attempts to take over another configuration", self.reloads.clone());
        all
    }

    /// Counts what is configured from nothing, so that its first event is an increase.
    pub fn expect<'a>(&self, sources: impl Iterator<Item = &'a str>, sinks: impl Iterator<Item = &'a str>) {
        for source in sources {
            self.posts(source, "new", 0);
            for end in ["late", "lost"] {
                self.gaps.get_or_create(&GapLabels { source: source.into(), end }).inc_by(0);
            }
            self.looks.get_or_create(&LookLabels { source: source.into(), result: "read" }).inc_by(0);
        }
        for sink in sinks {
            self.sends.get_or_create(&SendLabels { sink: sink.into(), class: "delivered" }).inc_by(0);
            drop(self.delivery.get_or_create(&SinkLabels { sink: sink.into() }));
        }
        for result in ["taken_over", "refused"] {
            self.reloads.get_or_create(&ReloadLabels { result }).inc_by(0);
        }
    }

    /// A look at a timeline ended.
    pub fn looked(&self, source: &str, result: &'static str) {
        self.looks.get_or_create(&LookLabels { source: source.into(), result }).inc();
    }

    /// A look brought posts of which this much was known.
    pub fn posts(&self, source: &str, news: &'static str, posts: u64) {
        self.posts.get_or_create(&PostLabels { source: source.into(), news }).inc_by(posts);
    }

    /// A rule holds for a new or edited post.
    pub fn matched(&self, source: &str, rule: &str) {
        self.matched.get_or_create(&RuleLabels { source: source.into(), rule: rule.into() }).inc();
    }

    /// People hear of a post because of a rule.
    pub fn alerted(&self, source: &str, rule: &str) {
        self.alerted.get_or_create(&RuleLabels { source: source.into(), rule: rule.into() }).inc();
    }

    /// A gap ended: `late` if it was seen after all, `lost` if the platform shows no more of it.
    pub fn gap(&self, source: &str, end: &'static str) {
        self.gaps.get_or_create(&GapLabels { source: source.into(), end }).inc();
    }

    /// A platform said how many calls it still allows.
    pub fn calls_left(&self, source: &str, calls: u64) {
        let calls = i64::try_from(calls).unwrap_or(i64::MAX);
        self.calls_left.get_or_create(&SourceLabels { source: source.into() }).set(calls);
    }

    /// An attempt to deliver ended.
    pub fn sent(&self, sink: &str, class: &'static str) {
        self.sends.get_or_create(&SendLabels { sink: sink.into(), class }).inc();
    }

    /// A sink has a delivery, so many seconds after it was filed.
    pub fn delivered(&self, sink: &str, seconds: f64) {
        self.delivery.get_or_create(&SinkLabels { sink: sink.into() }).observe(seconds.max(0.0));
    }

    /// A configuration was taken over, or refused.
    pub fn reloaded(&self, taken_over: bool) {
        let result = if taken_over { "taken_over" } else { "refused" };
        self.reloads.get_or_create(&ReloadLabels { result }).inc();
    }

    /// Everything counted, and how things are now.
    pub fn text(&self, now: &Now) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        let _ = prometheus_text::encode(&mut text, now.registry());
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;

    use super::*;

    /// Every metric, each with a value.
    fn everything() -> String {
        let (metrics, now) = (Metrics::new(Timestamp::from_second(1_750_000_000).unwrap()), Now::default());
        metrics.expect(["x.hub"].into_iter(), ["slack.desk"].into_iter());
        metrics.posts("x.hub", "new", 3);
        metrics.matched("x.hub", "sahel/arms");
        metrics.alerted("x.hub", "sahel/\"arms\"");
        metrics.calls_left("x.hub", u64::MAX);
        metrics.delivered("slack.desk", 0.7);
        metrics.delivered("slack.desk", -5.0);
        now.accounts("x.hub", "seen", 2);
        now.lag("x.hub", 1.5);
        now.spent("x.hub", 0.4, 12.0);
        now.budget_used("x.hub", 0.16);
        now.sink("slack.desk", [("waiting", 3), ("held", 0), ("dead", 1)], 60.0, true);
        now.whole(4096, 0, true, false);
        now.process();
        metrics.text(&now)
    }

    #[test]
    fn what_was_counted_is_told_in_the_text_format() {
        let text = everything();
        let expected = [
            "process_start_time_seconds 1750000000",
            "# TYPE vigie_posts_total counter",
            "vigie_posts_total{source=\"x.hub\",news=\"new\"} 3",
            "vigie_posts_alerted_total{source=\"x.hub\",rule=\"sahel/\\\"arms\\\"\"} 1",
            "vigie_sends_total{sink=\"slack.desk\",class=\"delivered\"} 0",
            "vigie_delivery_seconds_bucket{sink=\"slack.desk\",le=\"0.25\"} 1",
            "vigie_delivery_seconds_count{sink=\"slack.desk\"} 2",
            "vigie_reloads_total{result=\"refused\"} 0",
            "vigie_build_info{version=",
            "vigie_sink_parked{sink=\"slack.desk\"} 1",
            "vigie_store_size_bytes 4096",
        ];
        for expected in expected {
            assert!(text.lines().any(|line| line.starts_with(expected)), "{expected}\nis missing in\n{text}");
        }
    }

    #[test]
    fn every_metric_is_documented_and_every_one_that_is_named_exists() {
        let text = everything();
        let sample = Regex::new(r"(?m)^((?:vigie|process)_[a-z_]+)").unwrap();
        let family = Regex::new(r"(?m)^# TYPE ([a-z_]+) ").unwrap();
        let names = |of: &Regex, text: &str| -> BTreeSet<String> {
            of.captures_iter(text).map(|found| found[1].to_owned()).collect()
        };
        let (samples, families) = (names(&sample, &text), names(&family, &text));
        let named = Regex::new(r"\b((?:vigie|process)_[a-z]+_[a-z_]+)\b").unwrap();
        let read = |path: &str| {
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
            names(&named, &std::fs::read_to_string(root.join(path)).unwrap())
        };
        let documented = read("docs/operating.md");
        let unknown: Vec<_> = families.difference(&documented).collect();
        assert!(families.len() > 15 && unknown.is_empty(), "not in docs/operating.md: {unknown:?}");
        for path in ["docs/operating.md", "docs/prometheus/alerts.yml", "docs/prometheus/dashboard.json"] {
            let named = read(path);
            let missing: Vec<_> =
                named.iter().filter(|name| !samples.contains(*name) && !families.contains(*name)).collect();
            assert!(named.len() > 8 && missing.is_empty(), "{path} names what there is not: {missing:?}");
        }
    }
}
