//! A runbook as it is written: every field typed, every name with its place, nothing looked up yet.
//!
//! Each table is read by itself, so that a mistake in one hides none in another. What the names
//! stand for is for the rules to check.

use rutter_diagnostic::Span;
use rutter_engine::{OnFailure, Retry};
use rutter_manifest::{Field, FieldKind, Like, NOTES_MAX, note_problem};

use super::codes;
use super::document::{BadField, Declared, Document, Node, NodeKind, Table, TableEntry};
use super::problems::Problems;
use super::reader::Reader;
use super::spanned::Spanned;

/// The format this program reads.
pub(super) const SCHEMA: i64 = 1;
/// Steps of a runbook; the engine keeps a few hundred bytes for each.
pub(super) const STEPS_MAX: usize = 10_000;

/// A runbook as it is written.
#[derive(Debug, Default)]
pub(super) struct Runbook {
    pub name: String,
    pub title: Option<String>,
    /// What its operator must read before it is run.
    pub notes: Vec<String>,
    pub inputs: Vec<Input>,
    pub accounts: Vec<DeclaredAccount>,
    pub steps: Vec<Step>,
    /// Name, its place, template.
    pub outputs: Vec<TableEntry>,
}

/// An input that the runbook asks for.
#[derive(Debug)]
pub(super) struct Input {
    pub name: Spanned<String>,
    /// Absent when it was refused, and as long as it is not known what it is like.
    pub field: Option<Field>,
    /// What it is like, if that is how it is declared.
    pub likened: Option<Likened>,
}

/// An input that is like a plugin's.
#[derive(Debug)]
pub(super) struct Likened {
    pub like: Like,
    /// The name of what it is like.
    pub span: Span,
    /// Its own default, as it is written.
    pub default: Option<Node>,
}

/// An account that the runbook works in.
#[derive(Debug)]
pub(super) struct DeclaredAccount {
    pub name: Spanned<String>,
    pub help: String,
}

/// A step as it is written, with the place of each part.
#[derive(Debug)]
pub(super) struct Step {
    /// The place of its header, `[[steps]]`.
    pub span: Span,
    pub id: Spanned<String>,
    pub title: Option<String>,
    pub uses: Option<Spanned<String>>,
    pub accounts: Accounts,
    pub with: Option<Node>,
    pub needs: Option<Vec<Spanned<String>>>,
    pub when: Option<Spanned<String>>,
    pub for_each: Option<Node>,
    pub max_parallel: Option<Spanned<usize>>,
    pub max_failures: Option<Spanned<usize>>,
    pub retry: Option<Spanned<Retry>>,
    pub timeout_ms: Option<Spanned<u64>>,
    pub on_failure: Option<OnFailure>,
    pub confirm: Option<Confirm>,
}

/// How a step names its accounts.
#[derive(Debug)]
pub(super) enum Accounts {
    None,
    /// `account = "source"`.
    One(Spanned<String>),
    /// `accounts = { … }`: the plugin's name and the runbook's.
    Many(Span, Vec<(Spanned<String>, Spanned<String>)>),
}

/// An approval before a step.
#[derive(Debug)]
pub(super) struct Confirm {
    pub message: Spanned<String>,
    pub people: u32,
    /// The actions whose changes a yes answers for.
    pub changes: Vec<Spanned<String>>,
}

