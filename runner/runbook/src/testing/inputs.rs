//! Values of inputs: what is refused, what is said about it, and what is never quoted.

use std::os::unix::fs::PermissionsExt as _;

use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::{Diagnostic, render_all};

use super::{bindings, load_with};
use crate::{Checked, InputSources};

const RUNBOOK: &str = r#"
schema = 1
[runbook]
name = "inputs"
[inputs.instance]
type = "string"
pattern = "^r-[a-z0-9]+$"
optional = true
[inputs.note]
type = "string"
optional = true
[inputs.password]
type = "secret"
optional = true
[inputs.login]
type = "table"
optional = true
fields = { user = { type = "string" }, password = { type = "secret" } }
[inputs.owner]
type = "account_id"
optional = true
[[steps]]
id = "holds"
uses = "assert"
with.that = "{{ 1 == 1 }}"
"#;

fn from_file(text: &str, mode: u32) -> Result<Checked, Vec<Diagnostic>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(file.path(), mode).unwrap();
    let sources = InputSources {
        file: Some(file.path().to_owned()),
        ..InputSources::default()
    };
    load_with(RUNBOOK, sources, Some(bindings(&[])))
}

fn from_variable(name: &str, value: &str) -> Result<Checked, Vec<Diagnostic>> {
    let sources = InputSources {
        environment: [(format!("RUTTER_INPUT_{name}"), value.to_owned())].into(),
        ..InputSources::default()
    };
    load_with(RUNBOOK, sources, Some(bindings(&[])))
}

fn refused(result: Result<Checked, Vec<Diagnostic>>) -> String {
    render_all(&result.expect_err("it is refused"), Style::Plain)
}

#[test]
fn an_empty_secret_is_absent_where_it_may_be_and_refused_elsewhere() {
    for checked in [
        from_file("password = ''", 0o600),
        from_variable("PASSWORD", ""),
    ] {
        let checked = checked.expect("it is absent");
        assert_eq!(checked.plan.inputs["password"], serde_json::Value::Null);
        assert!(checked.secrets.is_empty());
    }
    let text = refused(from_file("login = { user = 'u', password = '' }", 0o600));
    assert!(text.contains("`login.password`: is empty"), "{text}");
    let given = from_variable("LOGIN", r#"{"user": "u", "password": ""}"#);
    assert!(refused(given).contains("is empty"));
}

#[test]
fn a_character_that_nobody_sees_is_named() {
    let text = refused(from_file("instance = 'r-src\u{200b}'", 0o600));
    assert!(text.contains("U+200B after \"r-src\""), "{text}");
    assert!(text.contains("r-src\\u{200b}"), "{text}");

    let checked = from_file("note = 'web\u{feff}'", 0o600).expect("it fits");
    let text = render_all(&checked.warnings, Style::Plain);
    assert!(text.contains("warning[input-unseen]: the input `note` holds U+FEFF after \"web\""));

    let checked = from_file("password = 'hunter2\u{200b}'", 0o600).expect("it fits");
    let text = render_all(&checked.warnings, Style::Plain);
    assert!(text.contains("`password` holds U+200B"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn an_account_s_id_of_unusual_length_is_taken_with_a_warning() {
    let warned = |id: &str| {
        let checked = from_variable("OWNER", id).expect("it is taken");
        render_all(&checked.warnings, Style::Plain)
    };
    assert!(!warned("1111111111111111").contains("input-unusual"));
    let text = warned("31520001");
    assert!(
        text.contains("warning[input-unusual]: the input `owner` is an account's id of 8 digits")
    );
    assert!(refused(from_variable("OWNER", "owner")).contains("is not an account's id"));
}

#[test]
fn no_message_about_a_file_of_inputs_quotes_a_secret() {
    for file in [
        "pasword = 'hunter2'",
        "password = ['hunter2']",
        "login = 'hunter2'",
        "login = { user = 1, password = 'hunter2' }",
        "login = { usr = 'u', password = 'hunter2' }",
        "password = 'hunter2'\nnote = 1",
        "password = 'hunter2",
        "password = 'hunter2' x",
        "# hunter2\nnote = 1",
        "password = 'hunter2'\npassword = 'hunter2'",
    ] {
        let text = refused(from_file(file, 0o600));
        assert!(!text.contains("hunter2"), "{file}:\n{text}");
        assert!(text.contains(':'), "{text}");
    }
}

#[test]
fn a_file_of_secrets_that_others_can_read_is_warned_of() {
    let warned = |text: &str, mode| {
        let checked = from_file(text, mode).expect("it fits");
        render_all(&checked.warnings, Style::Plain).contains("chmod 600")
    };
    assert!(warned("password = 'hunter2'", 0o644));
    assert!(!warned("password = 'hunter2'", 0o600));
    assert!(!warned("note = 'n'", 0o644));
}

#[test]
fn a_pipe_is_no_file_of_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("inputs.toml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let sources = InputSources {
        file: Some(pipe),
        ..InputSources::default()
    };
    let text = refused(load_with(RUNBOOK, sources, Some(bindings(&[]))));
    assert!(text.contains("it is a pipe, not a plain file"), "{text}");
}
