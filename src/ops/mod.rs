//! Everything that changes the outside world: [`operation::Operation`] says what, [`gate::Gate`] decides, and only a holder of a
//! [`gate::Permit`] can execute.

pub mod execute;
pub mod gate;
pub mod operation;
