//! What an operator is told on a real run: what to read before, whose files others may read, what a
//! refusal of the cloud means.

use std::path::Path;

use rutter_tests::{Bench, Cloud};

const RUNBOOK: &str = r#"
schema = 1

[runbook]
name = "one_role"
notes = ["Nobody else may change roles meanwhile."]

[accounts.home]
help = "the only account"

[[steps]]
id = "role"
uses = "create-role"
account = "home"
with.name = "ram-for-dts"
with.trusted_account = "2222222222222222"
"#;

/// An account whose user may read roles and make none.
const WORLD: &str = r#"
schema = 1

[accounts.home]
id = "1111111111111111"

[[accounts.home.users]]
name = "reader"
access_key_id = "LTAI-reader"
access_key_secret = "of-reader"
policies = ["AliyunRAMReadOnlyAccess"]
"#;

/// A profile of the aliyun CLI in a file that everybody may read.
fn open_profile(bench: &Bench) {
    let folder = bench.path().join(".aliyun");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let text = r#"{"profiles": [{"name": "reader", "mode": "AK", "access_key_id": "LTAI-reader", "access_key_secret": "of-reader"}]}"#;
    let file = bench.write(".aliyun/config.json", text);
    set_mode(&file, 0o644);
}

fn set_mode(file: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(file, permissions).expect("it is ours");
}

#[tokio::test]
async fn a_run_that_the_cloud_refuses_says_why_what_to_do_and_what_to_look_up() {
    let bench = Bench::default();
    open_profile(&bench);
    let runbook = bench.write("one_role.toml", RUNBOOK).display().to_string();
    let world = bench
        .write("one_role.world.toml", WORLD)
        .display()
        .to_string();
    let cloud = Cloud::start(&bench, &world).await;
    let settings = format!(
        "[endpoints]\nram = \"http://{0}\"\nsts = \"http://{0}\"\n",
        cloud.address()
    );
    let settings = bench.write("rutter.toml", &settings).display().to_string();
    let account = "home=reader@cn-hangzhou";
    let run = bench
        .run(&["run", &runbook, "--account", account, "--config", &settings])
        .await;
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let told = &run.stderr;
    for (part, times) in [
        ("Nobody else may change roles meanwhile.", 1),
        ("can be read by other users: run `chmod 600", 1),
        ("`rutter explain NoPermission`", 1),
    ] {
        assert_eq!(told.matches(part).count(), times, "`{part}` in\n{told}");
    }
    let place = |part: &str| {
        told.find(part)
            .unwrap_or_else(|| panic!("no `{part}` in\n{told}"))
    };
    assert!(
        place("Nobody else may change roles") < place("started"),
        "{told}"
    );
    // The product's own meaning, not the common one.
    place("AliyunRAMFullAccess");

    set_mode(&bench.path().join(".aliyun/config.json"), 0o600);
    let again = bench
        .run(&["run", &runbook, "--account", account, "--config", &settings])
        .await;
    assert!(!again.stderr.contains("chmod"), "{}", again.stderr);

    let rehearsed = bench.run(&["rehearse", &runbook]).await;
    assert_eq!(rehearsed.code, Some(1), "{}", rehearsed.stdout);
    for part in [
        "Read before the run",
        "help: The caller lacks the RAM right.",
        "AliyunRAMFullAccess",
        "`rutter explain NoPermission` says more",
    ] {
        assert!(
            rehearsed.stdout.contains(part),
            "no `{part}` in\n{}",
            rehearsed.stdout
        );
    }
}
