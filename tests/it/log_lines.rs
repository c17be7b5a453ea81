//! A log viewer with lines in it: three pods of a Deployment, one of them restarted, with all that loggers do.

use crate::stage;
use flightdeck::{
    app::{App, event::EventKind},
    model::{
        logs::{Level, LineKind, LogBatch, LogLine, LogOrigin, OriginState, clean::Cleaner},
        object::{ObjectKind, ObjectRef},
    },
};

const RAW: &[(u16, &str)] = &[
    (0, r#"{"level":"info","msg":"order 1571 placed","release":"1.36","ms":12}"#),
    (1, r#"{"level":"warn","msg":"stock is low","item":"teapot","left":3}"#),
    (2, "\u{1b}[32mINFO\u{1b}[0m worker 4: job 940796 done in 231 ms"),
    (0, "level=error component=db msg=\"query took 4150 ms\" rows=1 url=postgres://shop:s3cret@db:5432/shop"),
    (1, "2026-11-23T02:14:01Z [pool-1] WARN shop.Cart - item 940797 added again after the session was lost and found"),
    (2, "ERROR shop.Cart cannot place order 1572"),
    (2, "    at shop.Cart.place(Cart.java:117)"),
    (2, "    at shop.Main.run(Main.java:42)"),
    (0, "10.0.0.49 - - \"GET /item/940799 HTTP/1.1\" 500 4799"),
    (1, "\u{1b}]0;title\u{7}\u{1b}[2Jattack \u{202e}desrever"),
    (0, "downloading 10%\rdownloading 100%"),
    (1, "漢字 in a line, and a tab\tafter it"),
    (2, "FATAL out of memory"),
];

/// Opens the viewer of a Deployment.
pub fn open(app: &mut App) {
    app.open(ObjectRef::in_cluster(ObjectKind::Deployment, "prod", "shop", "checkout"));
    stage::press(app, "l");
    tell(app);
}

/// Gives the open viewer its lines.
pub fn tell(app: &mut App) {
    let Some(id) = app.view.logs.as_ref().map(|viewer| viewer.id) else { return };
    let origin = |name: &str, state| LogOrigin { name: name.into(), state };
    let origins = vec![
        origin("checkout-7d9f-lgwzr", OriginState::Open),
        origin("checkout-7d9f-q5mms", OriginState::Open),
        origin("checkout-7d9f-svbqt", OriginState::Down),
    ];
    let mut cleaners = [Cleaner::default(), Cleaner::default(), Cleaner::default()];
    let mut lines: Vec<_> = RAW
        .iter()
        .enumerate()
        .map(|(at, (origin, raw))| {
            let cleaned = cleaners[usize::from(*origin)].line(raw.as_bytes());
            line(app, at, *origin, LineKind::Out, cleaned.level, &cleaned.text)
        })
        .collect();
    for (line, (_, raw)) in lines.iter_mut().zip(RAW) {
        let cleaned = Cleaner::default().line(raw.as_bytes());
        (line.inks, line.json) = (cleaned.inks, cleaned.json);
    }
    lines.push(line(
        app,
        RAW.len(),
        2,
        LineKind::Marker,
        Level::Unknown,
        "container web restarted, exit 137 (OOMKilled)",
    ));
    lines.extend((0..30).map(|at| {
        let text = format!("INFO order {} placed", 1_600 + at);
        line(app, RAW.len() + 1 + at, (at % 3) as u16, LineKind::Out, Level::Info, &text)
    }));
    let batch = LogBatch { id, origins: Some(origins), lines, dropped: 1_240 };
    stage::give(app, EventKind::Logs(batch));
}

fn line(app: &App, at: usize, origin: u16, kind: LineKind, level: Level, text: &str) -> LogLine {
    let before = jiff::SignedDuration::from_millis(60_000 - 731 * at as i64);
    let at = app.now.checked_sub(before).expect("a time");
    LogLine { at, origin, kind, level, json: false, text: text.into(), inks: Box::default() }
}
