//! A world that is being made to fit, and its text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rutter_diagnostic::neutral::one_line;
use rutter_engine::Plan;
use rutter_simcloud::Presumed;
use serde_json::Value;

/// The seed of a new world.
pub(super) const SEED: &str = "1";

/// The user that every account has.
pub(super) const OPERATOR: &str = "operator";

/// What a task copies from and to that only its own id is known of.
const ENDS: [&str; 2] = ["r-source", "r-destination"];

/// Where something stands: the account's name, the table, and its id or name.
pub(super) type Place = (String, &'static str, String);

/// The world so far.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    name: String,
    /// The ids of the accounts, by the runbook's names and by those of accounts that only calls name.
    pub ids: BTreeMap<String, String>,
    /// What is in them: keys with their values as TOML.
    pub rows: BTreeMap<Place, BTreeMap<String, String>>,
    /// The keys that a call spoke of: they are not merely usual.
    said: BTreeSet<(Place, String)>,
    /// Method and address of requests that get an answer.
    pub http: BTreeSet<(String, String)>,
    /// What a person has to fill in, at the place where it is looked for; at the end if there is none.
    open: Vec<(Option<Place>, Vec<String>)>,
    vpc: String,
    /// Files on every server.
    content: Option<String>,
}

impl Draft {
    /// Returns a world with the plan's accounts and nothing in them.
    pub fn new(plan: &Plan, ids: BTreeMap<String, String>) -> Self {
        let texts = texts(&plan.inputs);
        let vpc = texts.iter().find(|text| text.starts_with("vpc-"));
        let operators = ids
            .keys()
            .map(|account| (account.clone(), "users", OPERATOR.to_owned()));
        let operators: Vec<Place> = operators.collect();
        let mut draft = Self {
            name: plan.name.clone(),
            ids,
            rows: BTreeMap::new(),
            said: BTreeSet::new(),
            http: BTreeSet::new(),
            open: Vec::new(),
            vpc: vpc.cloned().unwrap_or_else(|| "vpc-1".to_owned()),
            content: content(&texts),
        };
        for place in operators {
            draft.add_operator(place);
        }
        draft
    }

    fn add_operator(&mut self, place: Place) {
        let account = &place.0;
        let keys = [
            ("access_key_id", quoted(&format!("LTAI-example-{account}"))),
            (
                "access_key_secret",
                quoted(&format!("good-for-nothing-{account}")),
            ),
            ("policies", "[\"AdministratorAccess\"]".to_owned()),
        ];
        let keys = keys.map(|(key, value)| (key.to_owned(), value));
        self.rows.insert(place, keys.into());
    }

    /// Returns the name under which an account is written: the first of those that have its id.
    fn written_as(&self, account: &str) -> String {
        let id = self.ids.get(account);
        let same = self.ids.iter().find(|(_, other)| Some(*other) == id);
        same.map_or_else(|| account.to_owned(), |(name, _)| name.clone())
    }

    /// Returns the account that has this id; one that no name stands for gets one.
    fn owner(&mut self, id: &str) -> String {
        if let Some((name, _)) = self.ids.iter().find(|(_, other)| *other == id) {
            return name.clone();
        }
        let name = format!("other_{id}");
        self.ids.insert(name.clone(), id.to_owned());
        self.add_operator((name.clone(), "users", OPERATOR.to_owned()));
        name
    }

    /// Returns where a resource belongs that a call on an account took for granted.
    pub fn place(&mut self, account: &str, presumed: &Presumed) -> Place {
        let account = match &presumed.owner {
            Some(id) => self.owner(id),
            None => self.written_as(account),
        };
        (account, presumed.table, presumed.id.clone())
    }

