//! The form of the credentials file: INI as the official clients read it.
//!
//! A comment is a line that begins with `#` or `;`, or what follows `#`, or ` ;`, on a line. A line that is
//! indented more than its key goes on with the key's value. Keys are compared without case, values may stand in
//! quotes, and what the section `DEFAULT` says counts in every other.

use std::collections::BTreeMap;

use super::section::Section;

/// The section whose keys count in every other one.
const DEFAULT: &str = "DEFAULT";

/// Reads the sections.
///
/// # Errors
/// What is wrong with which line, without quoting it.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Section>, String> {
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        reader
            .line(line)
            .map_err(|what| format!("line {} {what}", index + 1))?;
    }
    reader.end_value();
    let mut sections = reader.sections;
    if let Some(default) = sections.get(DEFAULT).cloned() {
        for section in sections.values_mut() {
            section.inherit(&default);
        }
    }
    Ok(sections)
}

#[derive(Default)]
struct Reader {
    sections: BTreeMap<String, Section>,
    current: Option<String>,
    /// The key whose value is being read, and the value so far.
    open: Option<(String, String)>,
    /// How far the last key or header was indented.
    indent: usize,
}

impl Reader {
    fn line(&mut self, whole: &str) -> Result<(), String> {
        let line = whole.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = whole.chars().take_while(|c| c.is_whitespace()).count();
        if let Some((_, value)) = &mut self.open
            && indent > self.indent
        {
            value.push('\n');
            value.push_str(line);
            return Ok(());
        }
        self.end_value();
        self.indent = indent;
        match line.strip_prefix('[') {
            Some(rest) => self.header(rest),
            None => self.key(line),
        }
    }

    fn header(&mut self, rest: &str) -> Result<(), String> {
        let (name, after) = rest.split_once(']').ok_or_else(no_form)?;
        if !(after.trim().is_empty() || after.trim_start().starts_with(['#', ';'])) {
            return Err(no_form());
        }
        let name = name.trim();
        let before = self.sections.insert(name.to_owned(), Section::default());
        if before.is_some() {
            return Err(format!("names the section `[{name}]` a second time"));
        }
        self.current = Some(name.to_owned());
        Ok(())
    }

    fn key(&mut self, line: &str) -> Result<(), String> {
        let (key, value) = line.split_once(['=', ':']).ok_or_else(no_form)?;
        let key = key.trim().to_lowercase();
        let current = self.current.as_ref();
        let section = current.and_then(|name| self.sections.get(name));
        let section = section.filter(|_| !key.is_empty()).ok_or_else(no_form)?;
        if section.has(&key) {
            return Err(format!("gives `{key}` a second time"));
        }
        self.open = Some((key, value.trim().to_owned()));
        Ok(())
    }

    /// Keeps the value that was being read.
    fn end_value(&mut self) {
        let current = self.current.as_ref();
        let section = current.and_then(|name| self.sections.get_mut(name));
        if let (Some(section), Some((key, value))) = (section, self.open.take()) {
            section.insert(&key, value_of(&value));
        }
    }
}

fn no_form() -> String {
    "is neither `[section]` nor `key = value`".to_owned()
}

/// A value without its quotes and without what is a comment.
fn value_of(text: &str) -> &str {
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\''))
        && let Some((inner, after)) = text[1..].split_once(quote)
        && (after.trim().is_empty() || after.trim_start().starts_with(['#', ';']))
    {
        return inner;
    }
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        if character == '#' || (character == ';' && before.is_whitespace()) {
            return text[..at].trim_end();
        }
        before = character;
    }
    text
}
