//! Lines that containers, pods and the host's journal write: what can be asked for, and what comes.

pub mod clean;
pub mod json;
pub mod level;

use super::{
    Timestamp,
    object::{ObjectKind, ObjectRef},
};
use compact_str::CompactString;
pub use level::Level;
use serde::{
    Deserialize,
    de::{IntoDeserializer, value::Error as WordError},
};
use std::fmt;

/// Something whose lines can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogTarget {
    /// A container of an engine, by its id.
    Container { engine: CompactString, id: CompactString },
    /// All containers of a pod.
    Pod { context: CompactString, namespace: CompactString, name: CompactString },
    /// All containers of all pods of a workload, those that come later too.
    Workload { context: CompactString, kind: ObjectKind, namespace: CompactString, name: CompactString },
    /// The host's journal, whole or of one unit.
    Journal { unit: Option<CompactString> },
}

impl LogTarget {
    /// What an object writes; `None` where it writes nothing.
    pub fn of(object: &ObjectRef) -> Option<Self> {
        if let Some((engine, id)) = object.engine_and_id().filter(|_| object.kind == ObjectKind::Container) {
            return Some(Self::Container { engine: engine.into(), id: id.into() });
        }
        match object.kind {
            ObjectKind::Host => return Some(Self::Journal { unit: None }),
            ObjectKind::Unit => return Some(Self::Journal { unit: Some(object.id.clone()) }),
            kind if !has_logs(kind) => return None,
            _ => {}
        }
        let path = object.in_kube()?;
        let (context, namespace, name) = (path.context.into(), path.namespace.into(), path.name.into());
        Some(match object.kind {
            ObjectKind::Pod => Self::Pod { context, namespace, name },
            kind => Self::Workload { context, kind, namespace, name },
        })
    }
}

/// Whether objects of a kind write lines that can be followed.
pub const fn has_logs(kind: ObjectKind) -> bool {
    use ObjectKind::{Container, CronJob, DaemonSet, Deployment, Host, Job, Logs, Pod, ReplicaSet, StatefulSet, Unit};
    matches!(
        kind,
        Container | Pod | Deployment | StatefulSet | DaemonSet | ReplicaSet | Job | CronJob | Host | Unit | Logs
    )
}

/// Several objects as one, whose lines are shown together: a line of kind and identity each.
pub fn together(objects: &[ObjectRef]) -> ObjectRef {
    let lines: Vec<_> = objects.iter().map(|object| format!("{} {}", object.kind.word(), object.id)).collect();
    ObjectRef::new(ObjectKind::Logs, lines.join("\n"))
}

/// The objects that [`together`] made one; of any other object itself.
pub fn apart(object: &ObjectRef) -> Vec<ObjectRef> {
    if object.kind != ObjectKind::Logs {
        return vec![object.clone()];
    }
    let read = |line: &str| {
        let (word, id) = line.split_once(' ')?;
        let kind = ObjectKind::deserialize(IntoDeserializer::<WordError>::into_deserializer(word)).ok()?;
        Some(ObjectRef::new(kind, id))
    };
    object.id.lines().filter_map(read).collect()
}

/// What is asked of the streams.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRequest {
    /// Tells the answers to this request from those to older ones.
    pub id: u64,
    pub targets: Vec<LogTarget>,
    /// How far back to begin, in seconds; `None` is as far as `tail` reaches.
    pub since_seconds: Option<u32>,
    /// Most lines of the past, for each container.
    pub tail: u32,
    /// Whether to go on with what is written from now on.
    pub follow: bool,
    /// The run of a pod's container before this one.
    pub previous: bool,
}

/// Where a line came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogOrigin {
    /// Short, for the beginning of its lines: `web-7d9f/app`, `noisy`.
    pub name: CompactString,
    pub state: OriginState,
}

/// How a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OriginState {
    /// No answer yet.
    #[default]
    Waiting,
    /// Its lines come as they are written.
    Open,
    /// Nothing more will come.
    Ended,
    /// It does not answer, and is asked again.
    Down,
}

