//! One look at a few bits tells of most numbers that they were never entered.

/// The numbers entered, and few others.
#[derive(Debug, Default)]
pub struct Filter {
    hashes: Vec<u64>,
    /// [`BITS`] for each number or more; how many words there are is a power of two.
    bits: Vec<u64>,
}

/// What to look at: lent, so that a loop need not ask for it again.
#[derive(Clone, Copy)]
pub struct Sieve<'f> {
    bits: &'f [u64],
}

/// So many bits for each number, so that at most one in some forty others passes.
const BITS: usize = 16;

/// Three bits of a word for each highest byte of a number.
static PATTERNS: [u64; 256] = patterns();

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
        self.sieve().has(hash)
    }

    /// To be asked many times.
    #[inline]
    pub fn sieve(&self) -> Sieve<'_> {
        Sieve { bits: &self.bits }
    }

    fn set(&mut self, hash: u64) {
        let at = hash as usize & (self.bits.len().wrapping_sub(1));
        if let Some(word) = self.bits.get_mut(at) {
            *word |= pattern(hash);
        }
    }
}

impl Sieve<'_> {
    /// See [`Filter::has`].
    #[inline]
    pub fn has(self, hash: u64) -> bool {
        let pattern = pattern(hash);
        self.bits
            .get(hash as usize & self.bits.len().wrapping_sub(1))
            .is_some_and(|word| word & pattern == pattern)
    }
}

#[inline]
fn pattern(hash: u64) -> u64 {
    PATTERNS[usize::from((hash >> 56) as u8)]
}

const fn patterns() -> [u64; 256] {
    let (mut patterns, mut at, mut drawn) = ([0_u64; 256], 0, 0x9E37_79B9_7F4A_7C15_u64);
    while at < patterns.len() {
        while patterns[at].count_ones() < 3 {
            drawn = drawn.wrapping_mul(0xD129_0D3D_1F8E_5A2D).wrapping_add(1);
            patterns[at] |= 1 << (drawn >> 58);
        }
        at += 1;
    }
    patterns
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
        assert!(PATTERNS.iter().all(|pattern| pattern.count_ones() == 3));
        let others = (5_000..25_000).filter(|n| filter.has(hash(*n))).count();
        assert!(others < 20_000 / 40, "{others}");
    }
}
