//! A plugin's look as the engine knows it: the conditions are judged by the same code as in a run.

use rutter_engine::{Api, Call, Class, Find, Is, Repeat, Shows, Target, Test};
use serde_json::Value;

use crate::duration::milliseconds;
use crate::find::{self, Check};

/// The look without its reads, which the test double makes by itself.
pub(super) fn of(find: &find::Find, take: bool) -> Find {
    Find {
        rest: None,
        read: read(),
        list: find.list.clone(),
        tests: find
            .tests
            .iter()
            .map(|(at, check)| Test {
                at: at.clone(),
                is: is(check),
            })
            .collect(),
        key: find.key.clone(),
        shows: match find.gone {
            true => Shows::Gone,
            false => Shows::There,
        },
        take,
        stays: find.stays,
        before_back: None,
        fields: Vec::new(),
        uses: Vec::new(),
        passing: Vec::new(),
        settle_ms: milliseconds(find.settle),
        answer: find.answer.clone(),
    }
}

fn is(check: &Check) -> Is {
    match check.clone() {
        Check::Equal(value) => Is::Equal(value),
        Check::OneOf(values) => Is::OneOf(values),
        Check::NoneOf(values) => Is::NoneOf(values),
        Check::Contains(value) => Is::Contains(value),
        Check::Absent => Is::Absent,
        Check::Differs(value) => Is::Differs(value),
        Check::Json(value) => Is::Json(value),
    }
}

fn read() -> Call {
    Call {
        account: String::new(),
        target: Target::Api(Api {
            product: String::new(),
            action: String::new(),
            version: String::new(),
            region: None,
            parameters: Value::Null,
        }),
        class: Class::Read,
        repeat: Repeat::Same,
        ask: None,
        covered: false,
        all_pages: false,
    }
}
