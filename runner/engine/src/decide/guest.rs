//! A guest made a host call, or ended.

use serde_json::Value;

use super::Turn;
use crate::api::{Fault, FaultClass};
use crate::call::{Call, Class, Condition, Target};
use crate::effect::{Effect, Wake};
use crate::find::Find;
use crate::host_call::HostCall;
use crate::place::{At, CallSite, Phase};
use crate::plan::Uses;
use crate::record::{A_PAUSE, AttemptEnd, Fact};
use crate::run::{Change, ChangeState, Slot, SlotKind};
use crate::ticket::{LookFor, Ticket, Work};
use crate::time::Timestamp;

impl Turn<'_> {
    pub(super) fn guest_called(
        &mut self,
        at: At,
        index: u32,
        fingerprint: String,
        call: HostCall,
        denied: Option<Fault>,
    ) {
        let Some(attempt) = self.run.attempt(&at) else {
            return;
        };
        match attempt.calls.get(index as usize) {
            Some(slot) if slot.fingerprint == fingerprint => {
                let newest = index as usize + 1 == attempt.calls.len();
                self.replay(at, index, slot, newest, call, denied);
            }
            Some(slot) => self.not_deterministic(at, index, slot, &call),
            None => {
                let place = CallSite {
                    at,
                    index,
                    fingerprint,
                };
                self.new_call(place, call, denied);
            }
        }
    }

    /// Answers a call from the record, or goes on with what was under way when a process died.
    fn replay(
        &mut self,
        at: At,
        index: u32,
        slot: &Slot,
        newest: bool,
        call: HostCall,
        denied: Option<Fault>,
    ) {
        match &slot.kind {
            SlotKind::Answered(answer) => self.answer_then(at, index, answer.clone(), slot.time),
            SlotKind::Wait { .. } if denied.is_some() => {
                let place = slot.site(at, index);
                let answer = denied.map_or(Ok(Value::Null), Err);
                self.record_answer(place, label(&call), answer);
            }
            SlotKind::Wait { deadline } => {
                self.go_on_waiting(slot.site(at, index), call, *deadline);
            }
            SlotKind::Change(number) => {
                let change = self
                    .run
                    .change(*number)
                    .expect("a slot's change was recorded");
                if newest && denied.is_none() && self.is_to_be_made_again(change) {
                    self.make_again(change, 1, self.now);
                } else {
                    self.replay_change(at, index, slot.time, change, newest);
                }
            }
        }
    }

    /// Whether the newest call of an attempt was still being repeated when a process ended. A guest
    /// that was told its last outcome cannot be told apart from one that was not, since it did nothing
    /// more that was recorded: so the repeating is simply begun anew.
    fn is_to_be_made_again(&self, change: &Change) -> bool {
        match &change.state {
            ChangeState::Refused(fault) => fault.class == FaultClass::Retry,
            ChangeState::Unknown(_) | ChangeState::Intended { stale: true } => {
                may_repeat(change, self.now)
            }
            ChangeState::Intended { stale: false } | ChangeState::Done(_) => false,
        }
    }

    /// Sends a change again: with a record of its own where it is known that the one before did not
    /// happen, and without where repeating is harmless.
    pub(super) fn make_again(&mut self, change: &Change, tries: u32, first: Timestamp) {
        if matches!(change.state, ChangeState::Refused(_)) {
            self.intend_again(change, tries, first);
        } else {
            self.send_change(change, tries, first);
        }
    }

    /// What a guest is told of a change. `newest`: it may not have been told yet.
    fn replay_change(
        &mut self,
        at: At,
        index: u32,
        time: Timestamp,
        change: &Change,
        newest: bool,
    ) {
        match &change.state {
            ChangeState::Done(answer) => {
                let answer = change.told(answer.clone());
                self.answer_then(at, index, Ok(answer), time);
            }
            ChangeState::Refused(fault) => match change.taking().filter(|_| newest) {
                Some(find) => self.look_at_existing(change, find),
                None => self.answer_then(at, index, Err(fault.clone()), time),
            },
            ChangeState::Unknown(fault) => {
                if let Some(find) = change.lookable().filter(|_| newest) {
                    return self.look_for_outcome(change, find);
                }
                self.answer_then(at, index, Err(change.look_first(fault)), time);
            }
            ChangeState::Intended { .. } => {
                if let Some(fault) = change.doubt() {
                    self.change_unknown(change, fault);
                }
            }
        }
    }

    fn answer_then(&mut self, at: At, index: u32, answer: Result<Value, Fault>, time: Timestamp) {
        self.effects.push(Effect::AnswerGuest {
            at,
            index,
            answer,
            time,
        });
    }

    fn new_call(&mut self, place: CallSite, call: HostCall, denied: Option<Fault>) {
        if self.run.interrupted() {
            return;
        }
        if let Some(fault) = denied {
            self.record_answer(place, label(&call), Err(fault));
            return;
        }
        match call {
            HostCall::Call {
                call,
                reverse,
                find,
            } if call.class == Class::Change => self.wanted_change(place, call, reverse, find),
            HostCall::Call { call, .. } => {
                let at = place.at.clone();
                let call = Box::new(call);
                let ticket = Ticket {
                    work: Work::Read {
                        place,
                        call: call.clone(),
                    },
                    tries: 1,
                    first: self.now,
                };
                self.effects.push(Effect::Send { ticket, call, at });
            }
            HostCall::WaitFor { call, condition } => self.begin_wait(place, call, condition),
            HostCall::Sleep { duration_ms } => {
                let deadline = self.now.after(duration_ms);
                let label = A_PAUSE.to_owned();
                self.sleep_until(place.at.clone(), place.index, deadline);
                self.facts.push(Fact::WaitStarted {
                    place,
                    label,
                    deadline,
                });
            }
        }
    }

    /// A change that a guest wants to make: answered from the record where an equal one was kept, and looked for first
    /// where it can be seen.
    fn wanted_change(
        &mut self,
        place: CallSite,
        call: Call,
        reverse: Option<Box<Call>>,
        find: Option<Box<Find>>,
    ) {
        let CallSite {
            at, fingerprint, ..
        } = &place;
        if self.answer_from_kept(at, place.index, fingerprint) {
            return;
        }
        match find {
            Some(find) => {
                let at = at.clone();
                let purpose = LookFor::Before {
                    place,
                    call: Box::new(call),
                    reverse,
                };
                self.look_before(at, purpose, find);
            }
            None if self.run.adopted_change(at, fingerprint).is_some() => {
                self.refuse_beside_adopted(place, &call);
            }
            None => self.new_change(place, call, reverse, None, Vec::new()),
        }
    }

    pub(super) fn new_change(
        &mut self,
        place: CallSite,
        call: Call,
        reverse: Option<Box<Call>>,
        find: Option<Box<Find>>,
        before: Vec<String>,
    ) {
        let CallSite {
            at, fingerprint, ..
        } = &place;
        let back = reverse.as_deref().into_iter();
        let removals = find.iter().flat_map(|find| &find.passing);
        let back = back.chain(removals.filter_map(|passing| passing.remove.as_ref()));
        let back: Vec<&Call> = back.collect();
        if self.must_wait(at, fingerprint, &call, &back) {
            return;
        }
        let intent = Intent {
            place,
            call: Box::new(call),
            reverse,
            find,
            before,
        };
        self.intend_change(intent, 1, self.now);
    }

    /// Sends a change once more, with a record of its own: the one before did not happen.
    pub(super) fn intend_again(&mut self, change: &Change, tries: u32, first: Timestamp) {
        let intent = Intent {
            place: CallSite::of(change),
            call: Box::new(change.call.clone()),
            reverse: change.reverse.clone().map(Box::new),
            find: change.find.clone(),
            before: change.before.clone(),
        };
        self.intend_change(intent, tries, first);
    }

    fn intend_change(&mut self, intent: Intent, tries: u32, first: Timestamp) {
        let Intent {
            place,
            call,
            reverse,
            find,
            before,
        } = intent;
        let change = self.run.changes().len() as u64 + 1;
        let work = Work::Change(change);
        let ticket = Ticket { work, tries, first };
        self.effects.push(Effect::Send {
            ticket,
            call: call.clone(),
            at: place.at.clone(),
        });
        self.facts.push(Fact::ChangeIntended {
            place,
            change,
            call,
            reverse,
            find,
            before,
        });
    }

    /// Sends a recorded change (again), without a new record.
    pub(super) fn send_change(&mut self, change: &Change, tries: u32, first: Timestamp) {
        let ticket = Ticket {
            work: Work::Change(change.number),
            tries,
            first,
        };
        let call = Box::new(change.call.clone());
        self.effects.push(Effect::Send {
            ticket,
            call,
            at: change.at.clone(),
        });
    }

    fn begin_wait(&mut self, place: CallSite, call: Call, condition: Condition) {
        let deadline = self.now.after(condition.timeout_ms);
        self.facts.push(Fact::WaitStarted {
            place: place.clone(),
            label: wait_label(&call, &condition),
            deadline,
        });
        self.poll(place, call, condition, deadline);
    }

    fn go_on_waiting(&mut self, place: CallSite, call: HostCall, deadline: Timestamp) {
        match call {
            HostCall::WaitFor { call, condition } => {
                self.poll(place, call, condition, deadline);
            }
            _ => self.sleep_until(place.at, place.index, deadline),
        }
    }

    fn poll(&mut self, place: CallSite, call: Call, condition: Condition, deadline: Timestamp) {
        let call = Box::new(call);
        let condition = Box::new(condition);
        let (sent, by) = (call.clone(), place.at.clone());
        let work = Work::Poll {
            place,
            call,
            condition,
            deadline,
        };
        let ticket = Ticket {
            work,
            tries: 1,
            first: self.now,
        };
        self.effects.push(Effect::Send {
            ticket,
            call: sent,
            at: by,
        });
    }

    pub(super) fn sleep_until(&mut self, at: At, index: u32, due: Timestamp) {
        let reason = format!("`{}` pauses", at.step);
        self.effects.push(Effect::Timer {
            due,
            wake: Wake::SleepOver { at, index },
            reason,
        });
    }

    pub(super) fn sleep_over(&mut self, at: At, index: u32) {
        let Some(attempt) = self.run.attempt(&at) else {
            return;
        };
        let Some(slot) = attempt.calls.get(index as usize) else {
            return;
        };
        if !matches!(slot.kind, SlotKind::Wait { .. }) {
            return;
        }
        if self
            .run
            .planned(&at.step)
            .is_some_and(|step| step.uses == Uses::Pause)
        {
            self.pause_over(at);
            return;
        }
        let place = slot.site(at, index);
        self.record_answer(place, A_PAUSE.to_owned(), Ok(Value::Null));
    }

    pub(super) fn record_answer(
        &mut self,
        place: CallSite,
        label: String,
        answer: Result<Value, Fault>,
    ) {
        self.answer(place.at.clone(), place.index, answer.clone());
        self.facts.push(Fact::CallAnswered {
            place,
            label,
            answer,
        });
    }

    fn not_deterministic(&mut self, at: At, index: u32, slot: &Slot, call: &HostCall) {
        let recorded = match &slot.kind {
            SlotKind::Change(number) => {
                let change = self
                    .run
                    .change(*number)
                    .expect("a slot's change was recorded");
                change.call.label()
            }
            SlotKind::Answered(_) | SlotKind::Wait { .. } => "another call".to_owned(),
        };
        let message = format!(
            "call {index} was {recorded} when it was recorded and is {} now, or its parameters differ",
            label(call)
        );
        let fault = Fault::new(FaultClass::Bug, "rutter.not-deterministic", message)
            .advise("the plugin must make the same calls when it is answered alike");
        self.effects.push(Effect::DropGuest { at: at.clone() });
        let end = self.failed_end(&at, fault);
        self.end_attempt(at, end);
    }

    pub(super) fn guest_ended(&mut self, at: At, result: Result<Value, Fault>) {
        if self.run.attempt(&at).is_none() {
            return;
        }
        match result {
            Ok(outputs) if at.phase == Phase::Run => self.leave(at, outputs, 0),
            Ok(outputs) => self.end_attempt(at, AttemptEnd::Done(outputs)),
            Err(fault) => {
                let end = self.failed_end(&at, fault);
                self.end_attempt(at, end);
            }
        }
    }

    /// A failure that leaves a change of unknown outcome behind is an outcome of its own.
    pub(super) fn failed_end(&self, at: &At, fault: Fault) -> AttemptEnd {
        if self.run.has_open_changes(at) {
            AttemptEnd::Unknown(fault)
        } else {
            AttemptEnd::Failed(fault)
        }
    }

    pub(super) fn attempt_timed_out(&mut self, at: At) {
        let Some(attempt) = self.run.attempt(&at).filter(|_| !self.run.interrupted()) else {
            return;
        };
        // People take the time they need; the code does nothing meanwhile.
        let waits = self.run.asks_for(&at);
        let since = if waits { self.now } else { attempt.since };
        if self.begin_timeout(&at, since) {
            return;
        }
        let fault = Fault::new(
            FaultClass::Fail,
            "rutter.step-timeout",
            format!("`{}` took longer than its `timeout`", at.step),
        );
        self.effects.push(Effect::DropGuest { at: at.clone() });
        let end = self.failed_end(&at, fault);
        self.end_attempt(at, end);
    }

    /// Stops at once: what is in flight becomes unknown.
    pub(super) fn abort(&mut self) {
        if !self.run.interrupted() {
            self.facts.push(Fact::Interrupted {});
        }
        for change in self.run.unanswered() {
            if matches!(change.state, ChangeState::Intended { stale: false }) {
                let fault = Fault::new(
                    FaultClass::LookFirst,
                    "rutter.unknown-outcome",
                    "the operator stopped before it was answered",
                );
                self.facts.push(Fact::ChangeUnknown {
                    change: change.number,
                    fault,
                });
            }
        }
    }
}

