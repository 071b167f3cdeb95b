//! The kinds of databases that DTS knows, how calls spell them, and which may belong to another account.
//!
//! The table is the published one of tasks across accounts. Engines are spelled differently on the two sides
//! (`POSTGRESQL`, `PostgreSQL`), and again by `CreateDtsInstance` (`Redis`). Kinds that the console offers across accounts
//! and for which the API documents no value (SLS, OceanBase, PolarDB for PostgreSQL, ClickHouse, SelectDB) are not here:
//! the contract refuses their names.

use super::file::Access;

/// A kind of database.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Its name in world files.
    pub name: &'static str,
    /// Its engine as a source.
    pub source: &'static str,
    /// Its engine as a destination; empty if it cannot be one.
    pub destination: &'static str,
    /// The instance type of one that is an instance of the cloud; empty if there are none.
    pub instance_type: &'static str,
    /// How it may be reached as a source of another account.
    pub across_source: &'static [Access],
    /// Whether it may be a destination of another account, as an instance of the cloud.
    pub across_destination: bool,
    /// The service that manages its instances, as rights name it.
    pub service: &'static str,
}

use Access::{Cen, CloudInstance, DatabaseGateway, Ecs, Express, Public};

const ALL_WAYS: &[Access] = &[CloudInstance, Express, Ecs, Cen, DatabaseGateway];

const KINDS: &[Kind] = &[
    kind(
        "mysql",
        "MYSQL",
        "MYSQL",
        "RDS",
        &[CloudInstance, Express, Ecs],
        true,
        "rds",
    ),
    kind(
        "polardb-mysql",
        "PolarDB",
        "PolarDB",
        "PolarDB",
        &[CloudInstance],
        true,
        "polardb",
    ),
    kind(
        "redis", "REDIS", "REDIS", "REDIS", ALL_WAYS, true, "kvstore",
    ),
    kind(
        "sqlserver",
        "MSSQL",
        "MSSQL",
        "RDS",
        &[CloudInstance, Express],
        false,
        "rds",
    ),
    kind(
        "postgresql",
        "POSTGRESQL",
        "PostgreSQL",
        "RDS",
        &[CloudInstance, Express],
        false,
        "rds",
    ),
    kind(
        "mongodb",
        "MONGODB",
        "MONGODB",
        "MONGODB",
        &[CloudInstance, Express, Ecs, Cen],
        true,
        "dds",
    ),
    kind("oracle", "ORACLE", "ORACLE", "", &[Express], false, ""),
    kind(
        "polardb-oracle",
        "POLARDB_O",
        "POLARDB_O",
        "PolarDB",
        &[CloudInstance, Express],
        false,
        "polardb",
    ),
    kind(
        "polardb-x-1.0",
        "POLARDBX10",
        "POLARDBX10",
        "DISTRIBUTED_POLARDBX10",
        &[CloudInstance],
        false,
        "drds",
    ),
    kind(
        "polardb-x-2.0",
        "POLARDBX20",
        "POLARDBX20",
        "POLARDBX20",
        &[CloudInstance],
        false,
        "polardb",
    ),
    kind("db2-as400", "AS400", "AS400", "", &[Express], false, ""),
    kind("db2-luw", "DB2", "DB2", "", &[Express, Ecs], false, ""),
    kind(
        "mariadb",
        "MARIADB",
        "MARIADB",
        "RDS",
        &[CloudInstance, Express, Ecs],
        false,
        "rds",
    ),
    kind(
        "adb-mysql",
        "ADB30",
        "ADB30",
        "ADS",
        &[CloudInstance],
        true,
        "adb",
    ),
];

const fn kind(
    name: &'static str,
    source: &'static str,
    destination: &'static str,
    instance_type: &'static str,
    across_source: &'static [Access],
    across_destination: bool,
    service: &'static str,
) -> Kind {
    Kind {
        name,
        source,
        destination,
        instance_type,
        across_source,
        across_destination,
        service,
    }
}

/// Returns the kind that a world file names.
pub(crate) fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Returns the names that a world file may use.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

/// Returns the kind with this engine, spelled in any case.
pub(crate) fn of_engine(engine: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| {
        [kind.source, kind.destination]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(engine))
    })
}

/// Returns how an endpoint of this instance type is reached.
pub(crate) fn access_of(instance_type: &str) -> Access {
    let ways = [
        ("ECS", Ecs),
        ("EXPRESS", Express),
        ("CEN", Cen),
        ("DG", DatabaseGateway),
        ("OTHER", Public),
    ];
    let found = ways
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(instance_type));
    found.map_or(CloudInstance, |(_, access)| *access)
}

/// Returns how a world file calls a way.
pub(crate) fn access_name(access: Access) -> &'static str {
    match access {
        CloudInstance => "cloud-instance",
        Ecs => "ecs",
        Express => "express",
        Cen => "cen",
        DatabaseGateway => "database-gateway",
        Public => "public",
    }
}

/// Returns the instance type of a way that leads to a database of its own.
pub(crate) fn instance_type(kind: &'static Kind, access: Access) -> &'static str {
    match access {
        CloudInstance => kind.instance_type,
        Ecs => "ECS",
        Express => "EXPRESS",
        Cen => "CEN",
        DatabaseGateway => "DG",
        Public => "OTHER",
    }
}
