//! Where an answer by plain HTTP holds secrets: in its body, in a field of it that is JSON, in a header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::pointer::each_at;

/// The place that is the body as a whole.
const BODY: &str = "body";

/// A header's name follows it where a manifest says that a header may hold a secret; `*` for any.
pub(crate) const HEADER: &str = "header:";

/// Calls `found` with each value at `places` of an answer (`status`, `headers` and `body`, Base64), and the place.
///
/// A body that is no JSON has no fields, and one that is no text is nowhere.
pub(crate) fn each_secret(
    answer: &mut Value,
    places: &[String],
    found: &mut impl FnMut(&str, &mut Value),
) {
    each_in_headers(answer, places, found);
    in_body(answer, |body| {
        in_text(body, |text| each_in_text(text, places, found, |_| ()));
    });
}

/// As `each_secret`, of the headers alone.
pub fn each_in_headers(
    answer: &mut Value,
    places: &[String],
    found: &mut impl FnMut(&str, &mut Value),
) {
    for place in places {
        let Some(name) = place.strip_prefix(HEADER) else {
            continue;
        };
        for header in headers(answer) {
            if let Some([Value::String(its_name), value]) = header.as_mut_slice().first_chunk_mut()
                && its_name.eq_ignore_ascii_case(name)
            {
                found(place, value);
            }
        }
    }
}

/// As `each_secret`, of a body that is text; lets `then` alter it afterwards where it is JSON. What both leave as
/// it is keeps its bytes.
pub fn each_in_text(
    text: &mut String,
    places: &[String],
    found: &mut impl FnMut(&str, &mut Value),
    then: impl FnOnce(&mut Value),
) {
    if places.iter().any(|place| place == BODY) {
        let mut whole = Value::String(std::mem::take(text));
        found(BODY, &mut whole);
        *text = match whole {
            Value::String(text) => text,
            other => other.to_string(),
        };
    }
    let Ok(mut json) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let before = json.clone();
    for place in places.iter().filter(|place| place.starts_with('/')) {
        each_at(&mut json, place, &mut |value| found(place, value));
    }
    then(&mut json);
    if json != before {
        *text = json.to_string();
    }
}

/// Lets `change` alter the body of an answer.
pub fn in_body(answer: &mut Value, change: impl FnOnce(&mut Vec<u8>)) {
    let Some(Value::String(encoded)) = answer.get_mut(BODY) else {
        return;
    };
    if let Ok(mut body) = STANDARD.decode(&*encoded) {
        change(&mut body);
        *encoded = STANDARD.encode(body);
    }
}

/// Lets `change` alter bytes that are text.
pub fn in_text(bytes: &mut Vec<u8>, change: impl FnOnce(&mut String)) {
    match String::from_utf8(std::mem::take(bytes)) {
        Ok(mut text) => {
            change(&mut text);
            *bytes = text.into_bytes();
        }
        Err(other) => *bytes = other.into_bytes(),
    }
}

fn headers(answer: &mut Value) -> impl Iterator<Item = &mut Vec<Value>> {
    let headers = answer.get_mut("headers").and_then(Value::as_array_mut);
    headers
        .into_iter()
        .flatten()
        .filter_map(Value::as_array_mut)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(body: &[u8]) -> Value {
        json!({
            "status": 200,
            "headers": [["set-cookie", "a=1"], ["Set-Cookie", "b=2"], ["x-other", "c"]],
            "body": STANDARD.encode(body),
        })
    }

    fn replaced(body: &[u8], places: &[&str]) -> (Value, Vec<u8>) {
        let places: Vec<String> = places.iter().map(|&place| place.to_owned()).collect();
        let mut answer = answer(body);
        each_secret(&mut answer, &places, &mut |_, value| *value = json!("*"));
        let body = STANDARD.decode(answer["body"].as_str().unwrap()).unwrap();
        (answer["headers"].clone(), body)
    }

    #[test]
    fn fields_headers_and_whole_bodies_are_found() {
        let json = br#"{"keys": [{"secret": "s1"}, {"secret": 2}], "name":  "n"}"#;
        let (headers, body) = replaced(json, &["/keys/*/secret", "header:SET-COOKIE"]);
        assert_eq!(
            body,
            br#"{"keys":[{"secret":"*"},{"secret":"*"}],"name":"n"}"#
        );
        assert_eq!(
            headers,
            json!([["set-cookie", "*"], ["Set-Cookie", "*"], ["x-other", "c"]])
        );
        assert_eq!(replaced(json, &["body"]).1, b"*");
        assert_eq!(replaced(b"plain", &["body"]).1, b"*");
    }

    #[test]
    fn what_holds_none_keeps_its_bytes() {
        for body in [
            b"{ \"a\": 1.50, \"a\": 2 }".as_slice(),
            b"no json",
            b"\xff\xfe",
            b"",
        ] {
            assert_eq!(replaced(body, &["/keys/*/secret", "header:none"]).1, body);
        }
        let mut faulty = json!({ "status": 200, "headers": 7, "body": "%%" });
        each_secret(
            &mut faulty,
            &["body".to_owned(), "header:a".to_owned()],
            &mut |_, _| panic!(),
        );
        each_secret(&mut Value::Null, &["/a".to_owned()], &mut |_, _| panic!());
    }
}
