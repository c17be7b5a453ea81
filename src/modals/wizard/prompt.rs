//! What waits for a person: a name to be typed, a form to be filled in, or one of several ways to be chosen.

use crate::{
    app::runs::Secrets,
    modals::{
        fields::Fields,
        window::{self, Line},
    },
    model::{
        input::{Key, KeyCode},
        journal::Actor,
    },
    ops::offer::{Field, Wrong},
    runbook::{
        definition::{ValueKind, Variable},
        run::{Asking, Choice, Question, Reply},
    },
    ui::{paint, scene::Scene, theme::Role},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::collections::BTreeMap;

/// What the person wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// To say this to the question.
    Reply(Reply, Secrets),
    /// To have the run carried on here; undone, where it is over.
    Resume { way_back: bool },
    /// To approve, or not, what somebody else carries on.
    Approve(bool),
}

/// One of several ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    pub word: &'static str,
    pub meaning: String,
    pub said: Said,
    pub needs: Needs,
}

/// What has to be typed before a way is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    /// What was seen.
    Reason,
    /// This name: something is done to what it names.
    Name(String),
}

/// What is asked, and how far the answer is.
pub struct Prompt {
    /// The question; 0 where it is none of the run's, but what can be done with it.
    pub ticket: u64,
    text: String,
    kind: Kind,
    /// What is wrong with what was said.
    wrong: Option<String>,
}

enum Kind {
    Typed {
        wanted: String,
        line: Line,
    },
    Form {
        fields: Box<Fields>,
        variables: Vec<Variable>,
    },
    /// With what is typed for the chosen way, where it needs that.
    Ways {
        ways: Vec<Way>,
        cursor: usize,
        typed: Option<Line>,
    },
}

/// Lines of the question's text.
const TEXT: usize = 4;

impl Prompt {
    /// What a run asks. `name` is what is typed before anything is undone.
    pub fn of(question: &Question, me: &Actor, operators: &[Actor], name: &str) -> Self {
        let (text, kind) = match &question.asking {
            Asking::Confirm { text, typed } => {
                (text.clone(), Kind::Typed { wanted: typed.clone(), line: Line::default() })
            }
            Asking::Input { fields } => (String::new(), form(fields)),
            Asking::Manual { text } => (
                format!("to be done by hand: {text}"),
                ways(vec![way("done", "I have done it", Reply::Done), way("no", "it is not done", Reply::Declined)]),
            ),
            Asking::TalkThrough { text } => {
                (text.clone(), ways(vec![way("noted", "that is what would be done; go on", Reply::Done)]))
            }
            Asking::Way { text, then, otherwise } => (
                text.clone(),
                ways(vec![
                    way("yes", &format!("goes on at {then}"), Reply::Takes(true)),
                    way("no", &format!("goes on at {otherwise}"), Reply::Takes(false)),
                ]),
            ),
            Asking::Choose { text, choices, .. } => {
                (text.clone(), ways(choices.iter().map(|choice| chosen(*choice, name)).collect()))
            }
            Asking::Approval { text, people, given, .. } => {
                let names: Vec<_> = given.iter().map(|one| one.name.as_str()).collect();
                let have = if names.is_empty() { "nobody has yet".into() } else { format!("{} has", names.join(", ")) };
                let who = if *people == 1 {
                    "another person approves it".into()
                } else {
                    format!("{people} other people approve it")
                };
                let text = format!("{} {who}; {have}", ended(text));
                (text, ways(approving(me, operators)))
            }
        };
        Self { ticket: question.ticket, text, kind, wrong: None }
    }

    /// What can be done with a run that asks nothing here.
    pub fn offering(text: String, offered: Vec<Way>) -> Option<Self> {
        (!offered.is_empty()).then(|| Self { ticket: 0, text, kind: ways(offered), wrong: None })
    }

    /// Whether it takes letters.
    pub const fn is_typed(&self) -> bool {
        matches!(&self.kind, Kind::Typed { .. } | Kind::Form { .. } | Kind::Ways { typed: Some(_), .. })
    }

    /// Lines that it takes at this width.
    pub fn height(&self, width: u16) -> u16 {
        (self.wrapped(width).len() + self.own_height()) as u16
    }

    /// Lines of what is answered with.
    fn own_height(&self) -> usize {
        let own = match &self.kind {
            Kind::Typed { .. } => 1,
            Kind::Form { .. } => 1,
            Kind::Ways { ways, typed, .. } => ways.len() + usize::from(typed.is_some()),
        };
        own + usize::from(self.wrong.is_some())
    }

    fn wrapped(&self, width: u16) -> Vec<String> {
        if self.text.is_empty() {
            return Vec::new();
        }
        let mut lines = window::wrap(&self.text, width);
        if lines.len() > TEXT {
            lines.truncate(TEXT);
            lines[TEXT - 1].push_str(" …");
        }
        lines
    }

