//! One look at a few bits tells of most numbers that they were never entered.

/// The numbers entered, and few others.
#[derive(Debug, Default)]
pub struct Filter {
    hashes: Vec<u64>,
    /// [`BITS`] for each number or more; how many there are is a power of two.
    bits: Vec<u64>,
}

/// So many bits for each number, so that at most one in some forty others passes.
const BITS: usize = 16;

impl Filter {
    /// Enters a number whose every bit is as good as drawn.
    pub fn add(&mut self, hash: u64) {
        self.hashes.push(hash);
        if self.hashes.len() * BITS > self.bits.len() * 64 {
            self.bits = vec![0; (self.bits.len() * 2).max(16)];
            for at in 0..self.hashes.len() {
                self.set(self.hashes.get(at).copied().unwrap_or_default());
            }
        } else {
            self.set(hash);
        }
    }

    /// Whether a number may have been entered; true of all that were.
    #[inline]
    pub fn has(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        self.bits.get(word).is_some_and(|word| word & bits == bits)
    }

    fn set(&mut self, hash: u64) {
        let (word, bits) = self.place(hash);
        if let Some(word) = self.bits.get_mut(word) {
            *word |= bits;
        }
    }

    /// The word and the two bits of a number.
    #[inline]
    fn place(&self, hash: u64) -> (usize, u64) {
        let word = hash as usize & self.bits.len().saturating_sub(1);
        (word, 1 << (hash >> 58) | 1 << (hash >> 52 & 63))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::words::spelling_hash;

    #[test]
    fn a_filter_lets_through_what_it_was_given_and_little_else() {
        let mut filter = Filter::default();
        let hash = |n: usize| spelling_hash(&n.to_string());
        assert!(!filter.has(hash(0)));
        (0..5_000).for_each(|n| filter.add(hash(n)));
        assert!((0..5_000).all(|n| filter.has(hash(n))));
        let others = (5_000..25_000).filter(|n| filter.has(hash(*n))).count();
        assert!(others < 20_000 / 40, "{others}");
    }
}
