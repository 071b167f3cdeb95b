//! `rutter approve`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rutter_diagnostic::neutral::one_line;
use rutter_diagnostic::shell;
use rutter_engine::{Evidence, Fact, Person, Question, Settled};

use super::flags::pair;
use super::runs::Seen;
use super::{Context, Exit, Failure};
use crate::journal::{Letter, Message, Posted, RunFolder};
use crate::signed::Statement;
use crate::ui::{Prompt, posting};

/// How long a driver is given to act upon a message before this command returns without it.
const TAKEN_WITHIN: Duration = Duration::from_secs(3);

/// Answer a step's question with yes, or with `--no`
///
/// Shows the question, and answers no other. A change that destroys, buys or is final is confirmed by
/// typing a random word or, without a terminal, by giving the question's number.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run's id, or the first characters of it
    run: String,
    /// The step that asks the question
    step: String,
    /// Answer only the question with this number
    #[arg(long, value_name = "NUMBER")]
    question: Vec<u64>,
    /// Enter a value that the step asks for
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, conflicts_with = "no")]
    evidence: Vec<(String, String)>,
    /// Answer no, so that the step fails
    #[arg(long, requires = "why")]
    no: bool,
    /// The reason for a no, which is recorded
    #[arg(long, value_name = "TEXT", requires = "no")]
    why: Option<String>,
    /// Sign the answer with this SSH key, which the step must name as an approver: a private key file,
    /// or a public key file if an agent holds the private key
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    let (folder, asked, seen) = match context.see(&args.run) {
        Ok(seen) => {
            let seen = seen.begun()?.whole()?;
            let asked = questions(&seen, &args.step, &args.question)?;
            if args.key.is_none() {
                may_answer(&seen, &asked)?;
            }
            (seen.folder.clone(), asked, Some(seen))
        }
        // Who may only answer sees no more than what is asked.
        Err(failure) => match posted(context, &args)? {
            Some((folder, asked)) => (folder, asked, None),
            None => return Err(failure),
        },
    };
    for line in asked.iter().flat_map(|asked| &asked.lines) {
        context.printer.note(line);
    }
    let mut letters = Vec::new();
    for (asked, message) in answers(&args, &asked, folder.id())? {
        let signature = sign(args.key.as_deref(), folder.id(), asked, &message)?;
        letters.push(Letter { message, signature });
    }
    match seen {
        Some(seen) => leave(context, &seen, &letters),
        None => {
            for letter in &letters {
                folder.inbox().leave(letter)?;
            }
            context
                .printer
                .note(&format!("left for run {}", folder.id()));
            Ok(Exit::Done)
        }
    }
}

/// What is said, each with the question that it answers.
fn answers<'a>(
    args: &Args,
    asked: &'a [Posted],
    id: &str,
) -> Result<Vec<(&'a Posted, Message)>, Failure> {
    if let Some(why) = args.why.as_ref().filter(|_| args.no) {
        // A no ends the step, and with it whatever else it asks.
        let no = |asked: &'a Posted| {
            let message = Message::Decline {
                question: asked.number,
                why: why.clone(),
            };
            (asked, message)
        };
        return Ok(asked.iter().take(1).map(no).collect());
    }
    sure(id, asked, &args.question)?;
    let evidence = evidence(asked, args.evidence.clone(), id)?;
    let yes = |asked: &'a Posted| {
        let message = Message::Approve {
            question: asked.number,
            evidence: evidence.clone(),
        };
        (asked, message)
    };
    Ok(asked.iter().map(yes).collect())
}

/// The signature of an answer, if one is wanted.
fn sign(
    key: Option<&Path>,
    id: &str,
    asked: &Posted,
    message: &Message,
) -> Result<Option<String>, Failure> {
    let Some(key) = key else {
        return Ok(None);
    };
    let statement = Statement::new(id, &asked.digest, message);
    let signature = statement
        .map_err(|error| error.to_string())
        .and_then(|statement| statement.sign(key));
    signature.map(Some).map_err(|why| {
        let help = "`--key` names the file of an SSH key, or of its public half where an agent holds the key";
        Failure::refused(why, help)
    })
}

