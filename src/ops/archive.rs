//! Files on their way into and out of containers, as tar streams. Only plain files and folders are taken: a link in an archive that a
//! container made could lead a write anywhere.

use super::execute::Failure;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, future, stream};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    pin::pin,
};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes that travel at once.
const CHUNK: usize = 64 << 10;

/// What came out of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unpacked {
    pub files: u64,
    pub bytes: u64,
    /// Links and devices, which are left out.
    pub skipped: u64,
}

impl Unpacked {
    /// In words.
    pub fn words(self) -> String {
        let skipped =
            if self.skipped == 0 { String::new() } else { format!(", {} links or devices left out", self.skipped) };
        format!("{} files, {}{skipped}", self.files, crate::model::units::bytes(self.bytes as f64))
    }
}

/// Unpacks a stream of a tar archive into a folder here, which is made where it is missing. Nothing that is there is overwritten.
///
/// # Errors
/// The stream's, and what the disk says.
pub async fn unpack<E: std::fmt::Display>(
    stream: impl Stream<Item = Result<Bytes, E>>,
    folder: PathBuf,
) -> Result<Unpacked, Failure> {
    let (reader, writer) = io::pipe().map_err(|error| Failure::failed(error.to_string()))?;
    let unpacking = tokio::task::spawn_blocking(move || unpack_here(reader, &folder));
    let mut writer = tokio::fs::File::from_std(File::from(std::os::fd::OwnedFd::from(writer)));
    let mut stream = pin!(stream);
    let mut broken = None;
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => {
                // The other side stopped reading: it says why itself.
                if tokio::io::AsyncWriteExt::write_all(&mut writer, &chunk).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                broken = Some(error.to_string());
                break;
            }
        }
    }
    let _ = tokio::io::AsyncWriteExt::flush(&mut writer).await;
    drop(writer);
    let unpacked = unpacking.await.map_err(|error| Failure::failed(error.to_string()))?;
    match (unpacked, broken) {
        (Err(why), _) | (_, Some(why)) => Err(Failure::Failed(why)),
        (Ok(unpacked), None) => Ok(unpacked),
    }
}

fn unpack_here(reader: impl io::Read, folder: &Path) -> Result<Unpacked, String> {
    let failed = |what: &Path, error: io::Error| format!("{}: {error}", what.display());
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut unpacked = Unpacked::default();
    let mut archive = tar::Archive::new(reader);
    archive.set_overwrite(false);
    archive.set_preserve_permissions(false);
    for entry in archive.entries().map_err(|error| error.to_string())? {
        let mut entry = entry.map_err(|error| format!("the archive is cut or damaged: {error}"))?;
        let kind = entry.header().entry_type();
        if !kind.is_file() && !kind.is_dir() {
            unpacked.skipped += 1;
            continue;
        }
        let name = entry.path().map(|path| path.into_owned()).unwrap_or_default();
        // Refuses paths that lead out of the folder.
        if !entry.unpack_in(folder).map_err(|error| failed(&name, error))? {
            return Err(format!("{} leads out of the folder: refused", name.display()));
        }
        if kind.is_file() {
            unpacked.files += 1;
            unpacked.bytes += entry.header().size().unwrap_or_default();
        }
    }
    Ok(unpacked)
}

/// A path from here as a stream of a tar archive. Links are left out.
///
/// # Errors
/// Where the path cannot be read.
pub fn pack(path: &Path) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static, Failure> {
    let failed = |error: io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    let about = fs::symlink_metadata(path).map_err(failed)?;
    let name = path.file_name().ok_or_else(|| Failure::failed("a path with a name is needed"))?.to_owned();
    if !about.is_file() && !about.is_dir() {
        return Err(Failure::failed(format!("{} is neither a file nor a folder", path.display())));
    }
    let (reader, writer) = io::pipe().map_err(failed)?;
    let path = path.to_owned();
    let packing = tokio::task::spawn_blocking(move || {
        let mut builder = tar::Builder::new(io::BufWriter::with_capacity(CHUNK, writer));
        builder.follow_symlinks(false);
        if about.is_dir() {
            builder.append_dir_all(&name, &path)?;
        } else {
            builder.append_path_with_name(&path, &name)?;
        }
        builder.into_inner()?.flush()
    });
    let file = tokio::fs::File::from_std(File::from(std::os::fd::OwnedFd::from(reader)));
    // The end of the pipe is the end of the archive only where packing went well.
    let packed = async { packing.await.unwrap_or_else(|error| Err(io::Error::other(error))) };
    let end = stream::once(packed).filter_map(|packed| future::ready(packed.err().map(Err)));
    Ok(chunks(file).chain(end))
}

/// What is read, piece by piece, up to its end or a fault.
pub fn chunks(reader: impl AsyncRead + Unpin) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        let mut chunk = BytesMut::with_capacity(CHUNK);
        match reader.read_buf(&mut chunk).await {
            Ok(0) => None,
            Ok(_) => Some((Ok(chunk.freeze()), Some(reader))),
            Err(error) => Some((Err(error), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_packed_is_unpacked() {
        let (from, to) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let folder = from.path().join("data");
        fs::create_dir(&folder).expect("made");
        fs::write(folder.join("big"), vec![7; 300_000]).expect("written");
        std::os::unix::fs::symlink("/etc/passwd", folder.join("link")).expect("linked");
        let unpacked = unpack(pack(&folder).expect("readable"), to.path().to_owned()).await.expect("unpacked");
        assert_eq!(unpacked, Unpacked { files: 1, bytes: 300_000, skipped: 1 });
        assert_eq!(fs::read(to.path().join("data/big")).expect("there").len(), 300_000);
        assert!(!to.path().join("data/link").exists());
        let again = unpack(pack(&folder).expect("readable"), to.path().to_owned()).await;
        assert!(again.is_err(), "nothing is overwritten");
    }

    #[tokio::test]
    async fn an_archive_cannot_lead_out_of_its_folder() {
        let to = tempfile::tempdir().expect("a folder");
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().expect("gnu").name[..9].copy_from_slice(b"../escape");
        header.set_size(1);
        header.set_cksum();
        let mut builder = tar::Builder::new(Vec::new());
        builder.append(&header, &b"x"[..]).expect("in memory");
        let bytes = Bytes::from(builder.into_inner().expect("in memory"));
        let inner = to.path().join("inner");
        let outcome = unpack(stream::iter([Ok::<_, io::Error>(bytes)]), inner).await;
        assert!(outcome.is_err() && !to.path().join("escape").exists(), "{outcome:?}");
    }
}
