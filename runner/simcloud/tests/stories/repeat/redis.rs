//! Changes of R-kvstore, ready to be made.

use serde_json::json;

use super::Ready;
use crate::support::Story;

pub(super) fn whitelist(_story: &mut Story) -> Ready {
    (
        "source",
        json!({ "InstanceId": "r-source0001", "SecurityIps": "192.0.2.0/24", "ModifyMode": "Append" }),
    )
}

pub(super) fn cluster(_story: &mut Story) -> Ready {
    ("source", json!({ "InstanceId": "r-source0003" }))
}

pub(super) fn release_direct(story: &mut Story) -> Ready {
    let (who, parameters) = cluster(story);
    story.call(
        who,
        "R-kvstore:AllocateDirectConnection",
        parameters.clone(),
    );
    story.wait_seconds(61);
    (who, parameters)
}

pub(super) fn create_account(_story: &mut Story) -> Ready {
    let parameters = json!({ "InstanceId": "r-source0001", "AccountName": "copier", "AccountPassword": "Copier-Example-1" });
    ("source", parameters)
}

pub(super) fn delete_account(story: &mut Story) -> Ready {
    let (who, parameters) = create_account(story);
    story.call(who, "R-kvstore:CreateAccount", parameters);
    (
        who,
        json!({ "InstanceId": "r-source0001", "AccountName": "copier" }),
    )
}
