//! The step `check-dts-settings`: says whether the settings of a task fit each other, before any call.
//!
//! What one setting may be is said where it is declared; here is what holds between them. The steps that use the settings
//! refuse the same, but only when their turn comes, and that may be behind the first change.

mod ends;
mod objects;

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

fn run(_host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let mut broken = objects::broken(&inputs);
    broken.extend(ends::broken(&inputs));
    broken.extend(times(&inputs));
    broken.extend(limits(&inputs));
    broken.extend(period(&inputs));
    broken.extend(alerts(&inputs));
    broken.extend(roles(&inputs));
    if broken.is_empty() {
        return Ok(Outputs {
            mappings: i64::try_from(inputs.mappings.len()).unwrap_or_default(),
        });
    }
    Err(Fault::fail("check-dts-settings.unfit", broken.join("; "))
        .advise("Correct the inputs that are named. Nothing was called."))
}

fn times(inputs: &Inputs) -> Option<String> {
    let is_wrong = inputs.other_retry >= inputs.connection_retry;
    is_wrong.then(|| {
        "the retry time for other issues (`other_retry`) must be shorter than the one for failed connections (`connection_retry`)".to_owned()
    })
}

fn limits(inputs: &Inputs) -> Vec<String> {
    let full = inputs.full_limit.as_ref().map(|limit| {
        [
            limit.queries_per_second,
            limit.rows_per_second,
            limit.megabytes_per_second,
        ]
        .iter()
        .all(Option::is_none)
    });
    let incremental = inputs
        .incremental_limit
        .as_ref()
        .map(|limit| limit.rows_per_second.is_none() && limit.megabytes_per_second.is_none());
    let empty = [("full_limit", full), ("incremental_limit", incremental)];
    let empty = empty.iter().filter(|(_, is_empty)| *is_empty == Some(true));
    empty
        .map(|(name, _)| format!("`{name}` has none of its fields and limits nothing"))
        .collect()
}

/// A subscription is for months or for years, and nothing else has a duration.
fn period(inputs: &Inputs) -> Option<String> {
    let is_subscription = inputs.billing == "subscription";
    match (is_subscription, inputs.months, inputs.years) {
        (false, None, None) | (true, Some(_), None) | (true, None, Some(_)) => None,
        (false, ..) => Some(
            "`months` and `years` are for subscriptions, and the billing is pay-as-you-go"
                .to_owned(),
        ),
        (true, ..) => Some(
            "a subscription needs either `months` (1 to 9) or `years` (1, 2, 3 or 5)".to_owned(),
        ),
    }
}

/// Entering the role of DTS itself where the owner's is meant is a known mistake.
fn roles(inputs: &Inputs) -> Option<String> {
    const DTS_OWN_ROLE: &str = "AliyunDTSDefaultRole";
    let is_entered = inputs
        .roles
        .iter()
        .any(|role| role.eq_ignore_ascii_case(DTS_OWN_ROLE));
    is_entered.then(|| {
        format!("`{DTS_OWN_ROLE}` is the role of DTS itself; name a role for this purpose, such as `ram-for-dts`")
    })
}

fn alerts(inputs: &Inputs) -> Option<String> {
    let is_half = inputs.alert_delay.is_some() != inputs.alert_phone.is_some();
    is_half.then(|| {
        "alerts need both `alert_delay` and `alert_phone`: a threshold, and whom to tell".to_owned()
    })
}

#[cfg(test)]
rutter_sdk::cases!();