    /// Adds a resource, or what else is known of it. Returns whether that is news.
    pub fn add(&mut self, place: Place, presumed: &Presumed, region: &str) -> bool {
        let region = match presumed.region.as_str() {
            "" => region,
            given => given,
        };
        if presumed.id.is_empty() {
            return self.add_to_any(&place, presumed, region);
        }
        let is_new = !self.rows.contains_key(&place);
        if is_new {
            let row = self.usual(&place, region).into_iter().collect();
            self.rows.insert(place.clone(), row);
            self.add_ends(&place, region);
        }
        self.add_keys(&place, presumed) || is_new
    }

    /// A task copies from one instance to another.
    fn add_ends(&mut self, place: &Place, region: &str) {
        let (account, table, _) = place;
        if *table != "dts_jobs" {
            return;
        }
        for id in ENDS {
            let end = (account.clone(), "redis", id.to_owned());
            let row = self.usual(&end, region).into_iter().collect();
            self.rows.entry(end).or_insert(row);
        }
    }

    /// Adds what a call said of any resource in a region: one that is like that, unless there is one.
    fn add_to_any(&mut self, place: &Place, presumed: &Presumed, region: &str) -> bool {
        let Some((key, wanted)) = presumed.keys.iter().next() else {
            return false;
        };
        let wanted = toml_value(&serde_json::from_str(wanted).unwrap_or(Value::Null));
        let written = quoted(region);
        let rows = self.rows.iter().filter(|(other, row)| {
            (&other.0, other.1) == (&place.0, place.1) && row.get("region") == Some(&written)
        });
        let rows: Vec<(&Place, _)> = rows.collect();
        if rows.iter().any(|(_, row)| row.get(*key) == Some(&wanted)) {
            return false;
        }
        let is_open = |place: &Place| !self.said.contains(&(place.clone(), (*key).to_owned()));
        let open = rows.iter().find(|(place, _)| is_open(place));
        let place = match open {
            Some((place, _)) => (*place).clone(),
            None => {
                let name = format!("vsw-{}", wanted.trim_matches('"'));
                let made = (place.0.clone(), place.1, name);
                let row = self.usual(&made, region).into_iter().collect();
                self.rows.insert(made.clone(), row);
                made
            }
        };
        self.add_keys(&place, presumed)
    }

    /// Adds what a call said of a resource; the first that speaks of a key counts.
    fn add_keys(&mut self, place: &Place, presumed: &Presumed) -> bool {
        let mut news = false;
        for (key, value) in &presumed.keys {
            if !self.said.insert((place.clone(), (*key).to_owned())) {
                continue;
            }
            let value = serde_json::from_str(value).unwrap_or(Value::Null);
            let value = toml_value(&value);
            let row = self.rows.entry(place.clone()).or_default();
            news |= row.insert((*key).to_owned(), value.clone()).as_ref() != Some(&value);
        }
        news
    }

    /// Returns what a table needs or usually has, beyond the id.
    fn usual(&self, place: &Place, region: &str) -> Vec<(String, String)> {
        let (account, table, id) = place;
        let account_id = self.ids.get(account).map_or("", String::as_str);
        let vpc = || ("vpc", quoted(&self.vpc));
        let trust = format!(
            "{{\"Version\":\"1\",\"Statement\":[{{\"Action\":\"sts:AssumeRole\",\"Effect\":\"Allow\",\
             \"Principal\":{{\"RAM\":[\"acs:ram::{account_id}:root\"]}}}}]}}"
        );
        let end = |id: &str| {
            let (id, region) = (quoted(id), quoted(region));
            format!("{{ instance = {id}, region = {region} }}")
        };
        let mut keys = match *table {
            "users" | "policies" => return Vec::new(),
            "roles" => return vec![("trust".to_owned(), quoted(&trust))],
            "vswitches" => vec![vpc(), ("zone", quoted(&format!("{region}-a")))],
            "security_groups" => vec![vpc()],
            "redis" => vec![vpc(), ("vswitch", quoted("vsw-1"))],
            "ecs" => {
                let content = self.content.clone();
                let content = content.map(|files| ("content.files", files));
                [("disks", disks(id))].into_iter().chain(content).collect()
            }
            "dts_jobs" => vec![("source", end(ENDS[0])), ("destination", end(ENDS[1]))],
            _ => Vec::new(),
        };
        keys.push(("region", quoted(region)));
        keys.into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect()
    }

