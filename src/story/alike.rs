//! Whether two texts tell the same thing, by what stands in one where the other has something else.

use std::ops::Range;

use super::word::{Kind, Word};
use super::wording::Wording;

/// What two texts have to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They tell the same thing.
    Same,
    /// One is the other, but for what stands around it.
    Copied,
    /// They have the same words, but about another event.
    Differs,
    /// They have too little in common to say.
    Other,
}

/// Texts with fewer words in common are too alike by chance.
const FEWEST: usize = 5;

/// The same for a text that is common as a whole.
const FEWEST_WHOLE: usize = 4;

/// Words in common after which one text may go on with facts that the other lacks.
const OPENING: usize = 7;

/// So many words before the common ones are a label, such as `BREAKING`.
pub const LABEL: usize = 4;

/// Of the words that both could share so many percent must be common.
const ALIKE: usize = 60;

/// Of the words that open a much longer text so many percent must be common.
const OPENING_ALIKE: usize = 85;

/// What two texts have in common, without what stands before and behind it in one of them.
struct Core {
    /// Where they differ.
    inner: Vec<Gap>,
    /// What one goes on with.
    tail: Option<Gap>,
    /// How many words the longer core has.
    words: usize,
}

/// A stretch of both texts in which no word is common; one of the two may be empty.
struct Gap {
    a: Range<usize>,
    b: Range<usize>,
}

/// Compares two texts; the order does not matter.
pub fn compare(a: &Wording, b: &Wording) -> Verdict {
    // Where alignments tie the first text would decide, so there is always the same first text.
    let key = |wording: &Wording| wording.words.iter().map(|word| word.0).collect::<Vec<_>>();
    let (a, b) = if (key(a), a.cut) <= (key(b), b.cut) { (a, b) } else { (b, a) };
    Pair { a: a.body(), b: b.body(), texts: [a, b] }.verdict()
}

struct Pair<'w> {
    a: &'w [Word],
    b: &'w [Word],
    texts: [&'w Wording; 2],
}

