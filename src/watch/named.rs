//! Conditions as one would write them.

use super::lexeme::Reach;
use super::lexicon::Lexicon;
use super::rule::Condition;

impl Condition {
    /// The condition as one would write it.
    pub fn named(&self, lexicon: &Lexicon) -> String {
        let joined = |parts: &[Self], operator: &str| {
            parts.iter().map(|part| part.named(lexicon)).collect::<Vec<_>>().join(operator)
        };
        match self {
            Self::Atom(atom) | Self::Family(atom, _) => {
                lexicon.atom(*atom).map(|atom| atom.label.clone()).unwrap_or_default()
            }
            Self::Fact(fact) => fact.to_string(),
            Self::Not(part) => format!("NOT {}", part.named(lexicon)),
            Self::All(parts) => format!("({})", joined(parts, " AND ")),
            Self::Any(parts) => format!("({})", joined(parts, " OR ")),
            Self::Few(least, parts) => format!("{least} of ({})", joined(parts, ", ")),
            Self::Near(first, others) => {
                let near = |(reach, part): &(Reach, Self)| format!(" {reach} {}", part.named(lexicon));
                format!("{}{}", first.named(lexicon), others.iter().map(near).collect::<Vec<_>>().concat())
            }
            Self::Sentence(part) => match &**part {
                Self::All(parts) => format!("SENTENCE({})", joined(parts, ", ")),
                part => format!("SENTENCE({})", part.named(lexicon)),
            },
        }
    }
}
