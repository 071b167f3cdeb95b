//! What the precheck asks of each database, and of the two together.
//!
//! The names of the items that can be skipped are documented; the others are this program's, after what the documents ask
//! of the two instances.

use super::check_item::List;
use super::endpoint::{Endpoint, Found};
use super::job::Setup;
use super::settings::number;
use crate::network::Network;
use crate::redis::Redis;
use crate::redis::{Architecture, RedisFile, Storage};

pub(super) fn source_items(list: &mut List, setup: &Setup, source: Found<'_>) {
    list.add("CHECK_AUTH_SRC", wrong_password(source, &setup.source));
    let Found::Redis(source) = source else { return };
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
    list.add("CHECK_SRC", unfit_source(source));
}

pub(super) fn destination_items(list: &mut List, setup: &Setup, destination: Found<'_>) {
    if let Found::Redis(redis) = destination {
        list.add(
            "CHECK_SSL_DEST",
            redis
                .settings
                .ssl
                .then(|| "TLS of the destination is on; turn it off".to_owned()),
        );
    }
    list.add(
        "CHECK_AUTH_DEST",
        wrong_password(destination, &setup.destination),
    );
    let is_strict = number(&setup.reserve, "targetTableMode").unwrap_or(0) == 0;
    let is_full = is_strict && destination.data_bytes() > 0;
    list.add(
        "CHECK_DEST_TABLE_EMPTY",
        is_full.then(|| "the destination holds data, and targetTableMode is 0".to_owned()),
    );
    if let Some(item) = list.0.last_mut() {
        item.can_skip = true;
    }
}

/// What two Redis instances must have in common; of other kinds nothing is known.
pub(super) fn pair_items(
    list: &mut List,
    setup: &Setup,
    source: Found<'_>,
    destination: Found<'_>,
) {
    let (Found::Redis(source), Found::Redis(destination)) = (source, destination) else {
        return;
    };
    list.add("CHECK_DEST_VERSION", unfit_destination(source, destination));
    let unpaired = source.is_tair() && !destination.is_tair();
    list.add(
        "CHECK_EDITION",
        unpaired.then(|| {
            "the source is Tair (Enterprise Edition); the destination must be too".to_owned()
        }),
    );
    list.add("CHECK_DEST_CAPACITY", too_full(source, destination));
    let is_same = setup.source.instance_id == setup.destination.instance_id;
    list.add(
        "CHECK_TOPOLOGY",
        is_same.then(|| "source and destination are the same instance".to_owned()),
    );
}

/// Returns why a destination cannot take what the source holds.
pub(super) fn too_full(source: &Redis, destination: &Redis) -> Option<String> {
    let room = destination
        .capacity_bytes()
        .saturating_sub(destination.data_bytes);
    (room <= source.data_bytes).then(|| {
        format!(
            "the destination has {room} bytes free, the source holds {}",
            source.data_bytes
        )
    })
}

/// Returns why DTS cannot connect to an end.
pub(super) fn connection(found: Option<Found<'_>>, endpoint: &Endpoint) -> Option<String> {
    let (id, region) = (&endpoint.instance_id, &endpoint.region);
    match found {
        None => Some(format!("the account has no instance {id} in {region}")),
        Some(found) => found.trouble(id),
    }
}

fn wrong_password(found: Found<'_>, endpoint: &Endpoint) -> Option<String> {
    let opens = found.opens(&endpoint.credential(), &endpoint.user, &endpoint.password);
    (!opens).then(|| format!("{} refuses the account or password", endpoint.instance_id))
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
