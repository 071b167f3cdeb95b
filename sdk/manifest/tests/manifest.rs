//! What authors meet when they write a manifest: what is read, and where errors point.

use rutter_manifest::{FieldKind, IdSide, Kind, Manifest};

const PLUGIN: &str = r#"[plugin]
name = "create-role"
version = "0.1.0"
summary = "Create a role"
kind = "change"
"#;

fn manifest(rest: &str) -> Manifest {
    Manifest::parse(&format!("{PLUGIN}{rest}")).expect("a manifest")
}

/// Message, line after the plugin's own five, and column of the error.
fn error(rest: &str) -> (String, usize, usize, Option<String>) {
    let error = Manifest::parse(&format!("{PLUGIN}{rest}")).expect_err("an error");
    (
        error.message,
        error.line.saturating_sub(5),
        error.column,
        error.help,
    )
}

#[test]
fn a_manifest_is_read_whole() {
    let manifest = manifest(
        r#"
[inputs.name]
type = "string"
pattern = "^[A-Za-z0-9-]{1,64}$"

[inputs.wait]
type = "duration"
default = "5m"
max = "1h"

[inputs.source]
type = "table"
fields.role = { type = "string" }
fields.tags = { type = "list", items = { type = "string" }, optional = true }

[outputs.arn]
type = "string"

[[permissions]]
call = ["ram:CreateRole", "ram:GetRole"]
reason = "creates the role and reads it back"
"#,
    );
    assert_eq!(manifest.plugin.kind, Kind::Change);
    assert_eq!(manifest.inputs["wait"].default, Some(300_000.into()));
    assert_eq!(manifest.inputs["wait"].max, Some(3_600_000.0));
    assert_eq!(
        manifest.inputs["source"].fields["tags"].kind,
        FieldKind::List
    );
    assert!(manifest.accounts.contains_key("account"));
    assert_eq!(manifest.permissions_for("RAM", "CreateRole").count(), 1);
    assert_eq!(manifest.permissions_for("RAM", "DeleteRole").count(), 0);
}

#[test]
fn the_order_of_inputs_is_kept() {
    let manifest = manifest("[inputs.z]\ntype = \"string\"\n[inputs.b]\ntype = \"string\"\n");
    assert_eq!(manifest.inputs.keys().collect::<Vec<_>>(), ["z", "b"]);
}

#[test]
fn that_there_is_nothing_to_undo_has_a_reason() {
    let text = PLUGIN.to_owned() + "nothing_to_undo = \"its commands only read\"\n";
    let plugin = Manifest::parse(&text).expect("a manifest").plugin;
    assert_eq!(
        plugin.nothing_to_undo.as_deref(),
        Some("its commands only read")
    );
    assert!(
        plugin.undo,
        "the host has it taken back by the plugin, which does nothing"
    );
}

#[test]
fn that_there_is_nothing_to_undo_is_said_of_changes_without_an_undo() {
    let refused = |kind: &str, rest: &str| {
        let text = PLUGIN.replace("change", kind) + rest;
        let error = Manifest::parse(&text).expect_err("an error");
        assert_eq!((error.line, error.column), (6, 19), "{error}");
        error.message
    };
    let reason = "nothing_to_undo = 'it only reads'\n";
    assert_eq!(
        refused("change", "nothing_to_undo = ' '\n"),
        "`nothing_to_undo` says why"
    );
    assert!(refused("read", reason).starts_with("what only reads"));
    assert!(refused("irreversible", reason).starts_with("what cannot be taken back"));
    let both = format!("{reason}undo = true\n");
    assert!(refused("change", &both).starts_with("what has an `undo`"));
}

#[test]
fn a_plugin_without_calls_needs_no_account() {
    assert!(manifest("").accounts.is_empty());
}

#[test]
fn a_manifest_survives_json() {
    let manifest = manifest("[inputs.a]\ntype = \"integer\"\nmin = 1\none_of = [1, 2]\n");
    let json = serde_json::to_string(&manifest).expect("JSON");
    let again: Manifest = serde_json::from_str(&json).expect("the same");
    assert_eq!(again, manifest);
}

