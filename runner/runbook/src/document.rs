//! A TOML file as a tree of values, each with its place.
//!
//! The only file here that knows the TOML crate. It refuses what a runbook cannot hold (dates, NaN,
//! numbers beyond 64 bits, deep nesting) and knows nothing of what a runbook means: that is
//! `schema.rs`. Tables keep the order of the file.

use std::collections::BTreeMap;

use rutter_diagnostic::{Diagnostic, Source, Span};
use rutter_manifest::{Field, Like, nearest};
use serde::Deserialize as _;
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::codes;
use super::path::{self, PathStep};

/// Bytes of a runbook: the largest of the procedures known is a hundredth of it.
pub(super) const FILE_BYTES_MAX: usize = 1 << 20;
/// Tables and lists inside each other.
const NESTING_MAX: usize = 32;
/// Syntax errors after the first few are mostly consequences of them.
const SYNTAX_ERRORS_MAX: usize = 5;

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub span: Span,
    pub kind: NodeKind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    List(Vec<Node>),
    Table(Table),
    /// Already reported.
    Refused,
}

/// A table: its entries in the order of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// The header, or the braces.
    pub span: Span,
    pub entries: Vec<TableEntry>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct TableEntry {
    pub key: String,
    pub key_span: Span,
    pub value: Node,
}

/// Why an input's declaration is no field.
#[derive(Clone, Debug)]
pub(super) struct BadField {
    pub message: String,
    pub span: Span,
    pub help: Option<String>,
}

/// A file, read.
#[derive(Debug)]
pub(super) struct Document {
    pub root: Table,
    /// The tables below `[inputs]` as fields.
    pub fields: BTreeMap<String, Result<Declared, BadField>>,
}

/// How an input is declared.
#[derive(Clone, Debug)]
pub(super) enum Declared {
    Field(Field),
    Like(Like),
}

impl Table {
    pub fn get(&self, key: &str) -> Option<&TableEntry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

impl Node {
    /// What it is, for people.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            NodeKind::Text(_) => "text",
            NodeKind::Integer(_) => "a whole number",
            NodeKind::Number(_) => "a number",
            NodeKind::Boolean(_) => "a boolean",
            NodeKind::List(_) => "a list",
            NodeKind::Table(_) => "a table",
            NodeKind::Refused => "a refused value",
        }
    }

    /// The same value as JSON, each text made by `text`, which is given its place too.
    pub fn to_json(&self, text: &mut dyn FnMut(&str, Span) -> Value) -> Value {
        match &self.kind {
            NodeKind::Text(content) => text(content, self.span),
            NodeKind::Integer(number) => (*number).into(),
            NodeKind::Number(number) => (*number).into(),
            NodeKind::Boolean(truth) => (*truth).into(),
            NodeKind::List(items) => items.iter().map(|item| item.to_json(text)).collect(),
            NodeKind::Table(table) => Value::Object(table.to_json(text)),
            NodeKind::Refused => Value::Null,
        }
    }

    /// Calls `visit` for each text in it, with its place.
    pub fn texts<'a>(&'a self, visit: &mut dyn FnMut(&'a str, Span)) {
        match &self.kind {
            NodeKind::Text(content) => visit(content, self.span),
            NodeKind::List(items) => items.iter().for_each(|item| item.texts(visit)),
            NodeKind::Table(table) => {
                for entry in &table.entries {
                    entry.value.texts(visit);
                }
            }
            _ => {}
        }
    }

    /// The value at a path of keys and indices as a field problem writes it: `source.names[0]`.
    /// Where the path leaves the tree, the innermost that exists, and false.
    pub fn find<'a>(&'a self, path: &str) -> (&'a Node, bool) {
        let (node, _, found) = self.find_entry(path);
        (node, found)
    }

    /// As [`Self::find`], with the place of the last key, unless that is an index.
    pub fn find_entry<'a>(&'a self, path: &str) -> (&'a Node, Option<Span>, bool) {
        let mut node = self;
        let mut key_span = None;
        for step in path::steps(path) {
            let entry = match (&node.kind, step) {
                (NodeKind::Table(table), PathStep::Key(key)) => table.get(key),
                _ => None,
            };
            let next = match (&node.kind, step) {
                (NodeKind::List(items), PathStep::Index(index)) => items.get(index),
                _ => entry.map(|entry| &entry.value),
            };
            match next {
                Some(next) => {
                    node = next;
                    key_span = entry.map(|entry| entry.key_span);
                }
                None => return (node, key_span, false),
            }
        }
        (node, key_span, true)
    }
}

