//! Small files of a device's folder.

use crate::source::host::read::read_into;
use compact_str::CompactString;
use std::path::PathBuf;

/// A folder of `/sys`.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// This folder.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The whole of a file; `None` where it cannot be read.
    pub fn text(&self, file: &str) -> Option<String> {
        let mut bytes = Vec::new();
        read_into(&self.0.join(file), &mut bytes).then(|| String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// The first word of a file.
    pub fn word(&self, file: &str) -> Option<CompactString> {
        self.text(file)?.split_whitespace().next().map(Into::into)
    }

    /// A file that holds a number, which may be below zero.
    pub fn number(&self, file: &str) -> Option<i64> {
        self.word(file)?.parse().ok()
    }

    /// A number that is none where it is below zero.
    pub fn count(&self, file: &str) -> Option<u64> {
        self.number(file)?.try_into().ok()
    }

    /// Name of what a link leads to.
    pub fn link(&self, name: &str) -> Option<CompactString> {
        let target = std::fs::read_link(self.0.join(name)).ok()?;
        Some(target.file_name()?.to_str()?.into())
    }

    /// The name of this folder itself, links followed: a device's PCI address.
    pub fn own_name(&self) -> Option<CompactString> {
        let path = std::fs::canonicalize(&self.0).ok()?;
        Some(path.file_name()?.to_str()?.into())
    }

    /// The folder's sensors, where it has some.
    pub fn sensors(&self) -> Option<Self> {
        let mut entries = std::fs::read_dir(self.0.join("hwmon")).ok()?.flatten();
        entries.next().map(|entry| Self(entry.path()))
    }

    /// Degrees of the sensor with one of these labels, from the file with this ending; the best label first.
    pub fn celsius(&self, labels: &[&str], ending: &str) -> Option<f64> {
        let labelled = |label: &str| (1..9).find(|n| self.word(&format!("temp{n}_label")).as_deref() == Some(label));
        let channel = labels.iter().find_map(|label| labelled(label))?;
        self.number(&format!("temp{channel}_{ending}")).map(|millidegrees| millidegrees as f64 / 1e3)
    }

    /// Watts, of microwatts in the first of these files that can be read.
    pub fn watts(&self, files: &[&str]) -> Option<f64> {
        files.iter().find_map(|file| self.count(file)).map(|microwatts| microwatts as f64 / 1e6)
    }
}

/// PCIe's generation by the speed of one lane, as in `16.0 GT/s PCIe`.
pub fn generation(speed: &str) -> Option<u32> {
    Some(match speed.split_whitespace().next()? {
        "2.5" => 1,
        "5.0" | "5" => 2,
        "8.0" | "8" => 3,
        "16.0" | "16" => 4,
        "32.0" | "32" => 5,
        "64.0" | "64" => 6,
        _ => return None,
    })
}
