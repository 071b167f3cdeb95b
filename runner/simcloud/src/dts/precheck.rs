//! The precheck: what DTS looks at before it starts, item by item.
//!
//! The names of the items that can be skipped are documented; the others are this program's, after what the documents ask
//! of the two instances.

use serde_json::{Value, json};

use super::configure::number;
use super::{Job, Phase, Setup, held, held_mut, named, succeeded, wrong_status};
use crate::answer::{Answer, Refusal};
use crate::file::{Architecture, Network, PrecheckFile, PrecheckState, RedisFile, Storage};
use crate::redis::Redis;
use crate::scene::Scene;
use crate::world::World;

/// One thing looked at.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub name: String,
    pub state: PrecheckState,
    pub message: String,
    pub can_skip: bool,
    pub is_skipped: bool,
}

/// Returns whether the success rate is 100 %: every item succeeded or is overlooked on purpose.
pub(super) fn passed(items: &[Item]) -> bool {
    items
        .iter()
        .all(|item| item.state == PrecheckState::Success || item.is_skipped)
}

/// Judges every item of a task as the world is now.
pub(super) fn judge(world: &World, now: i64, account: &str, job: &Job) -> Vec<Item> {
    let Some(setup) = &job.setup else {
        return Vec::new();
    };
    let source = setup.source.find(world, account);
    let destination = setup.destination.find(world, account);
    let mut list = List::default();
    for (name, endpoint) in [
        ("CHECK_ROLE_SRC", &setup.source),
        ("CHECK_ROLE_DEST", &setup.destination),
    ] {
        if endpoint.owner.is_some() {
            let problem = endpoint.check_access(world, now, account).err();
            list.add(
                name,
                problem.map(|refusal| format!("{}: {}", refusal.code, refusal.message)),
            );
        }
    }
    list.add(
        "CHECK_CONN_SRC",
        unreachable(source, &setup.source.instance_id, &setup.source.region),
    );
    list.add(
        "CHECK_CONN_DEST",
        unreachable(
            destination,
            &setup.destination.instance_id,
            &setup.destination.region,
        ),
    );
    if let Some(source) = source {
        source_items(&mut list, setup, source);
    }
    if let Some(destination) = destination {
        destination_items(&mut list, setup, destination);
    }
    if let (Some(source), Some(destination)) = (source, destination) {
        pair_items(&mut list, setup, source, destination);
    }
    list.add("CHECK_SAME_OBJ", competitor(world, account, job, setup));
    let mut items = list.into_items(&world.settings.precheck);
    for item in &mut items {
        item.is_skipped = item.can_skip
            && item.state != PrecheckState::Success
            && job.skipped.contains(&item.name);
    }
    items
}

fn source_items(list: &mut List, setup: &Setup, source: &Redis) {
    let settings = &source.settings;
    let classic = settings.network == Network::Classic;
    list.add(
        "CHECK_NETWORK_SRC",
        classic.then(|| "the source is in the classic network; move it to a VPC".to_owned()),
    );
    list.add(
        "CHECK_SSL_SRC",
        settings
            .ssl
            .then(|| "TLS of the source is on; turn it off".to_owned()),
    );
    list.add(
        "CHECK_TDE_SRC",
        settings
            .tde
            .then(|| "TDE of the source is on; such an instance cannot be read".to_owned()),
    );
    list.add(
        "CHECK_AUTH_SRC",
        wrong_password(source, &setup.source.credential()),
    );
    list.add("CHECK_SRC", unfit_source(source));
}

fn destination_items(list: &mut List, setup: &Setup, destination: &Redis) {
    let settings = &destination.settings;
    list.add(
        "CHECK_SSL_DEST",
        settings
            .ssl
            .then(|| "TLS of the destination is on; turn it off".to_owned()),
    );
    list.add(
        "CHECK_AUTH_DEST",
        wrong_password(destination, &setup.destination.credential()),
    );
    let is_strict = number(&setup.reserve, "targetTableMode").unwrap_or(0) == 0;
    let is_full = is_strict && destination.data_bytes > 0;
    list.add(
        "CHECK_DEST_TABLE_EMPTY",
        is_full.then(|| "the destination holds data, and targetTableMode is 0".to_owned()),
    );
    if let Some(item) = list.0.last_mut() {
        item.can_skip = true;
    }
}

fn pair_items(list: &mut List, setup: &Setup, source: &Redis, destination: &Redis) {
    list.add("CHECK_DEST_VERSION", unfit_destination(source, destination));
    let unpaired = source.is_tair() && !destination.is_tair();
    list.add(
        "CHECK_EDITION",
        unpaired.then(|| {
            "the source is Tair (Enterprise Edition); the destination must be too".to_owned()
        }),
    );
    let room = destination
        .capacity_bytes()
        .saturating_sub(destination.data_bytes);
    let too_small = room <= source.data_bytes;
    list.add(
        "CHECK_DEST_CAPACITY",
        too_small.then(|| {
            format!(
                "the destination has {room} bytes free, the source holds {}",
                source.data_bytes
            )
        }),
    );
    let is_same = setup.source.instance_id == setup.destination.instance_id;
    list.add(
        "CHECK_TOPOLOGY",
        is_same.then(|| "source and destination are the same instance".to_owned()),
    );
}

