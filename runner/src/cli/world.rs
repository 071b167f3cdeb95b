//! `rutter world`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Subcommand;
use rutter_engine::Plan;
use rutter_simcloud::World;
use serde_json::Value;

use super::flags::Inputs;
use super::{Context, Exit, Failure, load};

/// Create world files for rehearsals
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a world file that fits a runbook's accounts and inputs
    New(NewArgs),
}

#[derive(Debug, clap::Args)]
struct NewArgs {
    /// The runbook file
    runbook: PathBuf,
    /// Write to this file, which must not exist [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    inputs: Inputs,
}

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    let Command::New(args) = args.command;
    let settings = context.settings()?;
    let loaded = load::for_rehearsal(context, &settings, &args.runbook, &args.inputs, "")?;
    let text = world_text(&loaded.checked.plan);
    if let Err(error) = World::from_toml(&text, "the new world") {
        return Err(Failure::world(&error, &text));
    }
    match &args.output {
        None => context.printer.verbatim(&text),
        Some(path) => {
            let cannot =
                |error| Failure::io(format!("`{}` cannot be written", path.display()), error);
            let mut file = std::fs::File::create_new(path).map_err(cannot)?;
            std::io::Write::write_all(&mut file, text.as_bytes()).map_err(cannot)?;
            context.printer.answer_line(&path.display().to_string());
        }
    }
    Ok(Exit::Done)
}

/// A world with the plan's accounts, and in them the instances that its inputs name.
fn world_text(plan: &Plan) -> String {
    let mut text = format!(
        "# A world for {}: every key that a world can have is described in the documentation.\n\
         schema = 1\n\n[world]\ntitle = {}\nstart = \"2026-01-15T20:00:00Z\"\nseed = 1\n",
        plan.name,
        quoted(&format!("A world for {}", plan.name)),
    );
    let names: Vec<&str> = plan.accounts.keys().map(|name| &**name).collect();
    for (index, name) in names.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n[accounts.{name}]\nid = {}\n\n[[accounts.{name}.users]]\nname = \"operator\"\n\
             policies = [\"AdministratorAccess\"]\n",
            quoted(&account_id(plan, name, index)),
        );
    }
    for (input, value) in inputs(plan) {
        if let Some(kind) = kind_of(value) {
            let account = owner(input, &names);
            resource(&mut text, plan, account, kind, input, value);
        }
    }
    text
}

/// The inputs that are texts.
fn inputs(plan: &Plan) -> impl Iterator<Item = (&str, &str)> {
    let all = plan.inputs.as_object().into_iter().flatten();
    all.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
}

fn account_id(plan: &Plan, account: &str, index: usize) -> String {
    let is_id = |(_, value): &(&str, &str)| rutter_manifest::is_account_id(value);
    let named = |(name, _): &(&str, &str)| name.starts_with(account);
    let mut ids: Vec<_> = inputs(plan).filter(is_id).collect();
    if plan.accounts.len() > 1 {
        ids.retain(named);
    }
    match ids.first() {
        Some((_, id)) => (*id).to_owned(),
        None => char::from_digit(u32::try_from(index % 9).unwrap_or(0) + 1, 10)
            .map_or_else(String::new, |digit| digit.to_string().repeat(16)),
    }
}

/// What kind of resource an id is of.
fn kind_of(value: &str) -> Option<&'static str> {
    let prefix = value.split_once('-')?.0;
    match prefix {
        "r" => Some("redis"),
        "i" => Some("ecs"),
        "vsw" => Some("vswitches"),
        "sg" => Some("security_groups"),
        _ => None,
    }
}

/// The account whose name the input's begins with, else the first.
fn owner<'a>(input: &str, names: &[&'a str]) -> &'a str {
    let named = names.iter().find(|name| input.starts_with(**name));
    named.or(names.first()).copied().unwrap_or_default()
}

fn resource(text: &mut String, plan: &Plan, account: &str, kind: &str, input: &str, id: &str) {
    let prefix = input.rsplit_once('_').map_or("", |(prefix, _)| prefix);
    let is_for_new = ["vswitches", "security_groups"].contains(&kind);
    let usual = if is_for_new {
        "destination_region"
    } else {
        "source_region"
    };
    let given = |name: &str| plan.inputs.get(name).and_then(Value::as_str);
    let region = given(&format!("{prefix}_region"))
        .or_else(|| given(usual))
        .or_else(|| given("region"))
        .or_else(|| {
            plan.accounts
                .get(account)
                .map(|account| account.region.as_str())
        })
        .unwrap_or("cn-hangzhou");
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\n[[accounts.{account}.{kind}]]\nid = {}\nregion = {}\n",
        quoted(id),
        quoted(region)
    );
    if kind == "redis" && input.starts_with("source") {
        text.push_str("data_mb = 512\n");
    }
    if is_for_new {
        let vpc = given("vpc").unwrap_or("vpc-1");
        let _ = writeln!(text, "vpc = {}", quoted(vpc));
    }
    if kind == "vswitches" {
        let zone = given("zone").map_or_else(|| format!("{region}-a"), str::to_owned);
        let _ = writeln!(text, "zone = {}", quoted(&zone));
    }
    if kind == "ecs" {
        text.push_str(&content(plan));
    }
}

/// A file in each folder that an input names, so that what looks into it finds something.
fn content(plan: &Plan) -> String {
    let lists = plan.inputs.as_object().into_iter().flatten();
    let items = lists.flat_map(|(_, value)| value.as_array().into_iter().flatten());
    let paths = items.filter_map(|item| item.as_str().filter(|text| text.starts_with('/')));
    let files: BTreeSet<String> = paths
        .map(|path| format!("{}/example", path.trim_end_matches('/')))
        .collect();
    if files.is_empty() {
        return String::new();
    }
    let files: Vec<String> = files
        .iter()
        .map(|file| format!("{} = \"example\"", quoted_key(file)))
        .collect();
    format!("content.files = {{ {} }}\n", files.join(", "))
}

fn quoted_key(key: &str) -> String {
    // A text in double quotes is a key in JSON and in TOML alike.
    Value::String(key.to_owned()).to_string()
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
