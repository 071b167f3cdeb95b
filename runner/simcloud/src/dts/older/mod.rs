//! The older family of DTS: a synchronisation is bought first and configured then. Its actions, spellings and states
//! are others than those of the newer family, and the two do not see each other's tasks here.
//!
//! Only Redis is simulated: as an instance of the account, or, as a source, as a database of one's own in a VPC.

mod act;
mod configure;
mod describe;
mod endpoint;
mod precheck;

use serde_json::{Value, json};

use super::check_item::{Item, passed};
use crate::answer::Refusal;
use crate::charges::Charge;
use crate::dts::RequestContext;
use crate::dts::View;
use crate::dts::file::SyncFile;
pub(super) use act::{buy, delete, start, suspend};
pub(super) use configure::configure;
pub(super) use describe::{list, status};
use endpoint::{DestinationEndpoint, SourceEndpoint};

/// A synchronisation.
#[derive(Clone, Debug)]
pub(crate) struct Sync {
    pub id: String,
    /// The destination's region, in which it is listed.
    pub region: String,
    pub source_region: String,
    pub bought_ms: i64,
    pub pay_type: String,
    pub class: String,
    pub name: String,
    pub setup: Option<Setup>,
    pub phase: Phase,
}

/// What was configured. Full copy and changes are fixed.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub source: SourceEndpoint,
    pub destination: DestinationEndpoint,
    /// Databases and what they are called in the destination.
    pub objects: Vec<(String, String)>,
    pub reserve: Value,
}

/// Where a synchronisation is in its life.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    NotStarted,
    /// The items are judged when it begins, and told when it ends.
    Prechecking {
        from: i64,
        until: i64,
        items: Vec<Item>,
    },
    PrecheckFailed {
        items: Vec<Item>,
    },
    Initializing {
        from: i64,
        until: i64,
        items: Vec<Item>,
    },
    /// What was needed went away while data was copied.
    InitializeFailed {
        why: String,
        items: Vec<Item>,
    },
    Synchronizing {
        from: i64,
        items: Vec<Item>,
    },
    /// Paused, with what was left of the copy; `None` if it was over.
    Suspended {
        left_ms: Option<i64>,
        items: Vec<Item>,
    },
}

impl Sync {
    /// Returns what a world file says was bought, which has been paid for as long as the world remembers.
    pub fn bought(file: SyncFile) -> Self {
        Self {
            id: file.id,
            region: file.region,
            source_region: file.source_region,
            bought_ms: 0,
            pay_type: "PostPaid".to_owned(),
            class: file.class,
            name: String::new(),
            setup: None,
            phase: Phase::NotStarted,
        }
    }

    /// Returns the state as `DescribeSynchronizationJobStatus` spells it. What was not configured has not started either.
    pub fn status(&self) -> &'static str {
        match self.phase {
            Phase::NotStarted => "notStarted",
            Phase::Prechecking { .. } => "prechecking",
            Phase::PrecheckFailed { .. } => "precheckFailed",
            Phase::Initializing { .. } => "initializating",
            Phase::InitializeFailed { .. } => "initializeFailed",
            Phase::Synchronizing { .. } => "synchronizing",
            Phase::Suspended { .. } => "suspending",
        }
    }

    /// Returns the items of the last precheck that is over.
    pub fn items(&self) -> &[Item] {
        match &self.phase {
            Phase::NotStarted | Phase::Prechecking { .. } => &[],
            Phase::PrecheckFailed { items }
            | Phase::Initializing { items, .. }
            | Phase::InitializeFailed { items, .. }
            | Phase::Synchronizing { items, .. }
            | Phase::Suspended { items, .. } => items,
        }
    }

    /// Returns the lasting properties, for comparing states.
    pub fn lasting(&self) -> Value {
        let setup = self.setup.as_ref().map(|setup| {
            json!({
                "source": setup.source.lasting(),
                "destination": setup.destination.instance_id,
                "objects": setup.objects,
            })
        });
        json!({
            "name": self.name,
            "region": self.region,
            "source_region": self.source_region,
            "class": self.class,
            "pay_type": self.pay_type,
            "setup": setup,
        })
    }

    /// Returns what is paid for it: from the purchase on, configured or not, until it is released. What was bought before
    /// the world began counts from then.
    pub fn charge(&self, account: &str, start_ms: i64, until_ms: Option<i64>) -> Charge {
        Charge {
            account_id: account.to_owned(),
            kind: "dts-instance".to_owned(),
            id: self.id.clone(),
            from_ms: self.bought_ms.max(start_ms),
            until_ms,
            detail: format!("SYNC {} {}", self.class, self.pay_type),
        }
    }
}

