//! A policy as text: one statement is put into it, and taken out again, without another spelling of the rest.

use rutter_sdk::prelude::*;
use rutter_sdk::serde_json;

/// Returns the text with the last statement of `wider` put behind its others. Where the text has no list to put it
/// into, `wider` is written anew.
pub(crate) fn with(before: &str, wider: &Value) -> String {
    if read(before) == *wider {
        return before.to_owned();
    }
    let statements = policy::statements(wider);
    let added = statements.last().map(Value::to_string).unwrap_or_default();
    let ends = before.match_indices(']').map(|(end, _)| end);
    ends.map(|end| format!("{},{added}{}", &before[..end], &before[end..]))
        .find(|text| read(text) == *wider)
        .unwrap_or_else(|| wider.to_string())
}

/// Returns the text from before a statement was put into it; `None` if it was written anew.
pub(crate) fn without(text: &str, statement: &Value) -> Option<String> {
    let added = format!(",{statement}");
    let start = text.find(&added)?;
    let before = format!("{}{}", &text[..start], &text[start + added.len()..]);
    (!read(&before).is_null()).then_some(before)
}

/// Returns what a text says; nothing where it is no JSON.
pub(crate) fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_put_in_and_taken_out_and_the_rest_keeps_its_spelling() {
        let before = r#"{ "Statement": [ {"Principal": {"RAM": ["a"]}} ], "Version": "1" }"#;
        let wider = json!({
            "Version": "1",
            "Statement": [{ "Principal": { "RAM": ["a"] } }, { "Principal": { "RAM": ["b"] } }],
        });
        let text = with(before, &wider);
        assert_eq!(read(&text), wider);
        assert_eq!(
            without(&text, &wider["Statement"][1]).as_deref(),
            Some(before)
        );
        assert_eq!(with(&text, &wider), text);
    }

    #[test]
    fn where_there_is_no_list_the_policy_is_written_anew() {
        let wider = json!({ "Statement": [{ "Principal": "a" }, { "Principal": "b" }] });
        let text = with(r#"{"Statement": {"Principal": "a"}}"#, &wider);
        assert_eq!(read(&text), wider);
        assert_eq!(without(&text, &json!({ "Principal": "c" })), None);
    }
}
