//! A part of a run: which one the operator means, and what will happen to it, shown before anything does.

use rutter_engine::{Part, PartFrom, PartWish, Plan};

use super::runs::Seen;
use super::{Context, Failure};
use crate::ui::{Prompt, difference, what_helps};

/// Which part is meant.
pub(super) fn step(seen: &Seen, step: &str, item: Option<&str>) -> PartFrom {
    PartFrom::Step {
        step: step.into(),
        item: item.map(|item| seen.run.item_called(step, item)),
    }
}

/// What taking back a part comes to.
pub(super) fn find(
    seen: &Seen,
    what: PartFrom,
    keep: &[String],
    redo: bool,
) -> Result<Part, Failure> {
    let keep = keep.iter().map(|step| step.as_str().into()).collect();
    let wish = PartWish { what, keep, redo };
    seen.run
        .part(&wish)
        .map_err(|refused| Failure::refused(refused.to_string(), what_helps(&refused, &seen.run)))
}

/// Shows what will be done, and asks whether it is to be, unless that was said already.
pub(super) fn confirmed(
    context: &Context,
    seen: &Seen,
    part: Option<&Part>,
    mended: Option<&Plan>,
    yes: bool,
) -> Result<bool, Failure> {
    for line in difference(&seen.run, part, mended) {
        context.printer.note(&line);
    }
    if yes {
        return Ok(true);
    }
    let id = seen.folder.id();
    let Some(prompt) = Prompt::open() else {
        return Err(Failure::refused(
            "there is no terminal to ask whether you are sure",
            "`--yes` does not ask",
        ));
    };
    let question = match part {
        Some(part) if part.redo => format!("take this back and make it again in run {id}?"),
        Some(_) => format!("take this part of run {id} back?"),
        None => format!("go on like this with run {id}?"),
    };
    let sure = prompt.word(&question)?;
    if !sure {
        context.printer.note("nothing was done");
    }
    Ok(sure)
}
