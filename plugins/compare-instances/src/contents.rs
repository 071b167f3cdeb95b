//! What lies and runs on two servers.

use std::collections::BTreeMap;

use rutter_sdk::prelude::*;

use crate::Inputs;
use crate::difference::Difference;
use crate::remote::Remote;
use crate::resources::Pair;
use crate::script::{LINES_MAX, NOTHING, Question, knows};

/// How many paths that differ are looked into, and how many of their files are named.
const DETAILED_MAX: usize = 5;
const FILES_MAX: usize = 20;

/// What is compared, for people.
pub(crate) fn compared(inputs: &Inputs) -> Vec<String> {
    let mut compared = Vec::new();
    let mut add = |what: &str, items: &[String]| {
        if !items.is_empty() {
            compared.push(format!("{what} {}", items.join(" ")));
        }
    };
    add("files in", &inputs.paths);
    add("services", &inputs.services);
    add("commands:", &inputs.commands);
    compared
}

pub(crate) fn compare(
    host: &Host,
    account: &Account,
    inputs: &Inputs,
    pair: &Pair,
) -> Result<Vec<Difference>, Fault> {
    let questions = questions(inputs);
    if questions.is_empty() {
        host.warn("no paths, services or commands are given: only resource data is compared");
        return Ok(Vec::new());
    }
    check_paths(inputs, pair)?;
    let mark = host.mark_for_name("compare");
    let remote = |instance, region, system| Remote {
        account,
        instance,
        region,
        system,
        wait: inputs.wait,
        mark: &mark,
    };
    let both = Both {
        source: remote(
            &inputs.source.instance,
            &inputs.source.region,
            pair.source.system,
        ),
        target: remote(
            &inputs.target.instance,
            &inputs.target.region,
            pair.target.system,
        ),
        exclude: &inputs.exclude,
    };
    both.source.ready()?;
    both.target.ready()?;
    let answers = both.ask("all", &questions)?;
    let mut found = Vec::new();
    let mut paths = Vec::new();
    for (question, (source, target)) in questions.iter().zip(answers) {
        match question {
            Question::Service(name) => {
                found.extend(Difference::between(
                    &format!("service {name}"),
                    &source,
                    &target,
                    false,
                ));
            }
            Question::Command(line) => {
                let what = format!("command `{line}`");
                found.extend(Difference::between(&what, &source, &target, false));
            }
            Question::Names(path) if is_nothing(&source) => {
                let has = if is_nothing(&target) { "none" } else { "there" };
                found.push(Difference::new(path, "none", has, false));
            }
            Question::Names(path) | Question::Contents(path) => {
                if source != target && !paths.contains(path) {
                    paths.push(path.clone());
                }
            }
            Question::ListNames(_) | Question::ListContents(_) => {}
        }
    }
    for (number, path) in paths.iter().enumerate() {
        found.extend(both.details(number, path)?);
    }
    Ok(found)
}

fn questions(inputs: &Inputs) -> Vec<Question> {
    let mut questions = Vec::new();
    for path in &inputs.paths {
        questions.push(Question::Names(path.clone()));
        questions.push(Question::Contents(path.clone()));
    }
    questions.extend(inputs.services.iter().cloned().map(Question::Service));
    questions.extend(inputs.commands.iter().cloned().map(Question::Command));
    questions
}

fn check_paths(inputs: &Inputs, pair: &Pair) -> Result<(), Fault> {
    let system = pair.source.system;
    let Some(path) = inputs.paths.iter().find(|path| !knows(system, path)) else {
        return Ok(());
    };
    let message = format!("`{path}` is no path of a {system:?} server");
    Err(Fault::fail("compare-instances.path", message)
        .advise("Write the paths as the server's own system does."))
}

/// What `sha256sum` prints begins with the digest; that of a path that is not there is the digest of nothing.
fn is_nothing(answer: &str) -> bool {
    let digest = answer.split_whitespace().next().unwrap_or_default();
    digest.is_empty() || digest.eq_ignore_ascii_case(NOTHING)
}

/// Both servers, which are asked the same at the same time.
struct Both<'a> {
    source: Remote<'a>,
    target: Remote<'a>,
    exclude: &'a [String],
}

