//! What a person accepts of a runbook, and what becomes of one that nobody accepted: with the binary, against the
//! simulated cloud.

use std::time::Duration;

use rutter_tests::{Bench, Cloud, Ended, ONE_ACCOUNT, Terminal};
use serde_json::Value;

const SHIPPED: &str = r#"schema = 1
[runbook]
name = "own"
[accounts.owner]
help = "the only account"

[[steps]]
id = "role"
uses = "create-role"
account = "owner"
with.name = "made"
with.trusted_account = "{{ accounts.owner.id }}"
"#;

/// A step whose plugin lies beside the runbook.
const OWN: &str = r#"
[[steps]]
id = "policy"
uses = "./own.wasm"
account = "owner"
with.name = "made"
with.document = { Version = "1", Statement = [{ Effect = "Allow", Action = "ecs:DescribeInstances", Resource = "*" }] }
"#;

/// What the plugin of that step may do.
const MAY: &str = "may create RAM policies (ram:CreatePolicy) in account `owner`";

const SOON: Duration = Duration::from_secs(30);

struct Place {
    bench: Bench,
    cloud: Cloud,
    runbook: String,
    settings: String,
}

impl Place {
    async fn new() -> Self {
        let mut bench = Bench::default();
        let world = bench
            .write("own.world.toml", ONE_ACCOUNT)
            .display()
            .to_string();
        let cloud = Cloud::start(&bench, &world).await;
        let address = cloud.address();
        let settings = format!(
            "[endpoints]\nram = \"http://{address}\"\nsts = \"http://{address}\"\n\
             [accounts.owner]\nprofile = \"owner\"\nregion = \"cn-hangzhou\"\n"
        );
        let settings = bench.write("rutter.toml", &settings).display().to_string();
        bench.set("RUTTER_PROFILE_OWNER_ACCESS_KEY_ID", "LTAI-owner");
        bench.set("RUTTER_PROFILE_OWNER_ACCESS_KEY_SECRET", "of-owner");
        let plugin = Bench::target().join("plugins/create-policy.wasm");
        std::fs::copy(plugin, bench.path().join("own.wasm")).expect("the plugins are built");
        let text = format!("{SHIPPED}{OWN}");
        let runbook = bench.write("own.toml", &text).display().to_string();
        Self {
            bench,
            cloud,
            runbook,
            settings,
        }
    }

    async fn rutter(&self, arguments: &[&str]) -> Ended {
        let all = [arguments, &["--config", &self.settings]].concat();
        self.bench.run(&all).await
    }

    fn lock(&self) -> Option<String> {
        std::fs::read_to_string(self.bench.path().join("rutter.lock")).ok()
    }

    fn terminal(&self) -> Terminal {
        let arguments = ["run", &self.runbook, "--config", &self.settings];
        Terminal::start(&self.bench, &arguments)
    }
}

