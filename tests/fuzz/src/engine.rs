use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The shell, the guests and the cloud of the engine's own tests.
#[allow(
    dead_code,
    unused_imports,
    missing_docs,
    clippy::unwrap_used,
    reason = "the tests use more of it"
)]
#[path = "../../../runner/engine/tests/engine/kit/mod.rs"]
mod kit;

use kit::random;
use kit::{Cut, Shell, rebuilt};
use rutter_engine::{RunEnd, RunStatus};

/// A small runbook, what goes wrong in it, and where its process dies, all drawn from the bytes: the records alone make the
/// run that was driven, and whoever takes it up comes to the same end.
pub fn engine(data: &[u8]) {
    let (cut, story) = data.split_at(data.len().min(2));
    let mut seed = [0; 32];
    let length = story.len().min(seed.len());
    seed[..length].copy_from_slice(&story[..length]);
    let source = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), source);
    let Ok(tree) = random::story().new_tree(&mut runner) else {
        return;
    };
    let parts = tree.current();
    let mut whole = random::shell(&parts);
    random::with_people(&mut whole);
    assert_eq!(rebuilt(&whole.records).status(), whole.run.status());
    let last = usize::try_from(whole.run.seq()).unwrap_or(usize::MAX);
    if last < 2 {
        return;
    }
    let drawn = usize::from(cut.first().copied().unwrap_or(0)) * 256
        + usize::from(cut.get(1).copied().unwrap_or(0));
    let after = 1 + (drawn / 2) % (last - 1);
    let mut again = random::shell(&parts);
    again.die_at(Cut {
        after: after as u64,
        effects: drawn % 2 == 1,
    });
    random::with_people(&mut again);
    if again.died() {
        again.take_up();
        random::with_people(&mut again);
    }
    assert_eq!(end(&again), end(&whole), "it died after record {after}");
    assert_eq!(again.cloud.exists, whole.cloud.exists);
}

/// Whether it is done, and with which outputs.
fn end(shell: &Shell) -> (bool, Vec<String>) {
    let outputs = shell.run.steps().map(|(step, _)| {
        let outputs = shell.outputs(&step.id);
        format!("{} {outputs:?}", step.id)
    });
    let done = matches!(shell.run.status(), RunStatus::Ended(RunEnd::Done { .. }));
    (done, outputs.collect())
}
