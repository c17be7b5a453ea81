//! The names that an assertion can use.

use crate::rulebook::custom::subject::{CONTAINER_FIELDS, FILE_FIELDS, Kind};

/// Names of a resource.
const RESOURCE: &[&str] = &[
    "object",
    "kind",
    "api_version",
    "namespace",
    "name",
    "metadata",
    "spec",
    "labels",
    "annotations",
    "path",
    "params",
];
/// Names of a container.
const CONTAINER: &[&str] = &[
    "container",
    "object",
    "kind",
    "api_version",
    "namespace",
    "name",
    "metadata",
    "spec",
    "labels",
    "annotations",
    "path",
    "params",
];
/// Names of a file.
const FILE: &[&str] = &["file", "path", "text", "lines", "documents", "params"];

/// Types, which can be compared with `type(x)`.
pub const TYPES: &[&str] = &["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type"];

/// Functions of the standard library, and `matches`.
pub const FUNCTIONS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "bool",
    "type",
    "dyn",
];

/// The names that an assertion about a subject can use.
pub const fn names(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Resource => RESOURCE,
        Kind::Container => CONTAINER,
        Kind::File => FILE,
    }
}

/// The fields of a name, where they are all known.
pub fn fields(name: &str) -> Option<&'static [&'static str]> {
    match name {
        "container" => Some(CONTAINER_FIELDS),
        "file" => Some(FILE_FIELDS),
        _ => None,
    }
}

/// Where labels or annotations stand: in an object of a cluster, in a compose service, in what an engine says of a container.
pub fn pointers(name: &str) -> &'static [&'static str] {
    match name {
        "labels" => &["/metadata/labels", "/labels", "/Config/Labels", "/Labels"],
        _ => &["/metadata/annotations", "/annotations"],
    }
}
