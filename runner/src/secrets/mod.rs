//! Secrets of a run: what the guest, the journal and the screen see is a placeholder.
//!
//! A value enters as an input or in an answer of the cloud, leaves only in [`Secrets::substitute`]
//! when a call is carried, and every occurrence in what comes back is swapped again. Credentials of
//! the host are known here too, so that they are swapped, but have no placeholder that could be
//! substituted. Nothing here decides who may be sent a secret: that is the broker's.
//!
//! `placeholder` is the text that stands for a secret, `swap` finds secrets in foreign text, `vault`
//! keeps what the cloud gave out until the run ends.

mod given;
mod placeholder;
mod shaped;
mod swap;
mod text;
mod vault;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rutter_engine::{At, Fault, Phase};
use serde_json::{Map, Value};

pub use given::{Given, made_with};
pub use placeholder::{UnknownPlaceholder, is_placeholder, placeholder};
pub use swap::SHORTEST_IN_TEXT;
pub use text::SecretText;
pub use vault::{Vault, VaultError};

use swap::Pattern;
use vault::Entry;

/// What replaces a credential of the host: no placeholder, because nothing may bring it back.
const HIDDEN: &str = "[hidden]";

/// How a secret is written into a text that is sent as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Raw,
    /// As inside a JSON string.
    Json,
    /// Percent-encoded, as in an address or a form.
    Percent,
}

/// The secrets of one run; clones share them.
#[derive(Clone)]
pub struct Secrets {
    run: Arc<str>,
    state: Arc<Mutex<State>>,
}

struct State {
    known: Vec<Known>,
    /// One for each of `known`, and one for each hidden credential.
    patterns: Vec<Pattern>,
    /// Salted digests of the secret inputs that were given, by their placeholders.
    given: BTreeMap<String, String>,
    vault: Option<Vault>,
}

struct Known {
    placeholder: String,
    path: String,
    value: SecretText,
    /// Whether it came from the cloud, and so has to be kept.
    sealed: bool,
}

impl Secrets {
    /// Opens the secrets of a run, with those its vault has kept. Without a vault (in a rehearsal)
    /// nothing is kept on disk.
    ///
    /// # Errors
    /// When the vault is damaged or cannot be read.
    pub fn new(run_id: &str, vault: Option<Vault>) -> Result<Self, VaultError> {
        let sealed = vault.as_ref().map(Vault::unseal).transpose()?;
        let mut state = State {
            known: Vec::new(),
            patterns: Vec::new(),
            given: BTreeMap::new(),
            vault,
        };
        for Entry {
            placeholder,
            path,
            value,
        } in sealed.into_iter().flatten()
        {
            if path == given::PATH {
                state.given.insert(placeholder, value.expose().to_owned());
            } else {
                state.learn(placeholder, path, value, true);
            }
        }
        Ok(Self {
            run: run_id.into(),
            state: Arc::new(Mutex::new(state)),
        })
    }

    /// Returns the run's id.
    pub fn run_id(&self) -> &str {
        &self.run
    }

    /// Takes the value of a secret input and returns its placeholder.
    pub fn input(&self, name: &str, value: SecretText) -> String {
        let path = format!("inputs.{name}");
        let placeholder = placeholder(&self.run, &path);
        let mut state = self.lock();
        state.known.retain(|known| known.placeholder != placeholder);
        state.learn(placeholder.clone(), path, value, false);
        placeholder
    }

    /// Returns the placeholder of an input whose value is not (or not yet) known here.
    pub fn placeholder_of_input(&self, name: &str) -> String {
        placeholder(&self.run, &format!("inputs.{name}"))
    }

    /// Takes a credential of the host: swapped like any secret, and substituted nowhere.
    pub fn hide(&self, value: &SecretText) {
        let mut state = self.lock();
        let known = state.patterns.iter().any(|known| known.value() == value);
        if !known && !value.is_empty() {
            state.patterns.push(Pattern::new(value, HIDDEN));
        }
    }

