//! Golden screens: what every pane, modal and page looks like, text and styles, at several sizes. A pane that is new has no golden files and is
//! not compared; it gets them from `UPDATE_GOLDEN=1 cargo test --test it golden`. Look at what git shows then.

use crate::stage::{
    self, engine_sample, gpu_sample, incident_sample, kube_sample, postgres_sample, rule_sample, watch_sample,
};
use flightdeck::{
    action,
    app::{App, settings::Settings},
    model::object::{ObjectKind, ObjectRef},
    pages, panes,
    ui::glyphs,
};
use ratatui::{
    buffer::{Buffer, Cell},
    style::Color,
};
use std::{collections::BTreeSet, env, fmt::Write as _, fs, path::PathBuf};
use unicode_width::UnicodeWidthStr;

const UPDATE: &str = "UPDATE_GOLDEN=1 cargo test --test it golden";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Golden files that were compared, and what is wrong with them.
#[derive(Default)]
pub struct Goldens {
    names: BTreeSet<String>,
    faults: Vec<String>,
}

impl Goldens {
    /// Compares text and styles with `tests/golden/NAME.txt`, or writes it under `UPDATE_GOLDEN=1`.
    pub fn compare(&mut self, name: &str, buffer: &Buffer) {
        let path = folder().join(format!("{name}.txt"));
        assert!(self.names.insert(name.into()), "two golden screens are called {name}");
        let now = describe(buffer);
        let kept = fs::read_to_string(&path).ok();
        if kept.as_deref() == Some(&now) {
            return;
        }
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, now).expect("tests/golden can be written");
            return;
        }
        self.faults.push(match kept {
            None => format!("{name}: there is no golden file; make it with {UPDATE}"),
            Some(kept) => format!("{name}: {}", first_difference(&kept, &now)),
        });
    }

    /// Reports everything at once, so that one run shows all that a change did.
    pub fn finish(self, prefix: &str) {
        let kept = fs::read_dir(folder()).into_iter().flatten().flatten();
        let kept = kept.map(|entry| entry.file_name().to_string_lossy().trim_end_matches(".txt").to_owned());
        let mut faults = self.faults;
        for orphan in kept.filter(|name| name.starts_with(prefix) && !self.names.contains(name)) {
            faults.push(format!("{orphan}: nothing draws this screen any more; delete tests/golden/{orphan}.txt"));
        }
        assert!(faults.is_empty(), "\n{}\nif it is as it should be: {UPDATE}\n", faults.join("\n"));
    }
}

fn first_difference(kept: &str, now: &str) -> String {
    let pairs = kept.lines().map(Some).chain(std::iter::repeat(None)).zip(now.lines().map(Some).chain([None]));
    for (line, (kept, now)) in pairs.enumerate() {
        if kept != now {
            return format!("line {} differs\n  was {}\n  is  {}", line + 1, kept.unwrap_or("-"), now.unwrap_or("-"));
        }
    }
    "is shorter than it was".into()
}

/// The rows of text, and below them the styles of each row as runs of columns.
pub fn describe(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = format!("{}x{}\n", area.width, area.height);
    let mut styles = String::from("styles\n");
    for y in area.top()..area.bottom() {
        let row: Vec<_> = visible_cells(buffer, y).collect();
        let line: String = row.iter().map(|(_, cell)| cell.symbol()).collect();
        let _ = writeln!(text, "|{line}|");
        let mut runs: Vec<(u16, u16, String)> = Vec::new();
        for (x, cell) in row {
            let style = style(cell);
            match runs.last_mut() {
                Some((_, last, same)) if *same == style => *last = x,
                _ => runs.push((x, x, style)),
            }
        }
        runs.retain(|(_, _, style)| !style.is_empty());
        if !runs.is_empty() {
            let runs: Vec<_> = runs.iter().map(|(from, to, style)| format!("{from}-{to} {style}")).collect();
            let _ = writeln!(styles, "{y:3}: {}", runs.join(", "));
        }
    }
    text + &styles
}

/// The cells of a row without those that lie behind a wide character.
pub fn visible_cells(buffer: &Buffer, y: u16) -> impl Iterator<Item = (u16, &Cell)> {
    let mut covered = 0;
    (buffer.area.left()..buffer.area.right()).map(move |x| (x, &buffer[(x, y)])).filter(move |(_, cell)| {
        if covered > 0 {
            covered -= 1;
            return false;
        }
        covered = cell.symbol().width().saturating_sub(1);
        true
    })
}

fn style(cell: &Cell) -> String {
    let mut words = Vec::new();
    for (name, colour) in [("fg", cell.fg), ("bg", cell.bg), ("ul", cell.underline_color)] {
        if colour != Color::Reset {
            words.push(format!("{name}={colour}"));
        }
    }
    words.extend(cell.modifier.iter_names().map(|(name, _)| name.to_lowercase()));
    words.join("+")
}

