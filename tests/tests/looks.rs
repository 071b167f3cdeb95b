//! Every change of every plugin that ships with the binary, as a rehearsal of the runbooks records it: with its
//! look and with what takes it back. A plugin that changes something without a look fails here.

use std::collections::{BTreeMap, BTreeSet};

use rutter_tests::examples::EXAMPLES;
use rutter_tests::{Bench, facts};
use serde_json::Value;

/// What each plugin changes: the look, and what takes the change back.
const TABLE: &str = include_str!("looks.txt");

/// A runbook of the plugins that send plain HTTP, which no published procedure uses.
const PLAIN: &str = r#"
schema = 1

[runbook]
name = "plain"
title = "What is sent by plain HTTP"

[[steps]]
id = "tell"
uses = "notify-webhook"
with.url = "https://chat.example.com/hook"
with.message = "it begins"

[[steps]]
id = "ask"
uses = "http-request"
with.url = "https://tickets.example.com/new"
with.method = "POST"
with.stays = true
"#;

/// A world without anything in it.
const NOTHING: &str =
    "schema = 1\n[world]\ntitle = \"Nothing\"\nstart = \"2026-01-15T20:00:00Z\"\nseed = 1\n";

/// The settings that name its hosts.
const HOSTS: &str = "[http]\nhosts = [\"chat.example.com\", \"tickets.example.com\"]\n";

/// A change, in a line.
fn row(fact: &Value, plugin: &Plugin) -> String {
    let action = label(&fact["call"]);
    let look = match &fact["find"] {
        Value::Null => "a person".to_owned(),
        find => look(find),
    };
    let back = match &fact["reverse"] {
        Value::Null if fact["call"]["ask"] == "irreversible" => "nothing: final".to_owned(),
        Value::Null if fact["call"]["covered"] == true => "goes with its object".to_owned(),
        Value::Null if plugin.undo => "its own undo".to_owned(),
        Value::Null => "nothing".to_owned(),
        reverse => label(reverse),
    };
    format!("{} | {action} | {look} | {back}", plugin.name)
}

fn look(find: &Value) -> String {
    let mut text = label(&find["read"]);
    if find["shows"] == "gone" {
        text.push_str(", gone");
    }
    if find["stays"] == true {
        text.push_str(", which stays");
    }
    let list = |name: &str| find[name].as_array().cloned().unwrap_or_default();
    let uses: Vec<String> = list("uses").iter().map(|one| label(&one["read"])).collect();
    if !uses.is_empty() {
        text.push_str(&format!("; used by {}", uses.join(", ")));
    }
    let kinds: BTreeSet<String> = list("passing").iter().map(passing).collect();
    if !kinds.is_empty() {
        let kinds: Vec<String> = kinds.into_iter().collect();
        text.push_str(&format!("; in passing {}", kinds.join(", ")));
    }
    text
}

fn passing(one: &Value) -> String {
    let kind = one["kind"].as_str().unwrap_or_default();
    match &one["remove"] {
        Value::Null => format!("{kind} (goes along)"),
        remove => format!("{kind} ({})", label(remove)),
    }
}

fn label(call: &Value) -> String {
    let target = &call["target"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match (&target["api"], &target["http"]) {
        (Value::Null, request) => format!("{} …", text(&request["method"])),
        (api, _) => format!("{}:{}", text(&api["product"]), text(&api["action"])),
    }
}

/// What a plan says about the plugin of a step.
#[derive(Clone)]
struct Plugin {
    name: String,
    undo: bool,
}

fn plugins_of(facts: &[Value]) -> BTreeMap<String, Plugin> {
    let started = facts.iter().find(|fact| fact["kind"] == "run-started");
    let steps = started.expect("a run starts")["plan"]["steps"].as_array();
    let steps = steps.expect("a plan has steps").iter();
    let plugins = steps.filter_map(|step| {
        let plugin = step["uses"].get("plugin")?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let undo = plugin["undo"] == true;
        let name = text(&plugin["name"])?;
        Some((text(&step["id"])?, Plugin { name, undo }))
    });
    plugins.collect()
}

fn rows(stdout: &str, into: &mut BTreeSet<String>) {
    let facts = facts(stdout);
    let plugins = plugins_of(&facts);
    for fact in facts.iter().filter(|fact| fact["kind"] == "approval-asked") {
        for change in fact["approval"]["changes"].as_array().into_iter().flatten() {
            let foreign = change["because"] == "reverse" || change["because"] == "unknown";
            assert!(
                !foreign && change["takes_back"].is_null(),
                "it asks anew: {change}"
            );
        }
    }
    for fact in facts
        .iter()
        .filter(|fact| fact["kind"] == "change-intended")
    {
        let step = fact["at"]["step"].as_str().unwrap_or_default();
        let plugin = plugins
            .get(step)
            .expect("a change belongs to a step of the plan");
        into.insert(row(fact, plugin));
    }
}

async fn all_rows() -> BTreeSet<String> {
    let mut rows_of_all = BTreeSet::new();
    let bench = Bench::default();
    for example in EXAMPLES {
        let ended = example.procedure.rehearse(&bench, &["--json"]).await;
        assert_eq!(ended.code, Some(0), "{example:?}: {}", ended.stderr);
        rows(&ended.stdout, &mut rows_of_all);
    }
    let runbook = bench.write("plain.toml", PLAIN);
    bench.write("plain.world.toml", NOTHING);
    let settings = bench.write("rutter.toml", HOSTS);
    let (runbook, settings) = (
        runbook.display().to_string(),
        settings.display().to_string(),
    );
    let ended = bench
        .run(&["rehearse", &runbook, "--config", &settings, "--json"])
        .await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    rows(&ended.stdout, &mut rows_of_all);
    rows_of_all
}

/// The plugins that change something, by their manifests.
fn changing() -> BTreeSet<String> {
    let folders = std::fs::read_dir(Bench::top().join("plugins")).expect("there are plugins");
    let manifests = folders.filter_map(|folder| {
        let path = folder.ok()?.path().join("plugin.toml");
        toml::from_str::<toml::Table>(&std::fs::read_to_string(path).ok()?).ok()
    });
    let changes = manifests.filter_map(|manifest| {
        let plugin = manifest.get("plugin")?.as_table()?;
        let kind = plugin.get("kind")?.as_str()?;
        let name = plugin.get("name")?.as_str()?;
        (kind != "read").then(|| name.to_owned())
    });
    changes.collect()
}

#[tokio::test]
async fn every_change_of_every_plugin_has_its_look_and_what_takes_it_back() {
    let rows = all_rows().await;
    let known: BTreeSet<String> = TABLE.lines().map(str::to_owned).collect();
    let new: Vec<_> = rows.difference(&known).map(String::as_str).collect();
    let gone: Vec<_> = known.difference(&rows).map(String::as_str).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "tests/tests/looks.txt differs\nnew:\n{}\nno more:\n{}",
        new.join("\n"),
        gone.join("\n")
    );
    for row in &rows {
        let fields: Vec<&str> = row.split(" | ").collect();
        let plain = fields[1].ends_with('…') || fields[1] == "DTS:SkipPreCheck";
        assert!(fields[2] != "a person" || plain, "without a look: {row}");
    }
    let seen: BTreeSet<String> = rows
        .iter()
        .filter_map(|row| row.split(" | ").next().map(str::to_owned))
        .collect();
    let unseen: Vec<_> = changing().difference(&seen).cloned().collect();
    assert!(
        unseen.is_empty(),
        "no example shows what these change: {unseen:?}"
    );
}
