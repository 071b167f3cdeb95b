use rutter_contracts::sign::{Key, v3};
use rutter_contracts::{labelled, wire};
use serde_json::Value;

use crate::headed;

/// An action's label in the first line, then a query or parameters as JSON: a query that is written is read again as the
/// same, and what is signed is verified.
pub fn wire(data: &[u8]) {
    let (label, rest) = headed(data);
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let action = labelled(&label);
    let pairs = match (serde_json::from_str::<Value>(text), action) {
        (Ok(parameters), Some(action)) => {
            drop(action.check(&parameters));
            let Ok(wire) = wire::flatten(action, &parameters) else {
                return;
            };
            [wire.query, wire.form].concat()
        }
        _ => wire::decode_pairs(text),
    };
    assert_eq!(wire::decode_pairs(&wire::query_string(&pairs)), pairs);
    let named = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    drop(wire::unflatten(action, named));
    signed(&pairs, rest);
}

fn signed(query: &[(String, String)], body: &[u8]) {
    let key = Key {
        id: "id".to_owned(),
        secret: "secret".to_owned(),
        token: Some("token".to_owned()),
    };
    let headers = v3::sign(
        &key,
        &v3::SignRequest {
            host: "ram.aliyuncs.com",
            method: "POST",
            path: "/",
            query,
            headers: &[],
            body,
            action: "CreateRole",
            version: "2015-05-01",
            date: "2026-01-15T20:00:00Z",
            nonce: "nonce",
        },
    );
    let received = v3::Received {
        method: "POST",
        path: "/",
        query,
        headers: &headers,
        body,
    };
    let verified = v3::verify(&received, |_| Some("secret".to_owned()));
    assert!(verified.is_ok(), "{verified:?}");
    let other = v3::verify(&received, |_| Some("another".to_owned()));
    assert!(other.is_err(), "a signature by another secret was accepted");
}
