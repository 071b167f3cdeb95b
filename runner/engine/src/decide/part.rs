//! A part of the run is taken back, and made again from what stays.

use super::Turn;
use crate::api::{Fault, FaultClass};
use crate::part::Part;
use crate::person::Person;
use crate::place::{At, CallSite};
use crate::plan::{Name, Plan};
use crate::record::{Fact, Item};
use crate::run::StepRun;

impl Turn<'_> {
    pub(super) fn undo_part(&mut self, by: Person, part: Box<Part>, mended: Option<Box<Plan>>) {
        if self.run.may_be_taken_back().is_err() || self.run.has_all_of(&part).is_err() {
            if by.letter().is_some() {
                let why = "the run has gone on, and that part cannot be taken back now";
                self.ignore(by, "undo".to_owned(), why.to_owned());
            }
            return;
        }
        self.begin_rollback(by, Some(part), mended);
    }

    /// Answers a change with an equal one that stayed while its step was made again. Returns whether
    /// there is one.
    pub(super) fn answer_from_kept(&mut self, at: &At, index: u32, fingerprint: &str) -> bool {
        let kept = self.run.kept_change(at, fingerprint);
        let Some((change, answer)) =
            kept.and_then(|kept| Some((kept.number, kept.told(kept.answer()?.clone()))))
        else {
            return false;
        };
        self.facts.push(Fact::ChangeKept {
            place: CallSite {
                at: at.clone(),
                index,
                fingerprint: fingerprint.to_owned(),
            },
            change,
        });
        self.answer(at.clone(), index, Ok(answer));
        true
    }
}

/// An item that made changes which stand is not among those of its step any more: nobody could take
/// them back.
pub(super) fn item_left_out(run: &StepRun, items: &[Item]) -> Option<Fault> {
    if !run.revised {
        return None;
    }
    let known = |key: &Option<Name>| items.iter().any(|item| item.key == *key);
    let mut items = run.items.iter();
    let (key, _) = items.find(|(key, item)| item.stands && !known(key))?;
    let key = key.as_deref().unwrap_or("the whole step");
    let message = format!("item `{key}` is left out now, and what it changed still stands");
    let fault = Fault::new(FaultClass::Fail, "rutter.item-left-out", message);
    Some(fault.advise("take the step back first: `rutter undo RUN --step STEP`"))
}
