//! What a plugin may do, in sentences: for whoever decides whether it may.
//!
//! A sentence says everything that its permission gives, and follows from the manifest and the contracts
//! alone, so that two of them can be compared.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};
use rutter_contracts::{Access, Action, labelled, product_name};
use rutter_diagnostic::neutral::one_line;
use rutter_manifest::{HttpPermission, HttpRepeat, Kind, Manifest, OPERATORS_HOSTS, Permission};

/// What one permission lets a plugin do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sentence {
    /// What, a sentence that follows the plugin's name: `may read and delete RAM roles …`.
    pub says: String,
    /// Why it wants to, in its author's words.
    pub reason: String,
}

/// How a plugin's changes are taken back if not by their reverses, a sentence that follows its name.
pub fn own_undo(manifest: &Manifest) -> Option<String> {
    let plugin = &manifest.plugin;
    match &plugin.nothing_to_undo {
        Some(why) => Some(format!("leaves nothing to take back: {}", one_line(why))),
        None => plugin
            .undo
            .then(|| "takes its changes back itself".to_owned()),
    }
}

/// What a plugin does to the world, as it says itself.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Read => "reads only",
        Kind::Change => "makes changes",
        Kind::Irreversible => "makes changes that cannot be taken back",
    }
}

/// The accounts of a runbook that each account of a plugin stands for, in all the steps that use it.
pub type Bound = BTreeMap<String, BTreeSet<String>>;

/// Everything that a manifest asks leave to do, in the manifest's order.
pub fn sentences(manifest: &Manifest) -> Vec<Sentence> {
    said(manifest, |permission| whose(permission, manifest))
}

/// The same for a plugin in a runbook, with the names that the runbook has for its accounts.
pub fn sentences_in(manifest: &Manifest, bound: &Bound) -> Vec<Sentence> {
    said(manifest, |permission| {
        whose_in(&accounts_of(permission, bound), permission.assumed)
    })
}

/// What all of these may do, each thing once: account by account, what is only read together. A sentence for each,
/// without the calls' names.
pub fn in_all<'a>(all: impl IntoIterator<Item = (&'a Manifest, &'a Bound)>) -> Vec<String> {
    let mut calls: Calls = BTreeMap::new();
    let mut requests = BTreeSet::new();
    for (manifest, bound) in all {
        for permission in &manifest.permissions {
            let http = permission.http.as_ref();
            requests.extend(http.map(|http| by_http(http, permission)));
            requests.extend(of_secrets(permission));
            for account in accounts_of(permission, bound) {
                add(
                    &mut calls,
                    whose_in(&[account], permission.assumed),
                    permission,
                );
            }
        }
    }
    let mut said = Vec::new();
    for (whose, calls) in &calls {
        said.extend(
            phrases(calls)
                .iter()
                .map(|what| format!("may {what} {whose}")),
        );
        said.extend(of_unknown(calls, whose));
    }
    said.extend(requests);
    let calls: IndexSet<&String> = calls.values().flatten().collect();
    let actions = calls.into_iter().filter_map(|call| labelled(call));
    let asked: Vec<String> = actions
        .filter(|action| asks_about(action).is_some())
        .map(Action::label)
        .collect();
    if !asked.is_empty() {
        said.push(format!("asks a person before {}", series(&asked)));
    }
    said.iter().map(|says| one_line(says)).collect()
}

/// What one may do in a runbook, on a line.
pub fn in_short(manifest: &Manifest, bound: &Bound) -> String {
    let mut calls: Calls = BTreeMap::new();
    let mut requests = BTreeSet::new();
    for permission in &manifest.permissions {
        requests.extend(of_secrets(permission));
        match &permission.http {
            Some(http) => {
                requests.insert(by_http(http, permission));
            }
            None => {
                let accounts = accounts_of(permission, bound);
                add(
                    &mut calls,
                    whose_in(&accounts, permission.assumed),
                    permission,
                );
            }
        }
    }
    let mut said = Vec::new();
    for (whose, calls) in &calls {
        let phrases = phrases(calls);
        if !phrases.is_empty() {
            said.push(format!("may {} {whose}", phrases.join(", ")));
        }
        said.extend(of_unknown(calls, whose));
    }
    said.extend(requests);
    match said.is_empty() {
        true => NOTHING.to_owned(),
        false => one_line(&said.join("; ")),
    }
}