/// Reads the document. What cannot be read is reported and left out.
pub(super) fn read(document: &Document, problems: &mut Problems<'_>) -> Runbook {
    let mut runbook = Runbook::default();
    let mut root = Reader::new(&document.root, "a runbook", problems);
    let version = root.integer("schema", 1, i64::MAX);
    match version {
        Some(version) if version.value > SCHEMA => {
            root.problems.push_at(
                codes::SCHEMA,
                format!(
                    "the runbook is written for schema {}, this program reads {SCHEMA}",
                    version.value
                ),
                version.span,
                "needs a newer rutter",
                Some("upgrade `rutter`; nothing else in the file was checked".to_owned()),
            );
            return runbook;
        }
        Some(_) => {}
        None => root.missing("schema", Some("write `schema = 1` in the first line")),
    }
    let head = root.table("runbook");
    let inputs = root.table("inputs");
    let accounts = root.table("accounts");
    let steps = root.list("steps");
    let outputs = root.table("outputs");
    if head.is_none() {
        root.missing("runbook", Some("add a table `[runbook]` with a `name`"));
    }
    if steps.is_none() {
        root.missing(
            "steps",
            Some("add a step: `[[steps]]` with `id` and `uses`"),
        );
    }
    root.finish();

    if let Some((_, head)) = head {
        let mut reader = Reader::new(head, "`[runbook]`", problems);
        runbook.name = reader
            .required_text("name")
            .map_or_else(String::new, |name| name.value);
        runbook.title = title(&mut reader);
        runbook.notes = notes(&mut reader);
        reader.finish();
    }
    if let Some((_, table)) = inputs {
        runbook.inputs = table
            .entries
            .iter()
            .map(|entry| input(entry, document, problems))
            .collect();
    }
    if let Some((_, table)) = accounts {
        runbook.accounts = table
            .entries
            .iter()
            .map(|entry| account(entry, problems))
            .collect();
    }
    if let Some((span, items)) = steps {
        runbook.steps = read_steps(span, items, problems);
    }
    if let Some((_, table)) = outputs {
        runbook.outputs = table.entries.clone();
    }
    runbook
}

fn name(entry: &TableEntry) -> Spanned<String> {
    Spanned {
        value: entry.key.clone(),
        span: entry.key_span,
    }
}

fn input(entry: &TableEntry, document: &Document, problems: &mut Problems<'_>) -> Input {
    let mut likened = None;
    let written = |key: &str| match &entry.value.kind {
        NodeKind::Table(table) => table.get(key).map(|entry| &entry.value),
        _ => None,
    };
    let field = match document.fields.get(&entry.key) {
        Some(Ok(Declared::Field(field))) => {
            default_has_unit(&entry.key, written("default"), field, problems);
            Some(field.clone())
        }
        Some(Ok(Declared::Like(like))) => {
            likened = Some(Likened {
                like: like.clone(),
                span: written("like").map_or(entry.key_span, |node| node.span),
                default: written("default").cloned(),
            });
            None
        }
        Some(Err(bad)) => {
            problems.push_at(
                codes::INPUT_FIELD,
                format!(
                    "the input `{}` is not declared well: {}",
                    entry.key, bad.message
                ),
                place(entry, bad),
                "",
                bad.help.clone(),
            );
            None
        }
        None => None,
    };
    Input {
        name: name(entry),
        field,
        likened,
    }
}

/// Of a number that stands for a length of time nobody can tell the unit.
pub(super) fn default_has_unit(
    name: &str,
    default: Option<&Node>,
    field: &Field,
    problems: &mut Problems<'_>,
) {
    let number =
        default.filter(|node| matches!(node.kind, NodeKind::Integer(_) | NodeKind::Number(_)));
    if let (FieldKind::Duration, Some(node)) = (field.kind, number) {
        let title = format!("the default of `{name}` is a number without a unit");
        let help = "write a number and a unit: `\"90s\"`, `\"5m\"`, `\"12h\"`, `\"2d\"`";
        problems.push_at(
            codes::INPUT_FIELD,
            title,
            node.span,
            "",
            Some(help.to_owned()),
        );
    }
}

/// Where a declaration is wrong. Rules that do not fit each other are reported for the whole table:
/// there it is the key that the message quotes.
fn place(entry: &TableEntry, bad: &BadField) -> Span {
    let NodeKind::Table(table) = &entry.value.kind else {
        return bad.span;
    };
    if bad.span != entry.value.span {
        return bad.span;
    }
    let quoted = bad.message.split('`').skip(1).step_by(2);
    let key = quoted.filter_map(|word| table.get(word)).next();
    key.map_or(bad.span, |entry| entry.value.span)
}

fn account(entry: &TableEntry, problems: &mut Problems<'_>) -> DeclaredAccount {
    let mut account = DeclaredAccount {
        name: name(entry),
        help: String::new(),
    };
    match &entry.value.kind {
        NodeKind::Table(table) => {
            let what = format!("the account `{}`", entry.key);
            let mut reader = Reader::new(table, &what, problems);
            account.help = reader
                .text("help")
                .map_or_else(String::new, |help| help.value);
            reader.finish();
        }
        _ => problems.wrong_type("a table such as `{ help = \"…\" }`", &entry.value),
    }
    account
}

