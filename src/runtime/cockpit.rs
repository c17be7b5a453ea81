//! The event loop: whatever happens becomes an event, `App` says what follows, and a frame is drawn when something that is shown
//! changed. Nothing ticks while nothing changes.

mod lend;
mod past;
mod signals;
mod work;

use super::{
    contain, effects,
    forwards::Forwards,
    handover,
    input::{Gone, Input},
    journal, logging,
    output::Output,
    player::Player,
    recorder::Limits,
    runbook::bridge::{self, Asker, Bridge},
    screen::Screen,
    stop, terminal,
};
use crate::{
    app::{
        App,
        effect::Effect,
        event::{Event, EventKind},
        settings::Settings,
    },
    client::{Clients, named::Named},
    clock,
    model::{Timestamp, log::LogLine, logs::LogBatch, own::OwnCounters},
    ops::gate::Policy,
    source::{
        AnySource, logs,
        repo::book::Words,
        supervisor::{Demand, News},
    },
};
use jiff::SignedDuration;
use signals::Signals;
use std::{
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};

/// What the cockpit is started with.
pub struct Options {
    pub feed: Feed,
    /// File to record into from the start; it must not exist yet.
    pub record: Option<PathBuf>,
    pub settings: Settings,
    pub policy: Policy,
    pub sources: Vec<AnySource>,
    pub counters: Arc<OwnCounters>,
    /// Ways to engines and clusters.
    pub clients: Arc<Clients>,
    /// Servers that steps of runbooks ask for figures.
    pub prometheus: Vec<Named>,
    /// Where what is seen and done is recorded.
    pub journal: journal::Records,
    /// What user and system say of the rules.
    pub words: Words,
    /// Folder for what is written when the current one cannot be.
    pub state_folder: PathBuf,
    /// Whether the terminal is inside tmux.
    pub tmux: bool,
    pub log_file: Option<PathBuf>,
    pub log_level: tracing::Level,
    /// Reads the runbooks, with what is wrong with them.
    pub runbooks: Box<work::ReadRunbooks>,
    /// Reads the configuration anew.
    pub reload: Box<work::Reload>,
    /// Least time between two frames that only data asked for.
    pub frame_interval: Duration,
}

/// Where the events come from.
pub enum Feed {
    /// From the sources.
    Live,
    /// From a recording.
    Recording(Box<Player>),
}

/// Why the cockpit left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// The user asked for it, or it was told to by SIGTERM or SIGINT.
    Asked,
    Interrupted,
    /// It was told to by SIGQUIT.
    Quit,
    /// The terminal is gone.
    TerminalGone,
}

/// Room in the queues: enough for every source to answer at once, bounded so that a flood waits at its source.
const QUEUE: usize = 256;
/// Data that arrives within this time of each other shares a frame.
const GATHER: Duration = Duration::from_millis(12);
/// A clock that goes back by more than this was set; less is the order in which threads answer.
const CLOCK_STEP: SignedDuration = SignedDuration::from_secs(2);

/// Runs the cockpit until it is left. Also says what could not be written into the journal.
///
/// # Errors
/// Where there is no terminal to run on.
pub fn run(options: Options) -> io::Result<(Left, Option<String>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(16).build()?;
    let left = runtime.block_on(async {
        let mut cockpit = Cockpit::start(options)?;
        let left = cockpit.run().await;
        cockpit.output.abandon();
        terminal::give_back();
        // What is on its way into the journal is written; what is not is said where the user sees it.
        left.map(|left| (left, cockpit.journal.close()))
    });
    // A source that hangs in the kernel must not hold up leaving.
    runtime.shutdown_background();
    left
}

/// What woke the loop.
enum Woken {
    Input(Vec<EventKind>),
    News(News),
    /// An effect has something to say.
    Told(Box<EventKind>),
    Log(LogLine),
    /// Lines that are followed.
    Logs(LogBatch),
    /// The world at the time that was asked for.
    Moment(past::Answer),
    /// A run of a runbook wants to know the world.
    Asked(Asker),
    /// Work that may take long is done.
    Worked(work::Worked),
    /// The recording goes on.
    Play,
    Resize,
    /// To be stopped as a job of a shell.
    Stop,
    Resumed,
    Wake,
    Draw,
    Drained(io::Result<()>),
    Leave(Left),
}

