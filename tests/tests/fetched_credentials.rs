//! Runs that outlast their credentials, in every mode that renews them: with a source that goes on answering, and with
//! one that stops.

use std::path::PathBuf;
use std::time::Duration;

use rutter_tests::fetching::{Giver, TOKEN};
use rutter_tests::{Bench, Cloud, Ended};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const RUNBOOK: &str = r#"
schema = 1
[runbook]
name = "night"
[accounts.owner]
help = "the only account"
[inputs.name]
type = "string"
[[steps]]
id = "before"
uses = "create-policy"
account = "owner"
with.name = "{{ inputs.name }}-before"
with.document = { Version = "1", Statement = [{ Effect = "Allow", Action = "dts:*", Resource = "*" }] }
[[steps]]
id = "rest"
uses = "pause"
needs = ["before"]
with.for = "4s"
[[steps]]
id = "after"
uses = "create-policy"
needs = ["rest"]
account = "owner"
with.name = "{{ inputs.name }}-after"
with.document = { Version = "1", Statement = [{ Effect = "Allow", Action = "dts:*", Resource = "*" }] }
"#;

/// Credentials live three seconds, whatever was asked for.
const WORLD: &str = r#"
schema = 1
[durations]
session = "3s"
[accounts.owner]
id = "1111111111111111"
[[accounts.owner.users]]
name = "operator"
access_key_id = "LTAI-owner"
access_key_secret = "planted-secret-of-owner"
policies = ["AdministratorAccess"]
[[accounts.owner.roles]]
name = "machine"
policies = ["AdministratorAccess"]
trust = '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": ["acs:ram::1111111111111111:oidc-provider/cluster"]}}]}'
[[accounts.owner.roles]]
name = "night"
policies = ["AdministratorAccess"]
trust = '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1111111111111111:root"]}}]}'
[[accounts.owner.oidc_providers]]
name = "cluster"
tokens = [{ token = "planted.token/of+cluster" }]
"#;

/// Gives out a key for three seconds and counts how often, unless there is a file `silent`.
const GIVER: &str = r#"
test -e "$1/silent" && { echo "no planted-secret-of-owner today" >&2; exit 1; }
echo given >> "$1/given"
end=$(date -u -d '+3 seconds' +%Y-%m-%dT%H:%M:%SZ)
echo "{\"mode\":\"AK\",\"access_key_id\":\"LTAI-owner\",\"access_key_secret\":\"planted-secret-of-owner\",\"expiration\":\"$end\"}"
"#;

const NIGHT: &str = "acs:ram::1111111111111111:role/night";

/// A mode: its profile, and how the message that stops a run names its source. `GIVER` and `FOLDER` are filled in.
struct Mode {
    name: &'static str,
    profile: Value,
    source: &'static str,
}

fn modes() -> Vec<Mode> {
    let mode = |name, profile, source| Mode {
        name,
        profile,
        source,
    };
    let role = "the role acs:ram::1111111111111111:role/night cannot be assumed";
    let metadata = "the metadata service (100.100.100.200) gives no credentials";
    vec![
        mode(
            "RamRoleArn",
            json!({"access_key_id": "LTAI-owner", "access_key_secret": "planted-secret-of-owner",
                "ram_role_arn": NIGHT, "ram_session_name": "me"}),
            role,
        ),
        mode(
            "ChainableRamRoleArn",
            json!({"source_profile": "machine", "ram_role_arn": NIGHT, "ram_session_name": "me"}),
            metadata,
        ),
        mode("EcsRamRole", json!({}), metadata),
        mode(
            "RamRoleArnWithRoleName",
            json!({"ram_role_name": "machine", "ram_role_arn": NIGHT, "ram_session_name": "me"}),
            metadata,
        ),
        mode(
            "OIDC",
            json!({"ram_role_arn": "acs:ram::1111111111111111:role/machine", "oidc_token_file": "FOLDER/token",
                "oidc_provider_arn": "acs:ram::1111111111111111:oidc-provider/cluster"}),
            "STS (asked for acs:ram::1111111111111111:role/machine) gives no credentials",
        ),
        mode(
            "External",
            json!({"process_command": "sh 'FOLDER/give.sh' 'FOLDER'"}),
            "the command `sh` gives no credentials",
        ),
        mode(
            "CredentialsURI",
            json!({"credentials_uri": "http://GIVER/keys?key=planted"}),
            "the address at `127.0.0.1` gives no credentials",
        ),
        mode(
            "CloudSSO",
            json!({"cloud_sso_sign_in_url": "http://GIVER/start/login", "cloud_sso_account_id": "1111111111111111",
                "cloud_sso_access_config": "ac-1", "access_token": "planted-login-token",
                "cloud_sso_access_token_expire": 4_102_444_800_u32}),
            "CloudSSO at `127.0.0.1` gives no credentials",
        ),
    ]
}

/// An account whose credentials are of one mode, with all that gives them out.
struct Night {
    bench: Bench,
    cloud: Cloud,
    giver: Giver,
    settings: String,
    runbook: String,
}

