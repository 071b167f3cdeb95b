//! What a change left behind and what it made in passing, as the run knows it.

use serde_json::json;

use crate::call::{Ask, Call, Class, Repeat, Target};
use crate::find::{Find, Shows};
use crate::place::{CallSite, Phase};
use crate::run::{Back, Change, ChangeState, Legal, Run};
use crate::seen::{Passed, Seen};
use crate::template;
use crate::time::Timestamp;

impl Run {
    pub(super) fn change_seen(&mut self, number: u64, seen: &Seen) -> Legal {
        let back = self.rollback_under_way().is_some();
        let change = self.change_mut(number)?;
        if !change.stands() {
            return Err(format!("change {number} does not stand"));
        }
        if back {
            change.looking = false;
            change.compared = true;
        } else {
            change.left = Some(seen.clone());
        }
        Ok(())
    }

    pub(super) fn made_in_passing(
        &mut self,
        number: u64,
        passed: &Passed,
        reverse: Option<&Call>,
        find: &Find,
        time: Timestamp,
    ) -> Legal {
        let maker = self.change_mut(passed.of)?;
        let place = CallSite {
            at: maker.at.clone(),
            index: maker.index,
            fingerprint: String::new(),
        };
        let call = stands_for(maker.call.clone());
        let look = (Some(find), &[][..]);
        self.change_intended(number, &place, &call, reverse, look, time)?;
        let answer = json!({ "Id": passed.id });
        self.change_over(number, ChangeState::Done(answer), time)?;
        self.change_mut(number)?.passed = Some(passed.clone());
        if let Some(rollback) = &mut self.rollback {
            rollback.highest = rollback.highest.max(number);
        }
        Ok(())
    }

    /// Whether an object that a change made in passing is known already.
    pub(crate) fn knows_of(&self, change: &Change, kind: &str, id: &str) -> Option<u64> {
        let same = |passed: &Passed| passed.kind == kind && passed.id == id;
        let mut known = self.changes_of(&change.at);
        let found = known.find(|other| other.passed.as_ref().is_some_and(same));
        found.map(|change| change.number)
    }

    /// Whether a change of this run, which stands, is taken back by just this call.
    pub(crate) fn has_reverse(&self, call: &Call) -> bool {
        let mut standing = self.standing_of_runs();
        standing.any(|change| {
            let reverse = change.reverse.as_ref();
            let own = reverse.filter(|reverse| reverse.ask != Some(Ask::Reverse));
            let filled = own.and_then(|own| template::filled(own, change.answer()).ok());
            filled.is_some_and(|own| own.target == call.target && own.account == call.account)
        })
    }

    /// The change that made an object in passing.
    pub(crate) fn maker(&self, change: &Change) -> Option<&Change> {
        self.change(change.passed.as_ref()?.of)
    }

    /// Whether it has to wait for what it is behind: that is taken back first.
    pub(crate) fn waits_for_maker(&self, change: &Change) -> bool {
        let stands = |maker: &Change| maker.stands() && !matches!(maker.back, Back::Left(_));
        self.maker(change).is_some_and(stands)
    }

    /// The change that made the object which a covered change goes with, if it is one of this run's.
    pub(crate) fn makes_object_of(&self, change: &Change) -> Option<&Change> {
        let names = change.names();
        let makes = |other: &&Change| {
            let made = other.made();
            let names = made.iter().all(|id| names.contains(id.as_str()));
            let plain = other.passed.is_none() && !other.goes_along();
            plain && !made.is_empty() && names && other.at.phase == Phase::Run
        };
        let older = self.changes.iter().rev();
        let mut older = older.skip_while(|other| other.number >= change.number);
        older.find(|other| makes(other) && !matches!(other.state, ChangeState::Refused(_)))
    }
}

impl Change {
    /// Whether it goes with the object it belongs to and has no reverse of its own.
    pub(crate) fn goes_along(&self) -> bool {
        self.call.covered && self.reverse.is_none() && !self.is_message()
    }

    /// Its look, if what it left is worth reading before it is taken back.
    pub(crate) fn surveyed(&self) -> Option<&Find> {
        let made = matches!(self.state, ChangeState::Done(_)) && self.stands();
        let mine = made && self.at.phase == Phase::Run && !self.goes_along();
        let destroyed = self.reverse.as_ref().is_some_and(Call::destroys);
        self.find.as_deref().filter(|find| {
            let says = destroyed || !find.uses.is_empty() || !find.passing.is_empty();
            mine && says && !find.stays && find.shows == Shows::There
        })
    }

    /// Whether it is to be compared with what was left before it is taken back.
    pub(crate) fn is_to_be_compared(&self) -> bool {
        // What was made in passing was not read when its step ended: only that somebody uses it shows.
        let worth = |find: &Find| self.passed.is_none() || !find.uses.is_empty();
        !self.compared && !self.insisted && self.surveyed().is_some_and(worth)
    }
}

/// What stands for the change that made something in passing, which nobody sent.
fn stands_for(call: Call) -> Call {
    let target = match call.target {
        Target::Api(api) => Target::Api(crate::api::Api {
            parameters: json!({}),
            ..api
        }),
        other => other,
    };
    Call {
        account: call.account,
        target,
        class: Class::Change,
        repeat: Repeat::Never,
        ask: None,
        covered: false,
        all_pages: false,
    }
}