/// Refuses an answer that would decide nothing, where that is known beforehand.
fn may_answer(seen: &Seen, asked: &[Posted]) -> Result<(), Failure> {
    let me = crate::user::current();
    let questions = asked
        .iter()
        .filter_map(|asked| seen.run.question(asked.number));
    for question in questions {
        let approval = &question.approval;
        let number = question.number;
        if !approval.may_answer(&me) {
            return Err(Failure::refused(
                format!(
                    "question {number} may be answered by {} alone, and you are {}",
                    approval.approver_names(),
                    me.name
                ),
                "ask them; whoever answers by an SSH key adds `--key FILE`",
            ));
        }
        if question.has_yes_of(&me) {
            return Err(Failure::refused(
                format!("you, {}, have said yes to question {number}", me.name),
                "it takes another person: one user of the system is one person",
            ));
        }
    }
    Ok(())
}

/// The questions that a run's driver tells to those who may not look at its journal.
fn posted(context: &Context, args: &Args) -> Result<Option<(RunFolder, Vec<Posted>)>, Failure> {
    let Some(folder) = context.runs()?.named(&args.run) else {
        return Ok(None);
    };
    let Some(mut asked) = folder.posted() else {
        return Ok(None);
    };
    let mut steps: Vec<String> = asked.iter().map(|asked| asked.step.clone()).collect();
    steps.dedup();
    asked.retain(|asked| {
        let named = args.question.is_empty() || args.question.contains(&asked.number);
        asked.step == args.step && named
    });
    if asked.is_empty() {
        return Err(Failure::refused(
            format!(
                "step `{}` of run {} asks nothing of that kind",
                args.step, args.run
            ),
            match steps.as_slice() {
                [] => "nothing is asked there now".to_owned(),
                steps => format!("these ask: {}", steps.join(", ")),
            },
        ));
    }
    Ok(Some((folder, asked)))
}

