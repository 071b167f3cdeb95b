//! The items of a precheck, and what a person has to hear about them.

use rutter_sdk::prelude::*;

use crate::OutputsItemsItem;

/// One item.
pub(crate) struct Item {
    pub(crate) name: String,
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

    /// One line for the log.
    pub(crate) fn line(&self) -> String {
        let ignored = if self.is_ignored { ", ignored" } else { "" };
        if self.reason.is_empty() {
            return format!("precheck: {} {}{ignored}", self.name, self.state);
        }
        format!(
            "precheck: {} {}{ignored}: {}",
            self.name, self.state, self.reason
        )
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
        repair.to_owned()
    }

    fn advice(&self) -> String {
        let ignore = if self.can_be_ignored {
            ", or name it in `ignore` if you accept what may come of it"
        } else {
            ""
        };
        format!("{}: {}{ignore}", self.name, self.remedy())
    }
}

/// Returns the items that stand in the way, may be ignored and nobody has decided about; a fault if there are items that may
/// not be ignored.
pub(crate) fn to_decide<'a>(items: &'a [Item], decided: &[String]) -> Result<Vec<&'a Item>, Fault> {
    let open = items.iter().filter(|item| !item.has_passed());
    let (may, may_not): (Vec<&Item>, Vec<&Item>) = open.partition(|item| item.can_be_ignored);
    if may_not.is_empty() {
        let is_open = |item: &&Item| !decided.contains(&item.name);
        return Ok(may.into_iter().filter(is_open).collect());
    }
    // The fault names all that stands in the way, so that it can be mended in one go.
    to_ignore(items, decided).map(|_| Vec::new())
}

/// What a person has to know about items that may be ignored.
pub(crate) fn question(open: &[&Item]) -> String {
    let lines: Vec<String> = open
        .iter()
        .map(|item| format!("{}. To mend it: {}", item.reason(), item.remedy()))
        .collect();
    lines.join("; ")
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
            joined(Item::advice)
        )),
    )
}
