//! Colours: their names in theme files, how they fit a terminal with fewer of them, and how well two can be told apart.

use ratatui::style::Color;

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: weight and reversal only.
    None,
    /// The sixteen of every terminal.
    Sixteen,
    /// The 256 of xterm.
    Palette,
    /// Any.
    Rgb,
}

/// The sixteen by name, with the shades that xterm gives them.
pub const NAMED: [(&str, Color, [u8; 3]); 16] = [
    ("black", Color::Black, [0, 0, 0]),
    ("red", Color::Red, [205, 0, 0]),
    ("green", Color::Green, [0, 205, 0]),
    ("yellow", Color::Yellow, [205, 205, 0]),
    ("blue", Color::Blue, [0, 0, 238]),
    ("magenta", Color::Magenta, [205, 0, 205]),
    ("cyan", Color::Cyan, [0, 205, 205]),
    ("white", Color::Gray, [229, 229, 229]),
    ("bright-black", Color::DarkGray, [127, 127, 127]),
    ("bright-red", Color::LightRed, [255, 0, 0]),
    ("bright-green", Color::LightGreen, [0, 255, 0]),
    ("bright-yellow", Color::LightYellow, [255, 255, 0]),
    ("bright-blue", Color::LightBlue, [92, 92, 255]),
    ("bright-magenta", Color::LightMagenta, [255, 0, 255]),
    ("bright-cyan", Color::LightCyan, [0, 255, 255]),
    ("bright-white", Color::White, [255, 255, 255]),
];

/// Steps of each axis of the 6×6×6 cube in xterm's 256 colours
/// (<https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>, 256colres.pl).
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// A colour as theme files write it: `#rrggbb`, `#rgb`, a number of the 256, one of the sixteen by name, or `default`.
pub fn parse(text: &str) -> Option<Color> {
    if let Some(hex) = text.strip_prefix('#') {
        return parse_hex(hex);
    }
    if text == "default" {
        return Some(Color::Reset);
    }
    if let Some((_, color, _)) = NAMED.iter().find(|(name, ..)| *name == text) {
        return Some(*color);
    }
    text.parse().ok().map(Color::Indexed)
}

fn parse_hex(hex: &str) -> Option<Color> {
    if !hex.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(hex, 16).ok()?;
    let [_, r, g, b] = number.to_be_bytes();
    match hex.len() {
        6 => Some(Color::Rgb(r, g, b)),
        3 => Some(Color::Rgb((g & 15) * 17, (b >> 4) * 17, (b & 15) * 17)),
        _ => None,
    }
}

/// The colour as this terminal can show it.
pub fn fit(color: Color, depth: Depth) -> Color {
    match (color, depth) {
        (Color::Reset, _) | (_, Depth::Rgb) => color,
        (_, Depth::None) => Color::Reset,
        (Color::Rgb(r, g, b), Depth::Palette) => Color::Indexed(to_palette([r, g, b])),
        (Color::Rgb(..) | Color::Indexed(16..), Depth::Sixteen) => rgb(color).map_or(Color::Reset, to_sixteen),
        _ => color,
    }
}

/// The nearest of the 256: of the cube or of the greys, whichever is nearer. The first sixteen are left out, because every
/// terminal gives them other shades.
fn to_palette(wanted: [u8; 3]) -> u8 {
    let step = |value: u8| nearest(STEPS.iter().map(|step| u32::from(step.abs_diff(value))));
    let [r, g, b] = wanted.map(step);
    let cube = [STEPS[r], STEPS[g], STEPS[b]];
    let grey = nearest((0..24).map(|n| distance([8 + n * 10; 3], wanted)));
    if distance([8 + grey as u8 * 10; 3], wanted) < distance(cube, wanted) {
        232 + grey as u8
    } else {
        (16 + 36 * r + 6 * g + b) as u8
    }
}

fn to_sixteen(wanted: [u8; 3]) -> Color {
    NAMED[nearest(NAMED.iter().map(|(.., rgb)| distance(*rgb, wanted)))].1
}

fn nearest(distances: impl Iterator<Item = u32>) -> usize {
    distances.enumerate().min_by_key(|(_, distance)| *distance).map_or(0, |(at, _)| at)
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

/// The shade of a colour, where it does not depend on the terminal (xterm's for the sixteen).
pub fn rgb(color: Color) -> Option<[u8; 3]> {
    match color {
        Color::Rgb(r, g, b) => Some([r, g, b]),
        Color::Indexed(n @ 0..16) => Some(NAMED[usize::from(n)].2),
        Color::Indexed(n @ 16..232) => {
            let n = usize::from(n - 16);
            Some([STEPS[n / 36], STEPS[n / 6 % 6], STEPS[n % 6]])
        }
        Color::Indexed(n) => Some([8 + (n - 232) * 10; 3]),
        other => NAMED.iter().find(|(_, color, _)| *color == other).map(|(.., rgb)| *rgb),
    }
}

/// Contrast of two shades, 1–21; text needs 4.5 (WCAG 2.1, success criterion 1.4.3; the formula:
/// <https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio>).
pub fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Relative luminance, 0–1 (<https://www.w3.org/TR/WCAG21/#dfn-relative-luminance>).
fn luminance(rgb: [u8; 3]) -> f64 {
    let linear = rgb.map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_are_read() {
        assert_eq!(parse("#ff8000"), Some(Color::Rgb(255, 128, 0)));
        assert_eq!(parse("#f80"), Some(Color::Rgb(255, 136, 0)));
        assert_eq!(parse("208"), Some(Color::Indexed(208)));
        assert_eq!(parse("bright-red"), Some(Color::LightRed));
        assert_eq!(parse("default"), Some(Color::Reset));
        for bad in ["#ff80", "256", "redd", "", "#gggggg", "#é"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn colours_fit_the_terminal() {
        let orange = Color::Rgb(255, 135, 0);
        assert_eq!(fit(orange, Depth::Rgb), orange);
        assert_eq!(fit(orange, Depth::Palette), Color::Indexed(208));
        assert_eq!(fit(Color::Rgb(9, 9, 9), Depth::Palette), Color::Indexed(232));
        assert_eq!(fit(Color::Rgb(250, 10, 10), Depth::Sixteen), Color::LightRed);
        assert_eq!(fit(Color::Indexed(196), Depth::Sixteen), Color::LightRed);
        assert_eq!(fit(Color::Indexed(1), Depth::Sixteen), Color::Indexed(1));
        assert_eq!(fit(Color::Cyan, Depth::None), Color::Reset);
    }

    #[test]
    fn contrast_is_as_the_standard_says() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        assert!((contrast([119, 119, 119], [255; 3]) - 4.48).abs() < 0.01);
    }

    proptest! {
        #[test]
        fn a_colour_of_the_palette_is_its_own_nearest(n in 16u8..=255) {
            let shade = rgb(Color::Indexed(n)).expect("has a shade");
            let fitted = fit(Color::Rgb(shade[0], shade[1], shade[2]), Depth::Palette);
            prop_assert_eq!(rgb(fitted), Some(shade));
        }
    }
}
