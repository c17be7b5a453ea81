//! Any one kind of resource in the columns that the server prints, listed and watched while it is shown.

use super::{
    api::Trouble,
    details::query,
    discovery::path_of,
    reflect::{Shared, Told},
    slim::{self, Meta},
};
use crate::{
    clock,
    model::{
        kubernetes::{ApiResource, KubePart, KubeTable, Selectors, TableColumn, TableRow},
        topic::Topic,
    },
    source::{
        live::Gone,
        supervisor::{Demand, backoff},
    },
};
use compact_str::CompactString;
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// The server's table, of servers that print none the plain list.
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
/// What changes is told this often.
const STEP: Duration = Duration::from_millis(500);
/// How long the list of resources is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked for: a kind by its name, and what it is narrowed by.
#[derive(Clone, PartialEq)]
struct Wanted {
    resource: CompactString,
    selectors: Selectors,
}

impl Wanted {
    fn of(demand: &Demand) -> Option<Self> {
        let resource = demand.resource.clone().filter(|_| demand.visible.contains(Topic::KubeTable))?;
        Some(Self { resource, selectors: demand.selectors.clone() })
    }

    /// A table of nothing yet.
    fn table(&self) -> KubeTable {
        KubeTable { resource: self.resource.clone(), selectors: self.selectors.clone(), ..KubeTable::default() }
    }

    /// The end of a query that asks for what is selected.
    fn query(&self) -> String {
        let part = |name: &str, selector: &str| match selector {
            "" => String::new(),
            selector => format!("&{name}={}", query(selector)),
        };
        part("labelSelector", &self.selectors.labels) + &part("fieldSelector", &self.selectors.fields)
    }
}

/// Tells the table of whatever kind is asked for.
pub async fn run(mut shared: Shared, mut resources: watch::Receiver<Arc<Vec<ApiResource>>>) {
    let mut before = None;
    loop {
        let wanted =
            shared.demand.wait_for(|demand| Wanted::of(demand).is_some()).await.map(|demand| Wanted::of(&demand));
        let Ok(Some(wanted)) = wanted else { return };
        // Rows of another kind, or selected otherwise, are not shown under the new name meanwhile.
        if before.replace(wanted.clone()) != Some(wanted.clone()) {
            let table = KubeTable { waiting: true, ..wanted.table() };
            if shared.tell(Told::Part(KubePart::Table(Box::new(table)))).await.is_err() {
                return;
            }
        }
        let mut other = shared.demand.clone();
        tokio::select! {
            done = keep_up(&shared, &mut resources, &wanted) => if done.is_err() { return },
            changed = other.wait_for(|demand| Wanted::of(demand).as_ref() != Some(&wanted)) => if changed.is_err() { return },
        }
    }
}

async fn keep_up(
    shared: &Shared,
    resources: &mut watch::Receiver<Arc<Vec<ApiResource>>>,
    wanted: &Wanted,
) -> Result<(), Gone> {
    let _ = tokio::time::timeout(PATIENCE, resources.wait_for(|all| !all.is_empty())).await;
    let all = resources.borrow().clone();
    let Some(resource) = all.iter().find(|resource| is_called(resource, &wanted.resource)) else {
        let table = KubeTable { problem: Some("the server has no such resource".into()), ..wanted.table() };
        shared.tell(Told::Part(KubePart::Table(Box::new(table)))).await?;
        return resources.changed().await.map_err(|_| Gone);
    };
    let parts = Parts { wanted, resource, of: Mutex::default() };
    Table::new(&parts, CompactString::default()).run(shared.clone()).await?;
    // Denied in the whole cluster: what may be seen in single namespaces.
    let namespaces = shared.origin.namespaces.iter();
    let each = namespaces.map(|namespace| Table::new(&parts, namespace.clone()).run(shared.clone()));
    try_join_all(each).await.map(drop)
}

