//! Any one kind of Kubernetes resource, in the columns that the server prints.

use super::{Pane, fields, k8s};
use crate::{
    model::{
        kubernetes::{KubeTable, TableRow},
        object::ObjectRef,
        topic::{Topic, TopicSet},
    },
    ui::{
        lines::{self, Line},
        scene::Scene,
        theme::Role,
    },
    view::{
        table::{Column, Table, Unit, Value},
        within::Within,
    },
    world::World,
};
use compact_str::{CompactString, format_compact};
use ratatui::{buffer::Buffer, layout::Rect};
use std::sync::{LazyLock, Mutex, PoisonError};

/// The list of any kind.
pub struct ResourcesPane;

/// A list with the columns of one kind. There are as many as kinds were looked at, and they are kept until the end: a list's
/// columns are named in filters and in what was chosen of them.
struct ResourcesTable {
    /// Kind that the columns are of; several contexts may print it, and those that print it otherwise have cells of their own.
    resource: CompactString,
    columns: &'static [Column],
}

/// Columns before those of the server.
const OWN: usize = 4;

/// Widest column, and narrowest.
const WIDTHS: (usize, usize) = (5, 34);

/// Tables that were made, of which each is kept.
static MADE: Mutex<Vec<&'static ResourcesTable>> = Mutex::new(Vec::new());

/// Most tables that are made: servers that invent columns without end get the last one.
const MOST: usize = 500;

static NONE: LazyLock<ResourcesTable> = LazyLock::new(|| ResourcesTable::new(&KubeTable::default()));

impl ResourcesTable {
    fn new(table: &KubeTable) -> Self {
        let own = |name, title, width, about| fields::column(name, title, Unit::Text, width, about);
        let mut columns = vec![
            own("context", "CONTEXT", 12, "context of its cluster; left out where there is one only"),
            own("namespace", "NAMESPACE", 11, "its namespace"),
            own("name", "NAME", 26, "its name").grow(),
            own("labels", "LABELS", 30, "labels; label:app=web and -l app=web select by them").hide(),
        ];
        for (at, column) in table.columns.iter().enumerate() {
            let widest = table.rows.iter().take(200).filter_map(|row| row.cells.get(at)).map(|cell| cell.len()).max();
            let width = widest.unwrap_or(0).max(column.name.len()).clamp(WIDTHS.0, WIDTHS.1);
            let mut name = word(&column.name);
            while columns.iter().any(|other| other.name == name) {
                name.push('-');
            }
            let title: &'static str = Box::leak(String::from(column.name.to_uppercase()).into_boxed_str());
            let shown = column.priority == 0 && !is_name(&column.name);
            let own = own(Box::leak(name.into_boxed_str()), title, width as u16, "as the server prints it");
            columns.push(if shown { own } else { own.hide() });
        }
        Self { resource: table.resource.clone(), columns: Box::leak(columns.into_boxed_slice()) }
    }

    /// Whether it has the columns of this table.
    fn fits(&self, table: &KubeTable) -> bool {
        let names = self.columns[OWN..].iter().map(|column| column.title);
        self.resource == table.resource && names.eq(table.columns.iter().map(|column| column.name.to_uppercase()))
    }

    /// The list for what a world holds; always the same one for the same columns.
    fn of(world: &World) -> &'static Self {
        // A context that may not list it has no columns to tell.
        let tables = &world.observed.kube.tables;
        let Some(table) = tables.values().find(|table| !table.columns.is_empty()) else { return &NONE };
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fitting) = made.iter().find(|fitting| fitting.fits(table)) {
            return fitting;
        }
        if made.len() >= MOST {
            return &NONE;
        }
        let new: &'static Self = Box::leak(Box::new(Self::new(table)));
        made.push(new);
        new
    }

    fn row<'w>(&self, world: &'w World, mut row: usize) -> Option<(&'w str, &'w KubeTable, &'w TableRow)> {
        for (context, table) in &world.observed.kube.tables {
            match table.rows.get(row) {
                Some(found) => return Some((context, table, found)),
                None => row -= table.rows.len(),
            }
        }
        None
    }
}

