//! Servers between their states: started, stopped, released.

use std::collections::BTreeMap;

use serde_json::json;

use super::file::EcsFile;
use super::{Ecs, RequestContext, instance_not_found, refuse_dry_run};
use crate::answer::{Answer, Refusal};
use crate::charges::{Bill, Charge, Paid};

/// What is known of a server beside what it is now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life {
    /// When it was made, if it was not there from the beginning: from then on it is paid for.
    pub created_ms: Option<i64>,
    /// What it becomes by itself, and when, in order.
    pub stages: Vec<(i64, &'static str)>,
}

impl Ecs {
    /// Returns what the servers cost that were made in this world.
    pub fn charges(&self, account_id: &str) -> Vec<Charge> {
        let servers = self.instances.values();
        servers
            .filter_map(|server| self.charge(account_id, server, None))
            .collect()
    }

    fn charge(&self, account_id: &str, server: &EcsFile, until_ms: Option<i64>) -> Option<Charge> {
        let from_ms = self.lives.get(&server.id)?.created_ms?;
        let paid = if server.subscription {
            "subscription"
        } else {
            "pay-as-you-go"
        };
        Some(Charge {
            account_id: account_id.to_owned(),
            kind: "ecs-instance".to_owned(),
            id: server.id.clone(),
            from_ms,
            until_ms,
            detail: format!("{} {paid} in {}", server.class, server.region),
        })
    }

    /// Makes a server pass through states, from now on.
    pub(super) fn pass(&mut self, id: &str, status: &str, stages: Vec<(i64, &'static str)>) {
        if let Some(server) = self.instances.get_mut(id) {
            status.clone_into(&mut server.status);
            self.life_mut(id).stages = stages;
        }
    }

    /// Makes a server what it has become by itself.
    fn pass_due(&mut self, id: &str, now: i64) {
        let is_due = |life: &Life| life.stages.first().is_some_and(|(at, _)| *at <= now);
        if !self.lives.get(id).is_some_and(is_due) {
            return;
        }
        let stages = &mut self.life_mut(id).stages;
        let due = stages.iter().take_while(|(at, _)| *at <= now).count();
        let last = stages.drain(..due).next_back();
        if let (Some((_, status)), Some(server)) = (last, self.instances.get_mut(id)) {
            status.clone_into(&mut server.status);
        }
    }

    /// Releases the servers whose time is over.
    fn release_due(&mut self, bill: &mut Bill<'_>, now: i64) {
        let over = |server: &EcsFile| Some(server.auto_release.as_ref()?.0);
        for id in self.instances.due(now, over) {
            let at = self.instances.get(&id).and_then(over);
            if let Some(at) = at.filter(|at| *at <= now) {
                self.release(bill, &id, at);
            }
        }
    }

    /// Removes a server with its disks and their automatic snapshots, and keeps what it cost.
    fn release(&mut self, bill: &mut Bill<'_>, id: &str, at: i64) {
        if let Some(server) = self.instances.remove(id) {
            let charge = self.charge(bill.account, &server, Some(at));
            charge.into_iter().for_each(|charge| bill.paid.add(charge));
            self.lives.remove(id);
            for disk in server.disks.iter().filter(|disk| disk.delete_auto_snapshot) {
                self.clear_automatic(bill, &disk.id, at);
            }
        }
    }

    pub(super) fn life_mut(&mut self, id: &str) -> &mut Life {
        self.lives.get_or_default(id)
    }
}

/// Brings every server to an instant.
pub(crate) fn settle(
    accounts: &mut BTreeMap<String, Ecs>,
    paid: &mut Paid,
    start_ms: i64,
    now: i64,
) {
    for (account, ecs) in accounts {
        let mut bill = Bill {
            account,
            start_ms,
            paid,
        };
        ecs.release_due(&mut bill, now);
        let next = |life: &Life| life.stages.first().map(|(at, _)| *at);
        for id in ecs.lives.due(now, next) {
            ecs.pass_due(&id, now);
        }
    }
}

pub(super) fn start(context: &mut RequestContext<'_>) -> Answer {
    let id = found(context, &["Stopped"])?;
    refuse_dry_run(context)?;
    let until = context
        .now
        .saturating_add(context.settings().durations.instance_start.0);
    let stages = vec![(until, "Running")];
    context.account_mut().pass(&id, "Starting", stages);
    Ok(json!({}))
}

pub(super) fn stop(context: &mut RequestContext<'_>) -> Answer {
    let id = found(context, &["Running"])?;
    refuse_dry_run(context)?;
    let until = context
        .now
        .saturating_add(context.settings().durations.instance_stop.0);
    let stages = vec![(until, "Stopped")];
    context.account_mut().pass(&id, "Stopping", stages);
    Ok(json!({}))
}

/// Releases a server with its disks. A released one is not listed any more.
pub(super) fn delete(context: &mut RequestContext<'_>) -> Answer {
    let states: &[&str] = if context.parameters.is_true("Force") {
        &["Running", "Stopping", "Stopped"]
    } else {
        &["Stopped"]
    };
    let id = match found(context, states) {
        Err(refusal) if is_being_made(context) => {
            let message = "The specified instance status does not support this operation.";
            return Err(Refusal::new(
                refusal.status,
                "IncorrectInstanceStatus.Initializing",
                message,
            ));
        }
        found => found?,
    };
    let now = context.now;
    let server = &context.account().instances[&id];
    if server.deletion_protection {
        let message = "The operation is denied: the instance is protected against deletion.";
        return Err(Refusal::new(
            403,
            "InvalidOperation.DeletionProtection",
            message,
        ));
    }
    if server.subscription {
        let message = "The operation is not permitted due to charge type of the instance.";
        return Err(Refusal::new(403, "ChargeTypeViolation", message));
    }
    refuse_dry_run(context)?;
    let (ecs, mut bill) = context.account_and_bill();
    ecs.release(&mut bill, &id, now);
    Ok(json!({}))
}

fn is_being_made(context: &RequestContext<'_>) -> bool {
    let id = context.parameters.text_or_empty("InstanceId");
    let server = context.account().instances.get(&id);
    server.is_some_and(|server| ["Pending", "Starting"].contains(&server.status.as_str()))
}

/// Returns the id of the server that is meant, if it is in one of the states.
fn found(context: &RequestContext<'_>, states: &[&str]) -> Result<String, Refusal> {
    let id = context.required("InstanceId")?;
    let server = context
        .account()
        .instances
        .get(&id)
        .ok_or_else(instance_not_found)?;
    if !server.lock.is_empty() {
        let message = "The specified operation is denied as your instance is locked.";
        return Err(Refusal::new(403, "InstanceLockedForSecurity", message));
    }
    if states.contains(&server.status.as_str()) {
        return Ok(id);
    }
    let message = "The current status of the resource does not support this operation.";
    Err(Refusal::new(403, "IncorrectInstanceStatus", message))
}