/// The open questions of a step, or those of them that are named; at least one.
fn questions(seen: &Seen, step: &str, named: &[u64]) -> Result<Vec<Posted>, Failure> {
    for number in named {
        check_named(seen, step, *number)?;
    }
    let wanted = |question: &&Question| named.is_empty() || named.contains(&question.number);
    let open: Vec<_> = seen
        .run
        .open_questions_of(step)
        .filter(wanted)
        .map(|question| posting(question, &seen.run))
        .collect();
    if !open.is_empty() {
        return Ok(open);
    }
    let id = seen.folder.id();
    let mut names: Vec<_> = seen
        .run
        .open_questions()
        .map(|question| question.step.to_string())
        .collect();
    names.dedup();
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

/// Refuses a number that is no open question of the step.
fn check_named(seen: &Seen, step: &str, number: u64) -> Result<(), Failure> {
    let id = seen.folder.id();
    let help = format!("`rutter show {id}` shows what is asked now");
    let question = seen.run.question(number);
    let Some(question) = question.filter(|question| &*question.step == step) else {
        let title = format!("step `{step}` of run {id} has asked no question {number}");
        return Err(Failure::refused(title, help));
    };
    let how = match &question.settled {
        None => return Ok(()),
        Some(Settled::Approved) => {
            let who: Vec<_> = question
                .yes
                .iter()
                .map(|yes| one_line(&yes.by.name))
                .collect();
            format!("{} said yes", who.join(" and "))
        }
        Some(Settled::Declined { by }) => format!("{} said no", one_line(&by.name)),
        Some(Settled::Moot(why)) => (*why).to_owned(),
    };
    Err(Failure::refused(
        format!("question {number} of run {id} is settled: {how}"),
        help,
    ))
}

/// Makes sure that who says yes to what destroys, buys or is final has seen it.
fn sure(id: &str, asked: &[Posted], named: &[u64]) -> Result<(), Failure> {
    let Some(first) = asked.iter().find(|asked| asked.is_final) else {
        return Ok(());
    };
    let step = &first.step;
    if let Some(prompt) = Prompt::open() {
        if prompt.word("yes?")? {
            return Ok(());
        }
        return Err(Failure::refused(
            format!("question {} was not answered with its word", first.number),
            format!("`rutter approve {id} {step}` asks again"),
        ));
    }
    let unnamed = asked
        .iter()
        .find(|asked| asked.is_final && !named.contains(&asked.number));
    let Some(Posted { number, .. }) = unnamed else {
        return Ok(());
    };
    Err(Failure::refused(
        format!(
            "question {number} is about what cannot be taken back or costs money: without a terminal \
             a yes names it"
        ),
        format!("read it, then `rutter approve {id} {step} --question {number}`"),
    ))
}

/// What the questions want, from flags and then from the person at the terminal.
fn evidence(asked: &[Posted], given: Vec<(String, String)>, id: &str) -> Result<Evidence, Failure> {
    let mut evidence: Evidence = given.into_iter().collect();
    let step = &asked[0].step;
    let wanted: Vec<&String> = asked.iter().flat_map(|asked| &asked.evidence).collect();
    if let Some(name) = evidence.keys().find(|name| !wanted.contains(name)) {
        let title = format!("step `{step}` does not ask for the evidence `{name}`");
        let names: Vec<_> = wanted.iter().map(|name| name.as_str()).collect();
        let help = match names.as_slice() {
            [] => "it asks for none".to_owned(),
            names => format!("it asks for {}", names.join(", ")),
        };
        return Err(Failure::refused(title, help));
    }
    if let Some((name, _)) = evidence.iter().find(|(_, value)| value.trim().is_empty()) {
        return Err(Failure::refused(
            format!("the evidence `{name}` is empty"),
            format!("`--evidence {}=…` says what was seen", shell::word(name)),
        ));
    }
    for name in wanted {
        if evidence.contains_key(name) {
            continue;
        }
        let Some(prompt) = Prompt::open() else {
            return Err(Failure::refused(
                format!("step `{step}` asks for the evidence `{name}`"),
                format!(
                    "`rutter approve {id} {step} --evidence {}=…`",
                    shell::word(name)
                ),
            ));
        };
        let entered = prompt.evidence(name)?;
        evidence.insert(name.clone(), entered);
    }
    Ok(evidence)
}

/// Leaves letters for the driver of a run and, if there is one, waits until it has acted upon them.
pub(super) fn leave(context: &Context, seen: &Seen, letters: &[Letter]) -> Result<Exit, Failure> {
    let id = seen.folder.id();
    let inbox = seen.folder.inbox();
    let mut left = Vec::new();
    for letter in letters {
        left.push(inbox.leave(letter)?);
    }
    let names = left.clone();
    let until = Instant::now() + TAKEN_WITHIN;
    while seen.driver.is_some() && Instant::now() < until {
        left.retain(|name| !inbox.is_taken(name));
        if left.is_empty() {
            return taken(context, seen, &names);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    context.printer.note(&match seen.driver {
        Some(_) => format!("noted; the process that drives run {id} will act upon it"),
        None => format!("noted; `rutter resume {id}` goes on"),
    });
    Ok(Exit::Done)
}

/// The driver has read what was said: tells whether it decided anything.
fn taken(context: &Context, seen: &Seen, names: &[String]) -> Result<Exit, Failure> {
    let id = seen.folder.id();
    let mine = |by: &Person| {
        by.letter()
            .is_some_and(|letter| names.iter().any(|one| one == letter))
    };
    let mut ignored = None;
    let view = seen.folder.view()?;
    view.follow(0, &mut |stored| {
        if let Some(Fact::AnswerIgnored { why, by, .. }) =
            stored.into_known().map(|record| record.fact)
            && mine(&by)
        {
            ignored = Some(why);
        }
        ControlFlow::Continue(())
    })?;
    match ignored {
        Some(why) => Err(Failure::refused(
            format!("it decided nothing: {}", one_line(&why)),
            format!("`rutter show {id}` shows where the run stands"),
        )),
        None => {
            context.printer.note(&format!("run {id} goes on"));
            Ok(Exit::Done)
        }
    }
}
