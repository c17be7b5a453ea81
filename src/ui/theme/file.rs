//! Theme files. A theme may inherit another; its palette then gives the inherited roles other colours.

use super::{
    Role, Theme,
    colour::{self, Depth},
};
use crate::model::{
    nearest::did_you_mean,
    spots::{self, Place, Problem, Spot},
};
use ratatui::style::{Color, Modifier, Style};
use std::collections::BTreeMap;
use toml::Value;

/// The themes that come with the program, in the order of the chooser.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../../themes/colour-blind.toml")),
    ("16-colour", include_str!("../../../themes/16-colour.toml")),
    ("monochrome", include_str!("../../../themes/monochrome.toml")),
];

/// A theme's text, not yet read.
#[derive(Debug, Clone, PartialEq)]
pub struct ThemeFile<'a> {
    /// The file's name without its ending.
    pub name: &'a str,
    /// The file, as problems name it.
    pub file: &'a str,
    pub text: &'a str,
}

/// Modifiers by their word.
const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

/// The built-in themes and the user's, fitted to the terminal, and what is wrong with them. A user's theme takes the place of
/// a built-in one of its name.
pub fn load(users: &[ThemeFile<'_>], depth: Depth) -> (Vec<Theme>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut parsed: Vec<Parsed> = Vec::new();
    let built_in = BUILT_IN.iter().map(|(name, text)| ThemeFile { name, file: name, text });
    for file in built_in.chain(users.iter().cloned()) {
        let theme = parse(&file, &mut problems);
        match parsed.iter_mut().find(|other| other.name == theme.name) {
            Some(other) => *other = theme,
            None => parsed.push(theme),
        }
    }
    let themes = parsed.iter().map(|theme| resolve(theme, &parsed, depth, &mut problems)).collect();
    (themes, problems)
}

/// A theme file, not yet joined with what it inherits.
#[derive(Debug, Default)]
struct Parsed {
    name: String,
    inherits: Option<Spot>,
    palette: Vec<Spot>,
    roles: BTreeMap<&'static str, Vec<Spot>>,
}

fn parse(file: &ThemeFile<'_>, problems: &mut Vec<Problem>) -> Parsed {
    let mut parsed = Parsed { name: file.name.into(), ..Parsed::default() };
    let spots = spots::read(file.file, file.text).unwrap_or_else(|problem| {
        problems.push(problem);
        Vec::new()
    });
    for spot in spots {
        let path: Vec<&str> = spot.path.iter().map(String::as_str).collect();
        match *path {
            ["inherits"] => parsed.inherits = Some(spot),
            ["palette" | "roles"] if spot.value.is_table() => {}
            ["palette", _] => parsed.palette.push(spot),
            ["roles", role] | ["roles", role, _] => match Role::ALL.iter().find(|known| known.word() == role) {
                Some(known) => parsed.roles.entry(known.word()).or_default().push(spot),
                None => {
                    let near = did_you_mean(role, Role::ALL.iter().map(|known| known.word()));
                    problems.push(spot.problem(format!("there is no role «{role}»{near}")));
                }
            },
            _ => problems.push(spot.problem("write inherits, [palette] or [roles] here")),
        }
    }
    parsed
}

/// The theme with what it inherits: the oldest first.
fn chain<'a>(theme: &'a Parsed, all: &'a [Parsed], problems: &mut Vec<Problem>) -> Vec<&'a Parsed> {
    let mut chain = vec![theme];
    let mut last = theme;
    while let Some(inherits) = &last.inherits {
        let name = inherits.value.as_str().unwrap_or_default();
        let Some(parent) = all.iter().find(|other| other.name == name) else {
            let near = did_you_mean(name, all.iter().map(|other| other.name.as_str()));
            problems.push(inherits.problem(format!("there is no theme «{name}»{near}")));
            break;
        };
        if chain.iter().any(|other| other.name == parent.name) {
            let names: Vec<_> = chain.iter().map(|other| other.name.as_str()).chain([name]).collect();
            problems.push(inherits.problem(format!("themes inherit in a circle: {}", names.join(" → "))));
            break;
        }
        chain.push(parent);
        last = parent;
    }
    chain.reverse();
    chain
}

fn resolve(theme: &Parsed, all: &[Parsed], depth: Depth, problems: &mut Vec<Problem>) -> Theme {
    let mut found = Vec::new();
    let chain = chain(theme, all, &mut found);
    let mut palette: BTreeMap<&str, &Spot> = BTreeMap::new();
    let mut roles: BTreeMap<&str, &[Spot]> = BTreeMap::new();
    for part in &chain {
        palette.extend(part.palette.iter().map(|spot| (spot.path[1].as_str(), spot)));
        roles.extend(part.roles.iter().map(|(role, spots)| (*role, spots.as_slice())));
    }
    let fallback = Theme::monochrome();
    let mut styles: BTreeMap<&str, Style> = BTreeMap::new();
    for (role, spots) in &roles {
        styles.insert(role, style(spots, &palette, depth, &mut found));
    }
    // What a theme inherits is reported once, with the theme that says it.
    found.retain(|problem| !problems.contains(problem));
    problems.append(&mut found);
    Theme::new(&theme.name, |role| styles.get(role.word()).copied().unwrap_or_else(|| fallback.style(role)))
}

fn style(spots: &[Spot], palette: &BTreeMap<&str, &Spot>, depth: Depth, problems: &mut Vec<Problem>) -> Style {
    let mut style = Style::new();
    for spot in spots {
        let Some(word) = spot.path.get(2) else {
            match &spot.value {
                Value::Table(_) => {}
                value => style.fg = color(spot, value, palette, depth, problems),
            }
            continue;
        };
        match word.as_str() {
            "fg" => style.fg = color(spot, &spot.value, palette, depth, problems),
            "bg" => style.bg = color(spot, &spot.value, palette, depth, problems),
            word => match (MODIFIERS.iter().find(|(name, _)| *name == word), spot.value.as_bool()) {
                (Some((_, modifier)), Some(true)) => style = style.add_modifier(*modifier),
                (Some(_), Some(false)) => {}
                (Some(_), None) => problems.push(spot.problem("write true or false")),
                (None, _) => {
                    let known = MODIFIERS.iter().map(|(name, _)| *name).chain(["fg", "bg"]);
                    let near = did_you_mean(word, known);
                    let text = format!("«{word}» is none of fg, bg, bold, dim, italic, underline, reverse{near}");
                    problems.push(spot.problem(text));
                }
            },
        }
    }
    style
}

/// A colour, by way of the palette. The palette's own entries may name each other.
fn color(
    spot: &Spot,
    value: &Value,
    palette: &BTreeMap<&str, &Spot>,
    depth: Depth,
    problems: &mut Vec<Problem>,
) -> Option<Color> {
    let mut written = value.clone();
    let mut place: &Spot = spot;
    for _ in 0..=palette.len() {
        let text = match &written {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            other => other.to_string(),
        };
        // A name of the palette comes before a name of the terminal, unless it is an entry that names its own terminal colour.
        match palette.get(text.as_str()).filter(|named| named.path != place.path) {
            Some(named) => {
                written = named.value.clone();
                place = named;
            }
            None => match colour::parse(&text) {
                Some(color) => return (depth > Depth::None).then(|| colour::fit(color, depth)),
                None => {
                    let known = palette.keys().copied().chain(colour::NAMED.map(|(name, ..)| name));
                    let near = did_you_mean(&text, known);
                    let hint = "write #rrggbb, a number from 0 to 255, a name such as red or bright-red, default, or a name of [palette]";
                    problems.push(place.problem(format!("«{text}» is no colour{near}: {hint}")));
                    return None;
                }
            },
        }
    }
    problems.push(place.problem("the palette's names lead in a circle"));
    None
}

/// The place of a theme that was asked for and is not there.
pub fn unknown_theme(name: &str, themes: &[Theme], place: Place) -> Problem {
    let names: Vec<_> = themes.iter().map(|theme| theme.name.as_str()).collect();
    let near = did_you_mean(name, names.iter().copied());
    let text = format!("there is no theme «{name}»{near}: write auto or one of {}", names.join(", "));
    Problem { place, key: "theme".into(), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user<'a>(name: &'a str, file: &'a str, text: &'a str) -> ThemeFile<'a> {
        ThemeFile { name, file, text }
    }

    fn find<'a>(themes: &'a [Theme], name: &str) -> &'a Theme {
        themes.iter().find(|theme| theme.name == name).expect(name)
    }

    #[test]
    fn built_in_themes_are_whole() {
        let (themes, problems) = load(&[], Depth::Rgb);
        assert_eq!(problems, []);
        assert_eq!(find(&themes, "monochrome"), &Theme::monochrome());
        let mut parsed = Vec::new();
        for (name, text) in BUILT_IN {
            parsed.push(parse(&user(name, name, text), &mut Vec::new()));
        }
        for theme in &parsed {
            let chain = chain(theme, &parsed, &mut Vec::new());
            for role in Role::ALL {
                assert!(chain.iter().any(|t| t.roles.contains_key(role.word())), "{}: {}", theme.name, role.word());
            }
        }
    }

    /// Backgrounds that dark terminals come with: black, VS Code, One Dark, Solarized, Ubuntu.
    const DARK: [[u8; 3]; 5] = [[0; 3], [30; 3], [40, 44, 52], [0, 43, 54], [48, 10, 36]];

    #[test]
    fn text_can_be_read() {
        let (themes, _) = load(&[], Depth::Rgb);
        for name in ["dark", "light", "high-contrast", "colour-blind"] {
            let theme = find(&themes, name);
            let paper = theme.style(Role::Text).bg.and_then(colour::rgb);
            assert_eq!(paper.is_none(), name == "dark", "{name}: only dark leaves the background to the terminal");
            for role in [
                Role::Text,
                Role::Dim,
                Role::Title,
                Role::Header,
                Role::Selected,
                Role::Marked,
                Role::Key,
                Role::Match,
                Role::Ok,
                Role::Info,
                Role::Warn,
                Role::Error,
                Role::Critical,
                Role::Unknown,
                Role::ReadOnly,
                Role::Armed,
                Role::Past,
            ] {
                let style = theme.style(role);
                let ink = colour::rgb(style.fg.expect("has a colour")).expect("has a shade");
                let papers = style.bg.and_then(colour::rgb).or(paper).map_or(DARK.to_vec(), |paper| vec![paper]);
                for paper in papers {
                    let contrast = colour::contrast(ink, paper);
                    assert!(contrast >= 4.5, "{name}: {} on {paper:?} has only {contrast:.2}", role.word());
                }
            }
        }
    }

    #[test]
    fn a_users_theme_changes_what_it_names() {
        let text = "inherits = \"dark\"\n[palette]\nwarn = \"bright-yellow\"\n[roles]\nok = \"warn\"\nerror = { fg = 9, bold = true }\n";
        let (themes, problems) = load(&[user("mine", "mine.toml", text)], Depth::Rgb);
        assert_eq!(problems, []);
        let mine = find(&themes, "mine");
        assert_eq!(mine.style(Role::Warn).fg, Some(Color::LightYellow));
        assert_eq!(mine.style(Role::Ok).fg, Some(Color::LightYellow));
        assert_eq!(mine.style(Role::Error), Style::new().fg(Color::Indexed(9)).add_modifier(Modifier::BOLD));
        assert_eq!(mine.style(Role::Text), find(&themes, "dark").style(Role::Text));
    }

    #[test]
    fn errors_name_line_and_role() {
        let text = "inherits = \"drak\"\nnotes = 1\n[palette]\na = \"b\"\nb = \"a\"\n[roles]\neror = \"red\"\nwarn = { fg = \"yelow\", blink = true }\nok = \"a\"\ntext = { bold = 1 }\n";
        let (_, problems) = load(&[user("mine", "mine.toml", text)], Depth::Rgb);
        let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
        for expected in [
            "mine.toml:1:1: inherits: there is no theme «drak» (did you mean «dark»?)",
            "mine.toml:2:1: notes: write inherits, [palette] or [roles] here",
            "mine.toml:7:1: roles.eror: there is no role «eror» (did you mean «error»?)",
            "mine.toml:8:10: roles.warn.fg: «yelow» is no colour (did you mean «yellow»?): write #rrggbb, a number from 0 to 255, a name such as red or bright-red, default, or a name of [palette]",
            "mine.toml:8:24: roles.warn.blink: «blink» is none of fg, bg, bold, dim, italic, underline, reverse",
            "mine.toml:10:10: roles.text.bold: write true or false",
        ] {
            assert!(texts.iter().any(|text| text == expected), "{expected}\n{texts:#?}");
        }
        assert!(texts.iter().any(|text| text.contains("the palette's names lead in a circle")), "{texts:#?}");
        assert_eq!(texts.len(), 7);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(64))]
        #[test]
        fn any_text_is_read_without_panic(text in "(inherits = \"(dark|mine|x)\"\n)?\\[palette\\]\n([a-c] = (\"[a-c]\"|\"#12[0-9a-g]{1,5}\"|[0-9]{1,3})\n){0,3}\\[roles\\]\n(([a-z]{2,5}|ok|text) = (\"[a-c]\"|[0-9]{1,3}|\\{\\}|\\{ fg = \"a\", bold = true \\})\n){0,4}") {
            let (themes, _) = load(&[user("mine", "mine.toml", &text)], Depth::Palette);
            proptest::prop_assert_eq!(themes.len(), BUILT_IN.len() + 1);
        }
    }

    #[test]
    fn a_circle_is_named() {
        let files = [user("a", "a.toml", "inherits = \"b\""), user("b", "b.toml", "inherits = \"a\"")];
        let (themes, problems) = load(&files, Depth::Rgb);
        assert_eq!(problems[0].to_string(), "b.toml:1:1: inherits: themes inherit in a circle: a → b → a");
        assert_eq!(themes.len(), BUILT_IN.len() + 2);
    }

    #[test]
    fn fewer_colours_are_kept_to() {
        let (themes, _) = load(&[], Depth::Sixteen);
        for theme in &themes {
            for role in Role::ALL {
                let style = theme.style(*role);
                for color in [style.fg, style.bg].into_iter().flatten() {
                    assert!(!matches!(color, Color::Rgb(..) | Color::Indexed(16..)), "{} {color:?}", theme.name);
                }
            }
        }
        let (themes, _) = load(&[], Depth::None);
        assert!(themes.iter().all(|t| Role::ALL.iter().all(|r| t.style(*r).fg.is_none() && t.style(*r).bg.is_none())));
    }
}
