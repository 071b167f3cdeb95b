//! The steps that are about the run and not about the world: `approve`, `pause`, `assert`.

use std::sync::LazyLock;

use indexmap::IndexMap;
use jiff::Timestamp;
use rutter_manifest::{Field, FieldKind};
use serde_json::{Value, json};

use super::misfit::Misfit;
use super::{gate, window};

/// A built-in step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BuiltIn {
    Approve,
    Pause,
    Assert,
}

type Fields = IndexMap<String, Field>;

/// A built-in step as people see it.
#[derive(Clone, Copy, Debug)]
pub struct BuiltInStep {
    /// The name in `uses`.
    pub name: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// What it takes.
    pub inputs: &'static IndexMap<String, Field>,
    /// What it gives.
    pub outputs: &'static IndexMap<String, Field>,
}

/// The built-in step of this name: `approve`, `pause` or `assert`.
pub fn built_in_step(name: &str) -> Option<BuiltInStep> {
    let step = BuiltIn::named(name)?;
    Some(BuiltInStep {
        name: step.name(),
        summary: step.summary(),
        inputs: step.inputs(),
        outputs: step.outputs(),
    })
}

static NOTHING: LazyLock<Fields> = LazyLock::new(Fields::new);

static APPROVE: LazyLock<Fields> = LazyLock::new(|| {
    let mut people = field(FieldKind::Integer, "how many people must say yes");
    people.default = Some(json!(1));
    people.min = Some(1.0);
    people.max = Some(100.0);
    let mut name = field(FieldKind::String, "a snake_case name, such as `ticket`");
    name.pattern = Some("^[a-z][a-z0-9]*(_[a-z0-9]+)*$".to_owned());
    let mut evidence = field(FieldKind::List, "names of what the person must enter");
    evidence.default = Some(json!([]));
    evidence.items = Some(Box::new(name));
    let mut approvers = field(
        FieldKind::List,
        "who may answer: names of the operating system's users, or SSH public keys",
    );
    approvers.default = Some(json!([]));
    approvers.items = Some(Box::new(field(
        FieldKind::String,
        "a user's name, or an SSH public key",
    )));
    let mut then = optional(
        FieldKind::String,
        "what silence means: `stop`, `undo` or `continue`",
    );
    then.one_of = ["stop", "undo", "continue"].map(Value::from).to_vec();
    table([
        ("approvers", approvers),
        (
            "within",
            optional(
                FieldKind::Duration,
                "how long an answer is waited for: `2h`",
            ),
        ),
        ("then", then),
        (
            "message",
            field(FieldKind::String, "what the person is asked"),
        ),
        ("people", people),
        ("evidence", evidence),
        (
            "owner",
            optional(FieldKind::String, "who is expected to answer"),
        ),
    ])
});

static APPROVED: LazyLock<Fields> = LazyLock::new(|| {
    table([
        ("by", field(FieldKind::List, "who said yes")),
        ("evidence", field(FieldKind::Table, "what they entered")),
    ])
});

static PAUSE: LazyLock<Fields> = LazyLock::new(|| {
    table([
        (
            "for",
            optional(FieldKind::Duration, "how long to wait: `for = \"5m\"`"),
        ),
        (
            "until",
            optional(
                FieldKind::String,
                "the instant to wait for: `until = \"2026-01-31T22:00:00+08:00\"`, or the time of day: `\"02:00\"`",
            ),
        ),
        (
            "zone",
            optional(
                FieldKind::String,
                "where the times of day hold: `Asia/Shanghai`, `+08:00`",
            ),
        ),
        (
            "latest",
            optional(
                FieldKind::String,
                "until when what follows may begin; later the step fails: `latest = \"04:00\"`",
            ),
        ),
    ])
});

static ASSERT: LazyLock<Fields> = LazyLock::new(|| {
    table([
        (
            "that",
            field(
                FieldKind::Boolean,
                "what must be true: `that = \"{{ inputs.count > 1 }}\"`",
            ),
        ),
        (
            "message",
            optional(FieldKind::String, "what to say when it is not"),
        ),
    ])
});

impl BuiltIn {
    /// The names in `uses`.
    pub const NAMES: [&'static str; 3] = ["approve", "pause", "assert"];

    /// The built-in step with this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "approve" => Some(Self::Approve),
            "pause" => Some(Self::Pause),
            "assert" => Some(Self::Assert),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Pause => "pause",
            Self::Assert => "assert",
        }
    }

    /// What it does, for people.
    fn summary(self) -> &'static str {
        match self {
            Self::Approve => "Wait until people say yes",
            Self::Pause => "Wait for a while, or until an instant",
            Self::Assert => "Fail unless something is true",
        }
    }

    /// What it takes.
    pub fn inputs(self) -> &'static Fields {
        match self {
            Self::Approve => &APPROVE,
            Self::Pause => &PAUSE,
            Self::Assert => &ASSERT,
        }
    }

    /// What it gives.
    pub fn outputs(self) -> &'static Fields {
        match self {
            Self::Approve => &APPROVED,
            Self::Pause | Self::Assert => &NOTHING,
        }
    }

    /// What its fields alone cannot say about its checked inputs, and the form the engine takes. A time
    /// of day is the next one after `now`.
    ///
    /// # Errors
    /// The input that does not fit, if it is one, and what is wrong.
    pub fn complete(self, inputs: Value, now: Timestamp) -> Result<Value, Misfit> {
        match self {
            Self::Approve => return gate::complete(inputs),
            Self::Assert => return Ok(inputs),
            Self::Pause => {}
        }
        let given = |name: &str| inputs.get(name).is_some();
        match (inputs.get("for"), given("until")) {
            (Some(_), false) if given("latest") || given("zone") => Err(Misfit {
                input: Some(if given("latest") { "latest" } else { "zone" }),
                message: "`latest` and `zone` belong to `until`".to_owned(),
                help: "",
            }),
            (Some(duration_ms), false) => Ok(json!({ "for": duration_ms })),
            (None, true) => window::complete(&inputs, now),
            _ => Err(Misfit {
                input: None,
                message: "a pause has either `for` or `until`".to_owned(),
                help: "write `with.for = \"5m\"`, or `with.until = \"2026-01-31T22:00:00+08:00\"`",
            }),
        }
    }
}

fn field(kind: FieldKind, help: &str) -> Field {
    let mut field = Field::new(kind);
    field.help = Some(help.to_owned());
    field
}

fn optional(kind: FieldKind, help: &str) -> Field {
    let mut field = field(kind, help);
    field.optional = true;
    field
}

fn table<const N: usize>(fields: [(&str, Field); N]) -> Fields {
    fields
        .into_iter()
        .map(|(name, field)| (name.to_owned(), field))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_waits_for_a_while_or_until_an_instant_and_not_both() {
        let pause = |inputs| BuiltIn::Pause.complete(inputs, Timestamp::UNIX_EPOCH);
        assert_eq!(pause(json!({ "for": 5 })), Ok(json!({ "for": 5 })));
        assert_eq!(
            pause(json!({ "until": "1970-01-01T08:00:01+08:00" })),
            Ok(json!({ "until_ms": 1000, "until": "1970-01-01T08:00:01+08:00" }))
        );
        assert!(pause(json!({})).is_err());
        assert!(pause(json!({ "for": 5, "until": "1970-01-01T00:00:01Z" })).is_err());
        assert!(pause(json!({ "until": "tomorrow" })).is_err());
        assert!(pause(json!({ "for": 5, "zone": "+08:00" })).is_err());
    }
}
