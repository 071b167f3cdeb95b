//! Records that were lost, clocks that cannot be believed, and how old a token is.

use rutter_engine::{
    Fact, Input, Record, Repeat, Resolution, RollbackEnd, RunEnd, RunStatus, Timestamp,
};

use crate::kit::{CallExt, Fate, Shell, calls, make, plan, rebuilt, step};

const HOUR: u64 = 3_600_000;

/// A process died after its change was sent and before it was answered; the change carries a token for an hour.
fn sent_with_a_token() -> Shell {
    let mut shell = Shell::new();
    let token = Repeat::Token { ttl_ms: HOUR };
    shell.guest("m", calls(vec![make("a").repeat(token)]));
    shell.start(plan([step("m")]));
    shell.push(Input::CloudClock(shell.now));
    shell.until_fact("change-intended");
    shell.kill();
    shell
}

/// Takes the run up after `passed` by the driver's clock, hearing that the cloud's went on by `cloud`.
fn taken_up(mut shell: Shell, passed: u64, cloud: u64) -> Shell {
    let cloud = shell.now.after(cloud);
    shell.now = shell.now.after(passed);
    shell.kill();
    shell.push(Input::Resume {
        rutter: "0.1.0".to_owned(),
        profiles: Default::default(),
    });
    shell.push(Input::CloudClock(cloud));
    shell.confirm_accounts();
    shell.until_idle();
    shell
}

#[test]
fn a_token_is_as_old_as_the_cloud_says() {
    let repeated = |passed, cloud| {
        taken_up(sent_with_a_token(), passed, cloud)
            .cloud
            .times("Make a")
    };
    assert_eq!(repeated(HOUR / 2, HOUR / 2), 2);
    assert_eq!(repeated(2 * HOUR, 2 * HOUR), 1);
    // The driver's clock was set back, or forward.
    assert_eq!(repeated(60_000, 2 * HOUR), 1);
    assert_eq!(repeated(2 * HOUR, HOUR / 2), 2);
}

#[test]
fn a_clock_that_is_doubted_makes_every_earlier_token_old() {
    let mut shell = sent_with_a_token();
    shell.kill();
    shell.push(Input::Resume {
        rutter: "0.1.0".to_owned(),
        profiles: Default::default(),
    });
    shell.push(Input::ClockDoubted {
        shown: Timestamp(1),
        expected: shell.now,
    });
    shell.confirm_accounts();
    assert_eq!(shell.until_idle(), RunStatus::Unknown);
    assert_eq!(shell.cloud.times("Make a"), 1);

    // One that is sent after that is as good as ever.
    shell.cloud.will("Make a", [Fate::Swallowed]);
    shell.resolve("m", Resolution::Retry);
    assert!(shell.cloud.times("Make a") > 2);
}

#[test]
fn a_token_that_seems_to_be_of_tomorrow_is_not_believed() {
    let mut shell = sent_with_a_token();
    shell.now = Timestamp(shell.now.0 - 60_000);
    shell.take_up();
    shell.until_idle();
    assert_eq!(shell.cloud.times("Make a"), 1);
}

/// The run of those records of `shell` that are sound, its journal begun again.
fn recovered(mut shell: Shell, sound: u64) -> Shell {
    let reached = shell.records.len() as u64;
    shell.records.truncate(usize::try_from(sound).unwrap());
    shell.records.push(Record {
        seq: sound + 1,
        time: shell.now,
        fact: Fact::Recovered {
            sound,
            reached: Some(reached),
            damage: "journal.db-wal: cut".to_owned(),
            kept: "damaged-1".to_owned(),
            by: "ann".into(),
        },
    });
    shell.kill();
    shell
}

#[test]
fn a_run_with_lost_records_starts_nothing_and_its_rollback_ends() {
    let mut whole = Shell::new();
    whole.guest("m", calls(vec![make("a"), make("b")]));
    whole.guest("n", calls(vec![make("c")]));
    whole.run(plan([step("m"), step("n")]));
    let count = whole.records.len() as u64;
    for sound in 1..=count {
        let mut shell = recovered(whole.clone(), sound);
        let before = shell.cloud.sent.len();
        shell.take_up();
        shell.until_idle();
        shell.approve("m", "ann");
        shell.resolve("m", Resolution::Retry);
        assert_eq!(shell.cloud.sent.len(), before, "{sound}: nothing goes on");

        let standing = shell.undo();
        let ended = matches!(
            standing,
            RunStatus::Ended(RunEnd::RolledBack(RollbackEnd::Done))
        );
        assert!(
            ended || standing == RunStatus::UndoFailed,
            "{sound}: {standing:?}"
        );
        assert!(shell.run.recovery().unwrap().lost_records() || sound == count);
        assert!(
            shell.cloud.sent[before..]
                .iter()
                .all(|sent| sent.starts_with("Delete"))
        );
        rebuilt(&shell.records);
    }
}

#[test]
fn a_run_with_lost_records_repeats_nothing_by_a_token() {
    let shell = sent_with_a_token();
    let sound = shell.records.len() as u64;
    let mut shell = recovered(shell, sound);
    shell.take_up();
    shell.undo();
    assert_eq!(shell.cloud.times("Make a"), 1);
}
