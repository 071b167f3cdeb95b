//! Fingerprints of host calls, and the tokens of a step: the same in every start of the same code.

use rutter_contracts::{canonical_json, hex};
use rutter_engine::{Api, At, Condition, HttpRequest, Principal, RoleArn};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The fingerprint of an API call on an account: 64 hexadecimal digits.
pub(crate) fn of_call(account: &Principal, api: &Api, all_pages: bool) -> String {
    digest(&json!(["call", account, of_api(api), all_pages]))
}

/// The fingerprint of a wait.
pub(crate) fn of_wait(account: &Principal, api: &Api, condition: &Condition) -> String {
    let condition = json!([
        condition.path,
        condition.until,
        condition.fail,
        condition.every_ms,
        condition.timeout_ms
    ]);
    digest(&json!(["wait-for", account, of_api(api), condition]))
}

/// The fingerprint of assuming a role.
pub(crate) fn of_role(account: &Principal, arn: &RoleArn, session: &str) -> String {
    digest(&json!(["assume-role", account, arn, session]))
}

/// The fingerprint of a request by HTTP.
pub(crate) fn of_request(request: &HttpRequest) -> String {
    let HttpRequest {
        method,
        url,
        headers,
        body,
        auth,
        // It is the manifest's, which is the same in every start.
        secret_answers: _,
    } = request;
    digest(&json!(["http", method, url, headers, body, auth]))
}

/// The fingerprint of a pause.
pub fn of_sleep(duration_ms: u64) -> String {
    digest(&json!(["sleep", duration_ms]))
}

fn of_api(api: &Api) -> Value {
    json!([
        api.product,
        api.version,
        api.action,
        api.region,
        api.parameters
    ])
}

/// What the tokens of an item are made from: the same in every attempt, another in every other step and
/// run, and another again once the item was taken back, so that what is made anew is neither taken for
/// what was made before nor answered from what the cloud remembers of it.
#[derive(Clone, Copy, Debug)]
pub struct Maker<'a> {
    /// The run's id, so that no token is that of another run.
    pub run: &'a str,
    /// The attempt; of it only the step and the item count.
    pub at: &'a At,
    /// How often the item was taken back before.
    pub generation: u32,
}

impl Maker<'_> {
    /// A token for a purpose: 64 hexadecimal digits, which is as long as the cloud's tokens may be.
    pub fn token(self, purpose: &str) -> String {
        digest(&json!(["token", self.text(), purpose]))
    }

    /// The client token of the change that is number `ordinal` among the equal changes of an attempt.
    pub(crate) fn client_token(self, fingerprint: &str, ordinal: u32) -> String {
        digest(&json!(["client-token", self.text(), fingerprint, ordinal]))
    }

    fn text(self) -> Value {
        let At { step, item, .. } = self.at;
        json!([self.run, &**step, item.as_deref(), self.generation])
    }
}

fn digest(value: &Value) -> String {
    let hash = Sha256::digest(canonical_json(value).as_bytes());
    hex::encode(&hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(parameters: &str) -> Api {
        Api {
            product: "RAM".to_owned(),
            action: "CreateRole".to_owned(),
            version: "2015-05-01".to_owned(),
            region: None,
            parameters: serde_json::from_str(parameters).unwrap(),
        }
    }

    fn account(name: &str) -> Principal {
        Principal::new(name).unwrap()
    }

    #[test]
    fn the_order_of_parameters_does_not_matter_and_their_values_do() {
        let (a, b) = (account("a"), account("b"));
        let one = of_call(&a, &api(r#"{"A": {"c": 1, "b": [1, 2]}, "B": "x"}"#), false);
        let same = of_call(&a, &api(r#"{"B": "x", "A": {"b": [1, 2], "c": 1}}"#), false);
        let other = of_call(&a, &api(r#"{"B": "x", "A": {"b": [2, 1], "c": 1}}"#), false);
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert_ne!(
            one,
            of_call(&b, &api(r#"{"B": "x", "A": {"b": [1, 2], "c": 1}}"#), false)
        );
        assert_eq!(one.len(), 64);
    }

    #[test]
    fn a_token_is_the_same_in_every_attempt_and_differs_elsewhere_and_after_it_was_taken_back() {
        let mut at = At {
            step: "role".into(),
            item: None,
            attempt: 1,
            phase: rutter_engine::Phase::Run,
        };
        let token = |run, at: &At, generation, purpose| {
            let maker = Maker {
                run,
                at,
                generation,
            };
            assert_ne!(maker.token(purpose), maker.client_token(purpose, 0));
            (maker.token(purpose), maker.client_token(purpose, 1))
        };
        let first = token("run", &at, 0, "create");
        at.attempt = 2;
        assert_eq!(first, token("run", &at, 0, "create"));
        let again = token("run", &at, 1, "create");
        assert!(first.0 != again.0 && first.1 != again.1);
        assert_ne!(first, token("run", &at, 0, "delete"));
        assert_ne!(first, token("other", &at, 0, "create"));
        at.item = Some("0".into());
        assert_ne!(first, token("run", &at, 0, "create"));
        assert!(first.0.len() <= 64 && first.0.is_ascii());
    }
}
