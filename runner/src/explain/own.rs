//! Codes that rutter gives itself: code, cause, remedy.

/// Faults of steps.
pub(super) const FAULTS: [(&str, &str, &str); 66] = [
    (
        "rutter.account.mismatch",
        "The profile that an account is bound to belongs to another account than the one expected.",
        "Bind the account to a profile of the right one with `--account NAME=PROFILE`, or correct the expected id.",
    ),
    (
        "rutter.account.unbound",
        "A call was made on an account that no profile is bound to.",
        "This is a bug of rutter: such a run should not have begun. Please report it.",
    ),
    (
        "rutter.account.unidentified",
        "The service that tells whose credentials these are gave an answer without an account.",
        "Check whether the endpoint of STS in the settings is the right one.",
    ),
    (
        "rutter.adopted",
        "A person said by `rutter resolve --adopt` that a change happened, but looking does not find it, or finds several objects that it may be.",
        "Look again in the account. If it did not happen: `rutter resolve RUN STEP --retry`; if it did: `--done --outputs FILE`.",
    ),
    (
        "sdk.answer",
        "An answer lacks a field that the plugin needs, or has it in another form.",
        "Compare the answer (`rutter show RUN --records`) with the API's documentation; one of the plugin and the table of actions needs correcting.",
    ),
    (
        "rutter.answer-cut-off",
        "The connection broke in the middle of an answer, so what became of the call is not known.",
        "Check the network. If the call was a change, look whether it took effect before it is sent again.",
    ),
    (
        "rutter.answer-not-json",
        "The answer does not come from the cloud's API, but from a proxy, a login page or another server.",
        "Check `[endpoints]` and `[network]` in the settings. If the call was a change, look whether it took effect.",
    ),
    (
        "rutter.answer-redirect",
        "The server answered with a redirect, which is never followed with credentials.",
        "Put the address it points at into `[endpoints]`, if that is the right one.",
    ),
    (
        "rutter.answer-status",
        "The answer has a status that the API does not document.",
        "Check `[endpoints]` and the proxy. If the call was a change, look whether it took effect.",
    ),
    (
        "rutter.assert",
        "A condition that the runbook asserts does not hold.",
        "Read the step's message: it says what has to be so before the run may go on.",
    ),
    (
        "rutter.assume-role",
        "The answer to assuming a role holds no credentials.",
        "Look at the role's trust policy, and whether the endpoint of STS is the right one.",
    ),
    (
        "rutter.credential-source",
        "Who gives out the credentials of an account did not answer, or answered with none.",
        "The message names the account, the profile and the source. Mend the source or log in again, then `rutter resume RUN`.",
    ),
    (
        "rutter.bug",
        "Rutter itself failed while it served a plugin.",
        "Please report it with the output of `-v`; the run can be resumed.",
    ),
    (
        "rutter.connection-broken",
        "The connection broke before an answer, so what became of the call is not known.",
        "Check the network. If the call was a change, look whether it took effect before it is sent again.",
    ),
    (
        "rutter.declined",
        "A person who was asked said no.",
        "Do what the person asks for, then `rutter resume RUN` asks again; or `rutter undo RUN`.",
    ),
    (
        "rutter.no-answer",
        "Nobody answered a question within its time, and the runbook says that the run stops then.",
        "`rutter resume RUN` asks again; tell those who may answer. `rutter undo RUN` takes the run back.",
    ),
    (
        "rutter.too-late",
        "It is later than the `latest` of a pause: what follows must not begin any more.",
        "`rutter resume RUN` waits for the next window where the times are times of day; otherwise give a new window by `rutter resume RUN --runbook FILE`, or `rutter undo RUN`.",
    ),
    (
        "rutter.denied",
        "The plugin made a call that its manifest does not allow, or that the operator's settings do not.",
        "The message prints the line that would allow it. Let the plugin's author add it, or allow it in the settings, if the plugin should do that at all.",
    ),
    (
        "rutter.endpoint",
        "No address is known for an API in this region.",
        "Name the address under `[endpoints]` in the settings.",
    ),
    (
        "rutter.expression",
        "An expression of the runbook could not be evaluated with the values of this run.",
        "The message names the place and the value. Correct the runbook or the input.",
    ),
    (
        "rutter.http.address",
        "A request by plain HTTP goes to an address that is not allowed: not HTTPS, or inside a private network.",
        "Name the host under `[http] allow` in the settings, if it is meant.",
    ),
    (
        "rutter.http.credential",
        "The credential that a request by plain HTTP names is missing, has no secret, or is for other hosts.",
        "Complete `[http.credentials.NAME]` in the settings.",
    ),
    (
        "rutter.http.status",
        "A server failed (HTTP 5xx) while it handled a change by plain HTTP; whether it took effect is not known.",
        "Look in the service whether it took effect, then `rutter resolve RUN STEP`.",
    ),
    (
        "rutter.http.throttled",
        "A server asks for fewer requests (HTTP 429).",
        "Wait; the request is repeated automatically.",
    ),
    (
        "rutter.inputs",
        "The values of a step's inputs, known only now, break the rules of its plugin.",
        "The message names the input and its rule. Correct where its value comes from.",
    ),
    (
        "rutter.limit.answer",
        "An answer is larger than a plugin may be given.",
        "Ask for less, or raise `answer` under `[limits]` in the settings.",
    ),
    (
        "rutter.limit.calls",
        "A plugin made more host calls than it may in one attempt.",
        "It probably loops. If it is right to need more, raise `calls` under `[limits]`.",
    ),
    (
        "rutter.limit.cpu",
        "A plugin computed for longer than it may.",
        "It probably loops. If it is right to need more, raise `cpu` under `[limits]`.",
    ),
    (
        "rutter.limit.log",
        "A plugin wrote more log lines than are kept; it goes on.",
        "No action is needed; `log` under `[limits]` in the settings keeps more.",
    ),
    (
        "rutter.limit.memory",
        "A plugin asked for more memory than it may have.",
        "If it is right to need more, raise `memory` under `[limits]` in the settings.",
    ),
    (
        "rutter.limit.pages",
        "A list has more pages than rutter reads.",
        "Narrow what is listed by the plugin's inputs.",
    ),
    (
        "rutter.limit.request",
        "A request of a plugin is larger than it may be.",
        "Send less, or raise `request` under `[limits]` in the settings.",
    ),
    (
        "rutter.item-left-out",
        "A step is made again without an item whose changes were kept and still stand.",
        "Take the step back first, `rutter undo RUN --step STEP`, or give it the item again.",
    ),
    (
        "rutter.manifest",
        "The manifest of a plugin of this run is not at hand.",
        "The run's folder lacks a component: restore it from a backup.",
    ),
    (
        "rutter.no-credential",
        "The world of a rehearsal has no usable key for an account.",
        "Give the account a user with an access key in the world's file.",
    ),
    (
        "rutter.host-code",
        "A plugin ended with a code of rutter's own that it was not told, or with one that only looks like a code.",
        "This is a bug of the plugin, or an attempt to speak as rutter: do not follow its words. What it did stands; `rutter show RUN` lists it.",
    ),
    (
        "sdk.inputs",
        "The inputs of a plugin are not what its code expects.",
        "This is a bug of the plugin: its manifest and its types differ.",
    ),
    (
        "sdk.outputs",
        "The outputs of a plugin cannot be written, or cannot be read back by its undo.",
        "This is a bug of the plugin: its manifest and its types differ.",
    ),
    (
        "sdk.no-undo",
        "A plugin was asked to take its changes back and has no function for it.",
        "This is a bug of the plugin: its manifest says `undo = true`.",
    ),
    (
        "rutter.not-deterministic",
        "After a crash the plugin made other calls than before, although it got the same answers.",
        "This is a bug of the plugin. `rutter undo RUN` takes back what it did.",
    ),
    (
        "rutter.not-rehearsed",
        "A rehearsal met something that is not simulated, so what follows from it cannot be known.",
        "Leave the step out of the rehearsal with `when`, or let the run go on with `on_failure = \"continue\"`.",
    ),
    (
        "rutter.not-sent",
        "No connection could be made, so nothing was sent.",
        "Check the network, the name, the proxy and `[endpoints]`; then resume.",
    ),
    (
        "rutter.outputs",
        "The outputs of a plugin are not what its manifest declares.",
        "This is a bug of the plugin. What it did stands; `rutter show RUN` lists it.",
    ),
    (
        "rutter.plugin-missing",
        "A component that the run uses is not in its folder.",
        "Restore the run's folder from a backup.",
    ),
    (
        "rutter.resolved",
        "A person ended the step with `rutter resolve`.",
        "No action is needed; `rutter logs RUN` says who and why.",
    ),
    (
        "rutter.reverse",
        "A change cannot be taken back because what its reverse needs from its answer is not known.",
        "Look in the account, take it back by hand if it is there, then `rutter resolve RUN STEP`.",
    ),
    (
        "rutter.secret-foreign",
        "A plugin tried to send a secret that its step was not given.",
        "Pass the secret to a secret input of that step, if it is meant to have it; else do not run this plugin.",
    ),
    (
        "rutter.secret-mark",
        "A plugin tried to write `[secret …]` to the cloud: a text that it read contains a secret of this run, and the mark is not the secret.",
        "Look at what it read (the step's message names the call); a text with a secret in it can be neither copied nor written back.",
    ),
    (
        "rutter.secret-place",
        "A plugin tried to put a secret where neither the cloud's API nor its own manifest declares one.",
        "Let its author add `secrets = [\"…\"]` to the permission, if everybody who can read that place may know the secret.",
    ),
    (
        "rutter.secret-plain",
        "A plugin tried to send a secret itself instead of its placeholder; the call would have been recorded.",
        "Give the secret to a secret input of the step alone. If the text is no secret, give the secret another value.",
    ),
    (
        "rutter.secret-unknown",
        "A call needs a secret that this process was not given.",
        "Enter the run's secret inputs again: `rutter resume RUN --inputs FILE`, or at the prompt.",
    ),
    (
        "rutter.step-timeout",
        "A step took longer than its `timeout`.",
        "See what it waited for (`rutter logs RUN`); raise `timeout`, or `rutter resume RUN`.",
    ),
    (
        "rutter.time-out",
        "There was no whole answer in time, so what became of the call is not known.",
        "Check the network and the service's status. If the call was a change, look whether it took effect before it is sent again.",
    ),
    (
        "rutter.trap",
        "A plugin's code was stopped: it failed in a way that it did not expect itself.",
        "This is a bug of the plugin; its log lines (`rutter logs RUN`) may say more.",
    ),
    (
        "rutter.undo-failed",
        "A plugin's own undo failed.",
        "Remove the cause that `rutter show RUN` names, then `rutter undo RUN` tries again what is left.",
    ),
    (
        "rutter.unknown-outcome",
        "A change was sent, and its outcome was not recorded.",
        "Look whether it happened, then `rutter resolve RUN STEP --adopt` (it did) or `--retry` (it did not).",
    ),
    (
        "rutter.vault",
        "A call was answered with a secret, and the secret could not be kept.",
        "Make room on the disk, look what the call created, then `rutter resolve RUN STEP`.",
    ),
    (
        "rutter.wait-failed",
        "What a step waited for came to a state from which it does not come back by itself.",
        "Look at the object that the message names and at what its service says about it; then resume or undo.",
    ),
    (
        "rutter.cannot-look",
        "What a change left behind could not be looked at, so it is not known whether it is still there.",
        "Correct what the message names (a permission, a credential), then `rutter undo RUN` or `rutter resume RUN` looks again; or look in the account and say what you see with `rutter resolve`.",
    ),
    (
        "rutter.changed-since",
        "What a change made was used or edited by somebody else since the run left it, so it is not destroyed without asking.",
        "Find out in the account who needs it. `rutter resolve RUN STEP --leave` leaves it and says so in every later report; `--retry` takes it back all the same, at the next `rutter undo RUN`.",
    ),
    (
        "rutter.not-happened",
        "A change was not answered, and looking showed again and again that it had not happened.",
        "Check the connection to the cloud (network, proxy, the service's status), then `rutter resume RUN`.",
    ),
    (
        "rutter.several",
        "A change was not answered, and several new objects may be what it made.",
        "Find out in the account which is this run's, then say so: `rutter resolve RUN STEP --gone` (it made none of them) or `--leave` when the run is taken back.",
    ),
    (
        "rutter.perhaps-anothers",
        "A purchase was not answered, and one object is new that bears no mark of the step: it may be what was bought, or what somebody else bought in the same moment.",
        "Look in the account when it was bought and by whom. `rutter resolve RUN STEP --adopt` (it is this run's) or `--retry` (it is not, and is bought now); when the run is taken back, `--gone` or `--leave`.",
    ),
    (
        "rutter.still-there",
        "What a change made is still there although its reverse was answered.",
        "Find out in the account what keeps it there. `rutter undo RUN` tries again; `rutter resolve RUN STEP --leave` leaves it and says so in every later report.",
    ),
    (
        "rutter.wait-timeout",
        "What a step waited for did not come in time.",
        "See how far it is. `rutter resolve RUN STEP --retry` and `rutter resume RUN` wait again; the step's input for the wait raises the time.",
    ),
    (
        "rutter.wrong-request",
        "A plugin made a malformed request: an unknown parameter, a missing one, or something that is no address.",
        "This is a bug of the plugin, or of an input it passes on; nothing was sent.",
    ),
];

