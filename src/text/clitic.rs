//! Small words that Arabic writes together with the next.

/// What is left of an Arabic word has at least so many letters.
const ARABIC_ROOT: usize = 3;

/// The word, then without `and`/`so`, then without `by`/`like`/`for`, then without the article.
pub(super) fn without_clitics(word: &str) -> Vec<&str> {
    let mut found = vec![word];
    for particles in [&["و", "ف"][..], &["ب", "ك", "ل"], &["ال", "لل"]] {
        let shorter: Vec<&str> = found.iter().filter_map(|word| without(word, particles)).collect();
        found.extend(shorter);
    }
    found
}

/// The word, then without the article.
pub(super) fn without_article(word: &str) -> Vec<&str> {
    let shorter = without(word, &["ال"]);
    std::iter::once(word).chain(shorter).collect()
}

fn without<'a>(word: &'a str, particles: &[&str]) -> Option<&'a str> {
    let rest = particles.iter().find_map(|particle| word.strip_prefix(particle))?;
    (rest.chars().count() >= ARABIC_ROOT).then_some(rest)
}