impl Both<'_> {
    fn ask(&self, purpose: &str, questions: &[Question]) -> Result<Vec<(String, String)>, Fault> {
        let source = self.source.start(purpose, questions, self.exclude)?;
        let target = self.target.start(purpose, questions, self.exclude)?;
        let (source, target) = (self.source.answers(&source)?, self.target.answers(&target)?);
        let both = source.into_iter().zip(target);
        both.map(|(source, target)| {
            let cut = || {
                Fault::fail(
                    "compare-instances.output",
                    "Cloud Assistant gave only a part of what a command printed",
                )
                .advise("Compare fewer paths or commands, then run the step again.")
            };
            Ok((source.ok_or_else(cut)?, target.ok_or_else(cut)?))
        })
        .collect()
    }

    /// Which files differ below a path.
    fn details(&self, number: usize, path: &str) -> Result<Vec<Difference>, Fault> {
        let unnamed = |why: &str| vec![Difference::new(path, "as it was", why, false)];
        if number >= DETAILED_MAX {
            return Ok(unnamed("differs"));
        }
        let questions = [
            Question::ListContents(path.to_owned()),
            Question::ListNames(path.to_owned()),
        ];
        let answers = self.ask(&format!("path-{number}"), &questions)?;
        let mut found = BTreeMap::new();
        for ((source, target), is_contents) in answers.iter().zip([true, false]) {
            for (name, one, other) in pairs(source, target, is_contents) {
                found
                    .entry(name.clone())
                    .or_insert_with(|| Difference::new(&name, &one, &other, false));
            }
        }
        if found.is_empty() {
            // The lists were cut before the place.
            return Ok(unnamed("differs after its first files"));
        }
        let more = found.len().saturating_sub(FILES_MAX);
        let mut named: Vec<Difference> = found.into_values().take(FILES_MAX).collect();
        if more > 0 {
            named.extend(unnamed(&format!("differs in {more} more files")));
        }
        Ok(named)
    }
}

/// Returns what two listings say differently: the path, and what each has of it.
fn pairs(source: &str, target: &str, is_contents: bool) -> Vec<(String, String, String)> {
    let (source, target) = (listed(source, is_contents), listed(target, is_contents));
    // A full list was perhaps cut: what comes after its end is not known.
    let end = |list: &BTreeMap<String, String>| {
        let full = list.len() >= LINES_MAX;
        full.then(|| list.keys().next_back().cloned()).flatten()
    };
    let ends: Vec<String> = [end(&source), end(&target)].into_iter().flatten().collect();
    let mut paths: Vec<&String> = source.keys().chain(target.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let known = paths
        .into_iter()
        .filter(|path| ends.iter().all(|end| *path <= end));
    known
        .filter(|path| source.get(*path) != target.get(*path))
        .map(|path| {
            let of = |list: &BTreeMap<String, String>| list.get(path).cloned().unwrap_or_default();
            (path.clone(), of(&source), of(&target))
        })
        .collect()
}

/// Lines as paths and what stands beside each.
fn listed(text: &str, is_contents: bool) -> BTreeMap<String, String> {
    let entry = |line: &str| -> Option<(String, String)> {
        if is_contents {
            let (digest, path) = line.split_once("  ")?;
            let short: String = digest.chars().take(12).collect();
            return Some((path.to_owned(), format!("sha256 {}", short.to_lowercase())));
        }
        // Linux says kind, mode, owner, group and link after the path, five fields; Windows nothing.
        if !line.starts_with('/') {
            return Some((line.to_owned(), "there".to_owned()));
        }
        let fields: Vec<&str> = line.rsplitn(6, ' ').collect();
        match fields.as_slice() {
            [link, group, owner, mode, kind, path] => Some((
                (*path).to_owned(),
                format!(
                    "{kind} {mode} {owner}:{group} {}",
                    link.trim_end_matches(';')
                )
                .trim_end()
                .to_owned(),
            )),
            _ => None,
        }
    };
    text.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_compared_by_path() {
        let source = "aaaa  /srv/a\nbbbb  /srv/b b\n";
        let target = "aaaa  /srv/a\ncccc  /srv/b b\ndddd  /srv/c\n";
        let found = pairs(source, target, true);
        let expected = [
            ("/srv/b b", "sha256 bbbb", "sha256 cccc"),
            ("/srv/c", "", "sha256 dddd"),
        ];
        let expected =
            expected.map(|(path, one, other)| (path.to_owned(), one.to_owned(), other.to_owned()));
        assert_eq!(found, expected);
        let modes = pairs("/srv/a f 644 0 0 ;\n", "/srv/a f 600 0 0 ;\n", false);
        assert_eq!(modes[0].1, "f 644 0:0");
    }

    #[test]
    fn what_comes_after_the_end_of_a_list_is_not_known() {
        let long: String = (0..LINES_MAX)
            .map(|number| format!("x  /srv/{number:03}\n"))
            .collect();
        let short: String = (1..LINES_MAX + 1)
            .map(|number| format!("x  /srv/{number:03}\n"))
            .collect();
        let found = pairs(&long, &short, true);
        assert_eq!(found.len(), 1, "only the first: {found:?}");
    }
}