#[test]
fn an_unknown_key_is_refused_at_its_place_with_the_nearest_name() {
    let (message, line, column, help) = error("[inputs.a]\ntype = \"string\"\npatern = \"x\"\n");
    assert!(message.contains("unknown field `patern`"), "{message}");
    assert_eq!((line, column), (3, 1));
    assert_eq!(help.as_deref(), Some("did you mean `pattern`?"));
}

#[test]
fn an_unknown_type_is_refused_with_the_nearest_name() {
    let (_, line, column, help) = error("[inputs.a]\ntype = \"strng\"\n");
    assert_eq!((line, column), (2, 8));
    assert_eq!(help.as_deref(), Some("did you mean `string`?"));
}

#[test]
fn a_field_that_is_not_snake_case_is_refused_at_its_name() {
    let (message, line, column, _) = error("[inputs.roleName]\ntype = \"string\"\n");
    assert!(message.contains("snake_case"), "{message}");
    assert_eq!((line, column), (1, 9));
}

#[test]
fn a_plugin_name_is_kebab_case() {
    let text = PLUGIN.replace("create-role", "create_role");
    let error = Manifest::parse(&text).expect_err("an error");
    assert_eq!((error.line, error.column), (2, 8));
    assert!(error.message.contains("kebab-case"), "{}", error.message);
}

#[test]
fn a_default_must_fit_its_field() {
    let (message, line, _, _) = error("[inputs.a]\ntype = \"integer\"\ndefault = \"x\"\n");
    assert!(
        message.contains("`default` does not fit the field: expected a whole number"),
        "{message}"
    );
    assert_eq!(line, 1);
}

#[test]
fn a_rule_that_means_nothing_for_the_type_is_refused() {
    let (message, ..) = error("[inputs.a]\ntype = \"boolean\"\npattern = \"x\"\n");
    assert!(
        message.contains("type `boolean` cannot have `pattern`"),
        "{message}"
    );
    let (message, ..) = error("[inputs.a]\ntype = \"secret\"\ndefault = \"x\"\n");
    assert!(
        message.contains("type `secret` cannot have `default`"),
        "{message}"
    );
}

#[test]
fn a_broken_pattern_and_a_date_are_refused_at_their_values() {
    let (message, line, column, _) = error("[inputs.a]\ntype = \"string\"\npattern = \"(\"\n");
    assert!(message.contains("not a regular expression"), "{message}");
    assert_eq!((line, column), (3, 11));
    let (message, ..) = error("[inputs.a]\ntype = \"string\"\ndefault = 2026-01-01\n");
    assert!(message.contains("a date is written as text"), "{message}");
}

#[test]
fn a_misspelled_call_is_refused_at_its_list() {
    let (message, line, column, _) =
        error("[[permissions]]\ncall = [\"ram:GetRole\", \"CreateRole\"]\nreason = \"x\"\n");
    assert!(message.contains("`product:Action`"), "{message}");
    assert_eq!((line, column), (2, 8));
}

#[test]
fn a_permission_without_a_reason_or_with_a_star_is_refused() {
    let (message, ..) = error("[[permissions]]\ncall = [\"ram:GetRole\"]\n");
    assert!(message.contains("missing field `reason`"), "{message}");
    let (message, ..) = error("[[permissions]]\ncall = [\"ram:Get*\"]\nreason = \"x\"\n");
    assert!(message.contains("names each action"), "{message}");
}

#[test]
fn a_permission_for_an_unknown_account_is_refused_at_its_place() {
    let (message, line, column, help) = error(
        "[accounts.source]\n[[permissions]]\ncall = [\"ram:GetRole\"]\naccount = \"sorce\"\nreason = \"x\"\n",
    );
    assert!(message.contains("no account `sorce`"), "{message}");
    assert_eq!((line, column), (4, 11));
    assert_eq!(help.as_deref(), Some("did you mean `source`?"));
}

#[test]
fn a_permission_has_calls_or_http_and_not_both() {
    let (message, line, ..) = error("[[permissions]]\nreason = \"x\"\n");
    assert!(message.contains("either `call` or `http`"), "{message}");
    assert_eq!(line, 1);
}

