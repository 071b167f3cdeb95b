//! What DTS asks of the two instances of a one-way sync.

use rutter_sdk::Violations;

use crate::instance::Instance;
use crate::{Inputs, InputsSource};

/// Versions of which DTS reads and writes the data.
const VERSIONS: &[&str] = &["4.0", "5.0"];

/// Versions of Tair that can be a source.
const TAIR_SOURCE_VERSIONS: &[&str] = &["5.0"];

/// The rules that a source breaks.
pub(crate) fn for_source(source: &Instance, inputs: &Inputs) -> Violations {
    let mut rules = for_both(source, inputs);
    let versions = if source.is_tair {
        TAIR_SOURCE_VERSIONS
    } else {
        VERSIONS
    };
    rules.add_if(
        !versions.contains(&source.engine_version.as_str()),
        format!(
            "its engine version is {}, and DTS reads only {} of the {} edition",
            source.engine_version,
            versions.join(" and "),
            source.edition()
        ),
        "upgrade it to 5.0 if it is older; from a newer version, move by a backup instead",
    );
    rules.add_if(
        !source.in_vpc,
        "it is in the classic network, where DTS does not reach it",
        "switch its network to a VPC (SwitchNetwork)",
    );
    rules.add_if(
        source.is_tde_on,
        "its data is encrypted (TDE), which DTS cannot read, and TDE cannot be turned off",
        "restore a backup into an instance without TDE and sync from that",
    );
    rules.add_if(
        source.is_persistent_memory() && !source.is_append_only,
        "it is persistent memory-optimised and `appendonly` is not `yes`, so that changes would be missed",
        "set its parameter `appendonly` to `yes`",
    );
    rules.add_if(
        source.is_storage_optimised(),
        "it is storage-optimised Tair, which can only be a destination",
        "sync from an instance that keeps its data in memory",
    );
    rules
}

/// The rules that a destination breaks, held to the source where that is known.
pub(crate) fn for_destination(destination: &Instance, inputs: &Inputs) -> Violations {
    let mut rules = for_both(destination, inputs);
    rules.add_if(
        !VERSIONS.contains(&destination.engine_version.as_str()),
        format!(
            "its engine version is {}, and DTS writes only {}",
            destination.engine_version,
            VERSIONS.join(" and ")
        ),
        "take an instance of engine version 5.0",
    );
    if let Some(source) = &inputs.source {
        beside(&mut rules, destination, source);
    }
    rules
}

fn for_both(instance: &Instance, inputs: &Inputs) -> Violations {
    let mut rules = Violations::new();
    rules.add_if(
        inputs.region != instance.region,
        format!(
            "it is in {} and not in {}, where DTS would look for it",
            instance.region, inputs.region
        ),
        format!("say {} as its region", instance.region),
    );
    rules.add_if(
        !instance.status.eq_ignore_ascii_case("Normal"),
        format!(
            "its state is `{}` and not `Normal`, so that DTS cannot connect",
            instance.status
        ),
        "wait until its state is `Normal`, or mend it in the console",
    );
    rules.add_if(
        instance.cloud_native && instance.architecture == "cluster",
        "it is a cloud-native cluster, which DTS does not support on either side",
        "take a cloud-native standard instance or a classic cluster",
    );
    rules.add_if(
        instance.is_tls_on,
        "its TLS (SSL) encryption is on, and DTS could not connect",
        "turn TLS off (ModifyInstanceSSL); it restarts the instance, so choose the moment",
    );
    rules
}

fn beside(rules: &mut Violations, destination: &Instance, source: &InputsSource) {
    rules.add_if(
        version(&destination.engine_version) < version(&source.engine_version),
        format!(
            "its engine version {} is older than the source's {}, whose data it may not understand",
            destination.engine_version, source.engine_version
        ),
        "upgrade it, or take a destination of at least the source's version",
    );
    rules.add_if(
        source.edition == "enterprise" && !destination.is_tair,
        "the source is Tair (Enterprise Edition) and it is not, so that it lacks the modules",
        "take a Tair instance as destination",
    );
    let Some(used_mb) = destination.used_mb else {
        return;
    };
    let free_mb = destination.capacity_mb - used_mb;
    rules.add_if(
        free_mb <= source.used_mb,
        format!(
            "it has {free_mb} MB free of {} MB, and the source holds {} MB: the copy would fail or evict keys",
            destination.capacity_mb, source.used_mb
        ),
        "take a larger class (10 % more than the source holds is wise), or empty it",
    );
}

/// `5.0` as numbers, so that versions of two digits compare.
fn version(text: &str) -> Vec<u32> {
    text.split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}

/// What does not stop the sync and should be known.
pub(crate) fn warnings(instance: &Instance, inputs: &Inputs) -> Vec<String> {
    let mut warnings = Vec::new();
    let id = &inputs.instance;
    let is_destination = inputs.side == "destination";
    if instance.used_mb.is_none() {
        warnings.push(format!(
            "the monitoring has no value for the memory used by `{id}`: its free storage was not compared, and a source counts as full"
        ));
    }
    if is_destination && inputs.source.is_none() {
        warnings.push(format!(
            "without `source`, version, edition and free storage of `{id}` were not compared with the source's"
        ));
    }
    if is_destination && instance.maxmemory_policy.as_deref() != Some("noeviction") {
        let policy = instance.maxmemory_policy.as_deref().unwrap_or("not known");
        warnings.push(format!(
            "maxmemory-policy of `{id}` is {policy}: with anything but noeviction, keys may be lost when it is full"
        ));
    }
    if !is_destination && !instance.is_tair {
        // The procedure asks for the full copy and says elsewhere that only the Enterprise Edition has it.
        warnings.push(format!(
            "`{id}` is Community Edition, for which one document doubts the full copy: check that the destination has the keys before you cut over"
        ));
    }
    warnings
}
