//! Buying, starting, pausing and releasing.

use serde_json::json;

use super::{Phase, Sync, initializing, named, precheck, succeeded, sync_mut, wrong_status};
use crate::answer::{Answer, Refusal};
use crate::dts::RequestContext;
use crate::dts::lifecycle::period_ms;

/// `CreateSynchronizationJob`: it is paid for from now on, configured or not.
pub(in crate::dts) fn buy(context: &mut RequestContext<'_>) -> Answer {
    for side in ["SourceEndpoint", "DestinationEndpoint"] {
        let kind = super::endpoint::text(context, side, "InstanceType").unwrap_or_default();
        if !kind.eq_ignore_ascii_case("Redis") {
            let message =
                format!("The simulated DTS sells the older synchronisation for Redis, not {kind}.");
            return Err(Refusal::new(501, "NotSimulated", message));
        }
    }
    let source_region = context.required("SourceRegion")?;
    let region = context.required("DestRegion")?;
    for region in [&source_region, &region] {
        if !rutter_contracts::region_known(region) {
            return Err(super::invalid(&format!("there is no region {region}")));
        }
    }
    let pay_type = context.required("PayType")?;
    if pay_type.eq_ignore_ascii_case("PrePaid") {
        period_ms(context)?;
    }
    let sync = Sync {
        id: context.new_id("dts", "dts-sync"),
        region,
        source_region,
        bought_ms: context.now,
        pay_type,
        class: context.required("SynchronizationJobClass")?,
        name: String::new(),
        setup: None,
        phase: Phase::NotStarted,
    };
    let id = sync.id.clone();
    context.account_mut().syncs.insert(id.clone(), sync);
    let mut answer = succeeded();
    answer["SynchronizationJobId"] = json!(id);
    Ok(answer)
}

/// `StartSynchronizationJob`: what has not started, or failed, is checked first; what is paused goes on.
pub(in crate::dts) fn start(context: &mut RequestContext<'_>) -> Answer {
    let now = context.now;
    let account = context.caller.account.clone();
    let sync = named(context)?;
    if sync.setup.is_none() {
        return Err(wrong_status(sync, "it is not configured"));
    }
    let next = match &sync.phase {
        Phase::NotStarted | Phase::PrecheckFailed { .. } => {
            precheck::begin(&context.world, now, &account, sync)
        }
        Phase::InitializeFailed { items, .. } => {
            initializing(&context.world, &account, sync, now, items.clone())
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
    enter(context, &id, next);
    Ok(succeeded())
}

pub(in crate::dts) fn suspend(context: &mut RequestContext<'_>) -> Answer {
    let sync = named(context)?;
    let next = match &sync.phase {
        Phase::Synchronizing { items, .. } => Phase::Suspended {
            left_ms: None,
            items: items.clone(),
        },
        Phase::Initializing { until, items, .. } => Phase::Suspended {
            left_ms: Some(until.saturating_sub(context.now).max(0)),
            items: items.clone(),
        },
        _ => return Err(wrong_status(sync, "only what runs can be paused")),
    };
    let id = sync.id.clone();
    enter(context, &id, next);
    Ok(succeeded())
}

/// `DeleteSynchronizationJob`: it is gone at once, and no longer paid for.
pub(in crate::dts) fn delete(context: &mut RequestContext<'_>) -> Answer {
    let sync = named(context)?;
    let id = sync.id.clone();
    let start_ms = context.settings().start_ms;
    let charge = sync.charge(&context.caller.account, start_ms, Some(context.now));
    context.account_mut().syncs.remove(&id);
    context.world.paid.add(charge);
    Ok(succeeded())
}

pub(super) fn enter(context: &mut RequestContext<'_>, id: &str, phase: Phase) {
    let account = context.caller.account.clone();
    if let Some(sync) = sync_mut(&mut context.world, &account, id) {
        sync.phase = phase;
    }
}
