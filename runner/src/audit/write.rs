//! Writes the file.

use std::io::{self, Write};
use std::ops::ControlFlow;

use rutter_contracts::hex;
use serde::Serialize;

use super::{End, Entry, Header, Lines, Section, VERSION, line, repeated};
use crate::journal::{JournalError, Link, RunView};

/// Writes a run; `report` is what is said about it. Returns the link of the last record that was written.
///
/// # Errors
/// When the journal is damaged, or the file cannot be written: it is not whole then.
pub fn write(
    view: &RunView,
    run: &str,
    report: &str,
    out: &mut dyn Write,
) -> Result<io::Result<Link>, JournalError> {
    let mut file = Writer {
        out,
        lines: Lines::default(),
    };
    let header = Header {
        version: VERSION,
        run: run.to_owned(),
        rutter: env!("CARGO_PKG_VERSION").to_owned(),
    };
    if let Err(error) = file.put(&header) {
        return Ok(Err(error));
    }
    let mut end = Link::default();
    let mut sections = Vec::new();
    let mut failed = None;
    view.walk_chain(&mut |chained| {
        end = chained.link;
        let entry = Entry {
            seq: chained.link.seq,
            time: chained.time.0,
            fact: chained.body,
            digest: hex::encode(&chained.link.digest),
        };
        if let Err(error) = file.put(&entry) {
            failed = Some(error);
            return ControlFlow::Break(());
        }
        if let Ok(fact) = serde_json::from_str(&entry.fact) {
            sections.extend(repeated(chained.link, chained.time, &fact));
        }
        ControlFlow::Continue(())
    })?;
    if let Some(error) = failed {
        return Ok(Err(error));
    }
    Ok(file.close(sections, report, end).map(|()| end))
}

struct Writer<'a> {
    out: &'a mut dyn Write,
    lines: Lines,
}

impl Writer<'_> {
    fn put(&mut self, value: &impl Serialize) -> io::Result<()> {
        let line = line(value)?;
        self.lines.add(line.as_bytes());
        self.out.write_all(line.as_bytes())
    }

    fn close(mut self, sections: Vec<Section>, report: &str, end: Link) -> io::Result<()> {
        for section in &sections {
            self.put(section)?;
        }
        self.put(&Section::Report(report.to_owned()))?;
        let file = self.lines.digest();
        self.put(&Section::End(End {
            records: end.seq,
            digest: hex::encode(&end.digest),
            file,
        }))?;
        self.out.flush()
    }
}
