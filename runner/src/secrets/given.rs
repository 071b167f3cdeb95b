//! Whether a secret input is the one that was given before: no journal holds it, so the vault keeps a
//! salted digest of each until the run ends. Another secret gets another placeholder, so that whatever
//! was made with the one before can be told.

use rutter_contracts::hex;
use rutter_engine::{Run, StepRun};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::vault::{VaultError, random};
use super::{SecretText, Secrets};

const SALT_BYTES: usize = 32;

/// The path of a digest in the vault, beside the placeholder of what it is a digest of.
pub(super) const PATH: &str = "given";

/// Whether a secret is the one that was given before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It is the same secret.
    Same,
    /// It is another one.
    Other,
    /// Nobody knows: the run began with an older program, or had ended.
    Unknown,
}

impl Secrets {
    /// Takes the value of a secret input for which a plan has this placeholder.
    pub fn input_as(&self, path: &str, placeholder: &str, value: SecretText) {
        let mut state = self.lock();
        state.known.retain(|known| known.placeholder != placeholder);
        state.learn(
            placeholder.to_owned(),
            format!("inputs.{path}"),
            value,
            false,
        );
    }

    /// Compares a value with what the placeholder stood for when it was given.
    pub fn compare(&self, placeholder: &str, value: &str) -> Given {
        let state = self.lock();
        let Some(kept) = state.given.get(placeholder) else {
            return Given::Unknown;
        };
        let salt = kept.split_once(':').and_then(|(salt, _)| hex::decode(salt));
        match salt.is_some_and(|salt| *kept == mark(&salt, value)) {
            true => Given::Same,
            false => Given::Other,
        }
    }

    /// Keeps what these placeholders of inputs stand for now. Without a vault nothing is kept.
    ///
    /// # Errors
    /// When it could not be sealed.
    pub fn keep_given(&self, wanted: impl Fn(&str) -> bool) -> Result<(), VaultError> {
        let mut state = self.lock();
        let inputs = state.known.iter();
        let inputs = inputs.filter(|known| !known.sealed && wanted(&known.placeholder));
        let mut marks = Vec::new();
        for known in inputs {
            let salt: [u8; SALT_BYTES] = random()?;
            marks.push((known.placeholder.clone(), mark(&salt, known.value.expose())));
        }
        if marks.is_empty() {
            return Ok(());
        }
        state.given.extend(marks);
        state.seal()
    }
}

fn mark(salt: &[u8], value: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(value.as_bytes());
    format!("{}:{}", hex::encode(salt), hex::encode(&hash.finalize()))
}

/// The first step that is over and was made with what this placeholder stands for, apart from those
/// that are `again`.
pub fn made_with(
    run: &Run,
    placeholder: &str,
    again: impl Fn(&str) -> bool,
) -> Option<rutter_engine::Name> {
    let with = |run: &StepRun| {
        let items = run.items.values();
        run.is_over()
            && items
                .into_iter()
                .any(|item| holds(&item.inputs, placeholder))
    };
    let mut steps = run.steps().filter(|(step, _)| !again(&step.id));
    steps
        .find(|(_, run)| with(run))
        .map(|(step, _)| step.id.clone())
}

fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found.contains(text),
        Value::Array(list) => list.iter().any(|value| holds(value, text)),
        Value::Object(map) => map.values().any(|value| holds(value, text)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Vault;

    #[test]
    fn a_secret_that_is_given_again_is_told_from_another_by_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Secrets::new("r1", Some(Vault::of_run(folder.path(), "r1"))).unwrap();
        let begun = open();
        let password = begun.input("password", SecretText::new("one"));
        assert_eq!(open().compare(&password, "one"), Given::Unknown);
        let key = begun.input("table.key", SecretText::new("x"));
        begun.keep_given(|_| true).unwrap();
        assert_eq!(open().compare(&password, "one"), Given::Same);
        assert_eq!(open().compare(&password, "two"), Given::Other);
        let again = open();
        let other = again.placeholder_of_input("password");
        assert_ne!(other, password);
        again.input_as("password", &other, SecretText::new("two"));
        again
            .keep_given(|placeholder| placeholder == other)
            .unwrap();
        assert_eq!(open().compare(&other, "two"), Given::Same);
        assert_eq!(open().compare(&password, "one"), Given::Same);
        assert_eq!(open().compare(&key, "x"), Given::Same);
        let sealed = std::fs::read(folder.path().join("runs/r1/secrets.sealed")).unwrap();
        assert!(!sealed.windows(8).any(|window| window == b"password"));
    }

    #[test]
    fn what_the_cloud_gave_out_is_kept_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Secrets::new("r1", Some(Vault::of_run(folder.path(), "r1"))).unwrap();
        let secrets = open();
        let at = rutter_engine::At {
            step: "s".into(),
            item: None,
            attempt: 1,
            phase: rutter_engine::Phase::Run,
        };
        let mut answer = serde_json::json!({ "Code": "a-code-shown-once" });
        secrets
            .take_answer(&at, "A", &["/Code".to_owned()], &mut answer)
            .unwrap();
        let password = secrets.input("password", SecretText::new("one"));
        secrets.keep_given(|_| true).unwrap();
        let again = open();
        assert_eq!(again.compare(&password, "one"), Given::Same);
        let text = again.substitute(&answer).unwrap();
        assert_eq!(text["Code"], "a-code-shown-once");
    }
}
