use rutter_manifest::{Manifest, check_all};
use serde_json::json;

/// A `plugin.toml`: what is accepted is written and read again as the same, and its fields judge values.
pub fn manifest(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(manifest) = Manifest::parse(text) else {
        return;
    };
    let named: serde_json::Map<_, _> = manifest
        .inputs
        .keys()
        .map(|name| (name.clone(), json!("a".repeat(1_000))))
        .collect();
    for value in [json!({}), json!([]), json!(named)] {
        drop(check_all(&manifest.inputs, &value));
        drop(check_all(&manifest.outputs, &value));
    }
}
