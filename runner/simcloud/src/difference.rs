//! The resources as a comparable value, and what differs between two of them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::file::EcsFile;
use crate::ram::{Policy, Role};
use crate::world::{Account, World};

/// Kind and id of each resource with its lasting properties, by account id.
pub type Summary = BTreeMap<String, BTreeMap<String, BTreeMap<String, Value>>>;

/// What happened to a resource between two summaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is new.
    Created,
    /// It is gone.
    Deleted,
    /// It has other properties.
    Modified,
}

/// One difference between two summaries.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The account that owns the resource.
    pub account_id: String,
    /// `ram-role`, `ram-policy`, `dts-job`, `ecs-image`, …
    pub kind: String,
    /// The resource's name or id.
    pub id: String,
    /// What happened to it.
    pub change: Change,
    /// The properties after, or before if it is gone; of a modified one `{"before": …, "after": …}`.
    pub detail: Value,
}

/// Returns what differs, by account, kind and id.
pub fn diff(before: &Summary, after: &Summary) -> Vec<Difference> {
    let before = flat(before);
    let after = flat(after);
    let mut places: Vec<_> = before.keys().chain(after.keys()).copied().collect();
    places.sort_unstable();
    places.dedup();
    places
        .into_iter()
        .filter_map(|place| {
            compare(
                place,
                before.get(&place).copied(),
                after.get(&place).copied(),
            )
        })
        .collect()
}

type Place<'a> = (&'a str, &'a str, &'a str);

fn flat(summary: &Summary) -> BTreeMap<Place<'_>, &Value> {
    let mut flat = BTreeMap::new();
    for (account, kinds) in summary {
        for (kind, resources) in kinds {
            flat.extend(
                resources
                    .iter()
                    .map(|(id, detail)| ((account.as_str(), kind.as_str(), id.as_str()), detail)),
            );
        }
    }
    flat
}

fn compare(place: Place<'_>, before: Option<&Value>, after: Option<&Value>) -> Option<Difference> {
    let (change, detail) = match (before, after) {
        (None, Some(after)) => (Change::Created, after.clone()),
        (Some(before), None) => (Change::Deleted, before.clone()),
        (Some(before), Some(after)) if before != after => (
            Change::Modified,
            json!({ "before": before, "after": after }),
        ),
        _ => return None,
    };
    let (account_id, kind, id) = place;
    Some(Difference {
        account_id: account_id.to_owned(),
        kind: kind.to_owned(),
        id: id.to_owned(),
        change,
        detail,
    })
}

pub(crate) fn summary(world: &World) -> Summary {
    let compare_data = world.settings.compare_data;
    world
        .accounts
        .values()
        .map(|account| (account.id.clone(), of_account(account, compare_data)))
        .collect()
}

/// Resources by id, by kind.
type Kinds = BTreeMap<String, BTreeMap<String, Value>>;

fn of_account(account: &Account, compare_data: bool) -> Kinds {
    let mut kinds = Kinds::new();
    add(&mut kinds, "ram-role", &account.roles, |role| {
        Some(of_role(role))
    });
    add(&mut kinds, "ram-policy", &account.policies, |policy| {
        Some(of_policy(policy))
    });
    add(&mut kinds, "redis-instance", &account.redis, |redis| {
        Some(redis.lasting(compare_data))
    });
    add(&mut kinds, "database", &account.databases, |database| {
        let data = if compare_data { database.data_mb } else { 0 };
        Some(json!({ "region": database.region, "type": database.kind, "data_mb": data }))
    });
    add(&mut kinds, "dts-job", &account.dts, |job| {
        (!job.is_deleted()).then(|| job.lasting())
    });
    add(&mut kinds, "dts-sync", &account.syncs, |sync| {
        Some(sync.lasting())
    });
    add(
        &mut kinds,
        "ecs-instance",
        &account.ecs.instances,
        |instance| Some(of_instance(instance)),
    );
    add(&mut kinds, "ecs-image", &account.ecs.images, |image| {
        Some(image.lasting())
    });
    add(
        &mut kinds,
        "ecs-snapshot",
        &account.ecs.snapshots,
        |snapshot| Some(snapshot.lasting()),
    );
    let smc = &account.smc;
    add(&mut kinds, "smc-access-token", &smc.tokens, |token| {
        Some(token.lasting())
    });
    add(&mut kinds, "smc-source-server", &smc.sources, |source| {
        (!source.is_deleting()).then(|| source.lasting())
    });
    add(&mut kinds, "smc-replication-job", &smc.jobs, |job| {
        (!job.is_deleting()).then(|| job.lasting())
    });
    kinds
}

/// Adds the resources of a kind that are there.
fn add<T>(
    kinds: &mut Kinds,
    kind: &str,
    resources: &BTreeMap<String, T>,
    lasting: impl Fn(&T) -> Option<Value>,
) {
    let lasting = resources
        .iter()
        .filter_map(|(id, resource)| Some((id.clone(), lasting(resource)?)));
    let lasting: BTreeMap<String, Value> = lasting.collect();
    if !lasting.is_empty() {
        kinds.insert(kind.to_owned(), lasting);
    }
}

fn of_instance(instance: &EcsFile) -> Value {
    json!({ "region": instance.region, "name": instance.name, "status": instance.status, "image": instance.image })
}

fn of_role(role: &Role) -> Value {
    let mut attached: Vec<String> = role
        .attached
        .iter()
        .map(|held| held.policy.to_string())
        .collect();
    attached.sort();
    json!({
        "trust": role.trust.latest(),
        "description": role.description,
        "max_session_seconds": role.max_session_seconds,
        "policies": attached,
    })
}

fn of_policy(policy: &Policy) -> Value {
    let documents: Vec<&str> = policy
        .versions
        .values()
        .map(|version| version.document.as_str())
        .collect();
    json!({ "description": policy.description, "documents": documents, "default": policy.default_document() })
}
