//! Figures as ratios of one run: `make bench`. They assert nothing, because machines differ; what is
//! printed is what counts.
#![expect(clippy::print_stdout, reason = "the figures are the answer")]

use std::io::Write as _;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rutter_tests::Bench;

const ME: &str = r#"{"AccountId":"1111111111111111","Arn":"acs:ram::1111111111111111:root","IdentityType":"Account","PrincipalId":"1","UserId":"1","RequestId":"r"}"#;
const ABSENT: &str =
    r#"{"Code":"EntityNotExist.Policy","Message":"no such policy","RequestId":"r"}"#;
const CREATED: &str =
    r#"{"Policy":{"PolicyName":"p","PolicyType":"Custom","DefaultVersion":"v1"},"RequestId":"r"}"#;

/// A cloud that answers three actions, `delay` after it was asked.
async fn cloud(delay: Duration) -> String {
    let answer = move |request: Request| async move {
        let action = request.headers().get("x-acs-action").cloned();
        tokio::time::sleep(delay).await;
        let json = [("content-type", "application/json")];
        let response: Response = match action.as_ref().and_then(|action| action.to_str().ok()) {
            Some("GetPolicy") => (StatusCode::NOT_FOUND, json, ABSENT).into_response(),
            Some("CreatePolicy") => (json, CREATED).into_response(),
            _ => (json, ME).into_response(),
        };
        response
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound port has an address")
        .to_string();
    let router = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn bench_with(address: &str) -> (Bench, String) {
    let mut bench = Bench::without_code();
    bench.set("RUTTER_PROFILE_A_ACCESS_KEY_ID", "LTAI-bench");
    bench.set("RUTTER_PROFILE_A_ACCESS_KEY_SECRET", "good-for-nothing");
    let settings = format!("[endpoints]\nsts = \"http://{address}\"\nram = \"http://{address}\"\n");
    let settings = bench.write("rutter.toml", &settings);
    let settings = settings
        .to_str()
        .expect("a temporary path is text")
        .to_owned();
    (bench, settings)
}

async fn timed_run(bench: &Bench, settings: &str, runbook: &str) -> Duration {
    let runbook = bench.write("bench.toml", runbook);
    let runbook = runbook.to_str().expect("a temporary path is text");
    let account = "--account";
    let began = Instant::now();
    let ended = bench
        .run(&[
            "-q",
            "run",
            runbook,
            account,
            "a=a@cn-hangzhou",
            "--config",
            settings,
        ])
        .await;
    let took = began.elapsed();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    took
}

const HEAD: &str = "schema = 1\n[runbook]\nname = \"bench\"\ntitle = \"Bench\"\n[accounts.a]\nhelp = \"an account\"\n";

fn one_step() -> String {
    format!("{HEAD}[[steps]]\nid = \"who\"\nuses = \"check-account\"\naccount = \"a\"\n")
}

/// Each step reads once and changes once.
fn steps_in_sequence(count: usize) -> String {
    use std::fmt::Write as _;
    let mut text = HEAD.to_owned();
    for number in 0..count {
        write!(
            text,
            "[[steps]]\nid = \"s{number}\"\nuses = \"create-policy\"\naccount = \"a\"\nwith.name = \"p{number}\"\n\
             with.document.Version = \"1\"\nwith.document.Statement = [{{ Effect = \"Allow\", Action = \"ecs:Describe*\", Resource = \"*\" }}]\n"
        )
        .expect("a String takes all text");
    }
    text
}

fn steps_at_once(count: usize) -> String {
    let items: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    format!(
        "{HEAD}[[steps]]\nid = \"who\"\nuses = \"check-account\"\naccount = \"a\"\nfor_each = [{}]\n",
        items.join(", ")
    )
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: `make bench`"]
async fn start_to_first_step() {
    let (bench, settings) = bench_with(&cloud(Duration::ZERO).await);
    let cold = timed_run(&bench, &settings, &one_step()).await;
    let mut warm: Vec<Duration> = Vec::new();
    for _ in 0..9 {
        warm.push(timed_run(&bench, &settings, &one_step()).await);
    }
    warm.sort();
    let warm = warm[warm.len() / 2];
    println!(
        "one-step run, whole process: {cold:.1?} with an empty code cache, {warm:.1?} warm, ratio {:.2}",
        cold.as_secs_f64() / warm.as_secs_f64()
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: `make bench`"]
async fn a_thousand_changes_in_sequence() {
    const STEPS: usize = 1_000;
    let address = cloud(Duration::ZERO).await;
    let (bench, settings) = bench_with(&address);
    let start = timed_run(&bench, &settings, &one_step()).await;
    let took = timed_run(&bench, &settings, &steps_in_sequence(STEPS)).await;
    let step = took.saturating_sub(start) / 1_000;
    let sync = median(200, || {
        let file = bench.path().join("floor");
        let mut file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(file)
            .expect("a file");
        let began = Instant::now();
        file.write_all(&[b'x'; 1_024]).expect("room on the disk");
        file.sync_data().expect("a disk");
        began.elapsed()
    });
    let client = rutter_tests::client();
    let mut trips = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        let answer = client
            .post(format!("http://{address}/"))
            .send()
            .await
            .expect("an answer");
        answer.bytes().await.expect("a whole answer");
        trips.push(began.elapsed());
    }
    trips.sort();
    let trip = trips[100];
    let floor = sync + trip * 2;
    println!(
        "1,000 steps in sequence: {step:.0?} a step (one read, one recorded change); floor {floor:.0?} = sync {sync:.0?} \
         + 2 round trips of {trip:.0?}; ratio {:.2}",
        step.as_secs_f64() / floor.as_secs_f64()
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: `make bench`"]
async fn a_thousand_waiting_at_once() {
    const STEPS: usize = 1_000;
    let address = cloud(Duration::from_millis(100)).await;
    let (bench, settings) = bench_with(&address);
    let start = timed_run(&bench, &settings, &one_step()).await;
    let took = timed_run(&bench, &settings, &steps_at_once(STEPS)).await;
    let took = took.saturating_sub(start) + Duration::from_millis(100);
    let client = rutter_tests::client();
    let began = Instant::now();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..STEPS {
        let (client, url) = (client.clone(), format!("http://{address}/"));
        calls.spawn(async move {
            client
                .post(url)
                .send()
                .await
                .expect("an answer")
                .bytes()
                .await
        });
    }
    while calls.join_next().await.is_some() {}
    let bare = began.elapsed();
    println!(
        "1,000 steps at once, each waiting 100 ms: {took:.0?}; the bare client: {bare:.0?}; ratio {:.2}",
        took.as_secs_f64() / bare.as_secs_f64()
    );
}

fn median(count: usize, mut measure: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..count).map(|_| measure()).collect();
    times.sort();
    times[count / 2]
}
