//! A machine with NVIDIA GPUs that is not there: the stand-in library in a folder of its own with its scenario, and a `/` to go with it.
//! Each has a copy of the library, so that several can be loaded beside one another.

use flightdeck::source::{gpu::nvml::NvmlSource, host::read::Root};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

/// A machine.
pub struct Bed(tempfile::TempDir);

impl Bed {
    /// One of the scenarios beside this file.
    pub fn new(scenario: &str) -> Self {
        let bed = Self(tempfile::tempdir().expect("a folder"));
        fs::copy(&*LIBRARY, bed.library()).expect("the stand-in is copied");
        bed.change(&text_of(scenario));
        bed.file("proc/stat", "cpu 1\nbtime 1700000000\n");
        bed.file("dev/kmsg", "");
        bed.file("sys/module/nvidia/refcnt", "2\n");
        bed.file("sys/module/nvidia/holders/nvidia_uvm/refcnt", "0\n");
        bed
    }

    /// A home without anything in it.
    pub fn home(&self) -> PathBuf {
        self.0.path().join("home")
    }

    /// Where its library lies.
    pub fn library(&self) -> PathBuf {
        self.0.path().join("libnvidia-ml.so.1")
    }

    /// The source, as it runs on that machine.
    pub fn source(&self) -> NvmlSource {
        NvmlSource::new(Root::at(self.0.path().join("root")), Some(self.library()))
    }

    /// Another scenario from now on, by its text.
    pub fn change(&self, text: &str) {
        let new = self.0.path().join("scenario.new");
        fs::write(&new, text).and_then(|()| fs::rename(&new, self.0.path().join("scenario.toml"))).expect("written");
    }

    /// Puts a file below the machine's `/`.
    pub fn file(&self, path: &str, text: &str) {
        let path = self.0.path().join("root").join(path);
        fs::create_dir_all(path.parent().expect("has one")).and_then(|()| fs::write(path, text)).expect("written");
    }

    /// Whether its scenario has errors that are told as events.
    pub fn tells_xids(&self) -> bool {
        fs::read_to_string(self.0.path().join("scenario.toml")).is_ok_and(|text| text.contains("xid"))
    }

    /// How often the library was initialised, and how often more than it was shut down.
    pub fn opened(&self) -> (u32, u32) {
        let text = fs::read_to_string(self.0.path().join("opened")).unwrap_or_default();
        let mut numbers = text.split(' ').map(|number| number.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }
}

/// The text of a scenario.
pub fn text_of(scenario: &str) -> String {
    let path = repository().join("tests/gpu").join(scenario).with_extension("toml");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The stand-in as Cargo builds it for this run. A run of one test alone builds no examples, so that it is built here where it is
/// missing or old.
static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = env::current_exe().expect("known");
    let folder = test.ancestors().nth(2).expect("deps lies in the folder of its profile");
    let library = folder.join("examples/libnvml_stand_in.so");
    let changed = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let sources = fs::read_dir(repository().join("tests/nvml_stand_in")).expect("readable").flatten();
    let newest = sources.filter_map(|entry| changed(&entry.path())).max();
    if changed(&library) < newest {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--example", "nvml_stand_in", "--target-dir"]);
        build.arg(folder.parent().expect("the target folder")).current_dir(repository());
        // What Cargo tells a test of its package would make build scripts run anew.
        let of_package = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        env::vars().filter(|(name, _)| of_package(name)).for_each(|(name, _)| {
            build.env_remove(name);
        });
        if folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "the stand-in is built");
    }
    library
});
