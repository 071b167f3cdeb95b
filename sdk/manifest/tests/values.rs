//! Values held against fields: what is completed, what is refused and in which words.

use rutter_manifest::{Manifest, check_all, check_known};
use serde_json::{Value, json};

fn check(inputs: &str, value: Value) -> Result<Value, Vec<String>> {
    // The dotted keys of inputs come first: below a header they would belong to its table.
    let text =
        format!("{inputs}\n[plugin]\nname = 'a'\nversion = '0.1.0'\nsummary = 'a'\nkind = 'read'");
    let manifest = Manifest::parse(&text).expect("a manifest");
    check_all(&manifest.inputs, &value).map_err(|problems| {
        problems
            .iter()
            .map(|problem| match &problem.help {
                Some(help) => format!("{problem}; {help}"),
                None => problem.to_string(),
            })
            .collect()
    })
}

fn refused(inputs: &str, value: Value) -> Vec<String> {
    check(inputs, value).expect_err("problems")
}

#[test]
fn defaults_complete_a_value_and_optional_fields_stay_away() {
    let inputs = "
        inputs.name = { type = 'string' }
        inputs.wait = { type = 'duration', default = '90s' }
        inputs.note = { type = 'string', optional = true }
        inputs.options = { type = 'table', fields.deep = { type = 'boolean', default = true } }";
    let completed = check(inputs, json!({"name": "a", "note": null}));
    assert_eq!(
        completed,
        Ok(json!({"name": "a", "wait": 90_000, "options": {"deep": true}}))
    );
}

#[test]
fn a_completed_value_is_complete() {
    let inputs = "
        inputs.wait = { type = 'duration', min = '1s' }
        inputs.count = { type = 'integer', default = 3 }";
    let once = check(inputs, json!({"wait": "12h"})).expect("fits");
    assert_eq!(check(inputs, once.clone()), Ok(once));
}

#[test]
fn every_problem_is_reported_with_its_path() {
    let inputs = "
        inputs.source = { type = 'table', fields.role = { type = 'string' }, fields.port = { type = 'integer', max = 65535 } }
        inputs.names = { type = 'list', items = { type = 'string', pattern = '^[a-z]+$' }, min = 1 }
        inputs.mode = { type = 'string', one_of = ['full', 'incremental'] }";
    let problems = refused(
        inputs,
        json!({"source": {"rol": "x", "port": 70000}, "names": ["a", "B"], "mode": "ful"}),
    );
    assert_eq!(
        problems,
        [
            "`source.rol`: there is no such field; did you mean `role`?",
            "`source.role`: is missing",
            "`source.port`: must be at most 65535, is 70000",
            "`names[1]`: `B` does not match `^[a-z]+$`",
            "`mode`: `ful` is none of `full`, `incremental`; did you mean `full`?",
        ]
    );
}

#[test]
fn account_ids_and_regions_have_their_shapes() {
    let inputs = "
        inputs.id = { type = 'account_id' }
        inputs.region = { type = 'region' }";
    assert!(
        check(
            inputs,
            json!({"id": "1234567890123456", "region": "cn-hangzhou"})
        )
        .is_ok()
    );
    assert_eq!(
        refused(
            inputs,
            json!({"id": 1234567890123456_u64, "region": "Hangzhou"})
        ),
        [
            "`id`: `1234567890123456` is not an account's id; put it in quotes: \"1234567890123456\"",
            "`region`: expected the id of a region such as `cn-hangzhou`, got `Hangzhou`",
        ]
    );
}

#[test]
fn a_secret_is_never_shown() {
    let inputs = "inputs.password = { type = 'secret' }\ninputs.list = { type = 'list', items = { type = 'string' } }";
    let problems = refused(
        inputs,
        json!({"password": 987654, "list": {"password": "hunter2"}}),
    );
    assert!(!problems.join(" ").contains("987654"), "{problems:?}");
    assert!(!problems.join(" ").contains("hunter2"), "{problems:?}");
}

#[test]
fn numbers_keep_to_their_kind() {
    let inputs = "inputs.n = { type = 'integer' }";
    assert_eq!(check(inputs, json!({"n": 3.0})), Ok(json!({"n": 3})));
    assert_eq!(
        refused(inputs, json!({"n": 3.5})),
        ["`n`: expected a whole number, got `3.5`"]
    );
    assert_eq!(refused(inputs, json!({"n": u64::MAX})).len(), 1);
}

#[test]
fn lengths_are_counted_in_characters() {
    let inputs = "inputs.name = { type = 'string', max = 3 }";
    assert!(check(inputs, json!({"name": "移行元"})).is_ok());
    assert_eq!(
        refused(inputs, json!({"name": "abcd"})),
        ["`name`: must be at most 3 characters, is 4 characters"]
    );
}

#[test]
fn what_is_not_known_yet_fits_everything() {
    let text = "[plugin]\nname = 'a'\nversion = '0.1.0'\nsummary = 'a'\nkind = 'read'\n[inputs]\nn = { type = 'integer' }\ns = { type = 'string' }";
    let manifest = Manifest::parse(text).expect("a manifest");
    let unknown = |value: &Value| value.as_str().is_some_and(|text| text.contains("{{"));
    let value = json!({"n": "{{ steps.a.n }}", "s": 1});
    let problems = check_known(&manifest.inputs, &value, &unknown).expect_err("one problem");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path, "s");
}
