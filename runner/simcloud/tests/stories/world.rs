//! The world file: what it may say, and how it is told what is wrong with it.

use rutter_simcloud::World;
use serde_json::json;

use crate::support::Story;

const EVERYTHING: &str = include_str!("../worlds/everything.world.toml");

#[test]
fn everything_that_a_world_may_say_is_understood() {
    let mut story = Story::new(EVERYTHING);
    assert_eq!(story.world.title(), "Everything a world can say");
    assert_eq!(story.world.account_id("source"), Some("1111111111111111"));
    assert_eq!(
        story.world.account_names().collect::<Vec<_>>(),
        ["creator", "destination", "source"]
    );
    assert_eq!(story.world.key("source").unwrap().id, "LTAI-operator");
    assert_eq!(
        story.world.key("creator"),
        story.world.key("destination"),
        "two names, one account"
    );
    assert!(!format!("{:?}", story.world).contains("of-the-copier"));
    let who = story.call("destination", "STS:GetCallerIdentity", json!({}));
    assert_eq!(who["Arn"], "acs:ram::2222222222222222:user/operator");
}

#[test]
fn a_world_with_data_in_its_state_shows_what_was_synchronised() {
    let world = World::from_toml(EVERYTHING, "w").unwrap();
    assert!(
        !world.summary()["1111111111111111"]["redis-instance"].to_owned()["r-everything"]
            .to_string()
            .contains("data_bytes")
    );
    let text = EVERYTHING.replace("compare_data = false", "compare_data = true");
    let world = World::from_toml(&text, "w").unwrap();
    assert!(
        world.summary()["1111111111111111"]["redis-instance"]["r-everything"]
            .to_string()
            .contains("data_bytes")
    );
}

#[test]
fn a_world_file_is_refused_at_the_place_that_is_wrong() {
    let error = |text: &str| {
        World::from_toml(text, "a.world.toml")
            .unwrap_err()
            .to_string()
    };
    let starts = |text: &str, start: &str| {
        let error = error(text);
        assert!(error.starts_with(start), "{error}");
    };
    starts("schema = 2\nnews = 1", "a.world.toml:1:10: schema 2");
    starts(
        "schema = 1\n[accounts.a]\nid = \"1111111111111111\"\nbugdet = 1",
        "a.world.toml:4:1:",
    );
    starts(
        "schema = 1\n[accounts.a]\nid = \"account-a\"",
        "a.world.toml:3:6:",
    );
    starts(
        "schema = 1\n[durations]\nimport = \"5 minutes\"",
        "a.world.toml:3:10:",
    );
    let account = "schema = 1\n[accounts.a]\nid = \"1111111111111111\"\n";
    starts(
        &format!("{account}users = [{{ name = \"u\", policies = [\"Nope\"] }}]"),
        "a.world.toml:4:",
    );
    starts(
        &format!("{account}roles = [{{ name = \"r\", trust = \"{{\" }}]"),
        "a.world.toml:4:",
    );
    let region = error(&format!(
        "{account}redis = [{{ id = \"r-1\", region = \"cn-hangzou\" }}]"
    ));
    assert!(region.contains("did you mean `cn-hangzhou`?"), "{region}");
    let twice = "[[accounts.a.redis]]\nid = \"r-1\"\nregion = \"cn-hangzhou\"\n";
    assert!(error(&format!("{account}{twice}{twice}")).starts_with("a.world.toml:7:"));
    let other = "[accounts.b]\nid = \"1111111111111111\"";
    assert!(error(&format!("{account}{other}")).starts_with("a.world.toml:5:6: account `a`"));
}
