//! Which call takes back which change, and on which object: anything else that is said to take it back is
//! something else than its reverse.

use serde_json::{Value, json};

use crate::uses::From;
use crate::wire::plain_text as text;

/// A call as it is compared: as it was made, or as it will be.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// The product as the table spells it.
    pub product: &'a str,
    /// The action as the table spells it, `DeleteRole`.
    pub action: &'a str,
    /// The region that is called, where it is not the account's.
    pub region: Option<&'a str>,
    /// The structured parameters; `{"$answer": pointer}` stands for a field of the change's answer.
    pub parameters: &'a Value,
    /// Of what takes a change back: it is called on another account than the change was.
    pub elsewhere: bool,
}

/// What one change is taken back by.
struct Back {
    /// The change, `RAM:CreateRole`.
    change: &'static str,
    /// What takes it back.
    by: &'static str,
    /// The parameters that name the object, each with where it comes from.
    object: &'static [(&'static str, From)],
    /// Parameters that may be given besides.
    besides: &'static [&'static str],
    /// A parameter of the change that must have this value, or must not be there.
    only: Option<(&'static str, Option<&'static str>)>,
    /// The parameter of the change that names the object's region, where that is not the call's.
    region: Option<&'static str>,
    /// The object may belong to another account than the change was made on.
    elsewhere: bool,
}

const fn back(
    change: &'static str,
    by: &'static str,
    object: &'static [(&'static str, From)],
) -> Back {
    Back {
        change,
        by,
        object,
        besides: &[],
        only: None,
        region: None,
        elsewhere: false,
    }
}

impl Back {
    const fn besides(mut self, besides: &'static [&'static str]) -> Self {
        self.besides = besides;
        self
    }

    const fn only(mut self, parameter: &'static str, value: Option<&'static str>) -> Self {
        self.only = Some((parameter, value));
        self
    }

    const fn region(mut self, parameter: &'static str) -> Self {
        self.region = Some(parameter);
        self
    }

    const fn elsewhere(mut self) -> Self {
        self.elsewhere = true;
        self
    }
}

const INSTANCE: (&str, From) = ("InstanceId", From::Call("InstanceId"));
const ROLE: (&str, From) = ("RoleName", From::Call("RoleName"));
const USER: (&str, From) = ("UserName", From::Call("UserName"));
const POLICY: (&str, From) = ("PolicyName", From::Call("PolicyName"));
const POLICY_TYPE: (&str, From) = ("PolicyType", From::Call("PolicyType"));
const IMAGE: &[(&str, From)] = &[("ImageId", From::Answer("/ImageId"))];
const DTS_JOB: &[(&str, From)] = &[("DtsJobId", From::Call("DtsJobId"))];
const TOKEN: &[(&str, From)] = &[("AccessTokenId", From::Answer("/AccessTokenId"))];
const SMC_JOB: &[(&str, From)] = &[("JobId", From::Call("JobId"))];
const WAYS: &[&str] = &["Force", "ForceStop", "TerminateSubscription"];

