//! GPUs of this machine, by what their drivers say.

pub mod nvml;
pub mod sysfs;

use super::{Source, host::read::Root};
use std::path::PathBuf;

/// How GPUs are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// NVIDIA's management library; found by the loader unless it is named.
    pub nvml_library: Option<PathBuf>,
}

/// Every source of GPUs.
pub fn all(options: &Options) -> Vec<Box<dyn Source>> {
    vec![
        Box::new(nvml::NvmlSource::new(Root::real(), options.nvml_library.clone())),
        Box::new(sysfs::SysfsSource::new(Root::real())),
    ]
}
