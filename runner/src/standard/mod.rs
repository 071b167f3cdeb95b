//! What the program holds so that it is enough by itself: plugins, runbooks, and the interface of plugins.
//!
//! `build.rs` writes the tables; the plugins are in a release only.

mod files {
    include!(concat!(env!("OUT_DIR"), "/standard.rs"));
}

/// The plugins that ship: the name of each file and what is in it. Empty while the program is developed, when they lie
/// beside it.
pub(crate) static PLUGINS: &[(&str, &[u8])] = files::PLUGINS;

/// The interface between plugins and their host, in the language of components.
pub(crate) const INTERFACE: &str = include_str!("../../../sdk/wit/0.1/step.wit");

/// A file of a new folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewFile {
    /// The file's name.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) text: String,
}

/// The names of the standard runbooks that can be rehearsed by themselves, in order: those that have a world.
pub(crate) fn runbooks() -> impl Iterator<Item = &'static str> {
    let names = files::RUNBOOKS.iter();
    let names = names.filter_map(|(file, _)| file.strip_suffix(".world.toml"));
    names.filter(|name| find(&format!("{name}.toml")).is_some())
}

/// The files of a standard runbook: itself, the runbooks that it runs, its inputs and its worlds. None if there is no
/// runbook of that name.
pub(crate) fn files_of(runbook: &str) -> Vec<NewFile> {
    let itself = find(&format!("{runbook}.toml"));
    // What has another word before its ending is an inputs file or a world.
    let Some(itself) = itself.filter(|_| !runbook.contains('.')) else {
        return Vec::new();
    };
    let mut found = vec![itself];
    let mut next = 0;
    while let Some((_, text)) = found.get(next) {
        for inner in inner_runbooks(text) {
            if !found.contains(&inner) {
                found.push(inner);
            }
        }
        next += 1;
    }
    let own = format!("{runbook}.");
    let beside = files::RUNBOOKS.iter().filter(|(name, _)| {
        let rest = name.strip_prefix(&own);
        rest.is_some_and(|rest| rest.ends_with("inputs.toml") || rest.ends_with("world.toml"))
    });
    found.extend(beside);
    let to_file = |(name, text): (&str, &str)| NewFile {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    found.into_iter().map(to_file).collect()
}

/// The files of a first runbook of this name, which is snake_case.
pub(crate) fn first(name: &str) -> Vec<NewFile> {
    let file = |suffix: &str, text: &str| NewFile {
        name: format!("{name}.{suffix}"),
        text: text.replace("NAME", name),
    };
    vec![
        file("toml", include_str!("first.toml")),
        file("world.toml", include_str!("first.world.toml")),
    ]
}

/// The standard runbooks that the steps of another one run.
fn inner_runbooks(text: &str) -> Vec<(&'static str, &'static str)> {
    let runbook: toml::Table = toml::from_str(text).unwrap_or_default();
    let steps = runbook.get("steps").and_then(toml::Value::as_array);
    let steps = steps.into_iter().flatten();
    let uses = steps.filter_map(|step| step.get("uses")?.as_str());
    uses.filter_map(|uses| find(uses.strip_prefix("./")?))
        .collect()
}

fn find(name: &str) -> Option<(&'static str, &'static str)> {
    files::RUNBOOKS
        .iter()
        .find(|(file, _)| *file == name)
        .copied()
}

#[cfg(test)]
mod tests {
    use super::{files_of, runbooks};

    #[test]
    fn a_standard_runbook_comes_with_all_that_it_names() {
        assert!(runbooks().any(|name| name == "redis_cross_account"));
        for runbook in runbooks() {
            let files = files_of(runbook);
            let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
            assert!(
                names.contains(&&*format!("{runbook}.inputs.toml")),
                "{names:?}"
            );
            for file in &files {
                let used = file
                    .text
                    .lines()
                    .filter_map(|line| line.strip_prefix("uses = \"./"));
                for used in used.filter_map(|used| used.split_once('"')) {
                    assert!(names.contains(&used.0), "{runbook}: {used:?}");
                }
            }
        }
        assert_eq!(
            files_of("authorise_dts").len(),
            1,
            "one without a world is there too"
        );
        assert!(files_of("redis_cross_account.world").is_empty());
    }
}
