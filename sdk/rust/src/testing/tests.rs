//! The kit's own tests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use rutter_engine::{Api, Call, HostCall, Outcome, Principal, Target, Timestamp};
use rutter_manifest::Manifest;
use rutter_meaning::table::{
    Comes, Next, READY, Row, a_change, a_poll, a_read, alone, product_of, rows,
};
use rutter_meaning::{Handle, HostRequest, Subject};
use serde_json::json;

use crate::testing::stage::{Answered, Answers, Sent, Stage};

const MANIFEST: &str = r#"
[plugin]
name = "tried"
version = "0.1.0"
summary = "Makes one call"
kind = "change"

[[permissions]]
call = ["ram:GetRole", "ram:CreateRole"]
reason = "the table"
"#;

/// Answers the first call with a row of the table, and every other well; counts them.
struct OneRow {
    comes: Comes,
    sent: Rc<RefCell<usize>>,
}

impl Answers for OneRow {
    fn carry(&mut self, _now: Timestamp, sent: &Sent<'_>) -> Answered {
        *self.sent.borrow_mut() += 1;
        let label = sent.call.label();
        let subject = Subject {
            label: &label,
            host: "the table",
            class: sent.call.class,
        };
        let outcome = match *self.sent.borrow() {
            1 => self.comes.judged(subject, product_of(sent.call)),
            _ => Outcome::Done(json!({ "State": READY })),
        };
        Answered {
            outcome,
            took_ms: 1,
        }
    }

    fn account_id(&self, _name: &str) -> Option<String> {
        Some("1".repeat(16))
    }
}

fn api_of(call: Call) -> Api {
    match call.target {
        Target::Api(api) => api,
        other => panic!("no call of an API: {other:?}"),
    }
}

fn host_request(call: HostCall) -> HostRequest {
    let handle = Handle {
        opened_as: "account".to_owned(),
        account: Principal::new("account").expect("a name"),
    };
    match call {
        HostCall::WaitFor { call, condition } => HostRequest::WaitFor {
            handle,
            api: api_of(call),
            condition,
        },
        HostCall::Call { call, .. } => HostRequest::Call {
            handle,
            api: api_of(call),
            reverse: None,
            look: None,
        },
        HostCall::Sleep { .. } => panic!("a sleep is no host request"),
    }
}

/// What a plugin is told by the kit when its call is answered as the row says.
fn told(row: &Row, call: HostCall) -> Next {
    let sent = Rc::new(RefCell::new(0));
    let answers = OneRow {
        comes: row.comes.clone(),
        sent: Rc::clone(&sent),
    };
    let regions = BTreeMap::from([("account".to_owned(), "cn-hangzhou".to_owned())]);
    let manifest = Manifest::parse(MANIFEST).expect("a sound manifest");
    let mut stage = Stage::new(manifest, json!({}), regions, Box::new(answers), 1_000);
    stage.next_guest().expect("the step begins");
    let told = stage.serve(host_request(call));
    assert_eq!(stage.problems, [""; 0], "{}", row.name);
    if *sent.borrow() > 1 {
        assert_eq!(told, Ok(json!({ "State": READY })), "{}", row.name);
        return Next::Again;
    }
    Next::of(&told)
}

#[test]
fn in_a_case_each_answer_means_what_the_table_says() {
    for row in rows() {
        let name = row.name;
        let read = told(&row, alone(a_read("account")));
        assert_eq!(read, row.then_read, "{name}, after a read");
        let poll = told(&row, a_poll("account"));
        assert_eq!(poll, row.then_poll, "{name}, after a poll");
        let change = told(&row, alone(a_change("account")));
        assert_eq!(change, row.then_change, "{name}, after a change");
    }
}
