//! The only way a run changes. Everything that is not written here as legal is an error.

use indexmap::IndexMap;

use crate::effect::Resolution;
use crate::plan::{Name, OnFailure, Plan};
use crate::record::{At, AttemptEnd, FORMAT, Fact, Item, Phase, Record, Shape, StepEnd, Timestamp};
use crate::run::{
    Attempt, Back, ChangeState, IllegalRecord, ItemRun, ItemState, Rollback, Run, Slot, SlotKind,
    StepRun, StepState,
};

type Legal = Result<(), String>;

impl Run {
    /// Applies one record.
    ///
    /// # Errors
    /// When the record cannot follow those before it; the run is then not to be used any more.
    pub fn evolve(&mut self, record: &Record) -> Result<(), IllegalRecord> {
        let illegal = |why: String| IllegalRecord {
            seq: record.seq,
            why,
        };
        if record.seq != self.seq + 1 {
            return Err(illegal(format!("number {} was expected", self.seq + 1)));
        }
        if self.plan.is_none() && !matches!(record.fact, Fact::RunStarted { .. }) {
            return Err(illegal("a run begins with `run-started`".to_owned()));
        }
        self.seq = record.seq;
        self.latest = record.time;
        self.apply(&record.fact, record.time).map_err(illegal)
    }

    fn apply(&mut self, fact: &Fact, time: Timestamp) -> Legal {
        match fact {
            Fact::RunStarted {
                format,
                run,
                mode,
                plan,
                ..
            } => {
                if self.plan.is_some() {
                    return Err("the run has already started".to_owned());
                }
                if *format > FORMAT {
                    return Err(format!("its form is {format}, newer than {FORMAT}"));
                }
                self.id.clone_from(run);
                self.mode = Some(*mode);
                self.started = time;
                self.adopt_plan(plan.clone());
                Ok(())
            }
            Fact::Resumed { .. } => self.resumed(),
            Fact::AccountsConfirmed { accounts } => {
                self.accounts.clone_from(accounts);
                self.confirmed = true;
                self.attend_to_all();
                Ok(())
            }
            Fact::PlanRevised { plan } => {
                self.adopt_plan(plan.clone());
                Ok(())
            }
            Fact::Interrupted {} => {
                self.interrupted = true;
                Ok(())
            }
            Fact::StepSkipped { step, reason } => self.skipped(step, reason),
            Fact::StepPrepared { step, shape, items } => self.prepared(step, *shape, items),
            Fact::StepEnded { step, end } => self.step_ended(step, end),
            Fact::ApprovalAsked { step, approval } => {
                let (index, run) = self.step_mut(step)?;
                run.asked = Some((approval.clone(), Vec::new()));
                run.approved = false;
                self.attention.insert(index);
                Ok(())
            }
            Fact::Approved { step, by, evidence } => {
                let (index, run) = self.step_mut(step)?;
                let (approval, yes) = run.asked.as_mut().ok_or("nobody was asked")?;
                yes.push((by.clone(), evidence.clone()));
                run.approved = yes.len() >= approval.people as usize;
                self.attention.insert(index);
                Ok(())
            }
            Fact::Declined { step, .. } => {
                self.step_mut(step)?;
                Ok(())
            }
            Fact::AttemptStarted { at } => self.attempt_started(at),
            Fact::AttemptResumed { at } => {
                self.attempt_mut(at)?.hosted = true;
                Ok(())
            }
            Fact::CallAnswered {
                at,
                index,
                print,
                answer,
                ..
            } => self.slot(at, *index, print, SlotKind::Answered(answer.clone()), time),
            Fact::WaitStarted {
                at,
                index,
                print,
                deadline,
                ..
            } => self.slot(
                at,
                *index,
                print,
                SlotKind::Wait {
                    deadline: *deadline,
                },
                time,
            ),
            Fact::ChangeIntended {
                at,
                index,
                change,
                print,
                call,
                reverse,
            } => {
                self.slot(at, *index, print, SlotKind::Change(*change), time)?;
                self.change_intended(*change, at, print, call, reverse.as_deref(), time)
            }
            Fact::ChangeDone { change, answer } => {
                self.change_over(*change, ChangeState::Done(answer.clone()), time)
            }
            Fact::ChangeRefused { change, fault } => {
                self.change_over(*change, ChangeState::Refused(fault.clone()), time)
            }
            Fact::ChangeUnknown { change, fault } => {
                self.change_over(*change, ChangeState::Unknown(fault.clone()), time)
            }
            Fact::ChangeAdopted {
                at,
                index,
                print,
                change,
                answer,
            } => {
                let kind = SlotKind::Answered(Ok(serde_json::Value::Bool(true)));
                self.slot(at, *index, print, kind, time)?;
                self.change_adopted(*change, answer)
            }
            Fact::AttemptEnded { at, end } => self.attempt_ended(at, end),
            Fact::RetryPlanned { at, due } => self.retry_planned(at, *due),
            Fact::Resolved {
                step,
                item,
                resolution,
                ..
            } => self.resolved(step, item.as_ref(), resolution),
            Fact::RollbackStarted { by } => self.rollback_started(by),
            Fact::ReverseIntended { change, call } => {
                self.change_mut(*change)?.back = Back::Sent {
                    call: call.clone(),
                    stale: false,
                };
                Ok(())
            }
            Fact::ReverseDone { change, .. } => {
                self.change_mut(*change)?.back = Back::Done;
                Ok(())
            }
            Fact::ReverseFailed { change, fault } => {
                self.change_mut(*change)?.back = Back::Failed(fault.clone());
                Ok(())
            }
            Fact::RollbackEnded { end } => {
                let rollback = self.rollback.as_mut().ok_or("no rollback was started")?;
                rollback.end = Some(end.clone());
                Ok(())
            }
            Fact::RunEnded { end } => {
                if self.end.is_some() {
                    return Err("the run has already ended".to_owned());
                }
                self.end = Some(end.clone());
                Ok(())
            }
        }
    }

