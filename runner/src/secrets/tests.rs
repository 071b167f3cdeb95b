use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use rutter_meaning::placeholder::is_placeholder;
use serde_json::json;

use super::*;

fn secrets() -> Secrets {
    Secrets::new("run-1", None).unwrap()
}

fn at(step: &str) -> At {
    At {
        step: step.into(),
        item: None,
        attempt: 1,
        phase: Phase::Run,
    }
}

/// One way of writing a text in bytes of another alphabet; all but the UTF-16 ones make texts.
type Layer = fn(&[u8]) -> Vec<u8>;

const LAYERS: [(&str, Layer); 10] = [
    ("JSON", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let quoted = Value::from(text.as_ref()).to_string();
        quoted[1..quoted.len() - 1].into()
    }),
    ("JSON in ASCII", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let units = text.encode_utf16();
        units
            .flat_map(|unit| format!("\\u{unit:04X}").into_bytes())
            .collect()
    }),
    ("URL", |bytes| {
        percent_encoding::percent_encode(bytes, NON_ALPHANUMERIC)
            .to_string()
            .into()
    }),
    ("form", |bytes| {
        let text = percent_encoding::percent_encode(bytes, NON_ALPHANUMERIC).to_string();
        text.replace("%20", "+").into()
    }),
    ("hex", |bytes| {
        bytes
            .iter()
            .flat_map(|byte| format!("{byte:02x}").into_bytes())
            .collect()
    }),
    ("HEX after a digit", |bytes| {
        let digits = bytes
            .iter()
            .flat_map(|byte| format!("{byte:02X}").into_bytes());
        std::iter::once(b'7').chain(digits).collect()
    }),
    ("Base64", |bytes| STANDARD.encode(bytes).into()),
    ("Base64 for addresses, in a longer text", |bytes| {
        URL_SAFE_NO_PAD
            .encode([b"a=", bytes, b"&b"].concat())
            .into()
    }),
    ("UTF-16LE", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }),
    ("UTF-16BE after a byte", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let units = text.encode_utf16().flat_map(u16::to_be_bytes);
        std::iter::once(b'x').chain(units).collect()
    }),
];

/// What is text can be written in every encoding; of other bytes only some know what to do with them.
fn takes(layer: &str, bytes: &[u8]) -> bool {
    let of_text = layer.starts_with("JSON") || layer.starts_with("UTF-16");
    !of_text || std::str::from_utf8(bytes).is_ok()
}

