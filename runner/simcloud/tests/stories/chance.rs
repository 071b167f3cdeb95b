//! Calls that go wrong by chance.

use std::collections::BTreeMap;

use rutter_simcloud::World;
use serde_json::json;

use crate::support::Story;

const CALLS: usize = 4_000;

fn world(faults: &str) -> String {
    let two = include_str!("../worlds/two_accounts.world.toml");
    format!("{two}\n[faults]\n{faults}\n")
}

/// Creates as many policies as there are calls; how often each code was the answer.
fn outcomes(story: &mut Story) -> BTreeMap<String, usize> {
    let document = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ecs:Describe*","Resource":"*"}]}"#;
    let mut outcomes = BTreeMap::new();
    for number in 0..CALLS {
        let named = json!({ "PolicyName": format!("p{number}"), "PolicyDocument": document });
        let answer = story.send("source", "RAM:CreatePolicy", named);
        let code = answer.body["Code"].as_str().unwrap_or("done").to_owned();
        *outcomes.entry(code).or_insert(0) += 1;
    }
    outcomes
}

/// Whether a share of all calls was met, give or take what chance gives and takes.
fn is_about(count: usize, share: f64) -> bool {
    (count as f64 / CALLS as f64 - share).abs() < 0.03
}

#[test]
fn calls_go_wrong_as_often_as_the_world_says_and_what_is_lost_is_done() {
    let mut story = Story::new(&world("throttled = 0.2\nfailed = 0.1\nlost = 0.1"));
    let outcomes = outcomes(&mut story);
    assert!(is_about(outcomes["Throttling.User"], 0.2), "{outcomes:?}");
    assert!(
        is_about(outcomes["ServiceUnavailable"], 0.2),
        "{outcomes:?}"
    );
    let made = story.world.changes().len();
    assert!(made > outcomes["done"], "{made} of {outcomes:?}");
    assert!(
        is_about(made - outcomes["done"], 0.1),
        "{made} of {outcomes:?}"
    );
}

#[test]
fn which_calls_go_wrong_says_the_seed() {
    let text = world("throttled = 0.2\nlost = 0.02");
    let codes = |seed: u64| {
        let mut world = World::from_toml(&text, "w").unwrap();
        let key = world.key("source").unwrap().id;
        let request = rutter_simcloud::Request {
            product: "STS".to_owned(),
            version: "2015-04-01".to_owned(),
            action: "GetCallerIdentity".to_owned(),
            region: None,
            access_key_id: key,
            security_token: None,
            parameters: json!({}),
        };
        let answers = (0..100).map(|at| world.handle(world.start_ms() + at, seed, &request).status);
        answers.collect::<Vec<_>>()
    };
    assert_eq!(codes(1), codes(1));
    assert_ne!(codes(1), codes(2));
}

#[test]
fn shares_that_are_no_shares_are_refused_at_their_place() {
    for wrong in [
        "throttled = 1.5",
        "failed = -0.1",
        "throttled = 0.6\nlost = 0.6",
        "lost = nan",
    ] {
        let text = format!("schema = 1\n[faults]\n{wrong}\n");
        let error = World::from_toml(&text, "a.world.toml")
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("a.world.toml:2:1: each share"), "{error}");
    }
}
