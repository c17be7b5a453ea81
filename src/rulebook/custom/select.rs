//! What a rule looks at.

use super::{cel::schema, subject::Kind};
use crate::{
    model::finding::Scope,
    rulebook::{resource::Resource, subject::container::Container, tree::File},
};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// What a rule looks at.
#[derive(Debug, Clone)]
pub struct Select {
    pub subject: Kind,
    pub scopes: Vec<Scope>,
    pub kinds: Globs,
    pub namespaces: Globs,
    pub names: Globs,
    pub containers: Globs,
    pub labels: Vec<(String, Globs)>,
    pub paths: Globs,
}

/// Whether a rule is about something.
#[derive(Debug, PartialEq, Eq)]
pub enum Selected {
    Yes,
    No,
    /// The value of a label that decides it is not known.
    Unknown(String),
}

impl Select {
    /// Whether it is about an object.
    pub fn resource(&self, resource: &Resource) -> Selected {
        let path = resource.file.as_deref();
        let fits = self.kinds.fit(&resource.kind)
            && self.namespaces.fit(&resource.namespace)
            && self.names.fit(&resource.name)
            && (self.paths.is_empty() || path.is_some_and(|path| self.paths.fit(path)));
        if fits { self.labels(resource) } else { Selected::No }
    }

    fn labels(&self, resource: &Resource) -> Selected {
        if self.labels.is_empty() {
            return Selected::Yes;
        }
        let Some(labels) = schema::pointers("labels").iter().find_map(|pointer| resource.at(pointer)) else {
            return Selected::No;
        };
        let mut unknown = None;
        for (key, globs) in &self.labels {
            match labels.get(key) {
                Some(value) if value.is_opaque() => unknown = Some(key),
                Some(value) if value.scalar().is_some_and(|value| globs.fit(&value)) => {}
                _ => return Selected::No,
            }
        }
        match unknown {
            Some(key) => Selected::Unknown(format!(
                "whether it concerns this object depends on its label {key}, whose value is not known"
            )),
            None => Selected::Yes,
        }
    }

    /// Whether it is about a container; its object is asked as well.
    pub fn container(&self, container: &Container<'_>) -> Selected {
        if self.containers.fit(&container.name) { self.resource(container.resource) } else { Selected::No }
    }

    /// Whether it is about a file.
    pub fn file(&self, file: &File) -> Selected {
        if self.paths.fit(&file.path) { Selected::Yes } else { Selected::No }
    }
}

/// Patterns, and those that leave something out.
#[derive(Debug, Clone, Default)]
pub struct Globs {
    all: Vec<String>,
    wanted: GlobSet,
    unwanted: GlobSet,
}

impl Globs {
    /// Compiles patterns, for paths or for names.
    ///
    /// # Errors
    /// A pattern that is none, and what is wrong with it.
    pub fn new(patterns: &[String], are_paths: bool) -> Result<Self, String> {
        let (mut wanted, mut unwanted) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in patterns {
            let (set, text) = match pattern.strip_prefix('!') {
                Some(text) => (&mut unwanted, text),
                None => (&mut wanted, pattern.as_str()),
            };
            if text.is_empty() {
                return Err("an empty pattern; `*` fits everything".into());
            }
            let anywhere = if are_paths && !text.contains('/') { format!("**/{text}") } else { text.to_owned() };
            let glob = GlobBuilder::new(&anywhere).literal_separator(are_paths).build();
            set.add(glob.map_err(|error| format!("«{pattern}» is no pattern: {}", error.kind()))?);
        }
        let build = |set: GlobSetBuilder| set.build().map_err(|error| format!("these patterns are too large: {error}"));
        Ok(Self { all: patterns.to_vec(), wanted: build(wanted)?, unwanted: build(unwanted)? })
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether a text fits. Everything does where there is no pattern.
    pub fn fit(&self, text: &str) -> bool {
        (self.wanted.is_empty() || self.wanted.is_match(text)) && !self.unwanted.is_match(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(patterns: &[&str], are_paths: bool) -> Globs {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.into()).collect();
        Globs::new(&patterns, are_paths).expect("are patterns")
    }

    #[test]
    fn patterns() {
        let kinds = globs(&["Deploy*", "StatefulSet"], false);
        assert!(kinds.fit("Deployment") && kinds.fit("StatefulSet") && !kinds.fit("Pod"));
        let namespaces = globs(&["!kube-*"], false);
        assert!(namespaces.fit("shop") && namespaces.fit("") && !namespaces.fit("kube-system"));
        let paths = globs(&["docker/**", "*.sh", "!docker/old/**"], true);
        assert!(paths.fit("docker/a/b.yaml") && paths.fit("deep/down/x.sh") && paths.fit("x.sh"));
        assert!(!paths.fit("docker/old/b.yaml") && !paths.fit("src/docker/x"));
        assert!(globs(&[], true).fit("anything"));
        assert!(Globs::new(&["a[".into()], false).is_err());
        assert!(Globs::new(&["!".into()], false).is_err());
    }
}
