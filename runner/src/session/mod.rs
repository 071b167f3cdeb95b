//! One process's hold on a run: beginning it, taking it up again, taking it back.
//!
//! Here the parts meet: the run's folder with its journal and lock, the sandbox with the plan's
//! components, the carrier with the operator's credentials. What then happens is `drive.rs` and the
//! engine; what is shown is `ui/`.

#![expect(
    clippy::result_large_err,
    reason = "an error ends the session: it is made once"
)]

mod aim;
mod clock;
mod error;
mod flight;
mod live;
mod options;
mod outbox;
mod preflight;
mod recover;
mod rehearse;
mod talk;
mod timers;
mod watch;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use rutter_engine::{Account, Identity, Input, Mode, Name, Plan, Run, RunStatus, Timestamp, Uses};
use tokio::sync::mpsc;

pub use aim::Aim;
use clock::Clock;
pub use error::SessionError;
pub use live::{Letters, LiveShell};
pub use options::{Consent, RunOptions};
use outbox::Outbox;
pub use preflight::{Preflight, Refusal};
pub use recover::{Recovered, recover};
pub use rehearse::{Rehearsal, Rehearsed, rehearse};
use watch::Watch;

use crate::cloud::{Binding, LiveCarrier, system_clock};
use crate::drive::Drive;
use crate::guests::Guests;
use crate::host::{Hosts, LoadedPlugin, Sandbox};
use crate::journal::{Damage, Driving, Journal, JournalError, RunFolder, Runs};
use crate::notify::{Notifier, NotifyError};
use crate::secrets::Secrets;
use crate::settings::{Limits, Settings};
use crate::ui::Show;
use rutter_plugin::Plugin;
use rutter_runbook::Evaluator;

/// Plugins by the digests of their components.
type Plugins = BTreeMap<String, Arc<LoadedPlugin>>;

/// What every session needs, whatever it is about to do.
pub struct Equipment {
    /// The operator's settings.
    pub settings: Settings,
    /// Where plugins run.
    pub sandbox: Arc<Sandbox>,
    /// What a guest may use up.
    pub limits: Limits,
    /// Gets a message for each Ctrl-C.
    pub interrupts: mpsc::Receiver<()>,
}

/// A run that this process drives.
pub struct Session {
    run: Run,
    driving: Driving,
    evaluator: Evaluator,
    shell: LiveShell,
    secrets: Secrets,
    first: Vec<Input>,
    warnings: Vec<String>,
    until: Option<Name>,
}

impl Session {
    /// Begins a run: asks every account who it is, and only then makes the run's folder.
    ///
    /// # Errors
    /// Before anything is made: credentials and identities. Then: the folder and the components.
    pub async fn begin(
        equipment: Equipment,
        id: &str,
        plan: Plan,
        evaluator: Evaluator,
        plugins: &BTreeMap<String, Arc<Plugin>>,
        secrets: Secrets,
        options: RunOptions,
    ) -> Result<Self, SessionError> {
        let loaded = load(&equipment.sandbox, plugins.values())?;
        let carrier = carrier(&equipment.settings, &plan.accounts, &secrets)?;
        let identities = carrier
            .confirm(&plan.accounts)
            .await
            .map_err(SessionError::Accounts)?;
        options.check(&plan, &loaded)?;
        let driving = Runs::new(&equipment.settings.state_dir).create(id)?;
        driving.folder.open_to(equipment.settings.inbox_group)?;
        for plugin in plugins.values() {
            driving.folder.keep_plugin(plugin)?;
        }
        secrets.keep_given(|_| true)?;
        let start = Input::Start {
            run: id.to_owned(),
            mode: Mode::Live,
            rutter: env!("CARGO_PKG_VERSION").to_owned(),
            plan: Box::new(plan),
        };
        let run = limited(Run::new(), &options);
        let mut warnings = carrier.warnings();
        warnings.extend(one_login(&identities));
        warnings.extend(driving.lax.iter().cloned());
        let until = options.until.clone();
        let letters = Letters {
            inbox: driving.folder.inbox(),
            folder: driving.folder.clone(),
            group: equipment.settings.inbox_group,
            patience: equipment.settings.network.timeout,
        };
        let mut shell = shell(equipment, loaded, carrier, options, run.latest(), letters);
        let mut first = vec![start];
        first.extend(shell.look_at_clocks());
        secrets.are_common(identities.values().map(|one| one.id.clone()));
        first.push(Input::AccountsConfirmed(identities));
        Ok(Self {
            run,
            driving,
            evaluator,
            shell,
            secrets,
            first,
            warnings,
            until,
        })
    }

