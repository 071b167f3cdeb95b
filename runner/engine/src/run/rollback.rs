//! What a rollback's records do.

use std::collections::BTreeSet;

use crate::api::{Fault, FaultClass};
use crate::call::{Ask, Call, Repeat, Target};
use crate::part::Part;
use crate::person::Person;
use crate::place::{At, Phase};
use crate::plan::{Because, Name, Plan, Uses};
use crate::record::RollbackEnd;
use crate::resolution::Settlement;
use crate::run::token::Token;
use crate::run::{Back, Change, ChangeState, Legal, Rollback, Run};
use crate::time::Timestamp;

/// Whether a need counts that the order of the file alone makes.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Counts,
    Passes,
}

impl Run {
    pub(super) fn rollback_started(
        &mut self,
        by: &Person,
        part: Option<&Part>,
        mended: Option<&Plan>,
    ) -> Legal {
        let under_way = self.rollback_under_way();
        // Who wants all of it back need not wait for a part.
        if under_way.is_some_and(|back| back.part.is_none() || part.is_some()) {
            return Err("the run is already being taken back".to_owned());
        }
        if let Some(part) = part {
            self.has_all_of(part)?;
        }
        self.rollback = Some(Rollback {
            by: by.clone(),
            end: None,
            highest: self.changes.len() as u64,
            stuck: BTreeSet::new(),
            left: BTreeSet::new(),
            part: part.cloned(),
            mended: mended.cloned().map(Box::new),
        });
        self.lower_highest();
        self.end = None;
        match part {
            None => self.settle_all_questions("the run is taken back"),
            Some(part) => {
                for again in &part.again {
                    self.settle_questions(&again.step, None, "the step is taken back");
                }
            }
        }
        let mut left = BTreeSet::new();
        let in_doubt = self.reverses_in_doubt();
        for change in &mut self.changes {
            change.compared = false;
            match change.back {
                Back::Failed(_) if in_doubt.contains(&change.number) => {}
                Back::Failed(_) | Back::Claimed => {
                    change.back = Back::No;
                    change.look_failed = false;
                }
                // Its object may be gone by now.
                Back::Left(_) if change.goes_along() => change.back = Back::No,
                Back::Left(_) => {
                    left.insert(change.number);
                }
                Back::No | Back::Sent { .. } | Back::Done => change.look_failed = false,
            }
        }
        if let Some(rollback) = &mut self.rollback {
            rollback.left = left;
            rollback.stuck = in_doubt;
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

    /// The changes whose reverse was sent with an outcome that nobody knows and nothing shows, and that
    /// may act a second time: only a person's word has them sent again.
    fn reverses_in_doubt(&self) -> BTreeSet<u64> {
        let covered = self.changes.iter().filter(|change| self.covers(change));
        let in_doubt = covered.filter(|change| change.is_reverse_in_doubt());
        in_doubt.map(|change| change.number).collect()
    }

    pub(super) fn reverse_intended(&mut self, number: u64, call: &Call, time: Timestamp) -> Legal {
        let change = self.standing_change(number)?;
        if matches!(change.back, Back::Sent { stale: false, .. }) && !change.looking {
            return Err(format!("the reverse of change {number} is on its way"));
        }
        // Where it is sent again because its outcome is not known, its token is as old as the first time.
        if !matches!(change.back, Back::Sent { .. }) {
            change.reverse_token = Token::sent(time);
        }
        change.back = Back::Sent {
            call: Box::new(call.clone()),
            stale: false,
        };
        change.looking = false;
        Ok(())
    }

    pub(super) fn reverse_done(&mut self, number: u64) -> Legal {
        let change = self.standing_change(number)?;
        change.back = Back::Done;
        change.looking = false;
        self.lower_highest();
        Ok(())
    }

    pub(super) fn reverse_failed(&mut self, number: u64, fault: &Fault) -> Legal {
        let change = self.standing_change(number)?;
        change.looking = false;
        if fault.class.passes() {
            change.back = Back::Failed(fault.clone());
            return Ok(());
        }
        self.stuck(number, fault)
    }

    /// A change waits for a person.
    pub(super) fn stuck(&mut self, number: u64, fault: &Fault) -> Legal {
        self.standing_change(number)?.back = Back::Failed(fault.clone());
        if let Some(rollback) = &mut self.rollback {
            rollback.stuck.insert(number);
        }
        Ok(())
    }

    pub(super) fn change_left(&mut self, number: u64, why: &str) -> Legal {
        self.standing_change(number)?.back = Back::Left(why.to_owned());
        if let Some(rollback) = &mut self.rollback {
            rollback.left.insert(number);
        }
        self.lower_highest();
        Ok(())
    }

    pub(super) fn change_settled(
        &mut self,
        number: u64,
        settlement: Settlement,
        by: &Person,
        why: &str,
    ) -> Legal {
        if self.rollback.is_none() {
            return Err("the run is not being taken back".to_owned());
        }
        let change = self.change_mut(number)?;
        if !change.waits_for_settlement() {
            return Err(format!("change {number} waits for no decision"));
        }
        change.back = match settlement {
            Settlement::Gone => Back::Done,
            Settlement::Leave => Back::Left(format!("{by} left it: {why}")),
            Settlement::Retry => Back::No,
        };
        change.insisted = settlement == Settlement::Retry;
        if let Some(rollback) = &mut self.rollback {
            rollback.stuck.remove(&number);
            rollback.left.remove(&number);
            if settlement == Settlement::Leave {
                rollback.left.insert(number);
            }
            rollback.highest = rollback.highest.max(number);
        }
        self.lower_highest();
        Ok(())
    }

    pub(super) fn rollback_ended(&mut self, end: &RollbackEnd) -> Legal {
        let under_way = self.rollback.as_mut().filter(|back| back.end.is_none());
        under_way.ok_or("the run is not being taken back")?.end = Some(end.clone());
        self.part_is_over(end)
    }

    /// A plugin's own undo ended well: what can be seen is looked at, the rest is believed.
    pub(super) fn taken_back_by_plugin(&mut self, at: &At) -> Legal {
        let (_, _, item) = self.item_mut(at)?;
        for number in item.changes.clone() {
            // What the undo itself changed goes with it.
            let mine = |change: &&Change| {
                let given = self.covers(change) && change.is_for_its_plugin();
                change.at.phase == Phase::Undo || given
            };
            let Some(change) = self.change(number).filter(mine) else {
                continue;
            };
            let back = match change.find {
                Some(_) if change.at.phase == Phase::Run => Back::Claimed,
                _ => Back::Done,
            };
            self.change_mut(number)?.back = back;
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

    /// The newest change that is to be taken back next: no change that is stuck or stays needs it.
    pub(crate) fn next_to_take_back(&self) -> Option<&Change> {
        let stuck = &self.rollback.as_ref()?.stuck;
        let mut open = self.to_take_back().filter(|change| !change.goes_along());
        let next = open.find(|change| {
            let held = stuck.contains(&change.number) || self.is_needed_by_stuck(change);
            !held && !self.waits_for_maker(change)
        });
        // What goes with its object is looked at when that had its turn.
        let goes_along = || self.to_take_back().find(|change| change.goes_along());
        next.or_else(|| goes_along().filter(|_| stuck.is_empty()))
    }

    /// Whether any change is left to be taken back.
    pub(crate) fn anything_to_take_back(&self) -> bool {
        self.to_take_back().next().is_some()
    }

    /// The changes of the steps' own runs that are to be taken back, newest first.
    fn to_take_back(&self) -> impl Iterator<Item = &Change> {
        let highest = self.rollback.as_ref().map_or(u64::MAX, |back| back.highest);
        let known = usize::try_from(highest)
            .unwrap_or(usize::MAX)
            .min(self.changes.len());
        let known = self.changes[..known].iter().rev();
        known.filter(|change| self.covers(change))
    }

    /// Whether the rollback has to take a change back.
    pub(crate) fn covers(&self, change: &Change) -> bool {
        let part = self.rollback.as_ref().and_then(|back| back.part.as_ref());
        let At { step, item, .. } = &change.at;
        let mine = part.is_none_or(|part| part.covers(step, item.as_ref(), change.number));
        mine && change.is_to_be_taken_back()
    }

    /// The changes of the steps' own runs that were not taken back, oldest first.
    pub(crate) fn standing_of_runs(&self) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(|change| change.is_to_be_taken_back())
    }

    /// Whether a newer change that waits for a person belongs to the same item, or to a step that
    /// needs this one: it may be made of what this change made.
    fn is_needed_by_stuck(&self, change: &Change) -> bool {
        let Some(rollback) = &self.rollback else {
            return false;
        };
        // What was made in passing needs nothing but what it is behind, and was not there before that.
        let mut stuck = rollback
            .stuck
            .iter()
            .filter_map(|number| self.change(*number));
        stuck.any(|other| {
            let newer = other.number > change.number && other.passed.is_none();
            let shared = self.shares_undo(change, other);
            shared || newer && self.is_needed_by(change, other, Order::Passes)
        })
    }

    /// Whether a plugin takes both back at once.
    fn shares_undo(&self, change: &Change, other: &Change) -> bool {
        let same = change.at.step == other.at.step && change.at.item == other.at.item;
        let both = change.is_for_its_plugin() && other.is_for_its_plugin();
        let own = || match self.planned(&change.at.step).map(|step| &step.uses) {
            Some(Uses::Plugin(plugin)) => plugin.undo,
            _ => false,
        };
        same && both && own()
    }

    /// A newer change that stays and was made of what this one made, so that this one stays as well:
    /// one that cannot be taken back at all stands on everything before it.
    pub(crate) fn stays_for(&self, change: &Change) -> Option<&Change> {
        let rollback = self.rollback.as_ref()?;
        let newer = rollback.left.range(change.number + 1..);
        newer
            .filter_map(|number| self.change(*number))
            .find(|other| {
                let other_step = other.at.step != change.at.step;
                other.is_final() && other_step && self.is_needed_by(change, other, Order::Counts)
            })
    }

    fn is_needed_by(&self, change: &Change, other: &Change, order: Order) -> bool {
        if other.at.step == change.at.step {
            return other.at.item == change.at.item;
        }
        self.needs(&other.at.step, &change.at.step, order)
    }

    /// Whether a step needs another, directly or by others.
    fn needs(&self, step: &Name, other: &Name, order: Order) -> bool {
        let mut open = vec![step.clone()];
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            let Some(planned) = self.planned(&name).filter(|_| seen.insert(name.clone())) else {
                continue;
            };
            if name == *other {
                return true;
            }
            let needs = planned
                .needs
                .iter()
                .filter(|need| order == Order::Counts || need.because != Because::Order);
            open.extend(needs.map(|need| need.step.clone()));
            open.extend(planned.caller.clone());
            if let Uses::Runbook(_) = planned.uses {
                let inner = self
                    .steps()
                    .filter(|(inner, _)| name != *step && inner.caller.as_ref() == Some(&name));
                open.extend(inner.map(|(inner, _)| inner.id.clone()));
            }
        }
        false
    }

    fn lower_highest(&mut self) {
        let highest = self.to_take_back().next().map_or(0, |change| change.number);
        if let Some(rollback) = &mut self.rollback {
            rollback.highest = highest;
        }
    }
}

impl Change {
    /// Whether it stands and people were asked because it cannot be taken back.
    pub fn is_final(&self) -> bool {
        self.at.phase == Phase::Run && self.stands() && self.call.ask == Some(Ask::Irreversible)
    }

    /// Whether a person may say what becomes of it in a rollback.
    pub fn waits_for_settlement(&self) -> bool {
        let stuck = match &self.back {
            Back::Failed(fault) => !fault.class.passes(),
            Back::Left(_) => true,
            _ => false,
        };
        self.at.phase == Phase::Run && self.stands() && stuck
    }

    /// Whether nobody expects it to be taken back: a message that was sent.
    pub(crate) fn is_message(&self) -> bool {
        matches!(self.call.target, Target::Http(_)) && self.call.covered
    }

    /// Whether its step's plugin takes it back, where that has an undo of its own.
    pub(crate) fn is_for_its_plugin(&self) -> bool {
        self.passed.is_none() && !self.is_final() && !self.goes_along()
    }

    /// Whether it may have happened or not.
    pub fn is_unknown(&self) -> bool {
        matches!(self.state, ChangeState::Unknown(_))
    }

    fn is_reverse_in_doubt(&self) -> bool {
        let failed =
            matches!(&self.back, Back::Failed(fault) if fault.class == FaultClass::LookFirst);
        let harmless = |call: &Call| call.repeat == Repeat::Same;
        let repeatable = self.reverse.as_ref().is_some_and(harmless);
        failed && !self.is_unknown() && self.traceable().is_none() && !repeatable
    }

    fn is_to_be_taken_back(&self) -> bool {
        self.at.phase == Phase::Run && self.stands() && !matches!(self.back, Back::Left(_))
    }
}
