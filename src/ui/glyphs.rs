//! The signs that stand beside colours, in two sets: one for terminals with Unicode, one of ASCII only.

use crate::model::{attention::Severity, change::ChangeKind, source::SourceState};

/// A set of signs. Each is one column wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// Whether the set is ASCII only; graphs and borders ask for it.
    pub ascii: bool,
    pub critical: char,
    pub error: char,
    pub warn: char,
    pub unknown: char,
    pub info: char,
    pub ok: char,
    pub operation: char,
    pub waiting: char,
    pub off: char,
    pub mark: char,
    pub ellipsis: char,
    pub ascending: char,
    pub descending: char,
    pub open: char,
    pub folded: char,
    pub separator: char,
    /// Bars from empty to full, for sparklines.
    pub bars: [char; 9],
    /// Full and empty parts of a horizontal gauge.
    pub gauge: (char, char),
}

/// For terminals with Unicode.
pub const UNICODE: Glyphs = Glyphs {
    ascii: false,
    critical: '✖',
    error: '✖',
    warn: '▲',
    unknown: '?',
    info: '●',
    ok: '✓',
    operation: '◆',
    waiting: '○',
    off: '·',
    mark: '▌',
    ellipsis: '…',
    ascending: '▴',
    descending: '▾',
    open: '▾',
    folded: '▸',
    separator: '·',
    bars: [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    gauge: ('█', '░'),
};

/// ASCII only.
pub const ASCII: Glyphs = Glyphs {
    ascii: true,
    critical: 'X',
    error: 'x',
    warn: '!',
    unknown: '?',
    info: '*',
    ok: '+',
    operation: '#',
    waiting: 'o',
    off: '.',
    mark: '|',
    ellipsis: '~',
    ascending: '^',
    descending: 'v',
    open: '-',
    folded: '+',
    separator: '-',
    bars: [' ', '.', '.', ':', ':', '=', '=', '#', '#'],
    gauge: ('#', '.'),
};

impl Glyphs {
    /// Sign of a severity.
    pub const fn severity(&self, severity: Severity) -> char {
        match severity {
            Severity::Critical => self.critical,
            Severity::Error => self.error,
            Severity::Warn => self.warn,
            Severity::Unknown => self.unknown,
            Severity::Info => self.info,
        }
    }

    /// Sign of a source's freshness.
    pub const fn source(&self, state: SourceState) -> char {
        match state {
            SourceState::Ok => self.info,
            SourceState::Waiting => self.waiting,
            SourceState::Stale => self.unknown,
            SourceState::Down => self.error,
            SourceState::Off => self.off,
        }
    }

    /// Sign of a change.
    pub const fn change(&self, kind: ChangeKind, severity: Severity) -> char {
        match kind {
            ChangeKind::Problem | ChangeKind::Oom | ChangeKind::Xid => self.severity(severity),
            ChangeKind::Cleared => self.ok,
            ChangeKind::Observed | ChangeKind::Restart | ChangeKind::Node => self.info,
            ChangeKind::Operation | ChangeKind::Deploy => self.operation,
        }
    }
}
