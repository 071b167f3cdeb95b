//! What is different from what was accepted, line by line: `-` what was accepted, `+` what is there now.

use std::collections::BTreeSet;

use super::{Accepted, Entry, Nested};

/// The difference between what was accepted of a runbook and what it is now; empty where there is none.
pub fn difference(accepted: &Entry, now: &Entry) -> Vec<String> {
    let mut lines = Vec::new();
    runbooks(&accepted.nested, &now.nested, &mut lines);
    let plugins = accepted.plugin.iter().chain(&now.plugin);
    let names: BTreeSet<&str> = plugins.map(|plugin| plugin.name.as_str()).collect();
    for name in names {
        let gone = only_in(&accepted.plugin, &now.plugin, name);
        let new = only_in(&now.plugin, &accepted.plugin, name);
        match (&gone[..], &new[..]) {
            ([], []) => {}
            ([then], [now]) => changed(then, now, &mut lines),
            _ => {
                gone.iter()
                    .for_each(|plugin| whole('-', plugin, &mut lines));
                new.iter().for_each(|plugin| whole('+', plugin, &mut lines));
            }
        }
    }
    if lines.is_empty() && accepted != now {
        lines.push("- something that is there twice".to_owned());
    }
    lines
}

fn runbooks(accepted: &[Nested], now: &[Nested], lines: &mut Vec<String>) {
    let mut say = |sign: char, these: &[Nested], others: &[Nested]| {
        let only = these.iter().filter(|one| !others.contains(one));
        let text = |one: &Nested| format!("{sign} runbook `{}`, {}", one.file, one.digest);
        lines.extend(only.map(text));
    };
    say('-', accepted, now);
    say('+', now, accepted);
}

fn only_in<'a>(these: &'a [Accepted], others: &[Accepted], name: &str) -> Vec<&'a Accepted> {
    let named = these.iter().filter(|plugin| plugin.name == name);
    named.filter(|plugin| !others.contains(plugin)).collect()
}

/// One plugin that is another one now.
fn changed(then: &Accepted, now: &Accepted, lines: &mut Vec<String>) {
    lines.push(format!("plugin `{}`", now.name));
    let before = lines.len();
    let which = |plugin: &Accepted| format!("{}, {}", plugin.version, plugin.component);
    if which(then) != which(now) {
        lines.push(format!("- {}", which(then)));
        lines.push(format!("+ {}", which(now)));
    }
    let gone = then.may.iter().filter(|may| !now.may.contains(may));
    lines.extend(gone.map(|may| format!("- {may}")));
    let new = now.may.iter().filter(|may| !then.may.contains(may));
    lines.extend(new.map(|may| format!("+ {may}")));
    if lines.len() == before {
        lines.push(format!("- permissions {}", then.permissions));
        lines.push(format!("+ permissions {}", now.permissions));
    }
}

/// A plugin that is there in one of them only.
fn whole(sign: char, plugin: &Accepted, lines: &mut Vec<String>) {
    let own = plugin.lines().into_iter();
    lines.extend(own.map(|line| format!("{sign} {line}")));
}
