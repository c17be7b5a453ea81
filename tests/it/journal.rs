//! The host's journal in the log viewer. What writes it is systemd's own `systemd-journal-remote`, from entries in its export format; what
//! reads it is the `journalctl` of this machine. The cockpit runs where the folder of journals is ours, in a mount namespace of its own.

use crate::{
    need::need,
    pty::{FLIGHTDECK, Pty, Setup},
    wait::{PATIENCE, until},
};
use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

/// Where Debian keeps it, out of the search path.
const WRITER: &str = "/lib/systemd/systemd-journal-remote";
/// A boot of this host, by what the kernel calls it.
enum Boot {
    /// Some boot that is over.
    Before,
    /// The one that runs: `journalctl --follow` shows no other.
    This,
}

impl Boot {
    fn id(&self) -> String {
        match self {
            Self::Before => "a".repeat(32),
            Self::This => {
                let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("Linux has one");
                id.trim().replace('-', "")
            }
        }
    }
}

/// A journal that is being written; the writer ends with this.
struct Journal {
    folder: tempfile::TempDir,
    writer: Child,
    input: Option<ChildStdin>,
    machine: String,
    count: u64,
}

impl Journal {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let machine = fs::read_to_string("/etc/machine-id").expect("systemd made one").trim().to_owned();
        let of_machine = folder.path().join("journal").join(&machine);
        fs::create_dir_all(&of_machine).expect("made");
        let mut command = Command::new(WRITER);
        command.arg("--output").arg(of_machine.join("system.journal")).arg("-");
        let mut writer = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
        let input = writer.stdin.take();
        Self { folder, writer, input, machine, count: 0 }
    }

    /// Writes an entry (<https://systemd.io/JOURNAL_EXPORT_FORMATS>) of so many seconds ago.
    fn write(&mut self, boot: Boot, ago: i64, (unit, priority): (&str, u8), message: &str) {
        self.count += 1;
        let at = flightdeck::clock::now().as_microsecond() - ago * 1_000_000;
        let entry = format!(
            "__REALTIME_TIMESTAMP={at}\n__MONOTONIC_TIMESTAMP={}\n_BOOT_ID={}\n_MACHINE_ID={}\nPRIORITY={priority}\n\
             SYSLOG_IDENTIFIER={unit}\n_SYSTEMD_UNIT={unit}.service\nMESSAGE={message}\n\n",
            self.count * 1_000,
            boot.id(),
            self.machine
        );
        let input = self.input.as_mut().expect("it is open");
        input.write_all(entry.as_bytes()).and_then(|()| input.flush()).expect("written");
    }

    /// Waits until journalctl finds it.
    fn until_written(&self, text: &str) {
        let folder = self.folder.path().join("journal");
        let all = || {
            let done = Command::new("journalctl").arg("--directory").arg(&folder).arg("--output=cat").output();
            String::from_utf8_lossy(&done.expect("it runs").stdout).into_owned()
        };
        until(text, || all().contains(text).then_some(()), all);
    }

    /// A cockpit for which these are the host's journals.
    fn cockpit(&self) -> Pty {
        let script = "mount --make-rprivate / && mount --bind \"$1\" /var/log/journal && shift && exec \"$@\"";
        let folder = self.folder.path().join("journal").display().to_string();
        let command = ["unshare", "--mount", "sh", "-c", script, "sh", &folder, FLIGHTDECK];
        Setup::new().size(120, 40).run(&[&command[..], &["--docker", "none", "--context", "none"]].concat())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.writer.kill();
        let _ = self.writer.wait();
    }
}

fn is_possible() -> bool {
    let programs = ["journalctl", "unshare"];
    let may_mount = || Command::new("unshare").args(["--mount", "true"]).status().is_ok_and(|status| status.success());
    if !need("the host's journal", &programs) {
        return false;
    }
    let why = if !Path::new(WRITER).exists() {
        "systemd-journal-remote is not installed; tests/run installs it"
    } else if !may_mount() {
        "this user may not mount"
    } else {
        fs::create_dir_all("/var/log/journal").expect("root may");
        return true;
    };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
    let _ = writeln!(std::io::stderr(), "NOT RUN: the host's journal: {why}");
    false
}

#[test]
fn the_hosts_journal_is_followed_filtered_and_read_back() {
    if !is_possible() {
        return;
    }
    let mut journal = Journal::new();
    journal.write(Boot::Before, 7_200, ("nginx", 6), "before the reboot");
    journal.write(Boot::This, 60, ("nginx", 4), "upstream timed out password=hunter2");
    journal.write(Boot::This, 50, ("cron", 6), "job tidied");
    journal.until_written("job tidied");
    let mut pty = journal.cockpit();
    pty.wait_for_cockpit();
    pty.send(":this host journal");
    pty.wait_for("the host", |seen| seen.shows("host") && seen.shows("this host, and its journal"));
    pty.send("\r");
    pty.wait_for("its page", |seen| seen.shows("[Summary]"));
    pty.send("l");
    let lines = ["nginx: upstream timed out password=[redacted]", "cron: job tidied"];
    pty.wait_for("its lines", |seen| lines.iter().all(|line| seen.shows(line)) && !seen.shows("hunter2"));
    // What is written from now on follows.
    journal.write(Boot::This, 0, ("sshd", 3), "error: no route to host");
    pty.wait_for("the new line", |seen| seen.shows("sshd: error: no route to host"));
    pty.send("/level>=warn\r");
    pty.wait_for("warnings only", |seen| {
        seen.shows("upstream timed out") && seen.shows("no route") && !seen.shows("tidied")
    });
    journal.write(Boot::This, 0, ("kernel", 6), "of no concern");
    journal.write(Boot::This, 0, ("kernel", 2), "disk is failing");
    pty.wait_for("what is critical", |seen| seen.shows("kernel: disk is failing") && !seen.shows("of no concern"));
    pty.send("F");
    pty.wait_for("every line", |seen| seen.shows("of no concern") && seen.shows("tidied"));
    // The run before this one is the boot before.
    pty.send("p");
    pty.wait_for("the boot before", |seen| seen.shows("before the reboot") && !seen.shows("tidied"));
    // Off the page, and out.
    pty.send("qq");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
}