    /// Returns `value` with every placeholder in its texts and keys replaced by its secret: only for
    /// what is about to be encoded and sent.
    ///
    /// # Errors
    /// When a placeholder's secret is not known, so that a placeholder is never sent in its stead.
    pub fn substitute(&self, value: &Value) -> Result<Value, UnknownPlaceholder> {
        Ok(match value {
            Value::String(text) => Value::String(self.substitute_text(text, Encoding::Raw)?),
            Value::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| self.substitute(item))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(key, value)| {
                        let key = self.substitute_text(key, Encoding::Raw)?;
                        Ok((key, self.substitute(value)?))
                    })
                    .collect::<Result<Map<_, _>, _>>()?,
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }

    /// Returns `text` with every placeholder replaced by its secret in the given encoding.
    ///
    /// # Errors
    /// As [`Self::substitute`].
    pub fn substitute_text(
        &self,
        text: &str,
        encoding: Encoding,
    ) -> Result<String, UnknownPlaceholder> {
        let state = self.lock();
        placeholder::replace(text, |wanted| {
            let known = state
                .known
                .iter()
                .find(|known| known.placeholder == wanted)?;
            Some(encode(known.value.expose(), encoding))
        })
    }

    /// Swaps what the contract calls secret in an answer, at these JSON pointers (`*` stands for every
    /// element of a list). What is new is sealed and synced before this returns.
    ///
    /// # Errors
    /// When it could not be sealed; the answer is swapped all the same.
    pub fn take_answer(
        &self,
        at: &At,
        action: &str,
        pointers: &[String],
        answer: &mut Value,
    ) -> Result<(), VaultError> {
        let mut state = self.lock();
        let mut learned = false;
        for pointer in pointers {
            let path = answer_path(at, action, pointer);
            each_at(answer, pointer, &mut |value| {
                learned |= state.take(&self.run, &path, value);
            });
        }
        if learned { state.seal() } else { Ok(()) }
    }

    /// Swaps every known secret in the keys and values of `value`, however it is encoded.
    pub fn redact(&self, value: &mut Value) {
        redact_value(value, &self.lock().patterns);
    }

    /// Returns `text` with every known secret swapped, however it is encoded.
    pub fn redact_text(&self, text: &str) -> String {
        swap::swap(text, &self.lock().patterns).unwrap_or_else(|| text.to_owned())
    }

    /// Returns `bytes` with every known secret swapped in whatever of them is text.
    pub fn redact_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut swapped = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            swapped.extend_from_slice(self.redact_text(chunk.valid()).as_bytes());
            swapped.extend_from_slice(chunk.invalid());
        }
        swapped
    }

    /// Swaps every known secret in the texts of a fault.
    pub fn redact_fault(&self, fault: &mut Fault) {
        let state = self.lock();
        let texts = [&mut fault.code, &mut fault.message].into_iter();
        for text in texts
            .chain(fault.advice.as_mut())
            .chain(fault.request_id.as_mut())
        {
            if let Some(swapped) = swap::swap(text, &state.patterns) {
                *text = swapped;
            }
        }
    }

    /// Removes what was kept on disk: the run has ended for good.
    ///
    /// # Errors
    /// When a file is there and cannot be removed.
    pub fn end(&self) -> Result<(), VaultError> {
        self.lock().vault.as_ref().map_or(Ok(()), Vault::remove)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let paths: Vec<_> = self
            .lock()
            .known
            .iter()
            .map(|one| one.path.clone())
            .collect();
        formatter
            .debug_struct("Secrets")
            .field("known", &paths)
            .finish_non_exhaustive()
    }
}

impl State {
    fn learn(&mut self, placeholder: String, path: String, value: SecretText, sealed: bool) {
        self.patterns.push(Pattern::new(&value, &placeholder));
        self.known.push(Known {
            placeholder,
            path,
            value,
            sealed,
        });
    }

