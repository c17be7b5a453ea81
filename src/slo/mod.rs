//! Service level objectives: definitions from files ([`read`]), what is asked of a Prometheus for them ([`Definition::questions`]), and what its
//! answers mean (`judge`). Pure: files and answers come in as data.

mod definition;
mod judge;
mod openslo;
#[cfg(test)]
mod tests;
mod toml;

pub use definition::{Counted, Definition, Question, Role};
pub use judge::{Counts, judge, spent};

use crate::{
    model::spots::{Place, Problem},
    rulebook::syntax::node::Node,
};

/// Definitions of a file: OpenSLO where its name ends in `.yaml`, `.yml` or `.json`, else TOML. Those that are wrong are left out, and
/// said; a name that stands twice counts once.
pub fn read(file: &str, text: &str) -> (Vec<Definition>, Vec<Problem>) {
    let is_yaml = [".yaml", ".yml", ".json"].iter().any(|end| file.to_ascii_lowercase().ends_with(end));
    let mut reader = Reader { file, problems: Vec::new() };
    let found = if is_yaml { openslo::read(text, &mut reader) } else { toml::read(text, &mut reader) };
    let mut all: Vec<Definition> = Vec::new();
    for one in found {
        if let Some(first) = all.iter().find(|known| known.name == one.name) {
            let text = format!("«{}» is defined already, at {}", one.name, first.place);
            reader.problems.push(Problem { place: one.place, key: "name".into(), text });
        } else {
            all.push(one);
        }
    }
    reader.problems.sort_by_key(|problem| problem.place.at);
    (all, reader.problems)
}

/// Collects what is wrong in a file.
struct Reader<'a> {
    file: &'a str,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn place(&self, node: &Node) -> Place {
        let at = node.span.map(|span| (span.line as usize, span.column as usize));
        Place { file: self.file.into(), at }
    }

    fn fault(&mut self, node: &Node, key: &str, text: impl Into<String>) {
        self.problems.push(Problem { place: self.place(node), key: key.into(), text: text.into() });
    }
}
