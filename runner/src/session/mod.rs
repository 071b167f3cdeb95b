//! One process's hold on a run: beginning it, taking it up again, taking it back.
//!
//! Here the parts meet: the run's folder with its journal and lock, the sandbox with the plan's
//! components, the carrier with the operator's credentials. What then happens is `drive.rs` and the
//! engine; what is shown is `ui/`.

#![expect(
    clippy::result_large_err,
    reason = "an error ends the session: it is made once"
)]

mod ahead;
mod clock;
mod error;
mod flight;
mod guests;
mod live;
mod rehearse;
mod timers;
mod wishes;

use std::collections::BTreeMap;
use std::sync::Arc;

use rutter_engine::{Input, Mode, Name, Plan, Run, Standing, Timestamp, Uses};
use tokio::sync::mpsc;

pub use ahead::Ahead;
use clock::Clock;
pub use error::SessionError;
pub use guests::Guests;
pub use live::{Letters, LiveShell};
pub use rehearse::{Rehearsal, Rehearsed, rehearse};
pub use wishes::{Consent, Wishes};

use crate::cloud::{Binding, LiveCarrier, system_clock};
use crate::drive::Drive;
use crate::host::{Hosts, Limits, Plugin, Sandbox};
use crate::journal::{Driving, Journal as _, RunFolder, Runs};
use crate::runbook::Evaluator;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::ui::Show;

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
        components: &[Arc<[u8]>],
        secrets: Secrets,
        wishes: Wishes,
    ) -> Result<Self, SessionError> {
        let plugins = load_components(&equipment.sandbox, components)?;
        let carrier = carrier(&equipment.settings, &plan, &secrets)?;
        let identities = carrier
            .confirm(&plan.accounts)
            .await
            .map_err(SessionError::Accounts)?;
        wishes.check(&plan, &plugins)?;
        let driving = Runs::new(&equipment.settings.state_dir).create(id)?;
        driving.folder.open_to(equipment.settings.inbox_group)?;
        for component in components {
            driving.folder.keep_component(component)?;
        }
        let start = Input::Start {
            run: id.to_owned(),
            mode: Mode::Live,
            rutter: env!("CARGO_PKG_VERSION").to_owned(),
            plan: Box::new(plan),
        };
        let first = vec![start, Input::AccountsConfirmed(identities)];
        let run = limited(Run::new(), &wishes);
        let warnings = carrier.warnings();
        let until = wishes.until.clone();
        let letters = Letters {
            inbox: driving.folder.inbox(),
            folder: driving.folder.clone(),
            group: equipment.settings.inbox_group,
            patience: equipment.settings.network.timeout,
        };
        let shell = shell(equipment, plugins, carrier, wishes, run.latest(), letters);
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

    /// Takes up a run that has records. `undo` takes it back instead of going on.
    ///
    /// # Errors
    /// When another process drives it, its journal or components are damaged, its accounts are not who
    /// they were, or it is over.
    pub async fn take_up(
        equipment: Equipment,
        folder: &RunFolder,
        secrets: Secrets,
        wishes: Wishes,
        undo: bool,
    ) -> Result<Self, SessionError> {
        let driving = folder.drive()?;
        let mut run = Run::new();
        for record in driving.journal.load()? {
            run.evolve(&record)?;
        }
        if !run.has_plan() {
            return Err(SessionError::Empty(folder.id().to_owned()));
        }
        if let Some(end) = run.end().filter(|_| !undo) {
            return Err(SessionError::Over(folder.id().to_owned(), end.clone()));
        }
        let plugins = kept_components(&equipment.sandbox, folder, run.plan())?;
        wishes.check(run.plan(), &plugins)?;
        let manifests = plugins
            .iter()
            .map(|(digest, plugin)| (digest.clone(), plugin.shared_manifest()));
        let evaluator = Evaluator::new(manifests);
        let carrier = carrier(&equipment.settings, run.plan(), &secrets)?;
        let identities = confirm_again(&carrier, &run).await?;
        let rutter = env!("CARGO_PKG_VERSION").to_owned();
        let mut first = vec![Input::Resume { rutter }];
        // A person's decision comes before anything is tried again because of it.
        folder.open_to(equipment.settings.inbox_group)?;
        let mut inbox = folder.inbox();
        first.extend(inbox.take(&run)?);
        // What was asked before may have been answered beforehand this time.
        let asked = run.open_questions().filter(|asked| wishes.answer(asked));
        first.extend(asked.map(|question| wishes.yes(question.number)));
        // Before the accounts are confirmed nothing starts: the undo comes first.
        if undo {
            first.push(Input::Undo {
                by: wishes.by.clone(),
            });
        }
        first.push(Input::AccountsConfirmed(identities));
        let run = limited(run, &wishes);
        let warnings = carrier.warnings();
        let until = wishes.until.clone();
        let letters = Letters {
            inbox,
            folder: folder.clone(),
            group: equipment.settings.inbox_group,
            patience: equipment.settings.network.timeout,
        };
        let shell = shell(equipment, plugins, carrier, wishes, run.latest(), letters);
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
    pub async fn go(&mut self, show: &mut dyn Show) -> Result<Standing, SessionError> {
        let inputs = std::mem::take(&mut self.first);
        let mut drive = Drive {
            run: &mut self.run,
            journal: &mut self.driving.journal,
            expressions: &self.evaluator,
            show,
            shell: &mut self.shell,
        };
        let standing = drive.until_idle(inputs).await?;
        self.driving.journal.flush()?;
        if matches!(standing, Standing::Ended(_)) {
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

    /// The step after which the run was to stop, if it is over and nothing else stopped the run.
    pub fn reached(&self) -> Option<&Name> {
        let step = self.until.as_ref()?;
        let over = self.run.step(step).is_some_and(rutter_engine::StepRun::is_over);
        let stopped = self.run.standing() == Standing::Stopped && !self.run.interrupted();
        (over && stopped).then_some(step)
    }

    /// The run's folder.
    pub fn folder(&self) -> &RunFolder {
        &self.driving.folder
    }
}

fn load_components(
    sandbox: &Sandbox,
    components: &[Arc<[u8]>],
) -> Result<BTreeMap<String, Arc<Plugin>>, SessionError> {
    let load = |bytes: &Arc<[u8]>| {
        let plugin = sandbox.load(bytes)?;
        Ok((plugin.digest().to_owned(), plugin))
    };
    components.iter().map(load).collect()
}

fn kept_components(
    sandbox: &Sandbox,
    folder: &RunFolder,
    plan: &Plan,
) -> Result<BTreeMap<String, Arc<Plugin>>, SessionError> {
    let mut plugins = BTreeMap::new();
    for step in &plan.steps {
        if let Uses::Plugin(plugin) = &step.uses
            && !plugins.contains_key(&plugin.digest)
        {
            let bytes = folder.component(&plugin.digest)?;
            plugins.insert(plugin.digest.clone(), sandbox.load(&bytes)?);
        }
    }
    Ok(plugins)
}

fn carrier(
    settings: &Settings,
    plan: &Plan,
    secrets: &Secrets,
) -> Result<LiveCarrier, SessionError> {
    let bindings = plan.accounts.iter().map(|(name, account)| {
        let binding = Binding {
            profile: account.profile.clone(),
            region: account.region.clone(),
        };
        (name.to_string(), binding)
    });
    Ok(LiveCarrier::new(
        settings,
        bindings.collect(),
        secrets.clone(),
        system_clock(),
    )?)
}

/// On a resume each account must be who it was, whatever the credentials say today.
async fn confirm_again(
    carrier: &LiveCarrier,
    run: &Run,
) -> Result<BTreeMap<Name, rutter_engine::Identity>, SessionError> {
    let mut accounts = run.plan().accounts.clone();
    for (name, account) in &mut accounts {
        if let Some(identity) = run.identity(name) {
            account.expected_id = Some(identity.id.clone());
        }
    }
    carrier
        .confirm(&accounts)
        .await
        .map_err(SessionError::Accounts)
}

fn limited(mut run: Run, wishes: &Wishes) -> Run {
    if let Some(step) = &wishes.until {
        run.stop_after(step.clone());
    }
    run
}

fn shell(
    equipment: Equipment,
    plugins: BTreeMap<String, Arc<Plugin>>,
    carrier: LiveCarrier,
    wishes: Wishes,
    latest: Timestamp,
    letters: Letters,
) -> LiveShell {
    let clock = Clock::new(equipment.settings.time_scale, latest);
    let hosts = Hosts::named(equipment.settings.http.hosts.clone());
    let guests = Guests::new(equipment.sandbox, plugins, equipment.limits, hosts);
    LiveShell::new(
        guests,
        Arc::new(carrier),
        wishes,
        clock,
        equipment.interrupts,
        letters,
    )
}
