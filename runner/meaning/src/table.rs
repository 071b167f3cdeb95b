//! The table of outcomes: what each kind of answer means to a read and to a change, and what follows.
//!
//! A test of each carrier goes through it: over a network, in a rehearsal, and in the kit for plugins.
//! So does one of the pure functions alone.

use std::collections::BTreeMap;
use std::time::Duration;

use rutter_engine::{
    Call, Condition, Effect, Fault, FaultClass, HostCall, Identity, Input, Mode, Outcome,
    Principal, Repeat, Run, Target, Timestamp, Wake, advance,
};
use serde_json::{Value, json};

use crate::answer::{Subject, TransportError};
use crate::class::classed;
use crate::one_step::{AsWritten, one_step};
use crate::rules::Rules;
use crate::written::CallWritten;

/// A kind of answer.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is, for people.
    pub name: &'static str,
    /// The answer, or why there is none.
    pub comes: Comes,
    /// What it means to a read.
    pub read: Means,
    /// What it means to a change.
    pub change: Means,
    /// What follows for a read.
    pub then_read: Next,
    /// What follows for a poll that waits for [`READY`] and is over at `BROKEN`.
    pub then_poll: Next,
    /// What follows for a change that must not be repeated and cannot be looked at.
    pub then_change: Next,
}

/// What comes back over the network.
#[derive(Clone, Debug)]
pub enum Comes {
    /// An answer: its status and its body.
    Answer(u16, &'static str),
    /// No answer, for this reason.
    Nothing(TransportError),
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// It was answered.
    Done,
    /// It did not happen.
    Refused(FaultClass),
    /// It may have happened.
    Unknown,
}

/// What the engine makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The guest gets the answer.
    Answered,
    /// The guest gets a fault of this class.
    Told(FaultClass),
    /// The call is sent again after a while.
    Again,
}

/// The field that the table's polls look at.
const FIELD: &str = "/State";
/// Its value that ends the wait well.
pub const READY: &str = "Ready";
/// Its value that ends it badly.
const BROKEN: &str = "Broken";

