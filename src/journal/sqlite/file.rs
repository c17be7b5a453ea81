//! The file as the system sees it: where it may lie, and by what a copy is told from it.
//!
//! Nothing here opens the database file. A process that closes any descriptor of a file loses its locks on it (POSIX), and with them
//! those of SQLite.

use crate::journal::{encode, error::JournalError};
use rustix::fs::{self as unix, AtFlags, CWD, StatVfsMountFlags, StatxFlags};
use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

/// What tells a file from a copy of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    pub inode: u64,
    /// When the inode was made, in nanoseconds; 0 where the file system does not say.
    pub born: i64,
    /// Changes with every boot: for noticing that the path leads to another file now, not for keeping.
    device: (u32, u32),
}

/// Identity of the file that a path leads to.
///
/// # Errors
/// There is none, or it cannot be seen.
pub fn identity(path: &Path) -> io::Result<FileId> {
    let stat = unix::statx(CWD, path, AtFlags::empty(), StatxFlags::INO | StatxFlags::BTIME)?;
    let has_birth = stat.stx_mask & StatxFlags::BTIME.bits() != 0;
    let birth = stat.stx_btime.tv_sec.saturating_mul(1_000_000_000).saturating_add(stat.stx_btime.tv_nsec.into());
    let device = (stat.stx_dev_major, stat.stx_dev_minor);
    Ok(FileId { inode: stat.stx_ino, born: if has_birth { birth } else { 0 }, device })
}

/// A digest of what tells this machine from others: `/etc/machine-id` is not to be shown to others (machine-id(5)).
pub fn machine(given: Option<&str>) -> String {
    let id = match given {
        Some(given) => given.to_owned(),
        None => fs::read_to_string("/etc/machine-id").unwrap_or_default(),
    };
    encode::sha256(&[b"flightdeck.machine.v1", id.trim().as_bytes()]).to_string()
}

/// Magic numbers of file systems whose locks are not to be relied upon, or that other machines write too (statfs(2)).
const NETWORK: &[(u64, &str)] = &[
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x564c, "NCP"),
    (0x5346_414f, "AFS"),
    (0x7375_7245, "Coda"),
    (0x00c3_6400, "Ceph"),
    (0x0102_1997, "9p"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x7461_636f, "OCFS2"),
    (0x0116_1970, "GFS2"),
];

/// Name of a network file system, by its magic number.
fn network(magic: u64) -> Option<&'static str> {
    NETWORK.iter().find(|(number, _)| *number == magic).map(|(_, name)| *name)
}

/// Looks whether a journal may lie here.
///
/// # Errors
/// It is on a network file system, or no plain file.
pub fn check(path: &Path) -> Result<(), JournalError> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            return Err(JournalError::refused(path, "it is no plain file; choose another path"));
        }
        _ => {}
    }
    // The nearest thing that is there says which file system it will be on.
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let Ok(stat) = unix::statfs(there) else { return Ok(()) };
    // The number is 32 bits wide, in a field whose width and sign differ from machine to machine.
    match network(u64::from(stat.f_type as u32)) {
        None => Ok(()),
        Some(name) => Err(JournalError::refused(
            path,
            format!(
                "it would lie on a network file system ({name}), where locks and durable writes are not to be relied upon; put it on a \
                 local disk, and share it through PostgreSQL"
            ),
        )),
    }
}

/// Whether it lies on a file system that nobody can write at the moment.
pub fn is_read_only(path: &Path) -> bool {
    unix::statvfs(path).is_ok_and(|stat| stat.f_flag.contains(StatVfsMountFlags::RDONLY))
}

/// Makes the file's folder where it is missing, closed to others. Says whether the file is yet to be made.
///
/// # Errors
/// It cannot be made.
pub fn make_folder(path: &Path) -> Result<bool, JournalError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
            JournalError::local("make the folder of", path, format!("{}: {error}", folder.display()))
        })?;
    }
    Ok(!path.exists())
}

/// Writes down on the disk that there is a file: its content alone would not be found after a power cut.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

/// Takes the right to read and write from everybody else. What SQLite makes beside it has the same mode.
pub fn close_to_others(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_and_local_ones_are_let_pass() {
        assert_eq!(network(0x6969), Some("NFS"));
        assert_eq!(network(u64::from(0xff53_4d42_u32 as i32 as u32)), Some("CIFS"), "whatever sign the field has");
        assert_eq!((network(0xef53), network(0x0102_1994), network(0x5846_5342)), (None, None, None));
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(check(&folder.path().join("a/b/journal.db")), Ok(()));
        assert!(check(folder.path()).unwrap_err().to_string().contains("no plain file"));
    }

    #[test]
    fn a_copy_is_another_file_and_a_renamed_one_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let [one, copy, moved] = ["one", "copy", "moved"].map(|name| folder.path().join(name));
        fs::write(&one, "x").unwrap();
        let first = identity(&one).unwrap();
        fs::copy(&one, &copy).unwrap();
        assert_ne!(identity(&copy).unwrap(), first);
        fs::rename(&one, &moved).unwrap();
        assert_eq!(identity(&moved).unwrap(), first);
        assert!(identity(&one).is_err());
    }

    #[test]
    fn machines_are_told_apart_without_showing_their_identity() {
        let (a, b) = (machine(Some("abc")), machine(Some("abd")));
        assert_ne!(a, b);
        assert_eq!(a, machine(Some("abc\n")));
        assert!(!a.contains("abc") && a.len() == 64);
    }
}