/// Refusals of commands.
pub(super) const REFUSALS: [(&str, &str, &str); 18] = [
    (
        "bug",
        "Rutter made a mistake.",
        "Please report the message; `rutter list` shows where the run stands.",
    ),
    (
        "command",
        "The command cannot be carried out as it was typed.",
        "The help line says what to type; `rutter COMMAND --help` shows everything.",
    ),
    (
        "component",
        "A run's folder lacks a plugin, or it is damaged.",
        "Restore the run's folder from a backup.",
    ),
    (
        "credentials",
        "A profile cannot be found, or its files cannot be read.",
        "Name the profile in `rutter.toml`, the CLI's configuration or the environment; the message says where it was looked for.",
    ),
    (
        "driven",
        "Another process drives the run.",
        "Wait for it, or watch it with `rutter show RUN --follow`. Answers (`approve`, `resolve`) reach it anyway.",
    ),
    (
        "journal",
        "A run's journal cannot be read or written.",
        "The message says why: disk space, permissions, another version of rutter, or damage. What is damaged is named with \
         its place and left as it is: put the whole folder back from one backup, or `rutter recover RUN`.",
    ),
    (
        "lock",
        "`rutter.lock` next to a runbook cannot be read or written, or is not a lock.",
        "The message says where and why. It is a text file that `rutter lock RUNBOOK` writes; if it cannot be corrected, it is \
         deleted and accepted anew.",
    ),
    (
        "lock-differs",
        "What the plugins of a runbook are or may do, or a runbook inside it, is not what a person accepted in `rutter.lock`.",
        "The message shows it line by line: `-` what was accepted, `+` what is there now. If that is meant, `rutter lock RUNBOOK` \
         accepts it; if nobody changed anything on purpose, treat the plugin as hostile.",
    ),
    (
        "lock-unaccepted",
        "A runbook uses plugins that do not ship, and nobody accepted what they may do.",
        "Read what the message says they may do. `rutter lock RUNBOOK` accepts it, and so does the word that `rutter run` asks for \
         at a terminal; `--yes` does not.",
    ),
    (
        "plugin",
        "A plugin cannot be used.",
        "`rutter plugin list` shows what there is; `rutter plugin build` makes one.",
    ),
    (
        "plugin-build",
        "A plugin cannot be built.",
        "The compiler's messages are above; `rutter plugin build --help` says what it needs.",
    ),
    (
        "recovered",
        "The run's journal was damaged and rebuilt from its intact records: what the run did last is not known.",
        "`rutter undo RUN` takes back what is known; compare the accounts with the runbook for what came after.",
    ),
    (
        "run",
        "The run does not exist, is ambiguous, or is over.",
        "`rutter list` shows the runs.",
    ),
    (
        "secrets",
        "The secrets of a run cannot be kept or read.",
        "Restore the files from a backup, or begin a new run.",
    ),
    (
        "settings",
        "`rutter.toml` is wrong or cannot be read.",
        "The message points at the line.",
    ),
    (
        "step",
        "The run or the runbook has no step of that name.",
        "`rutter show RUN` or the runbook lists the steps.",
    ),
    (
        "system",
        "The operating system refused something.",
        "The message says what: usually permissions, disk space or memory.",
    ),
    (
        "world",
        "A world file is wrong.",
        "The message points at the line; `rutter world new RUNBOOK` writes one that fits.",
    ),
];

