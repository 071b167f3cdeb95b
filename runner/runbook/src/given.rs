//! The texts that steps give to the fields of what they use.

use rutter_manifest::{Field, FieldKind};

use super::document::{Node, NodeKind};
use super::model::Model;
use super::names::{Text, TextRole};

impl Model<'_> {
    /// Calls `visit` for each text in `with` that a field takes, with that field and the path to it:
    /// `endpoint.hosts[0]`. What no field takes, and what cannot be read, is reported elsewhere.
    pub fn given(&self, visit: &mut dyn FnMut(&Text, &Field, &str)) {
        for (index, step) in self.runbook.steps.iter().enumerate() {
            let (Some(used), Some(with)) = (&self.used[index], &step.with) else {
                continue;
            };
            let NodeKind::Table(with) = &with.kind else {
                continue;
            };
            for entry in &with.entries {
                if let Some(field) = used.inputs().get(&entry.key) {
                    self.given_to(field, &entry.value, &entry.key, index, visit);
                }
            }
        }
    }

    fn given_to(
        &self,
        field: &Field,
        node: &Node,
        path: &str,
        step: usize,
        visit: &mut dyn FnMut(&Text, &Field, &str),
    ) {
        match (&node.kind, field.kind) {
            (NodeKind::Text(text), _) => {
                if let Ok(template) = self.templates.text(text) {
                    let text = Text {
                        step: Some(step),
                        place: TextRole::With,
                        text: text.clone(),
                        span: node.span,
                        template,
                    };
                    visit(&text, field, path);
                }
            }
            (NodeKind::Table(table), FieldKind::Table) => {
                for entry in &table.entries {
                    if let Some(inner) = field.fields.get(&entry.key) {
                        let path = format!("{path}.{}", entry.key);
                        self.given_to(inner, &entry.value, &path, step, visit);
                    }
                }
            }
            (NodeKind::List(items), FieldKind::List) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(inner) = &field.items {
                        self.given_to(inner, item, &format!("{path}[{index}]"), step, visit);
                    }
                }
            }
            _ => {}
        }
    }
}