    /// Takes a plan, keeping what is known of steps that it still has.
    fn adopt_plan(&mut self, plan: Box<Plan>) {
        let mut old = std::mem::take(&mut self.steps);
        let mut steps: IndexMap<Name, StepRun> = plan
            .steps
            .iter()
            .map(|step| {
                let mut run = old.swap_remove(&step.id).unwrap_or_default();
                run.unmet = 0;
                run.dependents.clear();
                (step.id.clone(), run)
            })
            .collect();
        for (index, step) in plan.steps.iter().enumerate() {
            for need in &step.needs {
                let Some(needed) = steps.get_mut(need) else {
                    continue;
                };
                needed.dependents.push(index);
                let met = needed.is_over();
                steps[index].unmet += usize::from(!met);
            }
        }
        self.open_steps = steps.values().filter(|step| !step.is_over()).count();
        self.steps = steps;
        self.plan = Some(plan);
        self.limit();
        self.attend_to_all();
    }

    fn attend_to_all(&mut self) {
        let open = self
            .steps
            .values()
            .enumerate()
            .filter(|(_, step)| !step.is_over());
        self.attention = open.map(|(index, _)| index).collect();
    }

    /// A new process: nothing is under way in it yet; what failed may be tried again.
    fn resumed(&mut self) -> Legal {
        if self.end.is_some() {
            // Only to be taken back: the steps stay as they are.
            self.confirmed = false;
            self.forget_process();
            return Ok(());
        }
        self.confirmed = false;
        self.interrupted = false;
        self.forget_process();
        for index in std::mem::take(&mut self.failed_steps) {
            self.begin_again(index);
        }
        self.attend_to_all();
        Ok(())
    }

    fn forget_process(&mut self) {
        for step in self.steps.values_mut() {
            for item in step.items.values_mut() {
                for attempt in item.attempt.iter_mut().chain(item.undo.iter_mut()) {
                    attempt.hosted = false;
                }
                if let ItemState::Delayed { armed, .. } = &mut item.state {
                    *armed = false;
                }
            }
        }
        for change in &mut self.changes {
            if let ChangeState::Intended { stale } = &mut change.state {
                *stale = true;
            }
            if let Back::Sent { stale, .. } = &mut change.back {
                *stale = true;
            }
        }
    }

