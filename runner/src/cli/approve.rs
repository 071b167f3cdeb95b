//! `rutter approve`.

use std::time::{Duration, Instant};

use rutter_engine::{Approval, Evidence, Name, Timestamp};

use super::flags::{Speaker, pair};
use super::runs::Seen;
use super::{Context, Exit, Failure};
use crate::journal::Message;
use crate::ui::{Prompt, one_line};

/// How long a driver is given to act upon a message before this command returns without it.
const TAKEN_WITHIN: Duration = Duration::from_secs(3);

/// Answer the question of a step: yes, unless `--no`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run's id, or the beginning of it
    run: String,
    /// The step that asks
    step: String,
    #[command(flatten)]
    speaker: Speaker,
    /// Enter a piece of evidence that the step asks for
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, conflicts_with = "no")]
    evidence: Vec<(String, String)>,
    /// Say no: the step fails
    #[arg(long, requires = "why")]
    no: bool,
    /// Why you say no
    #[arg(long, value_name = "TEXT", requires = "no")]
    why: Option<String>,
}

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    let seen = context.see(&args.run)?.begun()?.whole()?;
    let (step, approval) = question(&seen, &args.step)?;
    let by = args.speaker.name(&context.environment);
    let message = match args.why {
        Some(why) if args.no => Message::Decline { step, by, why },
        _ => Message::Approve {
            evidence: evidence(&approval, args.evidence, &seen, &step)?,
            step,
            by,
        },
    };
    leave(context, &seen, &message)
}

/// The open question of a step.
fn question(seen: &Seen, step: &str) -> Result<(Name, Approval), Failure> {
    let id = seen.folder.id();
    let open = seen
        .run
        .steps()
        .filter(|(_, state)| state.waits_for_person());
    let mut names = Vec::new();
    for (planned, state) in open {
        if let (true, Some((approval, _))) = (*planned.id == *step, &state.asked) {
            return Ok((planned.id.clone(), approval.clone()));
        }
        names.push(planned.id.to_string());
    }
    let help = match names.as_slice() {
        [] => {
            format!("no step of run {id} asks anything; `rutter show {id}` shows where it stands")
        }
        names => format!("these ask: {}", names.join(", ")),
    };
    let title = match seen.run.step(step) {
        Some(_) => format!("step `{step}` of run {id} asks nothing"),
        None => format!("run {id} has no step `{step}`"),
    };
    Err(Failure::refused(title, help))
}

/// What the step asks for, from flags and then from the person at the terminal.
pub(super) fn evidence(
    approval: &Approval,
    given: Vec<(String, String)>,
    seen: &Seen,
    step: &str,
) -> Result<Evidence, Failure> {
    let mut evidence: Evidence = given.into_iter().collect();
    let wanted = || approval.evidence.join(", ");
    if let Some(name) = evidence
        .keys()
        .find(|name| !approval.evidence.contains(name))
    {
        let title = format!("step `{step}` does not ask for the evidence `{name}`");
        let help = match approval.evidence.is_empty() {
            true => "it asks for none".to_owned(),
            false => format!("it asks for {}", wanted()),
        };
        return Err(Failure::refused(title, help));
    }
    for name in &approval.evidence {
        if evidence.contains_key(name) {
            continue;
        }
        let Some(prompt) = Prompt::open() else {
            return Err(Failure::refused(
                format!("step `{step}` asks for the evidence `{name}`"),
                format!(
                    "`rutter approve {} {step} --evidence {name}=…`",
                    seen.folder.id()
                ),
            ));
        };
        evidence.insert(name.clone(), prompt.line(&one_line(name))?);
    }
    Ok(evidence)
}

/// Leaves a message for the driver of a run and, if there is one, waits until it has acted upon it.
pub(super) fn leave(context: &Context, seen: &Seen, message: &Message) -> Result<Exit, Failure> {
    let id = seen.folder.id();
    let inbox = seen.folder.inbox()?;
    let now = Timestamp(jiff::Timestamp::now().as_millisecond());
    let number = inbox.leave(now, message)?;
    let until = Instant::now() + TAKEN_WITHIN;
    while seen.driver.is_some() && Instant::now() < until {
        if inbox.is_taken(number)? {
            context.printer.note(&format!("run {id} goes on"));
            return Ok(Exit::Done);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    context.printer.note(&match seen.driver {
        Some(_) => format!("noted; the process that drives run {id} will act upon it"),
        None => format!("noted; `rutter resume {id}` goes on"),
    });
    Ok(Exit::Done)
}