/// What whoever may call nothing may do.
pub const NOTHING: &str = "may compute, wait and write to its log, and nothing else";

/// Calls by whose they are.
type Calls = BTreeMap<String, IndexSet<String>>;

fn add(calls: &mut Calls, whose: String, permission: &Permission) {
    let known = calls.entry(whose).or_default();
    known.extend(permission.call.iter().cloned());
}

/// What known calls do: for each object that they alter what they do to it, and then all that is only read.
fn phrases(calls: &IndexSet<String>) -> Vec<String> {
    let is_read = |about: &About| about.verbs == ["read"];
    let (read, altered): (Vec<_>, Vec<_>) = objects(calls)
        .into_iter()
        .partition(|(_, about)| is_read(about));
    let altered = altered.iter();
    let mut phrases: Vec<String> = altered
        .map(|(what, about)| format!("{} {what}", series(&about.verbs)))
        .collect();
    let read: Vec<String> = read.into_iter().map(|(what, _)| what).collect();
    if !read.is_empty() {
        phrases.push(format!("read {}", series(&read)));
    }
    phrases
}

fn said(manifest: &Manifest, whose: impl Fn(&Permission) -> String) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for permission in &manifest.permissions {
        let said = match &permission.http {
            Some(http) => vec![by_http(http, permission)],
            None => by_api(permission, &whose(permission)),
        };
        let reason = one_line(&permission.reason);
        sentences.extend(said.into_iter().map(|says| Sentence {
            says: one_line(&says),
            reason: reason.clone(),
        }));
    }
    sentences
}

fn by_api(permission: &Permission, whose: &str) -> Vec<String> {
    let mut said: Vec<String> = objects(&permission.call)
        .into_iter()
        .map(|(what, about)| {
            format!(
                "may {} {what} ({}) {whose}",
                series(&about.verbs),
                about.calls.join(", ")
            )
        })
        .collect();
    said.extend(of_unknown(&permission.call, whose));
    said.extend(of_secrets(permission));
    said.extend(asks_before(&permission.call));
    said
}

/// The calls that no contract knows.
fn of_unknown<'a>(calls: impl IntoIterator<Item = &'a String>, whose: &str) -> Option<String> {
    let calls = calls.into_iter().map(String::as_str);
    let unknown: Vec<&str> = calls.filter(|call| labelled(call).is_none()).collect();
    (!unknown.is_empty()).then(|| {
        format!(
            "may call {} {whose}, of which nothing is known here: each is taken for a change",
            unknown.join(", ")
        )
    })
}

/// What a person is asked about, whoever may do it.
fn asks_before<'a>(calls: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let actions = calls.into_iter().filter_map(|call| labelled(call));
    let asked = actions.filter_map(|action| {
        let why = asks_about(action)?;
        Some(format!("asks a person before {}, {why}", action.label()))
    });
    asked.collect()
}

fn asks_about(action: &Action) -> Option<&'static str> {
    match (action.costs, action.irreversible, action.may_destroy()) {
        (true, ..) => Some("which costs money"),
        (_, true, _) => {
            Some("which cannot be taken back, unless that takes back what it made itself")
        }
        (.., true) => Some("which cannot be taken back for some of its parameters"),
        _ => None,
    }
}

/// In which account, and as whom.
fn whose(permission: &Permission, manifest: &Manifest) -> String {
    let account = match (&permission.account, manifest.accounts.len()) {
        (Some(account), _) => format!("account `{account}`"),
        (None, 0 | 1) => "its account".to_owned(),
        (None, _) => "each of its accounts".to_owned(),
    };
    as_whom(&account, permission.assumed)
}