struct Cockpit {
    app: App,
    screen: Screen,
    output: Output,
    input: Input,
    signals: Signals,
    demand: watch::Sender<Demand>,
    news: mpsc::Receiver<News>,
    told: (mpsc::Sender<EventKind>, mpsc::Receiver<EventKind>),
    log: mpsc::Receiver<LogLine>,
    /// The lines that are followed.
    logs: Option<logs::Stream>,
    past: past::Past,
    work: work::Work,
    /// When the next frame is due; `None` while nothing changed.
    draw_at: Option<Instant>,
    drawn_at: Instant,
    frame_interval: Duration,
    state_folder: PathBuf,
    tmux: bool,
    clients: Arc<Clients>,
    words: Words,
    forwards: Forwards,
    journal: journal::Records,
    bridge: Bridge,
    /// What the terminal is lent to.
    lent: Option<handover::Kind>,
    _guard: terminal::Guard,
}

impl Cockpit {
    fn start(options: Options) -> io::Result<Self> {
        let kept = &options.settings.config.recorder;
        let limits = Limits {
            keep_seconds: i64::from(kept.minutes) * 60,
            keep_bytes: usize::try_from(kept.bytes).unwrap_or(usize::MAX),
            ..Limits::default()
        };
        // Before a recording is begun: where there is no terminal, nothing is left behind.
        let mut output = Output::open(options.counters.clone())?;
        let past = past::Past::new(options.feed, options.record.as_deref(), limits, options.counters.clone())?;
        terminal::restore_at_panic();
        terminal::take()?;
        let guard = terminal::Guard;
        output.write(&terminal::enter_bytes(options.settings.config.mouse))?;
        let size = crossterm::terminal::size().unwrap_or((80, 24));
        let app = App::new(options.settings, options.policy, clock::now(), size);
        let (demand, _) = watch::channel(Demand::default());
        let (news_in, news) = mpsc::channel(QUEUE);
        let (log_in, log) = mpsc::channel(QUEUE);
        let bridge = Bridge::new(
            options.clients.clone(),
            options.journal.clone(),
            options.prometheus,
            app.settings.config.runbooks.isolated.clone(),
            app.policy.actor.clone(),
        );
        let mut cockpit = Self {
            app,
            screen: Screen::new(),
            output,
            input: Input::open()?,
            signals: Signals::new()?,
            demand,
            news,
            told: mpsc::channel(QUEUE),
            log,
            logs: None,
            past,
            work: work::Work::new(Arc::from(options.reload), Arc::from(options.runbooks)),
            draw_at: None,
            drawn_at: clock::instant(),
            frame_interval: options.frame_interval,
            state_folder: options.state_folder,
            tmux: options.tmux,
            clients: options.clients,
            words: options.words,
            forwards: Forwards::default(),
            journal: options.journal,
            bridge,
            lent: None,
            _guard: guard,
        };
        // The first screen stands before any source is asked, before the runbooks are read and before the log is opened.
        cockpit.draw()?;
        cockpit.work.read_runbooks();
        logging::start(options.log_file, options.log_level, Some(log_in));
        if cockpit.begin_past() {
            cockpit.journal.tell_outside(&cockpit.clients, &cockpit.app.policy);
            for source in options.sources {
                contain::start(source, cockpit.demand.subscribe(), news_in.clone());
            }
        }
        cockpit.take(EventKind::Wake, clock::now());
        Ok(cockpit)
    }

    async fn run(&mut self) -> io::Result<Left> {
        loop {
            let woken = self.wait().await;
            if let Some(left) = self.serve(woken)? {
                return Ok(left);
            }
        }
    }

    async fn wait(&mut self) -> Woken {
        let wake_at = self.app.next_wake();
        let play_at = self.past.next_at();
        let lent = self.lent.is_some();
        let draw_at = self.draw_at.filter(|_| self.output.is_clear() && !lent);
        let blocked = !self.output.is_clear();
        tokio::select! {
            biased;
            _ = self.signals.hangup.recv() => Woken::Leave(Left::TerminalGone),
            _ = self.signals.terminate.recv() => Woken::Leave(Left::Asked),
            _ = self.signals.interrupt.recv() => Woken::Leave(Left::Interrupted),
            _ = self.signals.quit.recv() => Woken::Leave(Left::Quit),
            _ = self.signals.stop.recv() => Woken::Stop,
            input = self.input.next(), if !lent => match input {
                Ok(events) => Woken::Input(events),
                Err(Gone) => Woken::Leave(Left::TerminalGone),
            },
            _ = self.signals.resize.recv() => Woken::Resize,
            _ = self.signals.resume.recv() => Woken::Resumed,
            drained = self.output.drain(), if blocked => Woken::Drained(drained),
            Some(told) = self.told.1.recv() => Woken::Told(Box::new(told)),
            () = until(draw_at), if draw_at.is_some() => Woken::Draw,
            Some(news) = self.news.recv() => Woken::News(news),
            Some(line) = self.log.recv() => Woken::Log(line),
            answer = self.past.answer() => Woken::Moment(answer),
            Some(asker) = self.bridge.asker() => Woken::Asked(asker),
            Some(worked) = self.work.answer() => Woken::Worked(worked),
            () = until(play_at), if play_at.is_some() => Woken::Play,
            () = until_time(wake_at), if wake_at.is_some() => Woken::Wake,
            // A flood of lines comes last: everything else is served between two of its batches.
            batch = lines(self.logs.as_ref()) => Woken::Logs(batch),
        }
    }