    /// Takes a key; returns what the person wants, once that is said.
    pub fn on_key(&mut self, key: Key) -> Option<Said> {
        self.wrong = None;
        match &mut self.kind {
            Kind::Typed { wanted, line } => {
                if key.code != KeyCode::Enter {
                    line.on_key(key);
                    return None;
                }
                if line.0.trim() == wanted.trim() {
                    return Some(Said::Reply(Reply::Typed(line.0.trim().to_owned()), Secrets::new()));
                }
                self.wrong = Some(match line.0.is_empty() {
                    true => format!("type {wanted}: nothing goes on before that"),
                    false => format!("«{}» is not {wanted}", line.0),
                });
                line.0.clear();
                None
            }
            Kind::Form { fields, variables } => match key.code {
                KeyCode::Enter => match filled(fields, variables) {
                    Ok((reply, secrets)) => Some(Said::Reply(reply, secrets)),
                    Err(wrong) => {
                        fields.refuse(wrong);
                        None
                    }
                },
                _ => {
                    fields.on_key(key);
                    None
                }
            },
            Kind::Ways { ways, cursor, typed } => {
                let (said, wrong) = chosen_way(key, ways, cursor, typed);
                self.wrong = wrong;
                said
            }
        }
    }

    /// Keys go elsewhere now: a name that is half typed is forgotten, so that nothing unseen stands before what is typed later.
    pub fn turn_away(&mut self) {
        if let Kind::Typed { line, .. } = &mut self.kind {
            line.0.clear();
        }
    }

    /// Leaves what is half said, such as a reason; whether there was any.
    pub fn give_up(&mut self) -> bool {
        match &mut self.kind {
            Kind::Ways { typed, .. } => typed.take().is_some(),
            _ => false,
        }
    }

    /// Takes pasted text.
    pub fn on_paste(&mut self, text: &str) {
        match &mut self.kind {
            Kind::Typed { line, .. } | Kind::Ways { typed: Some(line), .. } => line.paste(text),
            Kind::Form { fields, .. } => fields.on_paste(text),
            Kind::Ways { .. } => {}
        }
    }

    /// Draws it; a form lies over everything.
    pub fn draw(&self, scene: &Scene<'_>, area: Rect, whole: Rect, is_focused: bool, buffer: &mut Buffer) {
        let mut y = 0;
        // On a low screen what is answered with is always there.
        let room = usize::from(area.height).saturating_sub(self.own_height());
        for line in self.wrapped(area.width).into_iter().take(room) {
            paint::put_cut(scene, buffer, area, (0, y), &line, scene.style(Role::Text));
            y += 1;
        }
        if let Some(wrong) = &self.wrong {
            paint::put_cut(scene, buffer, area, (0, y), wrong, scene.style(Role::Warn));
            y += 1;
        }
        let line_at = |y: u16| Rect { y: area.y + y.min(area.height), height: u16::from(y < area.height), ..area };
        match &self.kind {
            Kind::Typed { wanted, line } => {
                let sign = format!("type {wanted} to go on: ");
                if is_focused {
                    line.draw(scene, buffer, line_at(y), &sign);
                } else {
                    paint::put_cut(scene, buffer, area, (0, y), &format!("Tab, then {sign}"), scene.style(Role::Key));
                }
            }
            Kind::Form { fields, .. } if is_focused => {
                let words = fields.wrong.as_ref().map_or((Role::Dim, ""), |wrong| (Role::Warn, wrong.why.as_str()));
                fields.draw(scene, whole, buffer, "To be filled in", words);
            }
            Kind::Form { .. } => {
                paint::put_cut(scene, buffer, area, (0, y), "Tab opens the form", scene.style(Role::Key));
            }
            Kind::Ways { ways, cursor, typed } => {
                for (at, way) in ways.iter().enumerate() {
                    let is_chosen = at == *cursor && is_focused;
                    draw_way(scene, line_at(y), (at, way), is_chosen, buffer);
                    y += 1;
                }
                if let (Some(line), Some(way)) = (typed, ways.get(*cursor)) {
                    line.draw(scene, buffer, line_at(y), &way.sign());
                }
            }
        }
    }
}

/// A text that ends as a sentence does.
fn ended(text: &str) -> String {
    let text = text.trim_end_matches(['.', ' ']);
    format!("{text}.")
}

fn draw_way(scene: &Scene<'_>, line: Rect, (at, way): (usize, &Way), is_chosen: bool, buffer: &mut Buffer) {
    let style = |role| scene.style(if is_chosen { Role::Selected } else { role });
    if is_chosen {
        paint::fill(buffer, line, scene.style(Role::Selected));
    }
    paint::put(buffer, line, (1, 0), &format!("{} {:<13}", at + 1, way.word), style(Role::Key));
    paint::put_cut(scene, buffer, line, (17, 0), &way.meaning, style(Role::Text));
}

impl Way {
    /// What stands before what is typed for it.
    fn sign(&self) -> String {
        match &self.needs {
            Needs::Name(name) => format!("type {name} to take the {}: ", self.word),
            _ => "what you saw: ".to_owned(),
        }
    }

