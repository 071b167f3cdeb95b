//! Who imports what: every path of a module, and the file where it leads.

use std::collections::BTreeSet;
use std::path::PathBuf;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{ImplItem, Item, UseTree};

use crate::modules::{Package, attributes, only_for_tests};
use crate::resolve::definers;

/// That one file names something of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The file that names it, from the root of the workspace.
    pub from: PathBuf,
    /// The file that defines it.
    pub to: PathBuf,
    /// The line in `from`, from 1.
    pub line: usize,
    /// The path as it is written.
    pub path: String,
}

/// All imports between the files of a package.
#[must_use]
pub fn imports(package: &Package) -> Vec<Import> {
    let mut found = BTreeSet::new();
    for (number, module) in package.modules.iter().enumerate() {
        let mut paths = Paths::default();
        module.items.iter().for_each(|item| paths.visit_item(item));
        for (path, line) in paths.found {
            for definer in definers(package, number, &path) {
                let to = &package.modules[definer].file;
                if *to != module.file {
                    let import = Import {
                        from: module.file.clone(),
                        to: to.clone(),
                        line,
                        path: path.join("::"),
                    };
                    found.insert(import);
                }
            }
        }
    }
    found.into_iter().collect()
}

/// The paths of some code, each with its line.
#[derive(Default)]
struct Paths {
    found: Vec<(Vec<String>, usize)>,
}

impl Paths {
    fn tree(&mut self, tree: &UseTree, mut path: Vec<String>) {
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.tree(&part.tree, path);
            }
            UseTree::Name(part) => {
                if part.ident != "self" {
                    path.push(part.ident.to_string());
                }
                self.found.push((path, part.ident.span().start().line));
            }
            UseTree::Rename(part) => {
                path.push(part.ident.to_string());
                self.found.push((path, part.ident.span().start().line));
            }
            UseTree::Group(group) => group
                .items
                .iter()
                .for_each(|tree| self.tree(tree, path.clone())),
            // What it makes known is found where it is used.
            UseTree::Glob(_) => {}
        }
    }

    /// What a macro is given is not parsed: names with `::` between them are paths.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let (mut line, mut colons) = (0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.end(&mut path, line);
                        line = name.span().start().line;
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => colons += 1,
                TokenTree::Group(group) => {
                    self.end(&mut path, line);
                    self.tokens(group.stream());
                    colons = 0;
                }
                _ => {
                    self.end(&mut path, line);
                    colons = 0;
                }
            }
        }
        self.end(&mut path, line);
    }

    fn end(&mut self, path: &mut Vec<String>, line: usize) {
        if !path.is_empty() {
            self.found.push((std::mem::take(path), line));
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            _ if attributes(item).is_some_and(only_for_tests) => {}
            Item::Use(item) => self.tree(&item.tree, Vec::new()),
            item => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        match item {
            ImplItem::Fn(item) if only_for_tests(&item.attrs) => {}
            item => visit::visit_impl_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        let line = path
            .segments
            .first()
            .map_or(0, |segment| segment.ident.span().start().line);
        self.found.push((names, line));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.visit_path(&called.path);
        self.tokens(called.tokens.clone());
    }

    /// What an attribute is given: of its texts those that are paths, `#[serde(default = "crate::one")]`.
    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let syn::Meta::List(list) = &attribute.meta else {
            return;
        };
        for token in list.tokens.clone() {
            let line = token.span().start().line;
            let text = syn::parse2::<syn::LitStr>(token.into());
            let path = text.and_then(|text| text.parse_with(syn::Path::parse_mod_style));
            if let Ok(path) = path
                && path.segments.len() > 1
            {
                let names = path.segments.iter();
                let names = names.map(|segment| segment.ident.to_string()).collect();
                self.found.push((names, line));
            }
        }
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}
