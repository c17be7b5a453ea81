//! A session with a program in a container: keys go to it, what it writes goes to the terminal, and so does the terminal's size. ctrl-]
//! leaves it.

use super::{
    far::{self, Far},
    open_terminal,
};
use crate::{
    client::Clients,
    ops::{
        execute::{Failure, within},
        gate::Permit,
    },
    runtime::watch,
};
use futures_util::StreamExt as _;
use rustix::{fs::OFlags, io::Errno};
use std::{
    io,
    os::fd::{AsFd as _, OwnedFd},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncWriteExt as _, Interest, unix::AsyncFd},
    signal::unix::{SignalKind, signal},
};

/// ctrl-], which telnet has used to leave since 1983, and which shells leave free.
const LEAVE: u8 = 0x1d;
/// ctrl-c, while nobody else could take it.
const INTERRUPT: u8 = 0x03;
/// How long connecting may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the session to its end, and says how it ended.
pub fn run(permit: &Permit, clients: &Arc<Clients>) -> Result<String, Failure> {
    within(async {
        let failed = |error: io::Error| Failure::Failed(format!("the terminal cannot be opened: {error}"));
        let fd = open_terminal(OFlags::NONBLOCK).map_err(failed)?;
        let terminal = Terminal(watch::watch(fd, Interest::READABLE | Interest::WRITABLE).map_err(failed)?);
        let effect = crate::model::text::clean(&permit.operation().effect()).into_owned();
        let greeting = format!("\x1b[2J\x1b[H\x1b[2m{effect}\r\nctrl-] leaves it.\x1b[0m\r\n");
        terminal.write(greeting.as_bytes()).await.map_err(failed)?;
        let far = tokio::select! {
            far = tokio::time::timeout(PATIENCE, far::connect(permit, clients)) => {
                far.map_err(|_| Failure::failed(format!("no answer within {} s", PATIENCE.as_secs())))??
            }
            () = terminal.given_up() => return Ok("left before it was connected".into()),
        };
        speak(&terminal, far).await
    })
}

/// How a session came to its end.
enum End {
    /// The user left.
    Left,
    /// The far end closed.
    Closed,
    Broken(String),
}

async fn speak(terminal: &Terminal, mut far: Far) -> Result<String, Failure> {
    let mut resized = signal(SignalKind::window_change()).map_err(|error| Failure::failed(error.to_string()))?;
    let (columns, rows) = terminal.size();
    (far.resize)(columns, rows).await;
    let mut keys = [0_u8; 4_096];
    let end = loop {
        tokio::select! {
            read = terminal.read(&mut keys) => match read {
                Ok(0) | Err(_) => break End::Broken("the terminal is gone".into()),
                Ok(read) => {
                    let leave = keys[..read].iter().position(|byte| *byte == LEAVE);
                    let sent = &keys[..leave.unwrap_or(read)];
                    let written = async {
                        far.input.write_all(sent).await?;
                        far.input.flush().await
                    };
                    // A far end that takes nothing must not keep us from leaving.
                    let written = tokio::select! {
                        written = written => written.is_ok(),
                        () = terminal.given_up() => break End::Left,
                    };
                    if leave.is_some() {
                        break End::Left;
                    }
                    if !written {
                        break End::Closed;
                    }
                }
            },
            chunk = far.output.next() => match chunk {
                None => break End::Closed,
                Some(Err(why)) => break End::Broken(why),
                Some(Ok(chunk)) => {
                    let written = if far.tty { terminal.write(&chunk).await } else { terminal.write(&turned(&chunk)).await };
                    if written.is_err() {
                        break End::Broken("the terminal is gone".into());
                    }
                }
            },
            _ = resized.recv() => {
                let (columns, rows) = terminal.size();
                (far.resize)(columns, rows).await;
            }
        }
    };
    match end {
        End::Left => Ok("left; the program may still run".into()),
        End::Closed => far.ended.await.map_err(Failure::Failed),
        End::Broken(why) => Err(Failure::Failed(match far.ended.await {
            Ok(ended) => format!("the connection broke ({why}): {ended}"),
            Err(what) => format!("the connection broke ({why}): {what}"),
        })),
    }
}

/// Line ends as a raw terminal needs them, for a program that has no terminal of its own.
fn turned(chunk: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(chunk.len() + 16);
    for byte in chunk {
        if *byte == b'\n' {
            bytes.push(b'\r');
        }
        bytes.push(*byte);
    }
    bytes
}

struct Terminal(AsyncFd<OwnedFd>);

impl Terminal {
    async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut guard = self.0.readable().await?;
            match rustix::io::read(self.0.get_ref().as_fd(), &mut *buffer) {
                Ok(read) => return Ok(read),
                Err(Errno::AGAIN) => guard.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let mut guard = self.0.writable().await?;
            match rustix::io::write(self.0.get_ref().as_fd(), bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::AGAIN) => guard.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Returns when the user gives up what does not come about: ctrl-] or ctrl-c. What else is typed meanwhile is lost.
    async fn given_up(&self) {
        let mut keys = [0_u8; 256];
        loop {
            match self.read(&mut keys).await {
                Ok(0) | Err(_) => return,
                Ok(read) if keys[..read].iter().any(|byte| matches!(*byte, LEAVE | INTERRUPT)) => return,
                Ok(_) => {}
            }
        }
    }

    /// Columns and rows.
    fn size(&self) -> (u16, u16) {
        let size = rustix::termios::tcgetwinsize(self.0.get_ref());
        size.map_or((80, 24), |size| (size.ws_col.max(1), size.ws_row.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_turned() {
        assert_eq!(turned(b"a\nb\r\n"), b"a\r\nb\r\r\n");
    }
}
