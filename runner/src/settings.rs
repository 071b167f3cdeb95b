//! What the operator sets once for all runs: `rutter.toml`, with a few values from the environment.
//!
//! The file is the one of `--config`, else `$RUTTER_CONFIG`, else `rutter/rutter.toml` under the XDG
//! configuration folder; a file in the working folder is never taken, because it decides where
//! credentials are used. Only the last of the three may be missing. These variables override the file:
//!
//! | variable | overrides |
//! |---|---|
//! | `RUTTER_STATE_DIR` | `[state] dir` |
//! | `RUTTER_CACHE_DIR` | where compiled code is cached; by default `cache` in the state folder |
//! | `RUTTER_ENDPOINT_RAM`, `…_STS`, `…_DTS`, `…_SMC`, `…_ECS`, `…_R_KVSTORE` | `[endpoints]` |
//! | `RUTTER_PROXY`, `RUTTER_CA_FILE` | `[network] proxy`, `ca_file` |
//!
//! The usual `HTTPS_PROXY` and `SSL_CERT_FILE` are not read: a proxy or certificate that can see the
//! traffic has to be named here. (`HTTP_PROXY` counts for the machine's metadata service, as with the official tools.) The file contains no secrets; it names the variable or file with each.

mod endpoints;
mod environment;
mod error;
mod http;
mod limits;
mod notify;
mod pace;
mod profile;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rutter_contracts::Network as CalledFrom;
use rutter_runbook::Reach;
use schemars::JsonSchema;
use serde::Deserialize;

pub use endpoints::Endpoints;
pub use environment::Environment;
pub use error::{Place, SettingsError};
pub use http::{Http, HttpCredential, HttpCredentialKind};
pub use limits::Limits;
pub use notify::{NotifyEvent, NotifyKind, NotifySettings};
pub use pace::PaceSettings;
pub use profile::ProfileSettings;
pub(crate) use value::is_loopback;
pub use value::{AllowedHost, Endpoint, Product};

use limits::LimitsDocument;
use pace::PaceDocument;
use value::DurationText;

/// How long a connection may take to come about, TLS included, unless the settings say otherwise.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a call may take from its first byte to the last of its answer.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// Settings of the program.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file they were read from, if there was one.
    pub file: Option<PathBuf>,
    /// The folder of runs, keys and caches.
    pub state_dir: PathBuf,
    /// The folder of compiled code.
    pub code_dir: PathBuf,
    /// Where the products of the cloud are reached, for accounts that say nothing else.
    pub endpoints: Endpoints,
    /// How many times faster than here time passes behind the endpoints: 1 but for a simulated cloud.
    pub time_scale: f64,
    /// Credential profiles defined here.
    pub profiles: BTreeMap<String, ProfileSettings>,
    /// What the names of accounts in runbooks are bound to, unless the command line says otherwise.
    pub accounts: BTreeMap<String, AccountSettings>,
    /// How the network is reached.
    pub network: Network,
    /// What plain HTTP calls of plugins may use.
    pub http: Http,
    /// Who is told of a run while nobody looks, by name.
    pub notify: BTreeMap<String, NotifySettings>,
    /// What one attempt of a step may use up; the largest answer bounds what is read from the network.
    pub limits: Limits,
    /// How fast the cloud is called.
    pub pace: PaceSettings,
    /// The group whose members may answer what a run asks; nobody but its owner without one.
    pub inbox_group: Option<u32>,
    /// The process's environment, as these settings saw it.
    pub environment: Environment,
}

/// `[accounts.NAME]`: what an account of a runbook is bound to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountSettings {
    /// The credential profile.
    pub profile: Option<String>,
    /// The region in which its products are called, `cn-hangzhou`.
    pub region: Option<String>,
    /// The account's id, to be checked against what the cloud says.
    pub id: Option<String>,
    /// Where the products of the cloud are reached for this account; what it leaves open, `[endpoints]` says.
    #[serde(default)]
    pub endpoints: Endpoints,
}

/// `[network]`: how the cloud and other services are reached.
#[derive(Clone, Debug)]
pub struct Network {
    /// The proxy for everything but loopback.
    pub proxy: Option<url::Url>,
    /// Certificates (PEM) that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long a call may take, to the last byte of its answer.
    pub timeout: Duration,
}

/// What the command line says about settings.
#[derive(Clone, Debug, Default)]
pub struct SettingsOverrides {
    /// The settings file that `--config` names.
    pub file: Option<PathBuf>,
    /// The state folder that `--state` names.
    pub state_dir: Option<PathBuf>,
}

