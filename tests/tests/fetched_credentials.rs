//! Runs that outlast their credentials: with a source that goes on answering, and with one that stops.

use std::path::PathBuf;
use std::time::Duration;

use rutter_tests::{Bench, Cloud};

const RUNBOOK: &str = r#"
schema = 1
[runbook]
name = "night"
[accounts.owner]
help = "the only account"
[[steps]]
id = "before"
uses = "create-policy"
account = "owner"
with.name = "before"
with.document = { Version = "1", Statement = [{ Effect = "Allow", Action = "dts:*", Resource = "*" }] }
[[steps]]
id = "rest"
uses = "pause"
needs = ["before"]
with.for = "5s"
[[steps]]
id = "after"
uses = "create-policy"
needs = ["rest"]
account = "owner"
with.name = "after"
with.document = { Version = "1", Statement = [{ Effect = "Allow", Action = "dts:*", Resource = "*" }] }
"#;

const WORLD: &str = r#"
schema = 1
[accounts.owner]
id = "1111111111111111"
[[accounts.owner.users]]
name = "operator"
access_key_id = "LTAI-owner"
access_key_secret = "planted-secret-of-owner"
policies = ["AdministratorAccess"]
"#;

/// Gives out a key for three seconds and counts how often, unless there is a file `silent`.
const GIVER: &str = r#"
test -e "$1/silent" && { echo "no planted-secret-of-owner today" >&2; exit 1; }
echo given >> "$1/given"
end=$(date -u -d '+3 seconds' +%Y-%m-%dT%H:%M:%SZ)
echo "{\"mode\":\"AK\",\"access_key_id\":\"LTAI-owner\",\"access_key_secret\":\"planted-secret-of-owner\",\"expiration\":\"$end\"}"
"#;

struct Night {
    bench: Bench,
    cloud: Cloud,
    settings: String,
    runbook: String,
}

impl Night {
    async fn new() -> Self {
        let bench = Bench::default();
        let world = bench.write("night.world.toml", WORLD).display().to_string();
        let cloud = Cloud::start(&bench, &world).await;
        let (address, folder) = (cloud.address(), bench.path().display());
        let settings =
            format!("[endpoints]\nsts = \"http://{address}\"\nram = \"http://{address}\"\n");
        let settings = bench.write("rutter.toml", &settings).display().to_string();
        let runbook = bench.write("night.toml", RUNBOOK).display().to_string();
        let giver = bench.write("give.sh", GIVER);
        let profile = format!(
            r#"{{"profiles": [{{"name": "tool", "mode": "External", "process_command": "sh '{}' '{folder}'"}}]}}"#,
            giver.display()
        );
        std::fs::create_dir(bench.path().join(".aliyun"))
            .expect("a folder can be made in the bench");
        bench.write(".aliyun/config.json", &profile);
        Self {
            bench,
            cloud,
            settings,
            runbook,
        }
    }

    fn run(&self) -> Vec<&str> {
        let account = "owner=tool@cn-hangzhou";
        vec![
            "run",
            &self.runbook,
            "--account",
            account,
            "--config",
            &self.settings,
        ]
    }

    fn given(&self) -> usize {
        let given = std::fs::read_to_string(self.bench.path().join("given"));
        given.unwrap_or_default().lines().count()
    }

    fn silent(&self) -> PathBuf {
        self.bench.path().join("silent")
    }

    async fn policies(&self) -> usize {
        let changes = self.cloud.changes().await;
        changes.len()
    }
}

#[tokio::test]
async fn a_run_longer_than_its_credentials_ends_well() {
    let night = Night::new().await;
    let ended = night.bench.run(&night.run()).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(night.policies().await, 2);
    assert!(night.given() >= 2, "{}", night.given());
}

#[tokio::test]
async fn a_source_that_stops_answering_stops_the_run_with_the_accounts_name_and_it_is_resumed() {
    let night = Night::new().await;
    let running = night.bench.spawn(&night.run());
    let begun = async {
        while night.policies().await == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let begun = tokio::time::timeout(Duration::from_secs(60), begun).await;
    begun.expect("the run makes its first change");
    std::fs::write(night.silent(), "").expect("a file can be written in the bench");
    let stopped = running.wait_with_output().await.expect("the run ends");
    let said = String::from_utf8_lossy(&stopped.stderr);
    assert_ne!(stopped.status.code(), Some(0), "{said}");
    let words: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains(
            "the account `owner`: the command `sh` gives no credentials for the profile `tool`"
        ),
        "{said}"
    );
    assert!(!said.contains("planted"), "{said}");
    assert_eq!(night.policies().await, 1);

    std::fs::remove_file(night.silent()).expect("the file is there");
    let id = words
        .split("rutter resume ")
        .nth(1)
        .and_then(|rest| rest.split(['`', ' ']).next());
    let id = id.unwrap_or_else(|| panic!("the run is named: {said}"));
    let resumed = night
        .bench
        .run(&["resume", id, "--config", &night.settings])
        .await;
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!(night.policies().await, 2);
}