impl Table {
    /// The same table as a JSON object, as [`Node::to_json`].
    pub fn to_json(&self, text: &mut dyn FnMut(&str, Span) -> Value) -> Map<String, Value> {
        self.entries
            .iter()
            .map(|entry| (entry.key.clone(), entry.value.to_json(text)))
            .collect()
    }
}

/// Reads a file's text.
///
/// # Errors
/// Every syntax error, or every value that a runbook cannot hold.
pub(super) fn parse(source: &Source) -> Result<Document, Vec<Diagnostic>> {
    if source.text().len() > FILE_BYTES_MAX {
        return Err(vec![
            Diagnostic::error(codes::LIMIT, "the runbook is larger than 1 MiB")
                .file(source)
                .help("split it into several runbooks"),
        ]);
    }
    let (root, errors) = DeTable::parse_recoverable(source.text());
    if !errors.is_empty() {
        return Err(syntax(source, errors));
    }
    let mut problems = Vec::new();
    let mut tree = Tree {
        source,
        problems: &mut problems,
    };
    let span = Span::from(root.span());
    let fields = fields(root.get_ref());
    let root = tree.table(root.get_ref(), span, 0);
    if problems.is_empty() {
        Ok(Document { root, fields })
    } else {
        Err(problems)
    }
}

fn syntax(source: &Source, mut errors: Vec<toml::de::Error>) -> Vec<Diagnostic> {
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let mut lines_seen = Vec::new();
    errors.retain(|error| {
        let line = source.place(error.span().map_or(0, |span| span.start)).0;
        let first = !lines_seen.contains(&line);
        lines_seen.push(line);
        first
    });
    errors
        .into_iter()
        .take(SYNTAX_ERRORS_MAX)
        .map(|error| {
            let span = error.span().unwrap_or_default().into();
            Diagnostic::error(codes::SYNTAX, format!("not TOML: {}", error.message()))
                .at(source, span, "")
        })
        .collect()
}

/// Reads each table below `[inputs]` by itself, so that one mistake hides no other.
fn fields(root: &DeTable<'_>) -> BTreeMap<String, Result<Declared, BadField>> {
    let Some(inputs) = root
        .get("inputs")
        .and_then(|node| node.get_ref().as_table())
    else {
        return BTreeMap::new();
    };
    inputs
        .iter()
        .map(|(name, node)| {
            let written = ValueDeserializer::from(node.clone());
            let table = node.get_ref().as_table();
            let field = match table.is_some_and(|table| table.contains_key("like")) {
                true => Like::deserialize(written).map(Declared::Like),
                false => Field::deserialize(written).map(Declared::Field),
            };
            let field = field.map_err(|error| BadField {
                span: error.span().unwrap_or_else(|| node.span()).into(),
                message: error.message().trim().replace('\n', ", "),
                help: hint(error.message()),
            });
            (name.get_ref().to_string(), field)
        })
        .collect()
}

/// The nearest of the names that serde lists when it meets one it does not know: "unknown field
/// `x`, expected one of `a`, `b`".
fn hint(message: &str) -> Option<String> {
    if !message.starts_with("unknown field") && !message.starts_with("unknown variant") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let name = quoted.next()?;
    nearest(name, quoted).map(|known| format!("did you mean `{known}`?"))
}

struct Tree<'a> {
    source: &'a Source,
    problems: &'a mut Vec<Diagnostic>,
}

