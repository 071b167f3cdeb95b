//! The published tables of what can belong to another account.

use rutter_sdk::Violation;

/// A type, the ways to it that are supported as a source, and whether it is supported as a destination.
type Row = (&'static str, &'static [&'static str], bool);

const TABLE: &[Row] = &[
    ("mysql", &["cloud-instance", "express", "ecs"], true),
    ("polardb-mysql", &["cloud-instance"], true),
    (
        "redis",
        &[
            "cloud-instance",
            "express",
            "ecs",
            "cen",
            "database-gateway",
        ],
        true,
    ),
    ("sqlserver", &["cloud-instance", "express"], false),
    ("postgresql", &["cloud-instance", "express"], false),
    (
        "mongodb",
        &["cloud-instance", "express", "ecs", "cen"],
        true,
    ),
    ("oracle", &["express"], false),
    ("polardb-oracle", &["cloud-instance", "express"], false),
    ("polardb-postgresql", &["cloud-instance"], false),
    ("polardb-x-1.0", &["cloud-instance"], false),
    ("polardb-x-2.0", &["cloud-instance"], false),
    ("db2-as400", &["express"], false),
    ("db2-luw", &["express", "ecs"], false),
    ("mariadb", &["cloud-instance", "express", "ecs"], false),
    ("oceanbase", &["cloud-instance", "express", "ecs"], false),
    ("sls", &["cloud-instance"], false),
    ("adb-mysql", &["cloud-instance"], true),
    ("clickhouse", &[], true),
    ("selectdb", &[], true),
];

/// Types that the console offers across accounts and for which the API documents no engine name.
const CONSOLE_ONLY: [&str; 5] = [
    "polardb-postgresql",
    "oceanbase",
    "sls",
    "clickhouse",
    "selectdb",
];

/// Why a database cannot be the source of another account.
pub(crate) fn source(kind: &str, access: &str) -> Option<Violation> {
    let ways = row(kind).map_or(&[] as &[_], |(_, ways, _)| *ways);
    if ways.contains(&access) {
        return console_only(kind);
    }
    let possible = if ways.is_empty() {
        "it cannot be one at all".to_owned()
    } else {
        format!("it can by {}", ways.join(", "))
    };
    Some(Violation::new(
        format!("{kind} by {access} cannot be a source of another account; {possible}"),
        "Take a database and a way to it that the published table of sources has",
    ))
}

/// Why a database cannot be the destination of another account.
pub(crate) fn destination(kind: &str, access: &str) -> Option<Violation> {
    let is_possible = row(kind).is_some_and(|(.., is_possible)| *is_possible);
    if is_possible && access == "cloud-instance" {
        return console_only(kind);
    }
    let possible: Vec<&str> = TABLE
        .iter()
        .filter(|(.., is_possible)| *is_possible)
        .map(|(kind, ..)| *kind)
        .collect();
    Some(Violation::new(
        format!(
            "{kind} by {access} cannot be a destination of another account; an Alibaba Cloud instance of {} can",
            possible.join(", ")
        ),
        "Take a database that the published table of destinations has",
    ))
}

fn row(kind: &str) -> Option<&'static Row> {
    TABLE.iter().find(|(name, ..)| *name == kind)
}

fn console_only(kind: &str) -> Option<Violation> {
    CONSOLE_ONLY.contains(&kind).then(|| {
        Violation::new(
            format!(
                "{kind} is offered across accounts in the DTS console only: the API documents no engine name for it"
            ),
            "Configure this task in the DTS console; the roles can be made by the runbook `authorise_dts`",
        )
    })
}
