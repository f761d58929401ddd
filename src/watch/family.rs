//! Concepts made of other concepts: all that one is made of, and those that are made of themselves.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

/// All that each concept is made of in the end, itself first; `uses` are the direct ones, by number.
///
/// A concept that is made of itself comes with the way back to it, each with the number of the use it goes by;
/// of such a ring only the first concept is told.
pub fn families(uses: &[Vec<usize>]) -> (Vec<Vec<usize>>, Vec<Ring>) {
    let mut rings = Vec::new();
    let families = (0..uses.len()).map(|from| {
        let (members, ring) = walk(uses, from);
        rings.extend(ring.filter(|ring| ring.iter().all(|(concept, _)| *concept >= from)));
        members
    });
    (families.collect(), rings)
}

/// A way from a concept back to itself: each concept on it, with the number of its use that goes on.
pub type Ring = Vec<(usize, usize)>;

/// What `from` is made of, and a shortest way back to it if there is one.
fn walk(uses: &[Vec<usize>], from: usize) -> (Vec<usize>, Option<Ring>) {
    let mut came: HashMap<usize, (usize, usize)> = HashMap::new();
    let (mut members, mut ring) = (vec![from], None);
    let mut waiting = VecDeque::from([from]);
    while let Some(at) = waiting.pop_front() {
        for (number, next) in uses.get(at).into_iter().flatten().copied().enumerate() {
            if next == from && ring.is_none() {
                ring = Some(way(&came, from, (at, number)));
            }
            if next == from {
                continue;
            }
            if let Entry::Vacant(step) = came.entry(next) {
                step.insert((at, number));
                members.push(next);
                waiting.push_back(next);
            }
        }
    }
    (members, ring)
}

fn way(came: &HashMap<usize, (usize, usize)>, from: usize, last: (usize, usize)) -> Ring {
    let mut ring = vec![last];
    while let Some((at, _)) = ring.last().filter(|(at, _)| *at != from) {
        let Some(step) = came.get(at).copied() else { break };
        ring.push(step);
    }
    ring.reverse();
    ring
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_concept_is_made_of_all_that_its_parts_are_made_of() {
        let (families, rings) = families(&[vec![1, 2], vec![3], vec![3], vec![], vec![0]]);
        assert_eq!(families, [vec![0, 1, 2, 3], vec![1, 3], vec![2, 3], vec![3], vec![4, 0, 1, 2, 3]]);
        assert!(rings.is_empty());
    }

    #[test]
    fn every_ring_is_found_once() {
        let (_, rings) = families(&[vec![3, 1], vec![2], vec![0], vec![], vec![4], vec![0]]);
        assert_eq!(rings, [vec![(0, 1), (1, 0), (2, 0)], vec![(4, 0)]]);
        let long: Vec<Vec<usize>> = (0..300).map(|n| vec![(n + 1) % 300]).collect();
        assert_eq!(families(&long).1.len(), 1);
    }
}
