//! The kernel's own word on whether the clock is kept (adjtimex(2)).

use crate::model::host::ClockSync;

/// Asks the kernel, changing nothing. `None` where it does not answer (a sandbox that forbids the call).
#[allow(
    unsafe_code,
    reason = "no kept crate wraps adjtimex safely; the call only fills in the structure that it is given"
)]
pub fn read() -> Option<ClockSync> {
    // SAFETY: `timex` is plain numbers, for which all zeroes are valid; with `modes` zero the call only writes into it.
    let (state, answer) = unsafe {
        let mut answer: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut answer), answer)
    };
    if state < 0 {
        return None;
    }
    let synchronized = answer.status & libc::STA_UNSYNC == 0;
    let unit = if answer.status & libc::STA_NANO != 0 { 1e-9 } else { 1e-6 };
    // An unsynchronised kernel has an offset of zero that means nothing.
    let offset_seconds = synchronized.then_some(answer.offset as f64 * unit);
    Some(ClockSync { synchronized: Some(synchronized), offset_seconds })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_kernel_answers() {
        if let Some(told) = super::read() {
            assert_eq!(told.offset_seconds.is_some(), told.synchronized == Some(true));
        }
    }
}
