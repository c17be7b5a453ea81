//! The cockpit itself on the testbed, in a pseudo-terminal.