/// The runbook's accounts in which a permission holds.
fn accounts_of<'a>(permission: &Permission, bound: &'a Bound) -> Vec<&'a str> {
    let theirs = |name: &String| {
        let wanted = permission.account.as_ref();
        wanted.is_none_or(|wanted| wanted == name)
    };
    let bound = bound.iter().filter(|(name, _)| theirs(name));
    let all: BTreeSet<&str> = bound
        .flat_map(|(_, accounts)| accounts.iter().map(String::as_str))
        .collect();
    all.into_iter().collect()
}

fn whose_in(accounts: &[&str], assumed: bool) -> String {
    let names: Vec<String> = accounts.iter().map(|name| format!("`{name}`")).collect();
    let account = match names.len() {
        0 => "no account".to_owned(),
        1 => format!("account {}", names[0]),
        _ => format!("accounts {}", series(&names)),
    };
    as_whom(&account, assumed)
}

fn as_whom(account: &str, assumed: bool) -> String {
    match assumed {
        true => format!("with roles that it assumes from {account}"),
        false => format!("in {account}"),
    }
}

/// What is done to one kind of object.
#[derive(Default)]
struct About {
    verbs: Vec<String>,
    calls: Vec<String>,
}

/// The known calls by the object they are about, in the order in which they are named.
fn objects<'a>(calls: impl IntoIterator<Item = &'a String>) -> IndexMap<String, About> {
    let mut objects: IndexMap<String, About> = IndexMap::new();
    for (call, action) in calls
        .into_iter()
        .filter_map(|call| Some((call, labelled(call)?)))
    {
        let (verb, object) = verb_and_object(action);
        let about = objects.entry(object).or_default();
        if !about.verbs.contains(&verb) {
            about.verbs.push(verb);
        }
        about.calls.push(call.clone());
    }
    objects
}

/// `DetachPolicyFromRole` of RAM is to `detach` `RAM policies`.
fn verb_and_object(action: &Action) -> (String, String) {
    let mut words = words(&action.name);
    let verb = match action.access {
        Access::Read => "read".to_owned(),
        Access::Change => words[0].to_lowercase(),
    };
    words.remove(0);
    let end = words
        .iter()
        .position(|word| matches!(*word, "To" | "From" | "For" | "By"));
    words.truncate(end.unwrap_or(words.len()));
    words.retain(|word| !word.eq_ignore_ascii_case(action.product));
    let product = product_name(action.product).unwrap_or(action.product);
    let object = match words.is_empty() {
        true => "itself".to_owned(),
        false => several(&words),
    };
    (verb, format!("{product} {object}"))
}

/// A name's words: `DBInstanceNetInfo` is of `DB`, `Instance`, `Net`, `Info`.
fn words(name: &str) -> Vec<&str> {
    let upper = |at: usize| name[at..].starts_with(|one: char| one.is_ascii_uppercase());
    let mut words = Vec::new();
    let mut begin = 0;
    for (at, _) in name.char_indices().skip(1) {
        let next_is_lower = name[at + 1..].starts_with(|one: char| one.is_ascii_lowercase());
        if upper(at) && (!upper(at - 1) || next_is_lower) {
            words.push(&name[begin..at]);
            begin = at;
        }
    }
    words.push(&name[begin..]);
    words
}

/// Words in lower case, the last one for several; what is all capitals stays so.
fn several(words: &[&str]) -> String {
    let is_capitals = |word: &str| word.len() > 1 && !word.contains(|one: char| one.is_lowercase());
    let mut words: Vec<String> = words
        .iter()
        .map(|word| match is_capitals(word) {
            true => (*word).to_owned(),
            false => word.to_lowercase(),
        })
        .collect();
    if let Some(last) = words.last_mut() {
        let more = match last.as_str() {
            "info" | "status" | "information" => "",
            capitals if is_capitals(capitals) => "",
            word if word.ends_with("ss") => "es",
            word if word.ends_with('s') => "",
            word if word.ends_with('y') => {
                last.pop();
                "ies"
            }
            _ => "s",
        };
        last.push_str(more);
    }
    words.join(" ")
}

