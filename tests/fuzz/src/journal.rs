use rutter_engine::{Record, Run};

/// A journal's records, one a line: what is read is written and read again as the same, and what follows from the records
/// before it can be asked about.
pub fn journal(data: &[u8]) {
    let mut run = Run::default();
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(record) = serde_json::from_slice::<Record>(line) else {
            continue;
        };
        let text = serde_json::to_string(&record).expect("what was read can be written");
        let again: Record = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(record, again);
        if run.evolve(&record).is_err() {
            return;
        }
        assert!(run.open_questions().count() <= 1_000_000);
        drop(run.may_be_taken_back());
    }
}
