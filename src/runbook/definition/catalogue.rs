//! All runbooks that there are: those that come with the program, overlaid by the user's and the repository's.

use super::{Definition, Fault, read};
use crate::model::finding::Level;
use std::collections::BTreeMap;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// The runbooks that come with the program: name and text.
        pub const BUILT_IN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../assets/runbooks/", $name, ".toml")))),*];
    };
}
built_in!(
    "certificate-expiring",
    "compose-rollback",
    "container-rollback",
    "daily-check",
    "disk-full",
    "drain-node",
    "gpu-off-the-bus",
    "helm-rollback",
    "k8s-rollback",
    "on-call-handover",
    "patroni-failover",
    "patroni-promote-cluster",
    "patroni-switchover",
    "postgres-promote",
    "postgres-restore-test",
    "postmortem",
    "restart-workload",
    "secret-rotation",
);

/// Where a runbook comes from; a later layer goes before an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    BuiltIn,
    User,
    Repository,
}

impl Layer {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::User => "user",
            Self::Repository => "repository",
        }
    }
}

/// A runbook as it lies there.
#[derive(Debug, Clone)]
pub struct Shelved {
    pub layer: Layer,
    /// The file, or the name of what comes with the program.
    pub file: String,
    /// Nothing where it has errors: then it cannot be used, and it does not uncover the one below it, which is not what was asked for.
    pub definition: Option<Definition>,
    pub faults: Vec<Fault>,
}

impl Shelved {
    /// Its name: that of the file.
    pub fn name(&self) -> String {
        let stem = std::path::Path::new(&self.file).file_stem().and_then(|stem| stem.to_str());
        stem.unwrap_or(&self.file).to_owned()
    }
}

/// All runbooks, by name.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    shelved: BTreeMap<String, Shelved>,
}

impl Catalogue {
    /// Those that come with the program.
    pub fn built_in() -> Self {
        let mut catalogue = Self::default();
        for (name, text) in BUILT_IN {
            catalogue.add(Layer::BuiltIn, &format!("{name}.toml"), text);
        }
        catalogue
    }

    /// Adds a file. It takes the place of one of the same name from the same layer or one below.
    pub fn add(&mut self, layer: Layer, file: &str, text: &str) {
        let (definition, faults) = read(file, text);
        let shelved = Shelved { layer, file: file.to_owned(), definition, faults };
        let name = shelved.name();
        if self.shelved.get(&name).is_none_or(|other| other.layer <= layer) {
            self.shelved.insert(name, shelved);
        }
    }

    /// Every runbook, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Shelved)> {
        self.shelved.iter().map(|(name, shelved)| (name.as_str(), shelved))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.shelved.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.shelved.is_empty()
    }

    /// The runbook at a place in their order.
    pub fn at(&self, place: usize) -> Option<(&str, &Shelved)> {
        self.iter().nth(place)
    }

    /// Those that can be used.
    pub fn sound(&self) -> impl Iterator<Item = &Definition> {
        self.shelved.values().filter_map(|shelved| shelved.definition.as_ref())
    }

    /// A runbook by name.
    ///
    /// # Errors
    /// There is none, or it has errors: which, and where.
    pub fn find(&self, name: &str) -> Result<&Definition, String> {
        let Some(shelved) = self.shelved.get(name) else {
            let near = crate::model::nearest::did_you_mean(name, self.shelved.keys().map(String::as_str));
            return Err(format!("there is no runbook «{name}»{near}; `flightdeck runbook list` shows them"));
        };
        shelved.definition.as_ref().ok_or_else(|| {
            let errors: Vec<_> =
                shelved.faults.iter().filter(|fault| fault.level >= Level::Error).map(ToString::to_string).collect();
            format!("the runbook «{name}» has errors and is not run:\n{}", errors.join("\n"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_the_program_is_sound() {
        let mut faults = Vec::new();
        for (name, shelved) in Catalogue::built_in().iter() {
            faults.extend(shelved.faults.iter().map(ToString::to_string));
            assert!(
                shelved.definition.is_some() || !shelved.faults.is_empty(),
                "{name} has neither a meaning nor a fault"
            );
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn every_file_of_the_folder_comes_with_the_program() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/runbooks");
        let files = std::fs::read_dir(folder).expect("the folder is there");
        let mut names: Vec<String> =
            files.map(|file| file.expect("is read").file_name().to_string_lossy().replace(".toml", "")).collect();
        names.sort();
        assert_eq!(names, BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
    }

    #[test]
    fn a_broken_one_does_not_uncover_what_lies_below() {
        let mut catalogue = Catalogue::built_in();
        catalogue.add(Layer::User, "runbooks/drain-node.toml", "title = 1");
        let why = catalogue.find("drain-node").expect_err("is broken");
        assert!(why.contains("runbooks/drain-node.toml:1:1"), "{why}");
        catalogue.add(Layer::BuiltIn, "drain-node.toml", BUILT_IN[0].1);
        assert!(catalogue.find("drain-node").is_err(), "a lower layer does not go before it");
        let why = catalogue.find("drain-nod").expect_err("is none");
        assert!(why.contains("did you mean «drain-node»?"), "{why}");
    }
}
