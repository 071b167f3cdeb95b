//! What the accounts of a runbook are bound to: found out before anything runs, all of it at once, and
//! mended while a run is under way.

use rutter_tests::{Bench, Cloud, Ended};

const RUNBOOK: &str = r#"
schema = 1

[runbook]
name = "two"

[accounts.source]
help = "where it comes from"

[accounts.target]
help = "where it goes"

[[steps]]
id = "gate"
uses = "approve"
with.message = "Go on?"

[[steps]]
id = "policy"
uses = "create-policy"
account = "source"
with.name = "migration"
with.document = { Version = "1", Statement = [{ Effect = "Allow", Action = "dts:*", Resource = "*" }] }
"#;

const WORLD: &str = r#"
schema = 1
[accounts.source]
id = "1111111111111111"
[[accounts.source.users]]
name = "operator"
access_key_id = "LTAI-source"
access_key_secret = "of-source"
policies = ["AdministratorAccess"]
[[accounts.source.users]]
name = "deputy"
access_key_id = "LTAI-deputy"
access_key_secret = "of-deputy"
policies = ["AdministratorAccess"]
[accounts.target]
id = "2222222222222222"
[[accounts.target.users]]
name = "operator"
access_key_id = "LTAI-target"
access_key_secret = "of-target"
policies = ["AdministratorAccess"]
"#;

/// A simulated cloud, and a bench with a profile for each of these, and how to say so to the binary.
async fn stage(bench: &mut Bench, profiles: &[&str]) -> (Cloud, String, String) {
    let world = bench.write("two.world.toml", WORLD).display().to_string();
    let cloud = Cloud::start(bench, &world).await;
    let address = cloud.address();
    let settings = format!("[endpoints]\nsts = \"http://{address}\"\nram = \"http://{address}\"\n");
    let settings = bench.write("rutter.toml", &settings).display().to_string();
    for profile in profiles {
        let name = profile.to_uppercase();
        bench.set(
            &format!("RUTTER_PROFILE_{name}_ACCESS_KEY_ID"),
            format!("LTAI-{profile}"),
        );
        bench.set(
            &format!("RUTTER_PROFILE_{name}_ACCESS_KEY_SECRET"),
            format!("of-{profile}"),
        );
    }
    let runbook = bench.write("two.toml", RUNBOOK).display().to_string();
    (cloud, settings, runbook)
}

#[track_caller]
fn says(ended: &Ended, texts: &[&str]) {
    for text in texts {
        assert!(ended.stderr.contains(text), "`{text}`:\n{}", ended.stderr);
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_bindings_is_said_at_once() {
    let bench = Bench::default();
    let runbook = bench.write("two.toml", RUNBOOK).display().to_string();
    let flags = [
        "--account",
        "source=nosuch@cn-hangzhou",
        "--account",
        "soruce=x",
    ];
    for command in ["check", "run"] {
        let ended = bench
            .run(&[&[command, &*runbook], &flags[..]].concat())
            .await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        says(
            &ended,
            &[
                "the account `source`: there is no credential profile `nosuch`",
                "the account `target` is bound to no profile",
                "a profile is bound to `soruce`, which is no account of the runbook",
                "did you mean `source`?",
            ],
        );
    }
}

#[tokio::test]
async fn two_accounts_with_one_login_are_doubted_before_a_run() {
    let mut bench = Bench::default();
    let (_cloud, settings, runbook) = stage(&mut bench, &["source", "target"]).await;
    let one = |target: &'static str| {
        let target = format!("target={target}@cn-hangzhou");
        [
            "check",
            &runbook,
            "--config",
            &settings,
            "--account",
            "source=source@cn-hangzhou",
            "--account",
            &target,
        ]
        .map(str::to_owned)
    };
    for (target, doubted) in [("source", true), ("target", false)] {
        let arguments = one(target);
        let ended = bench.run(&arguments.each_ref().map(String::as_str)).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let text = "`source` is bound to the same profile `source`";
        assert_eq!(ended.stderr.contains(text), doubted, "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_run_goes_on_with_other_credentials_of_the_same_account_and_remembers_them() {
    let mut bench = Bench::default();
    let (cloud, settings, runbook) = stage(&mut bench, &["deputy", "target"]).await;
    let with = |arguments: &[&str]| {
        let all = [arguments, &["--config", &*settings]].concat();
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let begun = with(&[
        "run",
        &runbook,
        "--account",
        "source=deputy@cn-hangzhou",
        "--account",
        "target=target@cn-hangzhou",
    ]);
    let begun = bench
        .run(&begun.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    assert_eq!(begun.code, Some(4), "{begun:?}");
    let (before, _) = begun
        .stderr
        .split_once(" of two started")
        .expect("it began");
    let run = before.rsplit(' ').next().expect("it has an id").to_owned();

    // The deputy's key was taken away; somebody else of the same account goes on.
    bench.set("RUTTER_PROFILE_DEPUTY_ACCESS_KEY_ID", "LTAI-nobody");
    bench.set("RUTTER_PROFILE_SOURCE_ACCESS_KEY_ID", "LTAI-source");
    bench.set("RUTTER_PROFILE_SOURCE_ACCESS_KEY_SECRET", "of-source");
    let resume = |more: &[&str]| {
        let all = [&["resume", &*run, "--approve", "gate"], more].concat();
        with(&all)
    };
    for (more, code, said) in [
        (&[][..], 2, "the account `source` (profile `deputy`)"),
        (
            &["--account", "source=target"],
            2,
            "should be 1111111111111111",
        ),
        (
            &["--account", "sauce=source"],
            2,
            "the run has no account `sauce`",
        ),
        (
            &["--account", "source=source@cn-beijing"],
            2,
            "keeps its region",
        ),
        (
            &["--account", "source=source"],
            0,
            "source is bound to the profile source",
        ),
    ] {
        let ended = resume(more);
        let ended = bench
            .run(&ended.iter().map(String::as_str).collect::<Vec<_>>())
            .await;
        assert_eq!(ended.code, Some(code), "{more:?}: {ended:?}");
        says(&ended, &[said]);
    }
    assert_eq!(cloud.changes().await.len(), 1);
    let undo = with(&["undo", &run, "--yes"]);
    let undone = bench
        .run(&undo.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    assert_eq!(undone.code, Some(0), "it remembers the profile: {undone:?}");
}
