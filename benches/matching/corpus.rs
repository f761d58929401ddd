//! Posts and terms that nobody wrote: invented words per script, as frequent as real ones (Zipf), with endings,
//! capitals, punctuation, hashtags, flags and addresses. Always the same for the same seed.
//!
//! The shape is that of a multilingual mix of real posts: about 200 bytes and 21 words a post, a quarter of the posts
//! ASCII.

use std::collections::HashSet;
use std::fmt::Write;

/// A language with invented words.
pub struct Tongue {
    /// Its code.
    pub code: &'static str,
    /// How many of 100 posts are in it.
    share: usize,
    syllables: &'static [&'static str],
    last: &'static str,
    endings: &'static [&'static str],
    /// What ends words that are no terms, with accents; nothing for plain ASCII.
    accents: &'static [&'static str],
}

/// All languages. Arabic syllables begin with no letter that is also a particle, because only vigie takes those off.
pub const TONGUES: [Tongue; 6] = [
    Tongue {
        code: "ru",
        last: "ц",
        share: 35,
        syllables: CYRILLIC,
        endings: &["", "а", "ы", "ов", "ами", "у"],
        accents: &["щй", "щё"],
    },
    Tongue {
        code: "ar",
        last: "خ",
        share: 19,
        syllables: ARABIC,
        endings: &["", "", "ات", "ين"],
        accents: &["َ", "ِّ"],
    },
    Tongue {
        code: "en",
        last: "x",
        share: 22,
        syllables: LATIN,
        endings: &["", "", "s", "ed", "ing"],
        accents: &[],
    },
    Tongue {
        code: "fr",
        last: "j",
        share: 10,
        syllables: LATIN,
        endings: &["", "s", "e", "es"],
        accents: &["qé", "qè", "çq"],
    },
    Tongue {
        code: "pt",
        last: "q",
        share: 8,
        syllables: LATIN,
        endings: &["", "s", "os", "amento"],
        accents: &["wã", "çw", "wé"],
    },
    Tongue {
        code: "es",
        last: "k",
        share: 6,
        syllables: LATIN,
        endings: &["", "s", "es", "ando"],
        accents: &["ñw", "wó", "wá"],
    },
];

const LATIN: &[&str] = &[
    "ba", "ri", "to", "men", "vor", "la", "ku", "des", "pi", "ran", "te", "lom", "ga", "ner", "si", "fa",
    "dro", "mu", "cal", "vi", "po", "tra", "hen", "zo", "bel", "sta", "ri", "nu", "gor", "pe",
];
const CYRILLIC: &[&str] = &[
    "ба", "ри", "то", "мен", "вор", "ла", "ку", "дес", "пи", "ран", "те", "лом", "га", "нер", "си", "фа",
    "дро", "му", "кал", "ви", "по", "тра", "хен", "зо", "бел", "ста", "ни", "жу", "гор", "ше",
];
const ARABIC: &[&str] = &[
    "سا", "ري", "تو", "من", "دور", "را", "حد", "دس", "شي", "رن", "تي", "جم", "غا", "نر", "سي", "حا", "درو",
    "مو", "قل", "صي", "طو", "ترا", "هن", "زو", "عل", "ست", "ني", "جو", "غر", "شد",
];

/// How many words a language has.
const WORDS: usize = 60_000;

/// A corpus, and the words that terms are made of.
pub struct Corpus {
    /// The posts.
    pub posts: Vec<String>,
    words: Vec<Vec<String>>,
    frequency: Vec<Vec<u32>>,
}

/// A small generator of numbers (xorshift), so that the corpus depends on nothing else.
pub struct Dice(u64);

impl Dice {
    /// One that always gives the same numbers for a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((u128::from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)) * n as u128) >> 64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// A rank below `n`, the first ones far more often than the last: about 1 / rank.
    fn zipf(&mut self, n: usize) -> usize {
        let unit = self.below(1 << 30) as f64 / f64::from(1 << 30);
        ((n as f64).powf(unit) as usize - 1).min(n - 1)
    }
}

