//! A rehearsal: the same loop over the same plan, in a world instead of the cloud.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use rutter_contracts::hex;
use rutter_engine::{Identity, Input, Mode, Name, Plan, Record, Run, RunStatus, Timestamp};
use rutter_plugin::Plugin;
use rutter_runbook::Evaluator;
use rutter_simcloud::{Presumed, World, diff};
use sha2::{Digest, Sha256};

use super::{SessionError, load};
use crate::drive::Drive;
use crate::guests::Guests;
use crate::host::{Hosts, Sandbox};
use crate::journal::{Journal as _, MemoryJournal};
use crate::rehearsal::{Material, RehearsalShell, Reply, SimCarrier, Unsent, report};
use crate::secrets::Secrets;
use crate::session::RunOptions;
use crate::settings::{AllowedHost, Limits};
use crate::ui::Show;

/// What is rehearsed, and where.
pub struct Rehearsal {
    /// The checked runbook with its inputs.
    pub plan: Plan,
    /// Evaluates its expressions.
    pub evaluator: Rc<Evaluator>,
    /// The plan's plugins, by digest.
    pub plugins: BTreeMap<String, Arc<Plugin>>,
    /// The values of its secret inputs, or stand-ins.
    pub secrets: Secrets,
    /// The world it takes place in.
    pub world: World,
    /// The world's file, as the operator typed it.
    pub world_file: String,
    /// The hosts that the operator named, for requests by plain HTTP.
    pub hosts: Vec<AllowedHost>,
    /// Where to stop.
    pub options: RunOptions,
}

/// What came of a rehearsal.
pub struct Rehearsed {
    /// The run, at its end.
    pub run: Run,
    /// Where the run stood when nothing was under way any more.
    pub standing: RunStatus,
    /// All records of the run, in order.
    pub records: Vec<Record>,
    /// The report for people.
    pub report: String,
    /// What its calls took for granted: the step, the account, and the resource.
    pub presumed: BTreeSet<(Name, Name, Presumed)>,
    /// What of it the world does not have at the end.
    pub lacking: BTreeSet<(Name, Name, Presumed)>,
    /// Requests by plain HTTP that nothing in the world answered: method and address.
    pub unanswered: BTreeSet<String>,
}

/// The id of a rehearsal's run: the same for the same plan in the same world.
pub fn rehearsal_id(digest: &str, seed: u64) -> String {
    let hash = Sha256::digest(format!("{digest}/{seed}"));
    format!("rehearsal-{}", hex::encode(&hash[..4]))
}

/// Rehearses a plan.
///
/// # Errors
/// When the world lacks an account, or a component cannot be used.
pub async fn rehearse(
    rehearsal: Rehearsal,
    sandbox: Arc<Sandbox>,
    limits: Limits,
    show: &mut dyn Show,
) -> Result<Rehearsed, SessionError> {
    let Rehearsal {
        plan,
        evaluator,
        plugins,
        secrets,
        world,
        world_file,
        hosts,
        options,
    } = rehearsal;
    let hosts = Hosts::noted(hosts);
    let identities = identities(&plan, &world)?;
    secrets.are_common(identities.values().map(|one| one.id.clone()));
    let seed = world.seed();
    let before = world.summary();
    let start = Timestamp(world.start_ms());
    let plugins = load(&sandbox, plugins.values())?;
    options.check(&plan, &plugins)?;
    let guests = Guests::new(
        sandbox.clone(),
        plugins,
        limits,
        hosts.clone(),
        secrets.clone(),
    );
    let carrier = Arc::new(SimCarrier::new(world, secrets));
    let mut run = super::limited(Run::new(), &options);
    let mut journal = MemoryJournal::default();
    let mut shell = RehearsalShell::new(guests, carrier.clone(), start);
    let first = vec![
        Input::Start {
            run: rehearsal_id(&plan.digest, seed),
            mode: Mode::Rehearsal,
            rutter: env!("CARGO_PKG_VERSION").to_owned(),
            plan: Box::new(plan),
        },
        Input::AccountsConfirmed(identities),
    ];
    let mut drive = Drive {
        run: &mut run,
        journal: &mut journal,
        expressions: &*evaluator,
        show,
        shell: &mut shell,
    };
    let standing = drive.until_idle(first).await?;
    let records = journal.load()?;
    let unsent = carrier.unsent();
    let report = carrier.look(|world| {
        report(&Material {
            run: &run,
            records: &records,
            standing: &standing,
            world: &world_file,
            seed,
            differences: &diff(&before, &world.summary()),
            calls: world.calls(),
            charges: &world.charges(),
            unsent: &unsent,
            unnamed: &hosts.unnamed(),
        })
    });
    let presumed = carrier.presumed();
    let lacking = carrier.look(|world| {
        let all = presumed.iter();
        let lacking = all.filter(|(_, account, one)| !world.has(account, one));
        lacking.cloned().collect()
    });
    Ok(Rehearsed {
        run,
        standing,
        records,
        report,
        presumed,
        lacking,
        unanswered: unanswered(&unsent),
    })
}

fn unanswered(unsent: &[Unsent]) -> BTreeSet<String> {
    let without = unsent.iter().filter(|one| matches!(one.reply, Reply::None));
    without.map(|one| one.label.clone()).collect()
}

fn identities(plan: &Plan, world: &World) -> Result<BTreeMap<Name, Identity>, SessionError> {
    let identity = |name: &Name| {
        let id = world.account_id(name);
        let id = id
            .ok_or_else(|| SessionError::WorldAccount(name.to_string()))?
            .to_owned();
        let arn = format!("acs:ram::{id}:root");
        Ok((name.clone(), Identity { id, arn }))
    };
    plan.accounts.keys().map(identity).collect()
}
