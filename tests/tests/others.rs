//! What others do with what a run made: it is not destroyed unasked. With the binary, against the simulated cloud over
//! HTTP.

use rutter_simcloud::Request;

use rutter_tests::{Bench, Cloud, Ended, Paused};
use serde_json::json;

const WORLD: &str = r#"schema = 1
[world]
title = "An account and nothing in it"
start = "2026-01-15T20:00:00Z"
time_scale = 60
seed = 1
[accounts.owner]
id = "1111111111111111"
[[accounts.owner.users]]
name = "operator"
policies = ["AdministratorAccess"]
access_key_id = "LTAI-others-owner"
access_key_secret = "good-for-nothing-owner"
[[accounts.owner.ecs]]
id = "i-server1"
region = "cn-hangzhou"
name = "server"
hostname = "server"
network = "classic"
private_ip = "10.24.0.10"
[[accounts.owner.ecs.disks]]
id = "d-system1"
size_gb = 40
used_gb = 1
category = "cloud_essd"
[accounts.partner]
id = "2222222222222222"
[durations]
image = "1s"
"#;

const HEAD: &str = r#"schema = 1
[runbook]
name = "role"
[accounts.owner]
help = "The account that gets a role"
"#;

const MAKE: &str = r#"
[[steps]]
id = "made"
uses = "create-role"
account = "owner"
with.name = "shared"
with.trusted_account = "{{ accounts.owner.id }}"
"#;

const ATTACH: &str = r#"
[[steps]]
id = "attached"
uses = "attach-policy"
account = "owner"
with.role = "shared"
with.policy = "AliyunDTSRolePolicy"
"#;

const EDIT: &str = r#"
[[steps]]
id = "edited"
uses = "edit-trust-policy"
account = "owner"
with.role = "shared"
with.trusted_account = "2222222222222222"
"#;

const IMAGE: &str = r#"
[[steps]]
id = "image"
uses = "create-image"
account = "owner"
with.instance = "i-server1"
with.region = "cn-hangzhou"
with.name = "kept"
"#;

/// An account in which several runs work.
struct Owner {
    bench: Bench,
    cloud: Cloud,
}

fn settings(address: &str) -> String {
    let endpoints = ["ram", "sts", "dts", "smc", "ecs", "r-kvstore"]
        .map(|product| format!("{product} = \"http://{address}\"\n"));
    format!(
        "[endpoints]\n{}[simulation]\ntime_scale = 60\n[accounts.owner]\nprofile = \"owner\"\nregion = \"cn-hangzhou\"\n",
        endpoints.concat()
    )
}

impl Owner {
    async fn new() -> Self {
        let mut bench = Bench::default();
        let cloud = Cloud::serve(Paused::from_toml(WORLD)).await;
        bench.write("rutter.toml", &settings(cloud.address()));
        bench.set("RUTTER_PROFILE_OWNER_ACCESS_KEY_ID", "LTAI-others-owner");
        bench.set(
            "RUTTER_PROFILE_OWNER_ACCESS_KEY_SECRET",
            "good-for-nothing-owner",
        );
        Self { bench, cloud }
    }

    /// Somebody else calls the cloud.
    async fn somebody(&mut self, request: &Request) {
        let elsewhere = Cloud::serve(Paused::from_toml(WORLD)).await;
        let mut paused = std::mem::replace(&mut self.cloud, elsewhere).pause().await;
        let (status, body) = paused.call(request);
        assert_eq!(status, 200, "{body}");
        self.cloud = Cloud::serve(paused).await;
        let settings = settings(self.cloud.address());
        self.bench.write("rutter.toml", &settings);
    }

    async fn rutter(&self, arguments: &[&str]) -> Ended {
        let settings = self.bench.path().join("rutter.toml").display().to_string();
        let all = [arguments, &["--config", &settings]].concat();
        self.bench.run(&all).await
    }

