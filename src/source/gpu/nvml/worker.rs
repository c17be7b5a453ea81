//! A thread for each GPU: a call that hangs holds up nobody but the GPU that it is about. It cannot be called off; its thread stays
//! behind until it returns.

use super::{
    ask::Fault,
    library::Library,
    reading::{Question, Reader},
};
use crate::{model::gpu::Gpu, source::host::read::Root};
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

/// What became of a question.
#[derive(Debug)]
pub struct Answer {
    /// Number of the GPU.
    pub index: u32,
    pub gpu: Result<Gpu, Fault>,
}

/// The thread of a GPU. It ends when this is dropped, or as soon as a call that hangs has returned.
#[derive(Debug)]
pub struct Worker {
    questions: SyncSender<Question>,
}

impl Worker {
    /// Starts one; what it finds goes to `answers`.
    ///
    /// # Errors
    /// There are no more threads to be had.
    pub fn start(library: &Arc<Library>, root: Root, index: u32, answers: SyncSender<Answer>) -> std::io::Result<Self> {
        // At most one question is open, so that asking never waits.
        let (questions, asked) = sync_channel(1);
        let library = library.clone();
        let run = move || work(&library, root, index, &asked, &answers);
        thread::Builder::new().name(format!("nvml {index}")).spawn(run)?;
        Ok(Self { questions })
    }

    /// Asks; whether there is still somebody to ask.
    pub fn ask(&self, question: Question) -> bool {
        self.questions.try_send(question).is_ok()
    }
}

fn work(library: &Library, root: Root, index: u32, asked: &Receiver<Question>, answers: &SyncSender<Answer>) {
    let mut reader = Reader::new(index, root);
    // Looked up again after a failure only: the first time it may wake the GPU.
    let mut device = None;
    while let Ok(question) = asked.recv() {
        let gpu = match device.take().map_or_else(|| library.nvml().device_by_index(index), Ok) {
            Ok(found) => {
                let gpu = reader.read(&found, question);
                device = gpu.is_ok().then_some(found);
                gpu
            }
            Err(error) => Err(Fault::of(&error)),
        };
        if answers.send(Answer { index, gpu }).is_err() {
            return;
        }
    }
}
