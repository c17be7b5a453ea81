//! Random bytes, from the system.

use ring::rand::{SecureRandom, SystemRandom};
use uuid::Uuid;

/// Random bytes.
///
/// # Errors
/// The system has none to give.
pub(super) fn bytes<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the system gives no random bytes".to_owned())?;
    Ok(bytes)
}

/// A random UUID, of version 4.
///
/// # Errors
/// The system has no random bytes to give.
pub(super) fn uuid() -> Result<Uuid, String> {
    Ok(uuid::Builder::from_random_bytes(bytes()?).into_uuid())
}