/// `DTS:CreateDtsInstance` has none: what it buys is taken back with the task that it was bought for, and that is
/// its reverse only where the same run configured the task.
const BACKS: [Back; 34] = [
    back("RAM:CreateRole", "RAM:DeleteRole", &[ROLE]),
    back("RAM:CreatePolicy", "RAM:DeletePolicy", &[POLICY]),
    back(
        "RAM:CreatePolicyVersion",
        "RAM:DeletePolicyVersion",
        &[
            POLICY,
            ("VersionId", From::Answer("/PolicyVersion/VersionId")),
        ],
    ),
    back(
        "RAM:AttachPolicyToRole",
        "RAM:DetachPolicyFromRole",
        &[POLICY, POLICY_TYPE, ROLE],
    ),
    back(
        "RAM:DetachPolicyFromRole",
        "RAM:AttachPolicyToRole",
        &[POLICY, POLICY_TYPE, ROLE],
    ),
    back(
        "RAM:AttachPolicyToUser",
        "RAM:DetachPolicyFromUser",
        &[POLICY, POLICY_TYPE, USER],
    ),
    back(
        "RAM:DetachPolicyFromUser",
        "RAM:AttachPolicyToUser",
        &[POLICY, POLICY_TYPE, USER],
    ),
    back("ECS:CreateImage", "ECS:DeleteImage", IMAGE).besides(WAYS),
    back("ECS:CopyImage", "ECS:DeleteImage", IMAGE)
        .besides(WAYS)
        .region("DestinationRegionId"),
    back("ECS:CopyImage", "ECS:CancelCopyImage", IMAGE).region("DestinationRegionId"),
    back(
        "ECS:CreateSnapshot",
        "ECS:DeleteSnapshot",
        &[("SnapshotId", From::Answer("/SnapshotId"))],
    )
    .besides(WAYS),
    back(
        "ECS:RunInstances",
        "ECS:DeleteInstance",
        &[(
            "InstanceId",
            From::Answer("/InstanceIdSets/InstanceIdSet/0"),
        )],
    )
    .besides(WAYS),
    back(
        "ECS:CreateInstance",
        "ECS:DeleteInstance",
        &[("InstanceId", From::Answer("/InstanceId"))],
    )
    .besides(WAYS),
    back("ECS:StopInstance", "ECS:StartInstance", &[INSTANCE]),
    back("ECS:StartInstance", "ECS:StopInstance", &[INSTANCE]).besides(&["StoppedMode"]),
    back(
        "ECS:RunCommand",
        "ECS:StopInvocation",
        &[("InvokeId", From::Answer("/InvokeId"))],
    ),
    back(
        "ECS:InvokeCommand",
        "ECS:StopInvocation",
        &[("InvokeId", From::Answer("/InvokeId"))],
    ),
    // A client registers the server: with the code that the step made, started by its script or by a person, and
    // under an id that no answer tells. The registration holds no data, and the client can make it anew.
    // The server may belong to another account than the one that it registers with.
    back("ECS:RunCommand", "SMC:DeleteSourceServer", &[])
        .besides(&["SourceId"])
        .elsewhere(),
    back("SMC:CreateAccessToken", "SMC:DeleteSourceServer", &[])
        .besides(&["SourceId"])
        .elsewhere(),
    back(
        "SMC:CreateReplicationJob",
        "SMC:DeleteReplicationJob",
        &[("JobId", From::Answer("/JobId"))],
    ),
    back(
        "SMC:CreateReplicationJob",
        "SMC:StopReplicationJob",
        &[("JobId", From::Answer("/JobId"))],
    ),
    back("SMC:StartReplicationJob", "SMC:StopReplicationJob", SMC_JOB),
    back("SMC:CreateAccessToken", "SMC:DeleteAccessToken", TOKEN),
    back("SMC:CreateAccessToken", "SMC:DisableAccessToken", TOKEN),
    back(
        "SMC:CreateWorkgroup",
        "SMC:DeleteWorkgroup",
        &[("WorkgroupId", From::Answer("/WorkgroupId"))],
    ),
    // With an id it configures a task that is there.
    back(
        "DTS:ConfigureDtsJob",
        "DTS:DeleteDtsJob",
        &[("DtsJobId", From::Answer("/DtsJobId"))],
    )
    .only("DtsJobId", None),
    back("DTS:SuspendDtsJob", "DTS:StartDtsJob", DTS_JOB),
    back("DTS:StartDtsJob", "DTS:SuspendDtsJob", DTS_JOB),
    back(
        "DTS:CreateSynchronizationJob",
        "DTS:DeleteSynchronizationJob",
        &[(
            "SynchronizationJobId",
            From::Answer("/SynchronizationJobId"),
        )],
    ),
    back(
        "DTS:SuspendSynchronizationJob",
        "DTS:StartSynchronizationJob",
        &[("SynchronizationJobId", From::Call("SynchronizationJobId"))],
    ),
    back(
        "R-kvstore:AllocateDirectConnection",
        "R-kvstore:ReleaseDirectConnection",
        &[INSTANCE],
    ),
    back(
        "R-kvstore:CreateAccount",
        "R-kvstore:DeleteAccount",
        &[INSTANCE, ("AccountName", From::Call("AccountName"))],
    ),
    back(
        "R-kvstore:CreateInstance",
        "R-kvstore:DeleteInstance",
        &[("InstanceId", From::Answer("/InstanceId"))],
    ),
    back(
        "R-kvstore:ModifySecurityIps",
        "R-kvstore:ModifySecurityIps",
        &[
            INSTANCE,
            ("SecurityIps", From::Call("SecurityIps")),
            ("SecurityIpGroupName", From::Call("SecurityIpGroupName")),
            ("ModifyMode", From::Text("Delete")),
        ],
    )
    .only("ModifyMode", Some("Append")),
];

