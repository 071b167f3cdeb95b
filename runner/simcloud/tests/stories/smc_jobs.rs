//! Migration jobs: what they leave in ECS, how they repeat, stop, break off, expire and are cut over.

use serde_json::{Value, json};

use crate::smc::import;
use crate::support::{DESTINATION, Story};

const TARGET: &str = r#"
[[accounts.destination.ecs]]
id = "i-target"
region = "cn-shanghai"
disks = [{ id = "d-target", size_gb = 40 }]

[[accounts.destination.snapshots]]
id = "s-auto"
region = "cn-shanghai"
disk = "d-target"
automatic = true

[[accounts.destination.snapshots]]
id = "s-own"
region = "cn-shanghai"
disk = "d-target"
"#;

fn with(more: &str) -> Story {
    let world = include_str!("../worlds/two_accounts.world.toml");
    Story::new(&format!("{world}\n{more}"))
}

fn breaking(stage: &str, code: &str) -> Story {
    with(&format!(
        "[[smc.failures]]\nserver = \"i-source0001\"\nstage = \"{stage}\"\ncode = \"{code}\"\n"
    ))
}

/// Creates a job for the imported server; returns its id.
fn create(story: &mut Story, more: Value) -> Value {
    let source = import(story);
    let mut parameters =
        json!({ "SourceId": source, "RegionId": "cn-shanghai", "ImageName": "from-a" });
    let fields = parameters.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    story.call("destination", "SMC:CreateReplicationJob", parameters)["JobId"].clone()
}

fn act(story: &mut Story, action: &str, job: &Value) {
    story.call(
        "destination",
        &format!("SMC:{action}"),
        json!({ "JobId": job }),
    );
}

fn refused(story: &mut Story, action: &str, job: &Value) -> String {
    story.refused(
        "destination",
        &format!("SMC:{action}"),
        json!({ "JobId": job }),
    )
}

fn look(story: &mut Story, job: &Value) -> Value {
    let answer = story.call(
        "destination",
        "SMC:DescribeReplicationJobs",
        json!({ "JobId": [job] }),
    );
    answer["ReplicationJobs"]["ReplicationJob"][0].clone()
}

fn status(story: &mut Story, job: &Value) -> String {
    look(story, job)["Status"]
        .as_str()
        .unwrap_or("NOT_FOUND")
        .to_owned()
}

fn list(story: &mut Story, call: &str, more: Value, path: &str) -> Vec<Value> {
    let mut parameters = json!({ "RegionId": "cn-shanghai" });
    let fields = parameters.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    let answer = story.call("destination", call, parameters);
    answer
        .pointer(path)
        .and_then(Value::as_array)
        .unwrap()
        .clone()
}

fn transition_instances(story: &mut Story) -> usize {
    let named = json!({ "InstanceName": "No_Delete_SMC_Transition_Instance" });
    list(story, "ECS:DescribeInstances", named, "/Instances/Instance").len()
}

fn transition_disks(story: &mut Story) -> usize {
    let named = json!({ "DiskName": "SMC_Temp_Disk", "InstanceId": "i-target" });
    list(story, "ECS:DescribeDisks", named, "/Disks/Disk").len()
}

