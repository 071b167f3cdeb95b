//! The step `check-dts-pair`: says whether two databases can be the ends of a task across accounts, before any call.
//!
//! It asks nobody: the tables are published, and everything else is in its inputs. So it can be asked before a run, too.

mod support;

use rutter_sdk::prelude::*;
use rutter_sdk::{Violation, Violations};

rutter_sdk::plugin!(run);

fn run(_host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let mut broken = Violations::new();
    broken.extend(accounts(&inputs));
    if is_foreign(&inputs, "source") {
        let source = &inputs.source;
        broken.extend(support::source(&source.kind, &source.access));
    }
    if is_foreign(&inputs, "destination") {
        let destination = &inputs.destination;
        broken.extend(support::destination(&destination.kind, &destination.access));
    }
    broken.extend(infrastructures(&inputs));
    if inputs.topology == "two-way" {
        two_way(&mut broken, &inputs);
    }
    if broken.is_empty() {
        return Ok(Outputs {
            source_is_foreign: is_foreign(&inputs, "source"),
            destination_is_foreign: is_foreign(&inputs, "destination"),
            trusted: inputs.creator,
        });
    }
    Err(Fault::fail("check-dts-pair.unfit", broken.reasons())
        .advise(format!("{}. Nothing was called.", broken.remedies())))
}

fn is_foreign(inputs: &Inputs, side: &str) -> bool {
    inputs.scenario == side || inputs.scenario == "both"
}

/// Which database is foreign decides who makes the task.
fn accounts(inputs: &Inputs) -> Option<Violation> {
    let (source, destination) = (&inputs.source.account, &inputs.destination.account);
    let creator = &inputs.creator;
    let (fits, rule) = match inputs.scenario.as_str() {
        "source" => (
            creator == destination && creator != source,
            "only the source is foreign, so the destination's owner makes the task, and the source is another account's",
        ),
        "destination" => (
            creator == source && creator != destination,
            "only the destination is foreign, so the source's owner makes the task, and the destination is another account's",
        ),
        _ => (
            creator != source && creator != destination,
            "both are foreign, so a third account makes the task",
        ),
    };
    (!fits).then(|| {
        Violation::new(
            format!(
                "{rule}; given are {source} for the source, {destination} for the destination and {creator} for the task"
            ),
            "Say another scenario, or the accounts that belong to this one",
        )
    })
}

/// Finance Cloud, Gov Cloud and the public cloud do not reach each other; a region's id tells which it is of.
fn infrastructures(inputs: &Inputs) -> Option<Violation> {
    let (source, destination) = (&inputs.source.region, &inputs.destination.region);
    let (from, to) = (infrastructure(source), infrastructure(destination));
    (from != to).then(|| {
        Violation::new(
            format!(
                "{source} is of the {from} and {destination} of the {to}, and DTS does not copy between infrastructures"
            ),
            "Take two regions of the same infrastructure",
        )
    })
}

fn infrastructure(region: &str) -> &'static str {
    if region.contains("-finance") {
        "Finance Cloud"
    } else if region.contains("-gov") {
        "Gov Cloud"
    } else {
        "public cloud"
    }
}

/// Both ways is possible between like and like of a few forms, and both owners have to let a third account in.
fn two_way(broken: &mut Violations, inputs: &Inputs) {
    const FORMS: [(&str, &str); 5] = [
        ("mysql", "rds-instance"),
        ("mysql", "rds-cluster"),
        ("redis", "enterprise"),
        ("mongodb", "replica-set"),
        ("mongodb", "sharded-cluster"),
    ];
    let (source, destination) = (&inputs.source, &inputs.destination);
    let form = source.form.as_deref().unwrap_or("of no form that was said");
    let is_pair = FORMS.contains(&(source.kind.as_str(), form))
        && source.kind == destination.kind
        && source.form == destination.form
        && [&source.access, &destination.access]
            .iter()
            .all(|access| *access == "cloud-instance");
    if !is_pair {
        let other = destination
            .form
            .as_deref()
            .unwrap_or("of no form that was said");
        broken.add(
            format!(
                "changes cannot flow both ways across accounts between {} ({form}) and {} ({other})",
                source.kind, destination.kind
            ),
            "Copy one way; both ways is possible between RDS for MySQL instances or clusters, Tair instances, and MongoDB replica sets or sharded clusters",
        );
    }
    broken.add_if(
        inputs.scenario != "both",
        "where changes flow both ways, both databases count as foreign",
        "Say the scenario `both`, let a third account make the task, and authorise it in both accounts",
    );
}

#[cfg(test)]
rutter_sdk::cases!();
