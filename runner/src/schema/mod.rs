//! The forms of files as JSON Schemas of draft 7, for editors and for validators.
//!
//! Each is made of what reads the file: the structures of settings, worlds and manifests, what the reader of runbooks
//! asks for, and the manifests of plugins. Only keywords are used that editors and validators have in common, and
//! patterns that mean the same in every dialect.

mod field;
mod inputs;
mod plain;
mod runbook;
mod step;

use serde_json::Value;

pub(crate) use inputs::inputs;
pub(crate) use runbook::runbook;

/// The form of a world file.
pub(crate) fn world() -> Value {
    plain::plain("A world", rutter_simcloud::world_schema())
}

/// The form of the settings.
pub(crate) fn settings() -> Value {
    plain::plain("Settings", crate::settings::schema())
}

/// The form of a plugin's manifest.
pub(crate) fn manifest() -> Value {
    let settings = schemars::generate::SchemaSettings::draft07();
    let schema = settings
        .into_generator()
        .into_root_schema_for::<rutter_manifest::Manifest>();
    plain::plain("A plugin's manifest", schema)
}