/// Brings every synchronisation to an instant.
pub(super) fn settle(world: &mut View<'_>, now: i64) {
    let mut places: Vec<(String, String)> = Vec::new();
    for (account, dts) in world.dts.iter_mut() {
        let due = dts.syncs.due(now, |sync| match &sync.phase {
            Phase::Prechecking { until, .. } | Phase::Initializing { until, .. } => Some(*until),
            _ => None,
        });
        places.extend(due.into_iter().map(|id| (account.clone(), id)));
    }
    for (account, id) in places {
        while step(world, &account, &id, now) {}
    }
}

/// Lets the next thing happen if its time has come.
fn step(world: &mut View<'_>, account: &str, id: &str, now: i64) -> bool {
    let Some(sync) = sync_of(world, account, id) else {
        return false;
    };
    let next = match &sync.phase {
        Phase::Prechecking { until, items, .. } if *until <= now => {
            if passed(items) {
                initializing(world, account, sync, *until, items.clone())
            } else {
                Phase::PrecheckFailed {
                    items: items.clone(),
                }
            }
        }
        Phase::Initializing { until, items, .. } if *until <= now => {
            let items = items.clone();
            match precheck::broken(world, *until, account, sync) {
                Some(why) => Phase::InitializeFailed { why, items },
                None => Phase::Synchronizing {
                    from: *until,
                    items,
                },
            }
        }
        _ => return false,
    };
    if matches!(next, Phase::Synchronizing { .. }) {
        deliver(world, account, id);
    }
    if let Some(sync) = sync_mut(world, account, id) {
        sync.phase = next;
    }
    true
}

/// Returns the phase in which data is copied, as long as it takes from an instant on.
fn initializing(
    world: &View<'_>,
    account: &str,
    sync: &Sync,
    from: i64,
    items: Vec<Item>,
) -> Phase {
    let source = sync
        .setup
        .as_ref()
        .and_then(|setup| setup.source.find(world, account));
    let bytes = source.map_or(0, |redis| redis.data_bytes);
    let base = world.settings.durations.initialise.0;
    let copying = crate::time::transfer_ms(bytes, world.settings.rates.initialise);
    Phase::Initializing {
        from,
        until: from.saturating_add(base).saturating_add(copying),
        items,
    }
}

/// Puts the source's data into the destination.
fn deliver(world: &mut View<'_>, account: &str, id: &str) {
    let Some(setup) = sync_of(world, account, id).and_then(|sync| sync.setup.clone()) else {
        return;
    };
    let source = setup.source.find(world, account);
    let bytes = source.map_or(0, |redis| redis.data_bytes);
    let instances = world.redis.get_mut(account);
    let destination = instances.and_then(|own| own.get_mut(&setup.destination.instance_id));
    if let Some(redis) = destination {
        let grown = redis.data_bytes.saturating_add(bytes);
        redis.data_bytes = grown.min(redis.capacity_bytes());
    }
}

fn sync_of<'a>(world: &'a View<'_>, account: &str, id: &str) -> Option<&'a Sync> {
    world.dts.get(account)?.syncs.get(id)
}

fn sync_mut<'a>(world: &'a mut View<'_>, account: &str, id: &str) -> Option<&'a mut Sync> {
    world.dts.get_mut(account)?.syncs.get_mut(id)
}

/// Returns the synchronisation that a call names.
fn named<'a>(context: &'a RequestContext<'_>) -> Result<&'a Sync, Refusal> {
    let id = context.required("SynchronizationJobId")?;
    context.account().syncs.get(&id).ok_or_else(|| {
        Refusal::enveloped(
            "InvalidJobId",
            "The specified SynchronizationJobId does not exist.",
        )
    })
}

fn wrong_status(sync: &Sync, why: &str) -> Refusal {
    Refusal::enveloped(
        "InvalidJobStatus",
        format!(
            "The operation is not permitted while the status of {} is {}: {why}.",
            sync.id,
            sync.status()
        ),
    )
}

fn invalid(message: &str) -> Refusal {
    Refusal::new(
        400,
        "InvalidParameter",
        format!("The specified parameter is not valid: {message}."),
    )
}

/// This family writes truth as text.
fn succeeded() -> Value {
    json!({ "Success": "true", "ErrCode": "", "ErrMessage": "" })
}
