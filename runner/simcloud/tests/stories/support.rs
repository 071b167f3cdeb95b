//! A client of a world for stories: says who calls, counts the clock on, and reads answers.

use crate::documented::{undocumented, wrong_refusal};
use rutter_simcloud::{Request, Response, World};
use serde_json::Value;

pub const SOURCE: &str = "1111111111111111";
pub const DESTINATION: &str = "2222222222222222";

const SEED: u64 = 7;

/// A world and its clock.
pub struct Story {
    pub world: World,
    pub now: i64,
    /// The region of calls that name none.
    pub region: String,
}

impl Story {
    pub fn new(world: &str) -> Self {
        let world =
            World::from_toml(world, "test.world.toml").unwrap_or_else(|error| panic!("{error}"));
        let now = world.start_ms();
        Self {
            world,
            now,
            region: "cn-hangzhou".to_owned(),
        }
    }

    pub fn two_accounts() -> Self {
        Self::new(include_str!("../worlds/two_accounts.world.toml"))
    }

    pub fn wait_seconds(&mut self, seconds: i64) {
        self.now += seconds * 1000;
    }

    /// Calls as `account` or `account/user`.
    pub fn send(&mut self, who: &str, call: &str, parameters: Value) -> Response {
        let key = match who.split_once('/') {
            Some((account, user)) => self.world.user_key(account, user),
            None => self.world.key(who),
        };
        let id = key.unwrap_or_else(|| panic!("nobody is called {who}")).id;
        self.send_with(&id, None, call, parameters)
    }

    /// Calls with a key, such as one of a session.
    pub fn send_with(
        &mut self,
        key: &str,
        token: Option<&str>,
        call: &str,
        parameters: Value,
    ) -> Response {
        let (product, action) = call.split_once(':').expect("PRODUCT:Action");
        let version = rutter_contracts::products()
            .find(|(name, _)| *name == product)
            .expect("a product")
            .1;
        let request = Request {
            product: product.to_owned(),
            version: version.to_owned(),
            action: action.to_owned(),
            region: Some(self.region.clone()),
            access_key_id: key.to_owned(),
            security_token: token.map(str::to_owned),
            parameters,
        };
        self.now += 1;
        let response = self.world.handle(self.now, SEED, &request);
        check_documented(&request, &response);
        response
    }

    /// Calls and expects success.
    pub fn call(&mut self, who: &str, call: &str, parameters: Value) -> Value {
        let response = self.send(who, call, parameters);
        let said = response.body.get("Success").map(Value::to_string);
        let failed = said.is_some_and(|said| said.contains("false"));
        let succeeded = response.status == 200 && !failed;
        assert!(succeeded, "{who} {call}: {}", response.body);
        response.body
    }

    /// Calls, expects a refusal and returns its code.
    pub fn refused(&mut self, who: &str, call: &str, parameters: Value) -> String {
        code(&self.send(who, call, parameters))
    }

    /// Assumes a role and returns key id and token.
    pub fn assume(&mut self, who: &str, arn: &str) -> (String, String) {
        let parameters = serde_json::json!({ "RoleArn": arn, "RoleSessionName": "story" });
        let body = self.call(who, "STS:AssumeRole", parameters);
        let text = |name: &str| {
            body["Credentials"][name]
                .as_str()
                .expect("a text")
                .to_owned()
        };
        (text("AccessKeyId"), text("SecurityToken"))
    }
}

/// What is no error must be in the action's documents, field by field; official clients drop what is not. An error that
/// the action documents must come with the documented status and words.
fn check_documented(request: &Request, response: &Response) {
    let Some(contract) = rutter_contracts::action(&request.product, &request.action) else {
        return;
    };
    let problems = if response.status == 200 {
        undocumented(contract, &response.body)
    } else {
        wrong_refusal(contract, response)
    };
    assert!(
        problems.is_empty(),
        "{}: {}",
        contract.label(),
        problems.join("; ")
    );
}

/// Returns the code of a refusal, of either shape.
pub fn code(response: &Response) -> String {
    let code = response
        .body
        .get("Code")
        .or_else(|| response.body.get("ErrCode"))
        .and_then(Value::as_str);
    code.unwrap_or_else(|| panic!("not refused: {}", response.body))
        .to_owned()
}

/// Returns a trust policy for principals.
pub fn trust(principal: &Value) -> String {
    serde_json::json!({
        "Version": "1",
        "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal }],
    })
    .to_string()
}
