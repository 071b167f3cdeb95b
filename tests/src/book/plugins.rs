//! The page of the plugins, generated from their manifests.

use std::fmt::Write as _;
use std::path::Path;

use toml::{Table, Value};

/// Characters of a line of prose.
const LINE_MAX: usize = 140;

const HEAD: &str = "# Plugins

<!-- Generated from plugins/*/plugin.toml; `BOOK=write` writes it anew. -->

What ships with Rutter, generated from the manifests. `rutter plugin list` shows what is installed, and `rutter plugin inspect NAME` says in
sentences what a plugin may do. A plugin of the kind *read* changes nothing, what a *change* does is taken back by `rutter undo`, and what
an *irreversible* one does is not.
";

/// The page for the plugins in a folder, in the order of their names.
///
/// # Panics
/// When a manifest cannot be read: the manifests that ship are sound.
pub fn page(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).expect("the folder of the plugins is there");
    let mut manifests: Vec<_> = entries
        .map(|entry| {
            entry
                .expect("the folder can be read")
                .path()
                .join("plugin.toml")
        })
        .filter(|path| path.is_file())
        .collect();
    manifests.sort();
    let mut page = HEAD.to_owned();
    for path in manifests {
        let text = std::fs::read_to_string(&path).expect("a manifest can be read");
        let manifest: Table = text.parse().expect("a manifest is TOML");
        section(&mut page, &manifest);
    }
    page
}

fn section(page: &mut String, manifest: &Table) {
    let plugin = &manifest["plugin"];
    let text = |key: &str| plugin.get(key).and_then(Value::as_str).unwrap_or_default();
    let _ = writeln!(
        page,
        "\n## `{}`\n\n{}. Kind: {}.",
        text("name"),
        text("summary"),
        text("kind")
    );
    for note in plugin
        .get("notes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let _ = writeln!(page, "\n{}", quoted(note.as_str().unwrap_or_default()));
    }
    fields(page, manifest.get("inputs"), "input");
    fields(page, manifest.get("outputs"), "output");
    permissions(page, manifest);
}

/// A note as a quotation, in lines that are no longer than prose may be.
fn quoted(note: &str) -> String {
    let mut lines = vec![">".to_owned()];
    for word in note.split_whitespace() {
        let last = lines.last_mut().expect("there is a line");
        if last.chars().count() + 1 + word.chars().count() > LINE_MAX {
            lines.push(format!("> {word}"));
        } else {
            last.push(' ');
            last.push_str(word);
        }
    }
    lines.join("\n")
}

fn fields(page: &mut String, fields: Option<&Value>, what: &str) {
    let mut rows = Vec::new();
    collect(&mut rows, "", fields);
    if rows.is_empty() {
        return;
    }
    let _ = write!(page, "\n| {what} | type | | |\n|---|---|---|---|\n");
    for row in rows {
        let _ = writeln!(page, "{row}");
    }
}

/// A row for each field, and for the fields of tables.
fn collect(rows: &mut Vec<String>, before: &str, fields: Option<&Value>) {
    for (name, field) in fields.and_then(Value::as_table).into_iter().flatten() {
        let name = format!("{before}{name}");
        let text = |key: &str| field.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = match field
            .get("items")
            .and_then(|items| items.get("type"))
            .and_then(Value::as_str)
        {
            Some(items) => format!("{} of {items}", text("type")),
            None => text("type").to_owned(),
        };
        let given = match field.get("default") {
            Some(default) => format!("default `{default}`"),
            None if field.get("optional").and_then(Value::as_bool) == Some(true) => {
                "optional".to_owned()
            }
            None => String::new(),
        };
        let allowed = match field.get("one_of").and_then(Value::as_array) {
            Some(values) => format!(
                " ({})",
                values
                    .iter()
                    .map(|value| format!("`{value}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            None => String::new(),
        };
        rows.push(
            format!(
                "| `{name}` | {kind} | {given} | {}{allowed} |",
                text("help").replace('|', "\\|")
            )
            .replace(" |  | ", " | | "),
        );
        collect(rows, &format!("{name}."), field.get("fields"));
    }
}

fn permissions(page: &mut String, manifest: &Table) {
    let Some(permissions) = manifest.get("permissions").and_then(Value::as_array) else {
        let _ = writeln!(page, "\nIt makes no calls.");
        return;
    };
    let _ = writeln!(page, "\n| it may call | because it |\n|---|---|");
    for permission in permissions {
        let reason = permission
            .get("reason")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let calls = match (permission.get("call"), permission.get("http")) {
            (Some(Value::Array(calls)), _) => {
                let calls = calls.iter().filter_map(Value::as_str);
                calls
                    .map(|call| format!("`{call}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            }
            (Some(call), _) => format!("`{}`", call.as_str().unwrap_or_default()),
            (None, Some(http)) => {
                let methods = http
                    .get("methods")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten();
                let methods: Vec<_> = methods.filter_map(Value::as_str).collect();
                format!("{} by plain HTTP", methods.join(", "))
            }
            (None, None) => "other things".to_owned(),
        };
        let _ = writeln!(page, "| {calls} | {reason} |");
    }
}