fn is_called(resource: &ApiResource, name: &str) -> bool {
    resource.name() == name || resource.plural == name || resource.short_names.iter().any(|short| short == name)
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SlimTable {
    metadata: Meta,
    #[serde(deserialize_with = "slim::or_default")]
    column_definitions: Vec<Column>,
    #[serde(deserialize_with = "slim::or_default")]
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Column {
    name: CompactString,
    #[serde(default)]
    priority: i32,
    #[serde(default, rename = "type")]
    kind: CompactString,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Row {
    #[serde(deserialize_with = "slim::or_default")]
    cells: Vec<Value>,
    object: Object,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Object {
    metadata: Meta,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    object: Value,
}

/// What is known of the kind: by namespace, or of the whole cluster by none.
struct Parts<'a> {
    wanted: &'a Wanted,
    resource: &'a ApiResource,
    of: Mutex<BTreeMap<CompactString, Part>>,
}

/// One namespace of it.
#[derive(Default)]
struct Part {
    columns: Vec<TableColumn>,
    rows: Vec<TableRow>,
    problem: Option<CompactString>,
}

impl Parts<'_> {
    /// Takes what is known of a namespace; returns the whole. What the server refuses is told once.
    fn renewed(&self, namespace: &CompactString, part: Part) -> KubeTable {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.insert(namespace.clone(), part);
        if of.len() > 1 {
            of.remove("");
        }
        let mut problems: Vec<&str> = of.values().filter_map(|part| part.problem.as_deref()).collect();
        problems.dedup();
        let missing = if of.contains_key("") {
            Vec::new()
        } else {
            of.iter().filter(|(_, part)| part.problem.is_some()).map(|(namespace, _)| namespace.clone()).collect()
        };
        KubeTable {
            kind: self.resource.kind.clone(),
            namespaced: self.resource.namespaced,
            columns: of
                .values()
                .map(|part| &part.columns)
                .find(|columns| !columns.is_empty())
                .cloned()
                .unwrap_or_default(),
            rows: of.values().flat_map(|part| part.rows.iter().cloned()).collect(),
            problem: (!problems.is_empty()).then(|| problems.join("; ").into()),
            namespaces: of.keys().filter(|namespace| !namespace.is_empty()).cloned().collect(),
            missing,
            ..self.wanted.table()
        }
    }
}

/// Keeps up with one namespace, or with the whole cluster.
struct Table<'a> {
    parts: &'a Parts<'a>,
    /// Empty for the whole cluster.
    namespace: CompactString,
    columns: Vec<TableColumn>,
    rows: BTreeMap<(CompactString, CompactString), TableRow>,
    /// Where the watch goes on; empty where a list is needed.
    version: CompactString,
}

impl<'a> Table<'a> {
    fn new(parts: &'a Parts<'a>, namespace: CompactString) -> Self {
        Self { parts, namespace, columns: Vec::new(), rows: BTreeMap::new(), version: CompactString::default() }
    }

    /// Keeps up; ends where it is denied in the whole cluster and may be allowed in a namespace.
    async fn run(mut self, mut shared: Shared) -> Result<(), Gone> {
        let mut failures = 0;
        loop {
            let trouble = match self.once(&mut shared).await? {
                Ok(()) => {
                    failures = 0;
                    continue;
                }
                Err(trouble) => trouble,
            };
            failures += 1;
            match &trouble {
                Trouble::Gone => self.version = CompactString::default(),
                Trouble::Denied(_) if self.parts.resource.namespaced && self.namespace.is_empty() => return Ok(()),
                // It may not be seen any more, or is not what is asked for.
                Trouble::Denied(_) | Trouble::Refused(_) => self.rows.clear(),
                _ => {}
            }
            self.tell(&shared, Some(trouble.words())).await?;
            shared.pause(backoff(Duration::from_secs(2), failures)).await;
        }
    }

    /// Lists where needed, and watches until the watch ends.
    async fn once(&mut self, shared: &mut Shared) -> Result<Result<(), Trouble>, Gone> {
        if self.version.is_empty() {
            if let Err(trouble) = self.list(shared).await {
                return Ok(Err(trouble));
            }
            self.tell(shared, None).await?;
        }
        if !self.parts.resource.verbs.iter().any(|verb| verb == "watch") {
            self.version = CompactString::default();
            shared.pause(Duration::from_secs(5)).await;
            return Ok(Ok(()));
        }
        self.watch(shared).await
    }

    fn url(&self, query: &str) -> String {
        let path = path_of(self.parts.resource, &self.namespace);
        format!("{path}?includeObject=Metadata{query}{}", self.parts.wanted.query())
    }

    async fn list(&mut self, shared: &Shared) -> Result<(), Trouble> {
        let table: SlimTable = shared.api.json_as(&self.url("&resourceVersion=0"), TABLE).await?;
        self.version = table.metadata.resource_version.clone();
        self.rows.clear();
        self.take(table);
        Ok(())
    }

    fn take(&mut self, table: SlimTable) {
        if !table.column_definitions.is_empty() {
            let column =
                |column: Column| TableColumn { name: column.name, priority: column.priority, kind: column.kind };
            self.columns = table.column_definitions.into_iter().map(column).collect();
        }
        for row in table.rows {
            let metadata = row.object.metadata;
            let row = TableRow {
                namespace: metadata.namespace.clone(),
                name: metadata.name.clone(),
                created_at: metadata.creation_timestamp,
                labels: metadata.labels,
                cells: row.cells.iter().map(cell).collect(),
            };
            self.rows.insert((metadata.namespace, metadata.name), row);
        }
    }

    async fn watch(&mut self, shared: &mut Shared) -> Result<Result<(), Trouble>, Gone> {
        let watch = "&watch=true&allowWatchBookmarks=true&timeoutSeconds=290&resourceVersion=";
        let url = self.url(&format!("{watch}{}", self.version));
        let api = shared.api.clone();
        let mut stream = match api.stream(&url, TABLE).await {
            Ok(stream) => stream,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let mut due = None;
        let mut rest = Vec::new();
        loop {
            let wait = due.unwrap_or_else(|| clock::instant() + Duration::from_secs(3_600));
            tokio::select! {
                frame = stream.next() => match frame {
                    Ok(Some(frame)) => {
                        rest.extend_from_slice(&frame);
                        match self.take_lines(&mut rest) {
                            Ok(true) => drop(due.get_or_insert_with(|| clock::instant() + STEP)),
                            Ok(false) => {}
                            Err(trouble) => return Ok(Err(trouble)),
                        }
                    }
                    Ok(None) => return Ok(Ok(())),
                    Err(trouble) => return Ok(Err(trouble)),
                },
                () = tokio::time::sleep_until(wait.into()), if due.is_some() => {
                    due = None;
                    self.tell(shared, None).await?;
                }
            }
        }
    }

    /// Takes whole lines off the front; says whether something changed.
    fn take_lines(&mut self, rest: &mut Vec<u8>) -> Result<bool, Trouble> {
        let Some(end) = memchr::memrchr(b'\n', rest) else { return Ok(false) };
        let lines: Vec<u8> = rest.drain(..=end).collect();
        let mut changed = false;
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let event: Event = serde_json::from_slice(line).map_err(|error| Trouble::Refused(error.to_string()))?;
            if event.kind == "ERROR" {
                return Err(if event.object["code"] == 410 {
                    Trouble::Gone
                } else {
                    Trouble::Refused("watch ended".into())
                });
            }
            let table: SlimTable = serde_json::from_value(event.object).unwrap_or_default();
            let versions = table.rows.iter().map(|row| &row.object.metadata.resource_version);
            if let Some(version) =
                versions.chain([&table.metadata.resource_version]).find(|version| !version.is_empty())
            {
                self.version = version.clone();
            }
            match event.kind.as_str() {
                "BOOKMARK" => continue,
                "DELETED" => {
                    for row in table.rows {
                        self.rows.remove(&(row.object.metadata.namespace, row.object.metadata.name));
                    }
                }
                _ => self.take(table),
            }
            changed = true;
        }
        Ok(changed)
    }

    async fn tell(&self, shared: &Shared, problem: Option<String>) -> Result<(), Gone> {
        let rows = self.rows.values().cloned().collect();
        let part = Part { columns: self.columns.clone(), rows, problem: problem.map(Into::into) };
        let table = self.parts.renewed(&self.namespace, part);
        shared.tell(Told::Part(KubePart::Table(Box::new(table)))).await
    }
}

/// A cell as kubectl prints it.
fn cell(value: &Value) -> CompactString {
    match value {
        Value::Null => "<none>".into(),
        Value::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    }
}