/// The table: one row for each kind of answer that is told from the others.
pub fn rows() -> Vec<Row> {
    use FaultClass::{Absent, Bug, Busy, Credential, Exists, Fail, LookFirst, Retry};
    use Means::{Done, Refused, Unknown};
    use Next::{Again, Answered, Told};
    let nothing = |trouble| Comes::Nothing(trouble);
    let broken = |answering| TransportError::Broken {
        reason: "reset".to_owned(),
        answering,
    };
    let time_out = |answering| TransportError::TimeOut {
        after: Duration::from_secs(30),
        answering,
    };
    let not_sent = |transient| TransportError::NotSent {
        reason: "refused".to_owned(),
        transient,
    };
    // What came, what it means to a read and to a change; what follows for a read, a poll, a change.
    let row = |name, comes, (read, change), (then_read, then_poll, then_change)| Row {
        name,
        comes,
        read,
        change,
        then_read,
        then_poll,
        then_change,
    };
    let refused = |name, status, body, class| {
        let told = Told(class);
        let means = (Refused(class), Refused(class));
        row(name, Comes::Answer(status, body), means, (told, told, told))
    };
    let open = |name, comes| {
        let then = (Again, Again, Told(LookFirst));
        row(name, comes, (Unknown, Unknown), then)
    };
    let for_now = |name, comes| {
        let means = (Refused(Retry), Refused(Retry));
        row(name, comes, means, (Again, Again, Again))
    };
    let answer = Comes::Answer;
    vec![
        row(
            "the state that is waited for",
            answer(200, r#"{"State":"ready"}"#),
            (Done, Done),
            (Answered, Answered, Answered),
        ),
        row(
            "another state",
            answer(200, r#"{"State":"Starting"}"#),
            (Done, Done),
            (Answered, Again, Answered),
        ),
        row(
            "no such field",
            answer(200, "{}"),
            (Done, Done),
            (Answered, Again, Answered),
        ),
        row(
            "a state from which it does not come back",
            answer(200, r#"{"State":"Broken"}"#),
            (Done, Done),
            (Answered, Told(Fail), Answered),
        ),
        for_now(
            "throttled",
            answer(400, r#"{"Code":"Throttling.User","Message":"m"}"#),
        ),
        for_now(
            "throttled by a gateway in front of the service",
            answer(503, r#"{"Code":"Throttling","Message":"m"}"#),
        ),
        row(
            "in another state than the call needs",
            answer(
                409,
                r#"{"Code":"DeleteConflict.Role.Policy","Message":"m"}"#,
            ),
            (Refused(Busy), Refused(Busy)),
            (Told(Busy), Again, Told(Busy)),
        ),
        refused(
            "it does not exist",
            404,
            r#"{"Code":"EntityNotExist.Role","Message":"m"}"#,
            Absent,
        ),
        refused(
            "it exists",
            409,
            r#"{"Code":"EntityAlreadyExists.Role","Message":"m"}"#,
            Exists,
        ),
        refused(
            "no right",
            403,
            r#"{"Code":"NoPermission","Message":"m"}"#,
            Fail,
        ),
        refused(
            "a key that is none",
            404,
            r#"{"Code":"InvalidAccessKeyId.NotFound","Message":"m"}"#,
            Credential,
        ),
        refused(
            "a wrong parameter",
            400,
            r#"{"Code":"MissingRoleName","Message":"m"}"#,
            Bug,
        ),
        refused(
            "a code that no table knows",
            400,
            r#"{"Code":"Unheard.Of","Message":"m"}"#,
            Fail,
        ),
        open(
            "the service failed in the middle",
            answer(500, r#"{"Code":"InternalError","Message":"m"}"#),
        ),
        open(
            "it failed in the middle and says so with another status",
            answer(400, r#"{"Code":"ServiceUnavailable","Message":"m"}"#),
        ),
        open("a status and nothing else", answer(502, "{}")),
        open("a page for people", answer(502, "<html></html>")),
        open("no JSON", answer(200, "fine")),
        open("a redirect", answer(302, "")),
        for_now("nothing was sent", nothing(not_sent(true))),
        row(
            "nothing can be sent",
            nothing(not_sent(false)),
            (Refused(Fail), Refused(Fail)),
            (Told(Fail), Told(Fail), Told(Fail)),
        ),
        open("no answer in time", nothing(time_out(false))),
        open("half an answer in time", nothing(time_out(true))),
        open("the connection broke", nothing(broken(false))),
        open("the connection broke in the answer", nothing(broken(true))),
        row(
            "an answer that is too large",
            nothing(TransportError::TooLarge { max: 1 }),
            (Refused(Fail), Unknown),
            (Told(Fail), Told(Fail), Told(LookFirst)),
        ),
    ]
}

impl Comes {
    /// What it means, by the pure functions.
    pub fn judged(&self, subject: Subject<'_>, product: &str) -> Outcome {
        match self {
            Self::Answer(status, body) => subject.judge_api(product, *status, body.as_bytes()),
            Self::Nothing(trouble) => subject.judge_trouble(trouble.clone()),
        }
    }
}

impl Means {
    /// The kind of an outcome.
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Done(_) => Self::Done,
            Outcome::Refused(fault) => Self::Refused(fault.class),
            Outcome::Unknown(_) => Self::Unknown,
        }
    }
}

impl Next {
    /// What a guest was told.
    pub fn of(answer: &Result<Value, Fault>) -> Self {
        match answer {
            Ok(_) => Self::Answered,
            Err(fault) => Self::Told(fault.class),
        }
    }
}

/// The read of the table, on this account.
pub fn a_read(account: &str) -> Call {
    call(account, "GetRole", json!({ "RoleName": "r" }))
}

/// The change of the table, on this account.
pub fn a_change(account: &str) -> Call {
    let document = json!({ "Version": "1", "Statement": [] });
    let parameters = json!({ "RoleName": "r", "AssumeRolePolicyDocument": document });
    Call {
        repeat: Repeat::Never,
        ..call(account, "CreateRole", parameters)
    }
}

fn call(account: &str, action: &str, parameters: Value) -> Call {
    let written = CallWritten {
        product: "RAM".to_owned(),
        action: action.to_owned(),
        version: None,
        region: None,
        parameters,
    };
    let api = written.complete(Rules::ALL).expect("RAM is known");
    let account = Principal::new(account).expect("the name of an account");
    classed(&account, api, Rules::ALL)
}

/// The poll of the table.
pub fn a_poll(account: &str) -> HostCall {
    HostCall::WaitFor {
        call: a_read(account),
        condition: Condition {
            path: FIELD.to_owned(),
            until: vec![READY.to_owned()],
            fail: vec![BROKEN.to_owned()],
            every_ms: 10_000,
            timeout_ms: 300_000,
        },
    }
}

/// A call without reverse and look.
pub fn alone(call: Call) -> HostCall {
    HostCall::Call {
        call,
        reverse: None,
        find: None,
    }
}

/// What the engine does when a guest's call has this outcome.
///
/// # Panics
/// When the engine contradicts itself.
fn follows(call: HostCall, outcome: Outcome) -> Next {
    let mut run = Run::new();
    let account = match &call {
        HostCall::Call { call, .. } | HostCall::WaitFor { call, .. } => call.account.as_ref(),
        HostCall::Sleep { .. } => None,
    };
    let account = account.map_or("", |account| account.name());
    let identity = Identity {
        id: "1".repeat(16),
        arn: "acs:ram::1:user/u".to_owned(),
    };
    let accounts = BTreeMap::from([(account.to_owned(), "cn-hangzhou".to_owned())]);
    let mut give = |input| {
        advance(&mut run, Timestamp(1_000_000), input, &AsWritten)
            .expect("a legal decision")
            .effects
    };
    give(Input::Start {
        run: "table".to_owned(),
        mode: Mode::Live,
        rutter: String::new(),
        plan: Box::new(one_step("step", false, json!({}), &accounts)),
    });
    let confirmed = BTreeMap::from([(account.into(), identity)]);
    let at = give(Input::AccountsConfirmed(confirmed))
        .into_iter()
        .find_map(|effect| match effect {
            Effect::StartGuest { at, .. } => Some(at),
            _ => None,
        })
        .expect("the step begins");
    let asked = Input::GuestCalled {
        at,
        index: 0,
        fingerprint: "print".to_owned(),
        call: Box::new(call),
        denied: None,
    };
    let ticket = give(asked)
        .into_iter()
        .find_map(|effect| match effect {
            Effect::Send { ticket, .. } => Some(ticket),
            _ => None,
        })
        .expect("the call is sent");
    let effects = give(Input::Answered { ticket, outcome });
    effects
        .into_iter()
        .find_map(|effect| match effect {
            Effect::AnswerGuest { answer, .. } => Some(Next::of(&answer)),
            Effect::Timer {
                wake: Wake::Send(_),
                ..
            } => Some(Next::Again),
            _ => None,
        })
        .expect("something follows")
}

/// Holds the outcomes that a carrier gives to a row: of the read, and of the change.
///
/// # Panics
/// When they are others than the table says, or something else follows.
pub fn hold(row: &Row, account: &str, read: &Outcome, change: &Outcome) {
    let name = row.name;
    assert_eq!(Means::of(read), row.read, "{name}, to a read");
    assert_eq!(Means::of(change), row.change, "{name}, to a change");
    let then = follows(alone(a_read(account)), read.clone());
    assert_eq!(then, row.then_read, "{name}, after a read");
    let then = follows(a_poll(account), read.clone());
    assert_eq!(then, row.then_poll, "{name}, after a poll");
    let then = follows(alone(a_change(account)), change.clone());
    assert_eq!(then, row.then_change, "{name}, after a change");
}

/// The product and the action of a call of the table, `RAM:GetRole`.
pub fn product_of(call: &Call) -> &str {
    match &call.target {
        Target::Api(api) => &api.product,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_means_what_the_table_says() {
        for row in rows() {
            let judged = |call: &Call| {
                let label = call.label();
                let subject = Subject {
                    label: &label,
                    host: "here",
                    class: call.class,
                };
                row.comes.judged(subject, product_of(call))
            };
            hold(
                &row,
                "home",
                &judged(&a_read("home")),
                &judged(&a_change("home")),
            );
        }
    }
}
