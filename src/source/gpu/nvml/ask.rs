//! Asking one GPU, call by call: what it does not have and what it does not tell are noted by their words, and a GPU that is gone is
//! not asked on.

use super::library::words;
use crate::model::gpu::{Gpu, GpuState};
use compact_str::CompactString;
use nvml_wrapper::{Device, error::NvmlError};

/// Why a GPU as a whole does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub state: GpuState,
    pub problem: CompactString,
}

impl Fault {
    /// What an error means for the GPU that it came from.
    pub fn of(error: &NvmlError) -> Self {
        let state = match error {
            NvmlError::GpuLost => GpuState::Lost,
            NvmlError::ResetRequired => GpuState::ResetRequired,
            NvmlError::NoPermission => GpuState::Denied,
            _ => GpuState::Failed,
        };
        Self { state, problem: words(error) }
    }
}

/// A round of questions to one GPU.
pub struct Ask<'d, 'nvml> {
    device: &'d Device<'nvml>,
    unsupported: Vec<CompactString>,
    denied: Vec<CompactString>,
    fault: Option<Fault>,
    /// The first error that says nothing about the call.
    problem: Option<CompactString>,
    answered: bool,
}

impl<'d, 'nvml> Ask<'d, 'nvml> {
    /// Begins a round.
    pub const fn new(device: &'d Device<'nvml>) -> Self {
        Self { device, unsupported: Vec::new(), denied: Vec::new(), fault: None, problem: None, answered: false }
    }

    /// Makes a call. `word` stands for what is missing where it is not supported, or not allowed; empty where nothing is.
    pub fn ask<T>(
        &mut self,
        word: &'static str,
        call: impl FnOnce(&'d Device<'nvml>) -> Result<T, NvmlError>,
    ) -> Option<T> {
        if self.fault.is_some() {
            return None;
        }
        let answer = call(self.device);
        self.take(word, answer)
    }

    /// Takes what a call answered.
    pub fn take<T>(&mut self, word: &'static str, answer: Result<T, NvmlError>) -> Option<T> {
        let error = match answer {
            Ok(value) => {
                self.answered = true;
                return Some(value);
            }
            Err(error) => error,
        };
        match &error {
            NvmlError::GpuLost | NvmlError::ResetRequired => self.fault = Some(Fault::of(&error)),
            NvmlError::NoPermission => note(&mut self.denied, word),
            error if is_unsupported(error) => note(&mut self.unsupported, word),
            // Nothing to tell at this moment.
            NvmlError::NotFound | NvmlError::NoData | NvmlError::InsufficientSize(_) | NvmlError::InUse => {}
            error => {
                tracing::debug!(what = word, %error, "NVML");
                self.problem.get_or_insert_with(|| words(error));
            }
        }
        None
    }

    /// Notes that the GPU does not have something.
    pub fn lacks(&mut self, word: &'static str) {
        note(&mut self.unsupported, word);
    }

    /// Ends the round: what was noted goes to the GPU, unless it as a whole does not answer.
    pub fn end(self, gpu: &mut Gpu) -> Result<(), Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if let (false, Some(problem)) = (self.answered, self.problem) {
            return Err(Fault { state: GpuState::Failed, problem });
        }
        if !self.answered && !self.denied.is_empty() {
            return Err(Fault { state: GpuState::Denied, problem: words(&NvmlError::NoPermission) });
        }
        gpu.unsupported.extend(self.unsupported);
        gpu.denied.extend(self.denied);
        Ok(())
    }
}

/// Whether an error says that this GPU or driver cannot do what was asked for.
pub const fn is_unsupported(error: &NvmlError) -> bool {
    // 25 and 26: a driver too old or too new for the call's form.
    matches!(
        error,
        NvmlError::NotSupported
            | NvmlError::FailedToLoadSymbol(_)
            | NvmlError::FunctionNotFound
            | NvmlError::VgpuEccNotSupported
            | NvmlError::InvalidArg
            | NvmlError::UnexpectedVariant(25 | 26)
    )
}

fn note(list: &mut Vec<CompactString>, word: &'static str) {
    if !word.is_empty() && !list.iter().any(|noted| noted == word) {
        list.push(word.into());
    }
}
