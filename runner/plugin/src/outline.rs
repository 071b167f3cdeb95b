//! What is read off a component before anybody compiles it: how much room it wants, and
//! whether it is of a shape that a plugin has.
//!
//! A component of two kilobytes can want gigabytes: each level of nesting may instantiate the one below
//! several times. So everything is counted before it is compiled, and what is too much is refused with
//! its figure. Bodies of functions are measured and not read.

use rutter_meaning::Rule;
use rutter_meaning::held;
use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Encoding, Instance, Parser, Payload,
};

/// A figure of a component, and how large it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limit {
    /// What is counted, in the plural.
    what: &'static str,
    /// The largest figure that is taken.
    max: u64,
}

/// Bytes in all.
const BYTES: Limit = limit("bytes", rutter_files::COMPONENT_MAX);
const MODULES: Limit = limit("core modules", 32);
const COMPONENTS: Limit = limit("nested components", 16);
const NESTING: Limit = limit("levels of nested components", 3);
const INSTANCES: Limit = limit("core instances when it is started", 64);
const FUNCTIONS: Limit = limit("functions", 100_000);
const BODY: Limit = limit("bytes in one function", 1 << 20);
const TYPES: Limit = limit("types", 50_000);
const NAMES: Limit = limit("imports, exports and aliases", 20_000);
const GLOBALS: Limit = limit("globals", 20_000);
const SEGMENTS: Limit = limit("segments of data and elements", 20_000);
const TABLES: Limit = limit("tables", 16);
const ELEMENTS: Limit = limit("elements in its tables at the start", 100_000);
const MEMORIES: Limit = limit("memories", 8);
const STARTS: Limit = limit("start functions", 4);

const fn limit(what: &'static str, max: u64) -> Limit {
    Limit { what, max }
}

/// Why a component is not compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// More of something than any plugin needs.
    #[error("it has {found} {what}, more than the {max} that a plugin may have")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much of it, or more.
        found: u64,
        /// How much is taken.
        max: u64,
    },
    /// It makes an instance of something that only shows when it is linked.
    #[error("it starts a component that it is given, so that nobody can tell how much it wants")]
    Unknown,
    /// It cannot be read.
    #[error("{0}")]
    Broken(String),
}

/// What a component wants, as far as it shows before it is compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Core instances that a start makes, those of nested components included.
    pub instances: u64,
    /// Memories of all its modules.
    pub memories: u64,
    /// The largest memory's size at the start, in bytes.
    pub memory_start: u64,
    /// Tables of all its modules.
    pub tables: u64,
    /// The largest table's elements at the start.
    pub table_start: u64,
}

impl Outline {
    /// Reads a component.
    ///
    /// # Errors
    /// When it cannot be read, or has more of something than a plugin may have.
    pub fn read(bytes: &[u8]) -> Result<Self, ShapeError> {
        let mut reader = Reader::default();
        reader.count(BYTES, bytes.len() as u64)?;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            // The parser takes a module that breaks off between two sections for a whole one.
            if let Some(end) = end_of_part(&payload)
                && end > bytes.len()
            {
                return Err(ShapeError::Broken("unexpected end of file".to_owned()));
            }
            reader.take(payload)?;
        }
        Ok(reader.outline)
    }
}

/// Where a nested module or component should end, in bytes from the start of the file.
fn end_of_part(payload: &Payload<'_>) -> Option<usize> {
    match payload {
        Payload::ModuleSection {
            unchecked_range, ..
        }
        | Payload::ComponentSection {
            unchecked_range, ..
        } => Some(unchecked_range.end),
        _ => None,
    }
}

impl From<wasmparser::BinaryReaderError> for ShapeError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self::Broken(error.message().to_owned())
    }
}

/// A component that is being read, with the components around it.
#[derive(Default)]
struct Reader {
    outline: Outline,
    open: Vec<Open>,
    modules: u64,
    components: u64,
    functions: u64,
    types: u64,
    names: u64,
    globals: u64,
    segments: u64,
    elements: u64,
    starts: u64,
}

