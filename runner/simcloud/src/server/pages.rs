//! The pages about the world itself.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Shared;

/// The resources: equal before a run and after everything it did was undone.
pub(super) async fn state(State(shared): State<Arc<Shared>>) -> Response {
    let now_ms = shared.clock.now_ms();
    let mut world = shared.world();
    world.settle(now_ms);
    answer(&json!(world.summary()))
}

pub(super) async fn changes(State(shared): State<Arc<Shared>>) -> Response {
    let world = shared.world();
    answer(&json!({ "count": world.change_count(), "changes": world.changes() }))
}

pub(super) async fn calls(State(shared): State<Arc<Shared>>) -> Response {
    let world = shared.world();
    answer(&json!({ "count": world.calls().len(), "calls": world.calls() }))
}

pub(super) async fn time(State(shared): State<Arc<Shared>>) -> Response {
    let now_ms = shared.clock.now_ms();
    answer(&json!({
        "now": crate::time::text(now_ms),
        "now_ms": now_ms,
        "start_ms": shared.clock.start_ms,
        "time_scale": shared.clock.scale,
    }))
}

fn answer(body: &Value) -> Response {
    (
        [(CONTENT_TYPE, "application/json; charset=utf-8")],
        body.to_string(),
    )
        .into_response()
}
