//! How calls name a kind of database and a way to it.

/// A kind, its engine as a source, its engine as a destination, and the type of one that is an Alibaba Cloud instance;
/// empty where there is none. The two sides spell PostgreSQL differently.
type Row = (&'static str, &'static str, &'static str, &'static str);

const KINDS: &[Row] = &[
    ("mysql", "MYSQL", "MYSQL", "RDS"),
    ("polardb-mysql", "PolarDB", "PolarDB", "PolarDB"),
    ("redis", "REDIS", "REDIS", "REDIS"),
    ("sqlserver", "MSSQL", "MSSQL", "RDS"),
    ("postgresql", "POSTGRESQL", "PostgreSQL", "RDS"),
    ("mongodb", "MONGODB", "MONGODB", "MONGODB"),
    ("oracle", "ORACLE", "ORACLE", ""),
    ("polardb-oracle", "POLARDB_O", "POLARDB_O", "PolarDB"),
    (
        "polardb-x-1.0",
        "POLARDBX10",
        "POLARDBX10",
        "DISTRIBUTED_POLARDBX10",
    ),
    ("polardb-x-2.0", "POLARDBX20", "POLARDBX20", "POLARDBX20"),
    ("db2-as400", "AS400", "AS400", ""),
    ("db2-luw", "DB2", "DB2", ""),
    ("mariadb", "MARIADB", "MARIADB", "RDS"),
    ("adb-mysql", "ADB30", "ADB30", "ADS"),
];

const WAYS: [(&str, &str); 5] = [
    ("express", "EXPRESS"),
    ("ecs", "ECS"),
    ("cen", "CEN"),
    ("database-gateway", "DG"),
    ("public", "OTHER"),
];

/// The engine's name on one side.
pub(crate) fn engine(kind: &str, is_source: bool) -> &'static str {
    row(kind).map_or(
        "",
        |(_, source, destination, _)| {
            if is_source { source } else { destination }
        },
    )
}

/// The instance type of a way to a database; `None` if it is no Alibaba Cloud instance and should be.
pub(crate) fn instance_type(kind: &str, access: &str) -> Option<&'static str> {
    if let Some((_, name)) = WAYS.iter().find(|(way, _)| *way == access) {
        return Some(name);
    }
    let (.., name) = row(kind)?;
    (!name.is_empty()).then_some(*name)
}

fn row(kind: &str) -> Option<&'static Row> {
    KINDS.iter().find(|(name, ..)| *name == kind)
}
