//! Changes of the older DTS synchronisations, ready to be made.

use serde_json::json;

use super::Ready;
use crate::support::Story;

pub(super) fn buy(_story: &mut Story) -> Ready {
    let parameters = json!({
        "RegionId": "cn-shanghai", "SourceRegion": "cn-hangzhou", "DestRegion": "cn-shanghai", "PayType": "PostPaid",
        "SourceEndpoint": { "InstanceType": "Redis" }, "DestinationEndpoint": { "InstanceType": "Redis" },
        "SynchronizationJobClass": "small",
    });
    ("destination", parameters)
}

/// Between two instances of one account, which starts by itself.
pub(super) fn configure(story: &mut Story) -> Ready {
    let (who, parameters) = buy(story);
    let job =
        story.call(who, "DTS:CreateSynchronizationJob", parameters)["SynchronizationJobId"].clone();
    let side = |id: &str| json!({ "InstanceType": "Redis", "InstanceId": id });
    let parameters = json!({
        "SynchronizationJobId": job, "DataInitialization": true, "StructureInitialization": true,
        "SynchronizationObjects": "[{\"DBName\":\"0\"}]", "MigrationReserved": {},
        "SourceEndpoint": side("r-source0002"), "DestinationEndpoint": side("r-destination01"),
    });
    (who, parameters)
}

pub(super) fn start(story: &mut Story) -> Ready {
    let (who, mut parameters) = configure(story);
    parameters["MigrationReserved"] = json!({ "autoStartModulesAfterConfig": "none" });
    let job = json!({ "SynchronizationJobId": parameters["SynchronizationJobId"] });
    story.call(who, "DTS:ConfigureSynchronizationJob", parameters);
    (who, job)
}

pub(super) fn suspend(story: &mut Story) -> Ready {
    let (who, parameters) = start(story);
    story.call(who, "DTS:StartSynchronizationJob", parameters.clone());
    story.wait_seconds(3600);
    (who, parameters)
}
