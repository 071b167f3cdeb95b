//! The items of the precheck, and what a person has to hear about them.

use rutter_sdk::prelude::*;

const ITEMS: &str = "/PrecheckStatus/Detail";

/// Returns the names of all items.
pub(crate) fn names(job: &Answer) -> Vec<String> {
    job.items(ITEMS).iter().map(name).collect()
}

/// Returns what failed and why, and what to do about it, item by item.
pub(crate) fn verdict(job: &Answer) -> (String, String) {
    let items = job.items(ITEMS);
    let failed: Vec<&Answer> = items
        .iter()
        .filter(|item| !item.is_one_of("/CheckStatus", &["Success"]))
        .collect();
    if failed.is_empty() {
        let reasons = "its precheck failed, and DTS names no item";
        return (
            reasons.to_owned(),
            "Look at it in the DTS console".to_owned(),
        );
    }
    let told = |pointer: &str, otherwise: &str| {
        let of = |item: &&Answer| {
            let text = item.text_if_any(pointer).unwrap_or(otherwise);
            format!("{}: {}", name(item), text.trim_end_matches('.'))
        };
        failed.iter().map(of).collect::<Vec<_>>().join("; ")
    };
    let reasons = format!(
        "{} of {} items of the precheck failed: {}",
        failed.len(),
        items.len(),
        told("/ErrorMessage", "no reason given")
    );
    (
        reasons,
        told("/RepairMethod", "see the item in the DTS console"),
    )
}

fn name(item: &Answer) -> String {
    item.text_if_any("/ItemName")
        .unwrap_or("unnamed")
        .to_owned()
}
