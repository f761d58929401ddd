//! Keys that texts with mostly the same words share: MinHash of the words in bands, and the rarest few words in a row
//! near the start, which a cut text still has.

use super::word::{Kind, Word, mix};

/// How many keys of three minima each. Two texts that share 7 of 10 words share a key in 99 of 100 cases, 6 of 10 in 91;
/// eight keys of four minima would do so in 89 and 67.
const BANDS: usize = 10;
const ROWS: usize = 3;

/// Words in a row that make an anchor.
const ROW: usize = 2;

/// The words from the start among which anchors are chosen.
const WINDOWS: [usize; 2] = [9, 18];

/// The keys of a text's words; none if they are too few.
pub fn keys(words: &[Word]) -> Vec<u64> {
    let words: Vec<Word> = words.iter().copied().filter(|word| !is_flag(*word)).collect();
    let mut keys = bands(&features(&words));
    keys.extend(anchors(&words));
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn is_flag(word: Word) -> bool {
    word.is_tag() && word.kind() == Kind::Actor
}

/// Words; characters of scripts without spaces only make sense in pairs.
fn features(words: &[Word]) -> Vec<u64> {
    let single = words.iter().map(|word| mix(u64::from(word.id()) + 1));
    let pairs = words.windows(2).filter(|pair| pair.iter().all(|word| word.kind() == Kind::Character));
    let pairs = pairs.map(|pair| pair.iter().fold(2, |sum, word| mix(sum ^ u64::from(word.id()))));
    let mut features: Vec<u64> = single.chain(pairs).collect();
    features.sort_unstable();
    features.dedup();
    features
}

fn bands(features: &[u64]) -> Vec<u64> {
    if features.is_empty() {
        return Vec::new();
    }
    let minimum = |seed: usize| {
        let seed = mix(seed as u64 + 0x5EED);
        features.iter().map(|feature| mix(feature ^ seed)).min().unwrap_or_default()
    };
    let band = |band: usize| {
        let rows = (0..ROWS).map(|row| minimum(band * ROWS + row));
        rows.fold(band as u64 + 1, |sum, minimum| mix(sum ^ minimum))
    };
    (0..BANDS).map(band).collect()
}

fn anchors(words: &[Word]) -> Vec<u64> {
    let rows = |words: &[Word]| -> Vec<u64> {
        let row = |row: &[Word]| row.iter().fold(0xA, |sum, word| mix(sum ^ u64::from(word.id())));
        words.windows(ROW).map(row).collect()
    };
    let window = |window: &usize| {
        let rows = rows(words.get(..*window).unwrap_or(words));
        [rows.iter().min().copied(), rows.iter().max().copied()]
    };
    WINDOWS.iter().flat_map(window).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::wording::Wording;

    fn shared(a: &str, b: &str) -> usize {
        let keys = |text| keys(Wording::of(text, &[]).body());
        let other = keys(b);
        keys(a).iter().filter(|key| other.contains(key)).count()
    }

    #[test]
    fn small_edits_and_cuts_leave_keys_in_common() {
        let text = "Customs officers at Lomé port seized forty crates of spare engines bound for a naval base upriver, \
                    the harbour master confirmed late in the evening";
        let edits = [
            "Customs officers at Lomé harbour seized forty crates of spare engines bound for a naval base upriver",
            "Officials: customs officers at Lomé port seized forty crates of spare engines bound for a…",
            "Customs officers at Lomé port seized forty crates of spare engines…",
        ];
        for edit in edits {
            assert!(shared(text, edit) > 0, "{edit}");
        }
        assert_eq!(
            shared(text, "Heavy rain closes the road between Mbarara and Kabale until further notice"),
            0
        );
    }
}
