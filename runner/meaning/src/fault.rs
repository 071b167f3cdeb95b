//! The faults of what is not sent.

use rutter_engine::{Call, Fault, FaultClass, Outcome};

/// A denial that an operator and a plugin's author can act upon.
pub fn refusal(message: String) -> Fault {
    Fault::new(FaultClass::Denied, "rutter.denied", message)
}

/// A fault for a request that a plugin made wrongly.
pub fn wrong(message: String) -> Fault {
    Fault::new(FaultClass::Bug, "rutter.wrong-request", message)
        .advise("this is a bug of the plugin; nothing was sent")
}

/// The outcome of a call of the cloud's API that names no account: it is not sent.
pub fn on_no_account(call: &Call) -> Outcome {
    Outcome::Refused(Fault::new(
        FaultClass::Bug,
        "rutter.account.unbound",
        format!("{} is called on no account", call.label()),
    ))
}
