//! What a bare `.wasm` says about itself, read without running any of it.

use std::sync::Arc;

use rutter_contracts::hex;
use rutter_manifest::{Manifest, ManifestError};
use rutter_meaning::Rule;
use rutter_meaning::held;
use sha2::{Digest, Sha256};
use wasmparser::{ComponentTypeRef, Encoding, Parser, Payload};

use super::claims::{self, Claim};
use super::outline::{Outline, ShapeError};

/// The interface lines this program speaks, oldest first. A line is the part of a version that
/// decides compatibility: `0.1` of `rutter:step@0.1.3`.
pub const SPOKEN_LINES: &[&str] = &["0.1"];

/// The package whose interfaces a plugin imports.
const INTERFACE: &str = "rutter:step/";

/// A plugin as its bytes describe it.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspected {
    /// The manifest, checked.
    pub manifest: Arc<Manifest>,
    /// The text of the manifest, as its author wrote it.
    pub manifest_text: String,
    /// What it imports, `rutter:step/accounts@0.1.0`, in the component's order.
    pub imports: Vec<String>,
    /// The interface line it was built for, `0.1`.
    pub line: String,
    /// The SHA-256 of the bytes, lower-case hexadecimal.
    pub digest: String,
    /// The number of bytes.
    pub size: usize,
    /// What it wants when it is started.
    pub outline: Outline,
}

/// Which side has to be upgraded before a plugin and this program understand each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// The plugin is older than every line spoken here.
    Plugin,
    /// The plugin is newer.
    Rutter,
}

impl std::fmt::Display for Upgrade {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Plugin => "rebuild the plugin with a newer SDK",
            Self::Rutter => "upgrade rutter",
        })
    }
}

/// Why bytes are no plugin that could be run here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    /// It is not a component.
    #[error("it is no WebAssembly component: {reason}")]
    NotComponent {
        /// What it is instead.
        reason: String,
    },
    /// It is a component without a manifest.
    #[error(
        "the component carries no manifest (custom section `{}`)",
        rutter_manifest::SECTION
    )]
    NoManifest,
    /// It has more of something than a plugin may have.
    #[error(transparent)]
    Shape(ShapeError),
    /// Its manifest is wrong.
    #[error("its manifest is wrong: {0}")]
    Manifest(#[from] ManifestError),
    /// It has more than one manifest, of which only one could have been read by whoever accepted it.
    #[error(
        "the component carries several manifests (custom section `{}`)",
        rutter_manifest::SECTION
    )]
    SeveralManifests,
    /// Its manifest says what cannot be so.
    #[error("`{plugin}` {claim}")]
    Claims {
        /// The plugin's name.
        plugin: String,
        /// What it says.
        claim: Claim,
    },
    /// It has a manifest and does not speak `rutter:step` at all.
    #[error("`{plugin}` does not use the interface `rutter:step`")]
    NoInterface {
        /// The plugin's name.
        plugin: String,
    },
    /// It wants what no plugin gets.
    #[error(
        "it imports `{0}`, which no plugin gets: only `rutter:step` is there (no WASI, no files, no network)"
    )]
    UnknownImport(String),
    /// It was built for a line that is not spoken here.
    #[error(
        "`{plugin}` was built for line {line} of `rutter:step`, this program speaks {}: {upgrade}",
        spoken.join(", ")
    )]
    OtherLine {
        /// The plugin's name.
        plugin: String,
        /// The line of the interface that it was built for, `0.2`.
        line: String,
        /// The lines spoken here.
        spoken: Vec<String>,
        /// Which side to upgrade.
        upgrade: Upgrade,
    },
}

impl PluginError {
    /// Returns what its author or user can do, fit to follow "help:".
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotComponent { .. } | Self::NoManifest => {
                Some("build it with `rutter plugin build`".to_owned())
            }
            Self::SeveralManifests => {
                Some("take it for hostile, or build it with `rutter plugin build`".to_owned())
            }
            Self::Claims { claim, .. } => Some(claim.help.clone()),
            Self::Shape(_) => Some(
                "no plugin of the tool chain has that many; ask its author for a smaller one"
                    .to_owned(),
            ),
            Self::Manifest(error) => error.help.clone(),
            Self::UnknownImport(_) => Some(
                "build it for `wasm32-unknown-unknown`, as `rutter plugin build` does".to_owned(),
            ),
            Self::NoInterface { .. } => Some("build it on `sdk/wit`".to_owned()),
            Self::OtherLine { upgrade, .. } => Some(upgrade.to_string()),
        }
    }
}

