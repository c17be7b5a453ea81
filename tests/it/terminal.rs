//! The cockpit and its terminal: taking it, giving it back, and living with what terminals do.

use crate::{
    need,
    pty::{FLIGHTDECK, MODE, Pty, Seen, Setup},
    wait::{self, PATIENCE},
};
use base64::Engine as _;
use flightdeck::runtime::{contain::Contained, terminal};
use rustix::process::Signal;
use std::{
    env,
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

/// A dead terminal must not leave a process behind for longer than this.
const AT_ONCE: Duration = Duration::from_secs(1);

const CTRL_L: &str = "\x0c";
const CTRL_Z: &str = "\x1a";

fn cockpit() -> Pty {
    let pty = Setup::new().flightdeck(&[]);
    pty.wait_for_cockpit();
    pty
}

#[test]
fn it_opens_and_q_leaves_and_restores() {
    let mut pty = cockpit();
    assert!(!pty.is_cooked(), "raw mode is not on");
    assert!(pty.seen().screen().hide_cursor());
    pty.send("q");
    let status = pty.exit(PATIENCE);
    assert_eq!((status.exit_code(), status.signal()), (0, None));
    pty.assert_restored();
}

#[test]
fn sigterm_restores() {
    let mut pty = cockpit();
    pty.signal(Signal::TERM);
    let status = pty.exit(PATIENCE);
    assert_eq!((status.exit_code(), status.signal()), (0, None));
    pty.assert_restored();
}

#[test]
fn sigint_restores_and_leaves_with_130() {
    let mut pty = cockpit();
    pty.signal(Signal::INT);
    let status = pty.exit(PATIENCE);
    pty.assert_restored();
    assert_eq!((status.exit_code(), status.signal()), (130, None));
}

#[test]
fn sigquit_restores_and_leaves_with_131() {
    let mut pty = cockpit();
    pty.signal(Signal::QUIT);
    let status = pty.exit(PATIENCE);
    pty.assert_restored();
    assert_eq!((status.exit_code(), status.signal()), (131, None));
}

#[test]
fn sighup_ends_it_at_once() {
    let mut pty = cockpit();
    pty.signal(Signal::HUP);
    pty.exit(AT_ONCE);
}

#[test]
fn a_terminal_that_dies_ends_it_at_once() {
    let mut pty = cockpit();
    pty.close();
    pty.exit(AT_ONCE);
}

#[test]
fn a_terminal_that_dies_while_nobody_reads_from_it_ends_it_at_once() {
    let mut pty = stalled();
    pty.close();
    pty.exit(AT_ONCE);
}

#[test]
fn the_end_of_its_input_ends_it_at_once() {
    // A second terminal is the input only; the first one, with the screen, lives on.
    let mut input = Setup::new().run(&["sh", "-c", "trap '' HUP; read never"]);
    let from = input.tty.to_string_lossy().into_owned();
    let mut pty = Setup::new().run(&["sh", "-c", "exec \"$0\" <\"$1\"", FLIGHTDECK, &from]);
    pty.wait_for_cockpit();
    input.close();
    pty.exit(AT_ONCE);
    pty.assert_restored();
}

#[test]
fn a_shell_gets_the_terminal_while_it_is_suspended() {
    let mut pty = Setup::new().env("PS1", "ready> ").run(&["bash", "--norc", "--noprofile", "-i"]);
    pty.wait_for("the prompt", |seen| seen.shows("ready>"));
    pty.send(format!("{FLIGHTDECK}\r"));
    pty.wait_for_cockpit();
    for round in 1..=2 {
        pty.send(CTRL_Z);
        pty.wait_for("the shell", |seen| {
            !seen.screen().alternate_screen() && seen.screen().contents().matches("Stopped").count() == round
        });
        pty.send(format!("echo still-'{round}'-usable\r"));
        pty.wait_for("an answer", |seen| seen.shows(&format!("still-{round}-usable")));
        assert!(!pty.seen().screen().hide_cursor());
        pty.send("fg\r");
        pty.wait_for_cockpit();
    }
    pty.send("q");
    pty.wait_for("the shell", |seen| !seen.screen().alternate_screen());
    pty.send("echo left-with-$?\r");
    pty.wait_for("an answer", |seen| seen.shows("left-with-0"));
    pty.send("exit\r");
    pty.exit(PATIENCE);
    pty.assert_restored();
}

#[test]
fn a_stop_from_outside_gives_the_terminal_to_the_shell() {
    let mut pty = Setup::new().env("PS1", "ready> ").run(&["bash", "--norc", "--noprofile", "-i"]);
    pty.wait_for("the prompt", |seen| seen.shows("ready>"));
    pty.send(format!("(sleep 1; exec pkill -TSTP -P $$ flightdeck) & {FLIGHTDECK}\r"));
    pty.wait_for_cockpit();
    pty.wait_for("the shell", |seen| !seen.screen().alternate_screen() && seen.shows("Stopped"));
    assert!(!pty.seen().screen().hide_cursor());
    pty.send("echo still-'in'-use\r");
    pty.wait_for("an answer", |seen| seen.shows("still-in-use"));
    pty.send("fg %2\r");
    pty.wait_for_cockpit();
    pty.send("q");
    pty.wait_for("the shell", |seen| !seen.screen().alternate_screen());
    pty.send("exit\r");
    pty.exit(PATIENCE);
    pty.assert_restored();
}

#[test]
fn without_a_shell_a_stop_from_outside_changes_nothing() {
    let mut pty = cockpit();
    pty.signal(Signal::TSTP);
    repaint(&pty);
    pty.send("q");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
}

/// As after `docker exec` or `nsenter`: sessions and groups of who started it have no number inside.
#[test]
fn a_session_from_outside_the_pid_namespace_is_no_shell() {
    if !need::success("a pid namespace", Command::new("unshare").args(["--pid", "--fork", "--mount-proc", "true"])) {
        return;
    }
    let inside = format!("{FLIGHTDECK}; exit $?");
    let mut pty = Setup::new().run(&["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", &inside]);
    pty.wait_for_cockpit();
    pty.send(CTRL_Z);
    repaint(&pty);
    pty.send("q");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
}

/// Has everything drawn anew, and waits for it.
fn repaint(pty: &Pty) {
    let before = pty.seen().bytes.len();
    pty.send(CTRL_L);
    pty.wait_for("a repaint", |seen| {
        let new = &seen.bytes[before..];
        new.windows(4).any(|bytes| bytes == b"\x1b[2J") && new.ends_with(b"\x1b[?2026l")
    });
}

#[test]
fn a_configuration_that_hangs_holds_nothing_up() {
    let setup = Setup::new();
    let folder = setup.home().join("config/flightdeck");
    let mut pty = setup.flightdeck(&[]);
    pty.wait_for_cockpit();
    // Whoever reads from a pipe into which nobody writes waits for ever.
    std::fs::create_dir_all(&folder).expect("made");
    let made = Command::new("mkfifo").arg(folder.join("config.toml")).status().expect("mkfifo is part of every Linux");
    assert!(made.success());
    pty.send("\x12\x12");
    pty.wait_for("a word about it", |seen| seen.shows("still being read"));
    pty.send("q");
    pty.ends_well(AT_ONCE);
    pty.assert_restored();
}

#[test]
fn without_a_shell_to_return_to_ctrl_z_changes_nothing() {
    let mut pty = cockpit();
    pty.send(CTRL_Z);
    pty.send("q");
    let status = pty.exit(PATIENCE);
    assert_eq!((status.exit_code(), status.signal()), (0, None));
    pty.assert_restored();
}

#[test]
fn any_size_will_do() {
    let mut pty = cockpit();
    for (columns, rows) in [(1, 1), (5, 2), (2, 40), (300, 1), (200, 60), (80, 24)] {
        pty.resize(columns, rows);
        // Asking for a repaint makes sure that this size was drawn before the next comes.
        repaint(&pty);
    }
    pty.wait_for("the header at its old size", |seen| seen.shows(MODE));
    pty.send("q");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
}

#[test]
fn a_size_is_followed() {
    let pty = cockpit();
    pty.resize(132, 43);
    pty.wait_for("something in the last column", |seen| {
        let screen = seen.screen();
        (0..43).any(|row| screen.cell(row, 131).is_some_and(|cell| cell.contents().trim() != ""))
    });
}

/// Takes the terminal as the cockpit does, and panics; run by the test below as a program of its own.
const PANIC: &str = "FLIGHTDECK_TEST_PANIC";

#[test]
fn a_panic_restores() {
    if env::var_os(PANIC).is_some() {
        terminal::restore_at_panic();
        terminal::take().expect("a terminal");
        let mut stdout = std::io::stdout();
        stdout.write_all(&terminal::enter_bytes(true)).and_then(|()| stdout.flush()).expect("the terminal takes bytes");
        panic!("on purpose");
    }
    let own = env::current_exe().expect("this program has a path");
    let own = own.to_string_lossy();
    let mut pty = Setup::new().env(PANIC, "1").run(&[&own, "--exact", "terminal::a_panic_restores", "--nocapture"]);
    pty.wait_for("the alternate screen, left again, and the message on the first one", |seen| {
        let entered = seen.bytes.windows(8).any(|bytes| bytes == b"\x1b[?1049h");
        entered && !seen.screen().alternate_screen() && seen.shows("on purpose")
    });
    assert_ne!(pty.exit(PATIENCE).exit_code(), 0);
    pty.assert_restored();
}

#[test]
fn a_panic_that_the_runtime_catches_leaves_the_terminal() {
    if env::var_os(PANIC).is_some() {
        terminal::restore_at_panic();
        terminal::take().expect("a terminal");
        let mut stdout = std::io::stdout();
        stdout.write_all(&terminal::enter_bytes(true)).and_then(|()| stdout.flush()).expect("the terminal takes bytes");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        // The hook knows the thread on which it was set as the main one.
        let task = runtime.block_on(async { tokio::spawn(Contained::new(async { panic!("on purpose") })).await });
        assert!(task.is_err_and(|error| error.is_panic()));
        stdout.write_all(b"goes on").and_then(|()| stdout.flush()).expect("the terminal takes bytes");
        let mut line = [0];
        let _ = std::io::Read::read(&mut std::io::stdin(), &mut line);
        terminal::give_back();
        return;
    }
    let own = env::current_exe().expect("this program has a path");
    let name = "terminal::a_panic_that_the_runtime_catches_leaves_the_terminal";
    let mut pty = Setup::new().env(PANIC, "1").run(&[&own.to_string_lossy(), "--exact", name, "--nocapture"]);
    pty.wait_for("what comes behind the panic, on the alternate screen", |seen| {
        seen.screen().alternate_screen() && seen.shows("goes on") && !seen.shows("on purpose")
    });
    pty.send("x");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
}

#[test]
fn a_flood_of_keys_is_taken() {
    let mut pty = cockpit();
    let keys = b"jk\x1b[A\x1b[B\tz\x1b[M!!!\x1b[200~pasted\x1b[201~";
    // In one go: more than the kernel and any reader take at once.
    pty.send(keys.iter().copied().cycle().take(10_000).collect::<Vec<u8>>());
    pty.send("\x1b[201~\x1b");
    pty.wait_for_cockpit();
    // The flood may have ended within a sequence or a modal; what follows is alone.
    pty.send(CTRL_L);
    repaint(&pty);
    pty.signal(Signal::TERM);
    pty.ends_well(PATIENCE);
    pty.assert_restored();
}

/// A cockpit whose terminal takes no more bytes, and that has a frame to write.
fn stalled() -> Pty {
    let pty = cockpit();
    pty.stall(true);
    // The kernel moves bytes from one buffer to the next when it likes; full is what stays full.
    let mut times_full = 0;
    let full = || {
        times_full = if pty.fill() == 0 { times_full + 1 } else { 0 };
        (times_full == 10).then_some(())
    };
    wait::until("a terminal that takes no more bytes", full, || "it takes more");
    pty.send(CTRL_L);
    wait::until("a repaint that is asked for", || (pty.unread() == 0).then_some(()), || pty.unread());
    assert_eq!(pty.fill(), 0, "it takes bytes again");
    pty
}

#[test]
fn q_is_heard_while_the_terminal_takes_no_bytes() {
    let mut pty = stalled();
    pty.send("q");
    pty.ends_well(AT_ONCE);
    assert!(pty.is_cooked());
}

#[test]
fn sigterm_is_heard_while_the_terminal_takes_no_bytes() {
    let mut pty = stalled();
    pty.signal(Signal::TERM);
    pty.ends_well(AT_ONCE);
    assert!(pty.is_cooked());
}

#[test]
fn a_terminal_that_stalled_catches_up() {
    let mut pty = stalled();
    let before = pty.seen().bytes.len();
    pty.stall(false);
    pty.wait_for("what was left", |seen| seen.bytes.len() > before);
    pty.wait_for_cockpit();
    pty.send("q");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
}

/// Parameters of every colour that the bytes select; the default colours (39, 49, 59) are none.
fn colours(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    for sequence in text.split("\x1b[").skip(1) {
        let Some(end) = sequence.find(|c: char| c.is_ascii_alphabetic()) else { continue };
        if !sequence[end..].starts_with('m') {
            continue;
        }
        let parameters = sequence[..end].split([';', ':']).filter_map(|number| number.parse::<u16>().ok());
        found.extend(parameters.filter(|n| matches!(n, 30..=38 | 40..=48 | 58 | 90..=107)).map(|n| n.to_string()));
    }
    found
}

#[test]
fn colours_are_there_unless_no_color_is_set() {
    let look = |setup: Setup| {
        let mut pty = setup.env("COLORTERM", "truecolor").flightdeck(&[]);
        pty.wait_for_cockpit();
        pty.send("q");
        pty.exit(PATIENCE);
        pty.wait_for_end();
        colours(&pty.seen().bytes)
    };
    assert_eq!(look(Setup::new().env("NO_COLOR", "1")), [""; 0]);
    assert_ne!(look(Setup::new()), [""; 0], "the check above would not notice a colour");
}

#[test]
fn the_linux_console_is_a_terminal_too() {
    let mut pty = Setup::new().env("TERM", "linux").flightdeck(&[]);
    pty.wait_for_cockpit();
    pty.send("q");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
}

#[test]
fn without_any_terminal_it_says_so() {
    let setup = Setup::new();
    // A session of its own has no controlling terminal, wherever the tests run.
    let mut command = Command::new("setsid");
    command.args(["--wait", FLIGHTDECK]).env_clear().envs(setup.environment().iter().cloned());
    let out = command.stdin(Stdio::null()).output().expect("setsid is part of every Linux");
    let message = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(2), "{message}");
    assert!(message.contains("terminal"), "{message:?} does not say what is missing");
    assert!(out.stdout.is_empty(), "{:?}", String::from_utf8_lossy(&out.stdout));
}

#[test]
fn output_into_a_pipe_is_refused() {
    let mut pty = Setup::new().run(&["bash", "-c", "\"$0\" | cat; echo left-with-${PIPESTATUS[0]}", FLIGHTDECK]);
    pty.wait_for("the answer", |seen| seen.shows("left-with-2") && seen.shows("terminal"));
    pty.exit(PATIENCE);
    assert!(!pty.seen().bytes.windows(8).any(|bytes| bytes == b"\x1b[?1049h"), "it took the terminal all the same");
}

#[test]
fn copying_reaches_the_clipboard_of_the_terminal() {
    let pty = Setup::new().size(120, 40).flightdeck(&[]);
    pty.wait_for_cockpit();
    pty.send("9");
    pty.wait_for("the list of sources", |seen| seen.shows("host/gauges"));
    pty.send("y");
    let copied = |seen: &Seen| {
        let text = String::from_utf8_lossy(&seen.bytes).into_owned();
        let (coded, _) = text.split_once("\x1b]52;c;")?.1.split_once('\x07')?;
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(coded).ok()?).ok()
    };
    pty.wait_for("OSC 52 with the row", |seen| copied(seen).is_some_and(|row| row.contains("ai/")));
}
