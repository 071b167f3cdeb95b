//! What plugins write, beside the journal: no facts, so it may be lost, and it is bounded.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Write};

use rutter_engine::{At, Timestamp};
use serde::{Deserialize, Serialize};

use super::{JournalError, RunFolder};

/// Bytes of one run's log; what comes after is left out.
const LOG_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A line that a plugin wrote, its secrets swapped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written, by the driver's clock.
    pub time: Timestamp,
    /// The attempt whose guest wrote it.
    pub at: At,
    /// How serious the guest takes it to be.
    pub level: LogLevel,
    /// The text; secrets are marks in it.
    pub message: String,
}

/// How grave a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// For whoever writes the plugin.
    Debug,
    /// What an operator may want to follow.
    Info,
    /// Something unusual that the step can cope with.
    Warn,
    /// Something that went wrong.
    Error,
}

/// The log of a run, for its driver.
pub struct LogFile {
    file: File,
    bytes: u64,
}

impl LogFile {
    /// Adds a line, unless the log is full, which its last line says.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, line: &LogLine) -> std::io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        if self.bytes > LOG_BYTES_MAX {
            return Ok(());
        }
        if self.bytes + text.len() as u64 > LOG_BYTES_MAX {
            let full = LogLine {
                level: LogLevel::Warn,
                message: "the log is full: what comes after this is shown and not kept".to_owned(),
                ..line.clone()
            };
            text = serde_json::to_string(&full)?;
            text.push('\n');
            self.bytes = LOG_BYTES_MAX;
        }
        // One write, so that a crash leaves at most one broken line, the last.
        self.file.write_all(text.as_bytes())?;
        self.bytes += text.len() as u64;
        Ok(())
    }
}

impl RunFolder {
    /// Opens the log of the run to add to it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn log(&self) -> Result<LogFile, JournalError> {
        let path = self.path().join("log.jsonl");
        let failed = |error| JournalError::from_io(&path, error);
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .append(true)
            .open(&path)
            .map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        Ok(LogFile { file, bytes })
    }

    /// The lines of the log, oldest first; broken ones are left out.
    ///
    /// # Errors
    /// When the file cannot be read; one that does not exist has no lines.
    pub fn read_log(&self) -> Result<Vec<LogLine>, JournalError> {
        let path = self.path().join("log.jsonl");
        let file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            file => file.map_err(|error| JournalError::from_io(&path, error))?,
        };
        let mut lines = Vec::new();
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(|error| JournalError::from_io(&path, error))?;
            lines.extend(serde_json::from_slice(&line).ok());
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use rutter_engine::{At, Phase, Timestamp};

    use super::{LogLevel, LogLine};
    use crate::journal::Runs;

    #[test]
    fn lines_are_read_back_and_broken_ones_left_out() {
        let state = tempfile::tempdir().unwrap();
        let run = Runs::new(state.path()).create("ab000001").unwrap();
        assert!(run.folder.read_log().unwrap().is_empty());
        let line = LogLine {
            time: Timestamp(5),
            at: At {
                step: "role".into(),
                item: None,
                attempt: 1,
                phase: Phase::Run,
            },
            level: LogLevel::Info,
            message: "looks\nfine".to_owned(),
        };
        run.folder.log().unwrap().write(&line).unwrap();
        let mut bytes = std::fs::read(run.folder.path().join("log.jsonl")).unwrap();
        bytes.extend(b"{\"time\":");
        std::fs::write(run.folder.path().join("log.jsonl"), bytes).unwrap();
        assert_eq!(run.folder.read_log().unwrap(), [line]);
    }
}
