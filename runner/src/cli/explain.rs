//! `rutter explain`.

use rutter_diagnostic::neutral::one_line;
use rutter_diagnostic::shell;
use serde_json::json;

use super::plugins::catalogue;
use super::{Context, Exit, Failure};
use crate::explain::{self, Explanation};
use crate::ui::{Align, Table};

/// Explain an error code: why it happens and what to do about it
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The code of a failed step, of a problem in a runbook, or of an exit: `AssumeRoleFail`, `rutter.denied`, `exit 5`
    #[arg(required_unless_present = "list", value_name = "CODE")]
    code: Vec<String>,
    /// Only the meaning that the code has for this product of the cloud
    #[arg(long, value_name = "PRODUCT")]
    product: Option<String>,
    /// List all codes
    #[arg(long, conflicts_with = "code")]
    list: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let product = args.product.as_deref().map(product).transpose()?;
    let found = if args.list {
        let all = explain::all().into_iter();
        let of_product = |one: &Explanation| product.is_none_or(|name| one.giver.contains(name));
        all.filter(of_product).collect()
    } else {
        // Some codes are sentences; nobody should have to quote them.
        let code = args.code.join(" ");
        let mut found = explain::explain(&code, product);
        found.extend(found.is_empty().then(|| explain::by_form(&code)).flatten());
        if found.is_empty() {
            return Err(unknown(context, &code, product));
        }
        found
    };
    show(context, args.list, &found);
    Ok(Exit::Done)
}

/// The product as the cloud spells it.
fn product(name: &str) -> Result<&'static str, Failure> {
    rutter_contracts::product_name(name).ok_or_else(|| {
        let names: Vec<&str> = rutter_contracts::products().map(|(name, _)| name).collect();
        Failure::refused(
            format!("there is no product `{name}`"),
            format!("the products are {}", names.join(", ")),
        )
    })
}

fn unknown(context: &Context, code: &str, product: Option<&str>) -> Failure {
    if product.is_some() && explain::is_known(code) {
        return Failure::refused(
            format!("`{code}` means nothing to this product"),
            format!("`rutter explain {}` shows who gives it", shell::word(code)),
        );
    }
    let of_plugin = code.split_once('.').map(|(plugin, _)| plugin);
    if let Some(plugin) = of_plugin
        && catalogue(&context.environment)
            .names()
            .any(|name| name == plugin)
    {
        return Failure::refused(
            format!(
                "`{code}` is a code of the plugin `{plugin}`, whose message says what it means"
            ),
            format!("`rutter plugin inspect {plugin}` shows what the plugin does"),
        );
    }
    let near = explain::near(code);
    let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    let help = if near.is_empty() {
        "`rutter explain --list` shows every code".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    Failure::refused(format!("nothing is known about the code `{code}`"), help)
}

fn show(context: &Context, list: bool, found: &[Explanation]) {
    let printer = &context.printer;
    if printer.output().json {
        for one in found {
            printer.json(&to_json(one));
        }
    } else if list {
        printer.answer(&table(found).render());
    } else {
        printer.answer(&page(found));
    }
}

fn to_json(one: &Explanation) -> serde_json::Value {
    json!({
        "code": one.code,
        "giver": one.giver,
        "when": one.when,
        "message": one.message,
        "cause": one.cause,
        "remedy": one.remedy,
        "reaction": one.reaction,
    })
}

fn table(found: &[Explanation]) -> Table {
    let mut table = Table::new([
        ("CODE", Align::Left),
        ("GIVEN BY", Align::Left),
        ("CAUSE", Align::Left),
    ]);
    for one in found {
        table.row([&one.code, &one.giver, &one.cause]);
    }
    table
}

fn page(found: &[Explanation]) -> String {
    let mut text = String::new();
    if let [_, _, ..] = found {
        text.push_str(&format!("{} meanings:\n", found.len()));
    }
    for (index, one) in found.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let when = match &one.when {
            Some(when) => format!(", when the message says \"{}\"", one_line(when)),
            None => String::new(),
        };
        text.push_str(&format!("{}, given by {}{when}\n", one.code, one.giver));
        if let Some(message) = &one.message {
            text.push_str(&format!("  message: {}\n", one_line(message)));
        }
        text.push_str(&format!(
            "  cause:   {}\n  remedy:  {}\n",
            one.cause, one.remedy
        ));
        if let Some(reaction) = one.reaction {
            text.push_str(&format!("  rutter:  {reaction}\n"));
        }
    }
    text
}
