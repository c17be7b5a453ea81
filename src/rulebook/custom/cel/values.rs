//! What an assertion can read, as values of CEL. Texts are borrowed. What cannot be known from a file is a value of its own: looking at
//! it is noted, and the result then is unknown.

use super::{budget, schema};
use crate::rulebook::{
    resource::Resource,
    syntax::node::{Data, Node},
    tree::{File, Parsed},
};
use cel::{
    Context, ExecutionError,
    common::{
        traits::{Comparer, Container, Iterable},
        types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, Type},
        value::{BuiltinRef, StaticVal, Val},
    },
};
use std::{
    any::Any,
    collections::HashMap,
    sync::{Arc, LazyLock},
};

/// Items that a list may have, and lines a file.
const MOST_ITEMS: usize = 100_000;

/// What an assertion is shown.
#[derive(Clone, Copy)]
pub struct Variables<'a> {
    pub resource: Option<&'a Resource>,
    /// The container, as [`crate::rulebook::custom::subject`] describes it.
    pub container: Option<&'a Node>,
    pub file: Option<&'a File>,
    /// The file, as described there.
    pub about_file: Option<&'a Node>,
    /// The rule's parameters.
    pub params: &'a Node,
    /// The names that are asked for; only these are made.
    pub names: &'a [String],
}

impl<'a> Variables<'a> {
    /// Puts the values into a context.
    ///
    /// # Errors
    /// A list that is too long, a part that the object does not have.
    pub fn bind(self, context: &mut Context<'_, 'a>) -> Result<(), String> {
        for name in self.names {
            let value = self.value(name)?;
            context.add_variable_as_val(name.as_str(), value);
        }
        Ok(())
    }

    fn value(self, name: &str) -> Result<Box<dyn Val + 'a>, String> {
        if name == "params" {
            return value_of(self.params);
        }
        if let (Some(file), Some(about)) = (self.file, self.about_file) {
            return of_file(name, file, about);
        }
        match (name, self.container, self.resource) {
            ("container", Some(container), _) => value_of(container),
            (name, _, Some(resource)) => of_resource(name, resource),
            _ => Err(format!("{name} is not known here")),
        }
    }
}

fn of_file<'a>(name: &str, file: &'a File, about: &'a Node) -> Result<Box<dyn Val + 'a>, String> {
    match name {
        "file" => value_of(about),
        "path" => Ok(text(&file.path)),
        _ if file.text.is_none() => {
            Err("the text of this file is not read: it is binary, too large or of no known kind".into())
        }
        "text" => Ok(text(file.text())),
        "lines" => list(file.text().lines().map(|line| Ok(text(line)))),
        "documents" => match &file.parsed {
            Parsed::Yaml(documents) => list(documents.iter().map(value_of)),
            Parsed::Broken(fault) => Err(format!("the file cannot be read: {fault}")),
            _ => Err("the file is no YAML or JSON".into()),
        },
        _ => Err(format!("{name} is not known here")),
    }
}

fn of_resource<'a>(name: &str, resource: &'a Resource) -> Result<Box<dyn Val + 'a>, String> {
    let part = |pointer: &str| match resource.at(pointer) {
        Some(node) if !node.is_null() => value_of(node),
        _ => Err(format!("the object has no {}", pointer.trim_start_matches('/'))),
    };
    match name {
        "object" => value_of(&resource.spec),
        "kind" => Ok(text(&resource.kind)),
        "api_version" => Ok(text(&resource.api_version)),
        "namespace" => Ok(text(&resource.namespace)),
        "name" => Ok(text(&resource.name)),
        "metadata" => part("/metadata"),
        "spec" => part("/spec"),
        "labels" | "annotations" => match schema::pointers(name).iter().find_map(|pointer| resource.at(pointer)) {
            Some(node) if !node.is_null() => value_of(node),
            // Having none is the same as an empty map: `has(labels.team)` is then false.
            _ => Ok(Box::new(CelMap::from(HashMap::new()))),
        },
        "path" => match &resource.file {
            Some(path) => Ok(text(path)),
            None => Err("a live object has no path".into()),
        },
        _ => Err(format!("{name} is not known here")),
    }
}

