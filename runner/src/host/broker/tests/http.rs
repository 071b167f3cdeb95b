//! Requests by plain HTTP.

use rutter_engine::{Class, Repeat};
use rutter_meaning::RequestParts;
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_request_by_http_is_a_change_unless_the_manifest_says_read() {
    let permissions = "[[permissions]]\n\
        http = { host = \"a.example\", methods = [\"POST\"], path = \"/*\" }\nreason = \"r\"\n\
        [[permissions]]\n\
        http = { host = \"b.example\", methods = [\"POST\"], path = \"/*\", kind = \"read\" }\n\
        reason = \"r\"\n";
    let answer = json!({"status": 200, "headers": [["a", "b"]], "body": "aGk="});
    let mut scene = Scene::new(permissions, vec![Ok(answer)]);
    let response = scene
        .context
        .send(request("https://a.example/x"), None)
        .await;
    let response = response.unwrap().unwrap();
    assert_eq!((response.status, response.body), (200, b"hi".to_vec()));
    let _ = scene
        .context
        .send(request("https://b.example/x"), None)
        .await;
    let asked = scene.asked().await;
    assert_eq!(call_of(&asked[0]).class, Class::Change);
    assert_eq!(call_of(&asked[0]).repeat, Repeat::Never);
    assert_eq!(call_of(&asked[0]).account, None);
    assert_eq!(call_of(&asked[1]).class, Class::Read);
}

#[tokio::test]
async fn requests_that_leave_the_rails_are_refused_at_once() {
    let permissions = "[[permissions]]\n\
        http = { host = \"a.example\", methods = [\"POST\"], path = \"/*\" }\nreason = \"r\"\n";
    let mut scene = Scene::new(permissions, vec![]);
    let mut refused = Vec::new();
    for url in [
        "http://a.example/",
        "ftp://a.example/",
        "https://u:p@a.example/",
        "a",
    ] {
        refused.push(request(url));
    }
    for (name, value) in [
        ("Host", "b"),
        ("X\r\nY", "z"),
        ("X", "y\r\nHost: b"),
        ("", ""),
    ] {
        let header = (name.to_owned(), value.to_owned());
        refused.push(RequestParts {
            headers: vec![header],
            ..request("https://a.example/")
        });
    }
    for request in refused {
        let shown = format!("{request:?}");
        let answer = scene.context.send(request, None).await.unwrap();
        assert!(answer.is_err(), "{shown}");
    }
    assert!(scene.asked().await.is_empty());
}