/// The file's form; what is optional in it has its default in [`Settings`].
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Document {
    /// Where runs are kept.
    #[serde(default)]
    state: StateDocument,
    /// Endpoints that replace the published ones, by product.
    #[serde(default)]
    endpoints: Endpoints,
    /// Credential profiles.
    #[serde(default)]
    profiles: BTreeMap<String, ProfileSettings>,
    /// What the names of accounts in runbooks are bound to.
    #[serde(default)]
    accounts: BTreeMap<String, AccountSettings>,
    /// How the cloud and other services are reached.
    #[serde(default)]
    network: NetworkDocument,
    /// What plain HTTP calls of plugins may use.
    #[serde(default)]
    http: Http,
    /// What one attempt of a step may use up.
    /// Who is told of a run while nobody looks.
    #[serde(default)]
    notify: BTreeMap<String, NotifySettings>,
    #[serde(default)]
    limits: LimitsDocument,
    /// How fast the cloud is called.
    #[serde(default)]
    pace: PaceDocument,
    /// Who may answer what a run asks.
    #[serde(default)]
    inbox: InboxDocument,
    /// What a simulated cloud behind the endpoints needs.
    #[serde(default)]
    simulation: SimulationDocument,
}

/// Who may answer what a run asks.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InboxDocument {
    /// The group whose members may read questions and answer them.
    group: Option<String>,
}

impl InboxDocument {
    fn group(&self) -> Result<Option<u32>, SettingsError> {
        let Some(name) = &self.group else {
            return Ok(None);
        };
        let unknown = || SettingsError::inbox(format!("this system has no group `{name}`"));
        crate::user::group_id(name).ok_or_else(unknown).map(Some)
    }
}

/// What a simulated cloud behind the endpoints needs.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SimulationDocument {
    /// How many times faster than here time passes behind the endpoints.
    #[schemars(range(min = 1))]
    time_scale: Option<f64>,
}

impl SimulationDocument {
    /// Waiting less than the cloud needs is harmless only where there is no cloud.
    fn time_scale(
        &self,
        endpoints: &Endpoints,
        accounts: &BTreeMap<String, AccountSettings>,
    ) -> Result<f64, SettingsError> {
        let Some(scale) = self.time_scale else {
            return Ok(1.0);
        };
        let own = accounts.values().map(|account| &account.endpoints);
        let local =
            endpoints.is_complete() && own.chain([endpoints]).all(|endpoints| endpoints.is_local());
        if !(scale >= 1.0 && scale.is_finite()) {
            return Err(SettingsError::simulation(
                "`time_scale` is a number from 1 on",
            ));
        }
        if !local {
            return Err(SettingsError::simulation(
                "`time_scale` is only for a simulated cloud: every product of `[endpoints]` must lead to this machine",
            ));
        }
        Ok(scale)
    }
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StateDocument {
    /// The folder of runs, keys and caches.
    dir: Option<PathBuf>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NetworkDocument {
    /// The proxy for everything but loopback.
    #[schemars(with = "Option<value::WebAddress>")]
    proxy: Option<value::Proxy>,
    /// Certificates (PEM) that are trusted beside the system's.
    ca_file: Option<PathBuf>,
    /// How long a connection may take to come about.
    connect_timeout: Option<DurationText>,
    /// How long a call may take, to the last byte of its answer.
    timeout: Option<DurationText>,
}

/// The form of the settings as a JSON Schema of draft 7, for editors.
pub fn schema() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft07();
    settings.into_generator().into_root_schema_for::<Document>()
}

impl Settings {
    /// Reads the settings: command line, then environment, then file, then defaults.
    ///
    /// # Errors
    /// When a named file cannot be read, or anything in file or environment is not as it must be.
    pub fn load(
        overrides: &SettingsOverrides,
        environment: Environment,
    ) -> Result<Self, SettingsError> {
        use std::io::ErrorKind::{NotADirectory, NotFound};
        let (file, must_exist) = Self::file(overrides, &environment);
        let text = match file
            .as_deref()
            .map(|path| (path, rutter_files::read_text(path, rutter_files::TEXT_MAX)))
        {
            None => None,
            Some((_, Ok(text))) => Some(text),
            Some((_, Err(error)))
                if !must_exist && matches!(error.kind(), NotFound | NotADirectory) =>
            {
                None
            }
            Some((path, Err(error))) => return Err(SettingsError::unreadable(path, error)),
        };
        match (file, text) {
            (Some(file), Some(text)) => Self::parse(&text, &file, overrides, environment),
            _ => Self::assemble(Document::default(), None, overrides, environment),
        }
    }