/// What sort of line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineKind {
    #[default]
    Out,
    Err,
    /// A word of this program between the lines: restarted, gone, dropped.
    Marker,
}

/// A line. Its text is harmless and its secrets are gone.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// As the engine, the kubelet or the journal says; where it says nothing, when the line came.
    pub at: Timestamp,
    /// Place in the list of origins.
    pub origin: u16,
    pub kind: LineKind,
    pub level: Level,
    /// Whether it looks like a JSON object.
    pub json: bool,
    pub text: Box<str>,
    /// The colours that its writer gave it; empty for most.
    pub inks: Box<[InkSpan]>,
}

impl LogLine {
    /// Bytes that it takes in memory.
    pub const fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.len() + self.inks.len() * size_of::<InkSpan>()
    }
}

/// From this byte of the text on, up to the next span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InkSpan {
    pub from: u32,
    pub ink: Ink,
}

/// A colour of the text, as its writer chose it. Backgrounds are not kept: they can hide text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ink {
    pub colour: InkColour,
    pub bold: bool,
}

/// The colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InkColour {
    #[default]
    Plain,
    /// One of the terminal's 256.
    Indexed(u8),
    Rgb(u8, u8, u8),
}

/// Lines on their way to the screen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogBatch {
    /// Of the request.
    pub id: u64,
    /// All origins, where there are new ones or their states changed.
    pub origins: Option<Vec<LogOrigin>>,
    /// Those of one origin in their order.
    pub lines: Vec<LogLine>,
    /// Lines that were dropped before these, because they came faster than they could be taken.
    pub dropped: u64,
}

/// How far back the viewer reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// The last lines, whatever their age.
    #[default]
    Tail,
    Minute,
    FiveMinutes,
    Hour,
    /// As much as is kept.
    All,
}

impl Reach {
    /// Lines of the past that [`Self::Tail`] asks for, for each container.
    pub const TAIL: u32 = 1_000;

    /// The next one, around the end.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Tail => Self::Minute,
            Self::Minute => Self::FiveMinutes,
            Self::FiveMinutes => Self::Hour,
            Self::Hour => Self::All,
            Self::All => Self::Tail,
        }
    }

    /// Seconds back; `None` where lines count and not their age.
    pub const fn seconds(self) -> Option<u32> {
        match self {
            Self::Minute => Some(60),
            Self::FiveMinutes => Some(300),
            Self::Hour => Some(3_600),
            Self::Tail | Self::All => None,
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tail => write!(f, "last {}", Self::TAIL),
            Self::Minute => f.write_str("since 1m"),
            Self::FiveMinutes => f.write_str("since 5m"),
            Self::Hour => f.write_str("since 1h"),
            Self::All => f.write_str("all"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_lead_to_what_they_write() {
        let container = ObjectRef::in_engine(ObjectKind::Container, "docker", "abc");
        let pod = ObjectRef::in_cluster(ObjectKind::Pod, "prod", "shop", "web-1");
        let deploy = ObjectRef::in_cluster(ObjectKind::Deployment, "prod", "shop", "web");
        let unit = ObjectRef::new(ObjectKind::Unit, "sshd.service");
        assert_eq!(LogTarget::of(&container), Some(LogTarget::Container { engine: "docker".into(), id: "abc".into() }));
        assert!(matches!(LogTarget::of(&pod), Some(LogTarget::Pod { name, .. }) if name == "web-1"));
        assert!(matches!(LogTarget::of(&deploy), Some(LogTarget::Workload { kind: ObjectKind::Deployment, .. })));
        assert!(matches!(LogTarget::of(&unit), Some(LogTarget::Journal { unit: Some(_) })));
        assert_eq!(LogTarget::of(&ObjectRef::new(ObjectKind::Mount, "/")), None);
        let all = [container, pod, deploy, unit];
        assert_eq!(apart(&together(&all)), all);
        assert_eq!(apart(&all[0]), all[..1]);
    }
}