#[test]
fn a_request_by_http_leaves_the_hosts_to_the_operator_or_names_them() {
    let http = |rest: &str| {
        Manifest::parse(&format!(
            "{PLUGIN}[[permissions]]\nhttp = {{ methods = [\"POST\"], path = \"/*\", {rest} }}\nreason = \"r\"\n"
        ))
    };
    let any = http("host = \"*\", repeat = \"same\", stays = true").expect("a manifest");
    let any = any.permissions[0].http.as_ref().expect("it is for HTTP");
    assert!(any.leaves_hosts_to_operator() && any.stays);
    assert!(any.admits("POST", "a.example", "/x") && !any.admits("GET", "a.example", "/x"));
    let refused = |rest: &str| http(rest).expect_err("an error").message;
    assert!(refused("host = \"a*\"").contains("a host is a name"));
    assert!(refused("host = \"*.a.*\"").contains("a host is a name"));
    assert!(refused("host = \"a\", kind = \"read\", stays = true").contains("not of reads"));
    assert!(refused("host = \"a\", kind = \"irreversible\"").contains("`read` or `change`"));
}

const SIDES: &str = r#"
[inputs.image]
type = "string"
[inputs.password]
type = "secret"
[inputs.servers]
type = "list"
items = { type = "table", fields = { id = { type = "string" } } }
[inputs.destination]
type = "table"
fields.instance = { type = "string" }
[outputs.id]
type = "string"
[outputs.ids]
type = "list"
items = { type = "string" }
[outputs.any]
type = "table"
"#;

#[test]
fn ids_pair_inputs_with_outputs_through_tables_and_lists() {
    let manifest = manifest(&format!(
        "{SIDES}
[[ids]]
kind = \"image\"
source = \"image\"
target = \"id\"
[[ids]]
kind = \"server\"
source = \"servers.id\"
target = \"ids\"
[[ids]]
kind = \"instance\"
source = \"image\"
target = \"inputs.destination.instance\"
"
    ));
    let sides: Vec<_> = manifest
        .ids
        .iter()
        .map(rutter_manifest::IdPair::target_path)
        .collect();
    assert_eq!(
        sides,
        [
            (IdSide::Outputs, "id"),
            (IdSide::Outputs, "ids"),
            (IdSide::Inputs, "destination.instance")
        ]
    );
}

#[test]
fn an_id_that_leads_nowhere_is_refused_at_its_place() {
    let bad = |source: &str, target: &str, kind: &str| {
        error(&format!(
            "{SIDES}[[ids]]\nkind = \"{kind}\"\nsource = \"{source}\"\ntarget = \"{target}\"\n"
        ))
    };
    let (message, line, column, help) = bad("imag", "id", "image");
    assert_eq!(message, "there is no input `imag`");
    assert_eq!((line, column), (SIDES.lines().count() + 3, 10));
    assert_eq!(help.as_deref(), Some("did you mean `image`?"));
    let (message, line, ..) = bad("image", "image", "image");
    assert_eq!(message, "there is no output `image`");
    assert_eq!(line, SIDES.lines().count() + 4);
    let (message, ..) = bad("password", "id", "image");
    assert!(message.contains("its type is `secret`"), "{message}");
    let (message, ..) = bad("image", "any", "image");
    assert!(message.contains("its type is `table`"), "{message}");
    let (message, ..) = bad("image", "any.id", "image");
    assert_eq!(message, "there is no output `any.id`");
    let (message, line, ..) = bad("image", "id", "an image");
    assert!(message.contains("snake_case"), "{message}");
    assert_eq!(line, SIDES.lines().count() + 2);
}

#[test]
fn notes_are_a_few_plain_sentences() {
    let with = |notes: &str| Manifest::parse(&format!("{PLUGIN}notes = {notes}\n"));
    let manifest = with("[\"Copying takes hours.\", \"It is charged.\"]").expect("a manifest");
    assert_eq!(
        manifest.plugin.notes,
        ["Copying takes hours.", "It is charged."]
    );
    let refused = |notes: &str| {
        let error = with(notes).expect_err("no notes");
        (error.message, error.line, error.column)
    };
    assert_eq!(
        refused("[\"a\", \" \"]"),
        ("a note says something".to_owned(), 6, 9)
    );
    assert!(refused("[\"{{ a }}\"]").0.contains("without expressions"));
    let long = "x".repeat(501);
    assert!(
        refused(&format!("[\"{long}\"]"))
            .0
            .contains("this one has 501")
    );
    let many = "\"x\",".repeat(21);
    assert!(refused(&format!("[{many}]")).0.contains("at most 20 notes"));
}
