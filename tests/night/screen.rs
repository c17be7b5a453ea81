//! A cockpit as somebody on call uses it: what is on the screen is waited for, and keys are pressed.

use crate::{
    bed::{Bed, Home, until},
    pty::{FLIGHTDECK, MODE, Pty, Setup},
    wait::{PATIENCE, now},
};
use std::{path::Path, time::Instant};
use vt100::Color;

pub const ENTER: &str = "\r";
const ESC: &str = "\x1b";
pub const SAVE: &str = "\x13";
const CLEAR: &str = "\x15";

/// A cockpit in a terminal.
pub struct Cockpit {
    pty: Pty,
    who: &'static str,
    began: Instant,
}

impl Cockpit {
    /// One on this machine that writes down what happens.
    pub fn start(home: &Home, who: &'static str, recording: &Path) -> Self {
        let mut setup = Setup::new().size(120, 40);
        for (name, value) in home.environment() {
            setup = setup.env(name, &value);
        }
        let recording = recording.to_string_lossy().into_owned();
        Self::of(setup.flightdeck(&["--actor", who, "--record", &recording]), who)
    }

    /// One over ssh, in a terminal as small as they come.
    pub fn over_ssh(bed: &Bed, home: &Home, who: &'static str) -> Self {
        let set: Vec<_> = home.environment().iter().map(|(name, value)| format!("{name}='{value}'")).collect();
        let far = format!("cd {}; exec env {} {FLIGHTDECK} --actor {who}", home.path().display(), set.join(" "));
        let config = bed.folder.join("sshd/ssh_config").to_string_lossy().into_owned();
        Self::of(Setup::new().size(80, 24).run(&["ssh", "-F", &config, "-tt", "testbed", &far]), who)
    }

    /// One that plays a recording.
    pub fn replay(recording: &Path) -> Self {
        Self::of(Setup::new().size(120, 40).flightdeck(&["replay", &recording.to_string_lossy()]), "replay")
    }

    fn of(pty: Pty, who: &'static str) -> Self {
        let cockpit = Self { pty, who, began: now() };
        if who == "bob" {
            // At 80 columns the names of the pages are cut.
            cockpit.until("Attention");
        } else {
            cockpit.until(MODE);
        }
        cockpit
    }

    pub fn shown(&self) -> String {
        self.pty.seen().screen().contents()
    }

    /// Waits until the screen says this.
    pub fn until(&self, words: &str) {
        self.until_is(words, |shown| shown.contains(words));
    }

    /// Waits until it does not say this any more.
    pub fn until_gone(&self, words: &str) {
        self.until_is(&format!("no «{words}»"), |shown| !shown.contains(words));
    }

    fn until_is(&self, what: &str, like: impl Fn(&str) -> bool) {
        let look = || {
            let shown = self.shown();
            assert!(!self.pty.seen().closed || like(&shown), "{} has left before {what}\n{shown}", self.who);
            like(&shown).then_some(())
        };
        until(&format!("{what}, on the screen of {}", self.who), look, || self.shown());
    }

    /// Waits until one row of the attention list says all of this, and tells how long that took.
    pub fn row(&self, words: &[&str]) {
        let began = now();
        let look = || self.rows().into_iter().find(|(_, row)| words.iter().all(|word| row.contains(word)));
        until(&format!("a row of {words:?}"), look, || self.shown());
        self.say(&format!("{words:?} stands in the list {:.1} s later", began.elapsed().as_secs_f64()));
    }

    /// Waits until no row says this.
    pub fn row_gone(&self, word: &str) {
        let look = || self.rows().iter().all(|(_, row)| !row.contains(word)).then_some(());
        until(&format!("no row of {word}"), look, || self.shown());
    }

    /// What happened when, for whoever reads what the test says.
    #[expect(clippy::print_stdout, reason = "the night tells where it is")]
    pub fn say(&self, text: &str) {
        println!("{:6.1} s  {}: {text}", self.began.elapsed().as_secs_f64(), self.who);
    }

    /// The rows of the attention list, with the lines that they are on.
    fn rows(&self) -> Vec<(u16, String)> {
        let seen = self.pty.seen();
        let screen = seen.screen();
        let (_, width) = screen.size();
        let lines = screen.rows(0, width.get()).enumerate().map(|(at, line)| (at as u16, line));
        let list = lines.skip_while(|(_, line)| !line.contains("OBJECT")).skip(1);
        // What lies beside the list has a frame of its own.
        let cut = |line: String| line.split("││").next().unwrap_or_default().to_owned();
        list.take_while(|(_, line)| line.starts_with('│')).map(|(at, line)| (at, cut(line))).collect()
    }

    /// The line that is selected in the list: the one that is drawn otherwise.
    fn selected(&self) -> Option<u16> {
        let rows = self.rows();
        let seen = self.pty.seen();
        let is_marked = |line: u16| {
            seen.screen().cell(line, 5).is_some_and(|cell| cell.inverse() || cell.bgcolor() != Color::Default)
        };
        rows.into_iter().map(|(line, _)| line).find(|line| is_marked(*line))
    }

    /// Goes to the row that says this, one key after the other, as rows may move meanwhile.
    pub fn go_to(&self, words: &[&str]) {
        let says = |row: &str| words.iter().all(|word| row.contains(word));
        let step = || {
            let rows = self.rows();
            let wanted = rows.iter().find(|(_, row)| says(row)).map(|(line, _)| *line);
            let (Some(wanted), Some(at)) = (wanted, self.selected()) else { return None };
            match wanted.cmp(&at) {
                std::cmp::Ordering::Equal => return Some(()),
                std::cmp::Ordering::Greater => self.press("j"),
                std::cmp::Ordering::Less => self.press("k"),
            }
            None
        };
        until(&format!("{words:?} is selected"), step, || self.shown());
    }

    pub fn press(&self, keys: &str) {
        self.pty.send(keys);
    }

    /// Empties the field that is typed into and types this.
    pub fn fill(&self, text: &str) {
        self.press(CLEAR);
        self.press(text);
    }

    /// Presses a key and waits until the screen says this.
    pub fn press_until(&self, keys: &str, words: &str) {
        self.press(keys);
        self.until(words);
    }

    /// Closes whatever lies over the attention list and says this.
    pub fn back_from(&self, words: &str) {
        let step = || {
            let shown = self.shown();
            let is_there = shown.contains("OBJECT") && !shown.contains(words);
            if !is_there {
                self.press(ESC);
            }
            is_there.then_some(())
        };
        until("the list", step, || self.shown());
    }

    /// Waits until nothing stands against a plan; it asks again where this machine itself was too busy for it.
    pub fn plan_is_clear(&self) {
        let step = || {
            let shown = self.shown();
            if shown.contains("not clear:") || shown.contains("refused:") {
                self.press("p");
            }
            shown.contains("all is as it has to be").then_some(())
        };
        until("a plan that may begin", step, || self.shown());
    }

    /// Leaves, from wherever it is.
    pub fn leave(mut self) {
        self.press("q");
        self.pty.ends_well(PATIENCE);
        self.pty.assert_restored();
    }
}
