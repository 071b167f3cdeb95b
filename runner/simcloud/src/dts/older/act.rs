//! Buying, starting, pausing and releasing.

use serde_json::json;

use super::{Phase, Sync, initializing, named, precheck, succeeded, sync_mut, wrong_status};
use crate::answer::{Answer, Refusal};
use crate::dts::Scene;
use crate::dts::lifecycle::period_ms;

/// `CreateSynchronizationJob`: it is paid for from now on, configured or not.
pub(in crate::dts) fn buy(scene: &mut Scene<'_>) -> Answer {
    for side in ["SourceEndpoint", "DestinationEndpoint"] {
        let kind = super::endpoint::text(scene, side, "InstanceType").unwrap_or_default();
        if !kind.eq_ignore_ascii_case("Redis") {
            let message =
                format!("The simulated DTS sells the older synchronisation for Redis, not {kind}.");
            return Err(Refusal::new(501, "NotSimulated", message));
        }
    }
    let source_region = scene.required("SourceRegion")?;
    let region = scene.required("DestRegion")?;
    for region in [&source_region, &region] {
        if !rutter_contracts::region_known(region) {
            return Err(super::invalid(&format!("there is no region {region}")));
        }
    }
    let pay_type = scene.required("PayType")?;
    if pay_type.eq_ignore_ascii_case("PrePaid") {
        period_ms(scene)?;
    }
    let sync = Sync {
        id: scene.new_id("dts", "dts-sync"),
        region,
        source_region,
        bought_ms: scene.now,
        pay_type,
        class: scene.required("SynchronizationJobClass")?,
        name: String::new(),
        setup: None,
        phase: Phase::NotStarted,
    };
    let id = sync.id.clone();
    scene.account_mut().syncs.insert(id.clone(), sync);
    let mut answer = succeeded();
    answer["SynchronizationJobId"] = json!(id);
    Ok(answer)
}

/// `StartSynchronizationJob`: what has not started, or failed, is checked first; what is paused goes on.
pub(in crate::dts) fn start(scene: &mut Scene<'_>) -> Answer {
    let now = scene.now;
    let account = scene.caller.account.clone();
    let sync = named(scene)?;
    if sync.setup.is_none() {
        return Err(wrong_status(sync, "it is not configured"));
    }
    let next = match &sync.phase {
        Phase::NotStarted | Phase::PrecheckFailed { .. } => {
            precheck::begin(&scene.world, now, &account, sync)
        }
        Phase::InitializeFailed { items, .. } => {
            initializing(&scene.world, &account, sync, now, items.clone())
        }
        Phase::Suspended { left_ms, items } => match left_ms {
            Some(left) => Phase::Initializing {
                from: now,
                until: now.saturating_add(*left),
                items: items.clone(),
            },
            None => Phase::Synchronizing {
                from: now,
                items: items.clone(),
            },
        },
        _ => return Err(wrong_status(sync, "it runs already")),
    };
    let id = sync.id.clone();
    enter(scene, &id, next);
    Ok(succeeded())
}

pub(in crate::dts) fn suspend(scene: &mut Scene<'_>) -> Answer {
    let sync = named(scene)?;
    let next = match &sync.phase {
        Phase::Synchronizing { items, .. } => Phase::Suspended {
            left_ms: None,
            items: items.clone(),
        },
        Phase::Initializing { until, items, .. } => Phase::Suspended {
            left_ms: Some(until.saturating_sub(scene.now).max(0)),
            items: items.clone(),
        },
        _ => return Err(wrong_status(sync, "only what runs can be paused")),
    };
    let id = sync.id.clone();
    enter(scene, &id, next);
    Ok(succeeded())
}

/// `DeleteSynchronizationJob`: it is gone at once, and no longer paid for.
pub(in crate::dts) fn delete(scene: &mut Scene<'_>) -> Answer {
    let sync = named(scene)?;
    let id = sync.id.clone();
    let start_ms = scene.settings().start_ms;
    let charge = sync.charge(&scene.caller.account, start_ms, Some(scene.now));
    scene.account_mut().syncs.remove(&id);
    scene.world.paid.add(charge);
    Ok(succeeded())
}

pub(super) fn enter(scene: &mut Scene<'_>, id: &str, phase: Phase) {
    let account = scene.caller.account.clone();
    if let Some(sync) = sync_mut(&mut scene.world, &account, id) {
        sync.phase = phase;
    }
}
