//! What stands in braces in an address or a header.

use rutter_sdk::Secret;
use rutter_sdk::prelude::*;
use serde_json::{Map, Value};

const TOKEN: &str = "{token}";

/// Puts the token's placeholder in; the host puts the token itself in when it sends the request.
pub(crate) fn with_token(text: &str, token: Option<&Secret>) -> Result<String, Fault> {
    match token {
        Some(token) => Ok(text.replace(TOKEN, token.placeholder())),
        None if text.contains(TOKEN) => Err(crate::wrong(
            "no-token",
            format!("`{text}` names a token and none is given"),
            "Give the input `token`.",
        )),
        None => Ok(text.to_owned()),
    }
}

/// Puts fields of an answer in, each named by its JSON pointer: `{/id}`.
pub(crate) fn with_answer(
    text: &str,
    answer: Option<&Map<String, Value>>,
) -> Result<String, Fault> {
    let mut rest = text;
    let mut filled = String::new();
    while let Some((before, after)) = rest.split_once("{/") {
        let Some((pointer, behind)) = after.split_once('}') else {
            break;
        };
        filled.push_str(before);
        filled.push_str(&field(answer, &format!("/{pointer}")).ok_or_else(|| {
            crate::wrong(
                "undo-field",
                format!(
                    "the address of `undo` needs `/{pointer}` of the answer, which is not known"
                ),
                "Look what the request made, and take it back by hand.",
            )
        })?);
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// A field of the answer as a part of a path or a query.
fn field(answer: Option<&Map<String, Value>>, pointer: &str) -> Option<String> {
    let answer = Value::Object(answer?.clone());
    let text = match answer.pointer(pointer)? {
        Value::String(text) => text.clone(),
        value @ (Value::Number(_) | Value::Bool(_)) => value.to_string(),
        _ => return None,
    };
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = text.bytes().map(|byte| match keep(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    Some(encoded.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(text: &str, answer: &Value) -> Result<String, Fault> {
        with_answer(text, answer.as_object())
    }

    #[test]
    fn fields_of_the_answer_are_put_in_encoded() {
        let answer = json!({ "id": "a/b c", "items": [{ "number": 7 }] });
        let url = "https://x.example/{/id}?n={/items/0/number}";
        assert_eq!(
            filled(url, &answer).expect("both are there"),
            "https://x.example/a%2Fb%20c?n=7"
        );
    }

    #[test]
    fn a_field_that_is_not_there_is_named() {
        let fault = filled("https://x.example/{/id}", &json!({})).expect_err("it is missing");
        assert_eq!(fault.code, "http-request.undo-field");
        assert!(fault.message.contains("`/id`"), "{}", fault.message);
        let fault = with_answer("https://x.example/{/id}", None).expect_err("no answer");
        assert_eq!(fault.code, "http-request.undo-field");
    }

    #[test]
    fn an_address_without_fields_stays_as_it_is() {
        let url = "https://x.example/{id}/y{/open";
        assert_eq!(filled(url, &json!({})).expect("no field"), url);
    }
}
