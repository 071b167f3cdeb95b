//! The program without some of its rules (`RUTTER_WITHOUT=claims,terminal`), so that a test sees what gets
//! through where a rule is not.

use std::process::ExitCode;

use rutter_meaning::{Rule, Rules};

fn main() -> ExitCode {
    let named = std::env::var("RUTTER_WITHOUT").unwrap_or_default();
    let names = named.split(',').filter(|name| !name.is_empty());
    let left_out: Option<Vec<Rule>> = names.map(Rule::named).collect();
    let Some(left_out) = left_out else {
        return ExitCode::from(70);
    };
    rutter_meaning::held::only(left_out.into_iter().fold(Rules::ALL, Rules::without));
    rutter::cli::main()
}