fn images(story: &mut Story) -> Vec<String> {
    let images = list(
        story,
        "ECS:DescribeImages",
        json!({ "Status": "ALL" }),
        "/Images/Image",
    );
    let mut names: Vec<String> = images
        .iter()
        .map(|image| image["ImageName"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn is_charged(story: &Story) -> bool {
    let charges = story.world.charges();
    charges
        .iter()
        .any(|charge| charge.kind.starts_with("smc-") && charge.until_ms.is_none())
}

#[test]
fn the_intermediate_instance_stands_while_a_job_runs_and_goes_when_it_is_done() {
    let mut story = Story::two_accounts();
    let job = create(&mut story, json!({}));
    assert_eq!(transition_instances(&mut story), 0);
    act(&mut story, "StartReplicationJob", &job);
    story.wait_seconds(60);
    assert_eq!(transition_instances(&mut story), 1);
    let shown = look(&mut story, &job)["TransitionInstanceId"].clone();
    let listed = list(
        &mut story,
        "ECS:DescribeInstances",
        json!({}),
        "/Instances/Instance",
    );
    assert_eq!(listed[0]["InstanceId"], shown);
    assert!(is_charged(&story));
    story.wait_seconds(86_400);
    assert_eq!(status(&mut story, &job), "Finished");
    assert_eq!(transition_instances(&mut story), 0);
    assert!(!is_charged(&story));
    assert_eq!(images(&mut story), ["from-a"]);
    let snapshots = list(
        &mut story,
        "ECS:DescribeSnapshots",
        json!({}),
        "/Snapshots/Snapshot",
    );
    assert_eq!(snapshots.len(), 1, "a snapshot stands behind the image");
}

#[test]
fn a_job_that_breaks_off_keeps_its_instance_until_it_is_deleted_or_started_again() {
    let mut story = breaking("syncing", "Do Rsync Disk x Failed");
    let job = create(&mut story, json!({}));
    act(&mut story, "StartReplicationJob", &job);
    story.wait_seconds(86_400);
    let broken = look(&mut story, &job);
    assert_eq!(broken["Status"], "InError");
    assert_eq!(broken["ErrorCode"], "Do Rsync Disk x Failed");
    assert_eq!(transition_instances(&mut story), 1);
    assert!(is_charged(&story));

    let mut again = Story {
        world: story.world.clone(),
        now: story.now,
        region: story.region.clone(),
    };
    act(&mut again, "StartReplicationJob", &job);
    again.wait_seconds(86_400);
    assert_eq!(status(&mut again, &job), "Finished", "it goes well now");
    assert_eq!(transition_instances(&mut again), 0);

    act(&mut story, "DeleteReplicationJob", &job);
    assert_eq!(status(&mut story, &job), "Deleting");
    assert_eq!(transition_instances(&mut story), 0);
    assert!(!is_charged(&story));
    story.wait_seconds(60);
    assert_eq!(status(&mut story, &job), "NOT_FOUND");
}

#[test]
fn a_migration_into_an_instance_replaces_its_system_and_clears_its_automatic_snapshots() {
    let mut story = with(TARGET);
    let into = json!({ "TargetType": "TargetInstance", "InstanceId": "i-target" });
    let job = create(&mut story, into);
    let before = story.world.summary();
    act(&mut story, "StartReplicationJob", &job);
    story.wait_seconds(60);
    assert_eq!(transition_disks(&mut story), 1);
    let left = list(
        &mut story,
        "ECS:DescribeSnapshots",
        json!({ "DiskId": "d-target" }),
        "/Snapshots/Snapshot",
    );
    let left: Vec<_> = left.iter().map(|left| &left["SnapshotId"]).collect();
    assert_eq!(left, ["s-own"], "the automatic one is gone");
    story.wait_seconds(86_400);
    assert_eq!(status(&mut story, &job), "Finished");
    assert_eq!(transition_disks(&mut story), 0);
    act(&mut story, "DeleteReplicationJob", &job);
    let after = story.world.summary();
    let system = |summary: &rutter_simcloud::Summary| {
        summary[DESTINATION]["ecs-instance"]["i-target"]["image"].clone()
    };
    assert_ne!(system(&before), system(&after), "nothing brings it back");
}

#[test]
fn a_disk_that_keeps_its_automatic_snapshots_keeps_them() {
    let world = TARGET.replace(
        "size_gb = 40 }",
        "size_gb = 40, delete_auto_snapshot = false }",
    );
    let mut story = with(&world);
    let into = json!({ "TargetType": "TargetInstance", "InstanceId": "i-target" });
    let job = create(&mut story, into);
    act(&mut story, "StartReplicationJob", &job);
    story.wait_seconds(60);
    let of_policy = json!({ "SnapshotType": "auto" });
    let left = list(
        &mut story,
        "ECS:DescribeSnapshots",
        of_policy,
        "/Snapshots/Snapshot",
    );
    assert_eq!(left.len(), 1);
}

#[test]
fn a_job_is_paused_only_while_it_copies_and_goes_on_where_it_was() {
    let mut story = Story::two_accounts();
    let job = create(&mut story, json!({}));
    act(&mut story, "StartReplicationJob", &job);
    let early = refused(&mut story, "StopReplicationJob", &job);
    assert_eq!(early, "ReplicationJob.InvalidStatus");
    story.wait_seconds(1_000);
    act(&mut story, "StopReplicationJob", &job);
    assert_eq!(status(&mut story, &job), "Stopped");
    assert!(is_charged(&story), "what it copied is on the instance");
    story.wait_seconds(86_400);
    assert_eq!(status(&mut story, &job), "Stopped");
    act(&mut story, "StartReplicationJob", &job);
    story.wait_seconds(86_400);
    assert_eq!(status(&mut story, &job), "Finished");
}

#[test]
fn a_job_that_repeats_waits_keeps_so_many_images_and_is_cut_over() {
    let mut story = Story::two_accounts();
    let incomplete = {
        let source = import(&mut story);
        json!({ "SourceId": source, "RegionId": "cn-shanghai", "RunOnce": false, "Frequency": 6 })
    };
    let code = story.refused("destination", "SMC:CreateReplicationJob", incomplete);
    assert_eq!(code, "MissingParameter.MaxNumberOfImageToKeep");

    let mut story = Story::two_accounts();
    let repeats = json!({ "RunOnce": false, "Frequency": 6, "MaxNumberOfImageToKeep": 2 });
    let job = create(&mut story, repeats);
    let early = refused(&mut story, "CutOverReplicationJob", &job);
    assert_eq!(early, "ReplicationJob.InvalidStatus");
    act(&mut story, "StartReplicationJob", &job);
    story.wait_seconds(3 * 3_600);
    assert_eq!(status(&mut story, &job), "Waiting");
    assert_eq!(images(&mut story), ["from-a"]);
    story.wait_seconds(18 * 3_600);
    let runs = look(&mut story, &job)["ReplicationJobRuns"]["ReplicationJobRun"].clone();
    let kinds: Vec<_> = runs
        .as_array()
        .unwrap()
        .iter()
        .map(|run| &run["Type"])
        .collect();
    assert_eq!(kinds, ["Manual", "Schedule", "Schedule", "Schedule"]);
    assert_eq!(images(&mut story), ["from-a_3", "from-a_4"]);
    story.call(
        "destination",
        "SMC:CutOverReplicationJob",
        json!({ "JobId": job, "SyncData": true }),
    );
    assert_eq!(status(&mut story, &job), "Running");
    story.wait_seconds(3 * 3_600);
    let done = look(&mut story, &job);
    assert_eq!(done["Status"], "Finished");
    assert_eq!(images(&mut story), ["from-a_4", "from-a_5"]);
    assert!(!is_charged(&story));
}

#[test]
fn a_schedule_lies_ten_minutes_to_thirty_days_ahead() {
    let mut story = Story::two_accounts();
    let source = import(&mut story);
    let at = |text: &str| json!({ "SourceId": source, "RegionId": "cn-shanghai", "ScheduledStartTime": text });
    for wrong in ["2026-01-15T20:10:00Z", "2026-02-20T00:00:00Z", "tomorrow"] {
        let code = story.refused("destination", "SMC:CreateReplicationJob", at(wrong));
        assert_eq!(code, "InvalidParameter", "{wrong}");
    }
    let job = story.call(
        "destination",
        "SMC:CreateReplicationJob",
        at("2026-01-15T22:00:00Z"),
    )["JobId"]
        .clone();
    assert_eq!(status(&mut story, &job), "Ready");
    story.wait_seconds(2 * 3_600);
    assert_eq!(status(&mut story, &job), "Running");
}

#[test]
fn what_is_not_run_expires_and_goes_a_week_later() {
    let mut story = Story::two_accounts();
    let code = {
        let source = import(&mut story);
        let short = json!({ "SourceId": source, "RegionId": "cn-shanghai", "ValidTime": "2026-01-16T20:00:00Z" });
        story.refused("destination", "SMC:CreateReplicationJob", short)
    };
    assert_eq!(code, "InvalidParameter");
    let mut story = Story::two_accounts();
    let job = create(&mut story, json!({ "ValidTime": "2026-01-25T20:00:00Z" }));
    story.wait_seconds(10 * 86_400);
    assert_eq!(status(&mut story, &job), "Expired");
    let late = refused(&mut story, "StartReplicationJob", &job);
    assert_eq!(late, "ReplicationJob.InvalidStatus");
    story.wait_seconds(8 * 86_400);
    assert_eq!(status(&mut story, &job), "NOT_FOUND");
}

#[test]
fn a_name_that_an_image_has_already_ends_the_job() {
    let mut story = with(
        "[[accounts.destination.images]]\nid = \"m-old\"\nregion = \"cn-shanghai\"\nname = \"from-a\"\n",
    );
    let job = create(&mut story, json!({}));
    act(&mut story, "StartReplicationJob", &job);
    story.wait_seconds(86_400);
    assert_eq!(
        look(&mut story, &job)["ErrorCode"],
        "InvalidImageName.Duplicated"
    );
    let other = json!({ "JobId": job, "ImageName": "from-a-again" });
    story.call("destination", "SMC:ModifyReplicationJobAttribute", other);
    act(&mut story, "StartReplicationJob", &job);
    story.wait_seconds(86_400);
    assert_eq!(status(&mut story, &job), "Finished");
    assert_eq!(images(&mut story), ["from-a", "from-a-again"]);
}

#[test]
fn sizes_are_given_only_for_disks_that_there_are() {
    let mut story = Story::two_accounts();
    let source = import(&mut story);
    let sized =
        |disks: Value| json!({ "SourceId": source, "RegionId": "cn-shanghai", "DataDisk": disks });
    let absent = sized(json!([{ "Index": 1, "Size": 40 }]));
    assert_eq!(
        story.refused("destination", "SMC:CreateReplicationJob", absent),
        "ReplicationJobDataDiskIndex.Invalid"
    );
    let twice = sized(json!([{ "Index": 1, "Size": 40 }, { "Index": 1, "Size": 50 }]));
    assert_eq!(
        story.refused("destination", "SMC:CreateReplicationJob", twice),
        "DataDisk.DuplicateIndex"
    );
}

#[test]
fn a_world_may_begin_with_a_job_that_broke_off() {
    let more = r#"
[[accounts.destination.smc_sources]]
id = "s-shop"
server = "i-source0001"

[[accounts.destination.smc_jobs]]
id = "j-broken"
source = "s-shop"
region = "cn-shanghai"
error = "check rsync failed"
"#;
    let mut story = with(more);
    let job = json!("j-broken");
    assert_eq!(look(&mut story, &job)["ErrorCode"], "check rsync failed");
    assert_eq!(transition_instances(&mut story), 1);
    assert!(is_charged(&story));
    act(&mut story, "DeleteReplicationJob", &job);
    assert_eq!(transition_instances(&mut story), 0);
}

#[test]
fn the_policies_of_a_user_are_listed() {
    let mut story = Story::two_accounts();
    let listed = story.call(
        "source",
        "RAM:ListPoliciesForUser",
        json!({ "UserName": "reader" }),
    );
    assert_eq!(listed["Policies"]["Policy"][0]["PolicyName"], "read-roles");
    let nobody = json!({ "UserName": "nobody-of-the-kind" });
    assert_eq!(
        story.refused("source", "RAM:ListPoliciesForUser", nobody),
        "EntityNotExist.User"
    );
}
