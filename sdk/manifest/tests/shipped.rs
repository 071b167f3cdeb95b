//! What the plugins that ship take: never less than the cloud does.

use std::path::Path;

use rutter_manifest::{Field, Manifest};
use serde_json::{Value, json};

/// The field of a plugin at a path such as `servers[].image_name`.
fn field(place: &str) -> Field {
    let (plugin, path) = place.split_once('.').expect("PLUGIN.PATH");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    let text = std::fs::read_to_string(folder.join(plugin).join("plugin.toml")).expect(place);
    let manifest = Manifest::parse(&text).expect(place);
    let mut fields = manifest.inputs;
    let mut found = None;
    for name in path.split('.') {
        let (name, is_item) = match name.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let mut field = fields.get(name).expect(place).clone();
        if is_item {
            field = *field.items.expect(place);
        }
        fields = field.fields.clone();
        found = Some(field);
    }
    found.expect(place)
}

fn takes(place: &str, value: &Value) -> bool {
    field(place).check("it", value).is_ok()
}

#[test]
fn names_that_the_cloud_takes_are_taken() {
    let roles = json!(["ram-for-dts", "dts.cross-account", "Ops.Admin", "a"]);
    // Letters of any script begin a name.
    let names = json!([
        "web",
        "黄金镜像",
        "北京服务器1",
        "Ärger:1_a.b-c",
        "サーバー1"
    ]);
    let databases = json!([
        "r-bp1zxszhcgatnx01",
        "07e8bb0c9f3a4c10",
        "tt-bp1zxszhcgatnx01"
    ]);
    let ends = json!([
        "rm-bp1abc",
        "pc-bp1abc",
        "drdshbga51x6abcd",
        "es-cn-abc",
        "alikafka_post-cn-abc"
    ]);
    let trusted = json!(["dts.aliyuncs.com", "31520001@dts.aliyuncs.com"]);
    let accounts = json!(["1111111111111111", "31520001", "315200"]);
    for (places, values) in [
        (
            &[
                "create-role.name",
                "attach-policy.role",
                "edit-trust-policy.role",
                "configure-dts-task.source.role",
                "configure-sync-job.source.role",
            ][..],
            roles,
        ),
        (
            &[
                "create-image.name",
                "copy-image.name",
                "create-instance.name",
                "start-smc-migration.name",
                "start-smc-migration.image_name",
                "check-smc-target.image_name",
                "check-smc-plan.servers[].image_name",
            ],
            names,
        ),
        (
            &[
                "check-redis-instance.instance",
                "check-redis-preparation.instance",
                "allow-dts-addresses.instance",
                "create-redis-account.instance",
            ],
            databases,
        ),
        (
            &[
                "configure-dts-task.source.instance",
                "configure-dts-task.destination.instance",
            ],
            ends,
        ),
        (&["create-role.services[]"], trusted),
        (
            &["create-role.trusted_account", "check-account.expected"],
            accounts,
        ),
    ] {
        for place in places {
            for value in values.as_array().expect("a list") {
                assert!(takes(place, value), "{place} takes {value}");
            }
        }
    }
}

#[test]
fn names_that_the_cloud_refuses_are_refused() {
    for (place, value) in [
        ("create-role.name", "acs:ram::1111111111111111:role/a"),
        ("create-role.name", "a_b"),
        ("create-image.name", "1st"),
        ("create-image.name", "web server"),
        ("create-image.name", "web\u{200b}"),
        ("check-redis-instance.instance", "r-bp1\u{200b}"),
        ("check-redis-instance.instance", "An Instance"),
        ("check-account.expected", "account-a"),
    ] {
        assert!(!takes(place, &json!(value)), "{place} refuses {value:?}");
    }
}
