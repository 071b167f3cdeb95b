use clap::{CommandFactory, Parser};
use rutter_diagnostic::Diagnostic;
use rutter_diagnostic::neutral::Style;
use rutter_engine::{RollbackEnd, RunEnd, RunStatus};
use serde_json::json;

use super::exit::Asked;
use super::{Cli, Exit, Failure};

fn parses(line: &str) -> bool {
    Cli::try_parse_from(line.split(' ')).is_ok()
}

#[test]
fn the_commands_and_flags_do_not_contradict_each_other() {
    Cli::command().debug_assert();
}

#[test]
fn help_summaries_are_one_line_without_a_full_stop() {
    fn check(command: &clap::Command) {
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        assert!(
            !about.is_empty() && !about.contains('\n'),
            "{}",
            command.get_name()
        );
        assert!(!about.ends_with('.'), "{}: {about}", command.get_name());
        for argument in command.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "{} {argument}",
                command.get_name()
            );
        }
        command.get_subcommands().for_each(check);
    }
    check(&Cli::command());
}

#[test]
fn shared_flags_may_stand_before_or_after_the_command() {
    assert!(parses("rutter --state /tmp/s list --json"));
    assert!(parses("rutter list --state /tmp/s -v"));
    assert!(!parses("rutter list --json --quiet"));
}

#[test]
fn a_decision_needs_a_reason_and_is_one_of_four() {
    assert!(parses("rutter resolve 7f3c role --retry --why seen"));
    assert!(parses(
        "rutter resolve 7f3c role --done --outputs o.toml --why seen"
    ));
    assert!(!parses("rutter resolve 7f3c role --retry"));
    assert!(!parses("rutter resolve 7f3c role --why seen"));
    assert!(!parses(
        "rutter resolve 7f3c role --retry --skip --why seen"
    ));
    assert!(!parses("rutter resolve 7f3c role --done --why seen"));
}

#[test]
fn saying_no_needs_a_reason() {
    assert!(parses(
        "rutter approve 7f3c cutover --question 3 --evidence ticket=T-1"
    ));
    assert!(parses("rutter approve 7f3c cutover --no --why late"));
    assert!(!parses("rutter approve 7f3c cutover --no"));
    assert!(!parses("rutter approve 7f3c cutover --why late"));
    assert!(!parses("rutter approve 7f3c cutover --evidence ticket"));
}

#[test]
fn a_run_takes_values_accounts_and_wishes() {
    assert!(parses(
        "rutter run x.toml --set a=1 --set b=2 --inputs i.toml --account source=a@cn-hangzhou \
         --approve cutover --approve buy:dts:CreateDtsInstance --until task"
    ));
    assert!(!parses("rutter run x.toml --approve buy:dts"));
    assert!(!parses("rutter run x.toml --account source"));
    assert!(!parses("rutter run x.toml --set =1"));
}

#[test]
fn every_end_of_a_run_has_its_code() {
    let done = |fault| {
        RunStatus::Ended(RunEnd::Done {
            outputs: json!({}),
            fault,
        })
    };
    let back = |end| RunStatus::Ended(RunEnd::RolledBack(end));
    let fault = crate::ui::fixture::fault();
    let stuck = RollbackEnd::Partly;
    for (standing, asked, interrupted, code) in [
        (done(None), Asked::Run, false, 0),
        (done(Some(fault)), Asked::Run, false, 1),
        (RunStatus::Failed, Asked::Run, false, 1),
        (RunStatus::Stopped, Asked::Run, false, 3),
        (RunStatus::WaitingForPerson, Asked::Run, false, 4),
        (RunStatus::Unknown, Asked::Run, false, 5),
        (RunStatus::UndoFailed, Asked::Undo, false, 6),
        (back(RollbackEnd::Done), Asked::Undo, false, 0),
        (back(RollbackEnd::Done), Asked::Run, false, 1),
        (back(stuck), Asked::Undo, false, 6),
        (RunStatus::Stopped, Asked::Run, true, 130),
    ] {
        let exit = Exit::of_standing(&standing, asked, interrupted);
        assert_eq!(exit.code(), code, "{standing:?}");
    }
    assert_eq!(Exit::Refused.code(), 2);
    assert_eq!(Exit::Bug.code(), 70);
}

#[test]
fn several_problems_are_counted_and_nothing_ran() {
    let failure = Failure::runbook(vec![
        Diagnostic::error("one", "the first is wrong"),
        Diagnostic::error("two", "the second is wrong").help("mend it"),
    ]);
    insta::assert_snapshot!(failure.render(Style::Plain), @r"
    error[one]: the first is wrong

    error[two]: the second is wrong
     |
    help: mend it

    2 errors; nothing ran
    ");
}

#[test]
fn a_full_disk_says_what_to_do() {
    let failure = Failure::from(crate::journal::JournalError::NoSpace {
        path: "/var/state/runs/7f3cab12/journal.db".into(),
    });
    assert_eq!(failure.exit(), Exit::Refused);
    insta::assert_snapshot!(failure.render(Style::Plain), @r"
    error[journal]: there is no space left for /var/state/runs/7f3cab12/journal.db
     |
    state: nothing ran
    help: free space on the disk of /var/state/runs/7f3cab12, or choose another place with `--state DIR`, then resume
    ");
}
