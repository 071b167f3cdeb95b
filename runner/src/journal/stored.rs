//! A record as it lies in the journal, understood or not.

use rutter_engine::{Fact, Record, Timestamp};
use serde_json::{Value, json};

use super::Link;

/// A record read for showing.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRecord {
    /// Its number in the run.
    pub seq: u64,
    /// The driver's clock when it was written.
    pub time: Timestamp,
    /// The fact, as far as this program understands it.
    pub body: RecordBody,
}

/// A record as its bytes are stored, with its place in the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Chained {
    /// Its number, and the digest up to it.
    pub link: Link,
    /// The driver's clock when it was written.
    pub time: Timestamp,
    /// The text of its fact, which the digest is about.
    pub body: String,
}

/// The fact of a record, as far as this program understands it.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordBody {
    /// A fact of a kind that this program knows.
    Known(Box<Fact>),
    /// A kind written by a newer program, as JSON.
    Unknown {
        /// The name of the kind.
        kind: String,
        /// The whole fact.
        fact: Value,
    },
}

impl StoredRecord {
    /// The record, if this program understands it.
    pub fn known(&self) -> Option<Record> {
        match &self.body {
            RecordBody::Known(fact) => Some(Record {
                seq: self.seq,
                time: self.time,
                fact: (**fact).clone(),
            }),
            RecordBody::Unknown { .. } => None,
        }
    }

    /// The same, taken over.
    pub fn into_known(self) -> Option<Record> {
        match self.body {
            RecordBody::Known(fact) => Some(Record {
                seq: self.seq,
                time: self.time,
                fact: *fact,
            }),
            RecordBody::Unknown { .. } => None,
        }
    }

    /// The record as JSON, exactly as `--json` prints it.
    pub fn to_json(&self) -> Value {
        let fact = match &self.body {
            RecordBody::Known(fact) => serde_json::to_value(fact)
                .expect("a fact has only text keys, so it has a JSON form"),
            RecordBody::Unknown { fact, .. } => fact.clone(),
        };
        json!({ "seq": self.seq, "time": self.time, "fact": fact })
    }
}

impl From<Record> for StoredRecord {
    fn from(record: Record) -> Self {
        Self {
            seq: record.seq,
            time: record.time,
            body: RecordBody::Known(Box::new(record.fact)),
        }
    }
}
