//! What can be asked of the cockpit itself: help, palette, themes, notices, arming, configuration.

use super::{Action, actions};
use crate::{
    app::{App, effect::Effect},
    keymap::Scope,
    modals::{help::Help, notices::Notices, palette::Palette, themes::Themes},
    model::attention::Severity,
};

pub static ACTIONS: &[Action] = actions! { Scope::Global;
    "palette" "command" "Finds an action, a page, a pane or an object by name." 7 => |app| {
        let palette = Palette::new(app);
        app.open_modal(Box::new(palette));
    },
    "help" "help" "Explains the focused pane and lists every key that works here." 8 => |app| {
        let help = Help::new(app);
        app.open_modal(Box::new(help));
    },
    "themes" "theme" "Chooses a theme; each is shown while it is selected." 0 => |app| {
        let themes = Themes::new(app);
        app.open_modal(Box::new(themes));
    },
    "notices" "notices" "Lists the messages of this session, newest first." 0 => |app| app.open_modal(Box::<Notices>::default()),
    "arm" "arm or disarm" "Allows operations, each still confirmed by itself; pressed again, forbids them." 0 => arm,
    "reload-config" "reload configuration" "Reads the configuration, themes and key maps anew." 0 => |app| app.ask(Effect::ReloadConfig),
    "mouse-toggle" "mouse on or off" "Lets the terminal report the mouse, or leaves it to the terminal's own selection." 0 => toggle_mouse,
};

fn arm(app: &mut App) {
    if app.policy.armed {
        app.policy.armed = false;
        app.notice(Severity::Info, "READ-ONLY again: nothing can be changed from here");
    } else if app.policy.locked {
        app.notice(Severity::Warn, "READ-ONLY by flag or configuration: start without --read-only to arm");
    } else if let Some(past) = app.policy.past {
        app.notice(Severity::Warn, past.words());
    } else {
        app.policy.armed = true;
        app.notice(Severity::Warn, "ARMED: operations are possible now, each after its own confirmation; A disarms");
    }
}

fn toggle_mouse(app: &mut App) {
    let on = !app.settings.config.mouse;
    app.settings.config.mouse = on;
    app.ask(Effect::Mouse(on));
    let text = if on {
        "the mouse belongs to the cockpit"
    } else {
        "the mouse belongs to the terminal: select and copy freely"
    };
    app.notice(Severity::Info, text);
}
