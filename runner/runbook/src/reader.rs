//! Reads one table key by key and reports what is missing, of the wrong type, or unknown.

use rutter_diagnostic::Span;
use rutter_manifest::{nearest, parse_duration};

use super::codes;
use super::document::{Node, NodeKind, Table};
use super::problems::Problems;
use super::spanned::Spanned;
use super::table_form::{Form, Shape};

/// Reads one table.
pub(super) struct Reader<'t, 'p, 's> {
    table: &'t Table,
    /// What the table is, for people: `step `a``.
    pub what: String,
    form: Form,
    pub problems: &'p mut Problems<'s>,
}

impl<'t, 'p, 's> Reader<'t, 'p, 's> {
    pub fn new(table: &'t Table, what: &str, problems: &'p mut Problems<'s>) -> Self {
        Self {
            table,
            what: what.to_owned(),
            form: Form::default(),
            problems,
        }
    }

    /// The value of a key, of whatever type.
    pub fn node(&mut self, key: &'static str) -> Option<&'t Node> {
        self.asked(key, Shape::Any)
    }

    /// The value of a key that is asked for as one of this shape.
    fn asked(&mut self, key: &'static str, shape: Shape) -> Option<&'t Node> {
        self.form.keys.insert(key, shape);
        self.table.get(key).map(|entry| &entry.value)
    }

    pub fn text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let node = self.asked(key, Shape::Text)?;
        match &node.kind {
            NodeKind::Text(text) => Some(Spanned {
                value: text.clone(),
                span: node.span,
            }),
            _ => {
                self.problems.wrong_type("text", node);
                None
            }
        }
    }

    pub fn required_text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        self.form.required.push(key);
        if self.table.get(key).is_none() {
            self.asked(key, Shape::Text);
            self.missing(key, None);
            return None;
        }
        self.text(key)
    }

    pub fn texts(&mut self, key: &'static str) -> Option<Vec<Spanned<String>>> {
        let node = self.asked(key, Shape::Texts)?;
        let NodeKind::List(items) = &node.kind else {
            self.problems.wrong_type("a list of texts", node);
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            match &item.kind {
                NodeKind::Text(text) => texts.push(Spanned {
                    value: text.clone(),
                    span: item.span,
                }),
                _ => self.problems.wrong_type("text", item),
            }
        }
        Some(texts)
    }

    pub fn integer(&mut self, key: &'static str, min: i64, max: i64) -> Option<Spanned<i64>> {
        let node = self.asked(key, Shape::Integer(min, max))?;
        let NodeKind::Integer(number) = node.kind else {
            self.problems.wrong_type("a whole number", node);
            return None;
        };
        if number < min || number > max {
            let bounds = if max == i64::MAX {
                format!("at least {min}")
            } else {
                format!("from {min} to {max}")
            };
            let title = format!("`{key}` of {} is {bounds}", self.what);
            self.problems
                .push_at(codes::VALUE, title, node.span, "", None);
            return None;
        }
        Some(Spanned {
            value: number,
            span: node.span,
        })
    }

    /// A duration in milliseconds, at least `min_ms`.
    pub fn duration(&mut self, key: &'static str, min_ms: u64) -> Option<Spanned<u64>> {
        let node = self.asked(key, Shape::Duration)?;
        let duration_ms = match &node.kind {
            NodeKind::Text(text) => parse_duration(text),
            NodeKind::Refused => return None,
            _ => None,
        };
        match duration_ms {
            Some(value) if value >= min_ms => Some(Spanned {
                value,
                span: node.span,
            }),
            _ => {
                self.problems.push_at(
                    codes::TYPE,
                    format!("`{key}` of {} is not a duration", self.what),
                    node.span,
                    "",
                    Some("write a number and a unit: `90s`, `5m`, `12h`, `2d`".to_owned()),
                );
                None
            }
        }
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key);
        let words = choices.iter().map(|(word, _)| (*word).to_owned());
        self.form.keys.insert(key, Shape::Words(words.collect()));
        let text = text?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text.value) {
            return Some(*value);
        }
        let words: Vec<String> = choices
            .iter()
            .map(|(word, _)| format!("`{word}`"))
            .collect();
        let near = nearest(&text.value, choices.iter().map(|(word, _)| *word));
        self.problems.push_at(
            codes::VALUE,
            format!("`{key}` of {} is one of {}", self.what, words.join(", ")),
            text.span,
            "",
            near.map(|near| format!("did you mean `{near}`?")),
        );
        None
    }

    pub fn table(&mut self, key: &'static str) -> Option<(Span, &'t Table)> {
        let node = self.asked(key, Shape::Table)?;
        match &node.kind {
            NodeKind::Table(table) => Some((node.span, table)),
            _ => {
                self.problems.wrong_type("a table", node);
                None
            }
        }
    }

    pub fn list(&mut self, key: &'static str) -> Option<(Span, &'t [Node])> {
        let node = self.asked(key, Shape::List)?;
        match &node.kind {
            NodeKind::List(items) => Some((node.span, items)),
            _ => {
                let expected = format!("a list of tables, each headed `[[{key}]]`");
                self.problems.wrong_type(&expected, node);
                None
            }
        }
    }

    /// Reports a key that is not there, unless it is there with a wrong value.
    pub fn missing(&mut self, key: &'static str, help: Option<&str>) {
        self.form.required.push(key);
        if self.table.get(key).is_some() {
            return;
        }
        let title = format!("{} has no `{key}`", self.what);
        self.problems.push_at(
            codes::MISSING_KEY,
            title,
            self.table.span,
            "",
            help.map(str::to_owned),
        );
    }

    /// Reports the keys that nobody asked for.
    pub fn finish(self) {
        for entry in &self.table.entries {
            if self.form.keys.contains_key(&*entry.key) {
                continue;
            }
            let near = nearest(&entry.key, self.form.keys.keys().copied());
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let keys: Vec<_> = self.form.keys.keys().copied().collect();
                    format!("the keys are {}", keys.join(", "))
                }
            };
            self.problems.push_at(
                codes::UNKNOWN_KEY,
                format!("{} has no key `{}`", self.what, entry.key),
                entry.key_span,
                "",
                Some(help),
            );
        }
        if let Some(forms) = &mut self.problems.forms {
            forms.push((self.what, self.form));
        }
    }
}