    /// Takes up a run that has records, to do with it what `aim` says.
    ///
    /// # Errors
    /// When another process drives it, its journal or components are damaged, its accounts are not who
    /// they were, or it is over.
    pub async fn take_up(
        equipment: Equipment,
        folder: &RunFolder,
        secrets: Secrets,
        options: RunOptions,
        mut aim: Aim,
    ) -> Result<Self, SessionError> {
        let driving = folder.drive()?;
        let run = replay_whole(&driving.journal, &folder.journal())?;
        if !run.has_plan() {
            return Err(SessionError::Empty(folder.id().to_owned()));
        }
        let undo = aim.only_takes_back();
        if run.recovery().is_some() && !undo {
            return Err(SessionError::Recovered(folder.id().to_owned()));
        }
        aim.fits(&run)?;
        aim.bind(&options.profiles);
        let next = aim.mended().unwrap_or(run.plan()).clone();
        for plugin in aim.plugins() {
            driving.folder.keep_plugin(plugin)?;
        }
        // What is taken back was made with the plan before.
        let known = [run.plan(), &next];
        let (plugins, mut warnings) = kept_plugins(&equipment.sandbox, folder, known, undo)?;
        options.check(&next, &plugins)?;
        let manifests = plugins
            .iter()
            .map(|(digest, plugin)| (digest.clone(), plugin.shared_manifest()));
        let evaluator = Evaluator::new(manifests);
        aim.is_possible(&run, &evaluator)?;
        let accounts = accounts_of(&run, &next, &options.profiles)?;
        let (carrier, identities) = if undo {
            let mut carrier = carrier_of_undo(&equipment.settings, &accounts, &secrets);
            let identities =
                confirm_what_answers(&mut carrier, &run, &accounts, &mut warnings).await?;
            (carrier, identities)
        } else {
            let carrier = carrier(&equipment.settings, &accounts, &secrets)?;
            let confirmed = carrier.confirm(&accounts).await;
            let identities = confirmed.map_err(SessionError::Accounts)?;
            (carrier, identities)
        };
        let rutter = env!("CARGO_PKG_VERSION").to_owned();
        folder.open_to(equipment.settings.inbox_group)?;
        let run = limited(run, &options);
        warnings.extend(carrier.warnings());
        warnings.extend(driving.lax.iter().cloned());
        let by = options.by.clone();
        let until = options.until.clone();
        let profiles = options.profiles.clone();
        let letters = Letters {
            inbox: folder.inbox(),
            folder: folder.clone(),
            group: equipment.settings.inbox_group,
            patience: equipment.settings.network.timeout,
        };
        // What was asked before may have been answered beforehand this time.
        let asked = run.open_questions().filter(|asked| options.answer(asked));
        let answered: Vec<Input> = asked.map(|question| options.yes(question.number)).collect();
        let mut shell = shell(equipment, plugins, carrier, options, run.latest(), letters);
        let mut first = vec![Input::Resume { rutter, profiles }];
        // What is to be thought of earlier tokens comes before anything is repeated by one.
        first.extend(shell.look_at_clocks());
        first.extend(answered);
        // Before the accounts are confirmed nothing starts: the undo comes first.
        first.extend(aim.input(&by));
        secrets.are_common(identities.values().map(|one| one.id.clone()));
        first.push(Input::AccountsConfirmed(identities));
        Ok(Self {
            run,
            driving,
            evaluator,
            shell,
            secrets,
            first,
            warnings,
            until,
        })
    }

    /// Drives the run until nothing is under way, and says where it stands.
    ///
    /// # Errors
    /// When the journal fails; nothing more was sent then.
    pub async fn go(&mut self, show: &mut dyn Show) -> Result<RunStatus, SessionError> {
        let mut inputs = std::mem::take(&mut self.first);
        if matches!(inputs.first(), Some(Input::Resume { .. })) {
            // A person's decision comes before anything is tried again because of it. It is taken no
            // sooner: whoever takes a run up may yet leave it as it is.
            inputs.splice(1..1, self.shell.read_inbox(&self.run));
        }
        let mut drive = Drive {
            run: &mut self.run,
            journal: &mut self.driving.journal,
            expressions: &self.evaluator,
            show,
            shell: &mut self.shell,
        };
        let standing = drive.until_idle(inputs).await?;
        self.driving.journal.flush()?;
        if matches!(standing, RunStatus::Ended(_)) {
            self.secrets.end()?;
        }
        Ok(standing)
    }

