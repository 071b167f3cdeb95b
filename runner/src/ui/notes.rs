//! What an operator must read before a run.

use rutter_diagnostic::neutral::one_line;
use rutter_engine::Note;

/// The heading over notes.
const HEADING: &str = "Read before the run";

/// The notes below their heading, a line each; nothing when there are none.
pub fn notes(notes: &[Note]) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let mut text = format!("{HEADING}\n");
    for note in notes {
        let from = note.from.as_ref();
        let from = from.map_or(String::new(), |from| format!("{}: ", one_line(from)));
        text.push_str(&format!("  - {from}{}\n", one_line(&note.text)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::notes;
    use rutter_engine::Note;

    #[test]
    fn a_note_says_whose_it_is_and_stays_on_its_line() {
        assert_eq!(notes(&[]), "");
        let note = |from: Option<&str>, text: &str| Note {
            from: from.map(str::to_owned),
            text: text.to_owned(),
        };
        let told = notes(&[
            note(None, "Nobody may\nwrite."),
            note(Some("plugin copy-image"), "It is charged."),
        ]);
        insta::assert_snapshot!(told, @r"
        Read before the run
          - Nobody may write.
          - plugin copy-image: It is charged.
        ");
    }
}
