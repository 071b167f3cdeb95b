//! Secrets of a run: what the guest, the journal and the screen see stands for them.
//!
//! A value enters as an input or in an answer of the cloud, and leaves only in [`Secrets::substitute`] when a call
//! is carried. Where the contract says that a secret stands, a placeholder stands for it, which the guest that it
//! was handed to may send again (`rutter-meaning` judges that). In every other text that comes from outside, or from
//! a guest, it becomes a mark that brings nothing back. Numbers and truth values stay what they are: code decides by
//! them. Credentials of the host are known here too, so that they are found, and have no placeholder.
//!
//! `placeholder` draws what stands for a secret, `search` and `decode` find secrets in foreign text, `vault` keeps
//! what the cloud gave out until the run ends, `weak` says which secrets are not searched for.

mod decode;
mod given;
mod placeholder;
mod plain;
mod search;
mod shaped;
mod text;
mod vault;
mod weak;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rutter_engine::{At, Fault, Phase};
use rutter_meaning::placeholder::{placeholders, replaced, try_replaced};
use rutter_meaning::{MARK, Rule, each_at};
use serde_json::{Map, Value};

pub use given::{Given, made_with};
pub use placeholder::UnknownPlaceholder;
pub use text::SecretText;
pub use vault::{Vault, VaultError};

use placeholder::Draw;
use search::Searcher;
use vault::SealedSecret;

use rutter_meaning::held;

/// What replaces a credential of the host.
const HIDDEN: &str = "[hidden]";

