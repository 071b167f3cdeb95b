//! A run in one file, for somebody who checks it on another machine.
//!
//! The file is JSON Lines: what it is, then every record as it is stored with its digest, then for reading the plans
//! and what people answered, the report, and at last how many records there were and with which digest they end. A
//! record's digest is the SHA-256 of the digest before it (32 zero bytes before the first), the number and the time
//! (eight bytes each, the least significant first) and the text of its fact, so that the chain can be checked by
//! others too.
//!
//! Nothing here prints, and no record is kept: a run may have a million of them.
//!
//! Read next: `write.rs`, then `verify.rs`.

mod error;
mod verify;
mod write;

use rutter_contracts::hex;
use rutter_engine::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub use error::AuditError;
pub use verify::{Verified, verify};
pub use write::write;

use crate::journal::Link;

/// The version of the file's form.
const VERSION: u64 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    #[serde(rename = "rutter-audit")]
    version: u64,
    run: String,
    /// The version of the program that wrote the file.
    rutter: String,
}

/// A record as it is stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    seq: u64,
    time: i64,
    /// The text that was stored, which the digest is about; it is JSON itself.
    fact: String,
    digest: String,
}

/// What a line behind the records holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Section {
    /// A plan of the run, the first one or one that replaced it.
    Plan { record: u64, plan: Value },
    /// What a person said, with the evidence they gave.
    Answer { record: u64, time: i64, fact: Value },
    /// What `rutter show` says about the run.
    Report(String),
    /// The last line.
    End(End),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    records: u64,
    /// The digest of the last record.
    digest: String,
    /// The digest of all lines before this one.
    file: String,
}

/// What is repeated of a record behind the records, for reading; the facts of a newer program too.
fn repeated(link: Link, time: Timestamp, fact: &Value) -> Vec<Section> {
    let mut sections = Vec::new();
    for key in ["plan", "mended"] {
        // The outputs of a plugin may be called anything; only these kinds bring a plan.
        let brings = matches!(
            fact["kind"].as_str(),
            Some("run-started" | "plan-revised" | "rollback-started")
        );
        if brings && fact[key].is_object() {
            sections.push(Section::Plan {
                record: link.seq,
                plan: fact[key].clone(),
            });
        }
    }
    if fact["by"].is_object() {
        let mut said = fact.clone();
        if let Some(said) = said.as_object_mut() {
            said.remove("mended");
        }
        sections.push(Section::Answer {
            record: link.seq,
            time: time.0,
            fact: said,
        });
    }
    sections
}

/// Whether a person's key vouches for an answer.
fn is_signed(fact: &Value) -> bool {
    fact["by"]["known"]["key"].is_object()
}

/// A value as a line; what nobody would see is escaped, which means the same to whoever parses it.
fn line(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    Ok(format!(
        "{}\n",
        rutter_diagnostic::neutral::json_text(&text)
    ))
}

/// The digest of the lines so far.
#[derive(Clone, Default)]
struct Lines(Sha256);

impl Lines {
    fn add(&mut self, line: &[u8]) {
        self.0.update(line);
    }

    fn digest(&self) -> String {
        hex::encode(&self.0.clone().finalize())
    }
}

#[cfg(test)]
mod tests;
