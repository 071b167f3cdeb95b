//! The table of actions: a file a product, a line an action, parsed when first asked for.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::action::{Access, Action, DocumentedError, Poll, Repeat};
use crate::parameter::Parameter;
use crate::{checked, paging, waits};

/// A product: its name, its version and its lines.
struct ProductTable {
    name: &'static str,
    version: &'static str,
    text: &'static str,
}

const PRODUCTS: [ProductTable; 6] = [
    ProductTable {
        name: "RAM",
        version: "2015-05-01",
        text: include_str!("../data/ram.jsonl"),
    },
    ProductTable {
        name: "STS",
        version: "2015-04-01",
        text: include_str!("../data/sts.jsonl"),
    },
    ProductTable {
        name: "DTS",
        version: "2020-01-01",
        text: include_str!("../data/dts.jsonl"),
    },
    ProductTable {
        name: "SMC",
        version: "2019-06-01",
        text: include_str!("../data/smc.jsonl"),
    },
    ProductTable {
        name: "ECS",
        version: "2014-05-26",
        text: include_str!("../data/ecs.jsonl"),
    },
    ProductTable {
        name: "R-kvstore",
        version: "2015-01-01",
        text: include_str!("../data/r-kvstore.jsonl"),
    },
];

/// The lines of one product by action name, each parsed at most once.
struct Index {
    table: &'static ProductTable,
    lines: BTreeMap<&'static str, Line>,
}

struct Line {
    text: &'static str,
    parsed: OnceLock<Action>,
}

/// How every line begins; the action's name follows.
const LINE_START: &str = "{\"action\":\"";

impl Index {
    fn new(table: &'static ProductTable) -> Self {
        let lines = table
            .text
            .lines()
            .filter_map(|text| {
                let name = text.strip_prefix(LINE_START)?.split('"').next()?;
                let parsed = OnceLock::new();
                Some((name, Line { text, parsed }))
            })
            .collect();
        Self { table, lines }
    }

    fn action(&'static self, name: &str) -> Option<&'static Action> {
        let line = self.lines.get(name)?;
        Some(line.parsed.get_or_init(|| parse(self.table, line.text)))
    }
}

/// Returns the index of a product whose name is spelled in any case.
fn index(product: &str) -> Option<&'static Index> {
    static INDEXES: [OnceLock<Index>; PRODUCTS.len()] = [const { OnceLock::new() }; PRODUCTS.len()];
    let position = PRODUCTS
        .iter()
        .position(|table| table.name.eq_ignore_ascii_case(product))?;
    Some(INDEXES[position].get_or_init(|| Index::new(&PRODUCTS[position])))
}

/// An action as its line holds it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    action: String,
    access: RowAccess,
    #[serde(default)]
    irreversible: bool,
    summary: String,
    #[serde(default)]
    token_parameter: Option<String>,
    parameters: Vec<Parameter>,
    response: BTreeMap<String, String>,
    #[serde(default)]
    secret_answers: Vec<String>,
    #[serde(default)]
    poll: Option<Poll>,
    errors: Vec<DocumentedError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RowAccess {
    Read,
    Change,
}

fn parse(table: &ProductTable, text: &str) -> Action {
    let row: Row = serde_json::from_str(text)
        .expect("the lines are compiled in and a test parses every one of them");
    let access = match row.access {
        RowAccess::Read => Access::Read,
        RowAccess::Change => Access::Change,
    };
    let columns = checked::columns(table.name, &row.action);
    let (repeat, reason) = match access {
        Access::Read => (Repeat::Same, ""),
        Access::Change => (columns.repeat, columns.reason),
    };
    Action {
        product: table.name,
        version: table.version,
        access,
        irreversible: row.irreversible,
        costs: columns.costs,
        covered: columns.covered,
        repeat,
        reason,
        token_parameter: row.token_parameter,
        secret_parameters: row
            .parameters
            .iter()
            .filter(|parameter| parameter.secret)
            .map(|parameter| parameter.name.clone())
            .collect(),
        parameters: row.parameters,
        response: row.response,
        secret_answers: row.secret_answers,
        poll: row.poll,
        wait: waits::of(table.name, &row.action),
        paging: paging::of(table.name, &row.action),
        errors: row.errors,
        summary: row.summary,
        name: row.action,
    }
}

/// Returns what is known about an action; the product in any case, the action exactly as spelled.
///
/// `None` means unknown: to be taken for a change that must not be repeated.
pub fn action(product: &str, action: &str) -> Option<&'static Action> {
    index(product)?.action(action)
}

/// Returns an action's name as the table spells it, from a spelling in any case.
pub fn action_name(product: &str, action: &str) -> Option<&'static str> {
    let mut names = index(product)?.lines.keys();
    names
        .find(|name| name.eq_ignore_ascii_case(action))
        .copied()
}

