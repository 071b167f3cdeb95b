//! The items of a precheck, and what a person has to hear about them.

use rutter_sdk::prelude::*;

use crate::OutputsItemsItem;

/// One item.
pub(crate) struct Item {
    name: String,
    state: String,
    /// Why it did not pass.
    reason: String,
    /// What DTS advises.
    repair: String,
    can_be_ignored: bool,
    is_ignored: bool,
}

impl Item {
    pub(crate) fn read(item: &Answer) -> Self {
        let text = |pointer| item.text_if_any(pointer).unwrap_or_default().to_owned();
        let name = item
            .text_if_any("/Item")
            .or_else(|| item.text_if_any("/Names"));
        Self {
            name: name.unwrap_or("unnamed").to_owned(),
            state: text("/State"),
            reason: text("/ErrMsg"),
            repair: text("/RepairMethod"),
            can_be_ignored: item.boolean("/CanSkip").unwrap_or(false),
            is_ignored: text("/IgnoreFlag") == "Y",
        }
    }

    pub(crate) fn has_passed(&self) -> bool {
        self.is_ignored || self.state.eq_ignore_ascii_case("Success")
    }

    pub(crate) fn output(&self) -> OutputsItemsItem {
        OutputsItemsItem {
            name: self.name.clone(),
            state: self.state.clone(),
            ignored: self.is_ignored,
        }
    }

    fn reason(&self) -> String {
        let reason = if self.reason.is_empty() {
            "no reason given"
        } else {
            &self.reason
        };
        format!("{} ({}): {reason}", self.name, self.state)
    }

    fn remedy(&self) -> String {
        let repair = if self.repair.is_empty() {
            "see the item in the DTS console"
        } else {
            &self.repair
        };
        let ignore = if self.can_be_ignored {
            ", or name it in `ignore` if you accept what may come of it"
        } else {
            ""
        };
        format!("{}: {repair}{ignore}", self.name)
    }
}

/// Returns the items that stand in the way and may be ignored; a fault if there are others.
pub(crate) fn to_ignore<'a>(items: &'a [Item], allowed: &[String]) -> Result<Vec<&'a str>, Fault> {
    let open: Vec<&Item> = items.iter().filter(|item| !item.has_passed()).collect();
    let blocking: Vec<&Item> = open
        .iter()
        .copied()
        .filter(|item| !(item.can_be_ignored && allowed.contains(&item.name)))
        .collect();
    if blocking.is_empty() {
        return Ok(open.iter().map(|item| item.name.as_str()).collect());
    }
    let joined = |text: fn(&Item) -> String| {
        blocking
            .iter()
            .map(|item| text(item))
            .collect::<Vec<_>>()
            .join("; ")
    };
    let (passed, all) = (items.len() - open.len(), items.len());
    let message = format!(
        "{passed} of {all} items of the precheck passed: {}",
        joined(Item::reason)
    );
    Err(
        Fault::fail("precheck-dts-task.failed", message).advise(format!(
            "{}. Nothing was bought or copied; mend it and run the step again.",
            joined(Item::remedy)
        )),
    )
}
