//! Steps that call services other than the cloud: named by the operator or refused, never sent in a
//! rehearsal, their secrets unseen, taken back.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use rutter_tests::Bench;

const TOKEN: &str = "VerySecretToken7";

/// What a service was asked, `POST /tickets {"title":…}`.
type Asked = Arc<Mutex<Vec<String>>>;

struct Service {
    address: String,
    asked: Asked,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Service {
    async fn start() -> Self {
        let asked = Asked::default();
        let router = Router::new().fallback(answer).with_state(asked.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        Self {
            address,
            asked,
            task,
        }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

async fn answer(
    State(asked): State<Asked>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> (StatusCode, String) {
    let text = String::from_utf8_lossy(&body);
    let line = format!("{method} {uri} {text}");
    asked
        .lock()
        .expect("nobody panics with it")
        .push(line.trim().to_owned());
    match (method.as_str(), uri.path()) {
        ("GET", "/ready") => (StatusCode::OK, "{\"ready\":\"yes\"}".to_owned()),
        ("POST", "/tickets") => (StatusCode::CREATED, "{\"id\":\"T-1\"}".to_owned()),
        ("DELETE", "/tickets/T-1") => (StatusCode::NO_CONTENT, String::new()),
        ("POST", "/hook") => (StatusCode::OK, "{\"errcode\":0}".to_owned()),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "broken".to_owned()),
    }
}

fn runbook(address: &str) -> String {
    format!(
        r#"
schema = 1
[runbook]
name = "services"

[inputs.token]
type = "secret"

[[steps]]
id = "ready"
uses = "http-request"
with.url = "http://{address}/ready"

[[steps]]
id = "ticket"
uses = "http-request"
with.method = "POST"
with.url = "http://{address}/tickets"
with.json = {{ title = "ready: {{{{ steps.ready.json.ready }}}}" }}
with.undo.url = "http://{address}/tickets/{{/id}}"

[[steps]]
id = "chat"
uses = "notify-webhook"
with.message = "ticket is open"
with.url = "http://{address}/hook?key={{token}}"
with.token = "{{{{ inputs.token }}}}"

[[steps]]
id = "broken_chat"
uses = "notify-webhook"
timeout = "3s"
on_failure = "continue"
with.message = "nobody reads this"
with.url = "http://{address}/broken"

[outputs]
ticket = "{{{{ steps.ticket.json.id }}}}"
"#
    )
}

/// A bench with the runbook, its world and its secret.
fn bench(service: &Service) -> (Bench, String) {
    let mut bench = Bench::default();
    bench.set("RUTTER_INPUT_TOKEN", TOKEN);
    let path = bench.write("services.toml", &runbook(&service.address));
    let world = "schema = 1\n[[http]]\nurl = \"*/ready\"\njson = { ready = \"scripted\" }\n\
                 [[http]]\nmethod = \"POST\"\nurl = \"*/tickets\"\nstatus = 201\njson = { id = \"T-0\" }\n";
    bench.write("services.world.toml", world);
    (bench, path.display().to_string())
}

#[tokio::test]
async fn a_rehearsal_sends_nothing_and_says_what_a_run_would_send() {
    let service = Service::start().await;
    let (bench, runbook) = bench(&service);
    let first = bench.run(&["rehearse", &runbook]).await;
    assert_eq!(first.code, Some(0), "{}\n{}", first.stdout, first.stderr);
    let told = &first.stdout;
    for part in [
        "Requests that a run would send".to_owned(),
        format!(
            "`ready` read: GET http://{}/ready: the world answers 200",
            service.address
        ),
        format!(
            "`ticket` change: POST http://{}/tickets: the world answers 201",
            service.address
        ),
        "`broken_chat` change: POST".to_owned(),
        "taken to have gone well, with an empty answer".to_owned(),
        format!("a run would refuse `{}`", service.address),
        "ticket = T-0".to_owned(),
        "`rutter undo` takes back every change".to_owned(),
    ] {
        assert!(told.contains(&part), "no `{part}` in\n{told}");
    }
    assert!(!told.contains(TOKEN));
    assert_eq!(bench.run(&["rehearse", &runbook]).await.stdout, *told);
    assert!(service.asked().is_empty(), "{:?}", service.asked());
}

#[tokio::test]
async fn what_a_service_would_answer_to_a_read_is_not_made_up() {
    let service = Service::start().await;
    let (bench, runbook) = bench(&service);
    let world = bench.write("nothing.world.toml", "schema = 1\n");
    let world = world.display().to_string();
    let ended = bench.run(&["rehearse", &runbook, "--world", &world]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    for part in [
        "rutter.not-rehearsed",
        "`[[http]]`",
        "what it would answer is not known",
    ] {
        assert!(
            ended.stdout.contains(part),
            "no `{part}` in\n{}",
            ended.stdout
        );
    }
}

#[tokio::test]
async fn a_host_that_the_settings_do_not_name_is_refused() {
    let service = Service::start().await;
    let (bench, runbook) = bench(&service);
    let ended = bench.run(&["run", &runbook]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    for part in [
        "rutter.denied",
        "under `[http]` in the settings",
        &service.address,
    ] {
        assert!(
            ended.stderr.contains(part),
            "no `{part}` in\n{}",
            ended.stderr
        );
    }
    assert!(service.asked().is_empty(), "{:?}", service.asked());
}

#[tokio::test]
async fn a_named_service_is_called_and_what_it_made_is_taken_back() {
    let service = Service::start().await;
    let (bench, runbook) = bench(&service);
    let settings = format!(
        "[http]\nhosts = [\"{0}\"]\nallow = [\"{0}\"]\n",
        service.address
    );
    let settings = bench.write("rutter.toml", &settings).display().to_string();
    let run = bench.run(&["run", &runbook, "--config", &settings]).await;
    assert_eq!(run.code, Some(0), "{}\n{}", run.stdout, run.stderr);
    assert_eq!(run.stdout, "ticket = \"T-1\"\n");
    let asked = service.asked();
    assert_eq!(
        asked[..3],
        [
            "GET /ready".to_owned(),
            "POST /tickets {\"title\":\"ready: yes\"}".to_owned(),
            format!(
                "POST /hook?key={TOKEN} {{\"msgtype\":\"text\",\"text\":{{\"content\":\"ticket is open\"}}}}"
            ),
        ]
    );
    assert!(asked.len() > 4, "a message is sent again: {asked:?}");

    let list = bench.run(&["list", "--config", &settings]).await;
    let id = list.stdout.split_whitespace().find(|word| word.len() == 8);
    let id = id.unwrap_or_else(|| panic!("{}", list.stdout)).to_owned();
    let records = bench
        .run(&["show", &id, "--records", "--config", &settings])
        .await;
    let json = bench
        .run(&["show", &id, "--json", "--config", &settings])
        .await;
    for text in [&run.stderr, &list.stdout, &records.stdout, &json.stdout] {
        assert!(
            !text.contains(TOKEN),
            "the token is nowhere to be seen:\n{text}"
        );
    }

    let undone = bench
        .run(&["undo", &id, "--yes", "--config", &settings])
        .await;
    assert_eq!(undone.code, Some(0), "{}", undone.stderr);
    let asked = service.asked();
    assert_eq!(
        asked.last().map(String::as_str),
        Some("DELETE /tickets/T-1")
    );
}
