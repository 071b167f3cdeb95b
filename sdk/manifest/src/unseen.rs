//! Characters that a terminal acts on, or that nobody sees: the one place that knows which.

use std::fmt::Write as _;

/// Characters that are written out instead of printed, as ranges. Line feed and tab are told apart by
/// whoever prints.
const UNSEEN: [(char, char); 19] = [
    // C0: escape, bell, carriage return, backspace and the like; delete and C1.
    ('\u{0}', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    // A hyphen that shows at the end of a line alone, and a joiner of accents.
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    // Directions.
    ('\u{61c}', '\u{61c}'),
    // Letters without a shape.
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    // Zero width, and directions.
    ('\u{200b}', '\u{200f}'),
    // Ends of lines and paragraphs, and directions.
    ('\u{2028}', '\u{202e}'),
    // Joiners, operators that are not drawn, directions, forms.
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    // Annotations.
    ('\u{fff0}', '\u{fffb}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    // Tags, and selectors that can carry a whole text.
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a terminal would act on a character, or show nothing for it. Spaces are seen.
pub fn is_unseen(character: char) -> bool {
    // Nearly all characters end here.
    if matches!(character, ' '..='~') {
        return false;
    }
    let mut ranges = UNSEEN.iter();
    ranges.any(|(first, last)| (*first..=*last).contains(&character))
}

/// A character that nobody sees, written out: `\u{200b}`.
pub fn written_out(character: char) -> String {
    character.escape_unicode().to_string()
}

/// Where a text holds what nobody sees, by name: `U+200B after "r-src"`. Ends of lines and tabs are
/// what a text of several lines is made of.
pub fn unseen_in(text: &str) -> Option<String> {
    /// As much of the text as finds the place.
    const BEFORE_MAX: usize = 20;
    let is_layout = |at: usize, character: char| match character {
        '\n' | '\t' => true,
        '\r' => text[at + 1..].starts_with('\n'),
        _ => false,
    };
    let mut characters = text.char_indices();
    let (at, found) =
        characters.find(|(at, character)| is_unseen(*character) && !is_layout(*at, *character))?;
    let before: Vec<char> = text[..at].chars().collect();
    let shown = &before[before.len().saturating_sub(BEFORE_MAX)..];
    let mut named = format!("U+{:04X}", u32::from(found));
    let place = match shown.is_empty() {
        true => " at its beginning".to_owned(),
        false => format!(" after {:?}", shown.iter().collect::<String>()),
    };
    // Writing to a string cannot fail.
    let _ = write!(named, "{place}");
    Some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_known() {
        let acted_on = "\u{1b}\u{7}\r\u{8}\u{9b}\u{9d}\u{202e}\u{2066}\u{200b}\u{200d}\u{feff}\u{2028}\u{e0041}\u{61c}";
        assert!(acted_on.chars().all(is_unseen));
        let seen = "aZ~ é漢データ\u{a0}\u{3000}😀";
        assert!(!seen.chars().any(is_unseen));
    }

    #[test]
    fn the_ranges_stand_in_order_and_apart() {
        assert!(UNSEEN.iter().all(|(first, last)| first <= last));
        assert!(UNSEEN.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn what_nobody_sees_is_named_with_its_place() {
        let named = |text| unseen_in(text);
        assert_eq!(named("r-src\u{200b}00").unwrap(), "U+200B after \"r-src\"");
        assert_eq!(named("\u{feff}a").unwrap(), "U+FEFF at its beginning");
        assert_eq!(
            named("a text that is a good deal longer\u{202e}").unwrap(),
            "U+202E after \"s a good deal longer\""
        );
        assert_eq!(named("set -e\r\n\techo 数\n"), None);
        assert!(named("over\rwritten").is_some());
    }
}