#[test]
fn every_pane_alone() {
    let mut goldens = Goldens::default();
    for pane in panes::PANES {
        for (columns, rows) in stage::SIZES {
            let made = stage::made_for(pane.name());
            let app = made(stage::settings_of_pane(pane.name()), (*columns, *rows));
            goldens.compare(&format!("pane-{}-{columns}x{rows}", pane.name()), &stage::draw(&app));
        }
        // And what it says while nothing is known.
        let app = stage::empty(stage::settings_of_pane(pane.name()), (80, 24));
        goldens.compare(&format!("pane-{}-empty", pane.name()), &stage::draw(&app));
    }
    goldens.finish("pane-");
}

#[test]
fn every_screen_that_is_shipped() {
    let mut goldens = Goldens::default();
    for page in stage::settings().pages {
        for (columns, rows) in stage::SIZES {
            let made = stage::made_for(&page.name);
            let mut app = made(stage::settings(), (*columns, *rows));
            stage::press(&mut app, &page.key.to_string());
            goldens.compare(&format!("screen-{}-{columns}x{rows}", page.name), &stage::draw(&app));
            stage::press(&mut app, "tab");
            goldens.compare(&format!("screen-{}-next-focused-{columns}x{rows}", page.name), &stage::draw(&app));
        }
    }
    goldens.finish("screen-");
}

/// Every theme that is shipped, on the page that has the most in it.
#[test]
fn every_theme() {
    let mut goldens = Goldens::default();
    for theme in stage::settings().themes {
        let name = theme.name.clone();
        let app = stage::app(Settings { theme, ..stage::settings() }, (120, 40));
        goldens.compare(&format!("theme-{name}-120x40"), &stage::draw(&app));
    }
    goldens.finish("theme-");
}

/// Every action that opens something over the panes, found by running all of them.
#[test]
fn every_modal() {
    let mut goldens = Goldens::default();
    for action in action::all() {
        for (columns, rows) in stage::SIZES {
            let mut app = stage::app_for(action, (*columns, *rows));
            app.run(action.name);
            if !app.modals.is_empty() {
                let name = app.modals.iter().map(|modal| modal.name()).collect::<Vec<_>>().join("-");
                let screen = stage::draw(&app);
                goldens.compare(&format!("modal-{name}-by-{}-{columns}x{rows}", action.name), &screen);
                let below = app.modals.len();
                stage::press(&mut app, "enter");
                // What the first choice leads to, where that is another question.
                if let Some(next) = app.modals.last().filter(|next| below == 1 && next.name() != name) {
                    let next = format!("modal-{name}-then-{}-by-{}-{columns}x{rows}", next.name(), action.name);
                    goldens.compare(&next, &stage::draw(&app));
                }
            }
        }
    }
    goldens.finish("modal-");
}

const USUAL: [(u16, u16); 2] = [(80, 24), (120, 40)];

/// Compares every tab of an object's page, on a cockpit made by `app`. What a container says is on the screens of the log viewer.
fn each_tab(
    goldens: &mut Goldens,
    object: &ObjectRef,
    sizes: [(u16, u16); 2],
    app: fn(Settings, (u16, u16)) -> App,
    prefix: &str,
) {
    for (columns, rows) in sizes {
        for (at, tab) in pages::tabs(object).into_iter().enumerate() {
            if (object.kind, tab) == (ObjectKind::Container, pages::Tab::Logs) {
                continue;
            }
            let mut app = app(stage::settings(), (columns, rows));
            app.open(object.clone());
            app.view.stack[0].tab = at;
            let name = format!("page-{prefix}-{}-{columns}x{rows}", tab.word().to_lowercase());
            goldens.compare(&name, &stage::draw(&app));
        }
    }
}

#[test]
fn every_page_of_an_object() {
    let mut goldens = Goldens::default();
    for object in kube_objects() {
        each_tab(&mut goldens, &object, USUAL, stage::app, &format!("kube-{}", object.kind.word()));
    }
    for object in engine_sample::objects() {
        each_tab(&mut goldens, &object, USUAL, stage::app, object.kind.word());
    }
    let violation = ObjectRef::new(ObjectKind::Violation, rule_sample::first());
    each_tab(&mut goldens, &violation, USUAL, stage::app_with_rules, "violation");
    for object in incident_sample::objects() {
        each_tab(&mut goldens, &object, USUAL, stage::app_with_incident, object.kind.word());
    }
    for object in watch_sample::objects() {
        each_tab(&mut goldens, &object, USUAL, stage::app_with_watch, object.kind.word());
    }
    for (sort, object) in postgres_sample::objects() {
        each_tab(&mut goldens, &object, USUAL, stage::app_with_postgres, &format!("postgres-{sort}"));
    }
    for (n, sort) in [(0, "well"), (2, "hot"), (3, "lost"), (5, "ecc"), (7, "divided")] {
        let object = ObjectRef::new(ObjectKind::Gpu, gpu_sample::id(n));
        each_tab(&mut goldens, &object, [(80, 24), (120, 60)], stage::app_with_gpus, &format!("gpu-{sort}"));
    }
    for (kind, id) in [
        (ObjectKind::Host, ""),
        (ObjectKind::Cpu, ""),
        (ObjectKind::Memory, ""),
        (ObjectKind::Process, "2310/3310"),
        (ObjectKind::Mount, "/var"),
        (ObjectKind::Device, "nvme0n1"),
        (ObjectKind::Network, "eth1"),
        (ObjectKind::Cgroup, "/system.slice/nginx.service"),
        (ObjectKind::Unit, "backup.service"),
        (ObjectKind::Sensor, "k10temp Tctl"),
        (ObjectKind::Source, "host/sensors"),
    ] {
        for (columns, rows) in USUAL {
            let mut app = stage::app(stage::settings(), (columns, rows));
            app.open(ObjectRef::new(kind, id));
            goldens.compare(&format!("page-{}-{columns}x{rows}", kind.word()), &stage::draw(&app));
        }
    }
    goldens.finish("page-");
}

