//! A revision of a Helm release, as Helm keeps it in a Secret: base64 of gzip of JSON, within the base64 of every Secret
//! (<https://github.com/helm/helm/blob/main/pkg/storage/driver/util.go>). Whoever may write Secrets has written it: it is hostile.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use jiff::Timestamp;
use kube::api::DynamicObject;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};

/// The type of Helm's Secrets.
pub const KIND: &str = "helm.sh/release.v1";
/// The annotation of a revision that was begun here, so that it is gone on with after a crash.
pub const OURS: &str = "flightdeck/rollback-to";
/// The most that a revision may be once it is unpacked, in bytes: Helm's own Secrets hold 1 MiB of what is packed.
const MOST: u64 = 64 << 20;
/// How a gzip stream begins. Helm's oldest Secrets are not packed.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// A revision that was read whole.
#[derive(Debug, Clone)]
pub struct Release {
    body: Value,
}

impl Release {
    /// Reads what a Secret keeps.
    ///
    /// # Errors
    /// It is not what Helm writes, and why.
    pub fn read(secret: &DynamicObject) -> Result<Self, String> {
        let text = secret.data.pointer("/data/release").and_then(Value::as_str).ok_or("it keeps no release")?;
        let outer = STANDARD.decode(text).map_err(|error| format!("it is not base64: {error}"))?;
        Self::decode(&outer, MOST)
    }

    /// Reads what Helm has written, up to a size.
    fn decode(text: &[u8], most: u64) -> Result<Self, String> {
        let packed = STANDARD.decode(text).map_err(|error| format!("what it keeps is not base64: {error}"))?;
        let bytes = if packed.starts_with(&MAGIC) {
            let mut bytes = Vec::new();
            let read = GzDecoder::new(packed.as_slice()).take(most + 1).read_to_end(&mut bytes);
            read.map_err(|error| format!("it cannot be unpacked: {error}"))?;
            if bytes.len() as u64 > most {
                return Err(format!("it is larger than {most} bytes once it is unpacked"));
            }
            bytes
        } else {
            packed
        };
        let body: Value = serde_json::from_slice(&bytes).map_err(|error| format!("it is not JSON: {error}"))?;
        if !body.get("version").is_some_and(Value::is_u64) || !body.get("info").is_some_and(Value::is_object) {
            return Err("it is no release: version or info is missing".into());
        }
        Ok(Self { body })
    }

    /// As a Secret keeps it in its field `data.release`.
    ///
    /// # Errors
    /// It cannot be packed.
    pub fn encode(&self) -> Result<String, String> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let packed = packer.write_all(self.body.to_string().as_bytes()).and_then(|()| packer.finish());
        let packed = packed.map_err(|error| format!("it cannot be packed: {error}"))?;
        Ok(STANDARD.encode(STANDARD.encode(packed)))
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
    }

    /// Its number.
    pub fn version(&self) -> u64 {
        self.body.get("version").and_then(Value::as_u64).unwrap_or(0)
    }

    /// `deployed`, `superseded`, `failed`, `pending-rollback` …
    pub fn status(&self) -> &str {
        self.text("/info/status").unwrap_or("unknown")
    }

    /// What Helm said of how it came about.
    pub fn description(&self) -> Option<&str> {
        self.text("/info/description")
    }

    /// When it was last changed.
    pub fn updated_at(&self) -> Option<&str> {
        self.text("/info/last_deployed")
    }

    /// Name and version of the chart.
    pub fn chart(&self) -> Option<String> {
        let (name, version) = (self.text("/chart/metadata/name")?, self.text("/chart/metadata/version"));
        Some(version.map_or_else(|| name.to_owned(), |version| format!("{name}-{version}")))
    }

    /// Version of what the chart installs.
    pub fn app_version(&self) -> Option<&str> {
        self.text("/chart/metadata/appVersion")
    }

    /// Its objects as YAML.
    pub fn manifest(&self) -> &str {
        self.text("/manifest").unwrap_or_default()
    }

    /// How many hooks it has.
    pub fn hooks(&self) -> usize {
        self.body.get("hooks").and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// The revision that a rollback to this one begins, as Helm makes it (`prepareRollback` in
    /// <https://github.com/helm/helm/blob/main/pkg/action/rollback.go>).
    pub fn begun_again(&self, current: &Self, version: u64, at: Timestamp) -> Self {
        let mut body = self.body.clone();
        body["version"] = version.into();
        body["info"] = json!({
            "first_deployed": current.body.pointer("/info/first_deployed"),
            "last_deployed": at.to_string(),
            "deleted": "",
            "description": told(self.version()),
            "status": "pending-rollback",
            "notes": self.body.pointer("/info/notes"),
        });
        Self { body }
    }

    /// The same with another status, and with another description where one is given.
    pub fn with_status(&self, status: &str, description: Option<&str>) -> Self {
        let mut body = self.body.clone();
        body["info"]["status"] = status.into();
        if let Some(description) = description {
            body["info"]["description"] = description.into();
        }
        Self { body }
    }
}