    fn serve(&mut self, woken: Woken) -> io::Result<Option<Left>> {
        let now = clock::now();
        let mut leave = self.follow_clock(now);
        match woken {
            // An editor's ctrl-c goes to the whole job, and is meant for the editor.
            Woken::Leave(Left::Interrupted | Left::Quit) if self.lent == Some(handover::Kind::Editor) => {}
            Woken::Leave(left) => return Ok(Some(left)),
            Woken::Input(events) => {
                for event in events {
                    leave |= self.take(event, now);
                }
                // A key is answered at once, data may wait for its frame.
                if self.draw_at.is_some() && self.output.is_clear() && self.lent.is_none() && !leave {
                    self.draw()?;
                }
            }
            Woken::News(news) => leave |= self.take_news(news, now),
            Woken::Logs(batch) => leave |= self.take(EventKind::Logs(batch), now),
            Woken::Told(told) => leave |= self.take(*told, now),
            Woken::Log(line) => leave |= self.take(EventKind::Log(line), now),
            Woken::Moment(answer) => leave |= self.take_moment(answer, now),
            Woken::Asked(asker) => bridge::show(&asker, &self.app),
            Woken::Worked(worked) => leave |= self.take_worked(worked, now),
            Woken::Play => leave |= self.play(),
            Woken::Resize => {
                let (columns, rows) = crossterm::terminal::size()?;
                leave |= self.take(EventKind::Resize { columns, rows }, now);
            }
            Woken::Stop => self.stop()?,
            Woken::Resumed if self.lent.is_some() => {}
            Woken::Resumed => self.take_terminal_back()?,
            Woken::Wake => leave |= self.take(EventKind::Wake, now),
            Woken::Draw => self.draw()?,
            Woken::Drained(result) => {
                if result.is_err() {
                    return Ok(Some(Left::TerminalGone));
                }
            }
        }
        Ok(leave.then_some(Left::Asked))
    }

    /// Notices that the machine's clock was set back, and follows it; says whether to leave.
    fn follow_clock(&mut self, now: Timestamp) -> bool {
        let back = self.app.now.duration_since(now);
        if !self.past.is_live() || back <= CLOCK_STEP {
            return false;
        }
        self.take(EventKind::ClockStepped { by_seconds: -back.as_secs_f64() }, now)
    }

    /// News that were asked for before the clock was set back are of now.
    fn take_news(&mut self, news: News, now: Timestamp) -> bool {
        match news {
            News::Updates { at, source, updates } => self.take(EventKind::Updates { source, updates }, at.min(now)),
            News::Report { at, report } => self.take(EventKind::Report(report), at.min(now)),
        }
    }

    /// Gives an event to the app and does what follows; says whether to leave.
    fn take(&mut self, kind: EventKind, at: Timestamp) -> bool {
        let event = Event { at, kind };
        let stopped = self.past.record(&event, &self.app);
        let effects = self.app.update(event);
        let mut leave = stopped.is_some_and(|stopped| self.recording_stopped(stopped, at));
        for effect in effects {
            leave |= self.perform(effect);
        }
        if self.app.take_dirty() && self.draw_at.is_none() {
            let next = (self.drawn_at + self.frame_interval).max(clock::instant() + GATHER);
            self.draw_at = Some(next);
        }
        leave
    }