fn read_steps(span: Span, items: &[Node], problems: &mut Problems<'_>) -> Vec<Step> {
    if items.len() > STEPS_MAX {
        problems.push_at(
            codes::LIMIT,
            format!(
                "a runbook has at most {STEPS_MAX} steps, this one has {}",
                items.len()
            ),
            items.get(STEPS_MAX).map_or(span, |step| step.span),
            "",
            Some("run one step over a list with `for_each`, or split the runbook".to_owned()),
        );
        return Vec::new();
    }
    if items.is_empty() {
        problems.push_at(
            codes::MISSING_KEY,
            "a runbook has at least one step",
            span,
            "",
            None,
        );
    }
    items
        .iter()
        .enumerate()
        .filter_map(|(index, node)| match &node.kind {
            NodeKind::Table(table) => Some(step(index, table, problems)),
            _ => {
                problems.wrong_type("a table", node);
                None
            }
        })
        .collect()
}

fn step(index: usize, table: &Table, problems: &mut Problems<'_>) -> Step {
    let id = match table.get("id").map(|entry| &entry.value) {
        Some(Node {
            span,
            kind: NodeKind::Text(id),
        }) => Some(Spanned {
            value: id.clone(),
            span: *span,
        }),
        _ => None,
    };
    let what = match &id {
        Some(id) => format!("step `{}`", id.value),
        None => format!("step {}", index + 1),
    };
    let mut reader = Reader::new(table, &what, problems);
    reader.required_text("id");
    let with = reader.node("with");
    let step = Step {
        span: table.span,
        // A name that no reference can meet.
        id: id.unwrap_or(Spanned {
            value: format!("#{}", index + 1),
            span: table.span,
        }),
        title: title(&mut reader),
        uses: reader.required_text("uses"),
        accounts: accounts(&mut reader),
        with: None,
        needs: reader.texts("needs"),
        when: reader.text("when"),
        for_each: for_each(&mut reader),
        max_parallel: count(&mut reader, "max_parallel", 1),
        max_failures: count(&mut reader, "max_failures", 0),
        retry: None,
        timeout_ms: reader.duration("timeout", 1),
        on_failure: on_failure(&mut reader),
        confirm: confirm(&mut reader),
    };
    let retry = reader.table("retry");
    reader.finish();
    let with = with.filter(|node| match &node.kind {
        NodeKind::Table(_) => true,
        _ => {
            problems.wrong_type("a table: `with.name = …`", node);
            false
        }
    });
    Step {
        with: with.cloned(),
        retry: retry.map(|(span, table)| Spanned {
            value: read_retry(table, problems),
            span,
        }),
        ..step
    }
}

/// A title is shown before anything is known that an expression could read.
fn title(reader: &mut Reader<'_, '_, '_>) -> Option<String> {
    let title = reader.text("title")?;
    if title.value.contains("{{") {
        reader.problems.push_at(
            codes::EXPRESSION,
            "a title is plain text, without expressions",
            title.span,
            "",
            None,
        );
    }
    Some(title.value)
}

/// Notes are shown before anything is known that an expression could read.
fn notes(reader: &mut Reader<'_, '_, '_>) -> Vec<String> {
    let notes = reader.texts("notes").unwrap_or_default();
    if let Some(surplus) = notes.get(NOTES_MAX) {
        reader.problems.push_at(
            codes::LIMIT,
            format!(
                "a runbook has at most {NOTES_MAX} notes, this one has {}",
                notes.len()
            ),
            surplus.span,
            "",
            Some("say in one what belongs together; the rest belongs into `help`".to_owned()),
        );
    }
    for note in &notes {
        if let Some(problem) = note_problem(&note.value) {
            let problems = &mut reader.problems;
            problems.push_at(codes::VALUE, problem, note.span, "", None);
        }
    }
    notes.into_iter().map(|note| note.value).collect()
}

