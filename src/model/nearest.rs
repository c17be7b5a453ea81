//! The known word that is most like one that is not known, for "did you mean".

/// The known word nearest to `word`, if it is near enough to have been meant: at most a third of its letters differ.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 4);
    let near = known.into_iter().map(|other| (distance(word, other), other));
    near.filter(|(distance, _)| *distance <= limit).min_by_key(|(distance, _)| *distance).map(|(_, other)| other)
}

/// ` (did you mean «…»?)` where a known word is near, otherwise nothing.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |near| format!(" (did you mean «{near}»?)"))
}

/// Edits that make one word the other, a swap of neighbours counting as one: the optimal string alignment distance
/// (<https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance>).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_offered_and_far_ones_are_not() {
        let known = ["read-only", "theme", "keymap"];
        assert_eq!(nearest("raed-only", known), Some("read-only"));
        assert_eq!(nearest("tehme", known), Some("theme"));
        assert_eq!(nearest("read_only", known), Some("read-only"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(did_you_mean("keymaps", known), " (did you mean «keymap»?)");
    }
}
