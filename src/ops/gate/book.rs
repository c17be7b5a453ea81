//! What the rule book says to an operation: it stops the line where a rule blocks.
//!
//! What would start or roll out what violates a blocking rule is refused; whatever ends it, or mends it, passes. To a protected server
//! nothing is done at all (rule 20), but to look. What is unhealthy (12d) may be restarted and scaled: that is how it is mended.

use crate::{
    model::{
        finding::{Scope, Status},
        object::ObjectRef,
        ruling::{ProtectedTarget, Ruling},
    },
    ops::operation::Operation,
    world::World,
};

/// Words of operations that start or roll out their target.
const STARTING: &[&str] = &[
    "start",
    "restart",
    "unpause",
    "scale",
    "set-image",
    "resume",
    "trigger",
    "unsuspend",
    "rollback",
    "recreate",
    "helm-rollback",
];
/// The check of what is unhealthy after a deploy.
const UNHEALTHY: &str = "12d";

/// Why the line stops here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    pub why: String,
    /// Who answers for it, or may authorise it; empty where the policy names nobody.
    pub owners: Vec<String>,
}

/// Why an operation is refused, where it is.
pub fn refusal(operation: &Operation, world: &World) -> Option<Stop> {
    // What is written about the rules touches no server; the gate has a word of its own on that.
    if operation.only_looks() || matches!(operation, Operation::Rules(_) | Operation::OpenFile(_)) {
        return None;
    }
    protected(operation, world).or_else(|| violated(operation, world))
}

/// Rule 20: nothing is done to what the policy protects.
fn protected(operation: &Operation, world: &World) -> Option<Stop> {
    let named = Named::of(operation, world);
    let mut all = world.observed.rulings.news().flat_map(|news| &news.protected);
    let server = all.find(|server| named.is(server))?;
    let who = server.authority.as_deref().unwrap_or("the owner of the server");
    let why = format!("rule 20a: {} is protected ({}): {who} has to authorise it", named.name, server.reason);
    Some(Stop { why, owners: server.authority.iter().cloned().collect() })
}

fn violated(operation: &Operation, world: &World) -> Option<Stop> {
    if !STARTING.contains(&operation.word()) {
        return None;
    }
    let target = operation.target();
    let mut blocking =
        world.observed.rulings.iter().filter(|ruling| ruling.blocks() && ruling.finding.check != UNHEALTHY);
    let first = blocking.find(|ruling| concerns(ruling, &target, world))?;
    let finding = &first.finding;
    let what = if finding.status == Status::Unknown { "cannot be judged" } else { "is violated" };
    let who = finding.owner.as_deref().map_or_else(String::new, |owner| format!(", or {owner} waives it"));
    let why = format!(
        "rule {} {what} by {} ({}: {}): mend it first{who}: w on the violation (page 6), or flightdeck check --waive {0}",
        finding.check, finding.resource, finding.title, finding.observed
    );
    Some(Stop { why, owners: finding.owner.iter().map(ToString::to_string).collect() })
}

fn concerns(ruling: &Ruling, target: &ObjectRef, world: &World) -> bool {
    matches!(ruling.finding.scope, Scope::Docker | Scope::Kube)
        && ruling.object(&world.observed).as_ref() == Some(target)
}

/// A target as a policy names it.
struct Named {
    kind: &'static str,
    namespace: String,
    name: String,
}

impl Named {
    fn of(operation: &Operation, world: &World) -> Self {
        let target = operation.target();
        let container =
            target.engine_and_id().and_then(|(engine, id)| world.observed.containers.containers.get(engine, id));
        let name = container.map_or_else(|| operation.target_name().to_owned(), |container| container.name.to_string());
        Self { kind: target.kind.word(), namespace: operation.namespace().to_owned(), name }
    }

    fn is(&self, server: &ProtectedTarget) -> bool {
        let fits = |pattern: &Option<String>, text: &str| {
            pattern.as_deref().is_none_or(|pattern| super::rules::fits(pattern, text))
        };
        let kind = server.kind.as_ref().map(|kind| kind.to_ascii_lowercase());
        super::rules::fits(&server.name, &self.name)
            && fits(&kind, self.kind)
            && fits(&server.namespace, &self.namespace)
    }
}

#[cfg(test)]
mod tests;
