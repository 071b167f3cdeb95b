//! A run that tests tell as a story.

use std::collections::BTreeMap;

use rutter_engine::{
    Account, Api, At, AttemptEnd, Because, Call, CallSite, Class, FORMAT, Fact, Fault, FaultClass,
    Identity, Item, Known, Mode, Need, OnFailure, Person, Phase, Plan, PluginRef, Principal,
    Record, Repeat, Retry, Run, Shape, SourceLine, Step, StepEnd, Target, Timestamp, Uses,
};
use serde_json::json;

/// A run and its records.
pub(crate) struct Story {
    pub(crate) run: Run,
    pub(crate) records: Vec<Record>,
}

impl Story {
    /// A run of two steps, `role` (a plugin) and `cutover` (an approval), whose accounts are confirmed.
    pub(crate) fn begun() -> Self {
        Self::of(plan())
    }

    /// A run of plugin steps that wait for nothing but each other's order.
    pub(crate) fn of_steps(names: &[&str]) -> Self {
        let mut plan = plan();
        let pattern = plan.steps.swap_remove(0);
        let named = |name: &&str| Step {
            id: (*name).into(),
            ..pattern.clone()
        };
        plan.steps = names.iter().map(named).collect();
        Self::of(plan)
    }

    /// A rehearsal of such a run.
    pub(crate) fn rehearsed(names: &[&str]) -> Self {
        let begun = Self::of_steps(names);
        let mut story = Self {
            run: Run::new(),
            records: Vec::new(),
        };
        for record in begun.records {
            let mut fact = record.fact;
            if let Fact::RunStarted { mode, .. } = &mut fact {
                *mode = Mode::Rehearsal;
            }
            story.then(fact);
        }
        story
    }

    fn of(plan: Plan) -> Self {
        let mut story = Self {
            run: Run::new(),
            records: Vec::new(),
        };
        story.then(Fact::RunStarted {
            format: FORMAT,
            run: "7f3cab12".to_owned(),
            mode: Mode::Live,
            rutter: "0.1.0".to_owned(),
            plan: Box::new(plan),
        });
        story.then(Fact::AccountsConfirmed {
            accounts: BTreeMap::from([(
                "source".into(),
                Identity {
                    id: "1234567890123456".to_owned(),
                    arn: "acs:ram::1234567890123456:root".to_owned(),
                },
            )]),
        })
    }

    /// A step begins its first attempt.
    pub(crate) fn begins(&mut self, step: &str) {
        self.then(Fact::StepPrepared {
            step: step.into(),
            shape: Shape::One,
            items: vec![Item {
                key: None,
                name: None,
                inputs: json!({}),
            }],
        });
        self.then(Fact::AttemptStarted { at: at(step) });
    }

    /// The attempt of a step, and with it the step, ends.
    pub(crate) fn ends(&mut self, step: &str, end: Result<serde_json::Value, Fault>) {
        let (attempt, step_end) = match end {
            Ok(outputs) => (AttemptEnd::Done(outputs.clone()), StepEnd::Done(outputs)),
            Err(fault) => (AttemptEnd::Failed(fault.clone()), StepEnd::Failed(fault)),
        };
        self.then(Fact::AttemptEnded {
            at: at(step),
            end: attempt,
        });
        self.then(Fact::StepEnded {
            step: step.into(),
            end: step_end,
        });
    }

    /// The step `role` is under way and has sent its change.
    pub(crate) fn with_a_change_sent() -> Self {
        let mut story = Self::begun();
        story.begins("role");
        story.then(Fact::ChangeIntended {
            place: CallSite {
                at: at("role"),
                index: 0,
                fingerprint: "p".to_owned(),
            },
            change: 1,
            call: Box::new(call("CreateRole")),
            reverse: Some(Box::new(call("DeleteRole"))),
            find: None,
            before: Vec::new(),
        })
    }

    /// One more record, a second later.
    pub(crate) fn then(&mut self, fact: Fact) -> Self {
        let seq = self.run.seq() + 1;
        let record = Record {
            seq,
            time: Timestamp(1_700_000_000_000 + seq.cast_signed() * 1_000),
            fact,
        };
        self.run.evolve(&record).unwrap();
        self.records.push(record);
        Self {
            run: self.run.clone(),
            records: self.records.clone(),
        }
    }
}

/// A user of this system.
pub(crate) fn alice() -> Person {
    Person {
        name: "alice".to_owned(),
        known: Known::Process { uid: 1_000 },
    }
}

pub(crate) fn at(step: &str) -> At {
    At {
        step: step.into(),
        item: None,
        attempt: 1,
        phase: Phase::Run,
    }
}

pub(crate) fn call(action: &str) -> Call {
    Call {
        account: Principal::new("source").ok(),
        target: Target::Api(Api {
            product: "RAM".to_owned(),
            action: action.to_owned(),
            version: "2015-05-01".to_owned(),
            region: None,
            parameters: json!({}),
        }),
        class: Class::Change,
        repeat: Repeat::Never,
        ask: None,
        covered: false,
        all_pages: false,
    }
}

pub(crate) fn fault() -> Fault {
    Fault::new(FaultClass::Fail, "NoPermission", "You are not\nauthorized.")
        .advise("grant `ram:CreateRole` to the profile `a`")
}

fn plan() -> Plan {
    let step = |id: &str, uses, needs: &[&str]| Step {
        id: id.into(),
        caller: None,
        title: id.to_owned(),
        uses,
        accounts: BTreeMap::new(),
        with: json!({}),
        needs: needs
            .iter()
            .map(|&need| Need::new(need, Because::Order))
            .collect(),
        when: None,
        for_each: None,
        retry: Retry::default(),
        timeout_ms: None,
        on_failure: OnFailure::Stop,
        confirm: None,
        line: SourceLine::default(),
    };
    let plugin = PluginRef {
        name: "create-role".to_owned(),
        version: "0.1.0".to_owned(),
        digest: "00".to_owned(),
        undo: false,
        ids: Vec::new(),
    };
    Plan {
        name: "redis_cross_account".to_owned(),
        title: "One-way sync".to_owned(),
        file: "redis.toml".to_owned(),
        digest: "00".to_owned(),
        inputs: json!({}),
        accounts: BTreeMap::from([(
            "source".into(),
            Account {
                help: "Account A".to_owned(),
                profile: "a".to_owned(),
                region: "cn-hangzhou".to_owned(),
                expected_id: None,
            },
        )]),
        steps: vec![
            step("role", Uses::Plugin(plugin), &[]),
            step("cutover", Uses::Approve, &["role"]),
        ],
        outputs: json!({}),
        notes: Vec::new(),
    }
}