/// A word for queries: small letters, digits and strokes.
fn word(name: &str) -> String {
    let signs = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let word: String = signs.collect();
    let word = word.trim_matches('-');
    if word.is_empty() { "column".into() } else { word.into() }
}

/// The server's own columns of name and namespace say what ours say.
fn is_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("name") || name.eq_ignore_ascii_case("namespace")
}

impl Table for ResourcesTable {
    fn columns(&self) -> &'static [Column] {
        self.columns
    }
    fn default_sort(&self) -> (usize, bool) {
        (2, false)
    }
    fn len(&self, world: &World) -> usize {
        world.observed.kube.tables.values().map(|table| table.rows.len()).sum()
    }
    fn key(&self, world: &World, row: usize) -> CompactString {
        self.row(world, row).map_or_else(CompactString::default, |(context, table, row)| {
            format_compact!("{context}/{}/{}/{}", table.resource, row.namespace, row.name)
        })
    }
    fn object(&self, world: &World, row: usize) -> Option<ObjectRef> {
        let (context, table, row) = self.row(world, row)?;
        Some(k8s::object_of_resource(context, &table.resource, &row.namespace, &row.name))
    }
    fn value<'w>(&self, world: &'w World, row: usize, column: usize) -> Value<'w> {
        let Some((context, table, row)) = self.row(world, row) else { return Value::Unknown };
        match column {
            0 => Value::text(context),
            1 => k8s::text(&row.namespace),
            2 => Value::text(&row.name),
            3 => k8s::labels(&row.labels),
            _ => {
                let title = self.columns.get(column).map_or("", |column| column.title);
                let at = match table.columns.get(column - OWN).map(|column| column.name.eq_ignore_ascii_case(title)) {
                    Some(true) => Some(column - OWN),
                    _ => table.columns.iter().position(|column| column.name.eq_ignore_ascii_case(title)),
                };
                match at.and_then(|at| Some((&table.columns[at], row.cells.get(at)?))) {
                    // The server's age stands still until the table is asked for again.
                    Some((column, _)) if column.name == "Age" && row.created_at.is_some() => row
                        .created_at
                        .map_or(Value::Unknown, |at| Value::Text(crate::model::units::age(world.now, at).into())),
                    Some((_, cell)) => k8s::text(cell),
                    None => Value::Unknown,
                }
            }
        }
    }
    fn fixed_columns(&self) -> usize {
        3
    }
    fn labels<'w>(&self, world: &'w World, row: usize) -> &'w [(CompactString, CompactString)] {
        self.row(world, row).map_or(&[], |(_, _, row)| &row.labels)
    }
    fn is_needed(&self, world: &World, column: usize) -> bool {
        match column {
            0 => world.observed.kube.tables.len() > 1,
            1 => world.observed.kube.tables.values().any(|table| table.namespaced),
            _ => true,
        }
    }
    fn is_old(&self, world: &World, row: usize) -> bool {
        self.row(world, row).is_some_and(|(context, ..)| k8s::is_old(world, context))
    }
    fn can_be_narrowed(&self) -> bool {
        true
    }
    fn is_within(&self, world: &World, row: usize, within: &Within) -> bool {
        self.row(world, row).is_some_and(|(_, _, row)| within.holds(&row.namespace))
    }
}

/// Where rows are missing, in short.
fn wrong(world: &World) -> String {
    let of = |(context, table): (&CompactString, &KubeTable)| match (table.missing.len(), table.namespaces.len()) {
        (0, 0) => table.problem.is_some().then(|| format!("{context} refused")),
        (0, seen) => Some(format!("{context} in {seen} namespaces only")),
        (missing, all) => Some(format!("{context} refused in {missing} of {all} namespaces")),
    };
    world.observed.kube.tables.iter().filter_map(of).collect::<Vec<_>>().join(", ")
}

/// What keeps a context's rows from being seen.
fn problems(scene: &Scene<'_>) -> Vec<Line> {
    let tables = &scene.world.observed.kube.tables;
    let problem = |(context, table): (&CompactString, &KubeTable)| {
        table.problem.as_ref().map(|problem| Line::of(Role::Warn, format!("{context}: {problem}")))
    };
    tables.iter().filter_map(problem).collect()
}