impl Night {
    async fn new(mode: &Mode) -> Self {
        let mut bench = Bench::default();
        let world = bench.write("night.world.toml", WORLD).display().to_string();
        let cloud = Cloud::start(&bench, &world).await;
        let giver = Giver::start(cloud.address()).await;
        let settings = format!(
            "[endpoints]\nsts = \"http://{}\"\nram = \"http://{}\"\n",
            giver.address(),
            cloud.address()
        );
        let settings = bench.write("rutter.toml", &settings).display().to_string();
        let runbook = bench.write("night.toml", RUNBOOK).display().to_string();
        bench.write("give.sh", GIVER);
        bench.write("token", TOKEN);
        // The way to the metadata service.
        bench.set("HTTP_PROXY", format!("http://{}", giver.address()));
        let mut profile = mode.profile.clone();
        profile["name"] = "tool".into();
        profile["mode"] = mode.name.into();
        let spare = json!({"name": "spare", "mode": "AK", "access_key_id": "LTAI-owner",
            "access_key_secret": "planted-secret-of-owner"});
        let machine = json!({"name": "machine", "mode": "EcsRamRole"});
        let profiles = json!({"profiles": [profile, spare, machine]}).to_string();
        let profiles = profiles.replace("GIVER", giver.address());
        let profiles = profiles.replace("FOLDER", &bench.path().display().to_string());
        let folder = std::fs::create_dir(bench.path().join(".aliyun"));
        folder.expect("a folder can be made in the bench");
        bench.write(".aliyun/config.json", &profiles);
        Self {
            bench,
            cloud,
            giver,
            settings,
            runbook,
        }
    }

    fn run<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        let account = ["--account", "owner=tool@cn-hangzhou"];
        let rest = ["--config", &self.settings, "--set", name];
        [&["run", self.runbook.as_str()], &account[..], &rest].concat()
    }

    /// How often credentials were given out.
    fn given(&self) -> usize {
        let by_command = std::fs::read_to_string(self.bench.path().join("given"));
        by_command.unwrap_or_default().lines().count() + self.giver.given()
    }

    fn silence(&self, silent: bool) {
        let file: PathBuf = self.bench.path().join("silent");
        let done = match silent {
            true => std::fs::write(file, ""),
            false => std::fs::remove_file(file),
        };
        done.expect("the file is there when it should be");
        self.giver.silence(silent);
    }

    /// How many policies were created.
    async fn policies(&self) -> usize {
        self.cloud.changes().await.len()
    }

    /// Starts two runs, silences the source once each has made its first change, and returns how they ended.
    async fn broken(&self) -> [Ended; 2] {
        let before = self.policies().await;
        let runs = ["name=first", "name=second"].map(|name| self.bench.spawn(&self.run(name)));
        let begun = async {
            while self.policies().await < before + 2 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let begun = tokio::time::timeout(Duration::from_secs(60), begun).await;
        begun.expect("both runs make their first change");
        self.silence(true);
        let [first, second] = runs.map(|run| async {
            let ended = tokio::time::timeout(Duration::from_secs(90), run.wait_with_output()).await;
            let ended = ended.expect("the run stops in time");
            Ended::from(ended.expect("the run ends"))
        });
        [first.await, second.await]
    }
}

/// Text without line breaks, as screens make them.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The run that a message names with the command that goes on with it.
fn id_in(said: &str) -> &str {
    let rest = said.split("rutter resume ").nth(1);
    let id = rest.and_then(|rest| rest.split(['`', ' ']).next());
    id.unwrap_or_else(|| panic!("the run is named: {said}"))
}

async fn play(mode: Mode) {
    let name = mode.name;
    let night = Night::new(&mode).await;
    let long = night.bench.run(&night.run("name=long")).await;
    assert_eq!(long.code, Some(0), "{name}: {}", long.stderr);
    assert_eq!(night.policies().await, 2, "{name}");
    assert!(night.given() >= 2, "{name}: {}", night.given());

    let stopped = night.broken().await;
    assert_eq!(night.policies().await, 4, "{name}");
    let said = stopped.each_ref().map(|ended| flat(&ended.stderr));
    for (ended, said) in stopped.iter().zip(&said) {
        assert_ne!(ended.code, Some(0), "{name}: {said}");
        for part in ["the account `owner`", mode.source] {
            assert!(said.contains(part), "{name} does not say `{part}`: {said}");
        }
        assert!(!said.contains("planted"), "{name}: {said}");
    }

    // With other credentials of the account while the source is still silent, and with the source once it is back.
    let spare = [
        "resume",
        id_in(&said[0]),
        "--account",
        "owner=spare",
        "--config",
        &night.settings,
    ];
    let resumed = night.bench.run(&spare).await;
    assert_eq!(resumed.code, Some(0), "{name}: {}", resumed.stderr);
    night.silence(false);
    let given = night.given();
    let again = ["resume", id_in(&said[1]), "--config", &night.settings];
    let resumed = night.bench.run(&again).await;
    assert_eq!(resumed.code, Some(0), "{name}: {}", resumed.stderr);
    assert!(night.given() > given, "{name}");
    assert_eq!(night.policies().await, 6, "{name}");
}

#[tokio::test]
async fn runs_outlast_their_credentials_and_are_resumed_when_a_source_was_silent() {
    let mut playing = JoinSet::new();
    for mode in modes() {
        playing.spawn(play(mode));
    }
    // Each is played to its end, so that one run of the test shows all that is wrong.
    let mut failed = 0;
    while let Some(played) = playing.join_next().await {
        failed += usize::from(played.is_err());
    }
    assert_eq!(failed, 0, "see above");
}
