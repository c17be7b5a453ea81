//! NVIDIA's library: opened when it is needed, closed when nothing of ours uses it any more, and every way of not having it in words.

use crate::source::{
    SourceError,
    host::{bytes, read::Root},
};
use compact_str::CompactString;
use nvml_wrapper::{Nvml, error::NvmlError};
use std::{
    ffi::OsStr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The name by which every driver installs it; the one without a number is for developers only.
const NAME: &str = "libnvidia-ml.so.1";

/// How many libraries we have open: closing one takes as long as its last call.
#[derive(Debug, Clone, Default)]
pub struct OpenCount(Arc<AtomicUsize>);

impl OpenCount {
    /// Whether none is open any more, so that a driver in use is in use by somebody else.
    pub fn is_zero(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}

/// The library, initialised. Every thread that calls it holds it, so that it is shut down after the last call, by whoever made that.
pub struct Library {
    nvml: Option<Nvml>,
    open: OpenCount,
}

impl Library {
    /// Opens and initialises it.
    ///
    /// # Errors
    /// Why there is none, for the reader.
    pub fn open(path: Option<&Path>, root: &Root, open: &OpenCount) -> Result<Arc<Self>, SourceError> {
        let name = path.map_or(OsStr::new(NAME), Path::as_os_str);
        match Nvml::builder().lib_path(name).init() {
            Ok(nvml) => {
                open.0.fetch_add(1, Ordering::AcqRel);
                Ok(Arc::new(Self { nvml: Some(nvml), open: open.clone() }))
            }
            Err(NvmlError::LibloadingError(error)) => Err(not_loaded(path, root, &error.to_string())),
            Err(error) => Err(refused(root, &error)),
        }
    }

    /// What can be called.
    pub fn nvml(&self) -> &Nvml {
        self.nvml.as_ref().expect("there until it is dropped")
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        self.nvml = None;
        self.open.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn off(reason: impl Into<String>) -> SourceError {
    SourceError::Off { reason: reason.into() }
}

fn down(reason: impl Into<String>, hint: &str) -> SourceError {
    SourceError::Down { reason: reason.into(), hint: hint.into() }
}

/// The loader found no library, or one that it cannot load.
fn not_loaded(path: Option<&Path>, root: &Root, words: &str) -> SourceError {
    if let Some(path) = path {
        let reason = format!("cannot load {}: {words}", path.display());
        return down(reason, "name NVIDIA's library in nvml-library of [gpu], or leave that out");
    }
    if words.contains("loading not supported") {
        return off("this build is linked statically and cannot load NVIDIA's library; use the other one");
    }
    if !words.contains("No such file") {
        return down(format!("cannot load {NAME}: {words}"), "install the driver's libraries anew");
    }
    if is_loaded(root) {
        return off(format!(
            "no NVIDIA library ({NAME}), though the driver is loaded; a container has to be given its GPUs"
        ));
    }
    off(format!("no NVIDIA library ({NAME}): no NVIDIA driver is installed here"))
}

/// The library is there, and does not want to work.
pub fn refused(root: &Root, error: &NvmlError) -> SourceError {
    match error {
        NvmlError::DriverNotLoaded => match Bus::look(root) {
            Bus::Empty => off("the NVIDIA driver is not loaded, and there is no NVIDIA GPU on the PCI bus"),
            Bus::Taken(driver) => off(format!("the NVIDIA GPUs are driven by {driver}, not by NVIDIA's driver")),
            Bus::Free => down("the NVIDIA driver is not loaded", "load it: modprobe nvidia; see dmesg if that fails"),
        },
        NvmlError::LibRmVersionMismatch => down(
            "NVIDIA's driver and library are of different versions",
            "the driver was upgraded under the running kernel module: restart the machine, or unload the module when no GPU is in use",
        ),
        NvmlError::NoPermission => down(
            "no permission to ask the NVIDIA driver",
            "run as a user who may open /dev/nvidia*; in a container, give it the devices",
        ),
        NvmlError::GpuLost => down("a GPU is lost, and the driver does not start", "see dmesg; restart the machine"),
        NvmlError::ResetRequired => down("a GPU requires a reset, and the driver does not start", "reset the GPU"),
        error => down(format!("the NVIDIA driver does not start: {error}"), "see nvidia-smi and dmesg"),
    }
}

/// What went wrong, in the library's words.
pub fn words(error: &NvmlError) -> CompactString {
    error.to_string().into()
}

/// NVIDIA GPUs on the PCI bus.
#[derive(Debug, PartialEq, Eq)]
enum Bus {
    Empty,
    /// Another driver has them all: `vfio-pci`, `nouveau`.
    Taken(CompactString),
    Free,
}

impl Bus {
    fn look(root: &Root) -> Self {
        let devices = std::fs::read_dir(root.join("sys/bus/pci/devices")).into_iter().flatten().flatten();
        let mut found = Self::Empty;
        for device in devices.map(|entry| entry.path()).filter(|path| is_gpu(path)) {
            let driver = std::fs::read_link(device.join("driver")).ok();
            let driver = driver.and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
            match driver {
                Some(driver) if driver != "nvidia" => found = Self::Taken(driver.into()),
                _ => return Self::Free,
            }
        }
        found
    }
}

/// Whether a folder of sysfs is an NVIDIA display or 3D controller.
fn is_gpu(device: &Path) -> bool {
    let read = |file: &str| std::fs::read_to_string(device.join(file)).unwrap_or_default();
    read("vendor").trim() == "0x10de" && read("class").trim().starts_with("0x03")
}

/// Whether the kernel module is loaded.
fn is_loaded(root: &Root) -> bool {
    root.join("sys/module/nvidia").is_dir()
}

/// Whether somebody else uses the driver, so that asking it wakes nothing.
///
/// # Errors
/// Why it is left alone.
pub fn in_use(root: &Root, persistent: bool) -> Result<(), SourceError> {
    if !is_loaded(root) {
        let absent = Bus::look(root) == Bus::Empty;
        return Err(off(if absent { "no NVIDIA GPU here" } else { "the NVIDIA driver is not loaded" }));
    }
    let count = root.read("sys/module/nvidia/refcnt").and_then(|text| bytes::only_number(&text)).unwrap_or(0);
    // Each kernel module that needs it counts as one, whether or not it is used itself.
    let modules = std::fs::read_dir(root.join("sys/module/nvidia/holders")).map_or(0, |holders| holders.count() as u64);
    if count > modules || persistent {
        return Ok(());
    }
    Err(off("the driver is not in use; open the GPU page to ask it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::host::read::fixture;

    fn reason(error: &SourceError) -> (bool, String) {
        (matches!(error, SourceError::Off { .. }), error.to_string())
    }

    #[test]
    fn a_driver_that_is_not_loaded_is_a_fault_only_where_it_has_a_gpu() {
        let gpu = "sys/bus/pci/devices/0000:1b:00.0";
        let vendor =
            |vendor: &str| fixture(&[(&format!("{gpu}/vendor"), vendor), (&format!("{gpu}/class"), "0x030200\n")]);
        let (_folder, root) = vendor("0x1002\n");
        assert!(reason(&refused(&root, &NvmlError::DriverNotLoaded)).0);
        let (folder, root) = vendor("0x10de\n");
        assert_eq!(
            reason(&refused(&root, &NvmlError::DriverNotLoaded)),
            (false, "the NVIDIA driver is not loaded".into())
        );
        std::os::unix::fs::symlink("../../drivers/vfio-pci", folder.path().join(gpu).join("driver")).expect("linked");
        let (is_off, words) = reason(&refused(&root, &NvmlError::DriverNotLoaded));
        assert!(is_off && words.contains("vfio-pci"), "{words}");
        assert_eq!(in_use(&root, false), Err(off("the NVIDIA driver is not loaded")));
    }

    #[test]
    fn a_driver_is_in_use_where_more_than_modules_hold_it() {
        let module = |count: &str| {
            fixture(&[("sys/module/nvidia/refcnt", count), ("sys/module/nvidia/holders/nvidia_uvm/x", "")])
        };
        let (_folder, root) = module("1\n");
        assert_eq!(in_use(&root, false), Err(off("the driver is not in use; open the GPU page to ask it")));
        assert_eq!(in_use(&root, true), Ok(()), "persistence keeps it awake");
        let (_folder, root) = module("2\n");
        assert_eq!(in_use(&root, false), Ok(()));
    }

    #[test]
    fn every_way_of_having_no_library_has_its_words() {
        let (_folder, root) = fixture(&[("sys/x", "")]);
        let absent = "libnvidia-ml.so.1: cannot open shared object file: No such file or directory";
        let (is_off, words) = reason(&not_loaded(None, &root, absent));
        assert!(is_off && words == "no NVIDIA library (libnvidia-ml.so.1): no NVIDIA driver is installed here");
        assert!(!reason(&not_loaded(None, &root, "invalid ELF header")).0);
        assert!(reason(&not_loaded(None, &root, "Dynamic loading not supported")).1.contains("statically"));
        assert!(!reason(&not_loaded(Some(Path::new("/x/lib.so")), &root, absent)).0, "who names one wants it");
        let (_folder, loaded) = fixture(&[("sys/module/nvidia/refcnt", "0")]);
        assert!(reason(&not_loaded(None, &loaded, absent)).1.contains("container"));
    }
}
