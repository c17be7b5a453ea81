//! What checks judge, made alike whichever way it was written down.

pub mod change;
pub mod compose;
pub mod container;
pub mod declared;
pub mod doclinks;
pub mod facts;
pub mod health;
pub mod image;
pub mod kubernetes;
pub mod kustomize;
pub mod live;
pub mod logged;
pub mod objects;
pub mod offered;
pub mod places;
pub mod quantity;
pub mod runbooks;
#[cfg(test)]
pub mod sample;
pub mod script;
pub mod services;
pub mod targets;
pub mod words;
pub mod workload;
