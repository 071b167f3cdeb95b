//! What must hold between the parameters, as the console's form keeps them together.

use std::collections::BTreeSet;

use crate::{Inputs, InputsServersItem};

/// Returns all rules that are broken, a sentence each.
pub fn broken(inputs: &Inputs) -> Vec<String> {
    let mut broken = Vec::new();
    if inputs.source_account == inputs.destination_account {
        broken.push(
            "source and destination are the same account, and this is a migration between two"
                .to_owned(),
        );
    }
    for server in &inputs.servers {
        broken.extend(target(server, &inputs.target));
    }
    broken.extend(repeated(inputs));
    broken.extend(run_mode(inputs));
    broken.extend(incremental(inputs));
    broken.extend(template(inputs));
    broken
}

/// An image has a name and an instance an id, and neither has the other's.
fn target(server: &InputsServersItem, target: &str) -> Option<String> {
    let instance = &server.instance;
    let image = ("image_name", server.image_name.is_some());
    let into = ("target_instance", server.target_instance.is_some());
    let is_image = target == "image";
    let (wanted, has_wanted) = if is_image { image } else { into };
    let (other, has_other) = if is_image { into } else { image };
    if !has_wanted {
        return Some(format!(
            "the server {instance} has no `{wanted}`, which the target `{target}` needs"
        ));
    }
    if has_other {
        return Some(format!(
            "the server {instance} has a `{other}`, which the target `{target}` does not take"
        ));
    }
    (server.target_instance.as_ref() == Some(instance))
        .then(|| format!("the server {instance} cannot be migrated into itself"))
}

/// No server twice, and nothing made or replaced twice.
fn repeated(inputs: &Inputs) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut twice = Vec::new();
    for server in &inputs.servers {
        let all = [
            ("server", Some(&server.instance)),
            ("image name", server.image_name.as_ref()),
            ("target instance", server.target_instance.as_ref()),
        ];
        for (what, name) in all {
            let Some(name) = name else { continue };
            if !seen.insert((what, name)) {
                twice.push(format!("the {what} {name} stands there twice"));
            }
        }
    }
    twice
}

/// With a drill there is nothing to choose; without one a schedule has its instant, and only a schedule.
fn run_mode(inputs: &Inputs) -> Option<String> {
    let mode = &inputs.run_mode;
    if inputs.drill != "none" && mode != "now" {
        return Some(format!(
            "the run mode `{mode}` goes without a drill: after a drill the migration starts at once"
        ));
    }
    match (mode == "scheduled", inputs.scheduled_start.is_some()) {
        (true, false) => Some("the run mode `scheduled` needs `scheduled_start`".to_owned()),
        (false, true) => Some(format!(
            "`scheduled_start` goes with the run mode `scheduled`, not `{mode}`"
        )),
        _ => None,
    }
}

fn incremental(inputs: &Inputs) -> Vec<String> {
    let mut broken = Vec::new();
    let given = [
        ("frequency_hours", inputs.frequency_hours.is_some()),
        ("images_to_keep", inputs.images_to_keep.is_some()),
    ];
    for (name, is_given) in given {
        if inputs.incremental && !is_given {
            broken.push(format!("`incremental` needs `{name}`"));
        }
        if !inputs.incremental && is_given {
            broken.push(format!("`{name}` goes with `incremental`, which is off"));
        }
    }
    if inputs.cut_over && !inputs.incremental {
        broken.push("`cut_over` goes with `incremental`, which is off".to_owned());
    }
    if inputs.cut_over && inputs.run_mode == "create_only" {
        broken.push("a job that is only created has nothing to cut over".to_owned());
    }
    broken
}

fn template(inputs: &Inputs) -> Option<String> {
    if inputs.launch_template.is_some() && inputs.target != "image" {
        return Some("a template goes with the target `image` only".to_owned());
    }
    (inputs.launch_template_version.is_some() && inputs.launch_template.is_none())
        .then(|| "`launch_template_version` goes with `launch_template`".to_owned())
}
