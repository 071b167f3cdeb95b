//! Pretended plugins: manifests without components.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rutter_plugin::fixture::bare;
use rutter_plugin::{Origin, Plugin};

use crate::{NotFound, Plugins};

/// The pretended plugins.
pub(super) struct Pretended;

const MANIFESTS: [&str; 5] = [
    r#"
[plugin]
name = "create-role"
version = "0.1.0"
summary = "Create a role"
kind = "change"

[inputs.name]
type = "string"
pattern = "^[A-Za-z0-9.-]{1,64}$"
help = "1 to 64 letters, digits, full stops or hyphens; a name, not an ARN"

[inputs.trusted_account]
type = "account_id"

[inputs.session_hours]
type = "integer"
optional = true
min = 1
max = 12

[outputs.name]
type = "string"

[outputs.arn]
type = "string"

[outputs.note]
type = "string"
optional = true

[[permissions]]
call = ["ram:CreateRole"]
reason = "creates it"
"#,
    r#"
[plugin]
name = "configure-task"
version = "0.1.3"
summary = "Configure a task"
kind = "change"

[inputs.source]
type = "table"

[inputs.source.fields.role]
type = "string"

[inputs.source.fields.instance]
type = "string"

[inputs.source.fields.password]
type = "secret"
optional = true

[inputs.images]
type = "list"
items = { type = "string" }
default = []

[inputs.mode]
type = "string"
one_of = ["one-way", "two-way"]
default = "one-way"

[inputs.wait]
type = "duration"
optional = true

[outputs.id]
type = "string"

[outputs.state]
type = "string"

[outputs.code]
type = "secret"

[[permissions]]
call = ["dts:ConfigureDtsJob"]
reason = "configures it"
"#,
    r#"
[plugin]
name = "copy-image"
version = "1.0.0"
summary = "Copy an image"
kind = "change"
notes = ["A copy takes hours."]

[accounts.from]
help = "where it is"

[accounts.to]
help = "where it goes"

[inputs.region]
type = "region"

[inputs.name]
type = "string"

[outputs.image]
type = "string"

[outputs.size]
type = "integer"

[[ids]]
kind = "image"
source = "name"
target = "image"

[[permissions]]
call = ["ecs:CopyImage"]
account = "from"
reason = "copies it"
"#,
    r#"
[plugin]
name = "say-hello"
version = "1.0.0"
summary = "Greet"
kind = "read"
"#,
    r#"
[plugin]
name = "set-limits"
version = "1.0.0"
summary = "Set limits"
kind = "read"

[inputs.least]
type = "integer"

[inputs.most]
type = "integer"
default = 10

[inputs.note]
type = "string"
optional = true

[outputs.most]
type = "integer"

[[rules]]
that = "inputs.least < inputs.most"
message = "`least` is {{ inputs.least }} and must be below `most`, {{ inputs.most }}"
help = "lower `least`"

[[rules]]
that = "inputs.note == none or inputs.least > 0"
message = "a note goes with a `least` above 0"
"#,
];

fn found(text: &str) -> Arc<Plugin> {
    let path = PathBuf::from("pretended.wasm");
    let plugin = Plugin::new(path, bare(text), Origin::Shipped);
    Arc::new(plugin.expect("the pretended manifests are good"))
}

impl Plugins for Pretended {
    fn find(&self, name: &str) -> Result<Arc<Plugin>, NotFound> {
        if name == "broken" {
            return Err(NotFound::Unusable {
                message: "`plugins/broken.wasm` is no component".to_owned(),
                help: Some("build it with `rutter plugin build`".to_owned()),
            });
        }
        MANIFESTS
            .iter()
            .map(|text| found(text))
            .find(|found| found.manifest().plugin.name == name)
            .ok_or_else(|| NotFound::Unknown {
                folders: vec![PathBuf::from("plugins"), PathBuf::from("more/plugins")],
            })
    }

    fn open(&self, path: &Path) -> Result<Arc<Plugin>, NotFound> {
        match path.file_stem().and_then(|stem| stem.to_str()) {
            Some("create-role") => self.find("create-role"),
            _ => Err(NotFound::Unusable {
                message: format!("`{}` cannot be read: no such file", path.display()),
                help: None,
            }),
        }
    }

    fn names(&self) -> Vec<String> {
        let names = MANIFESTS
            .iter()
            .map(|text| found(text).manifest().plugin.name.clone());
        names.collect()
    }
}