/// Returns whether a call takes back what a change made, and nothing else. `answer` is the change's, where it is
/// known already.
///
/// ```
/// use rutter_contracts::{Called, takes_back};
/// let given = serde_json::json!({"RoleName": "r"});
/// let called = |action| Called {
///     product: "RAM", action, region: None, parameters: &given, elsewhere: false,
/// };
/// assert!(takes_back(called("CreateRole"), None, called("DeleteRole")));
/// assert!(!takes_back(called("CreateRole"), None, called("DeletePolicy")));
/// ```
pub fn takes_back(change: Called<'_>, answer: Option<&Value>, by: Called<'_>) -> bool {
    let mut rows = BACKS.iter();
    rows.any(|row| {
        row.change == change.label() && row.by == by.label() && row.fits(change, answer, by)
    })
}

impl Back {
    fn fits(&self, change: Called<'_>, answer: Option<&Value>, by: Called<'_>) -> bool {
        let applies = self.only.is_none_or(|(name, value)| {
            let given = change.parameters.get(name).filter(|given| !given.is_null());
            given.map(text) == value.map(str::to_owned)
        });
        let Value::Object(members) = by.parameters else {
            return false;
        };
        let object = self.object.iter().all(|(name, from)| {
            let given = members.get(*name);
            is_from(*from, given, change.parameters, answer)
        });
        let known = members.keys().all(|name| {
            let of_object = self.object.iter().any(|(own, _)| own == name);
            of_object || self.besides.contains(&name.as_str()) || is_usual(by, name)
        });
        let account = !by.elsewhere || self.elsewhere;
        applies && object && known && account && self.is_there(change, by)
    }

    /// Whether it is called where the change was made.
    fn is_there(&self, change: Called<'_>, by: Called<'_>) -> bool {
        let given = |name: &str| change.parameters.get(name).and_then(Value::as_str);
        let (region, parameter) = match self.region {
            Some(name) => (given(name), given(name)),
            None => (change.region, given("RegionId").or(change.region)),
        };
        let named = by.parameters.get("RegionId").and_then(Value::as_str);
        by.region == region && (named.is_none() || named == parameter || named == region)
    }
}

impl Called<'_> {
    fn label(&self) -> String {
        format!("{}:{}", self.product, self.action)
    }
}

/// What says nothing about the object.
fn is_usual(by: Called<'_>, name: &str) -> bool {
    let token = crate::action(by.product, by.action).and_then(|one| one.token_parameter.as_deref());
    name == "RegionId" || token == Some(name)
}

fn is_from(from: From, given: Option<&Value>, change: &Value, answer: Option<&Value>) -> bool {
    match from {
        From::Call(name) => given.map(text) == change.get(name).map(text),
        From::Text(value) => given.and_then(Value::as_str) == Some(value),
        From::Answer(pointer) => {
            let open = json!({ "$answer": pointer });
            let known = answer.and_then(|answer| answer.pointer(pointer));
            given.is_some_and(|given| {
                *given == open || known.is_some_and(|known| text(known) == text(given))
            })
        }
    }
}

