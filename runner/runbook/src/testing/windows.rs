//! Windows of pauses that the pauses before them already miss.

use jiff::{SignedDuration, Timestamp};
use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::render_all;

use super::loaded;
use crate::WINDOW;

/// A runbook of pauses, and what is warned of.
fn warned(pauses: &[(&str, &str)]) -> String {
    let mut text = "schema = 1\n[runbook]\nname = \"x\"\n".to_owned();
    for (id, with) in pauses {
        text.push_str(&format!(
            "[[steps]]\nid = \"{id}\"\nuses = \"pause\"\n{with}\n"
        ));
    }
    let mut warnings = loaded(&text, &[]).warnings;
    warnings.retain(|warning| warning.code == WINDOW);
    render_all(&warnings, Style::Plain)
}

fn until(hours: i64) -> String {
    let instant = Timestamp::now() + SignedDuration::from_hours(hours);
    format!("with.until = \"{instant:.0}\"")
}

#[test]
fn a_window_that_is_over_before_the_pauses_above_it_is_told_of() {
    let wait = ("wait", "with.for = \"3h\"");
    let told = warned(&[wait, ("cut", &until(1))]);
    assert!(
        told.contains("gets to `cut` in 3h at the earliest"),
        "{told}"
    );
    assert!(told.contains("is past then, and it asks"), "{told}");

    let latest = until(2).replace("until", "latest");
    let told = warned(&[wait, ("cut", &format!("{}\n{latest}", until(1)))]);
    assert!(told.contains("later than "), "{told}");

    let chain = [("night", &*until(5)), wait, ("cut", &until(6))];
    let told = warned(&chain);
    assert!(told.contains("gets to `cut` in "), "{told}");
}

#[test]
fn a_window_that_can_be_met_is_not() {
    let wait = ("wait", "with.for = \"3h\"");
    assert_eq!(warned(&[wait, ("cut", &until(4))]), "");
    let beside = format!("needs = []\n{}", until(1));
    assert_eq!(
        warned(&[wait, ("cut", &beside)]),
        "",
        "it does not wait for the other"
    );
    let perhaps = ("wait", "when = \"{{ 1 == 2 }}\"\nwith.for = \"3h\"");
    assert_eq!(warned(&[perhaps, ("cut", &until(1))]), "");
    let daily = "with.until = \"00:00\"\nwith.zone = \"+00:00\"";
    assert_eq!(warned(&[("cut", daily)]), "");
}
