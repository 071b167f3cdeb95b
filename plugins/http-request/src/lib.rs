//! The step `http-request`: sends a request by plain HTTP and holds the answer to what is expected.

mod body;
mod template;

use rutter_sdk::prelude::*;
use rutter_sdk::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use crate::body::Body;

rutter_sdk::plugin!(run, undo);

/// Answers after which there is nothing left to take back.
const GONE: [u16; 2] = [404, 410];

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let body = Body::of(&inputs)?;
    let is_read = matches!(inputs.method.as_str(), "GET" | "HEAD");
    if is_read && body.is_some() {
        return Err(wrong(
            "body",
            format!("{} has no body", inputs.method),
            "Leave out `json` and `text`, or use another method.",
        ));
    }
    if !is_read && inputs.undo.is_none() && !inputs.stays {
        return Err(wrong(
            "no-undo",
            format!("nothing says what takes {} back", label(&inputs)),
            "Give `undo`, the request that takes it back, or `stays = true` if what it did may stay.",
        ));
    }
    let request = HttpRequest {
        method: inputs.method.clone(),
        url: with_token(&inputs.url, &inputs)?,
        headers: headers(&inputs, body.as_ref())?,
        body: body.map(Body::into_bytes),
    };
    let response = host.send(&request, inputs.credential.as_deref())?;
    if is_expected(&inputs.expect, response.status) {
        return Ok(outputs(&response));
    }
    let message = format!(
        "{} was answered with the status {}: {}",
        label(&inputs),
        response.status,
        excerpt(&response)
    );
    Err(wrong(
        "status",
        message,
        "Correct what the answer names, or add the status to `expect`.",
    ))
}

fn undo(
    host: &Host,
    inputs: Inputs,
    _: Vec<MadeChange>,
    outputs: Option<Outputs>,
) -> Result<(), Fault> {
    let Some(back) = &inputs.undo else {
        // `run` sends a change without one only where what it did may stay.
        return Ok(());
    };
    let answer = outputs.and_then(|outputs| outputs.json);
    let url = template::with_answer(&with_token(&back.url, &inputs)?, answer.as_ref())?;
    let body = back.json.clone().map(Body::Json);
    let request = HttpRequest {
        method: back.method.clone(),
        url,
        headers: headers(&inputs, body.as_ref())?,
        body: body.map(Body::into_bytes),
    };
    let response = host.send(&request, inputs.credential.as_deref())?;
    if is_expected(&[], response.status) || GONE.contains(&response.status) {
        return Ok(());
    }
    let message = format!(
        "{} {}, which takes the request back, was answered with the status {}: {}",
        back.method,
        back.url,
        response.status,
        excerpt(&response)
    );
    Err(wrong(
        "undo-status",
        message,
        "Take it back by hand, or correct what the answer names and undo again.",
    ))
}

/// What goes wrong here is the runbook's to mend.
fn wrong(what: &str, message: String, advice: &str) -> Fault {
    Fault::fail(format!("http-request.{what}"), message).advise(advice)
}

/// The request for people, without its query, which may be long.
fn label(inputs: &Inputs) -> String {
    let url = inputs.url.split('?').next().unwrap_or_default();
    format!("{} {url}", inputs.method)
}

fn is_expected(expect: &[i64], status: u16) -> bool {
    match expect {
        [] => (200..300).contains(&status),
        expect => expect.contains(&i64::from(status)),
    }
}

fn with_token(text: &str, inputs: &Inputs) -> Result<String, Fault> {
    template::with_token(text, inputs.token.as_ref())
}

fn headers(inputs: &Inputs, body: Option<&Body>) -> Result<Vec<(String, String)>, Fault> {
    let mut headers = Vec::new();
    for (name, value) in inputs.headers.iter().flatten() {
        let Value::String(value) = value else {
            return Err(wrong(
                "header",
                format!("the header `{name}` is not text"),
                "Put its value in quotes.",
            ));
        };
        headers.push((name.to_ascii_lowercase(), with_token(value, inputs)?));
    }
    let said = headers.iter().any(|(name, _)| name == "content-type");
    if let Some(body) = body.filter(|_| !said) {
        headers.push(("content-type".to_owned(), body.kind().to_owned()));
    }
    Ok(headers)
}

fn outputs(response: &HttpResponse) -> Outputs {
    let json: Option<Map<String, Value>> = serde_json::from_slice(&response.body).ok();
    Outputs {
        status: response.status.into(),
        body: text(response),
        json,
    }
}

fn text(response: &HttpResponse) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

/// As much of an answer as a message can hold.
fn excerpt(response: &HttpResponse) -> String {
    const CHARACTERS_MAX: usize = 200;
    let text = text(response);
    match text.trim() {
        "" => "no body".to_owned(),
        text => text.chars().take(CHARACTERS_MAX).collect(),
    }
}

#[cfg(test)]
rutter_sdk::cases!();
