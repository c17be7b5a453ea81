//! Objects of the API, cut to what is shown and judged. What is not named here is skipped while reading, and costs no memory.

use crate::model::{
    Timestamp,
    kubernetes::{Condition, Owner, Resources},
    redact,
};
use compact_str::CompactString;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// Pairs of words: labels, annotations.
pub type Pairs = Vec<(CompactString, CompactString)>;

/// Reads `null` as nothing: the API writes it for lists that are empty.
pub fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A time; one that cannot be read is unknown.
pub fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<Cow<'de, str>> = Option::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// A map of words, as pairs in the order of the API.
pub fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
    deserializer.deserialize_any(PairsVisitor(|_| true))
}

/// Of the annotations only those that are needed: some hold whole objects.
fn annotations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
    deserializer.deserialize_any(PairsVisitor(|key| key == REVISION))
}

/// The annotation in which a Deployment's revision stands.
pub const REVISION: &str = "deployment.kubernetes.io/revision";

struct PairsVisitor(fn(&str) -> bool);

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of words")
    }
    fn visit_unit<E>(self) -> Result<Pairs, E> {
        Ok(Pairs::new())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Pairs::new();
        while let Some(key) = map.next_key::<CompactString>()? {
            if (self.0)(&key) {
                pairs.push((key, map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        pairs.shrink_to_fit();
        Ok(pairs)
    }
}

/// `metadata`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Meta {
    pub name: CompactString,
    pub namespace: CompactString,
    pub uid: CompactString,
    pub resource_version: CompactString,
    pub generation: i64,
    #[serde(deserialize_with = "time")]
    pub creation_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    pub deletion_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "pairs")]
    pub labels: Pairs,
    #[serde(deserialize_with = "annotations")]
    pub annotations: Pairs,
    #[serde(deserialize_with = "or_default")]
    pub owner_references: Vec<OwnerReference>,
    #[serde(deserialize_with = "or_default")]
    pub finalizers: Vec<CompactString>,
}

impl Meta {
    /// What controls it.
    pub fn owner(&self) -> Option<Owner> {
        let owner = self.owner_references.iter().find(|owner| owner.controller)?;
        Some(Owner { kind: owner.kind.clone(), name: owner.name.clone() })
    }

    /// A Deployment's revision, on it and on its ReplicaSets.
    pub fn revision(&self) -> Option<u64> {
        self.annotations.iter().find(|(key, _)| key == REVISION)?.1.parse().ok()
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OwnerReference {
    pub kind: CompactString,
    pub name: CompactString,
    #[serde(deserialize_with = "or_default")]
    pub controller: bool,
}

/// `status.conditions[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SlimCondition {
    #[serde(rename = "type")]
    pub kind: CompactString,
    pub status: CompactString,
    pub reason: CompactString,
    pub message: CompactString,
    #[serde(deserialize_with = "time")]
    pub last_transition_time: Option<Timestamp>,
}

impl From<SlimCondition> for Condition {
    fn from(slim: SlimCondition) -> Self {
        let SlimCondition { kind, status, reason, mut message, last_transition_time } = slim;
        if let Cow::Owned(shown) = redact::text(&message) {
            message = shown.into();
        }
        Self { kind, status, reason, message, since: last_transition_time }
    }
}

/// `spec.containers[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SlimContainer {
    pub name: CompactString,
    pub image: CompactString,
    pub restart_policy: CompactString,
    pub resources: SlimResources,
}

/// `resources` of a container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SlimResources {
    #[serde(deserialize_with = "or_default")]
    pub requests: Amounts,
    #[serde(deserialize_with = "or_default")]
    pub limits: Amounts,
}

/// Amounts by resource, of which CPU and memory are read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Amounts {
    cpu: Option<Quantity>,
    memory: Option<Quantity>,
    pods: Option<Quantity>,
}

impl Amounts {
    /// CPU and memory.
    pub fn resources(&self) -> Resources {
        let amount = |quantity: &Option<Quantity>| quantity.as_ref().and_then(|quantity| quantity.0);
        Resources { cpu_cores: amount(&self.cpu), memory_bytes: amount(&self.memory).map(|bytes| bytes as u64) }
    }

    /// How many pods a node takes.
    pub fn pods(&self) -> Option<u32> {
        self.pods.as_ref().and_then(|quantity| quantity.0).map(|pods| pods as u32)
    }
}

/// A quantity as the API writes it: `250m`, `64Mi`, `1e3`; `None` where it cannot be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quantity(pub Option<f64>);

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written<'a> {
            Text(#[serde(borrow)] Cow<'a, str>),
            Number(f64),
        }
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::Text(text) => quantity(&text),
            Written::Number(number) => Some(number),
        }))
    }
}

/// Reads a quantity (<https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>).
pub fn quantity(text: &str) -> Option<f64> {
    const SUFFIXES: &[(&str, f64)] = &[
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
    ];
    let text = text.trim();
    let amount = text.parse::<f64>().ok().or_else(|| {
        let (suffix, factor) = SUFFIXES.iter().find(|(suffix, _)| text.ends_with(suffix))?;
        Some(text[..text.len() - suffix.len()].parse::<f64>().ok()? * factor)
    });
    amount.filter(|amount| amount.is_finite())
}

/// `spec.selector` of a workload: a map of words, or `matchLabels` in one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    #[serde(deserialize_with = "pairs")]
    pub match_labels: Pairs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_the_api_writes_them() {
        let cases = [
            ("250m", Some(0.25)),
            ("2", Some(2.0)),
            ("0.5", Some(0.5)),
            ("64Mi", Some(67_108_864.0)),
            ("128974848", Some(128_974_848.0)),
            ("129e6", Some(129e6)),
            ("129M", Some(129e6)),
            ("1.5Gi", Some(1_610_612_736.0)),
            ("100n", Some(1e-7)),
            ("1E", Some(1e18)),
            ("", None),
            ("Mi", None),
            ("lots", None),
            ("NaN", None),
        ];
        for (text, expected) in cases {
            let near = |found: f64, expected: f64| (found - expected).abs() <= expected.abs() * 1e-9;
            let fits = match (quantity(text), expected) {
                (Some(found), Some(expected)) => near(found, expected),
                (found, expected) => found == expected,
            };
            assert!(fits, "{text}: {:?}", quantity(text));
        }
    }

    #[test]
    fn what_is_missing_or_null_is_nothing() {
        let text = r#"{"name":"a","labels":null,"ownerReferences":null,"creationTimestamp":null,"deletionTimestamp":"soon",
            "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","deployment.kubernetes.io/revision":"7"},
            "managedFields":[{"fieldsV1":{"f:a":{}}}]}"#;
        let meta: Meta = serde_json::from_str(text).expect("reads");
        assert_eq!(meta.revision(), Some(7));
        assert_eq!(meta.annotations.len(), 1, "large ones are not kept");
        assert_eq!(meta.deletion_timestamp, None);
        assert!(meta.owner().is_none());
    }
}