#[tokio::test]
async fn what_does_not_ship_is_refused_until_somebody_accepts_it() {
    let place = Place::new().await;
    let refused = place.rutter(&["run", &place.runbook]).await;
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    let remedy = format!("`rutter lock {}` accepts it", place.runbook);
    for part in ["lock-unaccepted", "plugin `create-policy`", MAY, &remedy] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
    assert!(!refused.stderr.contains("`create-role`"), "that one ships");
    assert!(place.cloud.changes().await.is_empty());

    let checked = place.rutter(&["check", &place.runbook]).await;
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert!(checked.stderr.contains("warning[lock-unaccepted]"));
    let rehearsed = place.rutter(&["rehearse", &place.runbook]).await;
    assert_eq!(rehearsed.code, Some(0), "{}", rehearsed.stderr);
    assert!(rehearsed.stderr.contains("warning[lock-unaccepted]"));
    let locked = place.rutter(&["check", "--locked", &place.runbook]).await;
    assert_eq!(locked.code, Some(2), "{}", locked.stderr);
    assert_eq!(place.lock(), None);

    let accepted = place.rutter(&["lock", &place.runbook]).await;
    assert_eq!(accepted.code, Some(0), "{}", accepted.stderr);
    let lock = place.lock().expect("it is written");
    for text in [&accepted.stdout, &lock] {
        assert!(text.contains(MAY), "{text}");
    }
    let locked = place.rutter(&["check", "--locked", &place.runbook]).await;
    assert_eq!((locked.code, locked.stderr.as_str()), (Some(0), ""));
    let done = place.rutter(&["run", &place.runbook]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(place.cloud.changes().await.len(), 2);
}

#[tokio::test]
async fn check_says_for_scripts_what_each_plugin_may_do_and_what_the_runbook_grants() {
    let place = Place::new().await;
    let checked = place.rutter(&["check", "--json", &place.runbook]).await;
    let told: Value = serde_json::from_str(&checked.stdout).expect("an answer");
    let plugins = told["plugins"].as_array().expect("a list");
    let of = |name: &str| {
        let plugin = plugins.iter().find(|plugin| plugin["plugin"] == name);
        plugin.expect("it is used")
    };
    assert_eq!(of("create-policy")["steps"], serde_json::json!(["policy"]));
    let may = of("create-policy")["may"].as_array().expect("a list");
    assert!(may.contains(&MAY.into()), "{may:?}");
    let all = told["may"].as_array().expect("a list");
    for object in ["RAM roles", "RAM policies"] {
        let granted = |may: &str| {
            may.contains("create") && may.ends_with(&format!("{object} in account `owner`"))
        };
        let mut texts = all.iter().filter_map(Value::as_str);
        assert!(texts.any(granted), "{all:?}");
    }
    assert_eq!(told["problems"][0]["code"], "lock-unaccepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_at_the_terminal_reads_it_and_accepts_it_by_a_word_and_nothing_else() {
    let place = Place::new().await;
    tokio::task::block_in_place(|| {
        let mut refused = place.terminal();
        refused.saw("` for yes: ", SOON).expect("it asks");
        std::thread::sleep(Duration::from_secs(1));
        refused.send("y\r", Duration::ZERO);
        assert_eq!(refused.ends(SOON), Some(2), "{}", refused.text());
        assert!(refused.text().contains(MAY), "{}", refused.text());
    });
    assert_eq!(place.lock(), None);
    assert!(place.cloud.changes().await.is_empty());
    tokio::task::block_in_place(|| {
        let mut terminal = place.terminal();
        terminal.saw("` for yes: ", SOON).expect("it asks");
        std::thread::sleep(Duration::from_secs(1));
        let text = terminal.text();
        let (_, rest) = text.rsplit_once("type `").expect("a word is drawn");
        let (word, _) = rest.split_once('`').expect("a word has an end");
        terminal.send(&format!("{word}\r"), Duration::ZERO);
        assert_eq!(terminal.ends(SOON), Some(0), "{}", terminal.text());
    });
    let lock = place.lock().expect("it is written");
    assert!(lock.contains(MAY), "{lock}");
    let again = place.rutter(&["check", "--locked", &place.runbook]).await;
    assert_eq!(again.code, Some(0), "{}", again.stderr);
}

#[tokio::test]
async fn a_mended_runbook_is_held_to_its_lock_as_a_run_is() {
    let place = Place::new().await;
    let shipped = place
        .bench
        .write("shipped.toml", SHIPPED)
        .display()
        .to_string();
    let done = place.rutter(&["run", &shipped]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let runs = std::fs::read_dir(place.bench.state().join("runs")).expect("a run was begun");
    let run = runs.flatten().next().expect("one").file_name();
    let run = run.to_string_lossy().into_owned();
    let mended = [
        "resume",
        &run,
        "--runbook",
        &place.runbook,
        "--from",
        "role",
        "--yes",
    ];
    let refused = place.rutter(&mended).await;
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("lock-unaccepted"),
        "{}",
        refused.stderr
    );
    assert_eq!(place.cloud.changes().await.len(), 1);
    let accepted = place.rutter(&["lock", &place.runbook]).await;
    assert_eq!(accepted.code, Some(0), "{}", accepted.stderr);
    let mended = place.rutter(&mended).await;
    assert_eq!(mended.code, Some(0), "{}", mended.stderr);
    let undone = place.rutter(&["undo", &run, "--yes"]).await;
    assert_eq!(undone.code, Some(0), "{}", undone.stderr);
}
