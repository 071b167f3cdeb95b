//! Credentials that a command prints: no shell, nothing to read from, a minute, and a bounded output.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use super::{Trouble, answer};
use crate::cloud::credentials::Credential;
use crate::secrets::Secrets;
use crate::settings::Environment;

/// A command that asks somebody, or hangs, ends after this.
const TIME_MAX: Duration = Duration::from_secs(60);
/// More than this is no key.
const OUTPUT_MAX: u64 = 64 * 1024;
/// So much of what a failed command complained of is shown.
const COMPLAINT_MAX: usize = 400;

pub(super) async fn ask(
    words: &[String],
    environment: &Environment,
    secrets: &Secrets,
) -> Result<Credential, Trouble> {
    ask_within(TIME_MAX, words, environment, secrets).await
}

async fn ask_within(
    time: Duration,
    words: &[String],
    environment: &Environment,
    secrets: &Secrets,
) -> Result<Credential, Trouble> {
    let output = tokio::time::timeout(time, run(words, environment));
    let late = |_| {
        Trouble::lasting(format!(
            "it did not end within {} seconds",
            time.as_secs_f32()
        ))
    };
    let (success, printed, complaint) = output.await.map_err(late)??;
    if !success {
        let complaint = secrets.redact_text(&String::from_utf8_lossy(&complaint));
        let complaint: String = complaint.chars().take(COMPLAINT_MAX).collect();
        let complaint = rutter_diagnostic::neutral::one_line(&complaint);
        return Err(Trouble::lasting(match complaint.as_str() {
            "" => "it failed, and said nothing".to_owned(),
            said => format!("it failed, and said: {said}"),
        }));
    }
    let answer = answer::json(&printed)?;
    let mode = answer["mode"].as_str().unwrap_or_default();
    if !matches!(mode, "" | "AK" | "StsToken") {
        return Err(Trouble::lasting(
            "the `mode` of its answer is neither `AK` nor `StsToken`",
        ));
    }
    let credential = answer::credential(&answer, answer::COMMAND)?;
    if mode == "StsToken" && credential.key.token.is_none() {
        return Err(Trouble::lasting("its answer has no `sts_token`"));
    }
    Ok(credential)
}

/// Runs the command to its end; dropped, it is killed.
async fn run(
    words: &[String],
    environment: &Environment,
) -> Result<(bool, Vec<u8>, Vec<u8>), Trouble> {
    let failed = |error: std::io::Error| Trouble::lasting(format!("it cannot be run: {error}"));
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // In a group of its own it cannot take what is typed at the terminal: a command that asks there is held up, and
    // given up when its time is over.
    #[cfg(unix)]
    command.process_group(0);
    environment.lend_to(&mut command);
    let mut child = command.spawn().map_err(failed)?;
    #[cfg(unix)]
    let mut group = Group(child.id());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    // Beside the output, or a command that complains at length would wait for a reader.
    let complaint = tokio::spawn(up_to_max(err));
    let printed = up_to_max(out).await;
    if printed.len() as u64 > OUTPUT_MAX {
        // It is not waited for: it may go on although nobody reads.
        return Err(Trouble::lasting(format!(
            "it printed more than {OUTPUT_MAX} bytes"
        )));
    }
    let complaint = complaint.await.unwrap_or_default();
    let status = child.wait().await.map_err(failed)?;
    // Its number may belong to somebody else from here on.
    #[cfg(unix)]
    {
        group.0 = None;
    }
    Ok((status.success(), printed, complaint))
}

/// A command with whatever it started; dropped before its end, all of it is killed.
#[cfg(unix)]
struct Group(Option<u32>);

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        let number = self.0.and_then(|number| i32::try_from(number).ok());
        if let Some(group) = number.and_then(rustix::process::Pid::from_raw) {
            // One that has ended in the meantime needs no signal.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::Kill);
        }
    }
}

/// Reads as much as is allowed and a byte more, and closes the pipe.
async fn up_to_max(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(OUTPUT_MAX + 1).read_to_end(&mut bytes).await.ok();
    }
    bytes
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn said(script: &str) -> String {
        let words = ["sh", "-c", script].map(str::to_owned);
        let environment = Environment::given([("PATH", "/usr/bin:/bin"), ("RUTTER_INPUT_A", "x")]);
        let secrets = Secrets::new("run-1", None).expect("the system gives random numbers");
        secrets.hide(&crate::secrets::SecretText::new("planted-secret-1"));
        let asked = ask_within(Duration::from_secs(2), &words, &environment, &secrets).await;
        match asked {
            Ok(credential) => credential.key.id,
            Err(trouble) => trouble.what,
        }
    }

    #[tokio::test]
    async fn what_a_command_started_ends_with_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("late");
        let script = format!("(sleep 4; touch {}) & wait", file.display());
        assert_eq!(said(&script).await, "it did not end within 2 seconds");
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(!file.exists());
    }

    #[tokio::test]
    async fn a_command_prints_a_key_or_is_said_to_have_done_what_it_did() {
        let key =
            r#"{"mode":"StsToken","access_key_id":"id-1","access_key_secret":"s","sts_token":"t"}"#;
        for (script, expected) in [
            (format!("echo '{key}'"), "id-1"),
            (
                "echo rubbish planted-secret-2".to_owned(),
                "its answer is no JSON, at line 1, column 1",
            ),
            (
                "echo '{\"mode\":\"AK\",\"access_key_id\":\"a\"}'".to_owned(),
                "its answer has no `access_key_secret`",
            ),
            (
                "echo '{\"mode\":\"StsToken\",\"access_key_id\":\"a\",\"access_key_secret\":\"b\"}'"
                    .to_owned(),
                "its answer has no `sts_token`",
            ),
            (
                "echo '{\"mode\":\"RamRoleArn\"}'".to_owned(),
                "the `mode` of its answer is neither `AK` nor `StsToken`",
            ),
            ("exit 3".to_owned(), "it failed, and said nothing"),
            (
                "echo no planted-secret-1 here >&2; exit 1".to_owned(),
                "it failed, and said: no [hidden] here",
            ),
            (
                "read answer && echo \"$answer\" || exit 1".to_owned(),
                "it failed, and said nothing",
            ),
            ("sleep 30".to_owned(), "it did not end within 2 seconds"),
            (
                "head -c 100000 /dev/zero".to_owned(),
                "it printed more than 65536 bytes",
            ),
            (
                "trap '' PIPE; while :; do echo planted-secret-3; done".to_owned(),
                "it printed more than 65536 bytes",
            ),
            (
                "test -z \"$RUTTER_INPUT_A\" && echo none >&2; exit 1".to_owned(),
                "it failed, and said: none",
            ),
        ] {
            assert_eq!(said(&script).await, expected, "{script}");
        }
    }
}