    /// Makes a failed step ready to be tried again.
    fn begin_again(&mut self, index: usize) {
        let step = &mut self.steps[index];
        step.state = if step.items.is_empty() {
            StepState::Waiting
        } else {
            StepState::Running
        };
        step.failures = 0;
        for item in step.items.values_mut() {
            if matches!(item.state, ItemState::Failed(_)) {
                item.state = ItemState::Pending;
                item.forgiven = item.attempts;
            }
        }
        if step.items.is_empty() {
            step.asked = None;
        }
        self.open_steps += 1;
        let dependents = step.dependents.clone();
        for dependent in dependents {
            self.steps[dependent].unmet += 1;
        }
        self.attention.insert(index);
    }

    fn skipped(&mut self, step: &Name, reason: &str) -> Legal {
        let (index, _) = self.step_mut(step)?;
        self.step_over(index, StepState::Skipped(reason.to_owned()))
    }

    fn prepared(&mut self, step: &Name, shape: Shape, items: &[Item]) -> Legal {
        let (index, run) = self.step_mut(step)?;
        if run.state != StepState::Waiting {
            return Err(format!("step `{step}` was prepared twice"));
        }
        run.state = StepState::Running;
        run.shape = Some(shape);
        run.items = items
            .iter()
            .map(|item| (item.key.clone(), ItemRun::new(item.inputs.clone())))
            .collect();
        self.attention.insert(index);
        Ok(())
    }

    fn step_ended(&mut self, step: &Name, end: &StepEnd) -> Legal {
        let (index, _) = self.step_mut(step)?;
        let state = match end {
            StepEnd::Done(outputs) => StepState::Done(outputs.clone()),
            StepEnd::Failed(fault) => StepState::Failed(fault.clone()),
        };
        self.step_over(index, state)
    }

    fn step_over(&mut self, index: usize, state: StepState) -> Legal {
        let failed = matches!(state, StepState::Failed(_));
        let step = &mut self.steps[index];
        if step.is_over() {
            return Err("the step is already over".to_owned());
        }
        step.state = state;
        let dependents = step.dependents.clone();
        let unknown = |item: &&ItemRun| matches!(item.state, ItemState::Unknown(_));
        self.unknown_items -= step.items.values().filter(unknown).count();
        self.open_steps -= 1;
        let plan = self.plan.as_ref().ok_or("no plan")?;
        if failed && plan.steps[index].on_failure != OnFailure::Continue {
            self.failed_steps.insert(index);
        }
        for dependent in dependents {
            let waiting = &mut self.steps[dependent];
            waiting.unmet = waiting.unmet.saturating_sub(1);
            if waiting.unmet == 0 {
                self.attention.insert(dependent);
            }
        }
        Ok(())
    }

    fn attempt_started(&mut self, at: &At) -> Legal {
        let (index, item) = self.item_mut(at)?;
        let attempt = Attempt {
            at: at.clone(),
            calls: Vec::new(),
            hosted: true,
            ended: false,
        };
        match at.phase {
            Phase::Undo => {
                item.undo_attempts = at.attempt;
                item.undo = Some(attempt);
            }
            Phase::Run => {
                let may = matches!(item.state, ItemState::Pending | ItemState::Delayed { .. });
                if !may || at.attempt != item.attempts + 1 {
                    return Err(format!("attempt {} cannot start now", at.attempt));
                }
                item.attempts = at.attempt;
                item.attempt = Some(attempt);
                item.state = ItemState::Running;
                self.steps[index].active += 1;
            }
        }
        Ok(())
    }

    fn attempt_ended(&mut self, at: &At, end: &AttemptEnd) -> Legal {
        let (index, item) = self.item_mut(at)?;
        if at.phase == Phase::Undo {
            item.undo.as_mut().ok_or("the undo was not started")?.ended = true;
            if matches!(end, AttemptEnd::Done(_)) {
                self.taken_back_by_plugin(at);
            }
            return Ok(());
        }
        let current = item
            .attempt
            .as_mut()
            .filter(|attempt| attempt.at == *at && !attempt.ended);
        current.ok_or("the attempt is not under way")?.ended = true;
        item.state = match end {
            AttemptEnd::Done(outputs) => ItemState::Done(outputs.clone()),
            AttemptEnd::Failed(fault) => ItemState::Failed(fault.clone()),
            AttemptEnd::Unknown(fault) => ItemState::Unknown(fault.clone()),
        };
        let step = &mut self.steps[index];
        step.active -= 1;
        step.failures += usize::from(matches!(end, AttemptEnd::Failed(_)));
        self.unknown_items += usize::from(matches!(end, AttemptEnd::Unknown(_)));
        self.attention.insert(index);
        Ok(())
    }