fn accounts(reader: &mut Reader<'_, '_, '_>) -> Accounts {
    let one = reader.text("account");
    let many = reader.table("accounts");
    match (one, many) {
        (None, None) => Accounts::None,
        (Some(one), None) => Accounts::One(one),
        (one, Some((span, table))) => {
            if let Some(one) = one {
                reader.problems.push_at(
                    codes::ACCOUNT,
                    format!("{} has both `account` and `accounts`", reader.what),
                    one.span,
                    "",
                    Some("keep `accounts` if the plugin needs several, else `account`".to_owned()),
                );
            }
            let mut names = Vec::new();
            for entry in &table.entries {
                match &entry.value.kind {
                    NodeKind::Text(account) => names.push((
                        name(entry),
                        Spanned {
                            value: account.clone(),
                            span: entry.value.span,
                        },
                    )),
                    _ => reader
                        .problems
                        .wrong_type("the name of an account, as text", &entry.value),
                }
            }
            Accounts::Many(span, names)
        }
    }
}

fn for_each(reader: &mut Reader<'_, '_, '_>) -> Option<Node> {
    let node = reader.node("for_each")?;
    match &node.kind {
        NodeKind::List(_) | NodeKind::Table(_) => Some(node.clone()),
        NodeKind::Text(text) if text.contains("{{") => Some(node.clone()),
        NodeKind::Refused => None,
        NodeKind::Text(_) => {
            reader.problems.push_at(
                codes::TYPE,
                format!("`for_each` of {} is text", reader.what),
                node.span,
                "expected a list, a table, or one expression",
                Some(
                    "an expression is written in braces: `for_each = \"{{ inputs.regions }}\"`"
                        .to_owned(),
                ),
            );
            None
        }
        _ => {
            reader
                .problems
                .wrong_type("a list, a table, or an expression that gives one", node);
            None
        }
    }
}

fn count(reader: &mut Reader<'_, '_, '_>, key: &'static str, min: i64) -> Option<Spanned<usize>> {
    let number = reader.integer(key, min, 1_000_000)?;
    Some(Spanned {
        value: usize::try_from(number.value).ok()?,
        span: number.span,
    })
}

fn on_failure(reader: &mut Reader<'_, '_, '_>) -> Option<OnFailure> {
    let choices = [
        ("stop", OnFailure::Stop),
        ("continue", OnFailure::Continue),
        ("undo", OnFailure::Undo),
    ];
    reader.choice("on_failure", &choices)
}

fn confirm(reader: &mut Reader<'_, '_, '_>) -> Option<Confirm> {
    let node = reader.node("confirm")?;
    let what = format!("`confirm` of {}", reader.what);
    match &node.kind {
        NodeKind::Text(message) => Some(Confirm {
            message: Spanned {
                value: message.clone(),
                span: node.span,
            },
            people: 1,
            changes: Vec::new(),
        }),
        NodeKind::Table(table) => {
            let mut inner = Reader::new(table, &what, reader.problems);
            let message = inner.required_text("message");
            let people = inner
                .integer("people", 1, 100)
                .map_or(1, |people| people.value);
            let changes = inner.texts("changes").unwrap_or_default();
            inner.finish();
            Some(Confirm {
                message: message?,
                people: u32::try_from(people).unwrap_or(1),
                changes,
            })
        }
        _ => {
            reader.problems.wrong_type(
                "the question as text, or `{ message = \"…\", people = 2, changes = [\"ecs:DeleteImage\"] }`",
                node,
            );
            None
        }
    }
}

fn read_retry(table: &Table, problems: &mut Problems<'_>) -> Retry {
    let default = Retry::default();
    let mut reader = Reader::new(table, "`retry`", problems);
    let attempts = reader.integer("attempts", 1, 1_000);
    let delay = reader.duration("delay", 0);
    let max_delay = reader.duration("max_delay", 0);
    if attempts.is_none() && table.get("attempts").is_none() {
        reader.missing(
            "attempts",
            Some("how often the step is tried in all: `attempts = 3`"),
        );
    }
    reader.finish();
    let delay_ms = delay.map_or(default.delay_ms, |delay| delay.value);
    if let Some(max) = &max_delay
        && max.value < delay_ms
    {
        problems.push_at(
            codes::VALUE,
            "`max_delay` is shorter than `delay`",
            max.span,
            "",
            None,
        );
    }
    Retry {
        attempts: attempts
            .and_then(|attempts| u32::try_from(attempts.value).ok())
            .unwrap_or(default.attempts),
        delay_ms,
        max_delay_ms: max_delay.map_or(default.max_delay_ms.max(delay_ms), |max| max.value),
    }
}
