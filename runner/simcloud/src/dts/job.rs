//! A task: what it is, and where it is in its life.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::check_item::{Item, passed};
use super::endpoint::Endpoint;
use super::monitor::Rule;
use super::{RequestContext, settings};
use crate::charges::Charge;

/// A task.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub id: String,
    /// The id that its instance has or will have.
    pub instance_id: String,
    pub name: String,
    /// `SYNC`, `MIGRATION` or `CHECK`.
    pub kind: String,
    pub region: String,
    pub created_ms: i64,
    pub setup: Option<Setup>,
    pub bought: Option<Bought>,
    pub phase: Phase,
    /// The check items that a person decided to overlook.
    pub skipped: BTreeSet<String>,
    /// Alert rules by what they are about: `delay`, `error`, `full_timeout`.
    pub rules: BTreeMap<String, Rule>,
    /// The world's troubles that it has been through, by their place in the world file.
    pub met: BTreeSet<usize>,
}

/// What was configured.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub source: Endpoint,
    pub destination: Endpoint,
    pub structure: bool,
    pub full: bool,
    pub incremental: bool,
    pub objects: Value,
    pub reserve: Value,
    /// The environment: `normal`, `online`, or nothing.
    pub label: String,
    /// What is verified after the copy; nothing if it is not.
    pub verification: Value,
}

#[derive(Clone, Debug)]
pub(crate) struct Bought {
    pub at_ms: i64,
    pub pay_type: String,
    pub class: String,
    pub resource_group: String,
    /// When a subscription ends.
    pub until_ms: Option<i64>,
}

/// Where a task is in its life.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    NotConfigured,
    NotStarted,
    /// The items are judged when it begins, and told when it ends.
    Prechecking {
        from: i64,
        until: i64,
        items: Vec<Item>,
    },
    Prechecked {
        at: i64,
        items: Vec<Item>,
    },
    Initializing {
        from: i64,
        until: i64,
    },
    /// The incremental stage.
    Running {
        from: i64,
    },
    /// DTS tries again by itself until the trouble is over or the retry time is.
    Retrying(Retrying),
    /// It gave up; what was left of the initialisation, `None` if it was over.
    Broken {
        left_ms: Option<i64>,
        message: String,
    },
    /// Paused, with what was left of the initialisation; `None` if it was over.
    Suspended {
        left_ms: Option<i64>,
    },
    /// Overdue or expired.
    Locked,
    Finished {
        at: i64,
    },
    /// Deleted: it can be read as finished for a while.
    Deleted {
        at: i64,
    },
}

/// Trying again.
#[derive(Clone, Debug)]
pub(crate) struct Retrying {
    pub from: i64,
    /// When the trouble is over; `None` if it stays.
    pub over: Option<i64>,
    pub gives_up: i64,
    /// What was left of the initialisation; `None` if it was over.
    pub left_ms: Option<i64>,
    pub message: String,
    /// `source` or `destination`.
    pub target: &'static str,
}

impl Job {
    /// Returns a task that nobody configured or bought yet.
    pub fn new(context: &mut RequestContext<'_>, kind: &str, region: String) -> Self {
        Self {
            id: context.new_id("l", "dts-job"),
            instance_id: context.new_id("dts", "dts-instance"),
            name: String::new(),
            kind: kind.to_owned(),
            region,
            created_ms: context.now,
            setup: None,
            bought: None,
            phase: Phase::NotConfigured,
            skipped: BTreeSet::new(),
            rules: BTreeMap::new(),
            met: BTreeSet::new(),
        }
    }

