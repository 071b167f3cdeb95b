//! Who does not look is told: of a question, a failure, an end; once, and never in the way of the run.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use rutter_tests::{Bench, Ended};
use serde_json::Value;

const RUNBOOK: &str = r#"
schema = 1

[runbook]
name = "night"

[[steps]]
id = "gate"
uses = "approve"
with.message = "Have the writers stopped?"

[[steps]]
id = "true"
uses = "assert"
with.that = true
"#;

/// What a listener got: the address's path and query, and the body.
type Got = Arc<Mutex<Vec<(String, Value)>>>;

#[derive(Clone)]
struct Chat {
    got: Got,
    /// What it answers, the first first; then always the last.
    answers: Arc<Mutex<Vec<(u16, &'static str)>>>,
}

/// A chat on loopback that answers so; it ends with the test.
async fn chat(answers: &[(u16, &'static str)]) -> (String, Got) {
    let chat = Chat {
        got: Got::default(),
        answers: Arc::new(Mutex::new(answers.to_vec())),
    };
    let got = chat.got.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("a bound port has an address");
    let router = Router::new().fallback(listen).with_state(chat);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (
        format!("http://{address}/robot/send?access_token=of-the-robot"),
        got,
    )
}

async fn listen(State(chat): State<Chat>, uri: Uri, body: String) -> (StatusCode, &'static str) {
    let body = serde_json::from_str(&body).expect("JSON");
    chat.got
        .lock()
        .expect("no panic")
        .push((uri.to_string(), body));
    let mut answers = chat.answers.lock().expect("no panic");
    let (status, body) = match answers.len() {
        1 => answers[0],
        _ => answers.remove(0),
    };
    (StatusCode::from_u16(status).expect("a status"), body)
}

fn texts(got: &Got) -> Vec<String> {
    let got = got.lock().expect("no panic");
    let text = |body: &Value| {
        let text = body["text"]["content"].as_str().or(body["text"].as_str());
        text.or(body["content"]["text"].as_str())
            .unwrap_or_default()
            .to_owned()
    };
    got.iter().map(|(_, body)| text(body)).collect()
}

fn run_of(ended: &Ended) -> String {
    let (before, _) = ended
        .stderr
        .split_once(" of night started")
        .expect("it began");
    before.rsplit(' ').next().expect("it has an id").to_owned()
}

/// A bench with listeners in its settings: name, kind, address, secret.
fn bench(listeners: &[(&str, &str, &str, bool)]) -> (Bench, String, String) {
    let mut bench = Bench::default();
    let mut settings = String::new();
    for (name, kind, url, signed) in listeners {
        let variable = format!("{}_URL", name.to_uppercase());
        settings.push_str(&format!(
            "[notify.{name}]\nkind = \"{kind}\"\nurl_env = \"{variable}\"\n"
        ));
        bench.set(&variable, *url);
        if *signed {
            settings.push_str("secret_env = \"ROBOT_SECRET\"\n");
        }
    }
    bench.set("ROBOT_SECRET", "SEC-of-the-robot");
    let settings = bench.write("rutter.toml", &settings).display().to_string();
    let runbook = bench.write("night.toml", RUNBOOK).display().to_string();
    (bench, settings, runbook)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_and_an_end_are_told_once_each_over_resumes_and_signed() {
    // The first try of each listener is lost.
    let (ding, at_ding) = chat(&[(502, ""), (200, r#"{"errcode":0,"errmsg":"ok"}"#)]).await;
    let (plain, at_plain) = chat(&[(204, "")]).await;
    let (bench, settings, runbook) = bench(&[
        ("team", "dingtalk", &ding, true),
        ("pager", "webhook", &plain, false),
    ]);
    let begun = bench.run(&["run", &runbook, "--config", &settings]).await;
    assert_eq!(begun.code, Some(4), "{begun:?}");
    let run = run_of(&begun);
    let asked = texts(&at_ding);
    assert_eq!(asked.len(), 2, "tried again: {asked:?}");
    assert_eq!(asked[0], asked[1]);
    let command = format!("rutter approve {run} gate");
    assert!(
        asked[0].starts_with(&format!("rutter: run {run} of night")),
        "{asked:?}"
    );
    assert!(
        asked[0].contains("Have the writers stopped?") && asked[0].contains(&command),
        "{asked:?}"
    );
    assert_eq!(texts(&at_plain).len(), 1);

    let again = bench.run(&["resume", &run, "--config", &settings]).await;
    assert_eq!(again.code, Some(4), "{again:?}");
    assert_eq!(
        texts(&at_plain).len(),
        1,
        "the same question is not told again"
    );
    let done = bench
        .run(&["resume", &run, "--approve", "gate", "--config", &settings])
        .await;
    assert_eq!(done.code, Some(0), "{done:?}");
    let told = texts(&at_plain);
    assert_eq!(told.len(), 2, "{told:?}");
    let got = at_ding.lock().expect("no panic").clone();
    for (address, body) in got {
        assert!(
            address.contains("access_token=of-the-robot&timestamp="),
            "{address}"
        );
        assert!(address.contains("&sign="), "{address}");
        let all = format!("{body}");
        assert!(
            !all.contains("SEC-of") && !all.contains("Very-Secret"),
            "{all}"
        );
    }
    for ended in [begun, again, done] {
        assert!(!ended.stderr.contains("of-the-robot"), "{}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_refuses_is_named_at_the_end_and_does_not_stop_the_run() {
    let (ding, _) = chat(&[(200, r#"{"errcode":310000,"errmsg":"sign not match"}"#)]).await;
    let (feishu, at_feishu) = chat(&[(200, r#"{"code":0,"msg":"success"}"#)]).await;
    let (bench, settings, runbook) = bench(&[
        ("team", "dingtalk", &ding, true),
        ("night", "feishu", &feishu, true),
    ]);
    let ended = bench
        .run(&["run", &runbook, "--approve", "gate", "--config", &settings])
        .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stderr.contains("`[notify.team]` was not told of run"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("310000: sign not match"),
        "{}",
        ended.stderr
    );
    let told = texts(&at_feishu);
    assert!(told.iter().any(|text| text.contains("done")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_a_rehearsal_and_nothing_runs_without_an_address() {
    let (plain, at_plain) = chat(&[(204, "")]).await;
    let (mut bench, settings, runbook) = bench(&[("pager", "webhook", &plain, false)]);
    let world = bench
        .write("night.world.toml", "schema = 1\n")
        .display()
        .to_string();
    let rehearsed = bench
        .run(&[
            "rehearse", &runbook, "--world", &world, "--config", &settings,
        ])
        .await;
    assert_eq!(rehearsed.code, Some(0), "{rehearsed:?}");
    assert!(texts(&at_plain).is_empty());
    bench.set("PAGER_URL", "");
    let refused = bench.run(&["run", &runbook, "--config", &settings]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let said = "`[notify.pager]` cannot be used: the variable `PAGER_URL` is not set";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
}