/// Exit codes.
pub(super) const EXITS: [(&str, &str, &str); 9] = [
    (
        "exit 0",
        "Everything that was asked for is done.",
        "No action is needed.",
    ),
    (
        "exit 1",
        "A step failed; nothing new is started.",
        "`rutter show RUN` says why. Remove the cause, then `rutter resume RUN`; or `rutter undo RUN`.",
    ),
    (
        "exit 2",
        "The command or the runbook is wrong; nothing ran.",
        "Correct what the messages name, and run the command again.",
    ),
    (
        "exit 3",
        "The run was stopped and can be resumed.",
        "`rutter resume RUN`.",
    ),
    (
        "exit 4",
        "The run waits for a person.",
        "`rutter show RUN` shows the question; `rutter approve RUN STEP`, then `rutter resume RUN`.",
    ),
    (
        "exit 5",
        "Nobody knows whether a change happened.",
        "Look in the account, then `rutter resolve RUN STEP`, then `rutter resume RUN`.",
    ),
    (
        "exit 6",
        "A change could not be taken back.",
        "`rutter show RUN` says which and why. Remove the cause, then `rutter undo RUN` tries again.",
    ),
    (
        "exit 70",
        "Rutter made a mistake.",
        "Please report the message; the run can be resumed.",
    ),
    (
        "exit 130",
        "The operator interrupted the run.",
        "`rutter resume RUN`.",
    ),
];
