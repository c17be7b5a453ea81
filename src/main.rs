//! Arguments, mode, exit code; nothing else.

use flightdeck::{cli, launch};
use std::{env, io, process::ExitCode};

fn main() -> ExitCode {
    match cli::parse(env::args_os()) {
        Ok(cli) => launch::run(&cli, &mut io::stdout().lock(), &mut io::stderr()).into(),
        Err(error) => {
            // Help that nobody reads to its end is no fault.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(cli::exit::USAGE).into()
        }
    }
}