impl Tree<'_> {
    fn table(&mut self, table: &DeTable<'_>, span: Span, depth: usize) -> Table {
        let mut entries: Vec<TableEntry> = table
            .iter()
            .map(|(key, value)| TableEntry {
                key: key.get_ref().to_string(),
                key_span: key.span().into(),
                value: self.node(value, depth + 1),
            })
            .collect();
        entries.sort_by_key(|entry| entry.key_span);
        Table { span, entries }
    }

    fn node(&mut self, node: &Spanned<DeValue<'_>>, depth: usize) -> Node {
        let span = Span::from(node.span());
        if depth > NESTING_MAX {
            let title = format!("tables and lists are nested deeper than {NESTING_MAX}");
            return self.refuse(codes::LIMIT, title, span, "");
        }
        let kind = match node.get_ref() {
            DeValue::String(text) => NodeKind::Text(text.to_string()),
            DeValue::Boolean(truth) => NodeKind::Boolean(*truth),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => NodeKind::Integer(number),
                    Err(_) => {
                        let title = "a whole number does not fit 64 bits";
                        return self.refuse(
                            codes::VALUE,
                            title,
                            span,
                            "write it as text, in quotes",
                        );
                    }
                }
            }
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => NodeKind::Number(number),
                _ => {
                    let title = "a number is neither NaN nor infinite";
                    return self.refuse(codes::VALUE, title, span, "");
                }
            },
            DeValue::Datetime(_) => {
                let title = "a date is written as text";
                return self.refuse(codes::VALUE, title, span, "put it in quotes");
            }
            DeValue::Array(items) => NodeKind::List(
                items
                    .iter()
                    .map(|item| self.node(item, depth + 1))
                    .collect(),
            ),
            DeValue::Table(table) => NodeKind::Table(self.table(table, span, depth)),
        };
        Node { span, kind }
    }

    fn refuse(
        &mut self,
        code: &'static str,
        title: impl Into<String>,
        span: Span,
        help: &str,
    ) -> Node {
        let mut problem = Diagnostic::error(code, title).at(self.source, span, "");
        if !help.is_empty() {
            problem = problem.help(help);
        }
        self.problems.push(problem);
        Node {
            span,
            kind: NodeKind::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Document, Vec<Diagnostic>> {
        parse(&Source::new("x.toml", text))
    }

    #[test]
    fn tables_keep_the_order_of_the_file() {
        let document = parsed("z = 1\na = 2\n[m]\nb = 1\n").expect("it is TOML");
        let keys: Vec<&str> = document
            .root
            .entries
            .iter()
            .map(|entry| &*entry.key)
            .collect();
        assert_eq!(keys, ["z", "a", "m"]);
    }

    #[test]
    fn every_value_a_runbook_cannot_hold_is_reported() {
        let problems =
            parsed("a = 2026-01-01\nb = nan\nc = 99999999999999999999\n").expect_err("bad");
        assert_eq!(problems.len(), 3);
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow() {
        for text in [
            format!("a = {}{}", "[".repeat(5_000), "]".repeat(5_000)),
            format!("{}x = 1", "a.".repeat(200_000)),
            format!("a = {}1{}", "{ a = ".repeat(5_000), "}".repeat(5_000)),
            format!("[{}x]\ny = 1", "a.".repeat(100_000)),
            format!("a = {}1{}", "[".repeat(40), "]".repeat(40)),
            format!("{}x = 1", "a.".repeat(60)),
        ] {
            assert!(parsed(&text).is_err());
        }
    }

    #[test]
    fn a_path_leads_to_its_value_or_to_the_last_that_exists() {
        let document = parsed("with.source.names = ['a', 'b']\n").expect("it is TOML");
        let with = &document.root.entries[0].value;
        let (node, found) = with.find("source.names[1]");
        assert!(found && matches!(&node.kind, NodeKind::Text(text) if text == "b"));
        let (node, found) = with.find("source.role");
        assert!(!found && matches!(node.kind, NodeKind::Table(_)));
    }
}