    /// The run.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// What the operator should know about the credentials: files that others may read.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Keeps which secrets were given, so that others can be told from them later.
    ///
    /// # Errors
    /// When they cannot be sealed.
    pub fn keep_given(&self, plan: &Plan) -> Result<(), SessionError> {
        let inputs = plan.inputs.to_string();
        // Not those of the plan before: what was made with them may stay.
        let before = self.run.plan().inputs.to_string();
        let new = |placeholder: &str| inputs.contains(placeholder) && !before.contains(placeholder);
        Ok(self.secrets.keep_given(new)?)
    }

    /// The step after which the run was to stop, if it is over and nothing else stopped the run.
    pub fn reached(&self) -> Option<&Name> {
        let step = self.until.as_ref()?;
        let over = self
            .run
            .step(step)
            .is_some_and(rutter_engine::StepRun::is_over);
        let stopped = self.run.status() == RunStatus::Stopped && !self.run.interrupted();
        (over && stopped).then_some(step)
    }

    /// Who tells others what happens to the run; what an earlier process could not tell is told at once.
    ///
    /// # Errors
    /// When somebody who is to be told cannot be.
    pub(crate) fn notifier(&self, settings: &Settings) -> Result<Option<Notifier>, NotifyError> {
        let notifier = Notifier::begin(settings, self.folder(), &self.run, &self.secrets)?;
        if let Some(notifier) = &notifier {
            let told = self.driving.journal.replay(&mut |record| {
                notifier.catch_up(&record, &self.run);
                ControlFlow::Continue(())
            });
            if let Err(error) = told {
                tracing::warn!(%error, "what was not told of the run stays untold");
            }
        }
        Ok(notifier)
    }

    /// The run's folder.
    pub fn folder(&self) -> &RunFolder {
        &self.driving.folder
    }
}

/// The run that all records make, which reach at least as far as the journal's head, whatever keeps them.
fn replay_whole(journal: &impl Journal, path: &Path) -> Result<Run, SessionError> {
    let mut run = Run::new();
    let mut illegal = None;
    journal.replay(&mut |record| match run.evolve(&record) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            illegal = Some(error);
            ControlFlow::Break(())
        }
    })?;
    if let Some(error) = illegal {
        return Err(error.into());
    }
    let head = journal.head()?;
    if run.seq() < head.seq {
        let (from, to) = (run.seq() + 1, head.seq);
        return Err(JournalError::damaged(path, Damage::RecordsTaken { from, to }).into());
    }
    Ok(run)
}

fn load<'a>(
    sandbox: &Sandbox,
    plugins: impl IntoIterator<Item = &'a Arc<Plugin>>,
) -> Result<Plugins, SessionError> {
    let load = |plugin: &Arc<Plugin>| {
        let loaded = sandbox.load(plugin)?;
        Ok((plugin.digest().to_owned(), loaded))
    };
    plugins.into_iter().map(load).collect()
}

