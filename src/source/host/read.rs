//! Reading small files cheaply: into buffers that are used again, from files that may stay open.

use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{CWD, Mode, OFlags},
    io::Errno,
};
use std::path::{Path, PathBuf};

/// Largest file that is read; what is beyond is cut. The kernel's texts are smaller by far.
const LIMIT: usize = 8 << 20;

/// The root of the file system that is read; tests point it at a folder of fixtures with `proc`, `sys` and `etc` in it.
#[derive(Debug, Clone)]
pub struct Root(PathBuf);

impl Root {
    /// The real one, `/`.
    pub fn real() -> Self {
        Self("/".into())
    }

    /// Whether this is the real one, of which the kernel itself can be asked.
    pub fn is_real(&self) -> bool {
        self.0 == Path::new("/")
    }

    /// A folder that stands for `/`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// `path` below this root; a leading `/` is ignored.
    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// The whole of a small file; `None` where it cannot be read.
    pub fn read(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        let mut buffer = Vec::new();
        read_into(&self.join(path), &mut buffer).then_some(buffer)
    }
}

/// Reads a file into `buffer`, which is emptied first; whether that worked. What is in the buffer after a failure is
/// nothing.
pub fn read_into(path: &Path, buffer: &mut Vec<u8>) -> bool {
    read_at(CWD, path, buffer).is_ok()
}

/// Reads the file `path` below the folder `directory` into `buffer`, which is emptied first.
///
/// # Errors
/// What the kernel says; the buffer is empty then.
pub fn read_at(directory: impl AsFd, path: impl rustix::path::Arg, buffer: &mut Vec<u8>) -> Result<(), Errno> {
    buffer.clear();
    read_all(&open_at(directory, path)?, buffer)
}

/// Reads an open file from its start to its end. The kernel answers a page or so at a time, so that only nothing is the end.
fn read_all(file: &OwnedFd, buffer: &mut Vec<u8>) -> Result<(), Errno> {
    buffer.clear();
    if buffer.capacity() == 0 {
        buffer.reserve(4096);
    }
    while buffer.len() < LIMIT {
        if buffer.capacity() == buffer.len() {
            buffer.reserve(buffer.len());
        }
        let offset = buffer.len() as u64;
        match rustix::io::pread(file, rustix::buffer::spare_capacity(buffer), offset) {
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => {
                buffer.clear();
                return Err(error);
            }
        }
    }
    Ok(())
}

/// As [`read_at`], with one call where the text fits: for files that the kernel writes as one record, as those of a process.
///
/// # Errors
/// What the kernel says; the buffer is empty then.
pub fn read_record_at(directory: impl AsFd, path: impl rustix::path::Arg, buffer: &mut Vec<u8>) -> Result<(), Errno> {
    buffer.clear();
    read_record(&open_at(directory, path)?, buffer)
}

/// Opens a file below a folder for reading.
///
/// # Errors
/// What the kernel says.
pub fn open_at(directory: impl AsFd, path: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(directory, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

/// As [`read_record_at`], of a file that is open.
///
/// # Errors
/// What the kernel says; the buffer is empty then.
pub fn read_record(file: &OwnedFd, buffer: &mut Vec<u8>) -> Result<(), Errno> {
    buffer.clear();
    buffer.reserve(2048);
    rustix::io::pread(file, rustix::buffer::spare_capacity(buffer), 0)?;
    if buffer.len() < buffer.capacity() { Ok(()) } else { read_all(file, buffer) }
}

/// An open folder of small files, so that its name is looked up once.
#[derive(Debug)]
pub struct Folder(OwnedFd);

impl Folder {
    /// Opens a folder; `None` where it is not there or may not be opened.
    pub fn open(path: &Path) -> Option<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(path, flags, Mode::empty()).ok().map(Self)
    }

    /// The text of a file in it, in `buffer`; `None` where it cannot be read.
    pub fn read<'a>(&self, file: &str, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        read_at(&self.0, file, buffer).ok()?;
        Some(buffer)
    }
}

/// A file that is read again and again, and stays open in between: looking its name up costs as much as reading it.
#[derive(Debug)]
pub struct Kept {
    path: PathBuf,
    file: Option<OwnedFd>,
}

impl Kept {
    /// A file that will be opened when it is first read.
    pub fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// The whole text, in `buffer`; `None` where it cannot be read now. It is tried again the next time.
    pub fn read<'a>(&mut self, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        buffer.clear();
        if self.file.is_none() {
            self.file = rustix::fs::open(&self.path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok();
        }
        if read_all(self.file.as_ref()?, buffer).is_err() {
            self.file = None;
            return None;
        }
        Some(buffer)
    }
}

/// Something that is looked up rarely and used often.
#[derive(Debug)]
pub struct Seldom<T> {
    value: Option<(std::time::Instant, T)>,
    keep: std::time::Duration,
}

impl<T> Seldom<T> {
    /// Nothing yet; what is looked up will be used for `keep`.
    pub const fn new(keep: std::time::Duration) -> Self {
        Self { value: None, keep }
    }

    /// The value, looked up again where it is too old.
    pub fn get(&mut self, now: std::time::Instant, look_up: impl FnOnce() -> T) -> &mut T {
        if self.value.as_ref().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= self.keep) {
            self.value = None;
        }
        &mut self.value.get_or_insert_with(|| (now, look_up())).1
    }
}

/// A folder with these files that stands for `/`; it lasts as long as the first of the pair.
#[cfg(test)]
pub(in crate::source) fn fixture(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let root = Root::at(folder.path());
    (folder, root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_kept_file_tells_what_is_in_it_now() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("value");
        let (mut kept, mut buffer) = (Kept::new(path.clone()), Vec::new());
        assert_eq!(kept.read(&mut buffer), None);
        std::fs::write(&path, "one").expect("written");
        assert_eq!(kept.read(&mut buffer), Some(&b"one"[..]));
        let large = "x".repeat(100_000);
        std::fs::write(&path, &large).expect("written");
        assert_eq!(kept.read(&mut buffer).map(<[u8]>::len), Some(100_000));
        assert_eq!(Root::at(folder.path()).read("/value").map(|text| text.len()), Some(100_000));
    }

    #[test]
    fn a_value_is_looked_up_again_when_it_is_old() {
        let start = crate::clock::instant();
        let mut seldom = Seldom::new(Duration::from_secs(10));
        assert_eq!(*seldom.get(start, || 1), 1);
        assert_eq!(*seldom.get(start + Duration::from_secs(9), || 2), 1);
        assert_eq!(*seldom.get(start + Duration::from_secs(10), || 3), 3);
    }
}