    /// Does one thing that the app asked for; says whether that is to leave.
    fn perform(&mut self, effect: Effect) -> bool {
        let told = self.told.0.clone();
        match effect {
            Effect::Quit => return true,
            // To the whole job, as a terminal would; our own part follows as [`Woken::Stop`].
            Effect::Suspend => {
                let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
            }
            Effect::Repaint => {
                self.screen.forget();
                self.app.touch();
            }
            Effect::Demand(demand) => {
                self.demand.send_replace(demand);
            }
            Effect::Copy { text, what } => self.copy(&text, &what),
            Effect::Write { name, content, what } => {
                effects::write_file(told, &name, content, what, self.state_folder.clone());
            }
            Effect::Declare(declaration) => {
                let incident = self.journal.declare(*declaration);
                self.attach_past(incident);
            }
            Effect::Record(drafts) => self.journal.record(drafts),
            Effect::Stretch(wanted) => self.journal.ask(wanted),
            Effect::Execute(permit) if permit.operation().takes_terminal() => self.lend(permit),
            Effect::Execute(permit) if self.forwards.is_one(&permit) => {
                self.forwards.start(told, permit, &self.clients, &self.journal.ledger());
            }
            Effect::Execute(permit) => effects::execute(told, permit, &self.clients, &self.journal.ledger()),
            Effect::KeepPreflight(kept) => effects::keep_preflight(told, *kept, self.state_folder.clone()),
            Effect::Rehearse(trial) => effects::rehearse(told, trial, &self.clients, &self.words),
            Effect::Review { context, wanted } => effects::review(told, context, wanted, &self.clients),
            Effect::Plan(wanted) => self.bridge.plan(told, *wanted),
            Effect::BeginRun(wanted) => self.bridge.begin(told, *wanted),
            Effect::ResumeRun { run, way_back } => self.bridge.resume(told, run, way_back),
            Effect::TellRun { run, input, secrets } => self.bridge.say(told, run, input, secrets),
            Effect::LeaveRun(run) => self.bridge.leave(&run),
            Effect::StopForward(id) => self.forwards.stop(id),
            Effect::ReloadConfig => return self.reload(),
            Effect::Mouse(on) => {
                let _ = self.output.write(&terminal::mouse_bytes(on));
            }
            // The streams of before end here.
            Effect::Logs(request) => {
                self.logs = request.map(|request| logs::start(Arc::clone(&self.clients), request));
            }
            Effect::Moment(at) => self.past.ask(at),
            Effect::Player(command) => return self.command_player(command),
            Effect::ToggleRecording => return self.toggle_recording(),
        }
        false
    }

    /// Gives the terminal to the shell, stops, and takes the terminal back when continued. Without a shell that could continue us
    /// nothing happens.
    fn stop(&mut self) -> io::Result<()> {
        match self.lent {
            // The editor was stopped, and we with it: the terminal is not ours to set up.
            Some(handover::Kind::Editor) => {
                stop::stop();
                return Ok(());
            }
            Some(handover::Kind::Session) => return Ok(()),
            None if !stop::can_be_continued() => return Ok(()),
            None => {}
        }
        self.output.abandon();
        terminal::give_back();
        stop::stop();
        self.take_terminal_back()
    }

    fn take_terminal_back(&mut self) -> io::Result<()> {
        terminal::take()?;
        self.input.forget();
        self.output.write(&terminal::enter_bytes(self.app.settings.config.mouse))?;
        self.screen.forget();
        let (columns, rows) = crossterm::terminal::size()?;
        self.take(EventKind::Resize { columns, rows }, clock::now());
        self.app.touch();
        self.draw_at = Some(clock::instant());
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        self.draw_at = None;
        self.drawn_at = clock::instant();
        let bytes = self.screen.frame(&self.app)?;
        if bytes.is_empty() { Ok(()) } else { self.output.write(&bytes) }
    }
}

async fn lines(stream: Option<&logs::Stream>) -> LogBatch {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at.into()).await;
    }
}

async fn until_time(at: Option<Timestamp>) {
    if let Some(at) = at {
        tokio::time::sleep(wait_for(at, clock::now())).await;
    }
}

/// How long to wait for a time: a moment where it is over, an hour at most.
fn wait_for(at: Timestamp, now: Timestamp) -> Duration {
    let wait = Duration::try_from(at.duration_since(now)).unwrap_or_default();
    wait.min(Duration::from_secs(3_600)) + Duration::from_millis(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_is_not_waited_for() {
        let at = |seconds| Timestamp::from_second(seconds).expect("in range");
        let moment = Duration::from_millis(1);
        assert_eq!(wait_for(at(100), at(400)), moment);
        assert_eq!(wait_for(at(100), at(97)), Duration::from_secs(3) + moment);
        assert_eq!(wait_for(at(100_000), at(97)), Duration::from_secs(3_600) + moment);
    }
}
