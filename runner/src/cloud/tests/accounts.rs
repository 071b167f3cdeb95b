//! Accounts, the roles on top of them, and who they are.

use rutter_engine::{Account, FaultClass, Identity, RoleArn};

use super::*;

const ROLE: &str = "acs:ram::2222222222222222:role/r";

/// Plays STS: sessions number their keys, live an hour by the tests' clock and are good for anything.
fn sts(request: &Received, number: usize, start_ms: i64) -> Reply {
    let signer = request.signer();
    match request.action() {
        "AssumeRole" => {
            let expires = jiff::Timestamp::from_millisecond(start_ms + 3_600_000).unwrap();
            let id = format!("STS.{number}");
            let arn = request.parameter("RoleArn").unwrap();
            let label = request.parameter("RoleSessionName").unwrap();
            Reply::Json(
                200,
                json!({
                    "Credentials": {"AccessKeyId": id, "AccessKeySecret": format!("secret of {id}"),
                        "SecurityToken": format!("token of {id}"), "Expiration": expires.to_string()},
                    "AssumedRoleUser": {"Arn": format!("{arn}/{label}"), "AssumedRoleId": "1:x"},
                }),
            )
        }
        _ => {
            let token = request.header("x-acs-security-token");
            assert_eq!(token.is_some(), signer.starts_with("STS."));
            Reply::Json(
                200,
                json!({"Signer": signer, "AccountId": "1111111111111111", "Arn": "arn"}),
            )
        }
    }
}

fn assumed() -> Call {
    Call {
        account: account("assumed"),
        ..get_role()
    }
}

fn roles_assumed(server: &Server) -> Vec<String> {
    let received = server.received().into_iter();
    received
        .filter(|request| request.action() == "AssumeRole")
        .map(|request| request.signer())
        .collect()
}

#[tokio::test]
async fn a_profile_with_a_role_assumes_it_once_and_signs_with_its_session() {
    let server = Server::start(|request, number| sts(request, number, START_MS)).await;
    let bench = Bench::new(&server.address);
    for _ in 0..3 {
        let answer = done(bench.carry(&assumed()).await);
        assert_eq!(answer["Signer"], "STS.0");
    }
    assert_eq!(roles_assumed(&server), ["ak-source"]);
    let label = server.received()[0]
        .parameter("RoleSessionName")
        .unwrap()
        .to_owned();
    assert_eq!(label, "rutter-run-1");
}

#[tokio::test]
async fn many_calls_at_once_assume_a_role_once() {
    let server = Server::start(|request, number| sts(request, number, START_MS)).await;
    let bench = Arc::new(Bench::new(&server.address));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let bench = bench.clone();
        calls.spawn(async move { done(bench.carry(&assumed()).await) });
    }
    calls.join_all().await;
    assert_eq!(roles_assumed(&server).len(), 1);
}

#[tokio::test]
async fn a_session_is_renewed_five_minutes_before_it_ends() {
    let server = Server::start(|request, number| sts(request, number, START_MS)).await;
    let bench = Bench::new(&server.address);
    done(bench.carry(&assumed()).await);
    bench.wind(54 * 60 * 1000);
    done(bench.carry(&assumed()).await);
    assert_eq!(roles_assumed(&server).len(), 1);
    bench.wind(2 * 60 * 1000);
    done(bench.carry(&assumed()).await);
    assert_eq!(roles_assumed(&server).len(), 2);
}

