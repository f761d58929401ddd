//! The tables `[sink.KIND.NAME]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml_span::value::Key;
use toml_span::{Error, Span, Value};

use super::entries::entries;
use crate::model::sink::SinkId;
use crate::setting::wrong;
use crate::sink;

/// What the tables of sinks say.
pub(super) struct Sinks {
    pub(super) enabled: Vec<Arc<dyn sink::Sink>>,
    /// Every name, by which routes are checked, and whether it is enabled.
    pub(super) names: BTreeMap<String, bool>,
    /// Who takes over from whom.
    pub(super) heirs: BTreeMap<SinkId, SinkId>,
}

/// Reads them.
pub(super) fn sinks(
    value: Option<(Key<'_>, Value<'_>)>,
    kit: &sink::Kit,
    disabled: &mut Vec<String>,
    errors: &mut Vec<Error>,
) -> Sinks {
    let kinds: Vec<&str> = sink::KINDS.iter().map(|(kind, _)| *kind).collect();
    let (mut enabled, mut names, mut replaced) = (Vec::new(), BTreeMap::new(), Vec::new());
    for (kind, name, mut value) in entries(value, &kinds, errors) {
        let id = SinkId::new(kind, &name.name);
        let Some((_, read)) = sink::KINDS.iter().find(|(known, _)| *known == kind) else { continue };
        let plan = read(&mut value);
        let is_enabled = plan.as_ref().map_or(true, |plan| plan.common.enabled);
        names.insert(id.to_string(), is_enabled);
        match plan {
            Ok(_) if !is_enabled => disabled.push(format!("sink {id}")),
            Ok(plan) => {
                let gone = plan.common.replaces.into_iter();
                replaced.extend(gone.map(|gone| (SinkId::from(gone), id.clone(), name.span)));
                match (plan.build)(id, kit) {
                    Ok(sink) => enabled.push(sink),
                    Err(error) => errors.push(error),
                }
            }
            Err(error) => errors.extend(error.errors),
        }
    }
    let heirs = heirs(replaced, &names, errors);
    Sinks { enabled, names, heirs }
}

/// Who takes over from whom: nobody from a sink that is enabled, and one from each.
fn heirs(
    replaced: Vec<(SinkId, SinkId, Span)>,
    names: &BTreeMap<String, bool>,
    errors: &mut Vec<Error>,
) -> BTreeMap<SinkId, SinkId> {
    let mut heirs = BTreeMap::new();
    for (gone, heir, span) in replaced {
        if names.get(gone.as_str()) == Some(&true) {
            let message = format!("{heir} cannot replace {gone}, which is enabled; disable or remove {gone}");
            errors.push(wrong(span, message));
        } else if let Some(other) = heirs.insert(gone.clone(), heir.clone()) {
            errors.push(wrong(span, format!("{other} and {heir} both replace {gone}; one of them can")));
        }
    }
    heirs
}