/// A module or component whose end has not been read.
struct Open {
    is_component: bool,
    /// Core instances that an instance of it makes.
    weight: u64,
    /// The same of the components that it can name, by index; `None` where it does not show.
    components: Vec<Option<u64>>,
}

impl Reader {
    fn count(&self, limit: Limit, found: u64) -> Result<(), ShapeError> {
        if found > limit.max && held::hold(Rule::ComponentShape) {
            let Limit { what, max } = limit;
            return Err(ShapeError::TooMuch { what, found, max });
        }
        Ok(())
    }

    fn take(&mut self, payload: Payload<'_>) -> Result<(), ShapeError> {
        match payload {
            Payload::Version { encoding, .. } => self.begin(encoding),
            Payload::End(_) => {
                self.end();
                Ok(())
            }
            Payload::ComponentSection { .. } => {
                self.components += 1;
                self.count(COMPONENTS, self.components)
            }
            Payload::ModuleSection { .. } => {
                self.modules += 1;
                self.count(MODULES, self.modules)
            }
            Payload::CodeSectionEntry(body) => {
                let range = body.range();
                self.count(BODY, (range.end - range.start) as u64)
            }
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    if matches!(instance?, Instance::Instantiate { .. }) {
                        self.weigh(Some(1))?;
                    }
                }
                Ok(())
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances {
                    if let ComponentInstance::Instantiate {
                        component_index, ..
                    } = instance?
                    {
                        self.weigh(self.component(0, component_index))?;
                    }
                }
                Ok(())
            }
            other => self.take_names(other),
        }
    }

    fn begin(&mut self, encoding: Encoding) -> Result<(), ShapeError> {
        self.open.push(Open {
            is_component: encoding == Encoding::Component,
            weight: 0,
            components: Vec::new(),
        });
        let nested = self.open.iter().filter(|open| open.is_component).count() as u64;
        self.count(NESTING, nested.saturating_sub(1))
    }

    fn end(&mut self) {
        let Some(ended) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(around) if ended.is_component => around.components.push(Some(ended.weight)),
            Some(_) => {}
            None => self.outline.instances = ended.weight,
        }
    }

    /// The core instances of a component, by its index so many levels further out.
    fn component(&self, out: u32, index: u32) -> Option<u64> {
        let level = self.open.len().checked_sub(1 + out as usize)?;
        *self.open[level].components.get(index as usize)?
    }

    /// An instance is made.
    fn weigh(&mut self, weight: Option<u64>) -> Result<(), ShapeError> {
        let Some(weight) = weight else {
            return match held::hold(Rule::ComponentShape) {
                true => Err(ShapeError::Unknown),
                false => Ok(()),
            };
        };
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        open.weight = open.weight.saturating_add(weight);
        let found = open.weight;
        self.count(INSTANCES, found)
    }

    /// What gives the component further names: a component that is named gets the next index.
    fn take_names(&mut self, payload: Payload<'_>) -> Result<(), ShapeError> {
        match payload {
            Payload::ComponentImportSection(imports) => {
                self.more_names(imports.count())?;
                for import in imports {
                    let import = import?;
                    if matches!(import.ty, ComponentTypeRef::Component(_)) {
                        self.name_component(None);
                    }
                }
            }
            Payload::ComponentExportSection(exports) => {
                self.more_names(exports.count())?;
                for export in exports {
                    let export = export?;
                    if export.kind == ComponentExternalKind::Component {
                        self.name_component(self.component(0, export.index));
                    }
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                self.more_names(aliases.count())?;
                for alias in aliases {
                    match alias? {
                        ComponentAlias::Outer {
                            kind: ComponentOuterAliasKind::Component,
                            count,
                            index,
                        } => self.name_component(self.component(count, index)),
                        ComponentAlias::InstanceExport {
                            kind: ComponentExternalKind::Component,
                            ..
                        } => self.name_component(None),
                        _ => {}
                    }
                }
            }
            other => return self.take_module(other),
        }
        Ok(())
    }

    fn name_component(&mut self, weight: Option<u64>) {
        if let Some(open) = self.open.last_mut() {
            open.components.push(weight);
        }
    }

    fn more_names(&mut self, count: u32) -> Result<(), ShapeError> {
        self.names += u64::from(count);
        self.count(NAMES, self.names)
    }

    /// Sections of core modules, and types.
    fn take_module(&mut self, payload: Payload<'_>) -> Result<(), ShapeError> {
        match payload {
            Payload::TypeSection(types) => self.more_types(types.count()),
            Payload::CoreTypeSection(types) => self.more_types(types.count()),
            Payload::ComponentTypeSection(types) => self.more_types(types.count()),
            Payload::ImportSection(imports) => self.more_names(imports.count()),
            Payload::ExportSection(exports) => self.more_names(exports.count()),
            Payload::FunctionSection(functions) => {
                self.functions += u64::from(functions.count());
                self.count(FUNCTIONS, self.functions)
            }
            Payload::GlobalSection(globals) => {
                self.globals += u64::from(globals.count());
                self.count(GLOBALS, self.globals)
            }
            Payload::ElementSection(segments) => self.more_segments(segments.count()),
            Payload::DataSection(segments) => self.more_segments(segments.count()),
            Payload::StartSection { .. } | Payload::ComponentStartSection { .. } => {
                self.starts += 1;
                self.count(STARTS, self.starts)
            }
            Payload::MemorySection(memories) => self.take_memories(memories),
            Payload::TableSection(tables) => self.take_tables(tables),
            _ => Ok(()),
        }
    }

    fn more_types(&mut self, count: u32) -> Result<(), ShapeError> {
        self.types += u64::from(count);
        self.count(TYPES, self.types)
    }

    fn more_segments(&mut self, count: u32) -> Result<(), ShapeError> {
        self.segments += u64::from(count);
        self.count(SEGMENTS, self.segments)
    }

    fn take_memories(
        &mut self,
        memories: wasmparser::MemorySectionReader<'_>,
    ) -> Result<(), ShapeError> {
        for memory in memories {
            self.outline.memories += 1;
            let bytes = memory?.initial.saturating_mul(64 * 1024);
            self.outline.memory_start = self.outline.memory_start.max(bytes);
        }
        self.count(MEMORIES, self.outline.memories)
    }

    fn take_tables(
        &mut self,
        tables: wasmparser::TableSectionReader<'_>,
    ) -> Result<(), ShapeError> {
        for table in tables {
            self.outline.tables += 1;
            let elements = table?.ty.initial;
            self.elements = self.elements.saturating_add(elements);
            self.outline.table_start = self.outline.table_start.max(elements);
        }
        self.count(TABLES, self.outline.tables)?;
        self.count(ELEMENTS, self.elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &str) -> Result<Outline, ShapeError> {
        Outline::read(&wat::parse_str(text).expect("the text is sound"))
    }

    /// Wherever a file is cut inside a part of it, it is none: what would follow could not be told from the part's rest.
    #[test]
    fn a_part_that_breaks_off_is_refused() {
        let nested =
            r#"(component (core module (func) (memory 1)) (component (core module (func))))"#;
        let whole = wat::parse_str(nested).expect("the text is sound");
        assert!(Outline::read(&whole).is_ok());
        // Between its own sections a component that is cut is a shorter component.
        let header = 8;
        let module = header + 2 + usize::from(whole[header + 1]);
        let sound = [header, module, whole.len()];
        for end in (header..=whole.len()).filter(|end| !sound.contains(end)) {
            assert!(Outline::read(&whole[..end]).is_err(), "cut at {end}");
        }
    }

    #[track_caller]
    fn refused(text: &str, what: &str) {
        match outline(text) {
            Err(ShapeError::TooMuch { what: found, .. }) => assert_eq!(found, what),
            other => panic!("too many {what} were expected, not {other:?}"),
        }
    }

    fn times(count: usize, text: &str) -> String {
        text.repeat(count)
    }

    #[test]
    fn what_a_component_wants_is_counted_through_its_parts() {
        let text = r#"(component
            (core module $m (memory 2) (table 10 funcref))
            (component $pair
                (core module $n)
                (core instance (instantiate $n))
                (core instance (instantiate $n)))
            (core instance (instantiate $m))
            (instance (instantiate $pair))
            (instance (instantiate $pair)))"#;
        let outline = outline(text).unwrap();
        assert_eq!(
            (outline.instances, outline.memories, outline.tables),
            (5, 1, 1)
        );
        assert_eq!((outline.memory_start, outline.table_start), (131_072, 10));
    }

    /// Four levels of ten are ten thousand, in two hundred bytes.
    #[test]
    fn instances_that_multiply_are_refused() {
        let core = "(core module $m) ".to_owned() + &times(10, "(core instance (instantiate $m))");
        let ten = times(10, "(instance (instantiate $below))");
        let level = |below: &str| format!("(component $below {below}) {ten}");
        refused(
            &format!("(component {})", level(&core)),
            "core instances when it is started",
        );

        // By another name: an alias of what stands further out, and an export of it.
        let aliased = format!(
            "(component (component $below {core}) (component (alias outer 1 $below (component $again)) {}))",
            times(10, "(instance (instantiate $again))")
        );
        refused(&aliased, "core instances when it is started");
        let exported = format!(
            "(component (component $below {core}) (export $again \"x\" (component $below)) {})",
            times(10, "(instance (instantiate $again))")
        );
        refused(&exported, "core instances when it is started");
    }

    #[test]
    fn a_component_that_only_shows_when_it_is_linked_is_refused() {
        let imported = r#"(component (import "c" (component $c)) (instance (instantiate $c)))"#;
        assert_eq!(outline(imported), Err(ShapeError::Unknown));
        let taken_out = r#"(component
            (import "i" (instance $i (export "c" (component))))
            (alias export $i "c" (component $c))
            (instance (instantiate $c)))"#;
        assert_eq!(outline(taken_out), Err(ShapeError::Unknown));
    }

    #[test]
    fn too_much_of_anything_is_refused_by_its_name() {
        let module = |inside: &str| format!("(component (core module {inside}))");
        refused(&module(&times(100_001, "(func)")), "functions");
        refused(
            &module(&format!("(func {})", times(600_000, "nop nop "))),
            "bytes in one function",
        );
        refused(
            &module(&times(50_001, "(type (func (param i32)))")),
            "types",
        );
        refused(
            &module(&times(20_001, "(global i32 (i32.const 0))")),
            "globals",
        );
        refused(
            &module("(table 200000 funcref)"),
            "elements in its tables at the start",
        );
        refused(&module(&times(17, "(table 1 funcref)")), "tables");
        refused(&module(&times(9, "(memory 1)")), "memories");
        let segments = times(20_001, "(data \"\")");
        refused(&module(&segments), "segments of data and elements");
        refused(
            &format!("(component {})", times(33, "(core module)")),
            "core modules",
        );
        refused(
            &format!("(component {})", times(17, "(component)")),
            "nested components",
        );
        let deep = "(component ".repeat(5) + &")".repeat(5);
        refused(&deep, "levels of nested components");
    }

    #[test]
    fn bytes_that_are_cut_or_changed_are_read_without_a_panic() {
        let text = r#"(component
            (import "c" (component $c))
            (core module $m (memory 1) (table 1 funcref) (global i32 (i32.const 1)) (func) (start 0))
            (component $d (core module) (export "e" (core module 0)))
            (instance $i (instantiate $d))
            (alias export $i "e" (core module $e))
            (core instance (instantiate $m)))"#;
        let bytes = wat::parse_str(text).unwrap();
        for end in 0..bytes.len() {
            let _ = Outline::read(&bytes[..end]);
        }
        for place in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut other = bytes.clone();
                other[place] = value;
                let _ = Outline::read(&other);
            }
        }
    }
}
