//! A guest that does what its script says, so that a member of the corpus is a script and a manifest and no
//! program of its own. It calls the interface itself, not through the SDK, which would not let it lie.

mod operation;
mod variables;

use serde_json::{Value, json};

use crate::operation::{Operation, Stage};
use crate::rutter::step::types;

wit_bindgen::generate!({
    path: "../../../sdk/wit/0.1",
    world: "step",
    generate_all,
});

struct Actor;

export!(Actor);

impl Guest for Actor {
    fn run(inputs: String) -> Result<String, types::Fault> {
        let inputs: Value = serde_json::from_str(&inputs).unwrap_or_default();
        let mut stage = Stage::new(&inputs);
        stage.play(&inputs["script"])?;
        Ok(stage.outputs())
    }

    fn undo(
        inputs: String,
        changes: Vec<types::Change>,
        outputs: Option<String>,
    ) -> Result<(), types::Fault> {
        let inputs: Value = serde_json::from_str(&inputs).unwrap_or_default();
        let changes: Vec<Value> = changes
            .iter()
            .map(|change| {
                let answer = change.answer.as_deref().unwrap_or("null");
                json!({
                    "action": change.api.action,
                    "parameters": change.api.parameters,
                    "answer": serde_json::from_str::<Value>(answer).unwrap_or_default(),
                })
            })
            .collect();
        let mut stage = Stage::new(&inputs);
        stage.know("changes", Value::from(changes));
        stage.know("outputs", outputs.map(Value::from).unwrap_or_default());
        stage.play(&inputs["undo"])
    }
}

/// A fault of the actor's own.
fn fault(code: &str, message: String) -> types::Fault {
    types::Fault {
        class: types::FaultClass::Fail,
        code: code.to_owned(),
        message,
        advice: None,
        request_id: None,
    }
}

fn read(text: &Value) -> Result<Operation, types::Fault> {
    serde_json::from_value(text.clone())
        .map_err(|error| fault("actor.script", format!("{error} in {text}")))
}
