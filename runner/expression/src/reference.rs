//! What an expression reads.

use crate::span::Span;

/// One part of a reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// `.name`, or `["name"]`.
    Name(String),
    /// `[0]`.
    Index(usize),
}

/// A chain of constant names that an expression reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `inputs`, `steps` and so on.
    pub root: String,
    /// The names and indexes behind it.
    pub path: Vec<Segment>,
    /// Where it stands in the expression.
    pub span: Span,
    /// `default(…)` stands right behind it: it may be undefined.
    pub guarded: bool,
    /// It is compared with `none` and nothing else is done with it.
    pub(crate) asked_whether_given: bool,
    /// It is compared, filtered or tested, and not only passed on.
    pub inspected: bool,
}

impl Reference {
    /// The first name behind the root.
    pub fn name(&self) -> Option<&str> {
        match self.path.first() {
            Some(Segment::Name(name)) => Some(name),
            _ => None,
        }
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.root)?;
        for segment in &self.path {
            match segment {
                Segment::Name(name) => write!(formatter, ".{name}")?,
                Segment::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}
