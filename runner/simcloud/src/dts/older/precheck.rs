//! The precheck of the older family, and whether what was found is still so when the copy ends.

use crate::dts::View;
use crate::dts::addresses;
use crate::dts::check_item::{Item, List};
use crate::dts::precheck_items::{too_full, unfit_destination, unfit_source};
use crate::dts::settings::number;
use crate::network::Network;
use crate::redis::{Privilege, Redis};

use super::endpoint::SourceKind;
use super::{Phase, Setup, Sync};

/// Returns the phase in which the items are told; they are judged now.
pub(super) fn begin(world: &View<'_>, now: i64, account: &str, sync: &Sync) -> Phase {
    Phase::Prechecking {
        from: now,
        until: now.saturating_add(world.settings.durations.precheck.0),
        items: judge(world, now, account, sync),
    }
}

/// Returns why the copy could not be finished.
pub(super) fn broken(world: &View<'_>, now: i64, account: &str, sync: &Sync) -> Option<String> {
    let mut list = List::default();
    connections(&mut list, world, now, account, sync);
    let failed = list.into_items(&[]).into_iter();
    let reasons: Vec<String> = failed
        .filter(|item| !item.message.is_empty())
        .map(|item| format!("{}: {}", item.name, item.message))
        .collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

fn judge(world: &View<'_>, now: i64, account: &str, sync: &Sync) -> Vec<Item> {
    let mut list = List::default();
    connections(&mut list, world, now, account, sync);
    if let Some(setup) = &sync.setup {
        let source = setup.source.find(world, account);
        let destination = setup.destination.find(world, account);
        if let Some(source) = source {
            of_source(&mut list, source);
        }
        if let Some(destination) = destination {
            of_destination(&mut list, setup, destination);
        }
        if let (Some(source), Some(destination)) = (source, destination) {
            of_pair(&mut list, source, destination);
        }
        list.add("CHECK_SAME_OBJ", competitor(world, account, sync, setup));
    }
    list.into_items(&world.file.precheck)
}

/// Whether DTS gets to both ends, past roles, whitelists and passwords.
fn connections(list: &mut List, world: &View<'_>, now: i64, account: &str, sync: &Sync) {
    let Some(setup) = &sync.setup else {
        return;
    };
    let refused = setup.source.check_access(world, now, account).err();
    list.add(
        "CHECK_ROLE_SRC",
        refused.map(|refusal| format!("{}: {}", refusal.code, refusal.message)),
    );
    let source = setup.source.find(world, account);
    let destination = setup.destination.find(world, account);
    let place = setup.source.place();
    list.add(
        "CHECK_CONN_SRC",
        unreachable(world, now, source, &place, &sync.source_region),
    );
    let id = &setup.destination.instance_id;
    list.add(
        "CHECK_CONN_DEST",
        unreachable(world, now, destination, id, &sync.region),
    );
    if let Some(source) = source {
        list.add("CHECK_AUTH_SRC", source_login(setup, source));
    }
    if let Some(destination) = destination {
        list.add("CHECK_AUTH_DEST", destination_login(setup, destination));
    }
}

fn unreachable(
    world: &View<'_>,
    now: i64,
    redis: Option<&Redis>,
    place: &str,
    region: &str,
) -> Option<String> {
    let in_region = redis.filter(|redis| redis.settings.region == region);
    let Some(redis) = in_region else {
        return Some(format!("nothing answers at {place} in {region}"));
    };
    let status = redis.status(now);
    if status != "Normal" {
        return Some(format!("{} is {status}", redis.settings.id));
    }
    let shut_out: Vec<String> = addresses::of_region(world.file, region)
        .into_iter()
        .filter(|block| !redis.whitelist.admits(block))
        .collect();
    (!shut_out.is_empty()).then(|| {
        format!(
            "the whitelist of {} does not let DTS in from {}",
            redis.settings.id,
            shut_out.join(", ")
        )
    })
}

/// A source must open, and hand over its stream of changes: past a cluster's proxy, and to an account with that right.
fn source_login(setup: &Setup, source: &Redis) -> Option<String> {
    let id = &source.settings.id;
    let credential = setup.source.credential();
    if !source.opens(&credential) {
        return Some(format!("{id} refuses the account or password"));
    }
    let SourceKind::Express(at) = &setup.source.kind else {
        return None;
    };
    if source.is_cluster() && !source.is_direct(&at.ip, &at.port) {
        return Some(format!(
            "{}:{} is the proxy of the cluster {id}, which knows no PSYNC; enter its direct endpoint",
            at.ip, at.port
        ));
    }
    let may = source
        .login(&credential)
        .is_some_and(|account| account.privilege == Privilege::Replicate);
    (!may).then(|| format!("the account has no right to replicate from {id}"))
}

/// A destination must open, and to an account that may write.
fn destination_login(setup: &Setup, destination: &Redis) -> Option<String> {
    let id = &destination.settings.id;
    let credential = setup.destination.credential();
    if !destination.opens(&credential) {
        return Some(format!("{id} refuses the account or password"));
    }
    let reads_only = destination
        .login(&credential)
        .is_some_and(|account| account.privilege == Privilege::ReadOnly);
    reads_only.then(|| format!("the account may not write to {id}"))
}

fn of_source(list: &mut List, source: &Redis) {
    let classic = source.settings.network == Network::Classic;
    list.add(
        "CHECK_NETWORK_SRC",
        classic.then(|| "the source is in the classic network; move it to a VPC".to_owned()),
    );
    list.add(
        "CHECK_SSL_SRC",
        source
            .settings
            .ssl
            .then(|| "TLS of the source is on; turn it off".to_owned()),
    );
    list.add("CHECK_SRC", unfit_source(source));
}

fn of_destination(list: &mut List, setup: &Setup, destination: &Redis) {
    let is_strict = number(&setup.reserve, "targetTableMode").unwrap_or(0) == 0;
    let is_full = is_strict && destination.data_bytes > 0;
    list.add(
        "CHECK_DEST_TABLE_EMPTY",
        is_full.then(|| "the destination holds data, and targetTableMode is 0".to_owned()),
    );
}

fn of_pair(list: &mut List, source: &Redis, destination: &Redis) {
    list.add("CHECK_DEST_VERSION", unfit_destination(source, destination));
    let unpaired = source.is_tair() && !destination.is_tair();
    list.add(
        "CHECK_EDITION",
        unpaired
            .then(|| "the source is Enterprise Edition; the destination must be too".to_owned()),
    );
    list.add("CHECK_DEST_CAPACITY", too_full(source, destination));
    let is_same = source.settings.id == destination.settings.id;
    list.add(
        "CHECK_TOPOLOGY",
        is_same.then(|| "source and destination are the same instance".to_owned()),
    );
}

/// Returns why another synchronisation of the account stands in the way.
fn competitor(world: &View<'_>, account: &str, sync: &Sync, setup: &Setup) -> Option<String> {
    let others = world.dts.get(account)?.syncs.values();
    let runs = |other: &&Sync| {
        other.id != sync.id
            && matches!(
                other.phase,
                Phase::Initializing { .. } | Phase::Synchronizing { .. } | Phase::Suspended { .. }
            )
    };
    let same = |other: &&Sync| {
        other.setup.as_ref().is_some_and(|other| {
            other.source.place() == setup.source.place()
                && other.destination.instance_id == setup.destination.instance_id
        })
    };
    let other = others.filter(runs).find(same)?;
    Some(format!(
        "{} copies the same source into the same destination",
        other.id
    ))
}
