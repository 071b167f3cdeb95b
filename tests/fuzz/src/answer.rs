use rutter_engine::{Class, Outcome};
use rutter_meaning::Subject;

use crate::headed;

/// An answer of the cloud: the status in the first line, then the body. Success is said of a success alone.
pub fn answer(data: &[u8]) {
    let (status, body) = headed(data);
    let status = status.trim().parse().unwrap_or(200);
    for class in [Class::Read, Class::Change] {
        let subject = Subject {
            label: "RAM:CreateRole",
            host: "ram.aliyuncs.com",
            class,
        };
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        for product in ["RAM", "DTS", "SMC"] {
            if let Outcome::Done(_) = subject.judge_api(product, status, body) {
                assert!((200..300).contains(&status), "done with {status}");
            }
        }
        drop(subject.judge_plain(status, &headers, body));
    }
}
