//! What holds for every request: it is answered, whatever it says, and in the same words for the same seed.

use proptest::prelude::*;
use rutter_simcloud::{Request, World};
use serde_json::{Map, Value, json};

/// Every action of the table, simulated or not.
fn calls() -> Vec<(&'static str, &'static str, String)> {
    rutter_contracts::actions()
        .map(|action| (action.product, action.version, action.name.clone()))
        .collect()
}

fn leaf() -> impl Strategy<Value = Value> {
    let known = [
        "cn-hangzhou",
        "cn-beijing",
        "i-source0001",
        "r-source0001",
        "r-destination01",
        "System",
        "Custom",
        "REDIS",
        "SYNC",
        "AdministratorAccess",
        "ram-for-dts",
        "PostPaid",
        "01",
        "RunShellScript",
        "Base64",
        "{}",
        "[]",
        "[\"i-source0001\"]",
        "{\"0\":{\"name\":\"0\"}}",
        "1111111111111111",
        "2026-01-15T20:00:00Z",
        "acs:ram::1111111111111111:role/x",
        "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}",
        "smc_client --access-token-id a --access-token-code b",
        "smc_client --uninstall",
    ];
    prop_oneof![
        4 => proptest::sample::select(known.to_vec()).prop_map(|text| json!(text)),
        1 => any::<bool>().prop_map(|value| json!(value)),
        1 => any::<i64>().prop_map(|value| json!(value)),
        1 => (1_i64..100).prop_map(|value| json!(value)),
        1 => any::<String>().prop_map(|value| json!(value)),
        1 => Just(Value::Null),
        1 => Just(json!([{ "Key": "a", "Value": [1, {}] }])),
        1 => Just(json!({ "a": { "b": [[]] } })),
    ]
}

/// One call: an action by position, a value for each of its parameters that is given, and how long to wait before it.
fn call() -> impl Strategy<Value = (prop::sample::Index, Vec<(bool, Value)>, i64)> {
    let wait = prop_oneof![0_i64..10_000, 0_i64..100_000_000, any::<i64>()];
    (
        any::<prop::sample::Index>(),
        prop::collection::vec((prop::bool::weighted(0.6), leaf()), 0..40),
        wait,
    )
}

fn request(
    world: &World,
    action: &(&'static str, &'static str, String),
    values: &[(bool, Value)],
) -> Request {
    let contract = rutter_contracts::action(action.0, &action.2).unwrap();
    let mut parameters = Map::new();
    for (parameter, (optional, value)) in contract.parameters.iter().zip(values) {
        if *optional || parameter.is_required() {
            let name = parameter.name.split(['[', '.']).next().unwrap().to_owned();
            parameters.insert(name, value.clone());
        }
    }
    Request {
        product: action.0.to_owned(),
        version: action.1.to_owned(),
        action: action.2.clone(),
        region: Some("cn-hangzhou".to_owned()),
        access_key_id: world.key("source").unwrap().id,
        security_token: None,
        parameters: Value::Object(parameters),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_request_panics_and_the_same_seed_gives_the_same_answers(story in prop::collection::vec(call(), 1..40)) {
        let mut world = crate::support::Story::two_accounts().world;
        let calls = calls();
        let simulated: Vec<_> = calls.iter().filter(|call| world.simulated(call.0, &call.2)).collect();
        let mut twin = world.clone();
        let mut now = world.start_ms();
        for (action, values, wait) in story {
            now = now.saturating_add(wait);
            let request = request(&world, simulated[action.index(simulated.len())], &values);
            let answer = world.handle(now, 1, &request);
            prop_assert!(answer.body["RequestId"].is_string());
            prop_assert_eq!(&answer, &twin.handle(now, 1, &request));
        }
        prop_assert_eq!(world.summary(), twin.summary());
        prop_assert_eq!(world.changes(), twin.changes());
    }
}

#[test]
fn parameters_that_are_no_object_are_refused() {
    let mut story = crate::support::Story::two_accounts();
    for parameters in [json!(null), json!([]), json!("x"), json!(1)] {
        let response = story.send("source", "RAM:GetRole", parameters);
        assert_eq!(response.status, 400, "{}", response.body);
    }
}

#[test]
fn what_is_not_simulated_says_so_by_name() {
    let mut story = crate::support::Story::two_accounts();
    for (product, _, action) in calls() {
        if !story.world.simulated(product, &action) {
            let response = story.send("source", &format!("{product}:{action}"), json!({}));
            assert_eq!(
                (response.status, crate::support::code(&response).as_str()),
                (501, "NotSimulated")
            );
            assert!(response.body["Message"].as_str().unwrap().contains(&action));
        }
    }
}
