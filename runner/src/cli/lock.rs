//! `rutter lock`.

use std::path::PathBuf;

use rutter_runbook::{InputSources, Load, Reach};
use serde_json::json;

use super::acceptance::{Acceptance, Manner};
use super::{Context, Exit, Failure, granted};

/// Show what the plugins of runbooks may do, and accept it in `rutter.lock` next to them
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The runbook files
    #[arg(required = true, value_name = "RUNBOOK")]
    runbooks: Vec<PathBuf>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    for path in &args.runbooks {
        let acceptance = Acceptance::new(context, path, Manner::Lock)?;
        let checked = rutter_runbook::load(
            path,
            &Load {
                plugins: &acceptance.catalogue(),
                reach: &Reach::default(),
                inputs: InputSources::default(),
                bind: None,
                secret: &|_| String::new(),
                accept: &|checked| acceptance.judge(checked),
            },
        )
        .map_err(Failure::runbook)?;
        all.push((acceptance, checked));
    }
    // Nothing is accepted unless everything that was named can be.
    let printer = &context.printer;
    for (acceptance, checked) in all {
        let entry = acceptance.entry(&checked);
        let page = granted::page(&entry, &checked);
        let told = json!({ "runbook": acceptance.path(), "accepted": entry });
        let altered = acceptance.accept(entry)?;
        if printer.output().json {
            printer.json(&told);
        } else {
            printer.answer(&page);
        }
        let state = match altered {
            true => "is written",
            false => "says so already",
        };
        printer.note(&format!("`{}` {state}", acceptance.lock_path()));
    }
    Ok(Exit::Done)
}
