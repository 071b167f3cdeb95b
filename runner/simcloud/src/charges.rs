//! What costs money in the world. Prices differ by contract and region and are not guessed: a charge says what runs and since when.

use serde::Serialize;

use crate::world::World;

/// Something for which the account pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// The account that pays.
    pub account_id: String,
    /// `dts-instance`, `ecs-snapshot`, `smc-intermediate-instance`.
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

pub(crate) fn charges(_world: &World) -> Vec<Charge> {
    Vec::new()
}
