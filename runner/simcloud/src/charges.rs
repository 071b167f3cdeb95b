//! What costs money in the world. Prices differ by contract and region and are not guessed: a charge says what runs and since when.

use std::collections::BTreeMap;

use serde::Serialize;

/// Something for which the account pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// The account that pays.
    pub account_id: String,
    /// `dts-instance`, `ecs-instance`, `ecs-snapshot`, `smc-intermediate-instance`, `smc-intermediate-disk`.
    pub kind: String,
    /// The id of the resource that is paid for.
    pub id: String,
    /// Since when, in milliseconds since the epoch.
    pub from_ms: i64,
    /// Until when; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// What is paid for, for people.
    pub detail: String,
}

/// What was paid for until it was deleted, by account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paid(BTreeMap<String, Vec<Charge>>);

impl Paid {
    pub fn add(&mut self, charge: Charge) {
        let account = charge.account_id.clone();
        self.0.entry(account).or_default().push(charge);
    }

    /// Returns an account's, in the order in which they ended.
    pub fn of(&self, account: &str) -> &[Charge] {
        self.0.get(account).map_or(&[], Vec::as_slice)
    }
}

/// Where that goes which an account paid for something that is deleted.
pub(crate) struct Bill<'a> {
    pub account: &'a str,
    /// What the world began with is paid for from then on.
    pub start_ms: i64,
    pub paid: &'a mut Paid,
}