fn kept_plugins(
    sandbox: &Sandbox,
    folder: &RunFolder,
    plans: [&Plan; 2],
    undo: bool,
) -> Result<(Plugins, Vec<String>), SessionError> {
    let mut plugins = BTreeMap::new();
    let mut warnings = Vec::new();
    for step in plans.into_iter().flat_map(|plan| &plan.steps) {
        let Uses::Plugin(plugin) = &step.uses else {
            continue;
        };
        if plugins.contains_key(&plugin.digest) {
            continue;
        }
        match kept_plugin(sandbox, folder, &plugin.digest) {
            Ok(loaded) => {
                plugins.insert(plugin.digest.clone(), loaded);
            }
            // Most changes are taken back by what is recorded; what needs the component says so.
            Err(error) if undo => {
                let text = format!("step `{}` cannot run code of its own: {error}", step.id);
                if plugin.undo {
                    warnings.push(text);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok((plugins, warnings))
}

fn kept_plugin(
    sandbox: &Sandbox,
    folder: &RunFolder,
    digest: &str,
) -> Result<Arc<LoadedPlugin>, SessionError> {
    Ok(sandbox.load(&folder.plugin(digest)?)?)
}

fn carrier(
    settings: &Settings,
    accounts: &BTreeMap<Name, Account>,
    secrets: &Secrets,
) -> Result<LiveCarrier, SessionError> {
    Ok(LiveCarrier::new(
        settings,
        bindings(accounts),
        secrets.clone(),
        system_clock(),
    )?)
}

fn bindings(accounts: &BTreeMap<Name, Account>) -> BTreeMap<String, Binding> {
    let bindings = accounts.iter().map(|(name, account)| {
        let binding = Binding {
            profile: account.profile.clone(),
            region: account.region.clone(),
        };
        (name.to_string(), binding)
    });
    bindings.collect()
}

/// What a rollback sends with: an account whose profile is gone keeps only its own changes waiting.
fn carrier_of_undo(
    settings: &Settings,
    accounts: &BTreeMap<Name, Account>,
    secrets: &Secrets,
) -> LiveCarrier {
    LiveCarrier::with_what_there_is(
        settings,
        bindings(accounts),
        secrets.clone(),
        system_clock(),
    )
}

/// Asks who each account is, for a rollback: an account that cannot say who it is is not used, and one that
/// is another than it was still stops everything.
async fn confirm_what_answers(
    carrier: &mut LiveCarrier,
    run: &Run,
    accounts: &BTreeMap<Name, Account>,
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<Name, rutter_engine::Identity>, SessionError> {
    let mut confirmed = BTreeMap::new();
    for (name, account) in accounts {
        let before = run.identity(name);
        match carrier.confirm([(name, account)]).await {
            Ok(identities) => confirmed.extend(identities),
            Err(faults) => {
                let mismatch =
                    |fault: &rutter_engine::Fault| fault.code == "rutter.account.mismatch";
                if before.is_none() || faults.iter().any(mismatch) {
                    return Err(SessionError::Accounts(faults));
                }
                for fault in faults {
                    warnings.push(format!("{}; its changes wait", fault.message));
                    carrier.bar(name, fault);
                }
            }
        }
    }
    Ok(confirmed)
}

/// The accounts of a run and of the plan that it goes on with. Each must be who it was, whatever the
/// credentials say today.
/// Accounts that turned out to be one login: where they are meant to be two, nothing was moved between them.
fn one_login(identities: &BTreeMap<Name, Identity>) -> Vec<String> {
    let mut first: BTreeMap<&str, &Name> = BTreeMap::new();
    let mut said = Vec::new();
    for (name, identity) in identities {
        match first.get(identity.arn.as_str()) {
            Some(other) => said.push(format!(
                "the accounts `{other}` and `{name}` are one login: {}",
                identity.arn
            )),
            None => {
                first.insert(&identity.arn, name);
            }
        }
    }
    said
}

fn accounts_of(
    run: &Run,
    next: &Plan,
    profiles: &BTreeMap<Name, String>,
) -> Result<BTreeMap<Name, Account>, SessionError> {
    let mut accounts = run.plan().accounts.clone();
    accounts.extend(next.accounts.clone());
    for (name, profile) in profiles {
        let Some(account) = accounts.get_mut(name) else {
            return Err(SessionError::NoSuchAccount {
                name: name.to_string(),
                accounts: accounts.keys().map(ToString::to_string).collect(),
            });
        };
        account.profile.clone_from(profile);
    }
    for (name, account) in &mut accounts {
        if let Some(identity) = run.identity(name) {
            account.expected_id = Some(identity.id.clone());
        }
    }
    Ok(accounts)
}

fn limited(mut run: Run, options: &RunOptions) -> Run {
    if let Some(step) = &options.until {
        run.stop_after(step.clone());
    }
    run
}

fn shell(
    equipment: Equipment,
    plugins: Plugins,
    carrier: LiveCarrier,
    options: RunOptions,
    latest: Timestamp,
    letters: Letters,
) -> LiveShell {
    let clock = Clock::new(equipment.settings.time_scale, latest);
    let watch = Watch::new(clock, carrier.time());
    let hosts = Hosts::named(equipment.settings.http.hosts.clone());
    let guests = Guests::new(
        equipment.sandbox,
        plugins,
        equipment.limits,
        hosts,
        carrier.secrets(),
    );
    LiveShell::new(
        guests,
        Outbox::new(Arc::new(carrier), equipment.settings.pace),
        options,
        watch,
        equipment.interrupts,
        letters,
    )
}
