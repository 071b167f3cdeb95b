//! The carrier against a cloud on loopback.

mod accounts;
mod answers;
mod plain;
mod secrets;
mod server;
mod sources;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rutter_engine::{
    Api, At, Call, Class, Fault, HttpRequest, Outcome, Phase, Principal, Repeat, Target, Timestamp,
};
use serde_json::{Value, json};

use super::{Binding, LiveCarrier};
use crate::secrets::Secrets;
use crate::settings::{Environment, Settings, SettingsOverrides};
use server::{Received, Reply, Server};

/// The tests' clock begins here.
const START_MS: i64 = 1_790_000_000_000;

/// A carrier for the accounts `source` and `assumed` (a role on top of the same key), whose products
/// are all at one server.
struct Bench {
    carrier: LiveCarrier,
    secrets: Secrets,
    now: Arc<AtomicI64>,
}

impl Bench {
    fn new(address: &str) -> Self {
        Self::with(address, "")
    }

    fn with(address: &str, more: &str) -> Self {
        let products = ["ram", "sts", "dts", "smc", "ecs", "r-kvstore"];
        let endpoints: String = products
            .iter()
            .map(|product| format!("{product} = \"http://{address}\"\n"))
            .collect();
        let text = format!(
            "[endpoints]\n{endpoints}[profiles.assumed]\nsource_profile = \"env\"\n\
             role_arn = \"acs:ram::1111111111111111:role/admin\"\n\
             [network]\ntimeout = \"400ms\"\n[limits]\nanswer = \"4KiB\"\n{more}"
        );
        let environment = Environment::given([
            ("HOME", "/nowhere"),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ak-source"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret of ak-source"),
            ("PAGER_TOKEN", "pager-token-0001"),
        ]);
        let file = std::path::Path::new("/nowhere/rutter.toml");
        let settings =
            Settings::parse(&text, file, &SettingsOverrides::default(), environment).unwrap();
        let binding = |profile: &str| Binding {
            profile: profile.to_owned(),
            region: "cn-hangzhou".to_owned(),
        };
        let bindings = BTreeMap::from([
            ("source".to_owned(), binding("env")),
            ("assumed".to_owned(), binding("assumed")),
        ]);
        let now = Arc::new(AtomicI64::new(START_MS));
        let clock = now.clone();
        let clock = Arc::new(move || Timestamp(clock.load(Ordering::SeqCst)));
        let secrets = Secrets::new("run-1", None).unwrap();
        let carrier = LiveCarrier::new(&settings, bindings, secrets.clone(), clock).unwrap();
        Self {
            carrier,
            secrets,
            now,
        }
    }

    async fn carry(&self, call: &Call) -> Outcome {
        self.carrier.carry_once(call, &at()).await
    }

    fn wind(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }
}

fn at() -> At {
    At {
        step: "role".into(),
        item: None,
        attempt: 1,
        phase: Phase::Run,
    }
}

fn account(text: &str) -> Option<Principal> {
    Some(Principal::try_from(text.to_owned()).unwrap())
}

fn call(class: Class, product: &str, action: &str, parameters: Value) -> Call {
    let version = rutter_contracts::action(product, action).map_or("2015-05-01", |a| a.version);
    Call {
        account: account("source"),
        target: Target::Api(Api {
            product: product.to_owned(),
            action: action.to_owned(),
            version: version.to_owned(),
            region: None,
            parameters,
        }),
        class,
        repeat: Repeat::Never,
        ask: None,
        covered: false,
        all_pages: false,
    }
}

fn create_role() -> Call {
    let document = json!({"Version": "1", "Statement": []});
    let parameters = json!({"RoleName": "ram-for-dts", "AssumeRolePolicyDocument": document});
    call(Class::Change, "RAM", "CreateRole", parameters)
}

fn get_role() -> Call {
    call(
        Class::Read,
        "RAM",
        "GetRole",
        json!({"RoleName": "ram-for-dts"}),
    )
}

fn error(code: &str, message: &str) -> Value {
    json!({"Code": code, "Message": message, "RequestId": "req-1", "HostId": "h", "Recommend": ""})
}

#[track_caller]
fn refused(outcome: Outcome) -> Fault {
    match outcome {
        Outcome::Refused(fault) => fault,
        other => panic!("not refused: {other:?}"),
    }
}

#[track_caller]
fn unknown(outcome: Outcome) -> Fault {
    match outcome {
        Outcome::Unknown(fault) => fault,
        other => panic!("not unknown: {other:?}"),
    }
}

#[track_caller]
fn done(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Done(answer) => answer,
        other => panic!("not done: {other:?}"),
    }
}
