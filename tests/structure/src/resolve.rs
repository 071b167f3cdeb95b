//! Where a path leads: the file that defines what it names.

use std::collections::BTreeSet;

use crate::modules::{Named, Package};

/// The modules that define what this path names, seen from a module; none for what other packages define.
///
/// A path that names a module leads nowhere: what is used of it is named where it is used.
pub(crate) fn definers(package: &Package, from: usize, path: &[String]) -> BTreeSet<usize> {
    let found = Search {
        package,
        asked: BTreeSet::new(),
    }
    .path(from, path);
    found
        .into_iter()
        .filter_map(|target| {
            if let Target::Item(module) = target {
                Some(module)
            } else {
                None
            }
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Module(usize),
    /// Something that this module defines.
    Item(usize),
}

struct Search<'a> {
    package: &'a Package,
    /// What is being looked for already: imports may lead in a circle.
    asked: BTreeSet<(usize, String)>,
}

impl Search<'_> {
    fn path(&mut self, from: usize, path: &[String]) -> BTreeSet<Target> {
        let Some((first, rest)) = path.split_first() else {
            return BTreeSet::new();
        };
        let mut found = match first.as_str() {
            "crate" => BTreeSet::from([Target::Module(0)]),
            "self" => BTreeSet::from([Target::Module(from)]),
            "super" => self.around(from),
            name => self.name(from, name),
        };
        for name in rest {
            // What bears a module's name is a function or a macro: nothing lies inside.
            if found
                .iter()
                .any(|target| matches!(target, Target::Module(_)))
            {
                found.retain(|target| matches!(target, Target::Module(_)));
            }
            let inside = found.into_iter().flat_map(|target| match target {
                Target::Module(module) if name == "super" => self.around(module),
                Target::Module(module) => self.name(module, name),
                // A variant of it, or a function.
                Target::Item(_) => BTreeSet::from([target]),
            });
            found = inside.collect();
        }
        found
    }

    /// The module around one.
    fn around(&self, module: usize) -> BTreeSet<Target> {
        let parent = self.package.modules[module].parent;
        parent.map(Target::Module).into_iter().collect()
    }

    /// What a name stands for in a module.
    fn name(&mut self, module: usize, name: &str) -> BTreeSet<Target> {
        let known = &self.package.modules[module];
        let named = known.names.get(name);
        if !self.asked.insert((module, name.to_owned())) {
            // `pub use till::till` asks for the module of its own name; `use serde` for a package's.
            let named = named.into_iter().flatten();
            return named.filter_map(|named| declared(module, named)).collect();
        }
        let found = match named {
            Some(named) => named
                .iter()
                .flat_map(|named| self.named(module, named))
                .collect(),
            None => known
                .globs
                .iter()
                .flat_map(|glob| self.glob(module, glob, name))
                .collect(),
        };
        self.asked.remove(&(module, name.to_owned()));
        found
    }

    fn named(&mut self, module: usize, named: &Named) -> BTreeSet<Target> {
        match named {
            Named::Use(path) => self.path(module, path),
            named => declared(module, named).into_iter().collect(),
        }
    }

    fn glob(&mut self, module: usize, glob: &[String], name: &str) -> BTreeSet<Target> {
        let around = self.path(module, glob);
        let modules = around.into_iter().filter_map(|target| match target {
            Target::Module(inner) if inner != module => Some(inner),
            _ => None,
        });
        modules
            .collect::<Vec<_>>()
            .into_iter()
            .flat_map(|inner| self.name(inner, name))
            .collect()
    }
}

/// What a module says itself of a name, and does not import.
fn declared(module: usize, named: &Named) -> Option<Target> {
    match named {
        Named::Item => Some(Target::Item(module)),
        Named::Module(inner) => Some(Target::Module(*inner)),
        Named::Use(_) => None,
    }
}
