//! Random parameters, flattened, encoded and signed by the cloud's official clients and by the code that every call of a
//! run goes through: the same bytes. Where the two differ on purpose stands in `tests/clients/signed/differences.py`.
#![expect(clippy::unwrap_used, reason = "a test that meets nothing fails there")]

use std::collections::BTreeMap;

use rutter_contracts::sign::{Call, Key, rpc, v3};
use rutter_contracts::wire::{self, Wire};
use rutter_tests::Bench;
use rutter_tests::official::{self, LIMIT};
use serde::Deserialize;
use serde_json::Value;

/// How many parameters are compared; every other one is that of an action of the contracts.
const COUNT: usize = 10_000;

/// Parameters, and what the clients make of them.
#[derive(Deserialize)]
struct Line {
    #[serde(flatten)]
    given: Given,
    date: String,
    nonce: String,
    token: Option<String>,
    official: Official,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    OfAnAction {
        product: String,
        action: String,
        parameters: Value,
    },
    OfNone {
        query: Value,
        form: Value,
    },
}

#[derive(Deserialize)]
struct Official {
    query: BTreeMap<String, String>,
    body: String,
    /// The signature of the old scheme, over the query.
    old: String,
    /// What the clients were about to send.
    sent: BTreeMap<String, String>,
    /// Of the current scheme, over what this program sends; absent where the clients sign names as no server does.
    #[serde(flatten)]
    current: Option<Current>,
}

#[derive(Deserialize)]
struct Current {
    canonical: String,
    string_to_sign: String,
    authorization: String,
}

#[tokio::test]
async fn the_official_clients_make_the_same_requests() {
    let bench = Bench::default();
    let python = official::environment().await;
    let seed = std::env::var("FUZZ_SEED").unwrap_or_else(|_| "1".to_owned());
    let made = official::command(&python, bench.path())
        .current_dir(Bench::top().join("tests/clients"))
        .args(["-m", "signed", &seed, &COUNT.to_string()])
        .output();
    let made = tokio::time::timeout(LIMIT, made).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "the clients gave up:\n{said}");
    let text = String::from_utf8(made.stdout).unwrap();
    let mut compared = [0, 0];
    for (number, line) in text.lines().enumerate() {
        let line: Line = serde_json::from_str(line).unwrap();
        compared[0] += 1;
        compared[1] += usize::from(line.official.current.is_some());
        let problems = compare(&line);
        assert!(problems.is_empty(), "line {number}: {problems:#?}");
    }
    assert_eq!(compared[0], COUNT);
    // Of half of those that are of no action, names are such that only the old scheme can be compared.
    assert!(compared[1] > COUNT / 2, "{compared:?}");
}

/// Everything that is not the same.
fn compare(line: &Line) -> Vec<String> {
    let (wire, product, action, version) = encoded(&line.given);
    let official = &line.official;
    let mut problems = Vec::new();
    let mut same = |what: &str, ours: &str, theirs: &str| {
        if ours != theirs {
            problems.push(format!("{what}\n  ours:   {ours:?}\n  theirs: {theirs:?}"));
        }
    };
    let listed = |pairs: &mut dyn Iterator<Item = (&String, &String)>| {
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("\n")
    };
    let mut query = wire.query.clone();
    query.sort();
    same(
        "the query",
        &listed(&mut query.iter().map(|(name, value)| (name, value))),
        &listed(&mut official.query.iter()),
    );
    same("the old signature", &old(&wire.query), &official.old);

    let call = Call {
        host: &format!("{product}.cn-hangzhou.example"),
        action: &action,
        version: &version,
        parameters: wire,
        date: &line.date,
        nonce: &line.nonce,
    };
    let key = key(line.token.as_deref());
    let signed = call.sign(&key);
    same(
        "the body",
        &String::from_utf8(signed.body).unwrap(),
        &official.body,
    );
    let (_, authorization) = signed.headers.last().unwrap();
    if let Some(current) = &official.current {
        same("the authorization", authorization, &current.authorization);
        let payload = |text: &str| text.rsplit('\n').next().unwrap_or_default().to_owned();
        let ours = signed
            .headers
            .iter()
            .find(|(name, _)| name == "x-acs-content-sha256");
        same(
            "the payload",
            &ours.unwrap().1,
            &payload(&current.canonical),
        );
        if let Err(refusal) = received(official) {
            same(
                "what the simulated cloud says",
                &refusal,
                &current.string_to_sign,
            );
        }
    }
    if !problems.is_empty()
        && let Some(current) = &official.current
    {
        problems.push(format!(
            "canonical request of theirs: {}",
            current.canonical
        ));
    }
    problems
}

/// The parameters as they travel, with product, action and version.
fn encoded(given: &Given) -> (Wire, String, String, String) {
    match given {
        Given::OfAnAction {
            product,
            action,
            parameters,
        } => {
            let contract = rutter_contracts::action(&product.replace('_', "-"), action).unwrap();
            let wire = wire::encoded(Some(contract), parameters).unwrap();
            let version = contract.version.to_owned();
            (wire, product.clone(), action.clone(), version)
        }
        Given::OfNone { query, form } => {
            let wire = Wire {
                query: wire::encoded(None, query).unwrap().query,
                form: wire::encoded(None, form).unwrap().query,
            };
            let named = |text: &str| text.to_owned();
            (wire, named("sts"), named("Paint"), named("2020-01-01"))
        }
    }
}

fn key(token: Option<&str>) -> Key {
    Key {
        id: "LTAI-signed-0001".to_owned(),
        secret: "signed-secret-0001".to_owned(),
        token: token.map(str::to_owned),
    }
}

/// The signature of the old scheme, which the simulated cloud checks, over these parameters alone.
fn old(query: &[(String, String)]) -> String {
    rpc::signature("POST", query, &key(None).secret)
}

/// What the simulated cloud's check makes of the request as the clients would send it.
fn received(official: &Official) -> Result<(), String> {
    let query: Vec<(String, String)> = official.query.clone().into_iter().collect();
    let headers: Vec<(String, String)> = official.sent.clone().into_iter().collect();
    let received = v3::Received {
        method: "POST",
        path: "/",
        query: &query,
        headers: &headers,
        body: official.body.as_bytes(),
    };
    let checked = v3::verify(&received, |_| Some(key(None).secret));
    checked.map(drop).map_err(|refusal| refusal.to_string())
}