fn by_http(http: &HttpPermission, permission: &Permission) -> String {
    let host = match http.host.as_str() {
        OPERATORS_HOSTS => "any host that the settings name".to_owned(),
        host => format!("`{host}`"),
    };
    let path = match http.path.as_str() {
        "/*" => String::new(),
        path => format!(", path `{path}`"),
    };
    let credential = match permission.credential.as_deref() {
        None => "without a credential".to_owned(),
        Some(OPERATORS_HOSTS) => "with any credential that the settings mean for it".to_owned(),
        Some(name) => format!("with the credential `{name}`"),
    };
    let what = match (http.kind, http.repeat) {
        (Kind::Read, _) => ", as a read",
        (_, HttpRepeat::Same) => ", also twice where the answer was lost",
        (_, HttpRepeat::Never) => "",
    };
    let stays = match http.stays {
        true => ", and leave what that did when a run is taken back",
        false => "",
    };
    let methods = series(&http.methods);
    let secrets = match permission.secrets.as_slice() {
        [] => String::new(),
        places => format!(
            ", and put secrets of its step into the {}, where whoever reads it can read them",
            series(&places.iter().map(|place| part(place)).collect::<Vec<_>>())
        ),
    };
    let answers = match permission.secret_answers.as_slice() {
        [] => String::new(),
        places => format!(
            ", and use, without reading it, what the answer holds in its {}",
            series(&places.iter().map(|place| part(place)).collect::<Vec<_>>())
        ),
    };
    format!("may send {methods} to {host}{path}, {credential}{what}{stays}{secrets}{answers}")
}

/// A part of a request, as people say it.
fn part(place: &str) -> String {
    match place.strip_prefix("header:") {
        None if place == "url" => "address".to_owned(),
        None if place.starts_with('/') => format!("field `{place}`"),
        None => place.to_owned(),
        Some("*") => "headers".to_owned(),
        Some(name) => format!("header `{name}`"),
    }
}

/// Where a permission lets secrets go beside what the contracts call secret.
fn of_secrets(permission: &Permission) -> Option<String> {
    let places: Vec<String> = permission
        .secrets
        .iter()
        .map(|place| format!("`{place}`"))
        .collect();
    let takes = |call: &&String| {
        let mut names = labelled(call)
            .into_iter()
            .flat_map(|action| &action.parameters);
        labelled(call).is_none() || names.any(|one| permission.secrets.contains(&one.name))
    };
    let calls: Vec<String> = permission.call.iter().filter(takes).cloned().collect();
    let calls = series(&calls);
    (permission.http.is_none() && !places.is_empty()).then(|| {
        format!(
            "may put secrets of its step into {} of {calls}, where whoever reads it can read them",
            series(&places)
        )
    })
}

