//! Any one kind of resource in the columns that the server prints, listed and watched while it is shown.

use super::{
    api::Trouble,
    discovery::path_of,
    reflect::{Shared, Told},
    slim::{self, Meta},
};
use crate::{
    clock,
    model::{
        kubernetes::{ApiResource, KubePart, KubeTable, TableColumn, TableRow},
        topic::Topic,
    },
    source::{live::Gone, supervisor::backoff},
};
use compact_str::CompactString;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::watch;

/// The server's table, of servers that print none the plain list.
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
/// What changes is told this often.
const STEP: Duration = Duration::from_millis(500);
/// How long the list of resources is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells the table of whatever kind is asked for.
pub async fn run(mut shared: Shared, mut resources: watch::Receiver<Arc<Vec<ApiResource>>>) {
    loop {
        let wanted = shared.demand.wait_for(|demand| wanted(demand).is_some()).await.map(|demand| wanted(&demand));
        let Ok(Some(wanted)) = wanted else { return };
        let mut other = shared.demand.clone();
        tokio::select! {
            done = keep_up(&mut shared, &mut resources, &wanted) => if done.is_err() { return },
            changed = other.wait_for(|demand| self::wanted(demand).as_ref() != Some(&wanted)) => if changed.is_err() { return },
        }
    }
}

fn wanted(demand: &crate::source::supervisor::Demand) -> Option<CompactString> {
    demand.resource.clone().filter(|_| demand.visible.contains(Topic::KubeTable))
}

async fn keep_up(
    shared: &mut Shared,
    resources: &mut watch::Receiver<Arc<Vec<ApiResource>>>,
    wanted: &CompactString,
) -> Result<(), Gone> {
    let _ = tokio::time::timeout(PATIENCE, resources.wait_for(|all| !all.is_empty())).await;
    let all = resources.borrow().clone();
    let Some(resource) = all.iter().find(|resource| is_called(resource, wanted)) else {
        let problem = Some("the server has no such resource".into());
        let table = KubeTable { resource: wanted.clone(), problem, ..KubeTable::default() };
        shared.tell(Told::Part(KubePart::Table(Box::new(table)))).await?;
        return resources.changed().await.map_err(|_| Gone);
    };
    let mut table = Table::new(resource, wanted);
    let mut failures = 0;
    loop {
        match table.once(shared).await? {
            Ok(()) => failures = 0,
            Err(trouble) => {
                failures += 1;
                table.after(&trouble, &shared.origin.namespace);
                table.tell(shared, Some(trouble.words())).await?;
                shared.pause(backoff(Duration::from_secs(2), failures)).await;
            }
        }
    }
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

/// What is known of the kind.
struct Table<'a> {
    resource: &'a ApiResource,
    /// As it was asked for.
    wanted: &'a CompactString,
    /// Empty for the whole cluster.
    namespace: CompactString,
    columns: Vec<TableColumn>,
    rows: BTreeMap<(CompactString, CompactString), TableRow>,
    /// Where the watch goes on; empty where a list is needed.
    version: CompactString,
}

impl<'a> Table<'a> {
    fn new(resource: &'a ApiResource, wanted: &'a CompactString) -> Self {
        let (namespace, version) = (CompactString::default(), CompactString::default());
        Self { resource, wanted, namespace, columns: Vec::new(), rows: BTreeMap::new(), version }
    }

    /// Lists where needed, and watches until the watch ends.
    async fn once(&mut self, shared: &mut Shared) -> Result<Result<(), Trouble>, Gone> {
        if self.version.is_empty() {
            if let Err(trouble) = self.list(shared).await {
                return Ok(Err(trouble));
            }
            self.tell(shared, None).await?;
        }
        if !self.resource.verbs.iter().any(|verb| verb == "watch") {
            self.version = CompactString::default();
            shared.pause(Duration::from_secs(5)).await;
            return Ok(Ok(()));
        }
        self.watch(shared).await
    }

    async fn list(&mut self, shared: &Shared) -> Result<(), Trouble> {
        let url = format!("{}?includeObject=Metadata&resourceVersion=0", path_of(self.resource, &self.namespace));
        let table: SlimTable = shared.api.json_as(&url, TABLE).await?;
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
                cells: row.cells.iter().map(cell).collect(),
            };
            self.rows.insert((metadata.namespace, metadata.name), row);
        }
    }

    async fn watch(&mut self, shared: &mut Shared) -> Result<Result<(), Trouble>, Gone> {
        let url = format!(
            "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds=290&includeObject=Metadata&resourceVersion={}",
            path_of(self.resource, &self.namespace),
            self.version
        );
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

    /// What follows from a failure: list anew, or in the context's namespace where the whole cluster is denied.
    fn after(&mut self, trouble: &Trouble, namespace: &CompactString) {
        match trouble {
            Trouble::Gone => self.version = CompactString::default(),
            Trouble::Denied(_) if self.resource.namespaced && self.namespace.is_empty() => {
                self.namespace = namespace.clone()
            }
            _ => {}
        }
    }

    async fn tell(&self, shared: &Shared, problem: Option<String>) -> Result<(), Gone> {
        let table = KubeTable {
            resource: self.wanted.clone(),
            kind: self.resource.kind.clone(),
            namespaced: self.resource.namespaced,
            columns: self.columns.clone(),
            rows: self.rows.values().cloned().collect(),
            problem: problem.map(Into::into),
        };
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