/// What replaces a placeholder that stands for nothing here.
const FOREIGN: &str = "[secret of somebody else]";

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
    draw: Draw,
    known: Vec<Known>,
    /// Credentials of the host.
    hidden: Vec<SecretText>,
    /// Texts that are no secrets: a secret that equals one is not searched for.
    common: BTreeSet<String>,
    /// What looks for all of them; made anew when another one is known.
    searcher: Option<Option<Arc<Searcher>>>,
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
    /// Opens the secrets of a run, with those its vault has kept. Without a vault nothing is kept on disk.
    ///
    /// # Errors
    /// When the vault is damaged or cannot be read, or there are no random numbers.
    pub fn new(run_id: &str, vault: Option<Vault>) -> Result<Self, VaultError> {
        let draw = match held::hold(Rule::RandomPlaceholders) {
            true => Draw::random()?,
            false => Draw::seeded(run_id),
        };
        Self::drawing(run_id, draw, vault)
    }

    /// The secrets of a rehearsal: the same seed draws the same placeholders.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn rehearsed(run_id: &str, seed: &str) -> Result<Self, VaultError> {
        Self::drawing(run_id, Draw::seeded(seed), None)
    }

    fn drawing(run_id: &str, draw: Draw, vault: Option<Vault>) -> Result<Self, VaultError> {
        let sealed = vault.as_ref().map(Vault::unseal).transpose()?;
        let mut state = State {
            draw,
            known: Vec::new(),
            hidden: Vec::new(),
            common: BTreeSet::new(),
            searcher: None,
            given: BTreeMap::new(),
            vault,
        };
        for SealedSecret {
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
        let mut state = self.lock();
        let placeholder = state.draw.placeholder(&path);
        state.known.retain(|known| known.placeholder != placeholder);
        state.learn(placeholder.clone(), path, value, false);
        placeholder
    }

    /// Returns the placeholder of an input whose value is not (or not yet) known here.
    pub fn placeholder_of_input(&self, name: &str) -> String {
        self.lock().draw.placeholder(&format!("inputs.{name}"))
    }

    /// Takes a credential of the host: found like any secret, and substituted nowhere.
    pub fn hide(&self, value: &SecretText) {
        let mut state = self.lock();
        if !state.hidden.contains(value) && !value.is_empty() {
            state.hidden.push(value.clone());
            state.searcher = None;
        }
    }

    /// Takes texts that are no secrets, such as the values of other inputs and the ids of accounts.
    pub fn are_common(&self, texts: impl IntoIterator<Item = String>) {
        let mut state = self.lock();
        state.common.extend(texts);
        state.searcher = None;
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
        try_replaced(text, |wanted| {
            let mut known = state.known.iter();
            let known = known.find(|known| known.placeholder == wanted);
            let known = known.ok_or_else(|| UnknownPlaceholder::new(wanted))?;
            Ok(encode(known.value.expose(), encoding))
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
                learned |= state.take(&path, value);
            });
        }
        if learned { state.seal() } else { Ok(()) }
    }

    /// Takes the power of every placeholder in an answer: only what is put in for a secret of this answer is one.
    pub fn disarm(&self, answer: &mut Value) {
        if held::hold(Rule::OwnSecrets) {
            each_text(answer, &|text| {
                placeholders(text).next()?;
                Some(replaced(text, |_| FOREIGN.to_owned()))
            });
        }
    }

    /// Puts a mark for every known secret in the texts and keys of `value`, however it is encoded.
    pub fn redact(&self, value: &mut Value) {
        self.numbers(value);
        if let Some(searcher) = self.searcher() {
            each_text(value, &|text| searcher.text(text));
        }
    }

    /// Returns the mark of a known secret that stands in the texts and keys of `value`, however it is encoded.
    pub fn found_in(&self, value: &Value) -> Option<String> {
        let searcher = self.searcher()?;
        let mut found = None;
        any_text(value, &mut |text| {
            found = searcher.first(text).map(str::to_owned);
            found.is_some()
        });
        found
    }

    /// Returns `text` with a mark for every known secret, however it is encoded.
    pub fn redact_text(&self, text: &str) -> String {
        let found = self.searcher().and_then(|searcher| searcher.text(text));
        found.unwrap_or_else(|| text.to_owned())
    }

    /// Returns `bytes` with a mark for every known secret in them, however it is encoded.
    pub fn redact_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let found = self.searcher().and_then(|searcher| searcher.bytes(bytes));
        found.unwrap_or_else(|| bytes.to_owned())
    }

    /// Puts a mark for every known secret in the texts of a fault.
    pub fn redact_fault(&self, fault: &mut Fault) {
        let Some(searcher) = self.searcher() else {
            return;
        };
        for text in texts_of(fault) {
            if let Some(marked) = searcher.text(text) {
                *text = marked;
            }
        }
    }

    /// Returns what a guest wrote with marks for secrets and for placeholders: nothing can be made with it.
    pub fn inert_text(&self, text: &str) -> String {
        let mut text = self.redact_text(text);
        if held::hold(Rule::InertMarks) && placeholders(&text).next().is_some() {
            let state = self.lock();
            text = replaced(&text, |one| state.mark_of(one));
        }
        text
    }

    /// As [`Self::inert_text`], of every text and key in a value.
    pub fn make_inert(&self, value: &mut Value) {
        each_text(value, &|text| {
            let inert = self.inert_text(text);
            (inert != text).then_some(inert)
        });
    }

    /// As [`Self::inert_text`], of the texts of a fault.
    pub fn make_fault_inert(&self, fault: &mut Fault) {
        for text in texts_of(fault) {
            *text = self.inert_text(text);
        }
    }

    /// A number that equals a secret was once swapped, and code decided by what it then was.
    fn numbers(&self, value: &mut Value) {
        if held::hold(Rule::NumbersStay) {
            return;
        }
        match value {
            Value::Number(number) => {
                let text = number.to_string();
                let state = self.lock();
                let known = state.known.iter().find(|one| one.value.expose() == text);
                if let Some(known) = known {
                    *value = Value::String(known.placeholder.clone());
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.numbers(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.numbers(field)),
            Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }

    fn searcher(&self) -> Option<Arc<Searcher>> {
        if !held::hold(Rule::InertMarks) {
            return None;
        }
        let mut state = self.lock();
        if state.searcher.is_none() {
            state.searcher = Some(state.new_searcher());
        }
        state.searcher.clone().flatten()
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
        self.searcher = None;
        self.known.push(Known {
            placeholder,
            path,
            value,
            sealed,
        });
    }

    fn new_searcher(&self) -> Option<Arc<Searcher>> {
        let known = self
            .known
            .iter()
            .map(|known| (&known.value, mark(&known.path)));
        let hidden = self.hidden.iter().map(|value| (value, HIDDEN.to_owned()));
        let strong = known
            .chain(hidden)
            .filter(|(value, _)| weak::why(value.expose(), &self.common).is_none());
        Searcher::new(strong).map(Arc::new)
    }

    /// The mark for what a placeholder stands for.
    fn mark_of(&self, placeholder: &str) -> String {
        let known = self.known.iter().find(|one| one.placeholder == placeholder);
        known.map_or_else(|| FOREIGN.to_owned(), |known| mark(&known.path))
    }

    /// Swaps every text and number in `value`; returns whether one of them was new.
    fn take(&mut self, path: &str, value: &mut Value) -> bool {
        let text = match value {
            Value::String(text) => std::mem::take(text),
            Value::Number(number) => number.to_string(),
            Value::Array(items) => {
                return items
                    .iter_mut()
                    .fold(false, |learned, item| self.take(path, item) | learned);
            }
            Value::Object(fields) => {
                return fields
                    .values_mut()
                    .fold(false, |learned, field| self.take(path, field) | learned);
            }
            Value::Null | Value::Bool(_) => return false,
        };
        if text.is_empty() {
            *value = Value::String(text);
            return false;
        }
        let text = SecretText::new(text);
        let (placeholder, learned) = self.placeholder_for(path, text);
        *value = Value::String(placeholder);
        learned
    }

    /// A value that is known keeps its placeholder; another value at the same path gets the next one.
    fn placeholder_for(&mut self, path: &str, value: SecretText) -> (String, bool) {
        if let Some(known) = self.known.iter().find(|known| known.value == value) {
            return (known.placeholder.clone(), false);
        }
        let mut numbered = path.to_owned();
        let mut number = 1;
        while self.known.iter().any(|known| known.path == numbered) {
            number += 1;
            numbered = format!("{path}#{number}");
        }
        let placeholder = self.draw.placeholder(&numbered);
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

/// What stands, where it may be read, for a secret at a path.
fn mark(path: &str) -> String {
    format!("{MARK}{path}]")
}

fn texts_of(fault: &mut Fault) -> impl Iterator<Item = &mut String> {
    let texts = [&mut fault.code, &mut fault.message].into_iter();
    texts
        .chain(fault.advice.as_mut())
        .chain(fault.request_id.as_mut())
}

/// Whether `is` is true of one of the texts and keys; asks for no more after that.
fn any_text(value: &Value, is: &mut impl FnMut(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, is)),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, field)| is(key) || any_text(field, is)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Replaces texts and keys for which there is something else.
fn each_text(value: &mut Value, other: &impl Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(other) = other(text) {
                *text = other;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, other)),
        Value::Object(fields) => {
            fields
                .values_mut()
                .for_each(|field| each_text(field, other));
            if fields.keys().any(|key| other(key).is_some()) {
                *fields = std::mem::take(fields)
                    .into_iter()
                    .map(|(key, field)| (other(&key).unwrap_or(key), field))
                    .collect();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;
