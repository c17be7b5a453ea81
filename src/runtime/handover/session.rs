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
    collections::VecDeque,
    io,
    os::fd::{AsFd as _, OwnedFd},
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _, Interest, unix::AsyncFd},
    signal::unix::{SignalKind, signal},
};

/// ctrl-], which telnet has used to leave since 1983, and which shells leave free.
const LEAVE: u8 = 0x1d;
/// ctrl-c, while nobody else could take it.
const INTERRUPT: u8 = 0x03;
/// How long connecting may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long what was typed before leaving may take to be sent.
const FAREWELL: Duration = Duration::from_millis(500);

/// Runs the session to its end, and says how it ended.
pub fn run(permit: &Permit, clients: &Arc<Clients>) -> Result<String, Failure> {
    within(async {
        let failed = |error: io::Error| Failure::Failed(format!("the terminal cannot be opened: {error}"));
        let fd = open_terminal(OFlags::NONBLOCK).map_err(failed)?;
        let terminal = Terminal(watch::watch(fd, Interest::READABLE | Interest::WRITABLE).map_err(failed)?);
        let effect = crate::model::text::clean(&permit.operation().effect()).into_owned();
        let greeting = format!("\x1b[2J\x1b[H\x1b[2m{effect}\r\nctrl-] leaves it.\x1b[0m\r\n");
        terminal.write(greeting.as_bytes()).await.map_err(failed)?;
        let mut typed = Typed::default();
        let far = tokio::select! {
            far = tokio::time::timeout(PATIENCE, far::connect(permit, clients)) => {
                far.map_err(|_| Failure::failed(format!("no answer within {} s", PATIENCE.as_secs())))??
            }
            () = terminal.given_up(&mut typed) => return Ok("left before it was connected".into()),
        };
        speak(&terminal, far, typed).await
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

async fn speak(terminal: &Terminal, mut far: Far, mut typed: Typed) -> Result<String, Failure> {
    let mut resized = signal(SignalKind::window_change()).map_err(|error| Failure::failed(error.to_string()))?;
    let (columns, rows) = terminal.size();
    (far.resize)(columns, rows).await;
    let mut keys = [0_u8; 4_096];
    let end = loop {
        tokio::select! {
            // Also while the far end takes nothing: that must not keep anybody from leaving.
            read = terminal.read(&mut keys) => match read {
                Ok(0) | Err(_) => break End::Broken("the terminal is gone".into()),
                Ok(read) => match typed.take(&keys[..read]) {
                    Taken::All => {}
                    Taken::Left => {
                        // What was typed before it still belongs to the far end, if that takes it at once.
                        let _ = tokio::time::timeout(FAREWELL, typed.send_all(&mut far.input)).await;
                        break End::Left;
                    }
                    Taken::Full => if terminal.write(b"\x07").await.is_err() {
                        break End::Broken("the terminal is gone".into());
                    },
                },
            },
            sent = typed.send(&mut far.input), if typed.waits() => if sent.is_err() {
                break End::Closed;
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

/// What was typed that the far end has not taken yet.
#[derive(Default)]
struct Typed {
    waiting: VecDeque<u8>,
    /// Bytes were handed over that may lie in a buffer on the way.
    unflushed: bool,
}

/// What became of keys.
#[derive(Debug, PartialEq, Eq)]
enum Taken {
    All,
    /// The user leaves; what came before is kept.
    Left,
    /// Some were dropped: more waits than anybody types.
    Full,
}

impl Typed {
    /// How many bytes may wait. A terminal whose queue is full drops keys too, and rings (termios, `IMAXBEL`).
    const MOST: usize = 1 << 20;

    fn take(&mut self, keys: &[u8]) -> Taken {
        let leave = keys.iter().position(|byte| *byte == LEAVE);
        let keys = &keys[..leave.unwrap_or(keys.len())];
        let fit = keys.len().min(Self::MOST - self.waiting.len());
        self.waiting.extend(&keys[..fit]);
        match leave {
            Some(_) => Taken::Left,
            None if fit < keys.len() => Taken::Full,
            None => Taken::All,
        }
    }

    fn waits(&self) -> bool {
        self.unflushed || !self.waiting.is_empty()
    }

    /// Sends some of it. Dropped before it is done, it has lost nothing and sent nothing twice.
    async fn send(&mut self, input: &mut Pin<Box<dyn AsyncWrite>>) -> io::Result<()> {
        if self.waiting.is_empty() {
            input.flush().await?;
            self.unflushed = false;
        } else {
            let sent = input.write(self.waiting.as_slices().0).await?;
            if sent == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.waiting.drain(..sent);
            self.unflushed = true;
        }
        Ok(())
    }

    async fn send_all(&mut self, input: &mut Pin<Box<dyn AsyncWrite>>) -> io::Result<()> {
        while self.waits() {
            self.send(input).await?;
        }
        Ok(())
    }
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

    /// Returns when the user gives up what does not come about: ctrl-] or ctrl-c. What else is typed meanwhile is kept.
    async fn given_up(&self, typed: &mut Typed) {
        let mut keys = [0_u8; 256];
        loop {
            match self.read(&mut keys).await {
                Ok(0) | Err(_) => return,
                Ok(read) if keys[..read].iter().any(|byte| matches!(*byte, LEAVE | INTERRUPT)) => return,
                Ok(read) => drop(typed.take(&keys[..read])),
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
    use tokio::io::AsyncReadExt as _;

    #[test]
    fn line_ends_are_turned() {
        assert_eq!(turned(b"a\nb\r\n"), b"a\r\nb\r\r\n");
    }

    #[tokio::test]
    async fn what_is_typed_waits_for_a_far_end_that_takes_little() {
        let (near, mut far) = tokio::io::duplex(4);
        let mut input: Pin<Box<dyn AsyncWrite>> = Box::pin(near);
        let mut typed = Typed::default();
        assert_eq!(typed.take(b"0123456789"), Taken::All);
        let mut got = Vec::new();
        while typed.waits() {
            // Each is cut short, as a key or a line from the far end cuts it.
            let _ = tokio::time::timeout(Duration::ZERO, typed.send(&mut input)).await;
            let mut chunk = [0; 3];
            if let Ok(read) = tokio::time::timeout(Duration::ZERO, far.read(&mut chunk)).await {
                got.extend(&chunk[..read.expect("it is open")]);
            }
        }
        drop(input);
        far.read_to_end(&mut got).await.expect("it is open");
        assert_eq!(got, b"0123456789");
    }

    #[test]
    fn what_was_typed_before_leaving_is_kept_and_what_is_too_much_is_not() {
        let mut typed = Typed::default();
        assert_eq!(typed.take(b"exit\r\x1dq"), Taken::Left);
        assert_eq!(typed.waiting, b"exit\r");
        assert_eq!(typed.take(&vec![b'a'; Typed::MOST]), Taken::Full);
        assert_eq!(typed.waiting.len(), Typed::MOST);
        assert_eq!(typed.take(b"\x1d"), Taken::Left);
    }
}
