//! The one place where every call of a guest passes, in six stages:
//!
//! ```text
//! permit -> bind -> class -> record -> pace -> carry
//! ```
//!
//! [`serve`] is the guest's half: the call is judged, bound to its account and classed (what that means
//! stands in `rutter-meaning`), then the driver has it recorded, and the guest sleeps. [`dispatch`] is
//! the driver's half: what the engine decided to send is paced ([`await_turn`]) and carried ([`send`]). Between the two lies the
//! journal.

use rutter_engine::{At, Call, Fault, FaultClass, HostCall, Outcome, Target};
use rutter_meaning::held;
use rutter_meaning::{Awaited, HostRequest, Judge, Made, Maker, Rule};
use serde_json::Value;

use super::carry::Carry;
use super::context::Context;
use super::limits::fits;
use super::line::Answer;
use super::pace::{Pace, Time};

/// Takes a guest's call through the first four stages and returns the driver's answer.
///
/// A call that is denied goes to the driver too: the answer may stand in the record already, and then
/// it is not judged again.
pub(super) async fn serve(context: &mut Context, host_request: Box<HostRequest>) -> Answer<Value> {
    let (fingerprint, call, denied) = judge(context, *host_request);
    let awaited = Awaited::of(&call);
    let answer = record(context, &fingerprint, Box::new(call), denied).await?;
    context.tokens.note(&fingerprint, &answer);
    if let (Some(awaited), Ok(told)) = (awaited, &answer) {
        context.handed.take(&awaited, told);
    }
    Ok(answer)
}

/// The first three stages.
fn judge(context: &mut Context, host_request: HostRequest) -> (String, HostCall, Option<Fault>) {
    let hosts = context.hosts.clone();
    let undo = context.undo.clone();
    let judge = Judge {
        manifest: &context.manifest,
        named: &|url| hosts.admit(url),
        maker: Maker {
            run: &context.run_id,
            at: &context.line.at,
            generation: context.generation,
        },
        made: undo.as_deref().map(|undo| Made {
            changes: &undo.changes,
            known: &undo.known,
        }),
        handed: &context.handed,
        rules: held::held(),
    };
    let denied = judge.permit(&host_request).err();
    let (fingerprint, mut call) = judge.class(&mut context.tokens, host_request);
    let denied = denied
        .or_else(|| fits(&call, &context.line.limits).err())
        .or_else(|| in_plain_text(context, &mut call));
    (fingerprint, call, denied)
}

/// Refuses a call in which a secret stands that the guest cannot have read: the call would be recorded. What is
/// recorded of one that is refused is its label.
fn in_plain_text(context: &Context, call: &mut HostCall) -> Option<Fault> {
    if !held::hold(Rule::InertMarks) {
        return None;
    }
    let written = serde_json::to_value(&*call).ok()?;
    let mark = context.secrets.found_in(&written)?;
    if let HostCall::Call { call, .. } = call
        && let Target::Http(request) = &mut call.target
    {
        request.url = context.secrets.redact_text(&request.url);
    }
    let plugin = &context.manifest.plugin.name;
    let message = format!("`{plugin}` would send {mark} in plain text; nothing was sent");
    Some(
        Fault::new(FaultClass::Denied, "rutter.secret-plain", message).advise(
            "a step sends the placeholder of a secret; if this text is not meant to be secret, give the secret another value",
        ),
    )
}

/// Takes a call that the engine decided to send through the last two stages. `time` passes while the
/// call waits for its turn: the machine's, or a rehearsal's own.
pub async fn dispatch(
    pace: &Pace,
    time: &dyn Time,
    carrier: &dyn Carry,
    call: &Call,
    at: &At,
) -> Outcome {
    await_turn(pace, time, call).await;
    send(pace, time, carrier, call, at).await
}

/// Fifth stage: the call waits until it may be sent. Whoever drops this keeps it back.
pub async fn await_turn(pace: &Pace, time: &dyn Time, call: &Call) {
    let wait_ms = pace.reserve(call, time.now_ms());
    if wait_ms >= 1.0 {
        time.pass(wait_ms).await;
    }
}

/// Sixth stage: the call is sent, and what became of it is noted for those behind it.
pub async fn send(
    pace: &Pace,
    time: &dyn Time,
    carrier: &dyn Carry,
    call: &Call,
    at: &At,
) -> Outcome {
    let sent_ms = time.now_ms();
    let outcome = carrier.carry(call, at).await;
    pace.heard(call, sent_ms, time.now_ms(), &outcome);
    outcome
}

/// Fourth stage: the driver has the call recorded, answers it from the record or sends it, and wakes
/// the guest with the answer.
async fn record(
    context: &mut Context,
    fingerprint: &str,
    call: Box<HostCall>,
    denied: Option<Fault>,
) -> Answer<Value> {
    context.line.ask(fingerprint.to_owned(), call, denied).await
}

#[cfg(test)]
mod tests;
