//! What an engine tells that is full of secrets, as news, for the tests of whatever must not show one.

use super::{details, hide, read, wire};
use crate::model::{
    container::{ContainerDetails, EngineNews, EnginePart},
    logs::clean,
    rows::Delta,
    secrets::planted::Planted,
    update::Update,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// A container whose command, environment, labels, checks, processes and last lines hold the secret, as the list tells it, as
/// inspecting does, and as its page does.
pub(in crate::source) fn news(planted: &Planted) -> Vec<Update> {
    let engine = "docker".into();
    let (line, variable) = (planted.line(), planted.variable());
    let labels = json!({ planted.name.as_str(): planted.value, "note": line });
    let summary = json!({ "Id": "a", "Names": ["/a"], "Command": line, "Labels": labels, "State": "running" });
    let mut inspect = json!({
        "Id": "b", "Name": "/b", "Path": "sh", "Args": ["-c", line, format!("--{}", planted.name), planted.value],
        "Config": { "Env": [variable, line], "Cmd": ["sh", variable], "Labels": labels, "Tty": false },
        "State": { "Status": "running", "Error": line, "Health": { "Status": "unhealthy", "Log": [{ "Output": line }] } },
    });
    let of = |value: &Value| serde_json::from_value::<wire::Inspect>(value.clone()).expect("as engines answer");
    let rows = vec![
        read::from_summary(&engine, serde_json::from_value(summary).expect("as engines answer")),
        read::from_inspect(&engine, &of(&inspect)),
    ];
    let top = json!({ "Titles": ["PID", "COMMAND"], "Processes": [["1", line]] });
    let environment = of(&inspect).config.environment;
    hide::hide(&mut inspect);
    let page = ContainerDetails {
        engine: engine.clone(),
        id: "b".into(),
        inspect,
        processes: details::processes(&serde_json::from_value(top).expect("as engines answer")),
        environment: environment.iter().map(|line| details::variable(line)).collect(),
        last_lines: clean::lines(line.as_bytes(), 100_000),
        ..ContainerDetails::default()
    };
    let rows = rows.into_iter().map(Arc::new).collect();
    let news = |part| Update::Engine(Box::new(EngineNews { engine: engine.clone(), part }));
    vec![news(EnginePart::Containers(Delta::All(rows))), news(EnginePart::Details(Box::new(page)))]
}