impl Pair<'_> {
    fn verdict(&self) -> Verdict {
        let common = common(self.a, self.b);
        let whole = common.len() == self.a.len().max(self.b.len());
        if common.len() < if whole { FEWEST_WHOLE } else { FEWEST } {
            return Verdict::Other;
        }
        let Core { inner, tail, words } = self.core(gaps(&common, self.a.len(), self.b.len()));
        let alike = common.len() * 100 / words.max(1);
        let longest = self.a.len().max(self.b.len());
        let opening = common.len() > OPENING && alike >= OPENING_ALIKE;
        if alike < ALIKE || (common.len() * 3 < longest && !opening) {
            return Verdict::Other;
        }
        if inner.iter().any(|gap| self.differs(gap)) || self.dates_differ(&inner) || self.tags_differ() {
            return Verdict::Differs;
        }
        let goes_on = tail.is_some_and(|gap| self.facts(&gap) > 0);
        if (goes_on && common.len() < OPENING) || self.order_differs() {
            return Verdict::Other;
        }
        if inner.is_empty() && common.len() >= OPENING { Verdict::Copied } else { Verdict::Same }
    }

    /// Tells the gaps that count from what only stands around the common text.
    fn core(&self, gaps: Vec<Gap>) -> Core {
        let (mut a, mut b) = (self.a.len(), self.b.len());
        let (mut inner, mut tail) = (Vec::new(), None);
        let last = gaps.len().saturating_sub(1);
        for (at, gap) in gaps.into_iter().enumerate() {
            let one_sided = gap.a.is_empty() || gap.b.is_empty();
            let label = at == 0 && one_sided && gap.a.len().max(gap.b.len()) <= LABEL;
            let rest = at == last && (one_sided || self.is_cut_off(&gap));
            if label || rest {
                (a, b) = (a - gap.a.len(), b - gap.b.len());
            }
            if rest {
                tail = Some(gap);
            } else if !label || self.facts(&gap) > 0 {
                inner.push(gap);
            }
        }
        Core { inner, tail, words: a.max(b) }
    }

    /// Whether a text that was cut only lacks what the other goes on with.
    fn is_cut_off(&self, gap: &Gap) -> bool {
        let [a, b] = self.texts;
        (a.cut && gap.a.len() < 2) || (b.cut && gap.b.len() < 2)
    }

    /// Facts that only one of the texts has.
    fn facts(&self, gap: &Gap) -> usize {
        let count = |run: &[Word], other: &Wording| {
            run.iter().filter(|word| word.is_fact() && !word.is_tag() && !has(&other.words, **word)).count()
        };
        let [a, b] = self.texts;
        count(part(self.a, &gap.a), b) + count(part(self.b, &gap.b), a)
    }

    /// Whether the texts name or count something else in a gap.
    fn differs(&self, gap: &Gap) -> bool {
        if self.facts(gap) > 0 {
            return true;
        }
        let [a, b] = self.texts;
        let (run, other) = (part(self.a, &gap.a), part(self.b, &gap.b));
        let names = |run: &[Word], against: &[Word], text: &Wording| -> Vec<Word> {
            let own = |word: &&Word| {
                word.may_name()
                    && !has(&text.words, **word)
                    && !against.iter().any(|other| other.resembles(**word))
            };
            run.iter().filter(own).copied().collect()
        };
        let (only_a, only_b) = (names(run, other, b), names(other, run, a));
        // One character of a script without spaces is rarely a name.
        let single = |words: &[Word]| matches!(words, [word] if word.kind() == Kind::Character);
        match (only_a.as_slice(), only_b.as_slice()) {
            ([], _) | (_, []) => false,
            (only_a, only_b) => !single(only_a) || !single(only_b),
        }
    }

    /// Whether each text has a date that the other lacks; where only one has a date, the other left it out.
    fn dates_differ(&self, gaps: &[Gap]) -> bool {
        let [a, b] = self.texts;
        let own = |run: &[Word], other: &Wording| {
            run.iter().any(|word| word.kind() == Kind::Date && !has(&other.words, *word))
        };
        gaps.iter().any(|gap| own(part(self.a, &gap.a), b))
            && gaps.iter().any(|gap| own(part(self.b, &gap.b), a))
    }

    /// Whether tags and flags around one text name a state that the other lacks, and the other one as well.
    fn tags_differ(&self) -> bool {
        let [a, b] = self.texts;
        let own = |text: &Wording, other: &Wording, tagged: bool| {
            let own =
                text.words.iter().filter(|word| word.kind() == Kind::Actor && !has(&other.words, **word));
            own.filter(|word| !tagged || word.is_tag()).count() > 0
        };
        (own(a, b, true) && own(b, a, false)) || (own(a, b, false) && own(b, a, true))
    }

    /// Whether what both name comes in another order, as giver and taker do when they change places.
    fn order_differs(&self) -> bool {
        let order = |words: &[Word], other: &[Word]| {
            let mut order: Vec<u32> = Vec::new();
            for word in words.iter().filter(|word| word.kind() == Kind::Actor && !word.is_tag()) {
                if has(other, *word) && !order.contains(&word.id()) {
                    order.push(word.id());
                }
            }
            order
        };
        let (a, b) = (order(self.a, self.b), order(self.b, self.a));
        let both = |list: &[u32], other: &[u32]| -> Vec<u32> {
            list.iter().filter(|id| other.contains(id)).copied().collect()
        };
        both(&a, &b) != both(&b, &a)
    }
}

fn has(words: &[Word], word: Word) -> bool {
    words.iter().any(|other| other.id() == word.id())
}

fn part<'w>(words: &'w [Word], range: &Range<usize>) -> &'w [Word] {
    words.get(range.clone()).unwrap_or_default()
}

/// The places of a longest common subsequence.
fn common(a: &[Word], b: &[Word]) -> Vec<(usize, usize)> {
    let width = b.len() + 1;
    let mut lengths = vec![0_u8; (a.len() + 1) * width];
    let at = |lengths: &[u8], i: usize, j: usize| lengths.get(i * width + j).copied().unwrap_or_default();
    for (i, word) in a.iter().enumerate().rev() {
        for (j, other) in b.iter().enumerate().rev() {
            let longest = if word.id() == other.id() {
                at(&lengths, i + 1, j + 1) + 1
            } else {
                at(&lengths, i + 1, j).max(at(&lengths, i, j + 1))
            };
            if let Some(cell) = lengths.get_mut(i * width + j) {
                *cell = longest;
            }
        }
    }
    let (mut i, mut j, mut found) = (0, 0, Vec::new());
    while let (Some(word), Some(other)) = (a.get(i), b.get(j)) {
        if word.id() == other.id() {
            found.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if at(&lengths, i + 1, j) >= at(&lengths, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    found
}

/// What stands before, between and behind the common words: the first and the last always, others if not empty.
fn gaps(common: &[(usize, usize)], a: usize, b: usize) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (at, (next_i, next_j)) in common.iter().chain([&(a, b)]).enumerate() {
        let gap = Gap { a: i..*next_i, b: j..*next_j };
        if at == 0 || at == common.len() || !gap.a.is_empty() || !gap.b.is_empty() {
            gaps.push(gap);
        }
        (i, j) = (next_i + 1, next_j + 1);
    }
    gaps
}