impl Pane for ResourcesPane {
    fn name(&self) -> &'static str {
        "resources"
    }
    fn title(&self) -> &'static str {
        "Resources"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let resource = scene.view.resource.as_deref().unwrap_or("none chosen");
        let selected = scene.view.selectors.words();
        let gap = if selected.is_empty() { "" } else { " " };
        let words = k8s::status(scene, self.name(), &[resource]);
        let wrong = wrong(scene.world);
        let wrong = if wrong.is_empty() { wrong } else { format!(", {wrong}") };
        format!("{resource}{gap}{selected}: {words}{wrong}")
    }
    fn about(&self) -> &'static str {
        "Any kind of resource, as the server prints it: K chooses which, by name or by short name (svc, cm, pvc, ing, hpa, pdb), custom resources among them. Alt-l has the server select by labels and fields. Values of Secrets are hidden."
    }
    fn topics(&self) -> TopicSet {
        TopicSet::of(&[Topic::KubeTable, Topic::Pods])
    }
    fn table(&self) -> Option<&'static dyn Table> {
        Some(&*NONE)
    }
    fn table_in(&self, world: &World) -> Option<&'static dyn Table> {
        Some(ResourcesTable::of(world))
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let list = &scene.view.pane(self.name()).list;
        let table = ResourcesTable::of(scene.world);
        if !list.order.is_empty() || (!list.filter.is_empty() && list.total > 0) {
            return crate::ui::table::draw(scene, table, list, area, buffer);
        }
        let known = k8s::contexts(scene.world).iter().any(|context| k8s::is_watched(scene.world, context));
        let Some(resource) = scene.view.resource.as_deref().filter(|_| known) else {
            let text =
                if known { "resource (K) chooses the kind to show: services, config maps, anything" } else { "" };
            let mut text = vec![Line::of(Role::Dim, text)];
            if !known {
                text = k8s::why_empty(scene, &[], "no resource", true);
            }
            return lines::draw(scene, &lines::wrap(text, area.width), 0, area, buffer);
        };
        let mut text = problems(scene);
        if text.is_empty() {
            text = if scene
                .world
                .observed
                .kube
                .tables
                .values()
                .any(|table| table.resource == resource && !table.waiting)
            {
                let selected = scene.view.selectors.words();
                let none = match selected.as_str() {
                    "" => format!("no {resource}"),
                    selected => format!("no {resource} with {selected}: selector (Alt-l) chooses others"),
                };
                k8s::why_empty(scene, &[resource], &none, true)
            } else {
                vec![Line::of(Role::Unknown, format!("waiting for {resource}"))]
            };
        }
        lines::draw(scene, &lines::wrap(text, area.width), 0, area, buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panes::tests::world;

    #[test]
    fn columns_are_those_of_the_server() {
        let mut world = world();
        let table = ResourcesPane.table_in(&world).expect("a list");
        let names: Vec<_> = table.columns().iter().map(|column| column.name).collect();
        assert_eq!(names[..6], ["context", "namespace", "name", "labels", "name-", "type"]);
        assert_eq!(table.columns()[8].title, "PORT(S)");
        assert_eq!(table.value(&world, 1, 8), Value::text("443:31443/TCP"));
        assert!(!table.columns()[10].shown, "the selector is for wide output");
        // The same columns are the same table: what was chosen of them stays.
        let again = ResourcesPane.table_in(&world.clone()).expect("a list");
        assert!(std::ptr::eq(table.columns(), again.columns()));
        for table in world.observed.kube.tables.values_mut() {
            table.resource = "widgets.example.com".into();
        }
        let other = ResourcesPane.table_in(&world).expect("a list");
        assert!(!std::ptr::eq(table.columns(), other.columns()));
        world.observed.kube.tables.clear();
        assert_eq!(ResourcesPane.table_in(&world).expect("a list").columns().len(), OWN);
    }
}