/// The log viewer as it is used: followed, searched, in columns, with its lines broken.
#[test]
fn the_log_viewer() {
    const WAYS: &[(&str, &str)] = &[
        ("following", ""),
        ("home", "home t"),
        ("marked-and-found", "f E R R O R enter up m"),
        ("columns", "home J t t"),
        ("wrapped", "home w t"),
        ("filtered", "/ l e v e l > = w a r n enter"),
        ("sideways", "home right"),
    ];
    let mut goldens = Goldens::default();
    for (name, keys) in WAYS {
        for (columns, rows) in [(80, 24), (120, 40), (40, 10)] {
            let mut app = stage::app(stage::settings(), (columns, rows));
            crate::log_lines::open(&mut app);
            stage::press(&mut app, keys);
            goldens.compare(&format!("logs-{name}-{columns}x{rows}"), &stage::draw(&app));
        }
    }
    let mut app = stage::app(stage::settings(), (80, 24));
    app.open(ObjectRef::in_engine(ObjectKind::Container, "docker", "abc"));
    stage::press(&mut app, "l");
    goldens.compare("logs-waiting-80x24", &stage::draw(&app));
    let mut app = stage::app(Settings { glyphs: glyphs::ASCII, ..stage::settings() }, (80, 24));
    crate::log_lines::open(&mut app);
    goldens.compare("logs-ascii-80x24", &stage::draw(&app));
    goldens.finish("logs-");
}

/// The postmortem as it is read and written.
#[test]
fn the_postmortem() {
    const WAYS: &[(&str, &str)] = &[
        ("state", ""),
        ("written", "down"),
        ("writing", "down down enter W e space f o r g o t space i t . enter enter T w o"),
        ("leaving", "down down enter W e esc"),
        ("actions", "end up up up up up up up"),
        ("timeline", "end up up up"),
        ("back", "n"),
    ];
    let mut goldens = Goldens::default();
    for (name, keys) in WAYS {
        for (columns, rows) in [(80, 24), (160, 45), (40, 12)] {
            let mut app = stage::app_after_incident(stage::settings(), (columns, rows));
            stage::press(&mut app, "V");
            stage::press(&mut app, keys);
            goldens.compare(&format!("postmortem-{name}-{columns}x{rows}"), &stage::draw(&app));
        }
    }
    let mut app = stage::app_after_incident(Settings { glyphs: glyphs::ASCII, ..stage::settings() }, (80, 24));
    stage::press(&mut app, "V down");
    goldens.compare("postmortem-ascii-80x24", &stage::draw(&app));
    goldens.finish("postmortem-");
}

/// One object of a cluster of each family.
fn kube_objects() -> Vec<ObjectRef> {
    let of = |kind, namespace, name| ObjectRef::in_cluster(kind, kube_sample::PROD, namespace, name);
    vec![
        of(ObjectKind::Pod, "shop", "checkout-7d9f5c-x2k4p"),
        kube_sample::open(),
        of(ObjectKind::CronJob, "batch", "report"),
        of(ObjectKind::Node, "", "node-3"),
        ObjectRef::new(ObjectKind::Cluster, kube_sample::STAGING),
        ObjectRef::resource(kube_sample::PROD, "services", "shop", "web"),
    ]
}

#[test]
fn ascii_means_ascii() {
    let mut faults = Vec::new();
    for pane in panes::PANES {
        for (columns, rows) in stage::SIZES {
            let settings = Settings { glyphs: glyphs::ASCII, ..stage::settings_of_pane(pane.name()) };
            let buffer = stage::draw(&stage::app(settings, (*columns, *rows)));
            let other = buffer.content.iter().find(|cell| !cell.symbol().is_ascii());
            faults.extend(other.map(|cell| format!("{} at {columns}x{rows} shows {:?}", pane.name(), cell.symbol())));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn a_golden_file_tells_text_and_styles() {
    use ratatui::style::{Modifier, Style};
    let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 6, 2));
    buffer.set_string(0, 0, "a漢b", Style::new().fg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::BOLD));
    assert_eq!(describe(&buffer), "6x2\n|a漢b  |\n|      |\nstyles\n  0: 0-3 fg=#010203+bold\n");
    assert_eq!(first_difference("a\nb\n", "a\nc\n"), "line 2 differs\n  was b\n  is  c");
    assert_eq!(first_difference("a\n", "a\nc\n"), "line 2 differs\n  was -\n  is  c");
}
