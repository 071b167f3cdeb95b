//! What becomes of a call, by the way it is answered.

use rutter_engine::FaultClass;

use tokio::io::AsyncWriteExt as _;

use rutter_meaning::TransportError;
use rutter_meaning::table::{Comes, a_change, a_read, hold, rows};

use super::super::transport::{Request, Route};
use super::*;

/// Carries a call to a server that answers every request like this.
async fn carried(
    call: Call,
    reply: impl Fn() -> Reply + Send + Sync + 'static,
) -> (Outcome, usize) {
    let server = Server::start(move |_, _| reply()).await;
    let outcome = Bench::new(&server.address).carry(&call).await;
    (outcome, server.received().len())
}

/// How a server brings about what comes of a row; `None` where no server can.
fn reply_of(comes: &Comes) -> Option<Reply> {
    let begun = "HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{";
    Some(match comes {
        Comes::Answer(status, body) => Reply::Raw(format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )),
        Comes::Nothing(trouble) => match trouble {
            TransportError::NotSent { .. } => return None,
            TransportError::TimeOut {
                answering: false, ..
            } => Reply::Silence,
            TransportError::TimeOut {
                answering: true, ..
            } => Reply::Stalled(begun.to_owned()),
            TransportError::Broken {
                answering: false, ..
            } => Reply::Raw(String::new()),
            TransportError::Broken {
                answering: true, ..
            } => Reply::Raw(begun.to_owned()),
            TransportError::TooLarge { .. } => {
                Reply::Json(200, json!({ "Long": "x".repeat(8 * 1024) }))
            }
        },
    })
}

#[tokio::test]
async fn each_answer_over_a_network_means_what_the_table_says() {
    let table = rows();
    let servers = table.len();
    let mut held = 0;
    for row in table {
        if matches!(
            row.comes,
            Comes::Nothing(TransportError::NotSent {
                transient: true,
                ..
            })
        ) {
            // Nobody listens there.
            let bench = Bench::new("127.0.0.1:1");
            let read = bench.carry(&a_read("source")).await;
            hold(
                &row,
                "source",
                &read,
                &bench.carry(&a_change("source")).await,
            );
            held += 1;
        }
        if reply_of(&row.comes).is_none() {
            continue;
        }
        let comes = row.comes.clone();
        let reply = move || reply_of(&comes).expect("it was there before");
        let (read, _) = carried(a_read("source"), reply.clone()).await;
        let (change, _) = carried(a_change("source"), reply).await;
        hold(&row, "source", &read, &change);
        held += 1;
    }
    // All but the one in which the settings are wrong.
    assert_eq!(held, servers - 1);
}

#[tokio::test]
async fn a_good_answer_is_done_and_the_request_was_signed_for_where_it_went() {
    let server = Server::start(|_, _| Reply::Json(200, json!({"Role": {"RoleName": "r"}}))).await;
    let outcome = Bench::new(&server.address).carry(&create_role()).await;
    assert_eq!(done(outcome), json!({"Role": {"RoleName": "r"}}));
    let requests = server.received();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].signer(), "ak-source");
    assert_eq!(requests[0].header("host"), Some(server.address.as_str()));
    assert_eq!(
        requests[0].header("x-acs-date"),
        Some("2026-09-21T14:13:20Z")
    );
    assert_eq!(requests[0].parameter("RoleName"), Some("ram-for-dts"));
    let document: Value =
        serde_json::from_str(requests[0].parameter("AssumeRolePolicyDocument").unwrap()).unwrap();
    assert_eq!(document["Version"], "1");
}

#[tokio::test]
async fn what_the_api_takes_in_the_body_goes_there_signed() {
    let server = Server::start(|_, _| Reply::Json(200, json!({"Success": true}))).await;
    let objects = json!({"0": {"name": "a b&c", "all": true}});
    let parameters = json!({"DtsJobName": "job", "DbList": objects});
    let configure = call(Class::Change, "DTS", "ConfigureDtsJob", parameters);
    done(Bench::new(&server.address).carry(&configure).await);
    let request = &server.received()[0];
    request.signer();
    let form = rutter_contracts::wire::decode_pairs(std::str::from_utf8(&request.body).unwrap());
    assert_eq!(form.len(), 1);
    assert_eq!(serde_json::from_str::<Value>(&form[0].1).unwrap(), objects);
    assert_eq!(request.parameter("DtsJobName"), Some("job"));
}