/// Reads what the bytes of a plugin say about it.
pub fn inspect(bytes: &[u8]) -> Result<Inspected, PluginError> {
    inspect_as(bytes, digest(bytes))
}

/// The same of bytes with a known digest.
pub(super) fn inspect_as(bytes: &[u8], digest: String) -> Result<Inspected, PluginError> {
    let outline = Outline::read(bytes).map_err(misshapen)?;
    let Sections { manifest, imports } = sections(bytes)?;
    let manifest_text = manifest.ok_or(PluginError::NoManifest)?;
    let manifest = match held::hold(Rule::TextLengths) {
        true => Manifest::parse(&manifest_text)?,
        false => Manifest::parse_at_any_length(&manifest_text)?,
    };
    if held::hold(Rule::Claims) {
        claims::check(&manifest).map_err(|claim| PluginError::Claims {
            plugin: manifest.plugin.name.clone(),
            claim,
        })?;
    }
    let line = line_of(&manifest.plugin.name, &imports)?;
    let mut unknown = imports.iter();
    if let Some(import) = unknown.rfind(|import| !import.starts_with(INTERFACE)) {
        return Err(PluginError::UnknownImport(import.clone()));
    }
    Ok(Inspected {
        manifest: Arc::new(manifest),
        manifest_text,
        imports,
        line,
        digest,
        size: bytes.len(),
        outline,
    })
}

/// The SHA-256 of a plugin's bytes, lower-case hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes))
}

/// What is read out of a component: its outermost custom section and imports.
#[derive(Default)]
struct Sections {
    manifest: Option<String>,
    imports: Vec<String>,
}

