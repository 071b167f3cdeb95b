//! What a rollback's records do.

use crate::api::Fault;
use crate::call::{Ask, Call};
use crate::person::Person;
use crate::record::{At, Phase, RollbackEnd, Timestamp};
use crate::run::{Back, Change, Legal, Rollback, Run};

impl Run {
    pub(super) fn rollback_started(&mut self, by: &Person) -> Legal {
        if self.rollback_under_way().is_some() {
            return Err("the run is already being taken back".to_owned());
        }
        self.rollback = Some(Rollback {
            by: by.clone(),
            end: None,
            highest: self.changes.len() as u64,
        });
        self.end = None;
        self.settle_all_questions("the run is taken back");
        for change in &mut self.changes {
            if matches!(change.back, Back::Failed(_)) {
                change.back = Back::No;
            }
        }
        // An undo that failed in an earlier rollback says nothing about this one.
        let items = self
            .steps
            .values_mut()
            .flat_map(|step| step.items.values_mut());
        for item in items {
            item.undo = item.undo.take().filter(|undo| !undo.ended);
        }
        Ok(())
    }

    pub(super) fn reverse_intended(&mut self, number: u64, call: &Call, time: Timestamp) -> Legal {
        let change = self.standing_change(number)?;
        if matches!(change.back, Back::Sent { stale: false, .. }) {
            return Err(format!("the reverse of change {number} is on its way"));
        }
        change.back = Back::Sent {
            call: Box::new(call.clone()),
            stale: false,
        };
        change.reversed = time;
        Ok(())
    }

    pub(super) fn reverse_done(&mut self, number: u64) -> Legal {
        self.standing_change(number)?.back = Back::Done;
        self.lower_highest();
        Ok(())
    }

    pub(super) fn reverse_failed(&mut self, number: u64, fault: &Fault) -> Legal {
        self.standing_change(number)?.back = Back::Failed(fault.clone());
        Ok(())
    }

    pub(super) fn rollback_ended(&mut self, end: &RollbackEnd) -> Legal {
        let under_way = self.rollback.as_mut().filter(|back| back.end.is_none());
        under_way.ok_or("the run is not being taken back")?.end = Some(end.clone());
        Ok(())
    }

    pub(super) fn taken_back_by_plugin(&mut self, at: &At) -> Legal {
        let (_, _, item) = self.item_mut(at)?;
        for number in item.changes.clone() {
            self.change_mut(number)?.back = Back::Done;
        }
        self.lower_highest();
        Ok(())
    }

    /// A change that a rollback under way still has to take back.
    fn standing_change(&mut self, number: u64) -> Result<&mut Change, String> {
        if self.rollback_under_way().is_none() {
            return Err("the run is not being taken back".to_owned());
        }
        let change = self.change_mut(number)?;
        if !change.stands() {
            return Err(format!("change {number} does not stand"));
        }
        Ok(change)
    }

    /// The rollback, unless it ended.
    pub(crate) fn rollback_under_way(&self) -> Option<&Rollback> {
        self.rollback.as_ref().filter(|back| back.end.is_none())
    }

    /// The newest change of the steps' own runs that was not taken back.
    pub(crate) fn newest_standing(&self) -> Option<&Change> {
        let highest = self.rollback.as_ref()?.highest;
        let known = usize::try_from(highest)
            .unwrap_or(usize::MAX)
            .min(self.changes.len());
        self.changes[..known]
            .iter()
            .rev()
            .find(|change| change.is_to_be_taken_back())
    }

    fn lower_highest(&mut self) {
        let highest = self.newest_standing().map_or(0, |change| change.number);
        if let Some(rollback) = &mut self.rollback {
            rollback.highest = highest;
        }
    }
}

impl Change {
    /// Whether it stands and people were asked because it cannot be taken back.
    pub fn is_final(&self) -> bool {
        self.is_to_be_taken_back() && self.call.ask == Some(Ask::Irreversible)
    }

    fn is_to_be_taken_back(&self) -> bool {
        self.at.phase == Phase::Run && self.stands()
    }
}
