//! Standard output and standard error, and what the operator wants to see there.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::{Arc, OnceLock};

use console::Term;
use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::neutral::{guard, json_text};
use rutter_engine::{Fact, Record};
use serde::Serialize;

use super::ascii::{self, marks};
use super::footer::Footer;
use super::wrap::wrap;
use super::{Drawing, Tone};
use crate::secrets::Secrets;

/// What the operator wants to see, and where it goes.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// The records themselves as JSON, one a line, on standard output.
    pub json: bool,
    /// Only the answer and errors.
    pub quiet: bool,
    /// How much more than usual: 1 shows every record and the plugins' lines.
    pub verbose: u8,
    /// Standard output is a terminal.
    pub stdout_terminal: bool,
    /// Standard error is a terminal that can redraw lines.
    pub stderr_terminal: bool,
    /// Colours are wanted.
    pub colour: bool,
    /// The locale has no UTF-8: what is drawn is ASCII.
    pub ascii: bool,
}

impl Output {
    /// Looks at the environment: `NO_COLOR`, `TERM`, and where the output goes.
    pub fn detect(json: bool, quiet: bool, verbose: u8) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            json,
            quiet,
            verbose,
            stdout_terminal: stdout().is_terminal(),
            stderr_terminal: stderr().is_terminal() && !dumb,
            colour: !no_colour && !dumb,
            ascii: ascii::is_wanted(|name| std::env::var(name).ok()),
        }
    }

    /// Whether bars are drawn: only for a person who looks on and wants nothing else.
    pub(super) fn bars(&self) -> bool {
        self.stderr_terminal && self.verbose == 0 && !self.json && !self.quiet
    }
}

/// Prints. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Printer {
    output: Arc<Output>,
    footer: Footer,
    /// What is printed is searched for these once more.
    secrets: Arc<OnceLock<Secrets>>,
}

impl Printer {
    /// A printer for this output.
    pub fn new(output: Output) -> Self {
        Self {
            output: Arc::new(output),
            footer: Footer::default(),
            secrets: Arc::default(),
        }
    }

    /// From here on no known secret of this run is printed, whatever brought it there.
    pub fn keep_back(&self, secrets: &Secrets) {
        // A command is about one run; what was known first is what it is about.
        let _ = self.secrets.set(secrets.clone());
    }

    fn without_secrets(&self, text: &str) -> String {
        let secrets = self.secrets.get();
        secrets.map_or_else(|| text.to_owned(), |secrets| secrets.redact_text(text))
    }

    /// What the operator wants to see.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Prints a part of the answer; what a terminal would act on is written out.
    pub fn answer(&self, text: &str) {
        let text = guard(text, self.answer_style());
        self.write_answer(&marks(&text, self.output.ascii));
    }

    /// Prints a text that is nobody's but its author's, as it is unless a terminal would act on it.
    pub fn verbatim(&self, text: &str) {
        if self.output.stdout_terminal {
            self.answer(text);
        } else {
            self.write_answer(text);
        }
    }

    /// Prints a value as a line of JSON; what nobody would see is escaped.
    pub fn json(&self, value: &impl Serialize) {
        let text = serde_json::to_string(value).expect("what is printed has a JSON form");
        self.write_answer(&format!("{}\n", json_text(&text)));
    }

    fn write_answer(&self, text: &str) {
        let text = self.without_secrets(text);
        // A reader that went away (`| head`) wants no more, and nobody else is there to be told.
        let _ = stdout().lock().write_all(text.as_bytes());
    }

    /// Where an answer goes that is too large to be held; whoever writes keeps from it what a terminal would act on,
    /// and is told when it cannot be written.
    pub fn answer_stream(&self) -> impl Write + use<> {
        stdout().lock()
    }

    /// Prints a part of the answer and ends the line.
    pub fn answer_line(&self, text: &str) {
        self.answer(&format!("{text}\n"));
    }

    /// Prints something that is not the answer; what a terminal would act on is written out.
    pub fn aside(&self, text: &str) {
        let text = guard(text, self.error_style());
        let text = marks(&text, self.output.ascii);
        self.write_aside(&self.footer.above(&text));
    }

    /// Whether a record is a question that a terminal is shown by [`Self::ask`], in full.
    pub(super) fn draws(&self, record: &Record) -> bool {
        self.output.stderr_terminal && matches!(record.fact, Fact::ApprovalAsked { .. })
    }

    /// Draws a question below what was printed, and the line where a person types below that. Elsewhere
    /// than on a terminal the record of the question says it.
    pub(super) fn ask(&self, drawing: &Drawing) {
        if !self.output.stderr_terminal {
            return;
        }
        let columns = usize::from(Term::stderr().size().1).saturating_sub(1);
        let lines = drawing.lines.iter();
        let lines: String = lines
            .flat_map(|line| {
                let line = guard(line, self.error_style());
                wrap(&marks(&line, self.output.ascii), columns)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        self.write_aside(&self.footer.above(&lines));
        self.write_aside(&self.footer.set(drawing.input.as_deref(), self.output.ascii));
    }

    fn write_aside(&self, text: &str) {
        let text = self.without_secrets(text);
        // As above.
        let _ = stderr().lock().write_all(text.as_bytes());
    }

    /// Prints a line that is not the answer, unless nothing but the answer is wanted.
    pub fn note(&self, text: &str) {
        if !self.output.quiet {
            self.aside(&format!("{text}\n"));
        }
    }

    /// How messages on standard error look.
    pub fn error_style(&self) -> Style {
        if self.output.colour && self.output.stderr_terminal {
            Style::Coloured
        } else {
            Style::Plain
        }
    }

    /// How the answer looks.
    pub fn answer_style(&self) -> Style {
        if self.output.colour && self.output.stdout_terminal {
            Style::Coloured
        } else {
            Style::Plain
        }
    }
}

/// A text in the colour of its tone, or as it is.
pub(super) fn paint(text: &str, tone: Tone, style: Style) -> String {
    let code = match tone {
        Tone::Plain => return text.to_owned(),
        Tone::Good => "32",
        Tone::Asks => "1;33",
        Tone::Bad => "1;31",
        Tone::Faint => "2",
    };
    match style {
        Style::Plain => text.to_owned(),
        Style::Coloured => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
    }
}

/// Standard error for traces, which quote what they trace.
pub struct Traces;

impl Write for Traces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // Each trace comes as one whole text.
        let text = String::from_utf8_lossy(bytes);
        stderr().write_all(guard(&text, Style::Coloured).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        stderr().flush()
    }
}
