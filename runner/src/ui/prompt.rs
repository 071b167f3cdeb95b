//! Questions to a person at a terminal, while nothing else goes on.

use std::io;
use std::time::Instant;

use console::Term;
use rutter_diagnostic::neutral::{neutral, one_line};

use super::keyboard::Keys;
use super::typed::{Line, Typed};
use super::word::new_word;

/// Why a person could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// Nobody is there.
    #[error("there is no terminal to ask at")]
    NoTerminal,
    /// The person ended the input.
    #[error("it was not answered")]
    NoAnswer,
    /// The terminal failed.
    #[error("the terminal gave no answer: {0}")]
    Io(#[from] io::Error),
}

/// A terminal with a person in front of it.
pub struct Prompt {
    terminal: Term,
}

/// Whether a person can both read and answer.
pub(super) fn is_terminal() -> bool {
    use std::io::IsTerminal;
    io::stdin().is_terminal() && Term::stderr().is_term()
}

impl Prompt {
    /// The terminal of this process; `None` unless a person can both read and answer.
    pub fn open() -> Option<Self> {
        let terminal = Term::stderr();
        is_terminal().then_some(Self { terminal })
    }

    /// Asks for a line.
    ///
    /// # Errors
    /// When the terminal fails or the input ends.
    pub fn line(&self, question: &str) -> Result<String, PromptError> {
        self.terminal
            .write_str(&format!("{}: ", one_line(question)))?;
        let answer = self.terminal.read_line()?;
        if answer.is_empty() {
            return Ok(answer);
        }
        Ok(answer.trim().to_owned())
    }

    /// Asks for a line that is not shown while it is typed.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn secret(&self, question: &str) -> Result<String, PromptError> {
        self.terminal
            .write_str(&format!("{} (not shown): ", one_line(question)))?;
        Ok(self.terminal.read_secure_line()?)
    }

    /// Asks for a line that is not empty and was typed after the question was drawn.
    ///
    /// # Errors
    /// When the terminal fails or the person ends the input.
    pub fn evidence(&self, name: &str) -> Result<String, PromptError> {
        loop {
            let answer = self.drawn(&format!("{}: ", one_line(name)))?;
            if !answer.is_empty() {
                return Ok(answer);
            }
        }
    }

    /// Asks for yes to something that destroys, buys or is final: by a word that is drawn with the
    /// question, and by nothing else.
    ///
    /// # Errors
    /// When the terminal fails or the person ends the input.
    pub fn word(&self, question: &str) -> Result<bool, PromptError> {
        let word = new_word();
        let question = one_line(question);
        let answer = self.drawn(&format!("{question} type `{word}` for yes: "))?;
        Ok(answer.eq_ignore_ascii_case(&word))
    }

    /// Draws a question and reads the line that is typed after it, as [`Line`] says.
    fn drawn(&self, question: &str) -> Result<String, PromptError> {
        let _taken = Keys::take(false)?;
        self.terminal.write_str(question)?;
        // What came while it was drawn was for something else.
        Keys::forget();
        let mut line = Line::new(Instant::now());
        let ended = loop {
            let Some(keys) = Keys::read()? else {
                continue;
            };
            match line.take(&keys, Instant::now()) {
                _ if keys.is_empty() => break Err(PromptError::NoAnswer),
                Typed::End => break Err(PromptError::NoAnswer),
                Typed::Line(text) => break Ok(text),
                Typed::More => {
                    self.terminal.clear_line()?;
                    self.terminal
                        .write_str(&format!("{question}{}", neutral(&line.text())))?;
                }
            }
        };
        self.terminal.write_line("")?;
        ended
    }
}
