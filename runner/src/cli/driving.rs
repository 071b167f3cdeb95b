//! Driving a run from the command line: what it needs, who interrupts it, and what is said at its end.

use std::sync::Arc;

use rutter_diagnostic::neutral::one_line;
use rutter_engine::{RunEnd, RunStatus};
use tokio::sync::mpsc;

use super::exit::Asked;
use super::{Context, Exit, Failure};
use crate::host::compiler::Compiler;
use crate::host::{CacheKey, Sandbox, SandboxSettings};
use crate::notify::Telling;
use crate::session::{Equipment, Session};
use crate::settings::Settings;
use crate::took::TookFolder;
use crate::ui::{self, KeepLog, Show, ending, ending_seen, outputs, records_end};

/// Presses of Ctrl-C that wait to be noticed; the third and later ones mean nothing more.
const INTERRUPTS: usize = 2;

/// What a session needs.
pub(super) fn equipment(settings: Settings) -> Result<Equipment, Failure> {
    let sandbox = sandbox(&settings)?;
    let (sender, interrupts) = mpsc::channel(INTERRUPTS);
    tokio::spawn(pass_on_interrupts(sender));
    Ok(Equipment {
        limits: settings.limits.clone(),
        settings,
        sandbox,
        interrupts,
    })
}

/// Where plugins run; their compiled code is kept under the state folder.
pub(super) fn sandbox(settings: &Settings) -> Result<Arc<Sandbox>, Failure> {
    let key = CacheKey::at(&settings.state_dir.join("keys/code.key"));
    let key = key.inspect_err(|error| tracing::warn!(%error, "compiled code is not kept"));
    let settings = SandboxSettings {
        cache_dir: Some(settings.code_dir.clone()),
        cache_key: key.ok(),
        compiler: Compiler::Apart,
        ..SandboxSettings::default()
    };
    let sandbox = Sandbox::new(&settings);
    sandbox.map(Arc::new).map_err(|error| {
        Failure::refused(
            super::failure::with_causes(&error),
            "free memory, then try again",
        )
    })
}

async fn pass_on_interrupts(sender: mpsc::Sender<()>) {
    loop {
        interrupt().await;
        // A full channel already says all there is to say.
        if let Err(mpsc::error::TrySendError::Closed(())) = sender.try_send(()) {
            return;
        }
    }
}

/// Ready once the operator, or the system on its way down, asks this process to stop.
pub(super) async fn interrupt() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // Nobody can interrupt this process; it can still be killed and resumed.
        std::future::pending::<()>().await;
    }
}

/// Drives a session to where nothing is under way, and tells how it ended.
pub(super) async fn go(
    context: &Context,
    mut session: Session,
    asked: Asked,
) -> Result<Exit, Failure> {
    for warning in session.warnings() {
        context
            .printer
            .note(&format!("warning: {}", one_line(warning)));
    }
    let settings = context.settings()?;
    let took = TookFolder::of(&settings.state_dir);
    let show = ui::show(&context.printer, &took);
    let notifier = session.notifier(&settings);
    let notifier = notifier.map_err(|error| {
        Failure::refused(
            error.to_string(),
            "correct `[notify]` in the settings; nobody else would be told",
        )
    })?;
    let show = KeepLog::new(show, session.folder().log()?, took);
    let mut show = Telling::new(show, notifier);
    let standing = session.go(&mut show).await;
    show.finish(session.run());
    for complaint in show.end().await {
        context.printer.note(&format!("warning: {complaint}"));
    }
    let exit = end(context, &session, &standing?, asked);
    if !context.printer.output().json {
        let end = session.folder().view()?.end()?;
        context.printer.note(&records_end(&end));
    }
    Ok(exit)
}

fn end(context: &Context, session: &Session, standing: &RunStatus, asked: Asked) -> Exit {
    let printer = &context.printer;
    let run = session.run();
    if let RunStatus::Ended(RunEnd::Done {
        outputs: values, ..
    }) = standing
        && asked == Asked::Run
        && !printer.output().json
    {
        printer.answer(&outputs(values));
    }
    let exit = match asked {
        // What was asked for is done, although the run is not over.
        Asked::Undo if run.rests() && !run.interrupted() => Exit::Done,
        _ => Exit::of_standing(standing, asked, run.interrupted()).of_run(run),
    };
    if let Some(step) = session.reached() {
        // It stopped where it was asked to: that is what was asked for.
        printer.note(&format!(
            "run {} stopped after `{step}`, as asked; `rutter resume {}` goes on",
            run.id(),
            run.id()
        ));
        return Exit::Done.of_run(run);
    }
    if exit == Exit::Done {
        printer.note(ending(run, standing).trim_end());
    } else {
        // Why it is not done is said even when only the answer is wanted.
        let output = printer.output();
        let end = match output.quiet || output.json {
            true => ending(run, standing),
            false => ending_seen(run, standing),
        };
        printer.aside(&end);
    }
    exit
}