    fn retry_planned(&mut self, at: &At, due: Timestamp) -> Legal {
        let (index, item) = self.item_mut(at)?;
        let failed = matches!(item.state, ItemState::Failed(_));
        item.state = ItemState::Delayed { due, armed: true };
        let step = &mut self.steps[index];
        step.failures -= usize::from(failed);
        Ok(())
    }

    fn resolved(&mut self, step: &Name, item: Option<&Name>, what: &Resolution) -> Legal {
        let (index, _) = self.step_mut(step)?;
        if *what == Resolution::Skip {
            self.refuse_open(step, item);
            if self.failed_steps.remove(&index) {
                self.begin_again(index);
            }
            return self.step_over(index, StepState::Skipped("a person left it out".to_owned()));
        }
        if self.failed_steps.remove(&index) {
            self.begin_again(index);
        }
        if *what == Resolution::Retry {
            self.refuse_open(step, item);
        }
        let meant = |key: &Option<Name>| item.is_none() || key.as_ref() == item;
        let mut known = 0;
        for (_, item) in self.steps[index]
            .items
            .iter_mut()
            .filter(|(key, _)| meant(key))
        {
            let unknown = matches!(item.state, ItemState::Unknown(_));
            known += usize::from(unknown);
            if unknown || matches!(item.state, ItemState::Failed(_) | ItemState::Pending) {
                item.forgiven = item.attempts;
                item.state = match what {
                    Resolution::Done(outputs) => ItemState::Done(outputs.clone()),
                    _ => ItemState::Pending,
                };
            }
        }
        self.unknown_items -= known;
        self.attention.insert(index);
        Ok(())
    }

    fn rollback_started(&mut self, by: &str) -> Legal {
        self.rollback = Some(Rollback {
            by: by.to_owned(),
            end: None,
        });
        self.end = None;
        for change in &mut self.changes {
            if matches!(change.back, Back::Failed(_)) {
                change.back = Back::No;
            }
        }
        Ok(())
    }

    /// Puts a recorded call in its place: the next one, or a wait that is now answered.
    fn slot(&mut self, at: &At, index: u32, print: &str, kind: SlotKind, time: Timestamp) -> Legal {
        let attempt = self.attempt_mut(at)?;
        let index = index as usize;
        let slot = Slot {
            print: print.to_owned(),
            kind,
            time,
        };
        if index == attempt.calls.len() {
            attempt.calls.push(slot);
            return Ok(());
        }
        let waits = |slot: &&mut Slot| matches!(slot.kind, SlotKind::Wait { .. });
        match attempt.calls.get_mut(index).filter(waits) {
            Some(waiting) if waiting.print == print => {
                *waiting = slot;
                Ok(())
            }
            _ => Err(format!("call {index} of step `{}` has no place", at.step)),
        }
    }

    pub(crate) fn step_mut(&mut self, step: &Name) -> Result<(usize, &mut StepRun), String> {
        let found = self.steps.get_full_mut(step);
        found
            .map(|(index, _, run)| (index, run))
            .ok_or(format!("there is no step `{step}`"))
    }

    pub(crate) fn item_mut(&mut self, at: &At) -> Result<(usize, &mut ItemRun), String> {
        let (index, step) = self.step_mut(&at.step)?;
        let item = step.items.get_mut(&at.item);
        item.map(|item| (index, item))
            .ok_or(format!("step `{}` has no such item", at.step))
    }

    fn attempt_mut(&mut self, at: &At) -> Result<&mut Attempt, String> {
        let (_, item) = self.item_mut(at)?;
        let attempt = match at.phase {
            Phase::Run => item.attempt.as_mut(),
            Phase::Undo => item.undo.as_mut(),
        };
        let attempt = attempt.filter(|attempt| attempt.at == *at && !attempt.ended);
        attempt.ok_or(format!(
            "attempt {} of step `{}` is not under way",
            at.attempt, at.step
        ))
    }
}

impl ItemRun {
    fn new(inputs: serde_json::Value) -> Self {
        Self {
            inputs,
            state: ItemState::Pending,
            attempts: 0,
            forgiven: 0,
            attempt: None,
            undo: None,
            undo_attempts: 0,
        }
    }
}
