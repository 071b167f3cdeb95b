//! Changes of SMC, ready to be made.

use serde_json::json;

use super::Ready;
use crate::support::Story;

pub(super) fn create_token(_story: &mut Story) -> Ready {
    ("destination", json!({ "Name": "import" }))
}

pub(super) fn named_token(story: &mut Story) -> Ready {
    let (who, parameters) = create_token(story);
    (
        who,
        json!({ "AccessTokenId": story.call(who, "SMC:CreateAccessToken", parameters)["AccessTokenId"] }),
    )
}

pub(super) fn delete_source(story: &mut Story) -> Ready {
    let (who, parameters) = create_token(story);
    let token = story.call(who, "SMC:CreateAccessToken", parameters);
    let text = |name: &str| token[name].as_str().unwrap().to_owned();
    let script = format!(
        "smc_client --access-token-id {} --access-token-code {}",
        text("AccessTokenId"),
        text("AccessTokenCode")
    );
    story.call("source", "ECS:RunCommand", json!({
        "RegionId": "cn-hangzhou", "Type": "RunShellScript", "InstanceId": ["i-source0001"], "CommandContent": script, "Timeout": 900,
    }));
    story.wait_seconds(600);
    let sources = story.call(who, "SMC:DescribeSourceServers", json!({}));
    (
        who,
        json!({ "SourceId": sources["SourceServers"]["SourceServer"][0]["SourceId"] }),
    )
}

pub(super) fn create_replication(story: &mut Story) -> Ready {
    let (who, source) = delete_source(story);
    (
        who,
        json!({ "SourceId": source["SourceId"], "RegionId": "cn-shanghai" }),
    )
}

pub(super) fn start_replication(story: &mut Story) -> Ready {
    let (who, parameters) = create_replication(story);
    (
        who,
        json!({ "JobId": story.call(who, "SMC:CreateReplicationJob", parameters)["JobId"] }),
    )
}

pub(super) fn stop_replication(story: &mut Story) -> Ready {
    let (who, parameters) = start_replication(story);
    story.call(who, "SMC:StartReplicationJob", parameters.clone());
    story.wait_seconds(1_000);
    (who, parameters)
}

/// A job that repeats, between two runs; the last one takes a while.
pub(super) fn cut_over_replication(story: &mut Story) -> Ready {
    let (who, mut parameters) = create_replication(story);
    let more = json!({ "RunOnce": false, "Frequency": 24, "MaxNumberOfImageToKeep": 1 });
    let fields = parameters.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    let job = story.call(who, "SMC:CreateReplicationJob", parameters)["JobId"].clone();
    story.call(who, "SMC:StartReplicationJob", json!({ "JobId": job }));
    story.wait_seconds(4 * 3_600);
    (who, json!({ "JobId": job, "SyncData": true }))
}

pub(super) fn modify_replication(story: &mut Story) -> Ready {
    let (who, mut parameters) = start_replication(story);
    parameters["Name"] = json!("another-name");
    (who, parameters)
}

pub(super) fn delete_replication(story: &mut Story) -> Ready {
    start_replication(story)
}