/// Returns the one version of a product's API that the table describes.
pub fn product_version(product: &str) -> Option<&'static str> {
    index(product).map(|index| index.table.version)
}

/// Returns what is known about an action by its label, `ecs:DeleteImage`, as manifests and people write it: the
/// product in any case, or by the prefix of access policies.
pub fn labelled(label: &str) -> Option<&'static Action> {
    let (product, name) = label.split_once(':')?;
    action(product_name(product)?, name)
}

/// Returns every action of the table, by product and name.
pub fn actions() -> impl Iterator<Item = &'static Action> {
    PRODUCTS
        .iter()
        .filter_map(|table| index(table.name))
        .flat_map(|index| index.lines.keys().filter_map(|name| index.action(name)))
}

/// Returns each product's name and version.
pub fn products() -> impl Iterator<Item = (&'static str, &'static str)> {
    PRODUCTS.iter().map(|table| (table.name, table.version))
}

/// Returns a product's name as the table spells it, from a spelling in any case; `kvstore`, the
/// prefix of access policies, is taken for `R-kvstore`.
pub fn product_name(product: &str) -> Option<&'static str> {
    if product.eq_ignore_ascii_case("kvstore") {
        return Some("R-kvstore");
    }
    index(product).map(|index| index.table.name)
}

/// Returns the action of the product whose name is most like the given one, for "did you mean".
pub fn nearest_action(product: &str, action: &str) -> Option<&'static str> {
    nearest(action, index(product)?.lines.keys().copied())
}

/// Returns the candidate most like the word, if any is like it at all.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    const LIKENESS_MIN: f64 = 0.75;
    let lower = word.to_ascii_lowercase();
    candidates
        .map(|candidate| {
            let likeness = strsim::jaro_winkler(&lower, &candidate.to_ascii_lowercase());
            (likeness, candidate)
        })
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::{PRODUCTS, action, actions, nearest_action, product_name};
    use crate::{Access, Repeat};

    #[test]
    fn every_line_parses_and_is_found_by_its_name() {
        let lines: usize = PRODUCTS
            .iter()
            .map(|table| table.text.lines().count())
            .sum();
        assert_eq!(lines, 148);
        assert_eq!(actions().count(), lines);
        for found in actions() {
            assert_eq!(action(found.product, &found.name), Some(found));
            assert!(!found.summary.is_empty());
        }
    }

    #[test]
    fn products_are_found_in_any_case_and_actions_only_as_spelled() {
        assert_eq!(
            action("r-KVSTORE", "DescribeAccounts").unwrap().product,
            "R-kvstore"
        );
        assert!(action("RAM", "createrole").is_none());
        assert!(action("OSS", "PutObject").is_none());
        assert_eq!(product_name("kvstore"), Some("R-kvstore"));
    }

    #[test]
    fn only_reads_can_be_had_as_reads() {
        for action in actions() {
            let is_read = action.access == Access::Read;
            assert_eq!(action.as_read().is_some(), is_read, "{}", action.label());
            let sounds = ["Describe", "List", "Get", "WhiteIp", "AssumeRole"];
            let sounds_like_a_read = sounds.iter().any(|start| action.name.starts_with(start));
            assert_eq!(is_read, sounds_like_a_read, "{}", action.label());
        }
    }

    #[test]
    fn reads_are_free_to_repeat_and_cost_nothing() {
        for action in actions().filter(|action| action.access == Access::Read) {
            assert_eq!(action.repeat, Repeat::Same);
            assert!(!action.costs && !action.covered && !action.irreversible);
        }
    }

    #[test]
    fn a_misspelt_action_has_a_nearest_one() {
        assert_eq!(nearest_action("RAM", "CreateRoll"), Some("CreateRole"));
        assert_eq!(nearest_action("RAM", "Xyzzy"), None);
    }

    #[test]
    fn secrets_are_marked_in_calls_and_answers() {
        let code = action("SMC", "CreateAccessToken").unwrap();
        assert_eq!(code.secret_answers, ["/AccessTokenCode"]);
        let assume = action("STS", "AssumeRole").unwrap();
        assert!(
            assume
                .secret_answers
                .contains(&"/Credentials/SecurityToken".to_owned())
        );
        let configure = action("DTS", "ConfigureDtsJob").unwrap();
        assert_eq!(configure.secret_parameters.len(), 2);
    }

    #[test]
    fn policies_name_actions_by_their_own_prefix() {
        let redis = action("R-kvstore", "DescribeAccounts").unwrap();
        assert_eq!(redis.policy_action(), "kvstore:DescribeAccounts");
        let role = action("RAM", "CreateRole").unwrap();
        assert_eq!(role.policy_action(), "ram:CreateRole");
    }
}
