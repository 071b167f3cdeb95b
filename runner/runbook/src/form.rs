//! What the tables of a runbook may hold, for schemas that editors read.
//!
//! There is no second list of keys: the reader itself is run over examples, and tells what it asked for.

use indexmap::IndexMap;
use rutter_diagnostic::Source;
use rutter_manifest::Field;

use super::built_in::BuiltIn;
use super::problems::Problems;
pub use super::table_form::{Form, Shape};
use super::{document, schema};

/// A table that holds each of its optional tables.
const FULL: &str = "schema = 1\n[runbook]\nname = 'a'\n[accounts.a]\n[[steps]]\nid = 'a'\nuses = 'a'\n\
                    retry = { attempts = 1 }\nconfirm = { message = 'a' }\n";
/// Tables that lack what they must hold.
const BARE: &str = "[runbook]\n[accounts.a]\n[[steps]]\nretry = {}\nconfirm = {}\n";

/// The tables of a runbook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forms {
    /// The file itself.
    pub root: Form,
    /// `[runbook]`.
    pub head: Form,
    /// `[accounts.NAME]`.
    pub account: Form,
    /// `[[steps]]`.
    pub step: Form,
    /// `confirm` of a step, as a table.
    pub confirm: Form,
    /// `retry` of a step.
    pub retry: Form,
}

/// Returns what the tables of a runbook may hold.
pub fn forms() -> Forms {
    let mut forms = Forms::default();
    for example in [FULL, BARE, ""] {
        let source = Source::new("example", example);
        let Ok(document) = document::parse(&source) else {
            continue;
        };
        let mut problems = Problems::new(&source);
        problems.forms = Some(Vec::new());
        schema::read(&document, &mut problems);
        for (what, form) in problems.forms.into_iter().flatten() {
            let into = match what.as_str() {
                "a runbook" => &mut forms.root,
                "`[runbook]`" => &mut forms.head,
                "`retry`" => &mut forms.retry,
                what if what.starts_with("the account") => &mut forms.account,
                what if what.starts_with("`confirm`") => &mut forms.confirm,
                _ => &mut forms.step,
            };
            into.keys.extend(form.keys);
            for key in form.required {
                if !into.required.contains(&key) {
                    into.required.push(key);
                }
            }
        }
    }
    forms
}

/// The steps that are built in, and what each takes.
pub fn built_ins() -> impl Iterator<Item = (&'static str, &'static IndexMap<String, Field>)> {
    let each = BuiltIn::NAMES.into_iter().filter_map(BuiltIn::named);
    each.map(|built_in| (built_in.name(), built_in.inputs()))
}

/// How the inputs of a runbook are declared, as a JSON Schema of draft 7: on their own, or like a plugin's. The
/// second is what they refer to, by name.
pub fn declarations() -> (
    [schemars::Schema; 2],
    serde_json::Map<String, serde_json::Value>,
) {
    let mut generator = schemars::generate::SchemaSettings::draft07().into_generator();
    let schemas = [
        generator.subschema_for::<Field>(),
        generator.subschema_for::<rutter_manifest::Like>(),
    ];
    (schemas, generator.take_definitions(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_are_what_the_reader_asks_for() {
        let forms = forms();
        assert_eq!(forms.root.required, ["schema", "runbook", "steps"]);
        assert_eq!(forms.head.required, ["name"]);
        assert_eq!(forms.step.required, ["id", "uses"]);
        assert_eq!(forms.retry.required, ["attempts"]);
        assert_eq!(forms.confirm.required, ["message"]);
        assert_eq!(forms.step.keys["needs"], Shape::Texts);
        assert_eq!(forms.retry.keys["attempts"], Shape::Integer(1, 1_000));
        let words = ["stop", "continue", "undo"].map(str::to_owned);
        assert_eq!(forms.step.keys["on_failure"], Shape::Words(words.to_vec()));
        assert!(forms.account.keys.contains_key("help"));
    }
}
