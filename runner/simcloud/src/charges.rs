//! What costs money in the world. Prices differ by contract and region and are not guessed: a charge says what runs and since when.

use serde::Serialize;

use crate::dts::{Job, Phase};
use crate::world::{Account, World};

/// Something for which the account pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// The account that pays.
    pub account_id: String,
    /// `dts-instance`, `ecs-instance`, `ecs-snapshot`, `smc-intermediate-instance`, `smc-intermediate-disk`.
    pub kind: String,
    /// The resource's id.
    pub id: String,
    /// Since when, in milliseconds since the epoch.
    pub from_ms: i64,
    /// Until when; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// What is paid for, for people.
    pub detail: String,
}

pub(crate) fn charges(world: &World) -> Vec<Charge> {
    world
        .accounts
        .values()
        .flat_map(|account| of_account(account, world.settings.start_ms))
        .collect()
}

fn of_account(account: &Account, start_ms: i64) -> Vec<Charge> {
    let mut charges = account.paid.clone();
    charges.extend(account.dts.values().filter_map(|job| of_job(account, job)));
    charges.extend(
        account
            .syncs
            .values()
            .map(|sync| sync.charge(&account.id, start_ms, None)),
    );
    charges.extend(
        account
            .ecs
            .snapshots
            .iter()
            .map(|(id, snapshot)| snapshot.charge(&account.id, id, start_ms, None)),
    );
    charges.extend(account.ecs.charges(&account.id));
    charges.extend(
        account
            .smc
            .jobs
            .iter()
            .flat_map(|(id, job)| job.charges(&account.id, id)),
    );
    charges
}

/// A DTS instance is paid for, paused or not, until it is released.
fn of_job(account: &Account, job: &Job) -> Option<Charge> {
    let bought = job.bought.as_ref()?;
    let until_ms = match job.phase {
        Phase::Deleted { at } => Some(at),
        _ => None,
    };
    Some(Charge {
        account_id: account.id.clone(),
        kind: "dts-instance".to_owned(),
        id: job.instance_id.clone(),
        from_ms: bought.at_ms,
        until_ms,
        detail: format!("{} {} {}", job.kind, bought.class, bought.pay_type),
    })
}
