//! Why a call, or a step, did not succeed.

use std::fmt;

/// What a caller can do about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultClass {
    /// Transient, and known not to have happened. The host has already repeated it.
    Retry,
    /// The object is in the wrong state for the moment: wait for its state, then call again.
    Busy,
    /// The outcome of a change is unknown: read first, then adopt it or call again.
    LookFirst,
    /// The wanted state is already there.
    Exists,
    /// The object does not exist.
    Absent,
    /// Credentials are missing, expired or refused.
    Credential,
    /// The host refused the call: the manifest does not allow it.
    Denied,
    /// Repeating will not help; an operator has to change something.
    Fail,
    /// The plugin or the host made a wrong request.
    Bug,
}

/// Why a call, or a step, did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The cloud's code (`EntityNotExist.Role`), the host's (`rutter.denied`) or the plugin's own,
    /// which begins with the plugin's name: `create-role.other-trust`.
    pub code: String,
    /// One sentence for the operator.
    pub message: String,
    /// What a caller can do about it.
    pub class: FaultClass,
    /// What the operator should do.
    pub advice: Option<String>,
    /// The cloud's id of the request.
    pub request_id: Option<String>,
}

impl Fault {
    /// Returns a fault of the given class.
    pub fn new(class: FaultClass, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            class,
            advice: None,
            request_id: None,
        }
    }

    /// Returns a fault that only an operator can mend.
    pub fn fail(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(FaultClass::Fail, code, message)
    }

    /// Returns the fault of an answer that is not as the API says it is.
    pub fn unexpected_answer(message: impl Into<String>) -> Self {
        Self::new(FaultClass::Fail, "sdk.answer", message)
    }

    /// The same fault with what the operator should do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Returns whether the object does not exist.
    pub fn is_absent(&self) -> bool {
        self.class == FaultClass::Absent
    }

    /// Returns whether the wanted state is already there.
    pub fn is_exists(&self) -> bool {
        self.class == FaultClass::Exists
    }

    /// Returns whether the object is in another state than the call needs, for the moment or because it
    /// has passed on by itself.
    pub fn is_busy(&self) -> bool {
        self.class == FaultClass::Busy
    }

    /// Returns whether a wait ended badly: its field came to one of the values of
    /// [`Wait::fail`](crate::Wait::fail). What it came to, and why, is another read's to tell.
    ///
    /// ```
    /// use rutter_sdk::prelude::*;
    ///
    /// fn wait(account: &Account, command: Api) -> Result<Answer, Fault> {
    ///     let ended = account
    ///         .wait_for(command.clone())
    ///         .field("/Invocations/Invocation/0/InvocationStatus")
    ///         .until(&["Success"])
    ///         .fail(&["Failed", "Stopped", NOT_FOUND])
    ///         .wait();
    ///     match ended {
    ///         Err(fault) if fault.is_wait_failed() => {
    ///             let shown = account.read(command)?;
    ///             let why = shown.text("/Invocations/Invocation/0/ErrorInfo")?;
    ///             Err(Fault::fail("my-plugin.command", why).advise("Mend it, then run the step again."))
    ///         }
    ///         other => other,
    ///     }
    /// }
    /// ```
    pub fn is_wait_failed(&self) -> bool {
        self.code == "rutter.wait-failed"
    }

    /// Returns whether a wait gave up: its field came to none of the values that end it, as long as it waited.
    pub fn is_wait_timeout(&self) -> bool {
        self.code == "rutter.wait-timeout"
    }

    /// Returns whether the outcome of a change is unknown.
    pub fn is_unknown(&self) -> bool {
        self.class == FaultClass::LookFirst
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Fault {}

/// Turns "it does not exist" into an answer.
pub trait OrAbsent<T> {
    /// Returns `None` for a fault of the class [`FaultClass::Absent`].
    ///
    /// # Errors
    /// Every other fault.
    fn or_absent(self) -> Result<Option<T>, Fault>;
}

impl<T> OrAbsent<T> for Result<T, Fault> {
    fn or_absent(self) -> Result<Option<T>, Fault> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(fault) if fault.is_absent() => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}
