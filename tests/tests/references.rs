//! The references of the book, held against what the program reads: every key that a reader takes stands in its
//! reference, and a reference names no key that the reader refuses.
//!
//! The keys come from the schemas, which are made of what reads the files.

use std::collections::{BTreeMap, BTreeSet};

use rutter_tests::Bench;
use serde_json::Value;

/// A key with the tables around it, `*` for a name that people choose.
type Path = Vec<String>;

fn root() -> &'static std::path::Path {
    std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The schema that the program prints.
async fn schema(kind: &str) -> Value {
    let ended = Bench::default().run(&["schema", kind]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("a schema is JSON")
}

/// All keys that a schema has names for.
fn keys_of(schema: &Value) -> BTreeSet<Path> {
    let mut keys = BTreeSet::new();
    collect(schema, schema, &[], &mut keys);
    keys
}

fn collect(root: &Value, schema: &Value, at: &[String], keys: &mut BTreeSet<Path>) {
    // A table of typed fields holds typed fields: at some depth there is nothing new.
    if at.len() > 6 {
        return;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').expect("it is in the schema");
        let target = root.pointer(pointer).expect("what is referred to exists");
        return collect(root, target, at, keys);
    }
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = [at, std::slice::from_ref(key)].concat();
        collect(root, inner, &path, keys);
        keys.insert(path);
    }
    let any = [at, &["*".to_owned()]].concat();
    if schema["additionalProperties"].is_object() {
        collect(root, &schema["additionalProperties"], &any, keys);
    }
    for inner in schema["patternProperties"]
        .as_object()
        .into_iter()
        .flatten()
    {
        collect(root, inner.1, &any, keys);
    }
    if schema["items"].is_object() {
        collect(root, &schema["items"], at, keys);
    }
    for choice in ["anyOf", "oneOf", "allOf"] {
        for inner in schema[choice].as_array().into_iter().flatten() {
            collect(root, inner, at, keys);
        }
    }
}

/// A structure and one of its keys.
type Key = (String, String);

/// The keys that the structures of a schema have, each with its structure: one that stands in several places needs to
/// be said once.
fn keys_of_structures(schema: &Value) -> BTreeSet<Key> {
    let structures = schema["definitions"].as_object().into_iter().flatten();
    let structures = structures.map(|(name, structure)| (name.as_str(), structure));
    structures
        .chain([("", schema)])
        .flat_map(|(name, structure)| {
            let keys = structure["properties"].as_object().into_iter().flatten();
            keys.map(|(key, _)| (name.to_owned(), key.clone()))
        })
        .collect()
}

/// What a file says, held against a schema.
struct Reading<'a> {
    schema: &'a Value,
    said: BTreeSet<Key>,
    /// Places of keys that no structure has.
    unknown: Vec<String>,
}

impl Reading<'_> {
    fn read(&mut self, (name, structure): (&str, &Value), value: &toml::Value, at: &str) {
        if let Some(reference) = structure["$ref"].as_str() {
            let name = reference.trim_start_matches("#/definitions/");
            let schema = self.schema;
            return self.read((name, &schema["definitions"][name]), value, at);
        }
        for choice in ["anyOf", "oneOf", "allOf"] {
            for inner in structure[choice].as_array().into_iter().flatten() {
                self.read((name, inner), value, at);
            }
        }
        match value {
            toml::Value::Array(items) => {
                for item in items.iter().filter(|_| structure["items"].is_object()) {
                    self.read((name, &structure["items"]), item, at);
                }
            }
            toml::Value::Table(table) => {
                for (key, inner) in table {
                    self.read_key((name, structure), key, inner, &format!("{at}.{key}"));
                }
            }
            _ => {}
        }
    }

    fn read_key(
        &mut self,
        (name, structure): (&str, &Value),
        key: &str,
        value: &toml::Value,
        at: &str,
    ) {
        let further = &structure["additionalProperties"];
        match structure["properties"].get(key) {
            Some(inner) => {
                self.said.insert((name.to_owned(), key.to_owned()));
                self.read((name, inner), value, at);
            }
            None if further.is_object() => self.read((name, further), value, at),
            None if *further == Value::Bool(false) => self.unknown.push(at.to_owned()),
            None => {}
        }
    }
}

fn page(name: &str) -> String {
    let path = root().join("docs/src").join(name);
    std::fs::read_to_string(path).expect("the page is there")
}

fn written(paths: impl IntoIterator<Item = Path>) -> Vec<String> {
    let paths = paths.into_iter();
    paths.map(|path| path.join(".")).collect()
}

#[tokio::test]
async fn the_world_reference_has_every_key_of_a_world_and_no_other() {
    assert!(page("world.md").contains("tests/worlds/everything.world.toml}}"));
    let file = root().join("runner/simcloud/tests/worlds/everything.world.toml");
    let text = std::fs::read_to_string(file).expect("the file is there");
    let schema = schema("world").await;
    let mut reading = Reading {
        schema: &schema,
        said: BTreeSet::new(),
        unknown: Vec::new(),
    };
    let world = toml::Value::Table(text.parse().expect("it is TOML"));
    reading.read(("", &schema), &world, "");
    assert_eq!(reading.unknown, Vec::<String>::new(), "unknown");
    let accepted = keys_of_structures(&schema);
    // A key that stands for another one is said in a comment.
    let missing: Vec<&Key> = accepted
        .difference(&reading.said)
        .filter(|(_, key)| !text.contains(&format!("`{key}`")))
        .collect();
    assert_eq!(missing, Vec::<&Key>::new(), "missing");
    // Were the schema not what it is thought to be, nothing would be missing.
    assert!(accepted.len() > 150, "only {} keys", accepted.len());
}

