//! The order in which a person expects words: without regard to case, and with numbers inside words by their value
//! (`node-9` before `node-10`).

use std::{cmp::Ordering, str::Chars};

/// Compares two texts naturally. Texts that differ only in case or in leading zeros are equal.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.chars(), b.chars());
    loop {
        let (rest_a, rest_b) = (a.clone(), b.clone());
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let by_value = compare_numbers(digits(rest_a, &mut a), digits(rest_b, &mut b));
                if by_value != Ordering::Equal {
                    return by_value;
                }
            }
            (Some(x), Some(y)) if x != y => {
                let by_letter = lower(x).cmp(&lower(y));
                if by_letter != Ordering::Equal {
                    return by_letter;
                }
            }
            _ => {}
        }
    }
}

/// The digits at the beginning of a text without leading zeros; `rest` is put behind them.
fn digits<'a>(from: Chars<'a>, rest: &mut Chars<'a>) -> &'a str {
    let text = from.as_str();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    *rest = text[end..].chars();
    text[..end].trim_start_matches('0')
}

fn compare_numbers(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn lower(c: char) -> char {
    if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_by_value_and_letters_without_case() {
        let mut words = ["node-10", "Node-9", "node-1b", "alpha", "Ärger", "node-009", "", "7", "70", "8"];
        words.sort_by(|a, b| compare(a, b));
        assert_eq!(words, ["", "7", "8", "70", "alpha", "node-1b", "Node-9", "node-009", "node-10", "Ärger"]);
        assert_eq!(compare("É", "é"), Ordering::Equal);
        assert_eq!(compare("99999999999999999999999", "100000000000000000000000"), Ordering::Less);
    }

    proptest! {
        #[test]
        fn it_is_an_order(a in "[0-3aB/:é]{0,6}", b in "[0-3aB/:é]{0,6}", c in "[0-3aB/:é]{0,6}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
                prop_assert!(compare(&a, &c).is_le());
            }
        }
    }
}
