//! Lines that are JSON objects as columns: chosen fields first, then what the line has to say, then the rest.

use crate::model::logs::{LogLine, json};

/// Most columns of the screen for one field.
const WIDEST: usize = 24;

/// A piece of a line that is shown as columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A chosen field, padded to its column.
    Column(String),
    Message(String),
    /// ` name=value`.
    Rest(String, String),
}

/// The lines on the screen as columns; `None` for those that are no JSON objects.
pub fn fold<'a>(lines: impl Iterator<Item = &'a LogLine>, chosen: &[String]) -> Vec<Option<Vec<Piece>>> {
    let read: Vec<_> = lines.map(|line| if line.json { json::fields(&line.text) } else { None }).collect();
    let value = |fields: &[json::Field], name: &str| {
        fields.iter().find(|(field, _)| field == name).map_or(String::new(), |(_, value)| value.clone())
    };
    let width = |name: &String| {
        let widths = read.iter().flatten().map(|fields| value(fields, name).chars().count());
        widths.max().unwrap_or(0).min(WIDEST)
    };
    let widths: Vec<_> = chosen.iter().map(width).collect();
    let folded = |fields: &Vec<json::Field>| {
        let columns = chosen.iter().zip(&widths).map(|(name, width)| {
            let cut: String = value(fields, name).chars().take(*width).collect();
            Piece::Column(format!("{cut:<width$} "))
        });
        let message = json::message(fields);
        let said = message.map(|at| Piece::Message(fields[at].1.clone()));
        let is_rest =
            |at: usize, name: &String| Some(at) != message && !chosen.contains(name) && !json::is_shown_otherwise(name);
        let rest = fields.iter().enumerate().filter(|(at, (name, _))| is_rest(*at, name));
        let rest = rest.map(|(_, (name, value))| Piece::Rest(name.clone(), value.clone()));
        columns.chain(said).chain(rest).collect()
    };
    read.iter().map(|fields| fields.as_ref().map(folded)).collect()
}

/// Names of the fields that these lines have, the most frequent first.
pub fn names<'a>(lines: impl Iterator<Item = &'a LogLine>) -> Vec<(String, usize)> {
    let mut names: Vec<(String, usize)> = Vec::new();
    for (name, _) in lines.filter(|line| line.json).filter_map(|line| json::fields(&line.text)).flatten() {
        match names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => names.push((name, 1)),
        }
    }
    names.sort_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Timestamp,
        logs::{Level, LineKind},
    };

    fn line(text: &str) -> LogLine {
        let (at, kind, level, inks) = (Timestamp::UNIX_EPOCH, LineKind::Out, Level::Info, Box::default());
        LogLine { at, origin: 0, kind, level, json: json::looks_like_object(text), text: text.into(), inks }
    }

    #[test]
    fn chosen_fields_stand_in_columns() {
        let lines = [
            line(r#"{"level":"info","msg":"served","status":200,"path":"/cart"}"#),
            line("plain"),
            line(r#"{"msg":"slow","status":"timeout","ms":9}"#),
        ];
        let folded = fold(lines.iter(), &["status".into()]);
        assert_eq!(folded[1], None);
        assert_eq!(
            folded[0].as_deref(),
            Some(
                &[
                    Piece::Column("200     ".into()),
                    Piece::Message("served".into()),
                    Piece::Rest("path".into(), "/cart".into()),
                ][..]
            )
        );
        assert_eq!(folded[2].as_ref().map(|pieces| pieces[0].clone()), Some(Piece::Column("timeout ".into())));
        let names: Vec<_> = names(lines.iter()).into_iter().map(|(name, count)| format!("{name} {count}")).collect();
        assert_eq!(names[..2], ["msg 2", "status 2"]);
    }
}
