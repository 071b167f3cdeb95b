//! Names in a runbook are snake_case, because they stand in expressions, and steps have each their
//! own id.

use std::collections::HashMap;

use rutter_diagnostic::{Diagnostic, Span};
use rutter_manifest::is_snake_case;

use super::super::codes;
use super::super::model::Model;
use super::super::problems::Problems;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    let runbook = model.runbook;
    for input in &runbook.inputs {
        snake_case(
            "an input's name",
            &input.name.value,
            input.name.span,
            problems,
        );
    }
    for account in &runbook.accounts {
        snake_case(
            "an account's name",
            &account.name.value,
            account.name.span,
            problems,
        );
    }
    for output in &runbook.outputs {
        snake_case("an output's name", &output.key, output.key_span, problems);
    }
    let mut first: HashMap<&str, Span> = HashMap::new();
    for step in &runbook.steps {
        let (id, span) = (step.id.value.as_str(), step.id.span);
        // An id that is missing was reported, and got a name nobody can write.
        if id.starts_with('#') && span == step.span {
            continue;
        }
        snake_case("a step's id", id, span, problems);
        if let Some(first) = first.get(id) {
            let problem = Diagnostic::error(
                codes::DUPLICATE_STEP,
                format!("two steps have the id `{id}`"),
            )
            .at(problems.source, span, "the second")
            .and(*first, "the first")
            .help(format!("call it `{id}_2`, or whatever it is"));
            problems.push(problem);
        }
        first.entry(id).or_insert(span);
    }
}

fn snake_case(what: &str, name: &str, span: Span, problems: &mut Problems<'_>) {
    if is_snake_case(name) {
        return;
    }
    let snake = to_snake_case(name);
    let help = if is_snake_case(&snake) {
        format!("write `{snake}`")
    } else {
        "lower-case letters, digits and single underscores, a letter first".to_owned()
    };
    let title = format!("{what} is snake_case, `{name}` is not");
    problems.push_at(codes::NAME, title, span, "", Some(help));
}

/// `sourceInstance` and `source-instance` as `source_instance`.
fn to_snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut after_lower = false;
    for letter in name.trim().chars() {
        if letter.is_uppercase() && after_lower {
            snake.push('_');
        }
        after_lower = letter.is_lowercase() || letter.is_ascii_digit();
        match letter {
            '-' | ' ' | '.' => snake.push('_'),
            letter => snake.extend(letter.to_lowercase()),
        }
    }
    snake
}
