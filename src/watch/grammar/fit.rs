//! What may stand where in a condition.

use super::{Expression, Kind};
use crate::watch::lexeme::Fault;

/// What to say of something beside NEAR that has no place of its own.
pub(super) fn not_near(what: &str) -> String {
    format!(
        "`{what}` cannot stand beside NEAR or BEFORE; there, only words, phrases, concepts and ORs of these can"
    )
}

/// Beside NEAR stands only what has a place in the text.
pub(super) fn can_be_near(part: &Expression) -> Result<(), Fault> {
    let fault = |what: &str| Err(Fault { at: part.at, message: not_near(what) });
    match &part.kind {
        Kind::Term(_) | Kind::Concept(_) | Kind::Near(..) => Ok(()),
        Kind::Any(parts) => parts.iter().try_for_each(can_be_near),
        Kind::All(_) => fault("AND"),
        Kind::Not(_) => fault("NOT"),
        Kind::Few(..) => fault("n of"),
        Kind::Sentence(_) => fault("SENTENCE"),
        Kind::Fact(fact) => fault(&fact.to_string()),
    }
}

/// A sentence has words; what is true of the whole post stands outside.
pub(super) fn in_sentence(part: &Expression) -> Result<(), Fault> {
    let fault = |message: String| Err(Fault { at: part.at, message });
    match &part.kind {
        Kind::Term(_) | Kind::Concept(_) | Kind::Near(..) => Ok(()),
        Kind::Not(part) => in_sentence(part),
        Kind::All(parts) | Kind::Any(parts) | Kind::Few(_, parts) => parts.iter().try_for_each(in_sentence),
        Kind::Sentence(_) => {
            fault("this stands in one sentence already; write its parts without `SENTENCE`".into())
        }
        Kind::Fact(fact) => fault(format!(
            "`{fact}` says something of the whole post; write it outside: `SENTENCE(a, b) AND {fact}`"
        )),
    }
}

/// Whether two expressions ask for the same.
pub(super) fn alike(one: &Expression, other: &Expression) -> bool {
    let all = |one: &[Expression], other: &[Expression]| {
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
    };
    match (without_twice_not(one), without_twice_not(other)) {
        (Kind::Not(one), Kind::Not(other)) | (Kind::Sentence(one), Kind::Sentence(other)) => {
            alike(one, other)
        }
        (Kind::All(one), Kind::All(other)) | (Kind::Any(one), Kind::Any(other)) => all(one, other),
        (Kind::Few(n, one), Kind::Few(m, other)) => n == m && all(one, other),
        (Kind::Near(one, ones), Kind::Near(other, others)) => {
            let chain = ones.len() == others.len()
                && ones.iter().zip(others).all(|((n, one), (m, other))| n == m && alike(one, other));
            chain && alike(one, other)
        }
        (one, other) => one == other,
    }
}

fn without_twice_not(expression: &Expression) -> &Kind {
    match &expression.kind {
        Kind::Not(part) => match &part.kind {
            Kind::Not(inner) => without_twice_not(inner),
            _ => &expression.kind,
        },
        kind => kind,
    }
}
