//! XID errors as the driver tells them: a set of events for each GPU, for a set of several tells only the last error of all. Each has
//! a thread that waits; none of them is ever busy.

use super::library::Library;
use crate::{clock, model::Timestamp};
use nvml_wrapper::{bitmasks::event::EventTypes, enums::event::XidError, error::NvmlError};
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

/// How long a thread waits before it looks whether it is still wanted.
const WAIT: Duration = Duration::from_millis(1000);
/// Events that wait to be heard; more are lost, and stand in the kernel log.
const QUEUE: usize = 256;

/// An XID that a GPU, by its number, reported.
pub type Event = (u32, Timestamp, u32);

/// Threads that wait for events. They end within a second after this is dropped.
pub struct Events {
    /// Nothing is ever sent: that they are gone is the sign to end.
    _wanted: Vec<SyncSender<()>>,
    heard: Receiver<Event>,
}

impl Events {
    /// Begins to wait for those of so many GPUs.
    pub fn begin(library: &Arc<Library>, count: u32) -> Self {
        let (tell, heard) = sync_channel(QUEUE);
        let start = |index| {
            let (keep, wanted) = sync_channel(0);
            let (library, tell) = (library.clone(), tell.clone());
            let wait = move || {
                if let Err(error) = wait(&library, index, &wanted, &tell) {
                    tracing::debug!(gpu = index, %error, "no events of it");
                }
            };
            let _started = thread::Builder::new().name(format!("nvml xid {index}")).spawn(wait);
            keep
        };
        Self { _wanted: (0..count).map(start).collect(), heard }
    }

    /// What was reported since it was asked last.
    pub fn heard(&self) -> impl Iterator<Item = Event> {
        self.heard.try_iter()
    }
}

/// Waits until nobody wants it any more, or the GPU has nothing to tell any more.
fn wait(library: &Library, index: u32, wanted: &Receiver<()>, tell: &SyncSender<Event>) -> Result<(), NvmlError> {
    let nvml = library.nvml();
    let set = nvml.create_event_set()?;
    let device = nvml.device_by_index(index)?;
    let set = device.register_events(EventTypes::CRITICAL_XID_ERROR, set).map_err(|error| error.error)?;
    loop {
        let begin = clock::instant();
        // A wait may end early without an event; then the rest of it is waited here, so that nothing is ever busy.
        let rest = match set.wait(WAIT.as_millis() as u32) {
            Ok(event) => {
                if let Some(code) = event.event_data.and_then(|xid| code(&xid)) {
                    // Where nobody listens fast enough the kernel log still has it.
                    let _ = tell.try_send((index, clock::now(), code));
                }
                Duration::ZERO
            }
            Err(NvmlError::Timeout) => WAIT.saturating_sub(begin.elapsed()),
            Err(error) => return Err(error),
        };
        if let Err(RecvTimeoutError::Disconnected) = wanted.recv_timeout(rest) {
            return Ok(());
        }
    }
}

fn code(xid: &XidError) -> Option<u32> {
    match xid {
        XidError::Value(code) => u32::try_from(*code).ok(),
        XidError::Unknown => None,
    }
}
