//! What a person sees of a run while it is under way, read from a real terminal.

use std::time::Duration;

use rutter_tests::{Bench, Cloud, ONE_ACCOUNT, Terminal};
use tokio::net::TcpListener;

/// A step that hangs, one that waits, and one that asks, all at once, with a Chinese title.
const RUNBOOK: &str = r#"
schema = 1

[runbook]
name = "night"

[accounts.owner]
help = "the only account"

[[steps]]
id = "policy"
title = "创建迁移所需的权限策略"
uses = "create-policy"
account = "owner"
with.name = "migration"
with.document = { Version = "1", Statement = [{ Effect = "Allow", Action = "dts:*", Resource = "*" }] }

[[steps]]
id = "rest"
title = "Wait for the copies to settle"
uses = "pause"
needs = []
with.for = "1h"

[[steps]]
id = "gate"
title = "Stop the writers"
uses = "approve"
needs = []
with.message = "Have all clients of the old database stopped writing, and has everybody who is on call tonight been told so?"
"#;

/// Long enough for what takes ten seconds, on a machine that does something else.
const LONG: Duration = Duration::from_secs(60);

/// A simulated cloud, and RAM at an address that takes connections and never answers.
async fn night() -> (Bench, Cloud, TcpListener, Vec<String>) {
    let mut bench = Bench::default();
    let world = bench
        .write("night.world.toml", ONE_ACCOUNT)
        .display()
        .to_string();
    let cloud = Cloud::start(&bench, &world).await;
    let deaf = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let ram = deaf.local_addr().expect("a bound port has an address");
    let settings = format!(
        "[endpoints]\nsts = \"http://{}\"\nram = \"http://{ram}\"\n",
        cloud.address()
    );
    let settings = bench.write("rutter.toml", &settings).display().to_string();
    let runbook = bench.write("night.toml", RUNBOOK).display().to_string();
    bench.set("RUTTER_PROFILE_OWNER_ACCESS_KEY_ID", "LTAI-owner");
    bench.set("RUTTER_PROFILE_OWNER_ACCESS_KEY_SECRET", "of-owner");
    bench.set("TZ", "Asia/Shanghai");
    let rehearsed = bench.run(&["rehearse", &runbook, "--world", &world]).await;
    assert_eq!(rehearsed.code, Some(0), "{rehearsed:?}");
    let arguments = ["run", &runbook, "--account", "owner=owner@cn-hangzhou"];
    let arguments = arguments.iter().map(|one| (*one).to_owned());
    let arguments = arguments.chain(["--config".to_owned(), settings]).collect();
    (bench, cloud, deaf, arguments)
}

/// The screen once everything is on it that this run ever shows.
fn all_of_it(terminal: &Terminal) -> Vec<String> {
    let wanted = |screen: &str| {
        let screen: String = screen.split_whitespace().collect();
        // Ten columns have room for the end of the line where a person types.
        screen.contains("hasnoanswerfor") && screen.contains("/N]")
    };
    terminal.shows(wanted, LONG)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_seen_whole_at_every_width() {
    let (bench, _cloud, _deaf, arguments) = night().await;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    tokio::task::block_in_place(|| {
        let widths = [10, 40, 80, 200];
        let terminals = widths.map(|columns| Terminal::start_wide(&bench, &arguments, columns));
        for (columns, terminal) in widths.into_iter().zip(&terminals) {
            let screen = all_of_it(terminal);
            let words: String = screen.join("").split_whitespace().collect();
            // Where one word fills a line there is no room for all of it.
            let room = columns > 10;
            for text in [
                "night:0of3steps",
                "left(",
                "Asia/Shanghai",
                "创建迁移所需的权限策略",
                "Wait for the copies to settle",
                "waits, 1",
                "question1",
                "Have all clients",
            ]
            .into_iter()
            .filter(|_| room)
            {
                let text: String = text.split_whitespace().collect();
                assert!(words.contains(&text), "`{text}`:\n{}", screen.join("\n"));
            }
            let asked = words.matches("toldso?").count();
            assert_eq!(asked, usize::from(room), "once:\n{}", screen.join("\n"));
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_stays_true_when_it_is_resized_after_an_answer_and_after_a_resume() {
    let (bench, _cloud, _deaf, arguments) = night().await;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    tokio::task::block_in_place(|| {
        let mut terminal = Terminal::start_wide(&bench, &arguments, 80);
        terminal.shows(|screen| screen.contains("[y/N]"), LONG);
        terminal.resize(40);
        let screen = terminal.shows(
            |screen| screen.contains("left (") && !screen.contains('░'),
            LONG,
        );
        assert_eq!(bars(&screen), 1, "{}", screen.join("\n"));
        terminal.send("y\r", Duration::ZERO);
        let screen = terminal.shows(|screen| screen.contains("1 of 3 steps"), LONG);
        let below = screen.join("\n");
        let below = below.split("1 of 3 steps").nth(1).unwrap_or_default();
        assert!(!below.contains("gate"), "it is answered: {below}");
        let run = run_of(&terminal);
        drop(terminal);
        let settings = arguments[arguments.len() - 1];
        let resume = ["resume", &run, "--config", settings];
        let terminal = Terminal::start_wide(&bench, &resume, 80);
        let wanted = |screen: &str| screen.contains("1 of 3 steps") && screen.contains("rest Wait");
        let screen = terminal.shows(wanted, LONG);
        assert_eq!(bars(&screen), 1, "{}", screen.join("\n"));
    });
}

/// How many lines there are for the run.
fn bars(screen: &[String]) -> usize {
    let lines = screen.iter().filter(|line| line.contains("of 3"));
    lines.count()
}

/// The id of the run that a terminal says was started.
fn run_of(terminal: &Terminal) -> String {
    let text = terminal.text();
    let (_, after) = text.split_once("run ").expect("it was started");
    let id = after.split_whitespace().next().expect("it has an id");
    id.to_owned()
}
