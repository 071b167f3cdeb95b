//! A line that a person types in answer to a question, and nothing they typed before they saw it.
//!
//! A question is drawn and the terminal is deaf for a while: who types then was typing something else.
//! Whatever comes in one flow with that, a key that is held down or a text that is pasted, is not for
//! the question either.

use std::time::{Duration, Instant};

/// How long after a question was drawn no key counts: half a second in which nobody can have read it,
/// and as much again for keys that are still on a slow line.
const DEAF: Duration = Duration::from_secs(1);

/// Keys that follow each other faster than this are one flow.
const FLOW: Duration = Duration::from_millis(250);

/// Longer lines are no answer.
const LINE_MAX: usize = 1_024;

const BACKSPACE: [u8; 2] = [0x08, 0x7f];
const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const ESCAPE: u8 = 0x1b;
const CLEAR: u8 = 0x15;

/// What keys came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// More is to come.
    More,
    /// A line that was ended by Enter.
    Line(String),
    /// The person ended the input: Ctrl-D on an empty line, Ctrl-C, or the terminal went away.
    End,
}

/// A line under way.
#[derive(Debug)]
pub(crate) struct Line {
    drawn: Instant,
    /// The newest key that was not for the question.
    dropped: Option<Instant>,
    text: Vec<u8>,
    escape: Escape,
}

/// Where a key's sequence stands: cursor keys and the like are several bytes, and none of them counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    No,
    Begun,
    Under,
}

impl Line {
    /// Nothing is typed yet; the question was drawn at this instant.
    pub(crate) fn new(drawn: Instant) -> Self {
        Self {
            drawn,
            dropped: None,
            text: Vec::new(),
            escape: Escape::No,
        }
    }

    /// When it begins to listen, if nobody types meanwhile.
    pub(crate) fn listens_at(&self) -> Instant {
        let flow = self.dropped.map(|dropped| dropped + FLOW);
        flow.map_or(self.drawn + DEAF, |flow| flow.max(self.drawn + DEAF))
    }

    /// What is typed so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.text)
            .chars()
            .filter(|character| !character.is_control())
            .collect()
    }

    /// Takes keys that came at an instant. What follows the end of the line is dropped.
    pub(crate) fn take(&mut self, keys: &[u8], at: Instant) -> Typed {
        let ends = |key: &u8| matches!(*key, INTERRUPT | END);
        if at < self.listens_at() {
            self.dropped = Some(at);
            // To end the input answers nothing, so it may be said at any time.
            return match keys.iter().any(ends) {
                true => Typed::End,
                false => Typed::More,
            };
        }
        for key in keys {
            match *key {
                _ if self.in_escape(*key) => {}
                INTERRUPT => return Typed::End,
                END if self.text.is_empty() => return Typed::End,
                b'\r' | b'\n' => {
                    let line = self.text().trim().to_owned();
                    self.text.clear();
                    return Typed::Line(line);
                }
                CLEAR => self.text.clear(),
                key if BACKSPACE.contains(&key) => self.rub_out(),
                key if key >= b' ' && self.text.len() < LINE_MAX => self.text.push(key),
                _ => {}
            }
        }
        Typed::More
    }

    fn in_escape(&mut self, key: u8) -> bool {
        let (now, mine) = match (self.escape, key) {
            (_, ESCAPE) => (Escape::Begun, true),
            (Escape::Begun, b'[' | b'O') => (Escape::Under, true),
            (Escape::Begun, _) => (Escape::No, true),
            (Escape::Under, b'@'..=b'~') => (Escape::No, true),
            (Escape::Under, _) => (Escape::Under, true),
            (Escape::No, _) => (Escape::No, false),
        };
        self.escape = now;
        mine
    }

    /// Takes the last character away, however many bytes it has.
    fn rub_out(&mut self) {
        while self.text.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> (Line, Instant) {
        let drawn = Instant::now();
        (Line::new(drawn), drawn)
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_line_counts_once_the_question_could_be_read() {
        let (mut line, drawn) = line();
        assert_eq!(line.take(b"y", drawn + ms(1_000)), Typed::More);
        assert_eq!(line.text(), "y");
        let ended = line.take(b"\n", drawn + ms(1_001));
        assert_eq!(ended, Typed::Line("y".to_owned()));
    }

    #[test]
    fn keys_from_before_are_no_part_of_the_line() {
        let (mut line, drawn) = line();
        assert_eq!(line.take(b"y\n", drawn + ms(300)), Typed::More);
        assert_eq!(line.take(b"y", drawn + ms(700)), Typed::More);
        let ended = line.take(b"\n", drawn + ms(1_400));
        assert_eq!(ended, Typed::Line(String::new()));
    }

    #[test]
    fn a_key_that_is_held_down_never_becomes_an_answer() {
        let (mut line, drawn) = line();
        for tick in 0..200 {
            assert_eq!(line.take(b"y\n", drawn + ms(30 * tick)), Typed::More);
        }
        let ended = line.take(b"y\n", drawn + ms(30 * 199 + 260));
        assert_eq!(ended, Typed::Line("y".to_owned()));
    }

    #[test]
    fn a_line_can_be_mended_while_it_is_typed() {
        let (mut line, drawn) = line();
        let later = drawn + ms(2_000);
        line.take("nö\u{7f}o\u{1b}[A\u{1b}OP".as_bytes(), later);
        assert_eq!(line.text(), "no");
        line.take(&[CLEAR], later);
        assert_eq!(line.take(b" yes \r", later), Typed::Line("yes".to_owned()));
    }

    #[test]
    fn the_end_of_the_input_is_no_line() {
        let (mut line, drawn) = line();
        assert_eq!(line.take(&[END], drawn), Typed::End);
        assert_eq!(line.take(b"y\x04", drawn + ms(1_500)), Typed::More);
        assert_eq!(line.take(&[INTERRUPT], drawn + ms(1_500)), Typed::End);
    }

    #[test]
    fn a_text_without_end_is_bounded() {
        let (mut line, drawn) = line();
        line.take(&vec![b'y'; 100_000], drawn + ms(1_500));
        assert_eq!(line.text().len(), LINE_MAX);
    }
}
