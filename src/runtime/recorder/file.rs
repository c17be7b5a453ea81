//! The file that is recorded into. It is written by a thread of its own, so that a slow disk holds nothing up.

use super::format::Header;
use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

/// At this size a recording ends by itself.
pub const FILE_LIMIT: u64 = 256 << 20;
/// Chunks that may wait for the disk; with one in five seconds that is more than a minute.
const WAITING: usize = 16;
/// How long leaving waits for the disk.
const PATIENCE: Duration = Duration::from_secs(2);

/// A file that chunks are appended to.
pub struct FileSink {
    path: PathBuf,
    chunks: Option<SyncSender<Vec<u8>>>,
    finished: Receiver<()>,
    problem: Arc<OnceLock<String>>,
    size: u64,
    limit: u64,
}

impl FileSink {
    /// Makes a new file that only its owner can read: it holds the arguments of processes.
    ///
    /// # Errors
    /// Where it exists already, or cannot be made.
    pub fn create(path: &Path, header: &Header, limit: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| named(path, &error))?;
        }
        let options = File::options().write(true).create_new(true).mode(0o600).clone();
        let mut file = options.open(path).map_err(|error| named(path, &error))?;
        let head = header.to_bytes();
        file.write_all(&head).map_err(|error| named(path, &error))?;
        let (chunks, waiting) = sync_channel(WAITING);
        let (tell, finished) = sync_channel(1);
        let problem = Arc::new(OnceLock::new());
        let noted = Arc::clone(&problem);
        thread::Builder::new().name("recorder".into()).stack_size(128 << 10).spawn(move || {
            if let Err(error) = write_all(file, &waiting) {
                let _ = noted.set(error.to_string());
            }
            let _ = tell.send(());
        })?;
        Ok(Self { path: path.into(), chunks: Some(chunks), finished, problem, size: head.len() as u64, limit })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a chunk.
    ///
    /// # Errors
    /// Why the recording cannot go on, in words.
    pub fn append(&mut self, chunk: Vec<u8>) -> Result<(), String> {
        if let Some(problem) = self.problem.get() {
            return Err(problem.clone());
        }
        if self.size + chunk.len() as u64 > self.limit {
            return Err(format!("it has reached its limit of {} MiB", self.limit >> 20));
        }
        self.size += chunk.len() as u64;
        let sent = self.chunks.as_ref().map(|chunks| chunks.try_send(chunk));
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err(self.problem.get().cloned().unwrap_or_else(|| "the disk does not keep up".into())),
        }
    }

    /// Writes what is left, but waits for nothing: after a failure there is nothing to wait for. Returns where it lies.
    pub fn let_go(mut self) -> PathBuf {
        self.chunks = None;
        std::mem::take(&mut self.path)
    }

    /// Waits for the disk; returns where the file lies and how long it is.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn end(mut self) -> Result<(PathBuf, u64), String> {
        self.finish().map(|()| (self.path.clone(), self.size))
    }

    /// Waits for what has been appended to be on the disk, but not for ever.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn finish(&mut self) -> Result<(), String> {
        if self.chunks.take().is_none() {
            return Ok(());
        }
        if self.finished.recv_timeout(PATIENCE).is_err() {
            return Err("the disk does not answer; the end may be missing".into());
        }
        self.problem.get().map_or(Ok(()), |problem| Err(problem.clone()))
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

fn write_all(mut file: File, waiting: &Receiver<Vec<u8>>) -> io::Result<()> {
    for chunk in waiting {
        file.write_all(&chunk)?;
    }
    file.sync_data()
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    let path_text = path.display();
    let text = match error.kind() {
        io::ErrorKind::AlreadyExists if fs::metadata(path).is_ok() => {
            format!(
                "cannot record into {path_text}: it exists already, and a recording is never overwritten; name another file"
            )
        }
        _ => format!("cannot record into {path_text}: {error}"),
    };
    io::Error::new(error.kind(), text)
}
