//! The only way a run changes. Everything that is not written here, and in the files beside it, as
//! legal is an error.

use crate::call::Ask;
use crate::host_call::told;
use crate::record::{FORMAT, Fact, Record};
use crate::run::recovery::Recovery;
use crate::run::{ChangeState, IllegalRecord, Legal, Run, SlotKind};
use crate::time::Timestamp;

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
        self.apply(&record.fact, record.time).map_err(illegal)?;
        self.note_standing(&record.fact);
        self.note_letter(&record.fact);
        Ok(())
    }

    fn apply(&mut self, fact: &Fact, time: Timestamp) -> Legal {
        match fact {
            Fact::RunStarted { .. }
            | Fact::Resumed { .. }
            | Fact::AccountsConfirmed { .. }
            | Fact::PlanRevised { .. }
            | Fact::Interrupted {}
            | Fact::RunEnded { .. } => self.apply_to_run(fact, time),
            Fact::CallAnswered { .. }
            | Fact::WaitStarted { .. }
            | Fact::ChangeIntended { .. }
            | Fact::ChangeDone { .. }
            | Fact::ChangeRefused { .. }
            | Fact::ChangeUnknown { .. }
            | Fact::ChangeFound { .. }
            | Fact::ChangeKept { .. } => self.apply_to_call(fact, time),
            Fact::LookBegun { change } => self.look_begun(*change),
            Fact::LookFailed { change, fault } => self.look_failed(*change, fault),
            Fact::Adopted { .. } => Ok(()),
            Fact::ChangeSeen { change, seen } => self.change_seen(*change, seen),
            Fact::MadeInPassing {
                change,
                passed,
                reverse,
                find,
            } => self.made_in_passing(*change, passed, reverse.as_deref(), find, time),
            Fact::ChangeLeft { change, why } => self.change_left(*change, why),
            Fact::ChangeSettled {
                change,
                settlement,
                by,
                why,
                ..
            } => self.change_settled(*change, *settlement, by, why),
            Fact::ClockDoubted { .. } => {
                self.distrust_tokens();
                Ok(())
            }
            Fact::CloudClock { cloud } => {
                self.cloud_clock(*cloud, time);
                Ok(())
            }
            Fact::Recovered {
                sound,
                reached,
                damage,
                kept,
                ..
            } => {
                self.recovered(Recovery {
                    sound: *sound,
                    reached: *reached,
                    damage: damage.clone(),
                    kept: kept.clone(),
                });
                Ok(())
            }
            Fact::RollbackStarted { by, part, mended } => {
                self.rollback_started(by, part.as_deref(), mended.as_deref())
            }
            Fact::ReverseIntended { change, call } => self.reverse_intended(*change, call, time),
            Fact::ReverseDone { change, .. } => self.reverse_done(*change),
            Fact::ReverseFailed { change, fault } => self.reverse_failed(*change, fault),
            Fact::RollbackEnded { end } => self.rollback_ended(end),
            Fact::StepSkipped { .. }
            | Fact::StepPrepared { .. }
            | Fact::StepEnded { .. }
            | Fact::ApprovalAsked { .. }
            | Fact::Approved { .. }
            | Fact::Declined { .. }
            | Fact::AnswerIgnored { .. }
            | Fact::AttemptStarted { .. }
            | Fact::AttemptResumed { .. }
            | Fact::AttemptEnded { .. }
            | Fact::RetryPlanned { .. }
            | Fact::Resolved { .. } => self.apply_to_step(fact, time),
        }
    }

    fn apply_to_run(&mut self, fact: &Fact, time: Timestamp) -> Legal {
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
                self.driven = time;
                self.adopt_plan(plan.clone())
            }
            Fact::Resumed { profiles, .. } => {
                self.driven = time;
                self.bound_anew(profiles)?;
                self.resumed()
            }
            Fact::AccountsConfirmed { accounts } => {
                // One that could not be asked this time keeps who it was.
                self.accounts.extend(accounts.clone());
                self.confirmed = true;
                self.attend_to_all();
                Ok(())
            }
            Fact::PlanRevised { plan } => self.plan_revised(plan),
            Fact::Interrupted {} => {
                self.interrupted = true;
                Ok(())
            }
            Fact::RunEnded { end } => {
                if self.end.is_some() {
                    return Err("the run has already ended".to_owned());
                }
                self.end = Some(end.clone());
                Ok(())
            }
            _ => Err("it is not about the run".to_owned()),
        }
    }

    fn apply_to_step(&mut self, fact: &Fact, time: Timestamp) -> Legal {
        match fact {
            Fact::StepSkipped { step, reason } => self.skipped(step, reason),
            Fact::StepPrepared { step, shape, items } => self.prepared(step, *shape, items),
            Fact::StepEnded { step, end } => self.step_ended(step, end),
            Fact::ApprovalAsked {
                question,
                step,
                approval,
            } => self.asked(*question, step, approval, time),
            Fact::Approved {
                question,
                by,
                evidence,
                ..
            } => self.said_yes(*question, by, evidence, time),
            Fact::Declined { question, by, .. } => self.said_no(*question, by),
            Fact::AnswerIgnored { .. } => Ok(()),
            Fact::AttemptStarted { at } => self.attempt_started(at, time),
            Fact::AttemptResumed { at } => self.attempt_resumed(at, time),
            Fact::AttemptEnded { at, end } => self.attempt_ended(at, end),
            Fact::RetryPlanned { at, due } => self.retry_planned(at, *due),
            Fact::Resolved {
                step,
                item,
                resolution,
                ..
            } => self.resolved(step, item.as_ref(), resolution),
            _ => Err("it is not about a step".to_owned()),
        }
    }

    fn apply_to_call(&mut self, fact: &Fact, time: Timestamp) -> Legal {
        match fact {
            Fact::CallAnswered { place, answer, .. } => {
                self.slot(place, SlotKind::Answered(answer.clone()), time)
            }
            Fact::WaitStarted {
                place, deadline, ..
            } => {
                let deadline = *deadline;
                self.slot(place, SlotKind::Wait { deadline }, time)
            }
            Fact::ChangeIntended {
                place,
                change,
                call,
                reverse,
                find,
                before,
            } => {
                self.slot(place, SlotKind::Change(*change), time)?;
                let (reverse, look) = (reverse.as_deref(), (find.as_deref(), before.as_slice()));
                self.change_intended(*change, place, call, reverse, look, time)?;
                self.change_mut(*change)?.granted = self.use_grant(&place.at, &place.fingerprint);
                Ok(())
            }
            Fact::ChangeDone { change, answer } => {
                self.change_over(*change, ChangeState::Done(answer.clone()), time)
            }
            Fact::ChangeRefused { change, fault } => {
                self.change_over(*change, ChangeState::Refused(fault.clone()), time)?;
                self.give_grant_back(*change);
                Ok(())
            }
            Fact::ChangeUnknown { change, fault } => {
                self.change_over(*change, ChangeState::Unknown(fault.clone()), time)?;
                // To destroy what was to be destroyed is one wish, to buy once more is another.
                if self.change_mut(*change)?.call.ask == Some(Ask::Irreversible) {
                    self.give_grant_back(*change);
                }
                Ok(())
            }
            Fact::ChangeFound {
                place,
                change,
                answer,
            } => {
                let kind = SlotKind::Answered(Ok(told(answer.clone(), true)));
                self.slot(place, kind, time)?;
                self.change_found(*change, answer)
            }
            Fact::ChangeKept { place, change } => {
                self.slot(place, SlotKind::Change(*change), time)?;
                self.change_kept(*change)
            }
            _ => Err("it is not about a call".to_owned()),
        }
    }
}
