//! The quiet writer: two buffers, and only what differs goes to the terminal. A frame in which nothing differs writes nothing.

use crate::{app::App, screen};
use crossterm::{
    queue,
    terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate},
};
use ratatui::{
    backend::{Backend, CrosstermBackend},
    buffer::Buffer,
    layout::Rect,
};
use std::{cell::RefCell, io, rc::Rc};

/// What was drawn last, and what is drawn now.
pub struct Screen {
    shown: Buffer,
    next: Buffer,
    backend: CrosstermBackend<Shared>,
    bytes: Shared,
    /// Whether the terminal's content is unknown, so that every cell has to be written.
    unknown: bool,
}

#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Screen {
    /// A screen of which nothing has been drawn.
    pub fn new() -> Self {
        let bytes = Shared::default();
        Self {
            shown: Buffer::default(),
            next: Buffer::default(),
            backend: CrosstermBackend::new(bytes.clone()),
            bytes,
            unknown: true,
        }
    }

    /// Has the next frame write every cell: after another program wrote to the terminal.
    pub fn forget(&mut self) {
        self.unknown = true;
    }

    /// Draws the cockpit and returns the bytes that bring the terminal there; none where nothing differs.
    ///
    /// # Errors
    /// None in practice: the bytes go into memory.
    pub fn frame(&mut self, app: &App) -> io::Result<Vec<u8>> {
        let (width, height) = app.view.size;
        let area = Rect { x: 0, y: 0, width, height };
        if self.next.area != area {
            self.next.resize(area);
            self.shown.resize(area);
            self.unknown = true;
        }
        screen::draw(app, &mut self.next);
        self.differences()
    }

    /// The whole screen as it would be drawn now.
    pub fn picture(app: &App) -> Buffer {
        let (width, height) = app.view.size;
        let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width, height });
        screen::draw(app, &mut buffer);
        buffer
    }

    fn differences(&mut self) -> io::Result<Vec<u8>> {
        let mut sink = self.bytes.clone();
        if self.unknown {
            self.unknown = false;
            self.shown.reset();
            queue!(sink, BeginSynchronizedUpdate)?;
            self.backend.clear()?;
        }
        let mut changed = self.shown.diff_iter(&self.next).peekable();
        if changed.peek().is_some() {
            if self.bytes.0.borrow().is_empty() {
                queue!(sink, BeginSynchronizedUpdate)?;
            }
            self.backend.draw(changed)?;
        }
        std::mem::swap(&mut self.shown, &mut self.next);
        let mut bytes = self.bytes.0.take();
        if !bytes.is_empty() {
            queue!(bytes, EndSynchronizedUpdate)?;
        }
        Ok(bytes)
    }
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}