#[tokio::test]
async fn a_session_that_the_cloud_refuses_is_renewed_once_and_the_call_sent_again() {
    let server = Server::start(|request, number| match (request.action(), number) {
        ("GetRole", 1) => Reply::Json(403, error("InvalidSecurityToken.Expired", "over")),
        _ => sts(request, number, START_MS),
    })
    .await;
    let answer = done(Bench::new(&server.address).carry(&assumed()).await);
    assert_eq!(answer["Signer"], "STS.2");

    let server = Server::start(|request, number| match request.action() {
        "AssumeRole" => sts(request, number, START_MS),
        _ => Reply::Json(403, error("InvalidSecurityToken.Expired", "over")),
    })
    .await;
    let fault = refused(Bench::new(&server.address).carry(&assumed()).await);
    assert_eq!(fault.class, FaultClass::Credential);
    assert_eq!(server.received().len(), 4);
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_means_that_the_call_was_not_sent() {
    let server = Server::start(|_, _| Reply::Json(500, error("InternalError", "failed"))).await;
    let change = Call {
        account: account("assumed"),
        ..create_role()
    };
    let fault = refused(Bench::new(&server.address).carry(&change).await);
    assert_eq!(fault.class, FaultClass::Retry);
    assert!(
        fault.message.contains("role/admin cannot be assumed"),
        "{}",
        fault.message
    );
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_step_that_assumes_a_role_learns_who_it_is_and_nothing_else() {
    let server = Server::start(|request, number| sts(request, number, START_MS)).await;
    let bench = Bench::new(&server.address);
    let assume = Call {
        target: Target::AssumeRole {
            arn: RoleArn::new(ROLE).unwrap(),
            session: "mine".to_owned(),
        },
        ..get_role()
    };
    let answer = done(bench.carry(&assume).await);
    assert_eq!(
        answer,
        json!({"id": "2222222222222222", "arn": format!("{ROLE}/mine")})
    );
    let as_role = Call {
        account: account(&format!("source>{ROLE}")),
        ..get_role()
    };
    assert_eq!(done(bench.carry(&as_role).await)["Signer"], "STS.0");
    assert_eq!(roles_assumed(&server).len(), 1);
}

#[tokio::test]
async fn roles_are_assumed_one_with_the_other() {
    let server = Server::start(|request, number| sts(request, number, START_MS)).await;
    let chain = Call {
        account: account(&format!("assumed>{ROLE}")),
        ..get_role()
    };
    let answer = done(Bench::new(&server.address).carry(&chain).await);
    assert_eq!(answer["Signer"], "STS.1");
    assert_eq!(roles_assumed(&server), ["ak-source", "STS.0"]);
}

#[tokio::test]
async fn an_account_that_is_not_bound_is_refused_here() {
    let server = Server::start(|_, _| Reply::Silence).await;
    let stranger = Call {
        account: account("stranger"),
        ..get_role()
    };
    let fault = refused(Bench::new(&server.address).carry(&stranger).await);
    assert_eq!(fault.code, "rutter.account.unbound");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn who_an_account_is_is_asked_again_where_the_cloud_is_busy() {
    let busy = |code: &str| json!({"Code": code, "Message": "later"});
    let server = Server::start(move |request, number| match number {
        0 => Reply::Json(400, busy("Throttling.User")),
        1 => Reply::Json(503, busy("ServiceUnavailable")),
        _ => sts(request, number, START_MS),
    })
    .await;
    let source = Principal::new("source").unwrap();
    let identity = Bench::new(&server.address).carrier.identify(&source).await;
    assert_eq!(identity.unwrap().id, "1111111111111111");
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn every_account_says_who_it_is_and_a_wrong_one_is_an_error() {
    let server = Server::start(|request, number| sts(request, number, START_MS)).await;
    let bench = Bench::new(&server.address);
    let planned = |expected: Option<&str>| Account {
        help: String::new(),
        profile: "env".to_owned(),
        region: "cn-hangzhou".to_owned(),
        expected_id: expected.map(str::to_owned),
    };
    let right = BTreeMap::from([("source".into(), planned(Some("1111111111111111")))]);
    let confirmed = bench.carrier.confirm(&right).await.unwrap();
    let identity = Identity {
        id: "1111111111111111".to_owned(),
        arn: "arn".to_owned(),
    };
    assert_eq!(confirmed["source"], identity);
    let wrong = BTreeMap::from([("source".into(), planned(Some("9999999999999999")))]);
    let faults = bench.carrier.confirm(&wrong).await.unwrap_err();
    assert_eq!(faults[0].code, "rutter.account.mismatch");
    assert_eq!(
        faults[0].message,
        "the account `source` should be 9999999999999999, but its profile `env` belongs to 1111111111111111 (arn)"
    );
}
