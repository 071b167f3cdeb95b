//! The cloud's official clients against the simulated cloud: nobody here wrote them, so they do not share our mistakes.
//!
//! The Python beside this, `tests/clients/`, calls every simulated action and judges each answer by the typed models of
//! the clients; `tests/clients/README.md` says how to add a call.
#![expect(clippy::unwrap_used, reason = "a test that meets nothing fails there")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rutter_tests::{Bench, Cloud};
use tokio::process::Command;

const WORLD: &str = "tests/clients/world.toml";

/// The environment is made within five minutes or not at all; the calls take seconds.
const LIMIT: Duration = Duration::from_secs(480);

#[tokio::test]
async fn official_clients_are_understood_and_call_every_simulated_action() {
    let bench = Bench::default();
    let cloud = Cloud::start(&bench, WORLD).await;
    let python = environment().await;
    let ended = run(&python, &bench, &cloud).await;
    assert!(
        ended.0,
        "the official clients are not content:\n{}",
        ended.1
    );
    let uncalled = uncalled(&cloud).await;
    assert!(
        uncalled.is_empty(),
        "no official client was answered when it called {uncalled:?}; add a call to tests/clients/PRODUCT.py"
    );
}

/// Makes the virtual environment, or finds it made, and returns its interpreter.
async fn environment() -> PathBuf {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let made = Command::new(&python)
        .arg(Bench::top().join("tests/clients/frame/environment.py"))
        .arg(target())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let made = tokio::time::timeout(LIMIT, made)
        .await
        .expect("the environment of the official clients is made in time");
    let made = made.unwrap_or_else(|error| {
        panic!("`{python}` cannot be started ({error}); install CPython 3.11 or name it in PYTHON")
    });
    assert!(
        made.status.success(),
        "there is no environment of the official clients:\n{}",
        String::from_utf8_lossy(&made.stderr)
    );
    PathBuf::from(String::from_utf8(made.stdout).unwrap().trim_end())
}

/// Runs the clients' side; whether it was content, and what it says.
async fn run(python: &Path, bench: &Bench, cloud: &Cloud) -> (bool, String) {
    let ended = Command::new(python)
        .arg(Bench::top().join("tests/clients/run.py"))
        .arg(cloud.address())
        .args(["--missing", &known_and_not_simulated()])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", bench.path())
        // Neither the sources nor the environment, which others may be using, are written to.
        .env("PYTHONPYCACHEPREFIX", target().join("clients/cache"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ended = tokio::time::timeout(LIMIT, ended)
        .await
        .expect("the official clients come to an end")
        .unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (
        ended.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Bench::top().join("target"), PathBuf::from)
}

/// Names an action of each product that its contract has and the simulated cloud does not, as `ram:GetUser,…`; a product
/// of which everything is simulated is left out.
fn known_and_not_simulated() -> String {
    let simulated: BTreeSet<_> = rutter_simcloud::simulated().collect();
    let mut named = BTreeSet::new();
    let mut list = Vec::new();
    for action in rutter_contracts::actions() {
        if !simulated.contains(&(action.product, action.name.as_str()))
            && named.insert(action.product)
        {
            let product = action.product.to_ascii_lowercase().replace('-', "_");
            list.push(format!("{product}:{}", action.name));
        }
    }
    list.join(",")
}

/// Returns the simulated actions that were not called with success.
async fn uncalled(cloud: &Cloud) -> BTreeSet<String> {
    let called: BTreeSet<String> = cloud.answered().await.into_iter().collect();
    rutter_simcloud::simulated()
        .map(|(product, action)| format!("{product}:{action}"))
        .filter(|action| !called.contains(action))
        .collect()
}