    /// What of the cloud is reached, and how: for checks before anything is called. Where accounts differ, as
    /// the one that reaches most.
    pub fn reach(&self) -> Reach {
        let own = self.accounts.values().map(|account| &account.endpoints);
        let all = own.chain([&self.endpoints]);
        let products = all.clone().flat_map(Endpoints::products);
        let public = all
            .clone()
            .any(|endpoints| endpoints.network == Some(CalledFrom::Public));
        Reach {
            own: products
                .map(|product| product.name().to_ascii_lowercase())
                .collect(),
            network: match self.endpoints.network {
                Some(network) if !public => network,
                _ => CalledFrom::Public,
            },
        }
    }

    fn file(overrides: &SettingsOverrides, environment: &Environment) -> (Option<PathBuf>, bool) {
        let named = overrides.file.clone();
        match named.or_else(|| environment.get("RUTTER_CONFIG").map(PathBuf::from)) {
            Some(named) => (Some(named), true),
            None => {
                let folder = environment.folder("XDG_CONFIG_HOME", ".config");
                (
                    folder.map(|folder| folder.join("rutter/rutter.toml")),
                    false,
                )
            }
        }
    }

    /// Reads settings from a text; `file` names it and is what relative paths in it start from.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn parse(
        text: &str,
        file: &Path,
        overrides: &SettingsOverrides,
        environment: Environment,
    ) -> Result<Self, SettingsError> {
        let document: Document =
            toml::from_str(text).map_err(|error| SettingsError::from_toml(file, text, &error))?;
        for (name, profile) in &document.profiles {
            if let Some((message, key)) = profile.problem() {
                let path = ["profiles", name].into_iter().chain(key);
                return Err(SettingsError::at(file, text, path, message));
            }
        }
        for (name, credential) in &document.http.credentials {
            if let Some(message) = credential.problem() {
                let path = ["http", "credentials", name].into_iter();
                return Err(SettingsError::at(file, text, path, message));
            }
        }
        for (name, one) in &document.notify {
            if let Some(message) = one.problem() {
                let path = ["notify", name].into_iter();
                return Err(SettingsError::at(file, text, path, message));
            }
        }
        Self::assemble(document, Some(file), overrides, environment)
    }

    fn assemble(
        document: Document,
        file: Option<&Path>,
        overrides: &SettingsOverrides,
        environment: Environment,
    ) -> Result<Self, SettingsError> {
        let base = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let in_file = |path: PathBuf| environment.expand(base, &path);
        let state_dir = overrides
            .state_dir
            .clone()
            .or_else(|| environment.get("RUTTER_STATE_DIR").map(PathBuf::from))
            .or_else(|| document.state.dir.map(in_file))
            .or_else(|| {
                let folder = environment.folder("XDG_STATE_HOME", ".local/state");
                folder.map(|folder| folder.join("rutter"))
            })
            .ok_or_else(SettingsError::no_state_folder)?;
        let code_dir = environment.get("RUTTER_CACHE_DIR").map(PathBuf::from);
        let (mut endpoints, mut accounts) = (document.endpoints, document.accounts);
        for (product, endpoint) in value::endpoints_of(&environment)? {
            endpoints.everywhere(product, endpoint);
            for account in accounts.values_mut() {
                account.endpoints.forget(product);
            }
        }
        let network = document.network;
        Ok(Self {
            file: file.map(Path::to_owned),
            code_dir: code_dir.unwrap_or_else(|| state_dir.join("cache")),
            state_dir,
            time_scale: document.simulation.time_scale(&endpoints, &accounts)?,
            endpoints,
            profiles: document
                .profiles
                .into_iter()
                .map(|(name, profile)| (name, profile.rooted(&in_file)))
                .collect(),
            accounts,
            network: Network {
                proxy: value::proxy_of(&environment)?
                    .or(network.proxy)
                    .map(|proxy| proxy.0),
                ca_file: environment
                    .get("RUTTER_CA_FILE")
                    .map(PathBuf::from)
                    .or_else(|| network.ca_file.map(in_file)),
                connect_timeout: network
                    .connect_timeout
                    .map_or(CONNECT_TIMEOUT, |text| text.0),
                timeout: network.timeout.map_or(CALL_TIMEOUT, |text| text.0),
            },
            http: document.http.rooted(&in_file),
            notify: document
                .notify
                .into_iter()
                .map(|(name, one)| (name, one.rooted(&in_file)))
                .collect(),
            limits: document.limits.limits(),
            pace: document.pace.pace(),
            inbox_group: document.inbox.group()?,
            environment,
        })
    }
}

#[cfg(test)]
mod tests;