    /// What is said with this text.
    fn say(&self, text: &str) -> Result<Said, String> {
        match (&self.needs, &self.said) {
            (Needs::Name(name), said) if text == name => Ok(said.clone()),
            (Needs::Name(name), _) => Err(format!("«{text}» is not {name}: nothing is undone before that")),
            (_, _) if text.is_empty() => Err("say what you saw: it is written down with your name".into()),
            (_, Said::Reply(Reply::Chosen { choice, .. }, _)) => {
                Ok(Said::Reply(Reply::Chosen { choice: *choice, text: text.to_owned() }, Secrets::new()))
            }
            (_, said) => Ok(said.clone()),
        }
    }
}

fn chosen_way(key: Key, ways: &[Way], cursor: &mut usize, typed: &mut Option<Line>) -> (Option<Said>, Option<String>) {
    let Some(way) = ways.get(*cursor) else { return (None, None) };
    if let Some(line) = typed {
        if key.code != KeyCode::Enter {
            line.on_key(key);
            return (None, None);
        }
        return match way.say(line.0.trim()) {
            Ok(said) => (Some(said), None),
            Err(wrong) => (None, Some(wrong)),
        };
    }
    // A digit chooses and Enter says it: nothing that acts is on one key.
    let digit = key.typed().and_then(|c| c.to_digit(10)).map(|digit| digit as usize);
    match (key.code, digit) {
        (_, Some(digit)) if (1..=ways.len()).contains(&digit) => *cursor = digit - 1,
        (KeyCode::Down, _) | (KeyCode::Char('j'), _) => *cursor = (*cursor + 1).min(ways.len() - 1),
        (KeyCode::Up, _) | (KeyCode::Char('k'), _) => *cursor = cursor.saturating_sub(1),
        (KeyCode::Enter, _) if way.needs != Needs::Nothing => *typed = Some(Line::default()),
        (KeyCode::Enter, _) => return (Some(way.said.clone()), None),
        _ => {}
    }
    (None, None)
}

const fn ways(ways: Vec<Way>) -> Kind {
    Kind::Ways { ways, cursor: 0, typed: None }
}

fn way(word: &'static str, meaning: &str, reply: Reply) -> Way {
    Way { word, meaning: meaning.into(), said: Said::Reply(reply, Secrets::new()), needs: Needs::Nothing }
}

fn chosen(choice: Choice, name: &str) -> Way {
    let reply = Reply::Chosen { choice, text: String::new() };
    let needs = match choice {
        Choice::Accept | Choice::WasDone | Choice::WasNotDone => Needs::Reason,
        // Going back changes as much as going on did.
        Choice::WayBack => Needs::Name(name.trim().to_owned()),
        _ => Needs::Nothing,
    };
    Way { needs, ..way(choice.word(), choice.meaning(), reply) }
}

/// What somebody may say to a plan that has to be approved: not those who asked for it or carry it on.
pub fn approving(me: &Actor, operators: &[Actor]) -> Vec<Way> {
    if operators.iter().any(|one| one.may_be(me)) {
        return Vec::new();
    }
    let approve = Way {
        word: "approve",
        meaning: "I have looked at this plan, and it may be done".into(),
        said: Said::Approve(true),
        needs: Needs::Nothing,
    };
    let decline = Way {
        word: "decline",
        meaning: "it must not be done like this".into(),
        said: Said::Approve(false),
        needs: Needs::Nothing,
    };
    vec![approve, decline]
}

fn form(variables: &[Variable]) -> Kind {
    let field = |variable: &Variable| {
        let value = variable.default.as_ref().map(|it| it.as_str().map_or_else(|| it.to_string(), ToOwned::to_owned));
        let hint = match (variable.kind, variable.options.as_slice()) {
            (ValueKind::Secret, _) => format!("{}: a file, or $VARIABLE, that holds it", variable.title),
            (_, []) => variable.title.clone(),
            (_, options) => format!("{}: {}", variable.title, options.join(", ")),
        };
        Field::new(variable.name.clone(), value.unwrap_or_default(), hint)
    };
    Kind::Form { fields: Box::new(Fields::new(variables.iter().map(field).collect())), variables: variables.to_vec() }
}

fn filled(fields: &Fields, variables: &[Variable]) -> Result<(Reply, Secrets), Wrong> {
    let (mut values, mut secrets, mut names) = (BTreeMap::new(), Secrets::new(), Vec::new());
    for (field, (variable, text)) in variables.iter().zip(fields.values()).enumerate() {
        if variable.kind == ValueKind::Secret {
            secrets.insert(variable.name.clone(), text.to_owned());
            names.push(variable.name.clone());
            continue;
        }
        let value = variable.parse(text).map_err(|why| Wrong { field, why })?;
        values.insert(variable.name.clone(), value);
    }
    Ok((Reply::Filled { values, secrets: names }, secrets))
}