    /// Returns the status as `DescribeDtsJobs` spells it.
    pub fn status(&self) -> &'static str {
        let is_sync = self.kind == "SYNC";
        match &self.phase {
            Phase::NotConfigured => "NotConfigured",
            Phase::NotStarted => "NotStarted",
            Phase::Prechecking { .. } => "Prechecking",
            Phase::Prechecked { items, .. } if passed(items) => "PreCheckPass",
            Phase::Prechecked { .. } => "PrecheckFailed",
            Phase::Initializing { .. } if is_sync => "Initializing",
            Phase::Running { .. } if is_sync => "Synchronizing",
            Phase::Initializing { .. } | Phase::Running { .. } => "Migrating",
            Phase::Retrying(_) => "Retrying",
            Phase::Broken { .. } if !is_sync => "MigrationFailed",
            Phase::Broken {
                left_ms: Some(_), ..
            } => "InitializeFailed",
            Phase::Broken { left_ms: None, .. } => "Failed",
            Phase::Suspended { .. } => "Suspending",
            Phase::Locked => "Locked",
            Phase::Finished { .. } | Phase::Deleted { .. } => "Finished",
        }
    }

    pub fn is_deleted(&self) -> bool {
        matches!(self.phase, Phase::Deleted { .. })
    }

    pub fn is_readable(&self, now: i64, deleted_ms: i64) -> bool {
        match self.phase {
            Phase::Deleted { at } => now < at.saturating_add(deleted_ms),
            _ => true,
        }
    }

    /// Returns whether it copies or is about to go on copying.
    pub fn is_under_way(&self) -> bool {
        matches!(
            self.phase,
            Phase::Initializing { .. }
                | Phase::Running { .. }
                | Phase::Retrying(_)
                | Phase::Suspended { .. }
        )
    }

    /// Returns what it is looked for by: its instance, and the databases at its ends.
    pub fn names(&self) -> Vec<String> {
        let mut names = vec![Self::by_instance(&self.instance_id)];
        if let Some(setup) = &self.setup {
            names.push(Self::by_end(&setup.source.instance_id));
            names.push(Self::by_end(&setup.destination.instance_id));
        }
        names
    }

    /// The name of a task by its instance.
    pub fn by_instance(instance: &str) -> String {
        format!("instance {instance}")
    }

    /// The name of all tasks from or to a database.
    pub fn by_end(database: &str) -> String {
        format!("end {database}")
    }

    /// Returns whether one of its ends is this database.
    pub fn is_about(&self, instance: &str) -> bool {
        self.setup.as_ref().is_some_and(|setup| {
            setup.source.instance_id == instance || setup.destination.instance_id == instance
        })
    }

    /// Returns what is paid for it: an instance costs, paused or not, until it is released.
    pub fn charge(&self, account: &str) -> Option<Charge> {
        let bought = self.bought.as_ref()?;
        let until_ms = match self.phase {
            Phase::Deleted { at } => Some(at),
            _ => None,
        };
        Some(Charge {
            account_id: account.to_owned(),
            kind: "dts-instance".to_owned(),
            id: self.instance_id.clone(),
            from_ms: bought.at_ms,
            until_ms,
            detail: format!("{} {} {}", self.kind, bought.class, bought.pay_type),
        })
    }

    /// Returns the lasting properties, for comparing states.
    pub fn lasting(&self) -> Value {
        let endpoints = self.setup.as_ref().map(|setup| {
            json!({
                "source": setup.source.instance_id,
                "destination": setup.destination.instance_id,
                "objects": setup.objects,
                "label": setup.label,
                "verification": setup.verification,
            })
        });
        let mut lasting = json!({ "name": self.name, "kind": self.kind, "region": self.region, "setup": endpoints, "bought": self.bought.is_some() });
        if !self.rules.is_empty() {
            let rules = self.rules.iter();
            lasting["alerts"] = rules
                .map(|(kind, rule)| (kind.clone(), rule.values()))
                .collect();
        }
        lasting
    }
}

impl Setup {
    /// Returns how long DTS tries again when an end cannot be reached, in milliseconds.
    pub fn connection_retry_ms(&self) -> i64 {
        settings::seconds(&self.reserve, settings::CONNECTION_RETRY) * 1000
    }

    /// Returns how long DTS tries again after other problems, in milliseconds.
    pub fn other_retry_ms(&self) -> i64 {
        settings::seconds(&self.reserve, settings::OTHER_RETRY) * 1000
    }
}