/// What a rollback says of itself.
pub fn told(revision: u64) -> String {
    format!("Rollback to {revision}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(bytes).expect("written");
        STANDARD.encode(packer.finish().expect("packed")).into_bytes()
    }

    fn why(text: &[u8]) -> String {
        Release::decode(text, 1 << 20).expect_err("refused")
    }

    fn release() -> Release {
        let body = json!({ "name": "web", "version": 3, "manifest": "a: 1\n", "hooks": [{}],
            "info": { "status": "deployed", "first_deployed": "2026-01-01T00:00:00Z", "notes": "n" },
            "chart": { "metadata": { "name": "web", "version": "1.2.3", "appVersion": "9" }, "templates": [{ "data": "eA==" }] } });
        Release { body }
    }

    #[test]
    fn what_helm_has_written_comes_back_whole() {
        let written = release().encode().expect("packed");
        let back = Release::decode(&STANDARD.decode(&written).expect("base64"), MOST).expect("read");
        assert_eq!(back.body, release().body);
        assert_eq!((back.version(), back.status(), back.hooks()), (3, "deployed", 1));
        assert_eq!((back.chart().as_deref(), back.app_version()), (Some("web-1.2.3"), Some("9")));
        // The oldest Secrets are not packed.
        let plain = STANDARD.encode(r#"{"version": 1, "info": {}}"#);
        assert_eq!(Release::decode(plain.as_bytes(), MOST).expect("read").version(), 1);
    }

    #[test]
    fn what_is_hostile_is_refused_with_a_reason() {
        assert!(why(b"\xff\xfe!").contains("not base64"));
        assert!(why(STANDARD.encode("not gzip, not JSON").as_bytes()).contains("not JSON"));
        assert!(why(STANDARD.encode([0x1f, 0x8b, 8, 0, 0, 1, 2, 3, 4]).as_bytes()).contains("unpacked"));
        assert!(why(&packed(&vec![b'a'; 8 << 20])).contains("larger than 1048576 bytes"));
        assert!(why(&packed(b"{\"version\": 1, \"info\": {")).contains("not JSON"));
        assert!(why(&packed(&vec![b'['; 100_000])).contains("not JSON"));
        assert!(why(&packed(b"{\"version\": -1, \"info\": {}}")).contains("no release"));
        assert!(why(&packed(b"[]")).contains("no release"));
        let whole = packed(release().body.to_string().as_bytes());
        let bytes = STANDARD.decode(&whole).expect("base64");
        assert!(why(STANDARD.encode(&bytes[..bytes.len() / 2]).as_bytes()).contains("unpacked"));
    }

    #[test]
    fn a_rollback_begins_a_revision_as_helm_does() {
        let at = "2026-11-29T04:00:00Z".parse().expect("a time");
        let old = release();
        let begun = old.begun_again(&old.with_status("failed", Some("x")), 8, at);
        assert_eq!(
            (begun.version(), begun.status(), begun.description()),
            (8, "pending-rollback", Some("Rollback to 3"))
        );
        assert_eq!(begun.body["info"]["first_deployed"], "2026-01-01T00:00:00Z");
        assert_eq!((begun.manifest(), &begun.body["chart"]), (old.manifest(), &old.body["chart"]));
        let failed = begun.with_status("failed", Some("why"));
        assert_eq!((failed.status(), failed.description()), ("failed", Some("why")));
    }
}
