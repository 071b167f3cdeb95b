use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rutter::secrets::{SecretText, Secrets};
use rutter_meaning::placeholder::{is_placeholder, placeholders};
use serde_json::{Value, json};

use crate::headed;

/// One way of writing bytes, and whether it can write such as are no text.
type Layer = (fn(&[u8]) -> Vec<u8>, bool);

const LAYERS: [Layer; 7] = [
    (json_text, false),
    (json_units, false),
    (percent, true),
    (hex, true),
    (|bytes| STANDARD.encode(bytes).into(), true),
    (|bytes| units(bytes, u16::to_le_bytes), false),
    (|bytes| units(bytes, u16::to_be_bytes), false),
];

/// A secret of at least eight characters behind the digits of up to three layers in the first line, then what surrounds
/// it: what is encoded is not there any more, everything that a guest may see brings nothing back, and what stands for
/// the secret brings back just that.
pub fn secrets(data: &[u8]) {
    let (head, rest) = headed(data);
    let (layers, secret) = head.split_at(
        head.find(|one: char| !one.is_ascii_digit())
            .unwrap_or(head.len()),
    );
    let secrets = Secrets::rehearsed("run", "seed").expect("no vault");
    let placeholder = secrets.input("planted", SecretText::new(secret));
    assert!(is_placeholder(&placeholder));
    let sent = secrets.substitute(&json!({ "A": [placeholder.clone()] }));
    assert_eq!(sent.expect("it is known"), json!({ "A": [secret] }));

    let shown = secrets.redact_bytes(rest);
    assert_eq!(secrets.redact_bytes(&shown), shown, "marks are no secrets");
    let text = String::from_utf8_lossy(rest).into_owned();
    let inert = secrets.inert_text(&format!("{text}{placeholder}"));
    assert!(placeholders(&inert).next().is_none(), "{inert}");
    let mut value = serde_json::from_slice(rest).unwrap_or(Value::String(text));
    secrets.redact(&mut value);
    let once = value.clone();
    secrets.redact(&mut value);
    assert_eq!(value, once);

    let first = secret.chars().next();
    let weak = secret.chars().count() < 8
        || secret.chars().all(|one| Some(one) == first)
        // It stands in what replaces it.
        || " [secret inputs.planted] ".contains(secret)
        || rutter_contracts::is_word(secret)
        || rutter_contracts::region_known(secret);
    let Some(encoded) = encoded(secret, layers).filter(|_| !weak) else {
        return;
    };
    let text = [rest, b" ", encoded.as_slice(), b" ", rest].concat();
    let marked = secrets.redact_bytes(&text);
    let survives = marked
        .windows(encoded.len())
        .any(|window| window == encoded);
    assert!(!survives, "{}", marked.escape_ascii());
}

/// The secret through the layers, if each can write what the one before wrote.
fn encoded(secret: &str, layers: &str) -> Option<Vec<u8>> {
    let mut bytes = secret.as_bytes().to_vec();
    for digit in layers.bytes().take(3) {
        let (layer, any) = LAYERS[usize::from(digit - b'0') % LAYERS.len()];
        if !any && std::str::from_utf8(&bytes).is_err() {
            return None;
        }
        bytes = layer(&bytes);
    }
    Some(bytes)
}

fn json_text(bytes: &[u8]) -> Vec<u8> {
    let quoted = Value::from(String::from_utf8_lossy(bytes)).to_string();
    quoted[1..quoted.len() - 1].into()
}

fn json_units(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let units = text.encode_utf16();
    units
        .flat_map(|unit| format!("\\u{unit:04x}").into_bytes())
        .collect()
}

fn percent(bytes: &[u8]) -> Vec<u8> {
    let pairs = bytes.iter().map(|byte| format!("%{byte:02X}"));
    pairs.collect::<String>().into_bytes()
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    let pairs = bytes.iter().map(|byte| format!("{byte:02x}"));
    pairs.collect::<String>().into_bytes()
}

fn units(bytes: &[u8], order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    text.encode_utf16().flat_map(order).collect()
}
