//! Checks a file, which may be anything: it is read a line at a time, and no line without a bound.

use std::collections::VecDeque;
use std::io::{BufRead, Read as _};

use rutter_contracts::hex;
use rutter_engine::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{AuditError, End, Entry, Header, Lines, Section, VERSION, is_signed, line, repeated};
use crate::journal::{Digest, Link};

/// Bytes of a line. The longest ones hold a plan, as one record does, and its texts are escaped once more.
const LINE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What a file that is whole holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The run.
    pub run: String,
    /// Its last record.
    pub end: Link,
    /// When its first record was made.
    pub from: Timestamp,
    /// When its last record was made.
    pub to: Timestamp,
    /// What people answered.
    pub answers: u64,
    /// The answers that a key vouches for.
    pub signed: u64,
}

/// Checks a file from its first line to its last.
///
/// # Errors
/// When it is not whole, or is something else.
pub fn verify(file: impl BufRead) -> Result<Verified, AuditError> {
    let mut reader = Reader {
        file,
        number: 0,
        records: 0,
        lines: Lines::default(),
        before: Lines::default(),
    };
    let header = header(&mut reader)?;
    let mut chain = Chain::new(header.run);
    let first = loop {
        let bytes = reader.line()?;
        let number = reader.number;
        if !bytes.starts_with(b"{\"seq\"") {
            break bytes;
        }
        let entry = serde_json::from_slice(&bytes).map_err(|error| altered(number, &error))?;
        chain.take(number, entry)?;
        reader.records = chain.seen.end.seq;
    };
    let end = behind(&mut reader, &mut chain, first)?;
    let number = reader.number;
    if end.records != chain.seen.end.seq || end.digest != hex::encode(&chain.seen.end.digest) {
        let why = "it tells of another last record than the one that is there";
        return Err(altered(number, &why));
    }
    match reader.next()? {
        Some(_) => Err(AuditError::More {
            line: reader.number,
        }),
        None => Ok(chain.seen),
    }
}

fn altered(line: u64, why: &dyn std::fmt::Display) -> AuditError {
    AuditError::Altered {
        line,
        why: why.to_string(),
    }
}

fn header<R: BufRead>(reader: &mut Reader<R>) -> Result<Header, AuditError> {
    let bytes = match reader.next() {
        Ok(bytes) => bytes.ok_or(AuditError::Empty)?,
        // A file without any line end is more likely a foreign one than a cut one.
        Err(AuditError::Long { .. } | AuditError::CutOff { .. }) => {
            return Err(AuditError::SomethingElse);
        }
        Err(error) => return Err(error),
    };
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| AuditError::SomethingElse)?;
    match value["rutter-audit"].as_u64() {
        None => Err(AuditError::SomethingElse),
        Some(VERSION) => serde_json::from_value(value).map_err(|error| altered(1, &error)),
        Some(found) => Err(AuditError::Version {
            found,
            known: VERSION,
        }),
    }
}

/// Reads what stands behind the records, and returns the end.
fn behind<R: BufRead>(
    reader: &mut Reader<R>,
    chain: &mut Chain,
    first: Vec<u8>,
) -> Result<End, AuditError> {
    let mut bytes = first;
    loop {
        let number = reader.number;
        let section = serde_json::from_slice(&bytes).map_err(|error| altered(number, &error))?;
        match section {
            Section::End(_) if !chain.repeated.is_empty() => {
                let why = "a plan or an answer is missing before it";
                return Err(altered(number, &why));
            }
            Section::End(end) if end.file != reader.before.digest() => {
                let why = "its digest of the lines before it does not fit them";
                return Err(altered(number, &why));
            }
            Section::End(end) => return Ok(end),
            Section::Report(_) => {}
            section => chain.repeats(number, &section)?,
        }
        bytes = reader.line()?;
    }
}

/// The records so far.
struct Chain {
    seen: Verified,
    /// The digests of the lines that have to be found behind the records.
    repeated: VecDeque<Digest>,
}

impl Chain {
    fn new(run: String) -> Self {
        Self {
            seen: Verified {
                run,
                end: Link::default(),
                from: Timestamp(0),
                to: Timestamp(0),
                answers: 0,
                signed: 0,
            },
            repeated: VecDeque::new(),
        }
    }

    fn take(&mut self, line: u64, entry: Entry) -> Result<(), AuditError> {
        let time = Timestamp(entry.time);
        let link = self.seen.end.next(time, &entry.fact);
        if entry.seq != link.seq {
            return Err(AuditError::Order {
                line,
                expected: link.seq,
                found: entry.seq,
            });
        }
        if entry.digest != hex::encode(&link.digest) {
            return Err(AuditError::Chain {
                line,
                seq: link.seq,
            });
        }
        let fact: Value =
            serde_json::from_str(&entry.fact).map_err(|error| altered(line, &error))?;
        if link.seq == 1 {
            self.seen.from = time;
            if fact["run"].as_str() != Some(&*self.seen.run) {
                let why = "its run is not the one that line 1 names";
                return Err(altered(line, &why));
            }
        }
        for section in repeated(link, time, &fact) {
            if let Section::Answer { fact, .. } = &section {
                self.seen.answers += 1;
                self.seen.signed += u64::from(is_signed(fact));
            }
            self.repeated.push_back(digest(&section)?);
        }
        self.seen.end = link;
        self.seen.to = time;
        Ok(())
    }

    /// A plan or an answer must say what the record said that it is from.
    fn repeats(&mut self, line: u64, section: &Section) -> Result<(), AuditError> {
        if self.repeated.pop_front() == Some(digest(section)?) {
            return Ok(());
        }
        let why = "it is not what the records say";
        Err(altered(line, &why))
    }
}

fn digest(section: &Section) -> Result<Digest, AuditError> {
    let line = line(section).map_err(std::io::Error::from)?;
    Ok(Sha256::digest(line).into())
}

/// Reads lines.
struct Reader<R> {
    file: R,
    /// The number of the line that was read last.
    number: u64,
    /// The records that were whole.
    records: u64,
    /// The digest of all lines that were read.
    lines: Lines,
    /// The same without the one that was read last.
    before: Lines,
}

impl<R: BufRead> Reader<R> {
    /// The next line, which must be there.
    fn line(&mut self) -> Result<Vec<u8>, AuditError> {
        self.next()?.ok_or(AuditError::CutOff {
            line: self.number,
            records: self.records,
        })
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>, AuditError> {
        self.number += 1;
        let mut bytes = Vec::new();
        let mut bounded = (&mut self.file).take(LINE_BYTES_MAX + 1);
        bounded.read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.len() as u64 > LINE_BYTES_MAX {
            return Err(AuditError::Long {
                line: self.number,
                bytes_max: LINE_BYTES_MAX,
            });
        }
        if bytes.last() != Some(&b'\n') {
            return Err(AuditError::CutOff {
                line: self.number,
                records: self.records,
            });
        }
        self.before = self.lines.clone();
        self.lines.add(&bytes);
        Ok(Some(bytes))
    }
}