    /// Says what a person has to fill in.
    pub fn leave_open(&mut self, place: Option<Place>, lines: Vec<String>) {
        self.open.push((place, lines));
    }

    /// Returns in how many places something is to be filled in.
    pub fn open_count(&self) -> usize {
        self.open.len()
    }

    /// Returns the world as its file.
    pub fn text(&self) -> String {
        let mut text = format!(
            "# A world for {}: every key that a world can have is described in the documentation.\n\
             schema = 1\n\n[world]\ntitle = {}\nstart = \"2026-01-15T20:00:00Z\"\nseed = {}\n",
            one_line(&self.name),
            quoted(&format!("A world for {}", self.name)),
            SEED,
        );
        self.write_open(&mut text, None);
        self.write_aliases(&mut text);
        for (method, url) in &self.http {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n# To fill in: what it answers.\n[[http]]\nmethod = {}\nurl = {}\njson = {{}}\n",
                quoted(method),
                quoted(url)
            );
        }
        let names = self.ids.keys();
        for account in names.filter(|name| self.written_as(name) == **name) {
            self.write_account(&mut text, account);
        }
        text
    }

    fn write_aliases(&self, text: &mut String) {
        let names = self.ids.keys().map(|name| (name, self.written_as(name)));
        let aliases: Vec<_> = names.filter(|(name, written)| *name != written).collect();
        if aliases.is_empty() {
            return;
        }
        text.push_str("\n# Further names of the same accounts.\n[aliases]\n");
        for (name, written) in aliases {
            let _ = writeln!(text, "{name} = {}", quoted(&written));
        }
    }

    fn write_account(&self, text: &mut String, account: &str) {
        let id = self.ids.get(account).map_or("", String::as_str);
        let _ = write!(text, "\n[accounts.{account}]\nid = {}\n", quoted(id));
        for (place, keys) in self.rows.iter().filter(|(place, _)| place.0 == account) {
            let (_, table, name) = place;
            let called = match *table {
                "users" | "roles" | "policies" => "name",
                _ => "id",
            };
            text.push('\n');
            self.write_open(text, Some(place));
            let _ = write!(
                text,
                "[[accounts.{account}.{table}]]\n{called} = {}\n",
                quoted(name)
            );
            for (key, value) in keys {
                let _ = writeln!(text, "{key} = {value}");
            }
        }
    }

    fn write_open(&self, text: &mut String, place: Option<&Place>) {
        let here = self.open.iter().filter(|(at, _)| at.as_ref() == place);
        for (_, lines) in here {
            if place.is_none() {
                text.push('\n');
            }
            for line in lines {
                let _ = writeln!(text, "# {}", one_line(line));
            }
        }
    }
}

/// A system disk and one for data, as most servers have them.
fn disks(server: &str) -> String {
    let name = server.trim_start_matches("i-");
    let (system, data) = (
        quoted(&format!("d-{name}-system")),
        quoted(&format!("d-{name}-data")),
    );
    format!("[{{ id = {system}, size_gb = 40 }}, {{ id = {data}, size_gb = 100 }}]")
}

/// All texts of a value, in order.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// A file in each folder that an input names, so that what looks into it finds something.
fn content(texts: &[String]) -> Option<String> {
    let paths = texts.iter().filter(|text| text.starts_with('/'));
    let files: BTreeSet<String> = paths
        .map(|path| format!("{}/example", path.trim_end_matches('/')))
        .collect();
    let files: Vec<String> = files
        .iter()
        // A text in double quotes is a key in JSON and in TOML alike.
        .map(|file| format!("{} = \"example\"", Value::String(file.clone())))
        .collect();
    (!files.is_empty()).then(|| format!("{{ {} }}", files.join(", ")))
}

/// A value as it is written in TOML.
pub(super) fn toml_value(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
