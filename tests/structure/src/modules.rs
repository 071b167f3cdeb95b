//! Packages and their modules: which file holds which, and what each names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, UseTree};

/// A package: all that its library is compiled of.
pub struct Package {
    /// The first one is the root.
    pub modules: Vec<Module>,
}

/// A module: a file, or a part of one between braces.
pub struct Module {
    /// From the root of the workspace.
    pub file: PathBuf,
    /// The module around it; none for the root.
    pub parent: Option<usize>,
    /// What each name stands for; one name may be a type, a value, a macro and a module.
    pub(crate) names: BTreeMap<String, Vec<Named>>,
    /// What `use path::*` makes known.
    pub(crate) globs: Vec<Vec<String>>,
    /// Its code; other files' modules are not in it.
    pub(crate) items: Vec<Item>,
}

/// What a name of a module stands for.
#[derive(Debug, Clone)]
pub(crate) enum Named {
    /// A module, by its number.
    Module(usize),
    /// Something that is defined here.
    Item,
    /// What a `use` names, from this module.
    Use(Vec<String>),
}

/// Reads the packages whose manifests lie below these folders, in the order of their paths.
///
/// # Errors
///
/// Says which file cannot be read or parsed, or which module has none.
pub fn packages(root: &Path, folders: &[&str]) -> Result<Vec<Package>, String> {
    let mut manifests = Vec::new();
    for folder in folders {
        find(&root.join(folder), &mut manifests)?;
    }
    manifests.sort();
    manifests
        .iter()
        .map(|folder| package(root, folder))
        .collect()
}

fn find(folder: &Path, manifests: &mut Vec<PathBuf>) -> Result<(), String> {
    if folder.join("Cargo.toml").is_file() && folder.join("src/lib.rs").is_file() {
        manifests.push(folder.to_owned());
    }
    for entry in
        std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?
    {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() && !path.ends_with("src") && !path.ends_with("target") {
            find(&path, manifests)?;
        }
    }
    Ok(())
}

fn package(root: &Path, folder: &Path) -> Result<Package, String> {
    let mut package = Package {
        modules: Vec::new(),
    };
    let file = folder.join("src/lib.rs");
    let items = parse(&file)?;
    let mut reader = Reader {
        root,
        package: &mut package,
    };
    reader.module(&file, None, folder.join("src"), items)?;
    Ok(package)
}

fn parse(file: &Path) -> Result<Vec<Item>, String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let parsed = syn::parse_file(&text).map_err(|error| {
        let at = error.span().start();
        format!("{}:{}:{}: {error}", file.display(), at.line, at.column + 1)
    })?;
    Ok(parsed.items)
}

struct Reader<'a> {
    root: &'a Path,
    package: &'a mut Package,
}

impl Reader<'_> {
    /// Reads a module and those in it. `parts` is the folder where the files of its modules lie.
    fn module(
        &mut self,
        file: &Path,
        parent: Option<usize>,
        parts: PathBuf,
        items: Vec<Item>,
    ) -> Result<usize, String> {
        let number = self.package.modules.len();
        let relative = file.strip_prefix(self.root).unwrap_or(file).to_owned();
        let (names, globs) = (BTreeMap::new(), Vec::new());
        self.package.modules.push(Module {
            file: relative,
            parent,
            names,
            globs,
            items: Vec::new(),
        });
        for item in items {
            if attributes(&item).is_some_and(only_for_tests) {
                continue;
            }
            match item {
                Item::Mod(inner) => {
                    let name = inner.ident.to_string();
                    let below = parts.join(&name);
                    let child = match inner.content {
                        Some((_, items)) => self.module(file, Some(number), below, items)?,
                        None => {
                            let (file, below) = file_of(&inner.attrs, file, &below)?;
                            let items = parse(&file)?;
                            self.module(&file, Some(number), below, items)?
                        }
                    };
                    self.name(number, &name, Named::Module(child));
                }
                item => {
                    self.names_of(number, &item);
                    self.package.modules[number].items.push(item);
                }
            }
        }
        Ok(number)
    }

    fn name(&mut self, module: usize, name: &str, named: Named) {
        self.package.modules[module]
            .names
            .entry(name.to_owned())
            .or_default()
            .push(named);
    }

    fn names_of(&mut self, module: usize, item: &Item) {
        match item {
            Item::Use(item) => self.uses(module, &item.tree, Vec::new()),
            Item::Const(item) => self.name(module, &item.ident.to_string(), Named::Item),
            Item::Enum(item) => self.name(module, &item.ident.to_string(), Named::Item),
            Item::Fn(item) => self.name(module, &item.sig.ident.to_string(), Named::Item),
            Item::Macro(item) => {
                if let Some(ident) = &item.ident {
                    self.name(module, &ident.to_string(), Named::Item);
                }
            }
            Item::Static(item) => self.name(module, &item.ident.to_string(), Named::Item),
            Item::Struct(item) => self.name(module, &item.ident.to_string(), Named::Item),
            Item::Trait(item) => self.name(module, &item.ident.to_string(), Named::Item),
            Item::TraitAlias(item) => self.name(module, &item.ident.to_string(), Named::Item),
            Item::Type(item) => self.name(module, &item.ident.to_string(), Named::Item),
            Item::Union(item) => self.name(module, &item.ident.to_string(), Named::Item),
            _ => {}
        }
    }

    fn uses(&mut self, module: usize, tree: &UseTree, mut path: Vec<String>) {
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.uses(module, &part.tree, path);
            }
            UseTree::Name(part) => {
                let name = part.ident.to_string();
                let known_as = match (name.as_str(), path.last()) {
                    ("self", Some(last)) => last.clone(),
                    _ => name.clone(),
                };
                if name != "self" {
                    path.push(name);
                }
                self.name(module, &known_as, Named::Use(path));
            }
            UseTree::Rename(part) => {
                if part.ident != "self" {
                    path.push(part.ident.to_string());
                }
                self.name(module, &part.rename.to_string(), Named::Use(path));
            }
            UseTree::Glob(_) => self.package.modules[module].globs.push(path),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.uses(module, tree, path.clone());
                }
            }
        }
    }
}

/// The file of a module, and the folder of its own modules.
fn file_of(
    attributes: &[Attribute],
    parent: &Path,
    below: &Path,
) -> Result<(PathBuf, PathBuf), String> {
    if let Some(path) = attributes.iter().find_map(written_path) {
        let file = parent.parent().unwrap_or(Path::new("")).join(path);
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        return Ok((file, folder));
    }
    let candidates = [below.with_extension("rs"), below.join("mod.rs")];
    match candidates.into_iter().find(|file| file.is_file()) {
        Some(file) => Ok((file, below.to_owned())),
        None => Err(format!("{}: no file for this module", below.display())),
    }
}

/// `#[path = "…"]`.
fn written_path(attribute: &Attribute) -> Option<String> {
    let syn::Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    match &pair.value {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) if pair.path.is_ident("path") => Some(text.value()),
        _ => None,
    }
}

/// Whether only tests compile what bears these.
pub(crate) fn only_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<syn::Path>()
                    .is_ok_and(|condition| condition.is_ident("test")))
    })
}

pub(crate) fn attributes(item: &Item) -> Option<&[Attribute]> {
    Some(match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => return None,
    })
}
