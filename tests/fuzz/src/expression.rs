use crate::drive;
use crate::runbook::load;

/// A runbook that reads everything there is.
const AROUND: &str = r#"
schema = 1
[runbook]
name = "fuzz"
title = "Fuzz"
[inputs.instance]
type = "string"
[inputs.days]
type = "integer"
[inputs.regions]
type = "list"
items = { type = "region" }
default = ["cn-hangzhou", "cn-beijing"]
[inputs.password]
type = "secret"
optional = true
[inputs.table]
type = "table"
default = { a = 1, b = "x", c = [1.5, true] }
[accounts.source]
help = "A"
[[steps]]
id = "first"
uses = "assert"
with.that = true
with.message = "first"
[[steps]]
id = "each"
uses = "assert"
for_each = "{{ inputs.regions }}"
with.that = "{{ item != '' }}"
with.message = "{{ key }} {{ index }}"
"#;

/// An expression, as a condition, as a value and inside of a longer text: it is refused with a message, or evaluated, to the
/// same each time.
pub fn expression(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let quoted = |text: String| serde_json::Value::from(text).to_string();
    let places = [
        format!("when = {}\nwith.that = true", quoted(text.to_owned())),
        format!("with.that = {}", quoted(format!("{{{{ {text} }}}}"))),
        format!("with.that = {}", quoted(text.to_owned())),
        format!(
            "for_each = {}\nwith.that = true",
            quoted(format!("{{{{{text}}}}}"))
        ),
    ];
    for place in places {
        let message = quoted(format!("a {{{{ {text} }}}} b"));
        let step = format!(
            "[[steps]]\nid = \"it\"\nuses = \"assert\"\n{place}\nwith.message = {message}\n"
        );
        match load(&format!("{AROUND}{step}")) {
            Ok(checked) => drive::drive(&checked),
            Err(problems) => assert!(!problems.is_empty()),
        }
    }
}