impl Corpus {
    /// So many posts.
    pub fn new(posts: usize) -> Self {
        let mut dice = Dice::new(7);
        let words: Vec<Vec<String>> = TONGUES.iter().map(|tongue| vocabulary(tongue, &mut dice)).collect();
        let mut frequency = vec![vec![0; WORDS]; TONGUES.len()];
        let tags: Vec<String> =
            (0..3_000).map(|_| format!("X{}W{}w", dice.pick(LATIN), dice.pick(LATIN))).collect();
        let posts = (0..posts).map(|_| post(&words, &tags, &mut frequency, &mut dice)).collect();
        Self { posts, words, frequency }
    }

    /// So many different terms of 1 to 3 words (40, 40 and 20 in 100), each with its language by number. Words on
    /// their own are rare, at most 30 in the corpus; those of phrases are as frequent as words are.
    pub fn terms(&self, many: usize) -> Vec<(usize, String)> {
        let mut dice = Dice::new(many as u64);
        let mut seen = HashSet::new();
        let mut terms = Vec::with_capacity(many);
        while terms.len() < many {
            let tongue = dice.below(TONGUES.len());
            let (words, frequency) = (&self.words[tongue], &self.frequency[tongue]);
            let length = [1, 1, 2, 2, 3][dice.below(5)];
            let ranks: Vec<usize> = match length {
                1 => vec![dice.below(WORDS)],
                _ => (0..length).map(|_| dice.zipf(WORDS)).collect(),
            };
            if length == 1 && frequency[ranks[0]] > 30 {
                continue;
            }
            let term = ranks.iter().map(|rank| &*words[*rank]).collect::<Vec<_>>().join(" ");
            if seen.insert(term.clone()) {
                terms.push((tongue, term));
            }
        }
        terms
    }
}

/// Invented words, the short ones first: they are the frequent ones.
fn vocabulary(tongue: &Tongue, dice: &mut Dice) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut words = Vec::with_capacity(WORDS);
    while words.len() < WORDS {
        let syllables = if words.len() < 300 { 1 + dice.below(2) } else { 3 + dice.below(2) };
        // The last letters tell languages of one script apart, as their real words differ, and no two words together
        // are a third.
        let mut word: String = (0..syllables).map(|_| dice.pick(tongue.syllables)).collect();
        word.push_str(tongue.last);
        if seen.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

fn post(words: &[Vec<String>], tags: &[String], frequency: &mut [Vec<u32>], dice: &mut Dice) -> String {
    let mut share = dice.below(100);
    let tongue = TONGUES.iter().position(|tongue| {
        let chosen = share < tongue.share;
        share = share.saturating_sub(tongue.share);
        chosen
    });
    let tongue = tongue.unwrap_or(0);
    let mut text = String::new();
    if dice.one_in(6) {
        text.push_str("RT @");
        text.push_str(&tags[dice.below(tags.len())]);
        text.push_str(": ");
    }
    for n in 0..8 + dice.below(24) {
        let rank = dice.zipf(WORDS);
        frequency[tongue][rank] += 1;
        put_word(&mut text, &words[tongue][rank], &TONGUES[tongue], n == 0 || dice.one_in(12), dice);
    }
    if dice.one_in(3) {
        text.push('#');
        text.push_str(&tags[dice.zipf(tags.len())]);
        text.push(' ');
    }
    if dice.one_in(8) {
        text.push_str(dice.pick(&["🇷🇺 ", "🇧🇫🇲🇱 ", "🤝🏾 ", "✈️ ", "🔥🔥🔥"]));
    }
    if dice.one_in(3) {
        write!(text, "https://t.co/{:08x}", dice.below(1 << 32)).unwrap();
    }
    text
}

fn put_word(text: &mut String, word: &str, tongue: &Tongue, capital: bool, dice: &mut Dice) {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) if capital => text.extend(first.to_uppercase()),
        first => text.extend(first),
    }
    text.push_str(letters.as_str());
    if dice.one_in(4) {
        text.push_str(dice.pick(tongue.endings));
    }
    // A word with accents is another word, and none that is looked for: only vigie stems it both ways.
    if !tongue.accents.is_empty() && dice.one_in(8) {
        text.push_str(dice.pick(tongue.accents));
    }
    text.push_str(match dice.below(60) {
        0 => " 2024 ",
        1 | 2 => ", ",
        3 => ". ",
        4 => " — ",
        5 => "! ",
        _ => " ",
    });
}
