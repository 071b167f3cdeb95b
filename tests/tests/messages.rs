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

/// A world without accounts, for runbooks that need none.
const NOTHING: &str = "schema = 1\n";

/// The instant so many hours from now.
fn in_hours(hours: i64) -> String {
    let output = std::process::Command::new("date")
        .args(["-u", "-d", &format!("{hours} hours"), "+%FT%TZ"])
        .output()
        .expect("date is there");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[tokio::test]
async fn a_window_that_is_past_or_would_be_missed_is_told_of_before_anything_is_begun() {
    let bench = Bench::default();
    let world = bench.write("nothing.world.toml", NOTHING);
    let world = world.display().to_string();
    let runbook = |until: i64, latest: i64| {
        let (until, latest) = (in_hours(until), in_hours(latest));
        let text = format!(
            "schema = 1\n[runbook]\nname = \"late\"\n\
             [[steps]]\nid = \"copy\"\nuses = \"pause\"\nwith.for = \"3h\"\n\
             [[steps]]\nid = \"window\"\nuses = \"pause\"\nwith.until = \"{until}\"\nwith.latest = \"{latest}\"\n"
        );
        bench.write("late.toml", &text).display().to_string()
    };
    let tight = runbook(1, 2);
    let checked = bench.run(&["check", &tight]).await;
    let least = "gets to `window` in 3h at the earliest, by the pauses before it";
    assert!(checked.stderr.contains(least), "{}", checked.stderr);
    let rehearsed = bench.run(&["rehearse", &tight, "--world", &world]).await;
    let told = "begun now, the run gets to `window` at ";
    assert!(rehearsed.stderr.contains(told), "{}", rehearsed.stderr);
    let roomy = runbook(1, 4);
    let rehearsed = bench.run(&["rehearse", &roomy, "--world", &world]).await;
    for late in [told, least] {
        assert!(!rehearsed.stderr.contains(late), "{}", rehearsed.stderr);
    }
    let past = runbook(-4, -2);
    let checked = bench.run(&["check", &past]).await;
    assert!(
        checked.stderr.contains("`latest` of step `window` is past"),
        "{}",
        checked.stderr
    );
}

#[tokio::test]
async fn a_stop_that_was_asked_for_is_no_failure_and_a_failure_is_told_once() {
    let bench = Bench::default();
    let text = "schema = 1\n[runbook]\nname = \"two\"\n\
                [[steps]]\nid = \"first\"\nuses = \"approve\"\nwith.message = \"Go on?\"\n\
                [[steps]]\nid = \"second\"\nuses = \"assert\"\nwith.that = \"{{ steps.first.by | length > 9 }}\"\nwith.message = \"not so\"\n";
    let runbook = bench.write("two.toml", text).display().to_string();
    let stopped = bench
        .run(&["run", &runbook, "--approve", "first", "--until", "first"])
        .await;
    assert_eq!(stopped.code, Some(0), "{}", stopped.stderr);
    let told = "stopped after `first`, as asked";
    assert!(stopped.stderr.contains(told), "{}", stopped.stderr);
    let failed = bench.run(&["run", &runbook, "--approve", "first"]).await;
    assert_eq!(failed.code, Some(1), "{}", failed.stderr);
    assert_eq!(
        failed.stderr.matches("not so").count(),
        1,
        "{}",
        failed.stderr
    );
}
