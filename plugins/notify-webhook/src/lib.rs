//! The step `notify-webhook`: sends a message to a chat.

use rutter_sdk::HttpRequest;
use rutter_sdk::prelude::*;
use serde_json::{Value, json};

rutter_sdk::plugin!(run);

const TOKEN: &str = "{token}";

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let request = HttpRequest {
        method: "POST".to_owned(),
        url: url(&inputs)?,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Some(
            body(&inputs.format, &inputs.message)
                .to_string()
                .into_bytes(),
        ),
    };
    let response = host.send(&request, inputs.credential.as_deref())?;
    let answer = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    if !(200..300).contains(&response.status) {
        let message = format!("the webhook answered with the status {}", response.status);
        return Err(refused(message, &answer));
    }
    // These services say no within a 200.
    let number = ["errcode", "code"]
        .iter()
        .find_map(|name| answer.get(name)?.as_i64());
    if let Some(number) = number.filter(|number| *number != 0) {
        return Err(refused(
            format!("the webhook answered with the error {number}"),
            &answer,
        ));
    }
    Ok(Outputs {
        status: response.status.into(),
    })
}

/// The address with the token's placeholder; the host puts the token itself in.
fn url(inputs: &Inputs) -> Result<String, Fault> {
    let names_token = inputs.url.contains(TOKEN);
    let wrong = |message: &str, advice: &str| {
        Err(Fault::fail("notify-webhook.token", message).advise(advice))
    };
    match &inputs.token {
        Some(token) if names_token => Ok(inputs.url.replace(TOKEN, token.placeholder())),
        Some(_) => wrong(
            "a token is given and the address has no place for it",
            "Write `{token}` into `url` where it belongs.",
        ),
        None if names_token => wrong(
            "the address names a token and none is given",
            "Give the input `token`.",
        ),
        None => Ok(inputs.url.clone()),
    }
}

fn body(format: &str, message: &str) -> Value {
    match format {
        "feishu" => json!({ "msg_type": "text", "content": { "text": message } }),
        "slack" => json!({ "text": message }),
        _ => json!({ "msgtype": "text", "text": { "content": message } }),
    }
}

fn refused(what: String, answer: &Value) -> Fault {
    let why = ["errmsg", "msg"]
        .iter()
        .find_map(|name| answer.get(name)?.as_str());
    let message = match why {
        Some(why) => format!("{what}: {why}"),
        None => what,
    };
    Fault::fail("notify-webhook.refused", message).advise(
        "Look at the robot's settings: its token, the keyword it asks for, the addresses it admits. \
         `on_failure = \"continue\"` bears a message that does not arrive.",
    )
}

#[cfg(test)]
rutter_sdk::cases!();
