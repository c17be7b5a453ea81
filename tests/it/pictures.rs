//! Pictures of the cockpit's own screens for the README, drawn without any other program. `UPDATE_PICTURES=1 cargo test --test it
//! pictures` draws them anew; without it the test notices where they are stale.

use crate::{golden::visible_cells, stage};
use flightdeck::{
    app::{
        App,
        effect::PlayerCommand,
        event::{Event, EventKind},
    },
    runtime::player::Player,
};
use jiff::SignedDuration;
use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use std::{env, fmt::Write as _, fs, path::PathBuf};
use unicode_width::UnicodeWidthStr;

/// A cell of the picture in pixels, and the room around the screen.
const CELL: (u16, u16) = (9, 19);
const MARGIN: u16 = 12;
const INK: &str = "#d8dee9";
const PAPER: &str = "#101418";

/// Pictures: name, size, and keys that lead there.
const PICTURES: &[(&str, (u16, u16), &str)] =
    &[("containers", (160, 36), "4"), ("host", (160, 45), "2"), ("gpu", (120, 30), "3")];

/// Pictures of the bad night that `--demo` plays, which was recorded on real services: name, size, seconds from its beginning, and keys.
const NIGHT: &[(&str, (u16, u16), i64, &str)] = &[
    ("night", (120, 36), 69, ""),
    ("kubernetes", (160, 36), 66, "5"),
    ("why", (120, 30), 66, "5 alt-4 w"),
    ("rules", (160, 30), 69, "6"),
    ("incidents", (160, 30), 200, "7"),
    ("runs", (120, 30), 137, "8 enter"),
];

/// The cockpit that plays the demonstration, at this second of it.
fn night(size: (u16, u16), second: i64, keys: &str) -> App {
    let mut player = Player::demo().expect("it is embedded");
    let to = player.recording().first() + SignedDuration::from_secs(second);
    let mut app = stage::empty(stage::settings(), size);
    for event in player.command(PlayerCommand::Seek(to), flightdeck::clock::instant()) {
        app.update(event);
    }
    app.update(Event { at: to, kind: EventKind::Player(player.state()) });
    stage::press(&mut app, keys);
    app
}

/// The sixteen colours of xterm.
const PALETTE: [&str; 16] = [
    "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5", "#666666", "#f14c4c",
    "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff",
];

fn colour(colour: Color, default: &str) -> String {
    let named = |index: usize| PALETTE[index].to_owned();
    match colour {
        Color::Reset => default.into(),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Indexed(index @ 0..16) => named(index.into()),
        Color::Indexed(index @ 16..232) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let cube = index - 16;
            format!("#{:02x}{:02x}{:02x}", level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        Color::Indexed(index) => {
            let grey = 8 + 10 * (index - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}

/// Ink, paper and the remaining attributes of a cell.
type Look = (String, String, &'static str);

fn look(cell: &Cell) -> Look {
    let (mut ink, mut paper) = (colour(cell.fg, INK), colour(cell.bg, PAPER));
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut paper);
    }
    let more = [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::DIM, " opacity=\".6\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
    ];
    (ink, paper, more.iter().find(|(modifier, _)| cell.modifier.contains(*modifier)).map_or("", |(_, text)| text))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The screen as a picture. Every run of text is stretched to its columns, so that any monospaced font will do.
fn svg(title: &str, buffer: &Buffer) -> String {
    let (width, height) = (buffer.area.width * CELL.0 + 2 * MARGIN, buffer.area.height * CELL.1 + 2 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         <title>{}</title>\n<rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{PAPER}\"/>\n\
         <g font-family=\"'DejaVu Sans Mono', 'Cascadia Mono', Menlo, Consolas, monospace\" font-size=\"15\" xml:space=\"preserve\">\n",
        escaped(title)
    );
    for y in 0..buffer.area.height {
        let mut runs: Vec<(u16, u16, String, Look)> = Vec::new();
        for (x, cell) in visible_cells(buffer, y) {
            let (symbol, columns, look) = (cell.symbol(), cell.symbol().width() as u16, look(cell));
            match runs.last_mut() {
                Some((_, width, text, same)) if *same == look => {
                    text.push_str(symbol);
                    *width += columns;
                }
                _ => runs.push((x, columns, symbol.into(), look)),
            }
        }
        let top = MARGIN + y * CELL.1;
        for (x, columns, text, (ink, paper, more)) in runs {
            let (left, width) = (MARGIN + x * CELL.0, columns * CELL.0);
            if paper != PAPER {
                let _ = writeln!(
                    out,
                    "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{}\" fill=\"{paper}\"/>",
                    CELL.1
                );
            }
            if text.trim() != "" {
                let base = top + CELL.1 - 5;
                let text = escaped(&text);
                let _ = writeln!(
                    out,
                    "<text x=\"{left}\" y=\"{base}\" textLength=\"{width}\" fill=\"{ink}\"{more}>{text}</text>"
                );
            }
        }
    }
    out + "</g>\n</svg>\n"
}

#[test]
fn pictures_are_up_to_date() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets");
    let mut stale = Vec::new();
    let staged = PICTURES.iter().map(|(name, size, keys)| {
        let mut app = stage::made_for(name)(stage::settings(), *size);
        stage::press(&mut app, keys);
        (*name, app)
    });
    let played = NIGHT.iter().map(|(name, size, second, keys)| (*name, night(*size, *second, keys)));
    for (name, app) in staged.chain(played) {
        let path = folder.join(format!("{name}.svg"));
        let picture = svg(&format!("flightdeck: {name}"), &stage::draw(&app));
        if fs::read_to_string(&path).is_ok_and(|kept| kept == picture) {
            continue;
        }
        if env::var_os("UPDATE_PICTURES").is_some() {
            fs::write(&path, picture).expect("assets can be written");
        } else {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "stale: {stale:?}; draw them anew: UPDATE_PICTURES=1 cargo test --test it pictures");
}

#[test]
fn a_picture_keeps_text_and_styles() {
    use ratatui::{layout::Rect, style::Style};
    let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
    buffer.set_string(0, 0, "<a", Style::new().fg(Color::Red).add_modifier(Modifier::BOLD));
    buffer.set_string(2, 0, "b", Style::new().add_modifier(Modifier::REVERSED));
    let picture = svg("t", &buffer);
    assert!(picture.contains("textLength=\"18\" fill=\"#cd3131\" font-weight=\"bold\">&lt;a</text>"), "{picture}");
    assert!(picture.contains("<rect x=\"30\" y=\"12\" width=\"9\" height=\"19\" fill=\"#d8dee9\"/>"), "{picture}");
    assert!(picture.contains("fill=\"#101418\">b</text>"), "{picture}");
    assert_eq!(colour(Color::Indexed(16 + 36 * 5), ""), "#ff0000");
}