#[tokio::test]
async fn an_action_that_the_table_does_not_know_is_sent_as_it_is() {
    let server = Server::start(|_, _| Reply::Json(200, json!({}))).await;
    let parameters = json!({"Name": "x", "List": [1, {"Key": true}], "Nothing": null});
    let unheard_of = call(Class::Change, "RAM", "InventSomething", parameters);
    done(Bench::new(&server.address).carry(&unheard_of).await);
    let request = &server.received()[0];
    request.signer();
    assert_eq!(request.parameter("List.2.Key"), Some("true"));
    assert_eq!(request.parameter("Nothing"), None);
}

#[tokio::test]
async fn throttling_is_refused_for_a_repeat_and_its_pause_is_kept() {
    let server = Server::start(|_, count| match count {
        0 => Reply::With(
            400,
            "x-acs-retry-after: 300\r\n".to_owned(),
            error("Throttling.User", "slow down"),
        ),
        _ => Reply::Json(200, json!({})),
    })
    .await;
    let bench = Bench::new(&server.address);
    let fault = refused(bench.carry(&create_role()).await);
    assert_eq!(
        (fault.class, fault.code.as_str()),
        (FaultClass::Retry, "Throttling.User")
    );
    let started = std::time::Instant::now();
    done(bench.carry(&create_role()).await);
    assert!(started.elapsed().as_millis() >= 280);
}

#[tokio::test]
async fn a_refusal_of_the_cloud_says_what_where_why_and_what_to_do() {
    let body = error("NoPermission", "You are not authorized to do this action.");
    let (outcome, _) = carried(create_role(), move || Reply::Json(403, body.clone())).await;
    let fault = refused(outcome);
    assert_eq!(
        (fault.class, fault.code.as_str()),
        (FaultClass::Fail, "NoPermission")
    );
    assert!(
        fault
            .message
            .starts_with("You are not authorized to do this action (RAM:CreateRole at 127.0.0.1:"),
        "{}",
        fault.message
    );
    assert_eq!(fault.request_id.as_deref(), Some("req-1"));
    assert!(fault.advice.is_some());
}

#[tokio::test]
async fn what_is_there_already_and_what_is_absent_are_told_apart() {
    let exists = error("EntityAlreadyExists.Role", "The role already exists.");
    let (outcome, _) = carried(create_role(), move || Reply::Json(409, exists.clone())).await;
    assert_eq!(refused(outcome).class, FaultClass::Exists);
    let absent = error("EntityNotExist.Role", "The role does not exist.");
    let (outcome, _) = carried(get_role(), move || Reply::Json(404, absent.clone())).await;
    assert_eq!(refused(outcome).class, FaultClass::Absent);
}

#[tokio::test]
async fn a_server_error_leaves_a_change_unknown_and_a_read_to_be_repeated() {
    let reply = || Reply::Json(500, error("InternalError", "failed"));
    let (outcome, _) = carried(create_role(), reply).await;
    let fault = unknown(outcome);
    assert_eq!(
        (fault.class, fault.code.as_str()),
        (FaultClass::LookFirst, "InternalError")
    );
    let (outcome, _) = carried(get_role(), reply).await;
    assert_eq!(unknown(outcome).class, FaultClass::Retry);
}

#[tokio::test]
async fn a_failure_inside_a_good_status_is_a_failure() {
    let body = json!({
        "Success": "false", "ErrCode": "InvalidParameter", "ErrMessage": "wrong: %s",
        "DynamicMessage": "DbList", "HttpStatusCode": 400, "RequestId": "req-2",
    });
    let start = call(
        Class::Change,
        "DTS",
        "StartDtsJob",
        json!({"DtsJobId": "j"}),
    );
    let (outcome, _) = carried(start, move || Reply::Json(200, body.clone())).await;
    let fault = refused(outcome);
    assert_eq!(fault.code, "InvalidParameter");
    assert!(
        fault
            .message
            .starts_with("wrong: DbList (DTS:StartDtsJob at "),
        "{}",
        fault.message
    );
}

#[tokio::test]
async fn garbage_leaves_a_change_unknown_whatever_its_status() {
    for status in [200, 403, 502] {
        let text = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n\r\n<html>not this</html>");
        let (outcome, _) = carried(create_role(), move || Reply::Raw(text.clone())).await;
        let fault = unknown(outcome);
        assert_eq!(
            (fault.class, fault.code.as_str()),
            (FaultClass::LookFirst, "rutter.answer-not-json")
        );
    }
}

