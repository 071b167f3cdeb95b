//! A call of the cloud's API, as the carrier knows it.

use rutter_contracts::Action;
use rutter_contracts::wire::{self, Wire, WireError};
use rutter_engine::{Api, Class, Principal};
use serde_json::Value;

/// A call of the cloud's API without its parameters.
pub(super) struct ApiCall<'a> {
    pub(super) account: &'a Principal,
    pub(super) product: &'a str,
    pub(super) action: &'a str,
    pub(super) version: &'a str,
    pub(super) region: Option<&'a str>,
    pub(super) class: Class,
    pub(super) contract: Option<&'static Action>,
}

impl<'a> ApiCall<'a> {
    pub(super) fn new(account: &'a Principal, api: &'a Api, class: Class) -> Self {
        Self {
            account,
            product: &api.product,
            action: &api.action,
            version: &api.version,
            region: api.region.as_deref(),
            class,
            contract: rutter_contracts::action(&api.product, &api.action),
        }
    }

    /// A read of the host's own, at the version of the contract.
    pub(super) fn read(account: &'a Principal, product: &'a str, action: &'a str) -> Self {
        let contract = rutter_contracts::action(product, action);
        Self {
            account,
            product,
            action,
            version: contract.map_or("", |contract| contract.version),
            region: None,
            class: Class::Read,
            contract,
        }
    }

    /// Returns the parameters as they travel.
    pub(super) fn flatten(&self, parameters: &Value) -> Result<Wire, WireError> {
        wire::encoded(self.contract, parameters)
    }
}
