//! Reads the text format of Prometheus as far as gauges, counters and sums need it
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>). The one crate for it brings a second library of times along.

/// One line with a value.
#[derive(Debug, PartialEq)]
pub struct Sample<'t> {
    pub name: &'t str,
    labels: &'t str,
    pub value: f64,
}

impl Sample<'_> {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<String> {
        let mut rest = self.labels;
        loop {
            let (label, after) = rest.split_once('=')?;
            let after = after.trim_start().strip_prefix('"')?;
            let end = end_of_text(after)?;
            if label.trim().trim_start_matches(',').trim() == name {
                return Some(unescaped(&after[..end]));
            }
            rest = &after[end + 1..];
        }
    }
}

/// The place of the quote that ends a text.
fn end_of_text(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => plain.push('\n'),
            ('\\', Some(next)) => plain.push(next),
            (c, _) => plain.push(c),
        }
    }
    plain
}

/// Every value of a text; a line that cannot be read is left out.
pub fn samples(text: &str) -> impl Iterator<Item = Sample<'_>> {
    text.lines().map(str::trim).filter(|line| !line.starts_with('#')).filter_map(sample)
}

fn sample(line: &str) -> Option<Sample<'_>> {
    let end = line.find(['{', ' ', '\t'])?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inner) => {
            let end = end_of_labels(inner)?;
            (&inner[..end], &inner[end + 1..])
        }
        None => ("", rest),
    };
    let value = rest.split_ascii_whitespace().next()?.parse().ok()?;
    Some(Sample { name, labels, value })
}

/// The place of the brace that ends the labels: braces in texts do not.
fn end_of_labels(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.bytes().position(|byte| {
        let ends = byte == b'}' && !quoted;
        quoted ^= byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_with_and_without_labels() {
        let text = "# HELP a b\na 1\nb{x=\"1\", y=\"a \\\"b\\\" } c\"} 2.5e3 1700\nbroken{\nc{} NaN\n";
        let all: Vec<_> = samples(text).collect();
        assert_eq!((all.len(), all[0].name, all[0].value), (3, "a", 1.0));
        assert_eq!((all[1].value, all[1].label("y").as_deref()), (2500.0, Some("a \"b\" } c")));
        assert_eq!((all[1].label("z"), all[0].label("x")), (None, None));
        assert!(all[2].value.is_nan());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[ -~\\n]{0,200}|.{0,100}") {
            for sample in samples(&text) {
                let _ = sample.label("x");
            }
        }
    }
}
