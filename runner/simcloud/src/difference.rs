//! The resources as a comparable value, and what differs between two of them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::ecs::EcsFile;
use crate::ram::{Policy, Role};
use crate::register::Register;
use crate::world::World;

/// Kind and id of each resource with its lasting properties, by account id.
pub type Summary = BTreeMap<String, BTreeMap<String, BTreeMap<String, Value>>>;

/// What happened to a resource between two summaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is in the second summary only.
    Created,
    /// It is in the first summary only.
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
    let mut keys: Vec<_> = before.keys().chain(after.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .filter_map(|key| compare(key, before.get(&key).copied(), after.get(&key).copied()))
        .collect()
}

/// A resource: its account, its kind and its id.
type ResourceKey<'a> = (&'a str, &'a str, &'a str);

fn flat(summary: &Summary) -> BTreeMap<ResourceKey<'_>, &Value> {
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

fn compare(
    key: ResourceKey<'_>,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Option<Difference> {
    let (change, detail) = match (before, after) {
        (None, Some(after)) => (Change::Created, after.clone()),
        (Some(before), None) => (Change::Deleted, before.clone()),
        (Some(before), Some(after)) if before != after => (
            Change::Modified,
            json!({ "before": before, "after": after }),
        ),
        _ => return None,
    };
    let (account_id, kind, id) = key;
    Some(Difference {
        account_id: account_id.to_owned(),
        kind: kind.to_owned(),
        id: id.to_owned(),
        change,
        detail,
    })
}

impl World {
    /// Returns the resources, as what undoing everything must give again.
    ///
    /// Times, states that change by themselves, deleted things that can still be read for a while, and data inside
    /// databases are not part of it: data that was synchronised into a database is a change that no undo takes back. A world
    /// file with `compare_data = true` makes the amount of data a part all the same.
    pub fn summary(&self) -> Summary {
        let compare_data = self.settings.compare_data;
        self.ram
            .keys()
            .map(|account| {
                let mut kinds = Kinds::new();
                visit(self, account, compare_data, &mut kinds);
                (account.clone(), kinds)
            })
            .collect()
    }
}

/// Resources by id, by kind.
type Kinds = BTreeMap<String, BTreeMap<String, Value>>;

/// Somebody who goes through the kinds of resources that a summary shows.
trait Visitor {
    /// `lasting` gives a resource's lasting properties, nothing if it only seems to be there.
    fn visit<T: Clone>(
        &mut self,
        kind: &'static str,
        resources: &Register<T>,
        lasting: impl Fn(&T) -> Option<Value>,
    );
}

fn visit(world: &World, account: &str, compare_data: bool, visitor: &mut impl Visitor) {
    let ram = &world.ram[account];
    visitor.visit("ram-role", &ram.roles, |role| Some(of_role(role)));
    visitor.visit("ram-policy", &ram.policies, |policy| {
        Some(of_policy(policy))
    });
    visitor.visit("redis-instance", &world.redis[account], |redis| {
        Some(redis.lasting(compare_data))
    });
    let dts = &world.dts[account];
    visitor.visit("database", &dts.databases, |database| {
        let data = if compare_data { database.data_mb } else { 0 };
        Some(json!({ "region": database.region, "type": database.kind, "data_mb": data }))
    });
    visitor.visit("dts-job", &dts.jobs, |job| {
        (!job.is_deleted()).then(|| job.lasting())
    });
    visitor.visit("dts-sync", &dts.syncs, |sync| Some(sync.lasting()));
    let ecs = &world.ecs[account];
    visitor.visit("ecs-instance", &ecs.instances, |instance| {
        Some(of_instance(instance))
    });
    visitor.visit("ecs-image", &ecs.images, |image| Some(image.lasting()));
    visitor.visit("ecs-snapshot", &ecs.snapshots, |snapshot| {
        Some(snapshot.lasting())
    });
    let smc = &world.smc[account];
    visitor.visit("smc-access-token", &smc.tokens, |token| {
        Some(token.lasting())
    });
    visitor.visit("smc-source-server", &smc.sources, |source| {
        (!source.is_deleting()).then(|| source.lasting())
    });
    visitor.visit("smc-replication-job", &smc.jobs, |job| {
        (!job.is_deleting()).then(|| job.lasting())
    });
}

impl Visitor for Kinds {
    fn visit<T: Clone>(
        &mut self,
        kind: &'static str,
        resources: &Register<T>,
        lasting: impl Fn(&T) -> Option<Value>,
    ) {
        let lasting = resources
            .iter()
            .filter_map(|(id, resource)| Some((id.clone(), lasting(resource)?)));
        let lasting: BTreeMap<String, Value> = lasting.collect();
        if !lasting.is_empty() {
            self.insert(kind.to_owned(), lasting);
        }
    }
}

/// Whether anything that is watched has other lasting properties than before.
struct Differs(bool);

impl Visitor for Differs {
    fn visit<T: Clone>(
        &mut self,
        _: &'static str,
        resources: &Register<T>,
        lasting: impl Fn(&T) -> Option<Value>,
    ) {
        let mut watched = resources.watched();
        self.0 |=
            watched.any(|(before, after)| before.and_then(&lasting) != after.and_then(&lasting));
    }
}

/// Watches every resource from now on, for [`differs`].
pub(crate) fn watch(world: &mut World) {
    world.registers().for_each(|register| register.watch());
}

/// Returns whether a summary would be another than when [`watch`] was called, from what was touched since; nothing is
/// watched any more.
pub(crate) fn differs(world: &mut World) -> bool {
    let mut differs = Differs(false);
    for account in world.ram.keys() {
        visit(world, account, world.settings.compare_data, &mut differs);
    }
    world.registers().for_each(|register| register.unwatch());
    differs.0
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
