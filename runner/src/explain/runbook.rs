//! What is wrong with a runbook: each code of `rutter check` with what to do about it.

use rutter_runbook::CODES;

/// Every code with its meaning and a remedy.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    CODES
        .into_iter()
        .map(|(code, meaning)| (code, meaning, remedy(code)))
}

/// What to do; each message besides points at its place and often says what to write.
fn remedy(code: &str) -> &'static str {
    let found = REMEDIES.iter().find(|(of, _)| *of == code);
    found.map_or(ELSEWHERE, |(_, remedy)| remedy)
}

const ELSEWHERE: &str = "The message points at the place and says what to write.";

const REMEDIES: [(&str, &str); 42] = [
    (
        "runbook-file",
        "Check the path and the rights; a runbook is UTF-8 text of at most 1 MiB.",
    ),
    (
        "toml-syntax",
        "Correct the line at the caret; the first message counts most, others may follow from it.",
    ),
    (
        "schema-version",
        "Upgrade rutter, or write the runbook for `schema = 1`.",
    ),
    (
        "limit",
        "Make it smaller: run one step over a list with `for_each`, or split the runbook.",
    ),
    (
        "wrong-value",
        "Write a value within the range that the message names.",
    ),
    (
        "wrong-type",
        "Write a value of the type that the message names; a whole `\"{{ … }}\"` keeps the type of what it reads.",
    ),
    (
        "unknown-key",
        "Correct the spelling, or remove the key: nothing reads it.",
    ),
    ("missing-key", "Add the key."),
    (
        "wrong-name",
        "Names in a runbook are snake_case, names of plugins kebab-case.",
    ),
    (
        "duplicate-step",
        "Give one of the two steps another `id`, and correct what refers to it.",
    ),
    (
        "input-declaration",
        "Correct the table `[inputs.NAME]`: its rules have to fit its type and its default.",
    ),
    (
        "unknown-input",
        "Correct the name in `--set` or in the file of inputs, or declare it in the runbook.",
    ),
    (
        "missing-input",
        "Give it by `--set NAME=VALUE`, `--inputs FILE` or `RUTTER_INPUT_NAME`; a secret not by `--set`.",
    ),
    (
        "input-value",
        "Give a value that keeps the rule in the message; the input's help says what is meant.",
    ),
    (
        "input-unseen",
        "It came along when the value was copied from a page. Type the value, or delete the character where the message names it.",
    ),
    (
        "input-unusual",
        "Ids of accounts that are given out today have 16 digits, and those of old accounts fewer. Compare it with the id in the console.",
    ),
    (
        "region",
        "Correct the region. If it is newer than this program, or the product is served there at an address of its own, name the address under `[endpoints]` of rutter.toml.",
    ),
    (
        "inputs-file-open",
        "`chmod 600 FILE`. Others may already have read the secrets in it: consider replacing them.",
    ),
    (
        "inputs-file",
        "Check the path of `--inputs`, and that the file is TOML with a key for each input.",
    ),
    (
        "secret",
        "A secret stands only in inputs of type `secret`, whole and not within other text, and comes from a file, the environment or a prompt.",
    ),
    (
        "uses",
        "`uses` names a plugin, a component (`./x.wasm`) or a built-in step; it is never computed.",
    ),
    (
        "unknown-plugin",
        "`rutter plugin list` shows what there is; `rutter plugin build` makes one, `RUTTER_PLUGIN_PATH` names further folders.",
    ),
    (
        "plugin-version",
        "Write the version that is there, or install the one that is wanted.",
    ),
    (
        "unusable-plugin",
        "Build it again with `rutter plugin build`; the message says what is wrong with the file.",
    ),
    (
        "built-in-step",
        "`approve`, `pause` and `assert` have inputs of their own: see the message.",
    ),
    (
        "step-account",
        "Name the account with `account = \"…\"`, or each of several with `accounts = { … }`; they are declared in `[accounts]`.",
    ),
    (
        "unbound-account",
        "Bind it: `--account NAME=PROFILE@REGION`.",
    ),
    (
        "unknown-account",
        "`--account NAME=PROFILE` names an account that the runbook does not declare. Correct the name, or leave it out.",
    ),
    (
        "same-login",
        "Two accounts of the runbook are bound to one login. Where they are meant to be two accounts, bind one of them to another profile.",
    ),
    (
        "unused",
        "Remove it, or use it. It does not keep the runbook from running.",
    ),
    ("unknown-step", "Correct the id in `needs`."),
    (
        "cycle",
        "Break the cycle that the message shows: one of the steps must not wait for the others.",
    ),
    (
        "expression",
        "Write a reference, a comparison, logic and the filters there are; nothing else is allowed within `{{ … }}`.",
    ),
    (
        "unknown-reference",
        "Read what exists: `inputs.NAME`, `accounts.NAME.id`, `steps.ID.OUTPUT` of a step, `item`, `key` and `index` within `for_each`.",
    ),
    (
        "may-be-undefined",
        "Say what counts instead: `{{ steps.x.y | default('…') }}`.",
    ),
    (
        "step-inputs",
        "Give the inputs that the plugin's manifest names (`rutter plugin inspect NAME` shows them), or the inputs of the runbook that the step runs.",
    ),
    (
        "for-each",
        "`for_each` runs over a list, a table, or one expression that gives either.",
    ),
    (
        "sub-runbook",
        "A step that runs a runbook runs it once: give `for_each`, `retry` and `timeout` to the steps inside.",
    ),
    (
        "confirm",
        "`changes` of a `confirm` names actions of the step's plugin, `ecs:DeleteImage`, whose changes a yes answers for; `rutter plugin inspect NAME` shows them.",
    ),
    (
        "gate",
        "Let those answer who can: a group under `[inbox]` in the settings, or SSH keys among the `approvers`; one user of the system is one person. Before what destroys, buys or is final, write `then = \"stop\"`.",
    ),
    (
        "window",
        "Write a later instant, or a time of day with a `zone`: `until = \"02:00\"`; `latest` says until when what follows may begin.",
    ),
    (
        "runbook-cycle",
        "Take one of the steps out that lead back; what two runbooks share belongs in a third.",
    ),
];

#[cfg(test)]
mod tests {
    use super::{CODES, REMEDIES};

    #[test]
    fn every_code_of_a_runbook_s_problems_has_a_remedy_of_its_own() {
        let codes: Vec<_> = CODES.iter().map(|(code, _)| *code).collect();
        let told: Vec<_> = REMEDIES.iter().map(|(code, _)| *code).collect();
        for code in &codes {
            assert!(told.contains(code), "add a line for `{code}` to REMEDIES");
        }
        for code in &told {
            assert!(codes.contains(code), "nothing gives `{code}`");
        }
    }
}