fn sections(bytes: &[u8]) -> Result<Sections, PluginError> {
    let mut sections = Sections::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| not_component(error.message()))?;
        match payload {
            Payload::Version { encoding, .. } => {
                if depth == 0 && encoding == Encoding::Module {
                    return Err(not_component("it is a core module"));
                }
                depth += 1;
            }
            Payload::End(_) => depth -= 1,
            // Components nest; only the outermost speaks for the plugin.
            _ if depth != 1 => {}
            Payload::CustomSection(section) if section.name() == rutter_manifest::SECTION => {
                if sections.manifest.is_some() && held::hold(Rule::OneManifest) {
                    return Err(PluginError::SeveralManifests);
                }
                let text = std::str::from_utf8(section.data())
                    .map_err(|_| not_component("its manifest is not UTF-8"))?;
                sections.manifest = Some(text.to_owned());
            }
            Payload::ComponentImportSection(reader) => {
                for import in reader {
                    let import = import.map_err(|error| not_component(error.message()))?;
                    // A type is only a name for what an interface has already.
                    if !matches!(import.ty, ComponentTypeRef::Type(_)) {
                        sections.imports.push(import.name.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    Ok(sections)
}

fn misshapen(error: ShapeError) -> PluginError {
    match error {
        ShapeError::Broken(reason) => not_component(&reason),
        shape => PluginError::Shape(shape),
    }
}

fn not_component(reason: &str) -> PluginError {
    PluginError::NotComponent {
        // What follows is bytes in decimal, a line each.
        reason: reason.split(" - ").next().unwrap_or(reason).to_owned(),
    }
}

fn line_of(plugin: &str, imports: &[String]) -> Result<String, PluginError> {
    let version = imports
        .iter()
        .find_map(|import| import.strip_prefix(INTERFACE)?.split_once('@'))
        .map(|(_, version)| version)
        .ok_or_else(|| PluginError::NoInterface {
            plugin: plugin.to_owned(),
        })?;
    let line = line(version);
    if SPOKEN_LINES.contains(&line.as_str()) {
        return Ok(line);
    }
    let newest = SPOKEN_LINES.last().expect("at least one line is spoken");
    let upgrade = if numbers(&line) > numbers(newest) {
        Upgrade::Rutter
    } else {
        Upgrade::Plugin
    };
    Err(PluginError::OtherLine {
        plugin: plugin.to_owned(),
        line,
        spoken: SPOKEN_LINES.iter().map(|line| (*line).to_owned()).collect(),
        upgrade,
    })
}

/// Versions agree up to the first number that is not zero, as everywhere in this field.
fn line(version: &str) -> String {
    let core = version.split(['-', '+']).next().unwrap_or(version);
    let mut line = Vec::new();
    for number in core.split('.') {
        line.push(number);
        if number != "0" {
            break;
        }
    }
    line.join(".")
}

fn numbers(line: &str) -> Vec<u64> {
    line.split('.')
        .map(|number| number.parse().unwrap_or(u64::MAX))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str =
        "[plugin]\nname = 'a-plugin'\nversion = '0.1.0'\nsummary = 'a'\nkind = 'read'\n";

    /// A component that imports one interface and carries a manifest.
    fn component(import: &str, manifest: Option<&str>) -> Vec<u8> {
        use wasm_encoder::{ComponentSection, CustomSection};
        let text = format!("(component (import \"{import}\" (instance)))");
        let mut bytes = wat::parse_str(text).expect("a component");
        if let Some(manifest) = manifest {
            CustomSection {
                name: rutter_manifest::SECTION.into(),
                data: manifest.as_bytes().into(),
            }
            .append_to_component(&mut bytes);
        }
        bytes
    }

    #[test]
    fn a_bare_component_describes_itself() {
        let bytes = component("rutter:step/types@0.1.7", Some(MANIFEST));
        let inspected = inspect(&bytes).expect("a plugin");
        assert_eq!(inspected.manifest.plugin.name, "a-plugin");
        assert_eq!(inspected.line, "0.1");
        assert_eq!(inspected.imports, ["rutter:step/types@0.1.7"]);
        assert_eq!(inspected.digest.len(), 64);
    }

    #[test]
    fn a_core_module_and_other_bytes_are_no_components() {
        let module = wat::parse_str("(module)").expect("a module");
        let error = inspect(&module).expect_err("no component");
        assert_eq!(
            error.to_string(),
            "it is no WebAssembly component: it is a core module"
        );
        assert!(matches!(
            inspect(b"hello"),
            Err(PluginError::NotComponent { .. })
        ));
    }

    #[test]
    fn a_component_without_a_manifest_is_told_apart() {
        let bytes = component("rutter:step/types@0.1.0", None);
        assert_eq!(inspect(&bytes), Err(PluginError::NoManifest));
    }

    #[test]
    fn a_second_manifest_is_refused() {
        use wasm_encoder::{ComponentSection, CustomSection};
        let mut bytes = component("rutter:step/types@0.1.7", Some(MANIFEST));
        let wider = MANIFEST.replace("'read'", "'change'");
        CustomSection {
            name: rutter_manifest::SECTION.into(),
            data: wider.as_bytes().into(),
        }
        .append_to_component(&mut bytes);
        assert_eq!(inspect(&bytes), Err(PluginError::SeveralManifests));
    }

    #[test]
    fn a_manifest_that_contradicts_itself_is_refused_with_the_plugin_named() {
        let manifest =
            format!("{MANIFEST}[[permissions]]\ncall = ['ram:DeleteRole']\nreason = 'r'\n");
        let bytes = component("rutter:step/types@0.1.7", Some(&manifest));
        let error = inspect(&bytes).expect_err("refused");
        assert_eq!(
            error.to_string(),
            "`a-plugin` says `kind = \"read\"` and may call `ram:DeleteRole`, which is a change"
        );
        assert!(error.help().is_some());
    }

    #[test]
    fn another_line_is_named_with_the_side_to_upgrade() {
        let newer = component("rutter:step/types@0.2.0", Some(MANIFEST));
        assert_eq!(
            inspect(&newer).expect_err("another line").to_string(),
            "`a-plugin` was built for line 0.2 of `rutter:step`, this program speaks 0.1: upgrade rutter"
        );
        let older = component("rutter:step/types@0.0.9", Some(MANIFEST));
        let error = inspect(&older).expect_err("another line");
        assert_eq!(
            error.help().as_deref(),
            Some("rebuild the plugin with a newer SDK")
        );
    }

    #[test]
    fn a_component_for_something_else_is_refused() {
        let bytes = component("wasi:cli/environment@0.2.0", Some(MANIFEST));
        assert!(matches!(
            inspect(&bytes),
            Err(PluginError::NoInterface { .. })
        ));
    }
}