fn unreachable(redis: Option<&Redis>, id: &str, region: &str) -> Option<String> {
    match redis {
        None => Some(format!("the account has no instance {id} in {region}")),
        Some(redis) if redis.settings.status != "Normal" => {
            Some(format!("{id} is {}", redis.settings.status))
        }
        Some(_) => None,
    }
}

fn wrong_password(redis: &Redis, credential: &str) -> Option<String> {
    (!redis.opens(credential))
        .then(|| format!("{} refuses the account or password", redis.settings.id))
}

pub(super) fn unfit_source(source: &Redis) -> Option<String> {
    let settings = &source.settings;
    let versions: &[&str] = if source.is_tair() {
        &["5.0"]
    } else {
        &["4.0", "5.0"]
    };
    if !versions.contains(&settings.engine_version.as_str()) {
        return Some(format!(
            "engine version {} of the source is not one of {}",
            settings.engine_version,
            versions.join(", ")
        ));
    }
    if settings.storage == Storage::Disk {
        return Some("storage-optimised Tair can be a destination only".to_owned());
    }
    let is_saved = source
        .parameters()
        .get("appendonly")
        .is_some_and(|value| value == "yes");
    if settings.storage == Storage::PersistentMemory && !is_saved {
        return Some("a persistent memory source needs the parameter appendonly = yes".to_owned());
    }
    cloud_native_cluster(settings)
}

pub(super) fn unfit_destination(source: &Redis, destination: &Redis) -> Option<String> {
    let (from, to) = (
        &source.settings.engine_version,
        &destination.settings.engine_version,
    );
    if !["4.0", "5.0"].contains(&to.as_str()) {
        return Some(format!(
            "engine version {to} of the destination is not one of 4.0, 5.0"
        ));
    }
    if to < from {
        return Some(format!(
            "the destination has engine version {to}, older than the source's {from}"
        ));
    }
    cloud_native_cluster(&destination.settings)
}

fn cloud_native_cluster(settings: &RedisFile) -> Option<String> {
    let is_one = settings.cloud_native && settings.architecture == Architecture::Cluster;
    is_one.then(|| {
        format!(
            "{} is a cloud-native cluster, which is not supported",
            settings.id
        )
    })
}

/// Returns why another task of the account stands in the way.
fn competitor(world: &World, account: &str, job: &Job, setup: &Setup) -> Option<String> {
    let jobs = world.accounts.get(account)?.dts.values();
    let other = jobs.filter(|other| {
        other.id != job.id
            && matches!(
                other.phase,
                Phase::Initializing { .. } | Phase::Running { .. } | Phase::Suspended { .. }
            )
    });
    let same = |other: &&Job| {
        other.setup.as_ref().is_some_and(|other| {
            other.source.instance_id == setup.source.instance_id
                && other.destination.instance_id == setup.destination.instance_id
        })
    };
    let other = other.into_iter().find(same)?;
    Some(format!(
        "task {} copies the same source into the same destination",
        other.id
    ))
}

/// Items as they are judged.
#[derive(Default)]
pub(super) struct List(Vec<Item>);

impl List {
    /// Returns the items, with what the world file adds to every precheck.
    pub fn into_items(mut self, further: &[PrecheckFile]) -> Vec<Item> {
        self.0.extend(further.iter().map(|extra| Item {
            name: extra.item.clone(),
            state: extra.state,
            message: extra.message.clone(),
            can_skip: extra.can_skip,
            is_skipped: false,
        }));
        self.0
    }

    pub fn add(&mut self, name: &str, problem: Option<String>) {
        let state = if problem.is_some() {
            PrecheckState::Failed
        } else {
            PrecheckState::Success
        };
        self.0.push(Item {
            name: name.to_owned(),
            state,
            message: problem.unwrap_or_default(),
            can_skip: false,
            is_skipped: false,
        });
    }
}

/// `SkipPreCheck`: marks items to be overlooked, or not any more; the next precheck heeds it.
pub(super) fn skip(scene: &mut Scene<'_>) -> Answer {
    let id = named(scene)?;
    let is_skipped = scene.parameters.is_true("Skip");
    let mut names = scene.parameters.list("SkipPreCheckItems");
    let details = scene.parameters.list("SkipPreCheckNames");
    names.extend(
        details
            .iter()
            .map(|name| name.trim_end_matches("_DETAIL").to_owned()),
    );
    let job = held(scene, &id);
    let Phase::Prechecked { items, .. } = &job.phase else {
        return Err(wrong_status(
            job,
            "items can be skipped once a precheck is over",
        ));
    };
    for name in &names {
        let known = items.iter().find(|item| item.name == *name);
        if !known.is_some_and(|item| item.can_skip) {
            return Err(Refusal::enveloped(
                "InvalidParameter",
                format!("The item {name} cannot be skipped."),
            ));
        }
    }
    let job = held_mut(scene, &id);
    for name in &names {
        if is_skipped {
            job.skipped.insert(name.clone());
        } else {
            job.skipped.remove(name);
        }
    }
    let mut answer = succeeded();
    answer["MigrationJobId"] = json!(id);
    answer["SkipItems"] = json!(
        job.skipped
            .iter()
            .cloned()
            .collect::<Vec<String>>()
            .join(",")
    );
    answer["SkipNames"] = Value::String(String::new());
    Ok(answer)
}
