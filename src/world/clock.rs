//! The machine's clock set back: the world follows it.

use super::World;
use jiff::SignedDuration;

impl World {
    /// Moves the world's time by as much as the machine's clock was moved.
    pub fn shift_time(&mut self, by: SignedDuration) {
        self.now = self.now.checked_add(by).unwrap_or(self.now);
    }
}