/// The keys that the tables of a page name in their first column: `[section] key`, or `key` under a head
/// "key of `[section]`".
fn keys_in_tables(text: &str) -> BTreeSet<Path> {
    let mut keys = BTreeSet::new();
    let mut section: Option<Path> = None;
    for line in text.lines() {
        let Some(cell) = line
            .strip_prefix("| ")
            .and_then(|rest| rest.split(" | ").next())
        else {
            if !line.starts_with('|') {
                section = None;
            }
            continue;
        };
        if let Some(of) = cell.strip_prefix("key of `") {
            section = Some(path_of(of.trim_end_matches('`')));
        } else if cell == "key" {
            section = Some(Vec::new());
        } else if let Some(section) = &section {
            let name = cell.trim_matches('`');
            let path = [section.clone(), path_of(name)].concat();
            keys.insert(path);
        }
    }
    keys
}

/// `[a.NAME] key` as a path.
fn path_of(text: &str) -> Path {
    let text = text.replace(['[', ']'], "").replace(' ', ".");
    let parts = text.split('.');
    parts
        .map(|part| match part.chars().any(char::is_lowercase) {
            true => part.to_owned(),
            false => "*".to_owned(),
        })
        .collect()
}

/// Takes away what only holds other keys.
fn leaves(keys: &BTreeSet<Path>) -> BTreeSet<Path> {
    let holds = |path: &Path| {
        let mut others = keys.iter();
        others.any(|other| other.len() > path.len() && other.starts_with(path))
    };
    keys.iter().filter(|path| !holds(path)).cloned().collect()
}

#[tokio::test]
async fn the_reference_of_settings_has_every_key_and_no_other() {
    let accepted = keys_of(&schema("settings").await);
    let said = keys_in_tables(&page("settings.md"));
    let covers = |path: &Path| {
        said.iter()
            .any(|other| fits(other, path) || path_starts(other, path))
    };
    let missing = leaves(&accepted).into_iter().filter(|path| !covers(path));
    assert_eq!(written(missing), Vec::<String>::new(), "missing");
    let unknown = said.iter().filter(|path| !is_accepted(path, &accepted));
    assert_eq!(written(unknown.cloned()), Vec::<String>::new(), "unknown");
}

/// Whether the reader takes a key; a name that people choose is taken where the table around it is.
fn is_accepted(path: &Path, accepted: &BTreeSet<Path>) -> bool {
    let chosen = path.iter().rev().take_while(|key| *key == "*").count();
    let named = &path[..path.len() - chosen].to_vec();
    accepted
        .iter()
        .any(|other| fits(named, other) || path_starts(named, other))
}

/// Whether two paths are the same, `*` standing for any name on the side that is written.
fn fits(said: &Path, path: &Path) -> bool {
    said.len() == path.len()
        && said
            .iter()
            .zip(path)
            .all(|(said, key)| said == key || said == "*")
}

/// A table that is named as a whole, because what is in it is said elsewhere.
fn path_starts(said: &Path, path: &Path) -> bool {
    said.len() > 1 && path.len() > said.len() && fits(said, &path[..said.len()].to_vec())
}

#[tokio::test]
async fn the_reference_of_the_language_has_every_key_and_no_other() {
    let schema = schema("runbook").await;
    let text = page("language.md");
    // What a plugin is given belongs to the plugin, and is in its own reference.
    let of_plugin =
        |path: &Path| path.len() > 2 && path.starts_with(&["steps".to_owned(), "with".to_owned()]);
    let accepted: BTreeSet<Path> = keys_of(&schema)
        .into_iter()
        .filter(|path| !of_plugin(path))
        .collect();
    let mut by_key: BTreeMap<&str, &Path> = BTreeMap::new();
    for path in &accepted {
        by_key.insert(path.last().expect("a path has a key"), path);
    }
    let missing = by_key.iter().filter(|(key, _)| {
        let forms = [format!("`{key}`"), format!("[{key}"), format!("`{key} ")];
        !forms.iter().any(|form| text.contains(form))
    });
    let missing = missing.map(|(_, path)| (*path).clone());
    assert_eq!(written(missing), Vec::<String>::new(), "missing");
    let steps = rows_under(&text, "## Steps");
    let unknown = steps
        .iter()
        .filter(|key| !accepted.contains(&vec!["steps".to_owned(), (*key).clone()]));
    assert_eq!(
        unknown.collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "unknown"
    );
    let inputs = rows_under(&text, "## Inputs");
    let unknown = inputs.iter().filter(|key| {
        !accepted.contains(&vec!["inputs".to_owned(), "*".to_owned(), (*key).clone()])
    });
    assert_eq!(
        unknown.collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "unknown"
    );
}

/// The keys in the first column of the first table of keys under a heading.
fn rows_under(text: &str, heading: &str) -> BTreeSet<String> {
    let (_, under) = text.split_once(&format!("{heading}\n")).expect(heading);
    let lines = under
        .lines()
        .skip_while(|line| !line.starts_with("| key |"));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    rows.flat_map(|line| {
        line.split(" | ")
            .next()
            .unwrap_or_default()
            .split('`')
            .skip(1)
            .step_by(2)
    })
    .map(str::to_owned)
    .collect()
}
