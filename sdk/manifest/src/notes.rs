//! Notes: what an operator must read before a run, as sentences.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Notes in one list. Who is told more than this before a run reads none of it.
pub const NOTES_MAX: usize = 20;
/// Characters of a note: a few sentences.
pub const NOTE_CHARS_MAX: usize = 500;

/// Returns why a text is no note, a fragment fit to follow it.
pub fn note_problem(text: &str) -> Option<String> {
    let length = text.chars().count();
    if text.trim().is_empty() {
        return Some("a note says something".to_owned());
    }
    if length > NOTE_CHARS_MAX {
        return Some(format!(
            "a note has at most {NOTE_CHARS_MAX} characters, this one has {length}"
        ));
    }
    if text.contains("{{") {
        return Some("a note is plain text, without expressions".to_owned());
    }
    None
}

pub(crate) fn notes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let notes: Vec<Note> = Deserialize::deserialize(deserializer)?;
    if notes.len() > NOTES_MAX {
        return Err(D::Error::custom(format!(
            "there are at most {NOTES_MAX} notes, not {}",
            notes.len()
        )));
    }
    Ok(notes.into_iter().map(|note| note.0).collect())
}

/// A note; a type of its own, so that an error points at it.
struct Note(String);

impl<'de> Deserialize<'de> for Note {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match note_problem(&text) {
            Some(problem) => Err(D::Error::custom(problem)),
            None => Ok(Self(text)),
        }
    }
}
