//! What is accepted of one runbook.

use std::collections::BTreeMap;
use std::path::Path;

use rutter_engine::Uses;
use rutter_manifest::{Kind, Manifest, Permission};
use rutter_plugin::{Bound, NOTHING, Origin, Plugin, own_undo, sentences_in};
use rutter_runbook::Checked;
use serde::{Deserialize, Serialize};

/// What is accepted of a runbook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its file, in the folder of the lock.
    pub file: String,
    /// The runbooks that run inside it.
    #[serde(default, rename = "inside", skip_serializing_if = "Vec::is_empty")]
    pub nested: Vec<Nested>,
    /// The plugins that its steps use, and those of the runbooks inside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plugin: Vec<Accepted>,
}

/// A runbook that runs inside another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nested {
    /// Its file, relative to the folder of the lock.
    pub file: String,
    /// What it says.
    pub digest: Digest,
}

/// A plugin, and what it may do in a runbook.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// The plugin's name, as the runbook uses it.
    pub name: String,
    /// The plugin's version, from its manifest.
    pub version: String,
    /// Which component it is.
    pub component: Which,
    /// What it may do, sentences for people.
    pub may: Vec<String>,
    /// The same to the letter.
    pub permissions: Digest,
}

/// Which component a plugin is: the one that ships with its version, or just these bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Which {
    /// The one that ships.
    Shipped,
    /// The one with this digest.
    Bytes(Digest),
}

/// A SHA-256, written `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

const SHIPPED: &str = "shipped";
const SHA256: &str = "sha256:";

/// All that a plugin is granted in a runbook, in the form whose digest is kept. Reasons and summaries are not in it.
#[derive(Serialize)]
struct Granted<'a> {
    kind: Kind,
    undo: bool,
    accounts: &'a Bound,
    permissions: Vec<Permission>,
}

/// Which plugins a runbook uses, each with the runbook's accounts that its own stand for.
pub(crate) fn used(checked: &Checked) -> Vec<(&Plugin, Bound)> {
    let mut bound: BTreeMap<&str, Bound> = BTreeMap::new();
    for step in &checked.plan.steps {
        let Uses::Plugin(plugin) = &step.uses else {
            continue;
        };
        let bound = bound.entry(plugin.digest.as_str()).or_default();
        for (theirs, ours) in &step.accounts {
            let known = bound.entry(theirs.clone()).or_default();
            known.insert(ours.to_string());
        }
    }
    // By their names, so that what is said of them does not depend on their bytes.
    let mut found: Vec<&Plugin> = checked.plugins.values().map(|found| &**found).collect();
    found.sort_by_key(|found| {
        (
            found.manifest().plugin.name.clone(),
            found.digest().to_owned(),
        )
    });
    found
        .into_iter()
        .map(|found| {
            let bound = bound.remove(found.digest()).unwrap_or_default();
            (found, bound)
        })
        .collect()
}

impl Entry {
    /// A runbook as it is now; `path` is its file. Of plugins that ship, and of those that a run keeps, the form in
    /// which `accepted` has the same component counts as well as the usual one.
    pub fn of(checked: &Checked, path: &Path, accepted: Option<&Self>) -> Self {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut nested: Vec<Nested> = checked
            .nested
            .iter()
            .map(|source| {
                let file = Path::new(source.name());
                let file = file.strip_prefix(folder).unwrap_or(file);
                Nested {
                    file: file.display().to_string(),
                    digest: Digest::of(source.text().as_bytes()),
                }
            })
            .collect();
        nested.sort();
        let used = used(checked).into_iter();
        let mut plugin: Vec<Accepted> = used
            .map(|(found, bound)| Accepted::of(found, &bound, accepted))
            .collect();
        plugin.sort();
        Self {
            file: key(path),
            nested,
            plugin,
        }
    }

    /// Whether all its plugins ship.
    pub fn ships(&self) -> bool {
        let mut plugins = self.plugin.iter();
        plugins.all(|plugin| plugin.component == Which::Shipped)
    }
}

/// What a runbook is called in the lock of its folder.
pub(super) fn key(runbook: &Path) -> String {
    let name = runbook.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl Accepted {
    /// What it is, and below that what it may do, line by line.
    pub fn lines(&self) -> Vec<String> {
        let head = format!(
            "plugin `{}` {}, {}",
            self.name, self.version, self.component
        );
        let may = self.may.iter().map(|may| format!("  {may}"));
        std::iter::once(head).chain(may).collect()
    }

    fn of(found: &Plugin, bound: &Bound, accepted: Option<&Entry>) -> Self {
        let manifest = found.manifest();
        let bytes = Which::Bytes(Digest(found.digest().to_owned()));
        let known = accepted.into_iter().flat_map(|entry| &entry.plugin);
        let is_known =
            |accepted: &Self| accepted.name == manifest.plugin.name && accepted.component == bytes;
        let component = match found.origin {
            Origin::Other => bytes,
            Origin::Shipped | Origin::Kept => match known.clone().any(is_known) {
                true => bytes,
                false => Which::Shipped,
            },
        };
        Self {
            name: manifest.plugin.name.clone(),
            version: manifest.plugin.version.clone(),
            component,
            may: may(manifest, bound),
            permissions: granted(manifest, bound),
        }
    }
}

/// What a plugin may do in a runbook, sentences.
pub(crate) fn may(manifest: &Manifest, bound: &Bound) -> Vec<String> {
    let sentences = sentences_in(manifest, bound).into_iter();
    let mut may: Vec<String> = sentences.map(|sentence| sentence.says).collect();
    if may.is_empty() {
        may.push(NOTHING.to_owned());
    }
    may.extend(own_undo(manifest));
    may
}

fn granted(manifest: &Manifest, bound: &Bound) -> Digest {
    let mut permissions = manifest.permissions.clone();
    for permission in &mut permissions {
        permission.reason.clear();
    }
    let granted = Granted {
        kind: manifest.plugin.kind,
        undo: manifest.plugin.undo,
        accounts: bound,
        permissions,
    };
    Digest::of(&serde_json::to_vec(&granted).expect("permissions are plain data"))
}

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(rutter_plugin::digest(bytes))
    }

    /// The 64 lower-case hexadecimal digits.
    pub fn hex(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let hex = text.strip_prefix(SHA256).unwrap_or_default();
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        match hex.len() == 64 && hex.chars().all(is_hex) {
            true => Ok(Self(hex.to_owned())),
            false => Err(format!("a digest is `{SHA256}` and 64 hexadecimal digits")),
        }
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{SHA256}{}", self.0)
    }
}

impl TryFrom<String> for Which {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            SHIPPED => Ok(Self::Shipped),
            _ => Digest::try_from(text)
                .map(Self::Bytes)
                .map_err(|wrong| format!("a component is `{SHIPPED}`, or its digest: {wrong}")),
        }
    }
}

impl From<Which> for String {
    fn from(which: Which) -> Self {
        which.to_string()
    }
}

impl std::fmt::Display for Which {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Shipped => formatter.write_str(SHIPPED),
            Self::Bytes(digest) => digest.fmt(formatter),
        }
    }
}
