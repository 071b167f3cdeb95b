//! What a plugin may do, in sentences: for whoever decides whether it may.
//!
//! A sentence says everything that its permission gives, and follows from the manifest and the contracts
//! alone, so that two of them can be compared.

use indexmap::IndexMap;
use rutter_contracts::{Access, Action, labelled, product_name};
use rutter_manifest::{HttpPermission, HttpRepeat, Kind, Manifest, OPERATORS_HOSTS, Permission};

use crate::ui::one_line;

/// What one permission lets a plugin do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sentence {
    /// What, a sentence that follows the plugin's name: `may read and delete RAM roles …`.
    pub says: String,
    /// Why it wants to, in its author's words.
    pub reason: String,
}

/// What a plugin does to the world, as it says itself.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Read => "reads only",
        Kind::Change => "makes changes",
        Kind::Irreversible => "makes changes that cannot be taken back",
    }
}

/// Everything that a manifest asks leave to do, in the manifest's order.
pub fn sentences(manifest: &Manifest) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for permission in &manifest.permissions {
        let said = match &permission.http {
            Some(http) => vec![by_http(http, permission)],
            None => by_api(permission, manifest),
        };
        let reason = one_line(&permission.reason);
        sentences.extend(said.into_iter().map(|says| Sentence {
            says: one_line(&says),
            reason: reason.clone(),
        }));
    }
    sentences
}

fn by_api(permission: &Permission, manifest: &Manifest) -> Vec<String> {
    let whose = whose(permission, manifest);
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
    let calls = || permission.call.iter();
    let unknown: Vec<&str> = calls()
        .filter(|call| labelled(call).is_none())
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        said.push(format!(
            "may call {} {whose}, of which nothing is known here: each is taken for a change",
            unknown.join(", ")
        ));
    }
    for action in calls().filter_map(|call| labelled(call)) {
        let what = match (action.costs, action.irreversible, action.may_destroy()) {
            (true, ..) => "which costs money",
            (_, true, _) => {
                "which cannot be taken back, unless that takes back what it made itself"
            }
            (.., true) => "which cannot be taken back for some of its parameters",
            _ => continue,
        };
        said.push(format!("asks a person before {}, {what}", action.label()));
    }
    said
}

/// In which account, and as whom.
fn whose(permission: &Permission, manifest: &Manifest) -> String {
    let account = match (&permission.account, manifest.accounts.len()) {
        (Some(account), _) => format!("account `{account}`"),
        (None, 0 | 1) => "its account".to_owned(),
        (None, _) => "each of its accounts".to_owned(),
    };
    match permission.assumed {
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
fn objects(calls: &[String]) -> IndexMap<String, About> {
    let mut objects: IndexMap<String, About> = IndexMap::new();
    for (call, action) in calls
        .iter()
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
    format!("may send {methods} to {host}{path}, {credential}{what}{stays}")
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
    use super::{sentences, words};
    use rutter_manifest::Manifest;

    fn said(permissions: &str) -> Vec<String> {
        let text = format!(
            "[plugin]\nname = 'p'\nversion = '0.1.0'\nsummary = 's'\nkind = 'change'\n\
             [accounts]\nsource = {{}}\ntarget = {{}}\n{permissions}"
        );
        let manifest = Manifest::parse(&text).expect("a manifest");
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
             [[permissions]]\nhttp = { host = 'h', methods = ['POST'], path = '/a' }\nreason = 'r'\n",
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
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
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