    /// Carries out a runbook of these steps to its end, and returns the run's id.
    async fn run(&self, steps: &str) -> String {
        let before = self.runs();
        let file = self.bench.write("runbook.toml", &format!("{HEAD}{steps}"));
        let ended = self.rutter(&["run", &file.display().to_string()]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let new = self.runs().into_iter().find(|run| !before.contains(run));
        new.expect("a run was begun")
    }

    fn runs(&self) -> Vec<String> {
        let runs = std::fs::read_dir(self.bench.state().join("runs"));
        let entries = runs.into_iter().flatten().filter_map(Result::ok);
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.collect()
    }

    async fn undo(&self, run: &str) -> Ended {
        self.rutter(&["undo", run, "--yes"]).await
    }

    /// The undo of a run asks, and says this.
    async fn is_asked(&self, run: &str, said: &str) {
        let ended = self.undo(run).await;
        let text = format!("{}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.code, Some(6), "{text}");
        assert!(text.contains("rutter.changed-since"), "{text}");
        assert!(text.contains(said), "{text}");
        assert!(self.has_role().await, "{text}");
    }

    async fn is_taken_back(&self, run: &str) {
        let ended = self.undo(run).await;
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    }

    async fn has_role(&self) -> bool {
        let state = self.cloud.state().await;
        state["1111111111111111"]["ram-role"]
            .get("shared")
            .is_some()
    }
}

#[tokio::test]
async fn a_role_that_somebody_gave_a_policy_is_not_deleted_unasked() {
    let owner = Owner::new().await;
    let made = owner.run(MAKE).await;
    let attached = owner.run(ATTACH).await;
    owner
        .is_asked(&made, "it has the policies AliyunDTSRolePolicy")
        .await;
    owner.is_taken_back(&attached).await;
    owner.is_taken_back(&made).await;
    assert!(!owner.has_role().await);
}

#[tokio::test]
async fn a_role_that_somebody_edited_is_left_by_a_word_and_deleted_by_a_word() {
    for (word, code) in [("--leave", 6), ("--retry", 0)] {
        let owner = Owner::new().await;
        let made = owner.run(MAKE).await;
        owner.run(EDIT).await;
        owner.is_asked(&made, "AssumeRolePolicyDocument is").await;
        let words = ["resolve", &made, "made", word, "--why", "looked"];
        assert_eq!(owner.rutter(&words).await.code, Some(0));
        let ended = owner.undo(&made).await;
        assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
        assert_eq!(owner.has_role().await, word == "--leave");
    }
}

#[tokio::test]
async fn a_role_that_this_run_gave_a_policy_is_deleted() {
    let owner = Owner::new().await;
    let made = owner.run(&format!("{MAKE}{EDIT}{ATTACH}")).await;
    owner.is_taken_back(&made).await;
    assert!(!owner.has_role().await);
}

#[tokio::test]
async fn a_role_that_another_run_found_there_is_not_deleted_unasked() {
    let owner = Owner::new().await;
    let made = owner.run(MAKE).await;
    let found = owner.run(MAKE).await;
    let said = format!("run {found} found it there and uses it");
    owner.is_asked(&made, &said).await;
    // The index is made anew where it is missing, and where it is damaged.
    let index = owner.bench.state().join("adoptions");
    std::fs::remove_file(&index).expect("there is an index");
    owner.is_asked(&made, &said).await;
    std::fs::write(&index, "rutter adoptions 1\nx").expect("it can be written");
    owner.is_asked(&made, &said).await;
    owner.is_taken_back(&found).await;
    assert!(owner.has_role().await, "it was not that run's own");
    owner.is_taken_back(&made).await;
    assert!(!owner.has_role().await);
}

#[tokio::test]
async fn an_image_that_is_shared_since_is_not_deleted_unasked() {
    let mut owner = Owner::new().await;
    let made = owner.run(IMAGE).await;
    let state = owner.cloud.state().await;
    let images = state["1111111111111111"]["ecs-image"].as_object();
    let image = images.and_then(|images| images.keys().next().cloned());
    owner
        .somebody(&Request {
            product: "ECS".to_owned(),
            version: "2014-05-26".to_owned(),
            action: "ModifyImageSharePermission".to_owned(),
            region: Some("cn-hangzhou".to_owned()),
            access_key_id: "LTAI-others-owner".to_owned(),
            security_token: None,
            parameters: json!({
                "RegionId": "cn-hangzhou",
                "ImageId": image.expect("an image was made"),
                "AddAccount": ["2222222222222222"],
            }),
        })
        .await;
    let ended = owner.undo(&made).await;
    let text = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(6), "{text}");
    assert!(
        text.contains("it is shared with 2222222222222222"),
        "{text}"
    );
    let words = ["resolve", &made, "image", "--retry", "--why", "agreed"];
    assert_eq!(owner.rutter(&words).await.code, Some(0));
    owner.is_taken_back(&made).await;
    let state = owner.cloud.state().await;
    for kind in ["ecs-image", "ecs-snapshot"] {
        let left = state["1111111111111111"][kind].as_object();
        assert!(left.is_none_or(serde_json::Map::is_empty), "{kind}");
    }
}
