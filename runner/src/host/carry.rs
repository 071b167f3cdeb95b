//! The last stage: what becomes of a call that is sent. The only stage that differs between a run, a
//! rehearsal and a live rehearsal.

use std::future::Future;
use std::pin::Pin;

use rutter_contracts::Read;
use rutter_engine::{At, Call, Fault, FaultClass, Outcome, Target};

use super::broker;

/// The outcome of a call, some time later.
pub type Carried<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Sends calls, each exactly once; repeating is the engine's.
pub trait Carry: Send + Sync {
    /// Sends a call for a step and says what became of it.
    fn carry<'a>(&'a self, call: &'a Call, at: &'a At) -> Carried<'a>;
}

/// Sends what cannot alter the outside world. It is given a [`Read`], which only the table of actions
/// can make; it has no function that takes anything else.
pub trait CarryRead: Send + Sync {
    /// Sends the read. `read` is the contract of `call`.
    fn carry_read<'a>(&'a self, read: Read, call: &'a Call, at: &'a At) -> Carried<'a>;

    /// Assumes a role. It changes nothing, and the credentials stay in the host.
    fn assume_role<'a>(&'a self, account: &'a str, arn: &'a str, session: &'a str) -> Carried<'a>;
}

/// A carrier that lets reads through and refuses everything else, for rehearsals on real accounts.
#[derive(Clone, Debug)]
pub struct ReadOnly<C> {
    reads: C,
}

impl<C: CarryRead> ReadOnly<C> {
    /// A carrier that hands reads to `reads`.
    pub fn new(reads: C) -> Self {
        Self { reads }
    }
}

impl<C: CarryRead> Carry for ReadOnly<C> {
    fn carry<'a>(&'a self, call: &'a Call, at: &'a At) -> Carried<'a> {
        match &call.target {
            Target::Api(api) => {
                if let Some(read) = broker::known(api).and_then(rutter_contracts::Action::as_read) {
                    return self.reads.carry_read(read, call, at);
                }
            }
            Target::AssumeRole { arn, session } => {
                return self.reads.assume_role(&call.account, arn, session);
            }
            Target::Http(_) => {}
        }
        let message = format!(
            "`{}` is not known to be a read, and a rehearsal sends nothing else",
            call.label()
        );
        let fault = Fault::new(FaultClass::Fail, "rutter.not-rehearsed", message);
        Box::pin(async { Outcome::Refused(fault) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rutter_engine::{Api, Class, HttpRequest, Phase, Repeat};
    use serde_json::{Value, json};

    struct Reads;

    impl CarryRead for Reads {
        fn carry_read<'a>(&'a self, read: Read, _: &'a Call, _: &'a At) -> Carried<'a> {
            Box::pin(async move { Outcome::Done(json!(read.action().label())) })
        }
        fn assume_role<'a>(&'a self, _: &'a str, arn: &'a str, _: &'a str) -> Carried<'a> {
            Box::pin(async move { Outcome::Done(json!(arn)) })
        }
    }

    async fn sent(target: Target) -> Outcome {
        let call = Call {
            account: "a".to_owned(),
            target,
            // A class that lies must not help: the table decides.
            class: Class::Read,
            repeat: Repeat::Same,
            ask: None,
            covered: false,
            all_pages: false,
        };
        let at = At {
            step: "s".into(),
            item: None,
            attempt: 1,
            phase: Phase::Run,
        };
        ReadOnly::new(Reads).carry(&call, &at).await
    }

    fn api(action: &str, version: &str) -> Target {
        Target::Api(Api {
            product: "RAM".to_owned(),
            action: action.to_owned(),
            version: version.to_owned(),
            region: None,
            parameters: Value::Null,
        })
    }

    #[tokio::test]
    async fn a_live_rehearsal_sends_reads_and_refuses_everything_else() {
        let refused = |outcome: Outcome| match outcome {
            Outcome::Refused(fault) => fault.code == "rutter.not-rehearsed",
            _ => false,
        };
        let read = sent(api("GetRole", "2015-05-01")).await;
        assert_eq!(read, Outcome::Done(json!("RAM:GetRole")));
        assert!(refused(sent(api("CreateRole", "2015-05-01")).await));
        assert!(refused(sent(api("GetEverything", "2015-05-01")).await));
        assert!(refused(sent(api("GetRole", "2099-01-01")).await));
        let request = HttpRequest {
            method: "GET".to_owned(),
            url: "https://example.com/".to_owned(),
            headers: Vec::new(),
            body: None,
            auth: None,
        };
        assert!(refused(sent(Target::Http(request)).await));
    }
}
