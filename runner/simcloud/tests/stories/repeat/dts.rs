//! Changes of DTS tasks, ready to be made.

use serde_json::{Value, json};

use super::{Ready, ram};
use crate::support::{SOURCE, Story};

pub(super) fn configure(story: &mut Story) -> Ready {
    ram::detach(story);
    let side = |prefix: &str, region: &str, id: &str| {
        [
            ("InstanceType", "REDIS"),
            ("EngineName", "REDIS"),
            ("Region", region),
            ("InstanceID", id),
        ]
        .map(|(name, value)| (format!("{prefix}Endpoint{name}"), json!(value)))
    };
    let mut parameters = json!({
        "RegionId": "cn-shanghai", "DtsJobName": "sync", "JobType": "SYNC", "StructureInitialization": true,
        "DataInitialization": true, "DataSynchronization": true, "DbList": { "0": { "name": "0", "all": true } },
        "SourceEndpointOwnerID": SOURCE, "SourceEndpointRole": "ram-for-dts",
    });
    let fields = parameters.as_object_mut().unwrap();
    fields.extend(side("Source", "cn-hangzhou", "r-source0001"));
    fields.extend(side("Destination", "cn-shanghai", "r-destination01"));
    ("destination", parameters)
}

/// A task whose precheck is over.
fn checked(story: &mut Story) -> Value {
    let (who, parameters) = configure(story);
    let job = story.call(who, "DTS:ConfigureDtsJob", parameters)["DtsJobId"].clone();
    story.wait_seconds(121);
    job
}

pub(super) fn skip(story: &mut Story) -> Ready {
    let job = checked(story);
    (
        "destination",
        json!({ "DtsJobId": job, "Skip": true, "SkipPreCheckItems": "[\"CHECK_SUPER_AUTH_DEST\"]" }),
    )
}

/// Buying first: nothing tells a second purchase from a first.
pub(super) fn buy(_story: &mut Story) -> Ready {
    let parameters = json!({
        "Type": "SYNC", "PayType": "PostPaid", "SourceRegion": "cn-hangzhou", "DestinationRegion": "cn-shanghai",
        "SourceEndpointEngineName": "Redis", "DestinationEndpointEngineName": "Redis",
    });
    ("destination", parameters)
}

/// A bought task that waits to be started.
pub(super) fn start(story: &mut Story) -> Ready {
    let job = checked(story);
    story.call(
        "destination",
        "DTS:CreateDtsInstance",
        json!({ "JobId": job, "PayType": "PostPaid" }),
    );
    ("destination", json!({ "DtsJobId": job }))
}

pub(super) fn suspend(story: &mut Story) -> Ready {
    let (who, parameters) = start(story);
    story.call(who, "DTS:StartDtsJob", parameters.clone());
    story.wait_seconds(3600);
    (who, parameters)
}

pub(super) fn stop(story: &mut Story) -> Ready {
    suspend(story)
}

pub(super) fn delete_job(story: &mut Story) -> Ready {
    suspend(story)
}

pub(super) fn create_rule(story: &mut Story) -> Ready {
    let job = checked(story);
    (
        "destination",
        json!({ "DtsJobId": job, "Type": "delay", "DelayRuleTime": 60, "Phone": "13000000000" }),
    )
}
