//! What stands at the bottom of a terminal while a run is under way, as lines that fit it. Pure.
//!
//! One line for the run, then one for each attempt under way, then the questions that are open. Where
//! the screen is too low for all of them, the rest is counted.

use std::collections::BTreeSet;

use rutter_engine::Timestamp;

use super::Tone;
use super::board::Board;
use super::words::{clock, count, duration};
use super::wrap::wrap;

/// The columns and rows of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// A line, and how it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// Rows that stay free for what is printed above, and for the line where a person types.
const ABOVE: usize = 4;

/// The rows: the first stands beside the run's bar, which takes `bar` columns. `asked` are the
/// questions that stand above already.
pub(super) fn rows(
    board: &Board,
    asked: &BTreeSet<u64>,
    now: Timestamp,
    size: Size,
    bar: usize,
) -> Vec<Row> {
    let columns = size.columns.saturating_sub(1);
    let mut rows = Rows {
        rows: block(
            &of_run(board, now),
            Tone::Plain,
            columns.saturating_sub(bar),
        ),
        columns,
    };
    let questions = questions(board, asked, rows.columns);
    let free = size.rows.saturating_sub(ABOVE + rows.rows.len());
    let (shown, hidden) = fitting(&attempts(board, now, rows.columns), free);
    rows.rows.extend(shown);
    if hidden > 0 {
        let more = format!("  and {hidden} more under way");
        rows.text(&more, Tone::Plain);
    }
    let free = size.rows.saturating_sub(ABOVE + rows.rows.len());
    let (shown, hidden) = fitting(&questions, free);
    rows.rows.extend(shown);
    if hidden > 0 {
        let more = format!("  and {hidden} more open, which `rutter show` lists");
        rows.text(&more, Tone::Asks);
    }
    rows.rows
}

struct Rows {
    rows: Vec<Row>,
    columns: usize,
}

impl Rows {
    fn text(&mut self, text: &str, tone: Tone) {
        self.rows.extend(block(text, tone, self.columns));
    }
}

fn block(text: &str, tone: Tone, columns: usize) -> Vec<Row> {
    let lines = wrap(text, columns).into_iter();
    lines.map(|text| Row { text, tone }).collect()
}

/// `shop: 3 of 12 steps, 12m05s, about 3h20m left (01:35 Asia/Shanghai)`.
fn of_run(board: &Board, now: Timestamp) -> String {
    let steps = match board.back {
        Some((done, all)) => format!("is being taken back, {done} of {}", count(all, "change")),
        None => format!("{} of {} steps", board.steps_over, board.steps),
    };
    let elapsed = duration(now.since(board.started));
    let left = board.left(now).map(|left| {
        let at = clock(now.after(left.ms), now);
        let ms = duration(left.ms / 1_000 * 1_000);
        match left.untimed {
            0 => format!(", about {ms} left ({at})"),
            steps => format!(
                ", at least {ms} left ({at}): {} not timed before",
                count(steps, "step")
            ),
        }
    });
    let runbook = &board.runbook;
    format!("{runbook}: {steps}, {elapsed}{}", left.unwrap_or_default())
}

/// A block of lines for each attempt under way.
fn attempts(board: &Board, now: Timestamp, columns: usize) -> Vec<Vec<Row>> {
    let entries = board.entries().map(|(at, entry)| {
        let late = board.late(at, now);
        let text = entry.text(now);
        let text = match text.is_empty() {
            true => String::new(),
            false => format!(": {text}"),
        };
        let usual = late.map(|usual| format!("; it usually takes {}", duration(usual)));
        let elapsed = duration(now.since(entry.since));
        let line = format!(
            "  {} ({elapsed}){text}{}",
            entry.name,
            usual.unwrap_or_default()
        );
        let tone = match late.is_some() || entry.hangs() {
            true => Tone::Asks,
            false => Tone::Plain,
        };
        block(&line, tone, columns)
    });
    entries.collect()
}

/// A block of lines for each question that is not on the screen already.
fn questions(board: &Board, asked: &BTreeSet<u64>, columns: usize) -> Vec<Vec<Row>> {
    let open = board.questions.iter();
    let open = open.filter(|question| !asked.contains(&question.number));
    let blocks = open.map(|question| {
        let mut rows = block(&format!("? {}", question.text), Tone::Asks, columns);
        let how = format!("    `{}`", question.how);
        rows.extend(block(&how, Tone::Plain, columns));
        rows
    });
    blocks.collect()
}

/// The first blocks that fit into so many rows, and how many do not: one row is kept to say so.
fn fitting(blocks: &[Vec<Row>], rows: usize) -> (Vec<Row>, usize) {
    let all: usize = blocks.iter().map(Vec::len).sum();
    let free = match all <= rows {
        true => rows,
        false => rows.saturating_sub(1),
    };
    let mut shown: Vec<Row> = Vec::new();
    for (place, block) in blocks.iter().enumerate() {
        if shown.len() + block.len() > free {
            return (shown, blocks.len() - place);
        }
        shown.extend(block.iter().cloned());
    }
    (shown, 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::board::Board;
    use super::super::fixture::Story;
    use super::{Size, rows};

    fn drawn(board: &Board, story: &Story, columns: usize, lines: usize) -> String {
        let size = Size {
            columns,
            rows: lines,
        };
        let now = story.run.latest().after(192_000);
        let rows = rows(board, &BTreeSet::new(), now, size, 0);
        let texts: Vec<_> = rows.into_iter().map(|row| row.text).collect();
        texts.join("\n")
    }

    fn many() -> (Board, Story) {
        let mut story = Story::of_steps(&["a", "b", "c", "d", "e", "f"]);
        for step in ["a", "b", "c", "d", "e", "f"] {
            story.begins(step);
        }
        let took = [("a".to_owned(), 600_000)].into();
        let mut board = Board::new(took);
        for record in &story.records {
            board.record(record, &story.run);
        }
        (board, story)
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let (board, story) = many();
        let drawn = drawn(&board, &story, 80, 9);
        assert_eq!(drawn.lines().count(), 5, "{drawn}");
        assert!(drawn.ends_with("  and 4 more under way"), "{drawn}");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let (board, story) = many();
        for columns in [40, 80, 200] {
            for line in drawn(&board, &story, columns, 40).lines() {
                assert!(console::measure_text_width(line) < columns, "{line}");
            }
        }
        assert!(!drawn(&board, &story, 10, 3).is_empty());
    }
}
