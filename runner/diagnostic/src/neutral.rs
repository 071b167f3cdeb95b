//! Text from outside that a terminal would act on, made text that it shows.
//!
//! Which characters those are says `rutter_manifest::is_unseen`. Whoever makes a line of foreign text uses
//! [`one_line`]; the printer guards once more whatever comes to it.

use std::borrow::Cow;
use std::fmt::Write as _;

use rutter_manifest::{is_unseen, written_out};
use rutter_meaning::Rule;
use rutter_meaning::held;

/// Plain text, or with colours for a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// No escape codes.
    #[default]
    Plain,
    /// With ANSI colours; understandable without.
    Coloured,
}

/// Text from outside on one line: no message of a cloud or a plugin moves the cursor, turns the text
/// around it or begins a new record. What nobody would see is written out, as `\u{200b}`.
pub fn one_line(text: &str) -> String {
    let text = text.trim();
    let mut line = String::with_capacity(text.len());
    for part in text.split('\n') {
        if !line.is_empty() {
            line.push(' ');
        }
        let part = part.strip_suffix('\r').unwrap_or(part);
        line.push_str(&neutral(&part.replace('\t', " ")));
    }
    line
}

/// Text from outside that may have several lines, with what nobody would see written out.
pub fn neutral(text: &str) -> Cow<'_, str> {
    guard(text, Style::Plain)
}

/// What is about to be printed, with everything written out that a terminal would act on, but for ends of
/// lines, tabs, and the colours of a text that has any.
pub fn guard(text: &str, style: Style) -> Cow<'_, str> {
    match held::hold(Rule::Terminal) {
        true => guarded(text, style),
        false => text.into(),
    }
}

fn guarded(text: &str, style: Style) -> Cow<'_, str> {
    let acts = |character: char| is_unseen(character) && !matches!(character, '\n' | '\t');
    if !text.contains(acts) {
        return text.into();
    }
    let mut guarded = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let colour = match style {
            Style::Coloured => colour_at(rest),
            Style::Plain => None,
        };
        let length = colour.unwrap_or(character.len_utf8());
        match () {
            () if colour.is_some() => guarded.push_str(&rest[..length]),
            () if rest.starts_with("\r\n") => {}
            () if acts(character) => guarded.push_str(&written_out(character)),
            () => guarded.push(character),
        }
        rest = &rest[length..];
    }
    guarded.into()
}

/// How long the sequence is that a text begins with, if it sets a colour or a weight and nothing else:
/// text that blinks or is hidden is none of ours.
fn colour_at(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("\u{1b}[")?;
    let end = inner.find(|character: char| !matches!(character, '0'..='9' | ';'))?;
    let (codes, rest) = inner.split_at(end);
    let plain = codes.strip_prefix("38;5;").is_some()
        || codes
            .split(';')
            .all(|code| !matches!(code.trim_start_matches('0'), "5" | "6" | "7" | "8"));
    (rest.starts_with('m') && plain && end <= 16).then_some("\u{1b}[m".len() + end)
}

/// JSON as it is printed: what nobody would see is escaped, which means the same to whoever parses it.
pub fn json_text(json: &str) -> Cow<'_, str> {
    let acts = |character: char| is_unseen(character) && character != '\n';
    if !held::hold(Rule::Terminal) || !json.contains(acts) {
        return json.into();
    }
    let mut text = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if !acts(character) {
            text.push(character);
            continue;
        }
        // Beyond ASCII JSON has characters inside texts only, where an escape may stand.
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::{Style, guard, json_text, neutral, one_line};

    #[test]
    fn foreign_text_cannot_control_the_terminal() {
        assert_eq!(
            one_line("a\u{1b}[31mred\r\nline\u{202e}x\u{9b}2J\tz\r\n"),
            "a\\u{1b}[31mred line\\u{202e}x\\u{9b}2J z"
        );
        assert_eq!(one_line("数据 ok"), "数据 ok");
        assert_eq!(neutral("a\n\tb"), "a\n\tb");
    }

    #[test]
    fn the_printer_lets_its_own_colours_through_and_nothing_else() {
        let own = "\u{1b}[1;31mred\u{1b}[0m \u{1b}[38;5;12mblue\u{1b}[m\n";
        assert_eq!(guard(own, Style::Coloured), own);
        assert!(!guard(own, Style::Plain).contains('\u{1b}'));
        for acts in [
            "\u{1b}]0;title\u{7}",
            "\u{1b}]8;;http://x\u{1b}\\",
            "\u{1b}[2J",
            "\u{1b}[8m",
            "\u{1b}[05;31m",
            "\u{1b}[1;31",
            "\rOVER",
            "\u{9d}0;x",
        ] {
            let text = guard(acts, Style::Coloured);
            let control = |character: char| character.is_control();
            assert!(!text.contains(control), "{text:?}");
        }
    }

    #[test]
    fn json_means_the_same_escaped() {
        let value = serde_json::json!({ "a\u{202e}": "\u{1b}[31m\u{7f}\u{9b}\u{e0041}数\n" });
        let plain = value.to_string();
        let text = json_text(&plain);
        assert!(!text.chars().any(rutter_manifest::is_unseen), "{text:?}");
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back, value);
    }
}
