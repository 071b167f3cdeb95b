//! The codes of a runbook's problems: worth searching for, and the same for every problem of a kind.

/// Every code with what it means, for documents and for `rutter explain`.
pub const CODES: [(&str, &str); 42] = [
    (FILE, "the file cannot be read"),
    (SYNTAX, "the file is not TOML"),
    (SCHEMA, "the runbook is written for a newer rutter"),
    (LIMIT, "the runbook is larger than the limits allow"),
    (
        VALUE,
        "a value is out of its range or cannot stand in a runbook",
    ),
    (TYPE, "a value has the wrong type"),
    (UNKNOWN_KEY, "a table has a key that means nothing"),
    (MISSING_KEY, "a table lacks a key that it needs"),
    (NAME, "a name has the wrong shape"),
    (DUPLICATE_STEP, "two steps have the same id"),
    (INPUT_FIELD, "an input is not declared well"),
    (
        INPUT_UNKNOWN,
        "a value was given for an input that the runbook does not have",
    ),
    (INPUT_MISSING, "an input that must be given was not given"),
    (
        INPUT_VALUE,
        "the value of an input breaks the input's rules",
    ),
    (
        INPUT_UNSEEN,
        "the value of an input holds an invisible character",
    ),
    (
        INPUT_UNUSUAL,
        "the value of an input is possible and looks like a slip",
    ),
    (
        REGION,
        "a region does not exist, or what a step calls is not offered there",
    ),
    (INPUT_FILE, "the file of inputs cannot be read"),
    (
        INPUT_FILE_LAX,
        "other users can read a file of inputs that holds secrets",
    ),
    (SECRET, "a secret is used where it must not be"),
    (USES, "a step uses something that cannot be used"),
    (PLUGIN_UNKNOWN, "no plugin has that name"),
    (
        PLUGIN_VERSION,
        "the plugin that was found has another version",
    ),
    (PLUGIN_UNUSABLE, "a plugin's file cannot be used"),
    (
        BUILT_IN,
        "a built-in step has a key that means nothing to it",
    ),
    (
        ACCOUNT,
        "a step's accounts are not those its plugin or runbook needs",
    ),
    (ACCOUNT_UNBOUND, "an account of the runbook has no profile"),
    (
        UNKNOWN_ACCOUNT,
        "a profile is bound to a name that is no account of the runbook",
    ),
    (SAME_LOGIN, "two accounts of the runbook have one profile"),
    (UNUSED, "something is declared and never used"),
    (NEEDS, "a step needs a step that does not exist"),
    (CYCLE, "steps wait for each other"),
    (EXPRESSION, "an expression cannot be read"),
    (
        REFERENCE,
        "an expression reads something that does not exist",
    ),
    (
        MAY_BE_UNDEFINED,
        "an expression reads what may have no value",
    ),
    (
        WITH,
        "the inputs of a step are not those its plugin or runbook takes",
    ),
    (FOR_EACH, "a step cannot run over that"),
    (
        SUB_RUNBOOK,
        "a step that runs a runbook has a key that means nothing to it",
    ),
    (
        CONFIRM,
        "a `confirm` names a change that its step never makes",
    ),
    (
        GATE,
        "a gate cannot be passed, or is passed by silence before what needs a person's word",
    ),
    (
        WINDOW,
        "a pause waits for an instant that is past or will be",
    ),
    (RUNBOOK_CYCLE, "runbooks run each other"),
];

pub(super) const FILE: &str = "runbook-file";
pub(super) const SYNTAX: &str = "toml-syntax";
pub(super) const SCHEMA: &str = "schema-version";
pub(super) const LIMIT: &str = "limit";
pub(super) const VALUE: &str = "wrong-value";
pub(super) const TYPE: &str = "wrong-type";
pub(super) const UNKNOWN_KEY: &str = "unknown-key";
pub(super) const MISSING_KEY: &str = "missing-key";
pub(super) const NAME: &str = "wrong-name";
pub(super) const DUPLICATE_STEP: &str = "duplicate-step";
pub(super) const INPUT_FIELD: &str = "input-declaration";
pub(super) const INPUT_UNKNOWN: &str = "unknown-input";
pub(super) const INPUT_MISSING: &str = "missing-input";
pub(super) const INPUT_VALUE: &str = "input-value";
pub(super) const INPUT_UNSEEN: &str = "input-unseen";
pub(super) const INPUT_UNUSUAL: &str = "input-unusual";
pub(super) const REGION: &str = "region";
pub(super) const INPUT_FILE_LAX: &str = "inputs-file-open";
pub(super) const INPUT_FILE: &str = "inputs-file";
pub(super) const SECRET: &str = "secret";
pub(super) const USES: &str = "uses";
pub(super) const PLUGIN_UNKNOWN: &str = "unknown-plugin";
pub(super) const PLUGIN_VERSION: &str = "plugin-version";
pub(super) const PLUGIN_UNUSABLE: &str = "unusable-plugin";
pub(super) const BUILT_IN: &str = "built-in-step";
pub(super) const ACCOUNT: &str = "step-account";
pub(super) const ACCOUNT_UNBOUND: &str = "unbound-account";
pub(super) const CREDENTIALS: &str = "credentials";
pub(super) const UNKNOWN_ACCOUNT: &str = "unknown-account";
pub(super) const SAME_LOGIN: &str = "same-login";
pub(super) const UNUSED: &str = "unused";
pub(super) const NEEDS: &str = "unknown-step";
pub(super) const CYCLE: &str = "cycle";
pub(super) const EXPRESSION: &str = "expression";
pub(super) const REFERENCE: &str = "unknown-reference";
pub(super) const MAY_BE_UNDEFINED: &str = "may-be-undefined";
pub(super) const WITH: &str = "step-inputs";
pub(super) const FOR_EACH: &str = "for-each";
pub(super) const SUB_RUNBOOK: &str = "sub-runbook";
pub(super) const CONFIRM: &str = "confirm";
/// The code of what is wrong with a gate.
pub const GATE: &str = "gate";
/// The code of a window that is missed.
pub const WINDOW: &str = "window";
pub(super) const RUNBOOK_CYCLE: &str = "runbook-cycle";
