//! Sources of credentials that hang, lie or never stop talking: the built program ends in time, says where, why and what
//! to do, and shows nothing that it was told.

use std::time::Duration;

use rutter_tests::Bench;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

const RUNBOOK: &str = r#"
schema = 1
[runbook]
name = "night"
[accounts.owner]
help = "the only account"
[[steps]]
id = "policy"
uses = "create-policy"
account = "owner"
with.name = "policy"
with.document = { Version = "1", Statement = [{ Effect = "Allow", Action = "dts:*", Resource = "*" }] }
"#;

/// Three tries of five seconds with a second in between, and room for a machine that has much to do.
const LIMIT: Duration = Duration::from_secs(50);

/// So much would come if it were all read.
const FLOOD_MIB: usize = 500;

/// A server that behaves as badly as the last part of the path says.
struct Liar {
    address: String,
    task: JoinHandle<()>,
}

impl Liar {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port has an address");
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that has heard enough closes the connection.
                tokio::spawn(async move { lie(stream).await.ok() });
            }
        });
        Self {
            address: address.to_string(),
            task,
        }
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn lie(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let open = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
    match path.rsplit('/').next().unwrap_or_default() {
        "token" => {
            stream
                .write_all(format!("{open}planted-token").as_bytes())
                .await?
        }
        "hang" => tokio::time::sleep(LIMIT).await,
        "drip" => {
            stream.write_all(open.as_bytes()).await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        "flood" => {
            stream.write_all(open.as_bytes()).await?;
            let planted = b"planted ".repeat(1 << 17);
            for _ in 0..FLOOD_MIB {
                stream.write_all(&planted).await?;
            }
        }
        "ended" => {
            let keys = json!({"Code": "Success", "AccessKeyId": "planted-id", "AccessKeySecret": "planted-secret",
                "SecurityToken": "planted-token", "Expiration": "2020-01-01T00:00:00Z"});
            stream.write_all(format!("{open}{keys}").as_bytes()).await?;
        }
        "half" => {
            let keys = json!({"Code": "Success", "AccessKeyId": "planted-id"});
            stream.write_all(format!("{open}{keys}").as_bytes()).await?;
        }
        "moved" => {
            let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/?planted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(moved.as_bytes()).await?;
        }
        _ => {
            stream
                .write_all(format!("{open}<html>planted</html>").as_bytes())
                .await?
        }
    }
    stream.shutdown().await
}

/// A bad source: its profile, with `LIAR` for the server, and what the message says of cause and remedy.
fn sources() -> Vec<(&'static str, Value, [&'static str; 3])> {
    let machine = "the metadata service (100.100.100.200)";
    let metadata = |role: &str| json!({"mode": "EcsRamRole", "ram_role_name": role});
    let address = |path: &str| json!({"mode": "CredentialsURI", "credentials_uri": format!("http://LIAR/{path}")});
    let command = |words: &str| json!({"mode": "External", "process_command": words});
    let (instance, reach) = (
        "see that this machine is an ECS instance",
        "see that it can be reached and answers",
    );
    let alone =
        "run the command by itself: it has to print the credentials as JSON and to ask nothing";
    let (at, run) = ("the address at `127.0.0.1`", "the command `sh`");
    vec![
        (
            "metadata: page",
            metadata("page"),
            [
                machine,
                "its answer is no JSON, at line 1, column 1",
                instance,
            ],
        ),
        (
            "metadata: half",
            metadata("half"),
            [machine, "its answer has no `AccessKeySecret`", instance],
        ),
        (
            "metadata: ended",
            metadata("ended"),
            [machine, "those that it gives have ended", instance],
        ),
        (
            "metadata: flood",
            metadata("flood"),
            [machine, "its answer is larger than 65536 bytes", instance],
        ),
        (
            "metadata: hang",
            metadata("hang"),
            [machine, "it did not answer within 5 seconds", instance],
        ),
        (
            "metadata: drip",
            metadata("drip"),
            [machine, "it did not answer within 5 seconds", instance],
        ),
        (
            "address: page",
            address("page?key=planted"),
            [at, "its answer is no JSON, at line 1, column 1", reach],
        ),
        (
            "address: flood",
            address("flood"),
            [at, "its answer is larger than 65536 bytes", reach],
        ),
        (
            "address: moved",
            address("moved"),
            [
                at,
                "it answers 302 to `/moved`",
                "name the address that gives credentials by itself",
            ],
        ),
        (
            "command: rubbish",
            command("sh -c 'echo planted rubbish'"),
            [run, "its answer is no JSON, at line 1, column 1", alone],
        ),
        (
            "command: asks",
            command("sh -c 'read answer || exit 1; echo \"$answer\"'"),
            [run, "it failed, and said nothing", alone],
        ),
        (
            "command: asks at the terminal",
            command("sh -c 'read answer 2>/dev/null </dev/tty || exit 1'"),
            [run, "it failed", alone],
        ),
        (
            "command: flood",
            command("head -c 1G /dev/zero"),
            [
                "the command `head`",
                "it printed more than 65536 bytes",
                alone,
            ],
        ),
        (
            "command: flood that nobody stops",
            command("sh -c 'trap \"\" PIPE; while :; do echo planted; done'"),
            [run, "it printed more than 65536 bytes", alone],
        ),
        (
            "token: page",
            json!({"mode": "OIDC", "ram_role_arn": "acs:ram::1111111111111111:role/pod", "oidc_token_file": "FOLDER/token",
            "oidc_provider_arn": "acs:ram::1111111111111111:oidc-provider/cluster"}),
            [
                "STS (asked for acs:ram::1111111111111111:role/pod)",
                "its answer is no JSON, at line 1, column 1",
                "see that the token's file is fresh",
            ],
        ),
    ]
}

