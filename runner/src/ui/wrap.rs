//! Texts that fit a terminal: broken between words, and never within what a person types.

use std::borrow::Cow;

use textwrap::{Options, WordSplitter};

/// Stands for a space that no line may end at; no text has one, since what is unseen is written out.
const KEPT: char = '\u{1f}';

/// Narrower terminals get lines of this many columns, and break them where they like.
const COLUMNS_MIN: usize = 8;

/// On narrower ones a command cannot be copied whole anyway.
const NARROW: usize = 20;

/// The lines of a text of one line. Those after the first stand a little further to the right, and
/// what stands in backticks, a command to type, is on one line even where that is too long.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(COLUMNS_MIN);
    let content = text.trim_start_matches(' ');
    let indent = (text.len() - content.len()).min(columns / 3);
    let first = " ".repeat(indent);
    let next = " ".repeat((indent + 4).min(columns / 3));
    let options = Options::new(columns)
        .initial_indent(&first)
        .subsequent_indent(&next)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(columns < NARROW);
    let content = held_together(content);
    let lines = textwrap::wrap(&content, options).into_iter();
    lines.map(|line| line.replace(KEPT, " ")).collect()
}

/// Puts [`KEPT`] for the spaces between backticks.
fn held_together(text: &str) -> Cow<'_, str> {
    if !text.contains('`') {
        return Cow::Borrowed(text);
    }
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(place, part)| match place % 2 {
        0 => Cow::Borrowed(part),
        _ => Cow::Owned(part.replace(' ', &KEPT.to_string())),
    });
    Cow::Owned(parts.collect::<Vec<_>>().join("`"))
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_end_between_words_and_the_next_ones_are_indented() {
        let text = "  role: the role is made in the account owner, and it is trusted by source";
        assert_eq!(
            wrap(text, 40),
            [
                "  role: the role is made in the account",
                "      owner, and it is trusted by source"
            ]
        );
    }

    #[test]
    fn chinese_is_as_wide_as_it_is_drawn() {
        let lines = wrap("迁移数据库到新的账号并等待同步完成", 16);
        assert_eq!(
            lines,
            ["迁移数据库到新的", "    账号并等待同", "    步完成"]
        );
    }

    #[test]
    fn what_is_typed_is_never_broken() {
        let text = "left open: `rutter approve 7f3cab12 cutover --question 3` says yes";
        let lines = wrap(text, 30);
        assert!(
            lines
                .iter()
                .any(|line| line.contains("`rutter approve 7f3cab12 cutover --question 3`")),
            "{lines:?}"
        );
        assert_eq!(wrap("an odd ` stays", 80), ["an odd ` stays"]);
    }

    #[test]
    fn ten_columns_are_enough_to_go_on() {
        for columns in 0..12 {
            assert!(!wrap("      deep: some words here", columns).is_empty());
        }
        assert_eq!(wrap("", 80), [""]);
    }
}
