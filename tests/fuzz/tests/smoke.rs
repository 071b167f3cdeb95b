//! Every target over its corpus and two thousand inputs made from it: `make fuzz-smoke`. `FUZZ_SEED` and `FUZZ_COUNT` give
//! others and more.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use rutter_fuzz::mutate::{Dice, mutated};
use rutter_fuzz::{TARGETS, bound};

/// The longest that an input may take by the clock on the wall, which other work on the machine slows down.
const WALL_MAX: Duration = Duration::from_secs(20);

/// Ends everything, with the input, when one never comes back: nothing else could.
fn watched(name: &str, round: u64, data: &[u8], target: impl FnOnce()) {
    let (done, waits) = mpsc::channel::<()>();
    let text = format!(
        "{name}, input {round} does not end: {}",
        data.escape_ascii()
    );
    let watch = std::thread::spawn(move || {
        if waits.recv_timeout(WALL_MAX) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{text}");
            std::process::abort();
        }
    });
    target();
    drop(done);
    watch.join().expect("the watch");
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let files = std::fs::read_dir(&folder).expect("a corpus");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    let corpus: Vec<_> = paths
        .iter()
        .map(|path| std::fs::read(path).expect("a file"))
        .collect();
    assert!(!corpus.is_empty(), "nothing in {}", folder.display());
    corpus
}

fn smoke(name: &str) {
    let (_, target) = TARGETS
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a target");
    let corpus = corpus(name);
    for data in &corpus {
        bound::within(*target, data);
    }
    let mut dice = Dice::new(number("FUZZ_SEED").unwrap_or(1));
    let count = number("FUZZ_COUNT").unwrap_or(2_000);
    let began = Instant::now();
    for round in 0..count {
        let data = mutated(&corpus, &mut dice);
        let within = || bound::within(*target, &data);
        let mut outcome = Ok(());
        watched(name, round, &data, || {
            outcome = catch_unwind(AssertUnwindSafe(within));
        });
        assert!(
            outcome.is_ok(),
            "{name}, input {round}: {}",
            data.escape_ascii()
        );
    }
    println!("{name}: {count} inputs, {:?}", began.elapsed());
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            smoke(stringify!($name));
        })*

        #[test]
        fn no_target_is_left_out() {
            let tested = [$(stringify!($name)),*];
            let known: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(tested.as_slice(), known);
        }
    };
}

targets! { answer call component engine expression journal manifest runbook secrets wire world }

#[test]
fn the_records_of_the_corpus_are_records() {
    for data in corpus("journal") {
        for line in data
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            let record: Result<rutter_engine::Record, _> = serde_json::from_slice(line);
            assert!(record.is_ok(), "{record:?}");
        }
    }
}

#[test]
#[should_panic(expected = "bytes for 0 of input")]
fn an_input_that_takes_too_much_memory_fails() {
    bound::within(|_| drop(vec![1_u8; bound::BYTES_MAX + 1]), &[]);
}