    /// Swaps every text and number in `value`; returns whether one of them was new.
    fn take(&mut self, run: &str, path: &str, value: &mut Value) -> bool {
        let text = match value {
            Value::String(text) => std::mem::take(text),
            Value::Number(number) => number.to_string(),
            Value::Array(items) => {
                return items
                    .iter_mut()
                    .fold(false, |learned, item| self.take(run, path, item) | learned);
            }
            Value::Object(fields) => {
                return fields.values_mut().fold(false, |learned, field| {
                    self.take(run, path, field) | learned
                });
            }
            Value::Null | Value::Bool(_) => return false,
        };
        if text.is_empty() {
            *value = Value::String(text);
            return false;
        }
        let text = SecretText::new(text);
        let (placeholder, learned) = self.placeholder_for(run, path, text);
        *value = Value::String(placeholder);
        learned
    }

    /// A value that is known keeps its placeholder; another value at the same path gets the next one.
    fn placeholder_for(&mut self, run: &str, path: &str, value: SecretText) -> (String, bool) {
        if let Some(known) = self.known.iter().find(|known| known.value == value) {
            return (known.placeholder.clone(), false);
        }
        let mut numbered = path.to_owned();
        let mut number = 1;
        while self.known.iter().any(|known| known.path == numbered) {
            number += 1;
            numbered = format!("{path}#{number}");
        }
        let placeholder = placeholder(run, &numbered);
        self.learn(placeholder.clone(), numbered, value, true);
        (placeholder, true)
    }

    fn seal(&self) -> Result<(), VaultError> {
        let Some(vault) = &self.vault else {
            return Ok(());
        };
        let sealed = self.known.iter().filter(|known| known.sealed);
        let sealed = sealed.map(|known| {
            let Known {
                placeholder, path, ..
            } = known;
            (placeholder.as_str(), path.as_str(), &known.value)
        });
        let given = self.given.iter();
        let given: Vec<_> = given
            .map(|(placeholder, mark)| (placeholder.as_str(), SecretText::new(mark)))
            .collect();
        let given = given
            .iter()
            .map(|(placeholder, mark)| (*placeholder, given::PATH, mark));
        vault.seal(sealed.chain(given))
    }
}

fn encode(value: &str, encoding: Encoding) -> String {
    match encoding {
        Encoding::Raw => value.to_owned(),
        Encoding::Json => {
            let quoted = Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
        Encoding::Percent => {
            percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        }
    }
}

/// The attempt is left out on purpose: a later attempt that reads the same value meets the same text.
fn answer_path(at: &At, action: &str, pointer: &str) -> String {
    let phase = match at.phase {
        Phase::Run => "steps",
        Phase::Undo => "undo",
    };
    let item = at.item.as_ref().map(|item| format!("[{item}]"));
    let item = item.unwrap_or_default();
    format!("{phase}.{}{item}/{action}{pointer}", at.step)
}

/// Calls `found` with every value at a JSON pointer in which `*` means every element of a list.
fn each_at(value: &mut Value, pointer: &str, found: &mut impl FnMut(&mut Value)) {
    let Some(rest) = pointer.strip_prefix('/') else {
        return found(value);
    };
    let (segment, rest) = match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    match value {
        Value::Array(items) if segment == "*" => {
            for item in items {
                each_at(item, rest, found);
            }
        }
        Value::Array(items) => {
            if let Some(item) = segment.parse().ok().and_then(|at: usize| items.get_mut(at)) {
                each_at(item, rest, found);
            }
        }
        Value::Object(fields) => {
            let key = segment.replace("~1", "/").replace("~0", "~");
            if let Some(field) = fields.get_mut(&key) {
                each_at(field, rest, found);
            }
        }
        _ => {}
    }
}

fn redact_value(value: &mut Value, patterns: &[Pattern]) {
    match value {
        Value::String(text) => {
            if let Some(swapped) = swap::swap(text, patterns) {
                *text = swapped;
            }
        }
        Value::Number(number) => {
            if let Some(swapped) = swap::swap_whole(&number.to_string(), patterns) {
                *value = Value::String(swapped.to_owned());
            }
        }
        Value::Array(items) => {
            for item in items {
                redact_value(item, patterns);
            }
        }
        Value::Object(fields) => {
            for (key, mut field) in std::mem::take(fields) {
                redact_value(&mut field, patterns);
                let key = swap::swap_inside(&key, patterns).unwrap_or(key);
                fields.insert(key, field);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests;
