//! Who an account is: asked before the first step and on every resume, so that no change is ever made
//! in an account that the operator did not mean.

use std::collections::BTreeMap;
use std::time::Duration;

use rutter_engine::{Account, Fault, FaultClass, Identity, Name, Outcome, Principal};
use serde_json::{Value, json};

use super::call::ApiCall;
use super::live::LiveCarrier;

/// How often a cloud that is too busy to answer is asked…
const TRIES_MAX: u32 = 6;
/// …and the first pause in between; it doubles.
const PAUSE_FIRST: Duration = Duration::from_millis(250);

impl LiveCarrier {
    /// Asks the cloud who an account is. No engine stands behind this call that would repeat it.
    ///
    /// # Errors
    /// The cloud's refusal, or why it could not be asked.
    pub async fn identify(&self, account: &Principal) -> Result<Identity, Fault> {
        let mut tries = 1;
        loop {
            match self.ask_who(account).await {
                Err(fault) if tries < TRIES_MAX && is_busy(&fault) => {
                    tokio::time::sleep(PAUSE_FIRST * 2_u32.pow(tries - 1)).await;
                    tries += 1;
                }
                asked => return asked,
            }
        }
    }

    async fn ask_who(&self, account: &Principal) -> Result<Identity, Fault> {
        let call = ApiCall::read(account, "STS", "GetCallerIdentity");
        let outcome = self.send(&call, &json!({})).await;
        let answer = match self.swapped(outcome) {
            Outcome::Done(answer) => answer,
            Outcome::Refused(fault) | Outcome::Unknown(fault) => return Err(fault),
        };
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        match (text("AccountId"), text("Arn")) {
            (Some(id), Some(arn)) => Ok(Identity { id, arn }),
            _ => Err(Fault::new(
                FaultClass::Fail,
                "rutter.account.unidentified",
                format!("the answer to who `{account}` is names no account"),
            )),
        }
    }

    /// Asks who each account of a plan is and compares it with the id that the operator expects.
    ///
    /// # Errors
    /// A fault for each account that cannot be asked, or is not the expected one.
    pub async fn confirm<'a>(
        &self,
        accounts: impl IntoIterator<Item = (&'a Name, &'a Account)>,
    ) -> Result<BTreeMap<Name, Identity>, Vec<Fault>> {
        let mut confirmed = BTreeMap::new();
        let mut faults = Vec::new();
        for (name, account) in accounts {
            let identified = match Principal::new(name) {
                Ok(principal) => self.identify(&principal).await,
                Err(bad) => Err(bad.into()),
            };
            match identified {
                Ok(identity) => match mismatch(name, account, &identity) {
                    None => {
                        confirmed.insert(name.clone(), identity);
                    }
                    Some(fault) => faults.push(fault),
                },
                Err(fault) => {
                    let message = format!(
                        "the account `{name}` (profile `{}`) could not be asked who it is: {}",
                        account.profile, fault.message
                    );
                    faults.push(Fault { message, ..fault });
                }
            }
        }
        if faults.is_empty() {
            Ok(confirmed)
        } else {
            Err(faults)
        }
    }
}

/// Whether the cloud itself said that it might answer next time. That nobody is reached, the operator should know at
/// once.
fn is_busy(fault: &Fault) -> bool {
    fault.class == FaultClass::Retry && !fault.code.starts_with("rutter.")
}

fn mismatch(name: &str, account: &Account, identity: &Identity) -> Option<Fault> {
    let expected = account.expected_id.as_ref()?;
    if *expected == identity.id {
        return None;
    }
    let message = format!(
        "the account `{name}` should be {expected}, but its profile `{}` belongs to {} ({})",
        account.profile, identity.id, identity.arn
    );
    let fault = Fault::new(FaultClass::Credential, "rutter.account.mismatch", message);
    Some(fault.advise(format!(
        "bind `{name}` to a profile of {expected}, or correct the expected id"
    )))
}
