//! A run that tests tell as a story.

use std::collections::BTreeMap;

use rutter_engine::{
    Account, Api, At, Because, Call, Class, FORMAT, Fact, Fault, FaultClass, Identity, Item, Mode,
    Need, OnFailure, Phase, Plan, PluginRef, Record, Repeat, Retry, Run, Shape, SourceLine, Step,
    Target, Timestamp, Uses,
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
        let mut story = Self {
            run: Run::new(),
            records: Vec::new(),
        };
        story.then(Fact::RunStarted {
            format: FORMAT,
            run: "7f3cab12".to_owned(),
            mode: Mode::Live,
            rutter: "0.1.0".to_owned(),
            plan: Box::new(plan()),
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

    /// The step `role` is under way and has sent its change.
    pub(crate) fn with_a_change_sent() -> Self {
        let mut story = Self::begun();
        story.then(Fact::StepPrepared {
            step: "role".into(),
            shape: Shape::One,
            items: vec![Item {
                key: None,
                inputs: json!({}),
            }],
        });
        story.then(Fact::AttemptStarted { at: at("role") });
        story.then(Fact::ChangeIntended {
            at: at("role"),
            index: 0,
            change: 1,
            print: "p".to_owned(),
            call: Box::new(call("CreateRole")),
            reverse: Some(Box::new(call("DeleteRole"))),
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
        account: "source".to_owned(),
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
        inside: None,
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
