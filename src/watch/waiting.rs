//! Which rules wait for which words.

use super::lexicon::AtomId;

/// By atom, the rules that cannot hold unless one of a few atoms, of which it is one, is found. All of them lie in one
/// row, so that a look takes two places of memory however many rules there are.
#[derive(Debug, Default)]
pub struct Waiting {
    /// By atom, where its rules begin; those of the next one begin where they end.
    starts: Vec<u32>,
    rules: Vec<u32>,
}

impl Waiting {
    /// Of atoms, each with the number of a rule that waits for it.
    pub fn new(mut pairs: Vec<(AtomId, usize)>) -> Self {
        pairs.sort_unstable();
        let mut waiting = Self::default();
        for (atom, rule) in pairs {
            let begun = waiting.starts.len().max(atom + 1);
            waiting.starts.resize(begun, waiting.rules.len() as u32);
            waiting.rules.push(rule as u32);
        }
        waiting.starts.push(waiting.rules.len() as u32);
        waiting
    }

    /// The rules that wait for an atom, ascending.
    pub fn rules(&self, atom: AtomId) -> impl Iterator<Item = usize> {
        let place = |at: usize| self.starts.get(at).map(|start| *start as usize);
        let rules = place(atom).zip(place(atom + 1)).and_then(|(start, end)| self.rules.get(start..end));
        rules.unwrap_or_default().iter().map(|rule| *rule as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_atom_has_the_rules_that_wait_for_it() {
        let waiting = Waiting::new(vec![(5, 1), (2, 9), (2, 3), (0, 9)]);
        let rules = |atom| waiting.rules(atom).collect::<Vec<_>>();
        let expected: [&[usize]; 8] = [&[9], &[], &[3, 9], &[], &[], &[1], &[], &[]];
        for (atom, expected) in expected.into_iter().enumerate() {
            assert_eq!(rules(atom), expected, "{atom}");
        }
        assert_eq!(Waiting::new(Vec::new()).rules(0).count(), 0);
    }
}
