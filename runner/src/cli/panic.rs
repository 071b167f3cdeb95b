//! A panic is a bug of this program: said in a few words, with its own exit code.

use super::Exit;
use crate::ui::{Output, Printer};

/// Turns every panic, in whatever thread, into a short message and exit code 70. The journal is
/// written before anything is sent, so stopping at any place is safe.
pub(super) fn install() {
    std::panic::set_hook(Box::new(|information| {
        let place = information.location().map_or(String::new(), |place| {
            format!(" at {}:{}", place.file(), place.line())
        });
        let message = information.payload_as_str().unwrap_or("no message");
        let printer = Printer::new(Output::detect(false, false, 0));
        printer.aside(&format!(
            "error[bug]: rutter has a bug: {}{place}\n\
             state: what happened is in the journal; a run that was under way can be resumed\n\
             help: `rutter list` shows where it stands; please report this message\n",
            rutter_diagnostic::neutral::one_line(message)
        ));
        std::process::exit(Exit::Bug.code().into());
    }));
}