/// How a look shows what a change makes in passing.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The action that reads the object that the change made.
    pub read: &'a str,
    /// A pointer to the list in its answer.
    pub list: &'a str,
    /// A pointer to what tells an element from others.
    pub key: &'a str,
    /// What the change's answer would have held.
    pub answer: &'a Value,
}

/// How one kind of object that is made in passing is seen and removed.
#[derive(Clone, Copy, Debug)]
pub struct InPassing<'a> {
    /// The read that lists them; the look's own when absent.
    pub read: Option<Called<'a>>,
    /// A pointer to the list in the answer.
    pub list: &'a str,
    /// A pointer to the id in an element.
    pub id: &'a str,
    /// The call that removes one.
    pub remove: Called<'a>,
}

/// Returns whether what is removed is what a change makes in passing. `behind` is the kind that it is behind.
pub fn is_made_in_passing(
    change: Called<'_>,
    shown: Shown<'_>,
    behind: Option<InPassing<'_>>,
    one: InPassing<'_>,
) -> bool {
    let label = change.label();
    let is_image = |kind: InPassing<'_>| {
        let lists = ["/ReplicationJobRuns/ReplicationJobRun", ""];
        let job = Shown {
            read: "DescribeReplicationJobs",
            list: "/ReplicationJobs/ReplicationJob",
            key: "/JobId",
            answer: &json!({ "JobId": { "$found": "/JobId" } }),
        };
        let listed = kind.read.is_none() && lists.contains(&kind.list) && kind.id == "/ImageId";
        label == "SMC:CreateReplicationJob"
            && shown.is(job)
            && listed
            && removes(kind, "ECS:DeleteImage", "ImageId")
    };
    if removes(one, "ECS:DeleteImage", "ImageId") {
        return behind.is_none() && is_image(one);
    }
    if !removes(one, "ECS:DeleteSnapshot", "SnapshotId") || one.id != "/SnapshotId" {
        return false;
    }
    let image = Shown {
        read: "DescribeImages",
        list: "/Images/Image",
        key: "/ImageId",
        answer: &json!({ "ImageId": { "$found": "/ImageId" } }),
    };
    let makes_image = matches!(label.as_str(), "ECS:CreateImage" | "ECS:CopyImage");
    match (one.read, behind) {
        (None, None) => {
            makes_image && shown.is(image) && one.list == "/DiskDeviceMappings/DiskDeviceMapping"
        }
        (Some(_), None) => makes_image && is_named_by(one, "/ImageId"),
        (Some(_), Some(behind)) => is_image(behind) && is_named_by(one, "/Id"),
        (None, Some(_)) => false,
    }
}

impl Shown<'_> {
    fn is(&self, other: Shown<'_>) -> bool {
        let same = (self.read, self.list, self.key) == (other.read, other.list, other.key);
        same && self.answer == other.answer
    }
}

/// Whether it removes what it lists, by this call.
fn removes(kind: InPassing<'_>, by: &str, parameter: &str) -> bool {
    let open = json!({ "$answer": "/Id" });
    let Value::Object(members) = kind.remove.parameters else {
        return false;
    };
    let known = |name: &String| name == parameter || name == "Force" || is_usual(kind.remove, name);
    let same = members.get(parameter) == Some(&open);
    kind.remove.label() == by && same && members.keys().all(known)
}

/// Whether the snapshots are those that the cloud names by the image.
fn is_named_by(kind: InPassing<'_>, pointer: &str) -> bool {
    let name = json!({ "$text": ["Created_from_", { "$answer": pointer }] });
    kind.read.is_some_and(|read| {
        let named = read.parameters.get("SnapshotName") == Some(&name);
        read.label() == "ECS:DescribeSnapshots" && named && kind.list == "/Snapshots/Snapshot"
    })
}

#[cfg(test)]
mod tests;