/// Whether the host may send a change again that may have happened.
pub(super) fn may_repeat(change: &Change, now: Timestamp) -> bool {
    change.may_repeat(now)
}

impl Slot {
    /// The site of the recorded call, which is the call `index` of this attempt.
    fn site(&self, at: At, index: u32) -> CallSite {
        CallSite {
            at,
            index,
            fingerprint: self.fingerprint.clone(),
        }
    }
}

impl CallSite {
    pub(super) fn of(change: &Change) -> Self {
        Self {
            at: change.at.clone(),
            index: change.index,
            fingerprint: change.fingerprint.clone(),
        }
    }
}

/// A change that is about to be sent.
struct Intent {
    place: CallSite,
    call: Box<Call>,
    reverse: Option<Box<Call>>,
    find: Option<Box<Find>>,
    before: Vec<String>,
}

fn label(call: &HostCall) -> String {
    match call {
        HostCall::Call { call, .. } => call.label(),
        HostCall::WaitFor { call, condition } => wait_label(call, condition),
        HostCall::Sleep { .. } => A_PAUSE.to_owned(),
    }
}

pub(super) fn wait_label(call: &Call, condition: &Condition) -> String {
    let subject = match &call.target {
        Target::Api(api) => format!("{}:{}", api.product, api.action),
        _ => call.label(),
    };
    format!(
        "{subject} {} = {}",
        condition.path,
        condition.until.join(" or ")
    )
}
