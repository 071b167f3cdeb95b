//! What each kind of listener is sent, and what its answer means. A chat may answer 200 and refuse all the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::event::Event;
use crate::secrets::SecretText;
use crate::settings::NotifyKind;

/// A request: POST with JSON.
pub(super) struct Message {
    pub(super) url: Url,
    pub(super) body: Value,
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Trying again may help.
    Busy(String),
    /// It does not.
    Final(String),
}

/// The message for an event. `now_ms` is the instant by this machine's clock; a robot refuses what is an hour off.
pub(super) fn message(
    kind: NotifyKind,
    url: &Url,
    secret: Option<&SecretText>,
    event: &Event,
    text: &str,
    now_ms: i64,
) -> Message {
    let mut url = url.clone();
    let body = match kind {
        NotifyKind::Dingtalk => {
            if let Some(secret) = secret {
                let signed = format!("{now_ms}\n{}", secret.expose());
                let sign = hmac_base64(secret.expose().as_bytes(), signed.as_bytes());
                url.query_pairs_mut()
                    .append_pair("timestamp", &now_ms.to_string())
                    .append_pair("sign", &sign);
            }
            json!({ "msgtype": "text", "text": { "content": text } })
        }
        NotifyKind::Feishu => {
            let mut body = json!({ "msg_type": "text", "content": { "text": text } });
            if let Some(secret) = secret {
                let seconds = now_ms / 1_000;
                let key = format!("{seconds}\n{}", secret.expose());
                body["timestamp"] = seconds.to_string().into();
                body["sign"] = hmac_base64(key.as_bytes(), b"").into();
            }
            body
        }
        NotifyKind::Slack => json!({ "text": text }),
        NotifyKind::Webhook => json!({
            "event": event.kind.name(),
            "run": event.run,
            "runbook": event.runbook,
            "text": text,
        }),
    };
    Message { url, body }
}

fn hmac_base64(key: &[u8], text: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What an answer means.
pub(super) fn judge(kind: NotifyKind, status: u16, body: &str) -> Result<(), Refusal> {
    if status == 429 || status >= 500 {
        return Err(Refusal::Busy(format!("it answered with HTTP {status}")));
    }
    if !(200..300).contains(&status) {
        return Err(Refusal::Final(format!("it answered with HTTP {status}")));
    }
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let said = |code: &str, text: &str| {
        let text = value[text].as_str().unwrap_or_default();
        format!("it refused with {code}: {text}")
    };
    match kind {
        NotifyKind::Dingtalk => match value["errcode"].as_i64() {
            Some(0) => Ok(()),
            // Too many messages in a minute.
            Some(code @ (-1 | 130_101 | 410_100)) => {
                Err(Refusal::Busy(said(&code.to_string(), "errmsg")))
            }
            Some(code) => Err(Refusal::Final(said(&code.to_string(), "errmsg"))),
            None => Err(not_a_robot()),
        },
        NotifyKind::Feishu => {
            let code = value["code"].as_i64().or(value["StatusCode"].as_i64());
            match code {
                Some(0) => Ok(()),
                Some(code @ (9_499 | 11_232)) => Err(Refusal::Busy(said(&code.to_string(), "msg"))),
                Some(code) => Err(Refusal::Final(said(&code.to_string(), "msg"))),
                None => Err(not_a_robot()),
            }
        }
        NotifyKind::Slack if body.trim() != "ok" => Err(not_a_robot()),
        NotifyKind::Slack | NotifyKind::Webhook => Ok(()),
    }
}

fn not_a_robot() -> Refusal {
    Refusal::Final("its answer is not that of such a robot: check the address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::NotifyEvent;

    fn event() -> Event {
        Event {
            key: "7".to_owned(),
            kind: NotifyEvent::Question,
            run: "7f3cab12".to_owned(),
            runbook: "shop".to_owned(),
            text: "gate: asks: Go on?".to_owned(),
        }
    }

    fn sent(kind: NotifyKind, secret: Option<&str>) -> (String, Value) {
        let url = Url::parse("https://robot.example.com/send?access_token=t").unwrap();
        let secret = secret.map(SecretText::new);
        let message = message(
            kind,
            &url,
            secret.as_ref(),
            &event(),
            "text",
            1_700_000_000_123,
        );
        (message.url.to_string(), message.body)
    }

    #[test]
    fn robots_are_sent_what_they_read_and_signed_as_they_check_it() {
        let (url, body) = sent(NotifyKind::Dingtalk, Some("SECabc"));
        // By `printf '1700000000123\nSECabc' | openssl dgst -sha256 -hmac SECabc -binary | base64`.
        assert_eq!(
            url,
            "https://robot.example.com/send?access_token=t&timestamp=1700000000123&sign=IqXBU%2FaLfwMA3S%2FtDcfRmHx5vWHw9Y1aOgFLBr1Ti9w%3D"
        );
        assert_eq!(
            body,
            json!({ "msgtype": "text", "text": { "content": "text" } })
        );
        let (url, body) = sent(NotifyKind::Feishu, Some("abc"));
        assert_eq!(url, "https://robot.example.com/send?access_token=t");
        assert_eq!(body["timestamp"], "1700000000");
        // By `printf '' | openssl dgst -sha256 -hmac "$(printf '1700000000\nabc')" -binary | base64`.
        assert_eq!(body["sign"], "VIS10b0EBvzzSdFnuk4tznEmK5wHaruvf/WnViv2yR4=");
        let (_, body) = sent(NotifyKind::Slack, None);
        assert_eq!(body, json!({ "text": "text" }));
        let (_, body) = sent(NotifyKind::Webhook, None);
        assert_eq!(body["event"], "question");
        assert_eq!(body["run"], "7f3cab12");
    }

    #[test]
    fn an_answer_of_200_may_be_a_refusal() {
        use NotifyKind::{Dingtalk, Feishu, Slack, Webhook};
        let refused = |kind, body| matches!(judge(kind, 200, body), Err(Refusal::Final(_)));
        assert_eq!(
            judge(Dingtalk, 200, r#"{"errcode":0,"errmsg":"ok"}"#),
            Ok(())
        );
        assert!(refused(
            Dingtalk,
            r#"{"errcode":310000,"errmsg":"sign not match"}"#
        ));
        assert!(matches!(
            judge(
                Dingtalk,
                200,
                r#"{"errcode":130101,"errmsg":"send too fast"}"#
            ),
            Err(Refusal::Busy(_))
        ));
        assert_eq!(judge(Feishu, 200, r#"{"code":0,"msg":"success"}"#), Ok(()));
        assert!(refused(Feishu, r#"{"code":19021,"msg":"sign match fail"}"#));
        assert!(refused(Feishu, "<html>"));
        assert_eq!(judge(Slack, 200, "ok"), Ok(()));
        assert!(refused(Slack, "invalid_token"));
        assert_eq!(judge(Webhook, 204, ""), Ok(()));
        assert!(matches!(judge(Webhook, 503, ""), Err(Refusal::Busy(_))));
        assert!(matches!(judge(Webhook, 302, ""), Err(Refusal::Final(_))));
    }
}