#[tokio::test]
async fn half_an_answer_leaves_a_change_unknown() {
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"Role\": {\"RoleNa";
    let (outcome, count) = carried(create_role(), || Reply::Raw(text.to_owned())).await;
    assert_eq!(unknown(outcome).code, "rutter.answer-cut-off");
    assert_eq!(count, 1);
}

#[tokio::test]
async fn an_answer_that_never_comes_leaves_a_change_unknown_after_the_deadline() {
    let (outcome, count) = carried(create_role(), || Reply::Silence).await;
    let fault = unknown(outcome);
    assert_eq!(
        (fault.class, fault.code.as_str()),
        (FaultClass::LookFirst, "rutter.time-out")
    );
    assert!(
        fault
            .message
            .starts_with("there was no answer after 0.4 s (RAM:CreateRole at ")
    );
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_leaves_a_change_unknown_and_is_not_repeated() {
    let (outcome, count) = carried(create_role(), || Reply::Raw(String::new())).await;
    assert_eq!(unknown(outcome).code, "rutter.connection-broken");
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let text = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (outcome, count) = carried(create_role(), || Reply::Raw(text.to_owned())).await;
    assert_eq!(unknown(outcome).code, "rutter.answer-redirect");
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_huge_answer_is_cut_at_the_limit_that_the_error_names() {
    let reply = || Reply::Json(200, json!({"Text": "x".repeat(5000)}));
    let (outcome, _) = carried(create_role(), reply).await;
    assert_eq!(unknown(outcome).code, "rutter.limit.answer");
    let (outcome, _) = carried(get_role(), reply).await;
    let fault = refused(outcome);
    assert_eq!(
        (fault.class, fault.code.as_str()),
        (FaultClass::Fail, "rutter.limit.answer")
    );
    // Without a length that says so beforehand, too.
    let text = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}",
        "x".repeat(5000)
    );
    let (outcome, _) = carried(create_role(), move || Reply::Raw(text.clone())).await;
    assert_eq!(unknown(outcome).code, "rutter.limit.answer");
}

#[tokio::test]
async fn a_refused_connection_means_that_nothing_happened() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let fault = refused(Bench::new(&address).carry(&create_role()).await);
    assert_eq!(
        (fault.class, fault.code.as_str()),
        (FaultClass::Retry, "rutter.not-sent")
    );
    assert!(
        fault
            .message
            .contains(&format!("(RAM:CreateRole at {address})")),
        "{}",
        fault.message
    );
    assert!(fault.advice.unwrap().starts_with("nothing was sent"));
}

#[tokio::test]
async fn tls_that_does_not_come_about_means_that_nothing_happened() {
    for answers in [true, false] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            if answers {
                stream
                    .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    .await
                    .unwrap();
            } else {
                std::future::pending::<()>().await;
            }
        });
        let request = Request {
            method: "POST".to_owned(),
            url: format!("https://{address}").parse().unwrap(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let transport = Bench::new(&address).carrier.transport;
        let trouble = transport.send(request, Route::Named).await.unwrap_err();
        assert!(
            matches!(trouble, TransportError::NotSent { .. }),
            "{trouble:?}"
        );
        server.abort();
    }
}

#[tokio::test]
async fn all_pages_of_a_list_are_one_answer() {
    let server = Server::start(|request, _| {
        request.signer();
        match request.parameter("Marker") {
            None => Reply::Json(
                200,
                json!({"IsTruncated": true, "Marker": "m", "Roles": {"Role": [{"RoleName": "a"}]}}),
            ),
            Some(_) => Reply::Json(
                200,
                json!({"IsTruncated": false, "Roles": {"Role": [{"RoleName": "b"}]}}),
            ),
        }
    })
    .await;
    let mut list = call(Class::Read, "RAM", "ListRoles", json!({}));
    list.all_pages = true;
    let answer = done(Bench::new(&server.address).carry(&list).await);
    assert_eq!(
        answer["Roles"]["Role"],
        json!([{"RoleName": "a"}, {"RoleName": "b"}])
    );
    assert_eq!(answer["IsTruncated"], false);
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_page_that_fails_fails_the_list() {
    let server = Server::start(|_, count| match count {
        0 => Reply::Json(
            200,
            json!({"IsTruncated": true, "Marker": "m", "Roles": {"Role": []}}),
        ),
        _ => Reply::Json(400, error("Throttling", "slow down")),
    })
    .await;
    let mut list = call(Class::Read, "RAM", "ListRoles", json!({}));
    list.all_pages = true;
    let fault = refused(Bench::new(&server.address).carry(&list).await);
    assert_eq!(fault.class, FaultClass::Retry);
}