fn text(text: &str) -> Box<dyn Val + '_> {
    Box::new(CelString::from(text))
}

fn list<'a>(items: impl Iterator<Item = Result<Box<dyn Val + 'a>, String>>) -> Result<Box<dyn Val + 'a>, String> {
    let items = items.take(MOST_ITEMS + 1).collect::<Result<Vec<_>, _>>()?;
    if items.len() > MOST_ITEMS {
        return Err(format!("a list of more than {MOST_ITEMS}"));
    }
    Ok(Box::new(CelList::from(items)))
}

/// A node as a value.
fn value_of(node: &Node) -> Result<Box<dyn Val + '_>, String> {
    Ok(match &node.data {
        Data::Null => Box::new(CelNull),
        Data::Bool(truth) => Box::new(CelBool::from(*truth)),
        Data::Int(number) => Box::new(CelInt::from(*number)),
        Data::Float(number) => Box::new(CelDouble::from(*number)),
        Data::Text(content) => text(content),
        Data::Opaque(content) => Box::new(Opaque(Arc::from(&**content))),
        Data::List(items) => list(items.iter().map(value_of))?,
        Data::Map(entries) => {
            if entries.len() > MOST_ITEMS {
                return Err(format!("a map of more than {MOST_ITEMS}"));
            }
            let pairs = entries
                .iter()
                .map(|entry| Ok((CelMapKey::String(CelString::from(&*entry.key)), value_of(&entry.value)?)))
                .collect::<Result<HashMap<_, _>, String>>()?;
            Box::new(CelMap::from(pairs))
        }
    })
}

/// A value that cannot be known from the file.
#[derive(Debug, Clone)]
struct Opaque(Arc<str>);

impl Val for Opaque {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        static TYPE: LazyLock<Type> = LazyLock::new(|| Type::new_opaque_type("unknown"));
        &TYPE
    }

    fn equals(&self, _other: &dyn Val) -> bool {
        budget::see_opaque(&self.0);
        false
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_comparer(&self) -> Option<&dyn Comparer> {
        budget::see_opaque(&self.0);
        None
    }

    fn as_container(&self) -> Option<&dyn Container> {
        budget::see_opaque(&self.0);
        None
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        budget::see_opaque(&self.0);
        None
    }

    // Whoever compares it with something else asks what it is.
    fn as_any(&self) -> Option<&dyn Any> {
        budget::see_opaque(&self.0);
        Some(self)
    }

    fn as_builtin<'b, 'v>(&'b self) -> BuiltinRef<'b, 'v>
    where
        Self: 'v,
    {
        budget::see_opaque(&self.0);
        BuiltinRef::Other
    }
}

impl StaticVal for Opaque {}

/// An error of the evaluation for a person: what is not there, what does not fit.
pub fn explain(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => {
            format!("there is no «{key}»; ask `has(….{key})` first if it may be missing")
        }
        ExecutionError::IndexOutOfBounds(_) => "the list has no such item; ask `size(…)` first".into(),
        ExecutionError::NoSuchOverload(overload) => {
            let types = overload.argument_types().join(" and ");
            format!("`{}` cannot be used with {types}", overload.function().trim_matches('_'))
        }
        // The others hold values, which may be secret.
        ExecutionError::UnexpectedType { got, want } => format!("a {got} where a {want} is expected"),
        ExecutionError::FunctionError { message, .. } => message.clone(),
        ExecutionError::UndeclaredReference(name) => format!("{name} is not known"),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "a division by zero".into(),
        ExecutionError::Overflow(..) => "a number that is too large".into(),
        ExecutionError::UnsupportedBinaryOperator(operator, ..) => {
            format!("`{operator}` cannot be used with these values")
        }
        _ => "the values do not fit what is done with them".into(),
    }
}