/// `a`, `a and b`, `a, b and c`.
fn series(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [begin @ .., last] => format!("{} and {last}", begin.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, in_all, in_short, sentences, sentences_in, words};
    use rutter_manifest::Manifest;

    fn manifest(permissions: &str) -> Manifest {
        let text = format!(
            "[plugin]\nname = 'p'\nversion = '0.1.0'\nsummary = 's'\nkind = 'change'\n\
             [accounts]\nsource = {{}}\ntarget = {{}}\n{permissions}"
        );
        Manifest::parse(&text).expect("a manifest")
    }

    fn bound(source: &[&str], target: &[&str]) -> Bound {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Bound::from([
            ("source".to_owned(), names(source)),
            ("target".to_owned(), names(target)),
        ])
    }

    #[test]
    fn a_runbook_has_its_own_names_for_the_accounts() {
        let manifest = manifest(
            "[[permissions]]\ncall = ['ram:CreateRole', 'ram:DeleteRole']\naccount = 'source'\nreason = 'r'\n\
             [[permissions]]\ncall = ['ecs:DescribeImages']\nreason = 'r'\n\
             [[permissions]]\ncall = ['sts:GetCallerIdentity']\nassumed = true\naccount = 'target'\nreason = 'r'\n",
        );
        let bound = bound(&["a", "b"], &["b"]);
        let said = sentences_in(&manifest, &bound).into_iter();
        let said: Vec<String> = said.map(|sentence| sentence.says).collect();
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn what_several_may_do_is_said_once_for_each_account() {
        let makes = manifest(
            "[[permissions]]\ncall = ['ram:CreateRole', 'ram:DeleteRole']\naccount = 'source'\nreason = 'r'\n\
             [[permissions]]\nhttp = { host = 'h', methods = ['POST'], path = '/a' }\nreason = 'r'\n",
        );
        let reads = manifest(
            "[[permissions]]\ncall = ['ram:GetRole', 'ram:DeleteRole', 'ecs:DeleteImage', 'odd:DoThings']\nreason = 'r'\n\
             [[permissions]]\nhttp = { host = 'h', methods = ['POST'], path = '/a' }\nreason = 'other'\n",
        );
        let (one, other) = (bound(&["a"], &["b"]), bound(&["a"], &[]));
        let mut said = in_all([(&makes, &one), (&reads, &other), (&makes, &one)]);
        said.push(in_short(&reads, &bound(&["a"], &["b"])));
        insta::assert_snapshot!(said.join("\n"));
    }

    fn said(permissions: &str) -> Vec<String> {
        let manifest = manifest(permissions);
        let said = sentences(&manifest).into_iter();
        said.map(|sentence| sentence.says).collect()
    }

    #[test]
    fn calls_are_said_by_what_they_do_to_what() {
        let said = said(
            "[[permissions]]\ncall = ['ram:CreateRole', 'ram:GetRole', 'ram:DeleteRole', 'ram:AttachPolicyToRole']\n\
             account = 'source'\nreason = 'r'\n\
             [[permissions]]\ncall = ['ecs:RunInstances', 'odd:DoThings']\nassumed = true\nreason = 'r'\n",
        );
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn nothing_that_a_request_by_http_may_do_is_left_out() {
        let said = said(
            "[[permissions]]\nhttp = { host = '*', methods = ['POST', 'PUT'], path = '/*', repeat = 'same', stays = true }\n\
             credential = '*'\nreason = 'r'\n\
             [[permissions]]\nhttp = { host = '*.example.com', methods = ['GET'], path = '/a/*', kind = 'read' }\n\
             credential = 'hook'\nreason = 'r'\n\
             [[permissions]]\nhttp = { host = 'h', methods = ['POST'], path = '/a' }\nreason = 'r'\n\
             secrets = ['url', 'header:x-key']\nsecret_answers = ['/token', 'header:set-cookie', 'body']\n",
        );
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn a_name_has_words() {
        assert_eq!(
            words("DescribeDBInstanceNetInfo"),
            ["Describe", "DB", "Instance", "Net", "Info"]
        );
        assert_eq!(words("DescribeDTSIP"), ["Describe", "DTSIP"]);
    }

    #[test]
    fn what_the_plugins_that_ship_may_do() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
        let entries = std::fs::read_dir(folder).expect("the plugins").flatten();
        let mut texts: Vec<String> = entries
            .filter_map(|entry| std::fs::read_to_string(entry.path().join("plugin.toml")).ok())
            .map(|text| {
                let manifest = Manifest::parse(&text).expect("a manifest");
                let said: Vec<String> = sentences(&manifest)
                    .iter()
                    .map(|sentence| format!("  {}", sentence.says))
                    .collect();
                format!("{}\n{}", manifest.plugin.name, said.join("\n"))
            })
            .collect();
        texts.sort();
        insta::assert_snapshot!(texts.join("\n"));
    }
}
