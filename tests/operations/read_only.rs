//! Read-only is read-only: nothing in the tables of operations and actions gets past the gate.
