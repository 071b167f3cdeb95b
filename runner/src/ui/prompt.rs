//! Questions to a person at a terminal.

use std::io;

use console::Term;

use super::one_line;

/// Why a person could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// Nobody is there.
    #[error("there is no terminal to ask at")]
    NoTerminal,
    /// The terminal failed, or the person ended the input.
    #[error("the terminal gave no answer: {0}")]
    Io(#[from] io::Error),
}

/// A terminal with a person in front of it.
pub struct Prompt {
    terminal: Term,
}

impl Prompt {
    /// The terminal of this process; `None` unless a person can both read and answer.
    pub fn open() -> Option<Self> {
        use std::io::IsTerminal;
        let terminal = Term::stderr();
        (io::stdin().is_terminal() && terminal.is_term()).then_some(Self { terminal })
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

    /// Asks for yes or no; only an explicit yes is one.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn confirm(&self, question: &str) -> Result<bool, PromptError> {
        let answer = self.line(&format!("{question} [y/N]"))?;
        Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
    }
}
