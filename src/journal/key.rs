//! Signing keys of writers, and what they sign.
//!
//! A writer's key lies beside the journal in a file of its own, `JOURNAL.WRITER.key`, mode 0600, so that a journal can be copied and
//! handed on without handing on the right to sign for its writer. Where the key is lost, a new writer is begun.

use super::{encode::Fields, random};
use crate::model::{
    journal::{CheckpointBody, Digest, WriterId},
    text::hex,
};
use compact_str::CompactString;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Domain of what is signed.
const CHECKPOINT: &[u8] = b"flightdeck.checkpoint.v1";

/// A writer's Ed25519 key (RFC 8032).
pub struct SigningKey {
    pair: Ed25519KeyPair,
}

/// Where a writer's key lies.
pub fn path(journal: &Path, writer: WriterId) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(format!(".{writer}.key"));
    name.into()
}

impl SigningKey {
    /// Makes a key and writes it, durably, where none is.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let seed = random::bytes().map_err(io::Error::other)?;
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(format!("{}\n", Digest(seed)).as_bytes())?;
        file.sync_all()?;
        if let Some(folder) = path.parent() {
            fs::File::open(folder)?.sync_all()?;
        }
        Self::from_seed(&seed)
    }

    /// Reads a key.
    ///
    /// # Errors
    /// The file is missing, not readable, or holds something else.
    pub fn load(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let seed: Digest = text.trim_end().parse().map_err(io::Error::other)?;
        Self::from_seed(&seed.0)
    }

    fn from_seed(seed: &[u8; 32]) -> io::Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self { pair })
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.pair.public_key().as_ref().try_into().expect("an Ed25519 key has 32 bytes")
    }

    /// Signs the head of a writer's chain.
    pub fn checkpoint(&self, writer: WriterId, size: u64, root: Digest) -> CheckpointBody {
        let signature = self.pair.sign(&signed_bytes(writer, size, &root));
        CheckpointBody {
            size,
            root,
            public_key: CompactString::from(hex(&self.public())),
            signature: hex(signature.as_ref()),
        }
    }
}

/// What is signed: four fields as in [`super::encode`], the domain `flightdeck.checkpoint.v1`, writer, size and root.
fn signed_bytes(writer: WriterId, size: u64, root: &Digest) -> Vec<u8> {
    let mut fields = Fields::default();
    fields.bytes(CHECKPOINT).bytes(writer.0.as_bytes()).number(size.cast_signed()).bytes(&root.0);
    fields.done()
}

/// Looks whether a checkpoint is signed by the key that is known for its writer.
///
/// # Errors
/// What is wrong with it, in words.
pub fn check(writer: WriterId, known: &[u8; 32], checkpoint: &CheckpointBody) -> Result<(), String> {
    if unhex(&checkpoint.public_key).as_deref() != Some(known.as_slice()) {
        return Err("its checkpoint is signed with another key than the writer's".to_owned());
    }
    let signature = unhex(&checkpoint.signature).ok_or("its checkpoint has no readable signature")?;
    UnparsedPublicKey::new(&ED25519, known)
        .verify(&signed_bytes(writer, checkpoint.size, &checkpoint.root), &signature)
        .map_err(|_| "the signature of its checkpoint is wrong".to_owned())
}

/// Bytes from hexadecimal; `None` for what is not.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use uuid::Uuid;

    #[test]
    fn a_signature_holds_for_its_writer_size_and_root_only() {
        let folder = tempfile::tempdir().unwrap();
        let writer = WriterId(Uuid::from_bytes([3; 16]));
        let path = path(&folder.path().join("j.db"), writer);
        let made = SigningKey::create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(SigningKey::create(&path).is_err(), "a key is never written over");
        let key = SigningKey::load(&path).unwrap();
        assert_eq!(key.public(), made.public());
        let good = key.checkpoint(writer, 5, Digest([1; 32]));
        let public = key.public();
        assert_eq!(check(writer, &public, &good), Ok(()));
        assert!(check(WriterId(Uuid::from_bytes([4; 16])), &public, &good).is_err());
        assert!(check(writer, &public, &CheckpointBody { size: 6, ..good.clone() }).is_err());
        assert!(check(writer, &public, &CheckpointBody { root: Digest([2; 32]), ..good.clone() }).is_err());
        assert!(check(writer, &[0; 32], &good).is_err());
        fs::write(&path, "no key").unwrap();
        assert!(SigningKey::load(&path).is_err());
    }

    #[test]
    fn hexadecimal_goes_both_ways() {
        assert_eq!(unhex(&hex(&[0, 15, 255])), Some(vec![0, 15, 255]));
        assert_eq!((unhex("0"), unhex("0g"), unhex("é0")), (None, None, None));
    }
}
