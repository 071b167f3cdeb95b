//! A plugin that waits, asks once for the role `load`, and is done.

use crate::fixture;

/// Where the parameters of its call stand in its memory.
const PARAMETERS_AT: usize = 1_200;
const PARAMETERS: &str = r#"{\"RoleName\":\"load\"}"#;

const MANIFEST: &str = r#"
[plugin]
name = "waiter"
version = "0.1.0"
summary = "Wait, then look at a role"
kind = "read"

[[permissions]]
call = ["ram:GetRole"]
reason = "looks at the role"
"#;

/// The component. It fails when its call does.
pub fn waiter(wait_ms: u64) -> Vec<u8> {
    let length = PARAMETERS.replace('\\', "").len();
    let run = format!(
        "(call $wait (i64.const {wait_ms}) (i32.const 2112)) \
         (if (i32.load8_u (call $ask (i32.const {PARAMETERS_AT}) (i32.const {length}))) (then unreachable)) \
         (call $ok)"
    );
    let data = format!("(data (i32.const {PARAMETERS_AT}) \"{PARAMETERS}\")");
    fixture::plugin_of(Some(MANIFEST), &fixture::module(&run, &data))
}
