//! Who hears of a match.

use crate::model::matched::{Match, Severity};
use crate::model::sink::SinkId;

/// One `[[route]]`: matches that fit go to its sinks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Only rules of these watchlists; empty: all.
    pub watchlists: Vec<String>,
    /// Only this severity and above.
    pub severity: Severity,
    /// Where to.
    pub sinks: Vec<SinkId>,
}

/// All routes; without any, every match goes to every sink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// The routes, in the order of the configuration.
    pub routes: Vec<Route>,
    /// The sinks that hear everything if there is no route.
    pub everywhere: Vec<SinkId>,
}

impl Routes {
    /// The matches that each sink hears of; sinks that hear of none are left out.
    pub fn address(&self, matches: &[Match]) -> Vec<(SinkId, Vec<Match>)> {
        if matches.is_empty() {
            return Vec::new();
        }
        if self.routes.is_empty() {
            return self.everywhere.iter().map(|sink| (sink.clone(), matches.to_vec())).collect();
        }
        let mut addressed: Vec<(SinkId, Vec<Match>)> = Vec::new();
        for sink in self.routes.iter().flat_map(|route| &route.sinks) {
            if addressed.iter().any(|(known, _)| known == sink) {
                continue;
            }
            let heard = |found: &&Match| self.routes.iter().any(|route| route.leads(found, sink));
            let heard: Vec<Match> = matches.iter().filter(heard).cloned().collect();
            if !heard.is_empty() {
                addressed.push((sink.clone(), heard));
            }
        }
        addressed
    }
}

impl Route {
    fn leads(&self, found: &Match, sink: &SinkId) -> bool {
        let watchlist = found.rule.split('/').next().unwrap_or("");
        self.sinks.contains(sink)
            && found.severity >= self.severity
            && (self.watchlists.is_empty() || self.watchlists.iter().any(|name| name == watchlist))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: &str, severity: Severity) -> Match {
        Match { rule: rule.into(), severity, hits: Vec::new() }
    }

    fn sink(name: &str) -> SinkId {
        SinkId::new("slack", name)
    }

    fn heard(routes: &Routes, matches: &[Match]) -> Vec<(String, Vec<String>)> {
        let rules = |matches: Vec<Match>| matches.into_iter().map(|found| found.rule).collect();
        routes
            .address(matches)
            .into_iter()
            .map(|(sink, matches)| (sink.to_string(), rules(matches)))
            .collect()
    }

    #[test]
    fn without_a_route_every_sink_hears_everything() {
        let routes = Routes { routes: Vec::new(), everywhere: vec![sink("a"), sink("b")] };
        let matches = [found("w/r", Severity::Low)];
        let all = |name: &str| (format!("slack.{name}"), vec!["w/r".to_owned()]);
        assert_eq!(heard(&routes, &matches), [all("a"), all("b")]);
        assert_eq!(heard(&routes, &[]), []);
    }

    #[test]
    fn a_sink_hears_only_what_a_route_leads_to_it_and_each_match_once() {
        let route = |watchlists: &[&str], severity, sinks: &[&str]| Route {
            watchlists: watchlists.iter().map(ToString::to_string).collect(),
            severity,
            sinks: sinks.iter().map(|name| sink(name)).collect(),
        };
        let routes = Routes {
            routes: vec![
                route(&["sahel"], Severity::Medium, &["desk"]),
                route(&[], Severity::High, &["night", "desk"]),
            ],
            everywhere: vec![sink("desk"), sink("night"), sink("unused")],
        };
        let (low, high) = (Severity::Low, Severity::High);
        let matches = [found("sahel/a", high), found("sahel/b", low), found("other/c", Severity::Medium)];
        let rules = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let expected =
            [("slack.desk".to_owned(), rules(&["sahel/a"])), ("slack.night".to_owned(), rules(&["sahel/a"]))];
        assert_eq!(heard(&routes, &matches), expected);
        assert_eq!(heard(&routes, &matches[1..]), []);
    }
}