#[test]
fn a_secret_is_found_through_three_layers_of_every_encoding() {
    let secrets = secrets();
    let value = "pä\"5s w%rd\\+/漢🦀";
    secrets.input("planted", SecretText::new(value));
    let mark = b"[secret inputs.planted]";
    let mut tried = 0;
    for (first, inner) in LAYERS {
        let one = inner(value.as_bytes());
        for (second, middle) in LAYERS.into_iter().filter(|(name, _)| takes(name, &one)) {
            let two = middle(&one);
            for (third, outer) in LAYERS.into_iter().filter(|(name, _)| takes(name, &two)) {
                for encoded in [&one, &two, &outer(&two)] {
                    let text = [b"before, ", encoded.as_slice(), b" and after"].concat();
                    let marked = secrets.redact_bytes(&text);
                    let what = format!("{first} in {second} in {third}");
                    let found = marked.windows(mark.len()).any(|window| window == mark);
                    assert!(found, "{what}: {}", String::from_utf8_lossy(&marked));
                    assert!(marked.starts_with(b"before"), "{what}");
                    assert!(marked.ends_with(b"after"), "{what}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 2_000, "{tried}");
}

#[test]
fn what_surrounds_a_secret_stays() {
    let secrets = secrets();
    secrets.input("key", SecretText::new("hunter2-hunter2"));
    let text = secrets.redact_text("é hunter2-hunter2 é hunter2-hunter2");
    assert_eq!(text, "é [secret inputs.key] é [secret inputs.key]");
    let encoded = STANDARD.encode("user:hunter2-hunter2");
    let text = secrets.redact_text(&format!("Basic {encoded}, ok"));
    assert!(
        text.starts_with("Basic ") && text.ends_with(", ok"),
        "{text}"
    );
    assert!(text.contains("[secret inputs.key]"), "{text}");
}

#[test]
fn an_escaped_secret_is_found_behind_a_backslash() {
    let secrets = secrets();
    secrets.input("key", SecretText::new("\tAA a\\\"A"));
    let found = secrets.redact_text(r#"\\tAA a\\\"A"#);
    assert_eq!(found, r"\[secret inputs.key]");
}

#[test]
fn a_megabyte_of_what_might_be_encoded_is_searched_in_proportion_to_its_length() {
    let secrets = secrets();
    secrets.input("key", SecretText::new("hunter2-hunter2"));
    let searcher = secrets.searcher().unwrap();
    for piece in [
        "\\", "%25", "%", "4", "A", "\\u0041", "\0", "hunter3-", "QUFB\n",
    ] {
        let text = piece.repeat((1 << 20) / piece.len());
        // Nothing of it is a secret, and nothing of it is left out.
        assert_eq!(searcher.text(&text), None, "{piece:?}");
    }
}

#[test]
fn a_text_that_is_encoded_too_often_is_left_out_whole() {
    let secrets = secrets();
    secrets.input("key", SecretText::new("hunter2 hunter2"));
    // Under every encoding at once there is something more to decode.
    let text = "%5c%5cu0000+".repeat(4_096);
    let text = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
    let searched = secrets.redact_text(&text);
    assert!(
        searched == text || searched.starts_with("[text left out"),
        "{searched}"
    );
}

#[test]
fn a_secret_input_is_a_placeholder_until_it_is_substituted() {
    let secrets = secrets();
    let placeholder = secrets.input("password", SecretText::new("p@ss word"));
    assert_eq!(placeholder, secrets.placeholder_of_input("password"));
    let parameters = json!({"User": format!("root:{placeholder}"), "List": [placeholder], "N": 1});
    assert_eq!(
        secrets.substitute(&parameters).unwrap(),
        json!({"User": "root:p@ss word", "List": ["p@ss word"], "N": 1})
    );
}

#[test]
fn a_placeholder_without_its_secret_is_never_sent() {
    let secrets = secrets();
    let unknown = secrets.placeholder_of_input("password");
    let error = secrets.substitute(&json!({"a": [{"b": unknown}]}));
    assert_eq!(
        error.unwrap_err().to_string(),
        format!("the secret behind `{unknown}` is not known")
    );
}

#[test]
fn substitution_into_a_text_body_keeps_its_syntax() {
    let secrets = secrets();
    let placeholder = secrets.input("password", SecretText::new("a\"b &c"));
    let body = |encoding| secrets.substitute_text(&placeholder, encoding).unwrap();
    assert_eq!(body(Encoding::Raw), "a\"b &c");
    assert_eq!(body(Encoding::Json), "a\\\"b &c");
    assert_eq!(body(Encoding::Percent), "a%22b%20%26c");
}

#[test]
fn what_the_contract_calls_secret_is_swapped_and_survives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Secrets::new("run-1", Some(Vault::of_run(folder.path(), "run-1"))).unwrap();
    let mut answer = json!({"AccessTokenCode": "code-shown-once", "AccessTokenId": "i-1"});
    let pointers = ["/AccessTokenCode".to_owned()];
    open()
        .take_answer(&at("token"), "CreateAccessToken", &pointers, &mut answer)
        .unwrap();
    assert_eq!(answer["AccessTokenId"], "i-1");
    assert!(!answer.to_string().contains("shown-once"));

    let again = open();
    let known = again.substitute(&answer["AccessTokenCode"]).unwrap();
    assert_eq!(known, "code-shown-once");
    again.end().unwrap();
    assert!(open().substitute(&answer["AccessTokenCode"]).is_err());
}

#[test]
fn a_second_value_at_the_same_path_does_not_replace_the_first() {
    let secrets = secrets();
    let take = |code: &str| {
        let mut answer = json!({"List": [{"Code": code}]});
        let pointers = ["/List/*/Code".to_owned()];
        secrets
            .take_answer(&at("token"), "Create", &pointers, &mut answer)
            .unwrap();
        answer["List"][0]["Code"].clone()
    };
    let (first, second) = (take("first-code"), take("second-code"));
    assert_ne!(first, second);
    assert_eq!(first, take("first-code"));
    assert_eq!(secrets.substitute(&first).unwrap(), "first-code");
    assert_eq!(secrets.substitute(&second).unwrap(), "second-code");
}

#[test]
fn a_placeholder_that_an_answer_brings_along_is_none() {
    let secrets = secrets();
    let known = secrets.input("key", SecretText::new("hunter2-hunter2"));
    let mut answer = json!({"Description": format!("is {known}"), "Code": known});
    secrets.disarm(&mut answer);
    let left = "[secret of somebody else]";
    assert_eq!(
        answer,
        json!({"Description": format!("is {left}"), "Code": left})
    );
}

#[test]
fn secrets_become_marks_in_keys_texts_and_faults_and_numbers_stay() {
    let secrets = secrets();
    secrets.input("word", SecretText::new("hunter2-hunter2"));
    secrets.input("pin", SecretText::new("20261120"));
    let mut answer = json!({"for hunter2-hunter2": ["x=hunter2-hunter2;", 20_261_120, true]});
    secrets.redact(&mut answer);
    assert_eq!(
        answer,
        json!({"for [secret inputs.word]": ["x=[secret inputs.word];", 20_261_120, true]})
    );
    let mut fault = Fault::new(
        rutter_engine::FaultClass::Fail,
        "Bad",
        "`hunter2-hunter2` is weak",
    )
    .advise("do not use hunter2-hunter2");
    secrets.redact_fault(&mut fault);
    assert!(!format!("{fault:?}").contains("hunter2"));
}

#[test]
fn what_a_guest_writes_holds_neither_secrets_nor_placeholders() {
    let secrets = secrets();
    let placeholder = secrets.input("word", SecretText::new("hunter2-hunter2"));
    let foreign = Secrets::new("other", None)
        .unwrap()
        .placeholder_of_input("word");
    let mut value = json!([format!("{placeholder} is hunter2-hunter2"), foreign, 7]);
    secrets.make_inert(&mut value);
    let mark = "[secret inputs.word]";
    assert_eq!(
        value,
        json!([format!("{mark} is {mark}"), "[secret of somebody else]", 7])
    );
    assert!(!is_placeholder(value[1].as_str().unwrap()));
}

#[test]
fn what_would_be_found_by_chance_is_not_searched_for_and_named() {
    let secrets = secrets();
    for (path, value) in [
        ("short", "hunter2"),
        ("word", "DescribeInstances"),
        ("region", "cn-hangzhou"),
        ("host", "r-source-0001"),
        ("hidden", "************"),
        ("strong", "hunter2-hunter2"),
    ] {
        secrets.input(path, SecretText::new(value));
    }
    secrets.are_common(["r-source-0001".to_owned()]);
    let weak: Vec<String> = secrets.weak().into_iter().map(|(path, _)| path).collect();
    assert_eq!(weak, ["short", "word", "region", "host", "hidden"]);
    let text = "hunter2, DescribeInstances of r-source-0001 in cn-hangzhou";
    assert_eq!(secrets.redact_text(text), text);
    assert_ne!(secrets.redact_text("hunter2-hunter2"), "hunter2-hunter2");
}

#[test]
fn a_hidden_credential_is_found_and_cannot_be_brought_back() {
    let secrets = secrets();
    secrets.hide(&SecretText::new("access-key-secret"));
    let text = secrets.redact_text("string to sign: access-key-secret&");
    assert_eq!(text, "string to sign: [hidden]&");
    assert_eq!(secrets.substitute(&json!(text)).unwrap(), json!(text));
}

#[test]
fn debug_output_names_paths_only() {
    let secrets = secrets();
    secrets.input("word", SecretText::new("hunter2"));
    let shown = format!("{secrets:?}");
    assert!(shown.contains("inputs.word") && !shown.contains("hunter2"));
}

proptest! {
    #[test]
    fn a_planted_secret_never_survives(
        secret in "[ -~\\n\\téß漢🦀%\\\\\"/+=&]{8,24}",
        before in "[ -~é\\n]{0,12}",
        after in "[ -~é\\n]{0,12}",
        layers in prop::collection::vec(0..LAYERS.len(), 0..=3),
    ) {
        prop_assume!(!rutter_contracts::is_word(&secret));
        let secrets = secrets();
        secrets.input("planted", SecretText::new(secret.clone()));
        let mut encoded = secret.clone().into_bytes();
        for at in layers {
            let (name, layer) = LAYERS[at];
            prop_assume!(takes(name, &encoded));
            encoded = layer(&encoded);
        }
        // Such a sign takes the first two characters for its own (`search.rs`).
        let escapes = encoded.iter().take(2).all(u8::is_ascii_hexdigit);
        prop_assume!(!(before.ends_with('%') && escapes));
        let text = [before.as_bytes(), &encoded, after.as_bytes()].concat();
        let marked = secrets.redact_bytes(&text);
        let survives = marked.windows(encoded.len()).any(|window| window == encoded);
        prop_assert!(!survives, "{}", String::from_utf8_lossy(&marked));
    }

    #[test]
    fn whatever_might_be_encoded_is_searched(
        bytes in prop::collection::vec(prop::sample::select(b"\\\\u%+/=-_ \r\n\0\"0479aAdDfFzZ\xc3\xa9\xff".to_vec()), 0..400),
    ) {
        let secrets = secrets();
        secrets.input("planted", SecretText::new("Zq7~ not in any text"));
        prop_assert_eq!(secrets.redact_bytes(&bytes), bytes.clone());
        let text = String::from_utf8_lossy(&bytes);
        prop_assert_eq!(secrets.redact_text(&text), text);
    }

    #[test]
    fn text_without_a_secret_is_left_alone(text in "\\PC{0,60}") {
        let secrets = secrets();
        secrets.input("planted", SecretText::new("Zq7~not in any text~"));
        prop_assert_eq!(secrets.redact_text(&text), text);
    }
}

proptest! {
    #[test]
    fn a_number_that_is_recorded_is_the_number_that_was_told(number in prop::num::f64::NORMAL) {
        let told: Value = serde_json::from_str(&json!(number).to_string()).unwrap();
        let again: Value = serde_json::from_str(&told.to_string()).unwrap();
        prop_assert_eq!(&told, &again);
        prop_assert_eq!(told.as_f64(), Some(number));
    }
}

#[test]
fn a_secret_that_is_shorter_in_utf16_is_found() {
    let secrets = secrets();
    let value = "密码很长而且没有人知道";
    secrets.input("key", SecretText::new(value));
    let units: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(units.len() < value.len());
    assert_eq!(secrets.redact_bytes(&units), b"[secret inputs.key]");
    let text = secrets.redact_text(&STANDARD.encode(&units));
    assert!(text.contains("[secret inputs.key]"), "{text}");
}
