use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const URI_COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

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

fn json_inside(text: &str) -> String {
    encode(text, Encoding::Json)
}

fn percent(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn unicode_escaped(text: &str) -> String {
    text.encode_utf16()
        .map(|unit| format!("\\u{unit:04X}"))
        .collect()
}

/// Every way in which the tests write a secret into foreign text.
fn encodings(secret: &str) -> Vec<String> {
    let basic = STANDARD.encode(secret);
    vec![
        secret.to_owned(),
        json_inside(secret),
        json_inside(&json_inside(secret)),
        percent(secret),
        percent(secret).to_lowercase_hex(),
        percent(&percent(secret)),
        utf8_percent_encode(secret, URI_COMPONENT).to_string(),
        percent(&json_inside(secret)),
        percent(secret).replace("%20", "+"),
        unicode_escaped(secret),
        json_inside(secret).replace('/', "\\/"),
        basic.clone(),
        URL_SAFE_NO_PAD.encode(secret),
        percent(&basic),
        basic.replace('/', "\\/"),
    ]
}

trait LowercaseHex {
    fn to_lowercase_hex(&self) -> String;
}

impl LowercaseHex for String {
    fn to_lowercase_hex(&self) -> String {
        let mut left = 0;
        let lower = |character: char| {
            if character == '%' {
                left = 3;
            }
            if left > 0 {
                left -= 1;
                character.to_ascii_lowercase()
            } else {
                character
            }
        };
        self.chars().map(lower).collect()
    }
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
fn known_secrets_are_swapped_in_keys_values_numbers_and_faults() {
    let secrets = secrets();
    let word = secrets.input("word", SecretText::new("hunter2"));
    let pin = secrets.input("pin", SecretText::new("20261120"));
    let mut answer = json!({"for hunter2": ["x=hunter2;", 20_261_120, 202_611_201, true]});
    secrets.redact(&mut answer);
    assert_eq!(
        answer,
        json!({format!("for {word}"): [format!("x={word};"), pin, 202_611_201, true]})
    );
    let mut fault = Fault::new(rutter_engine::FaultClass::Fail, "Bad", "`hunter2` is weak")
        .advise("do not use hunter2");
    secrets.redact_fault(&mut fault);
    assert!(!format!("{fault:?}").contains("hunter2"));
}

#[test]
fn a_very_short_secret_is_swapped_only_where_it_stands_alone() {
    let secrets = secrets();
    let placeholder = secrets.input("pin", SecretText::new("abc"));
    let mut answer = json!({"abc": "abc", "text": "abcdef"});
    secrets.redact(&mut answer);
    assert_eq!(answer, json!({"abc": placeholder, "text": "abcdef"}));
}

#[test]
fn a_weak_secret_does_not_damage_placeholders() {
    let secrets = secrets();
    let one = secrets.input("one", SecretText::new("secret"));
    let text = format!("{one} and my secret");
    assert_eq!(secrets.redact_text(&text), format!("{one} and my {one}"));
}

#[test]
fn a_hidden_credential_is_swapped_and_cannot_be_brought_back() {
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
        secret in "[ -~\\n\\téß漢🦀%\\\\\"/+=&]{4,24}",
        before in "[ -~é\\n]{0,12}",
        after in "[ -~é\\n]{0,12}",
    ) {
        let secrets = secrets();
        let placeholder = secrets.input("planted", SecretText::new(secret.clone()));
        prop_assume!(!placeholder.contains(&secret));
        for encoded in encodings(&secret) {
            let text = format!("{before}{encoded}{after}");
            let mut answer = json!({"Message": text, "Nested": [{text.clone(): [encoded]}]});
            secrets.redact(&mut answer);
            let message = answer["Message"].as_str().unwrap();
            prop_assert!(!message.contains(&encoded), "{message}");
            let nested = answer["Nested"][0].as_object().unwrap().iter().next().unwrap();
            prop_assert!(!nested.0.contains(&encoded));
            prop_assert!(!nested.1[0].as_str().unwrap().contains(&encoded));
        }
    }

    #[test]
    fn text_without_a_secret_is_left_alone(text in "\\PC{0,60}") {
        let secrets = secrets();
        secrets.input("planted", SecretText::new("Zq7~not in any text~"));
        prop_assert_eq!(secrets.redact_text(&text), text);
    }
}