async fn play(name: &'static str, profile: Value, expected: [&'static str; 3]) {
    let mut bench = Bench::default();
    let liar = Liar::start().await;
    let mut profiles = json!({"profiles": [{"name": "p"}]});
    for (key, value) in profile.as_object().expect("a profile is an object") {
        profiles["profiles"][0][key] = value.clone();
    }
    let profiles = profiles.to_string().replace("LIAR", &liar.address);
    let profiles = profiles.replace("FOLDER", &bench.path().display().to_string());
    let folder = std::fs::create_dir(bench.path().join(".aliyun"));
    folder.expect("a folder can be made in the bench");
    bench.write(".aliyun/config.json", &profiles);
    bench.write("token", "planted-token-of-cluster");
    let settings = format!(
        "[endpoints]\nsts = \"http://{0}\"\nram = \"http://{0}\"\n",
        liar.address
    );
    let settings = bench.write("rutter.toml", &settings).display().to_string();
    let runbook = bench.write("night.toml", RUNBOOK).display().to_string();
    bench.set("HTTP_PROXY", format!("http://{}", liar.address));
    let account = "owner=p@cn-hangzhou";
    let run = ["run", &runbook, "--account", account, "--config", &settings];
    let ended = tokio::time::timeout(LIMIT, bench.run(&run)).await;
    let ended = ended.unwrap_or_else(|_| panic!("{name} does not end"));
    let said: Vec<_> = ended.stderr.split_whitespace().collect();
    let said = said.join(" ");
    assert_eq!(ended.code, Some(2), "{name}: {said}");
    let [source, cause, remedy] = expected;
    let place = format!("the account `owner`: {source} gives no credentials for the profile `p`: ");
    for part in [
        format!("{place}{cause}"),
        "state: nothing ran".to_owned(),
        format!("help: {remedy}"),
    ] {
        assert!(said.contains(&part), "{name} does not say `{part}`: {said}");
    }
    assert!(!said.contains("planted"), "{name}: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_sources_of_credentials_end_in_time_with_place_cause_and_remedy() {
    let mut playing = JoinSet::new();
    for (name, profile, expected) in sources() {
        playing.spawn(play(name, profile, expected));
    }
    // Each is played to its end, so that one run of the test shows all that is wrong.
    let mut failed = 0;
    while let Some(played) = playing.join_next().await {
        failed += usize::from(played.is_err());
    }
    assert_eq!(failed, 0, "see above");
}
