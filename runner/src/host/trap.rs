//! What ends a guest's code other than its own return, as a fault.

use rutter_engine::{Fault, FaultClass};
use wasmtime::{Trap, WasmBacktrace};

use super::line::Stop;

/// Functions of the backtrace that are shown: enough to find the place, too little to bury it.
const FRAMES_MAX: usize = 8;

/// The fault for an error out of the engine; `None` when the driver is gone and nobody wants it.
pub(super) fn fault(error: &wasmtime::Error) -> Option<Fault> {
    match error.downcast_ref::<Stop>() {
        Some(Stop::Limit(limit)) => return Some(limit.fault()),
        Some(Stop::Abandoned) => return None,
        None => {}
    }
    let cause = match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => format!("{:#}", error.root_cause()),
    };
    let place = error
        .downcast_ref::<WasmBacktrace>()
        .map_or(String::new(), place);
    let message = format!("the plugin's code was stopped: {cause}{place}");
    Some(
        Fault::new(FaultClass::Bug, "rutter.trap", message)
            .advise("this is a bug of the plugin; its log lines (`rutter logs`) may say more"),
    )
}

/// The fault for a panic of the host itself while it served a guest.
pub(super) fn panicked() -> Fault {
    let message = "the host failed while it served the plugin";
    Fault::new(FaultClass::Bug, "rutter.bug", message)
        .advise("this is a bug of rutter; please report it with the output of `-v`")
}

fn place(backtrace: &WasmBacktrace) -> String {
    let names: Vec<String> = backtrace
        .frames()
        .iter()
        .take(FRAMES_MAX)
        .map(|frame| match frame.func_name() {
            Some(name) => format!("`{name}`"),
            None => format!("function {}", frame.func_index()),
        })
        .collect();
    if names.is_empty() {
        return String::new();
    }
    format!(" in {}", names.join(", called by "))
}
