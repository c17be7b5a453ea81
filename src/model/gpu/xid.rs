//! What NVIDIA's XID errors mean and what to do about each, after the catalogue at
//! <https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html>; the words are our own.

/// What is to be done about an XID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing: it tells of another error, or of a repair.
    Ignore,
    /// The application's process has ended or must be ended; the GPU goes on.
    RestartApplication,
    /// End all work on the GPU and reset it.
    Reset,
    /// Restart the machine.
    Reboot,
    /// What another error, or the recovery action, says.
    Follow,
    /// Look at what else is known.
    Look,
    /// Somebody has to look at the machine.
    Hardware,
}

/// An entry of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    pub code: u32,
    pub title: &'static str,
    pub action: Action,
    /// The next step, in words.
    pub next_step: &'static str,
}

const RESTART: &str =
    "restart the application; if it happens again with the same one, it is a fault of the application";
const RESET: &str = "drain the GPU and reset it; call for hardware if it happens again";
const NVLINK5: &str =
    "drain the GPU and reset it together with what it is linked to; call for hardware if it happens again";

macro_rules! catalogue {
    ($($code:literal $title:literal $action:ident $step:expr;)*) => {
        /// The catalogue, by number.
        pub static CATALOGUE: &[Meaning] = &[$(Meaning { code: $code, title: $title, action: Action::$action, next_step: $step },)*];
    };
}

catalogue! {
    13 "exception in the graphics engine" RestartApplication RESTART;
    31 "page fault in GPU memory" RestartApplication RESTART;
    32 "damaged stream of commands" RestartApplication RESTART;
    43 "work stopped by a fault of the application" Ignore "nothing for the GPU: look at the application";
    45 "work ended because of another error, or by hand" Follow "follow the error before it; without one, restart the application";
    46 "the GPU stopped processing" Reset RESET;
    48 "double-bit memory error" Look "drain the GPU; with XID 63 or 64 after it reset the GPU, with 94 or 95 follow those";
    54 "power connector is missing" Hardware "check the GPU's power connectors";
    62 "the GPU's controller halted" Reset RESET;
    63 "a memory row was replaced, or a page retired" Ignore "nothing now; where a remap is pending, reset the GPU when it is idle";
    64 "a memory row could not be recorded for replacement" Reset RESET;
    69 "error in a graphics engine's class" RestartApplication RESTART;
    74 "NVLink error" Look "check the link's errors; reset the GPUs at both ends, and call for hardware if it happens again";
    79 "the GPU fell off the bus" Reboot "drain the node and restart the machine; call for hardware if the GPU does not come back";
    92 "many single-bit memory errors" Ignore "nothing now: they were corrected";
    94 "memory error, contained in one application" RestartApplication "restart the application that it hit; reset the GPU when it is idle";
    95 "memory error that is not contained" Reset RESET;
    109 "context switch took too long" Reset RESET;
    110 "security fault" Reset RESET;
    119 "the GPU's system processor does not answer" Reset RESET;
    120 "error in the GPU's system processor" Reset RESET;
    136 "link training failed" Reset RESET;
    140 "memory error that could not be recovered from" Reset RESET;
    143 "the GPU could not be initialised" Reset RESET;
    144 "NVLink 5 error (SAW)" Look NVLINK5;
    145 "NVLink 5 error (RLW)" Look NVLINK5;
    146 "NVLink 5 error (TLW)" Look NVLINK5;
    147 "NVLink 5 error (TREX)" Look NVLINK5;
    148 "NVLink 5 error (NVLPW control)" Look NVLINK5;
    149 "NVLink 5 error (NETIR)" Look NVLINK5;
    150 "NVLink 5 error (MSE)" Look NVLINK5;
    154 "the recovery action changed" Follow "do what the GPU's recovery action says";
    155 "NVLink error found by software" Reset RESET;
    156 "a resource of the GPU was retired" Reset RESET;
    158 "fatal timeout" Reset RESET;
}

/// What an XID means; `None` where it is not in the catalogue.
pub fn meaning(code: u32) -> Option<&'static Meaning> {
    CATALOGUE.binary_search_by_key(&code, |meaning| meaning.code).ok().map(|at| &CATALOGUE[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found() {
        assert!(CATALOGUE.is_sorted_by_key(|meaning| meaning.code));
        for entry in CATALOGUE {
            assert_eq!(meaning(entry.code), Some(entry));
        }
        assert_eq!(meaning(1), None);
        assert_eq!(meaning(79).map(|meaning| meaning.action), Some(Action::Reboot));
    }
}
