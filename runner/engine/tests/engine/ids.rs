//! The map of old ids and new ones.

use rutter_engine::Step;
use serde_json::json;

use crate::kit::{Act, Shell, StepExt, calls, fault, make, plan, step};

fn copy(id: &str) -> Step {
    step(id).id_of("image", "image", "id")
}

fn map(shell: &Shell) -> Vec<String> {
    let ids = shell.run.new_ids();
    let line = |id: &rutter_engine::NewId| {
        let item = id
            .item
            .as_deref()
            .map_or(String::new(), |item| format!("[{item}]"));
        format!(
            "{} {} -> {} by {}{item}",
            id.kind, id.source, id.target, id.step
        )
    };
    ids.iter().map(line).collect()
}

#[test]
fn done_steps_give_pairs_and_others_do_not() {
    let mut shell = Shell::new();
    shell.guest("a", |_| Act::End(Ok(json!({ "id": "m-new" }))));
    shell.guest("b", |_| Act::End(Err(fault("no"))));
    let image = |name: &str| json!({ "image": name });
    shell.run(plan([
        copy("a").with(image("m-1")),
        copy("b").with(image("m-2")),
        copy("c").with(image("m-3")),
    ]));
    assert_eq!(map(&shell), ["image m-1 -> m-new by a"]);
}

#[test]
fn each_done_item_gives_its_own() {
    let mut shell = Shell::new();
    shell.guest("each", |told| {
        let source = told.inputs["item"]["image"].as_str().unwrap_or_default();
        Act::End(match source {
            "m-2" => Err(fault("no")),
            source => Ok(json!({ "id": format!("{source}-new") })),
        })
    });
    let each = step("each").id_of("image", "item.image", "id");
    let items = json!([{ "image": "m-1" }, { "image": "m-2" }, { "image": "m-3" }]);
    shell.run(plan([each.each(items, 0, 3)]));
    assert_eq!(
        map(&shell),
        [
            "image m-1 -> m-1-new by each[0]",
            "image m-3 -> m-3-new by each[2]"
        ]
    );
}

#[test]
fn lists_are_paired_one_by_one_and_one_stands_beside_many() {
    let mut shell = Shell::new();
    shell.guest("s", |_| {
        Act::End(Ok(json!({
            "ids": ["n-1", "n-2"],
            "snapshots": ["s-1", "s-2"],
            "left_out": null,
        })))
    });
    let servers = json!({
        "servers": [{ "id": "o-1" }, { "id": "o-2" }],
        "server": "o-0",
        "destination": { "id": "d-0" },
    });
    shell.run(plan([step("s")
        .with(servers)
        .id_of("server", "servers.id", "ids")
        .id_of("snapshot", "server", "snapshots")
        .id_of("nothing", "server", "left_out")
        .id_of("nothing", "missing.id", "ids")
        .id_of("tied", "server", "inputs.destination.id")]));
    assert_eq!(
        map(&shell),
        [
            "server o-1 -> n-1 by s",
            "server o-2 -> n-2 by s",
            "snapshot o-0 -> s-1 by s",
            "snapshot o-0 -> s-2 by s",
            "tied o-0 -> d-0 by s",
        ]
    );
}

#[test]
fn what_was_taken_back_stands_for_nothing() {
    let mut shell = Shell::new();
    shell.guest("m", calls(vec![make("x")]));
    shell.run(plan([step("m")
        .with(json!({ "image": "m-1", "copy": "m-2" }))
        .id_of("image", "image", "inputs.copy")]));
    assert_eq!(map(&shell), ["image m-1 -> m-2 by m"]);
    shell.undo();
    assert!(map(&shell).is_empty());
}
