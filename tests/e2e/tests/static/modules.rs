//! Modules beside each other: which of them needs which.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::Visit;
use syn::{ItemMod, ItemUse, Path, UseTree, Visibility};

use crate::repository;
use crate::sources::{is_test, is_test_file, parsed};

const ROOMS: &[&str] = &["functions", "shared", "tests/ledger"];

/// A module's names from its crate's root.
type Module = Vec<String>;

/// What a source names, as absolute paths within its crate, and what it hands on of its own modules.
struct Names {
    module: Module,
    named: Vec<Module>,
    handed_on: Vec<Module>,
}

impl Names {
    /// The absolute path of what is written here, if it lies in this crate.
    fn absolute(&self, written: &[String]) -> Option<Module> {
        let mut path = match written.first()?.as_str() {
            "crate" => Vec::new(),
            "self" => self.module.clone(),
            "super" => self.module[..self.module.len().checked_sub(1)?].to_vec(),
            _ => return None,
        };
        for name in &written[1..] {
            if name == "super" {
                path.pop()?;
            } else if name != "self" {
                path.push(name.clone());
            }
        }
        Some(path)
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut found = Vec::new();
        leaves(&item.tree, &mut Vec::new(), &mut found);
        let is_public = !matches!(item.vis, Visibility::Inherited);
        for written in found {
            match self.absolute(&written) {
                Some(path) => self.named.push(path),
                // `pub use child::Name`: who names it here means the child.
                None if is_public => self.handed_on.push(written),
                None => {}
            }
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let written: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.named.extend(self.absolute(&written));
        syn::visit::visit_path(self, path);
    }
}

fn leaves(tree: &UseTree, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            leaves(&path.tree, before, found);
            before.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, before, found)),
        UseTree::Name(name) => found.push([before.as_slice(), &[name.ident.to_string()]].concat()),
        UseTree::Rename(name) => found.push([before.as_slice(), &[name.ident.to_string()]].concat()),
        UseTree::Glob(_) => found.push(before.clone()),
    }
}

/// The sources of each crate, by its folder.
fn crates() -> BTreeMap<String, Vec<Names>> {
    let mut crates: BTreeMap<String, Vec<Names>> = BTreeMap::new();
    // What unit tests name is no need of the module beside them.
    for file in repository::rust_files(ROOMS).into_iter().filter(|file| !is_test_file(file)) {
        let Some((room, path)) = file.split_once("/src/") else { continue };
        let path = path.trim_end_matches(".rs");
        let module =
            if matches!(path, "lib" | "main") { Vec::new() } else { path.split('/').map(str::to_owned).collect() };
        let syntax = parsed(&file);
        let mut names = Names { module, named: Vec::new(), handed_on: Vec::new() };
        names.visit_file(&syntax);
        crates.entry(room.to_owned()).or_default().push(names);
    }
    crates
}

/// Of each module with modules of its own: which of these needs which others.
fn needs(sources: &[Names]) -> BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> {
    let modules: BTreeSet<&Module> = sources.iter().map(|source| &source.module).collect();
    let handed_on: BTreeMap<Module, &str> = sources
        .iter()
        .flat_map(|source| source.handed_on.iter().map(move |written| (source, written)))
        .filter(|(source, written)| modules.contains(&[source.module.as_slice(), &written[..1]].concat()))
        .filter_map(|(source, written)| {
            Some(([source.module.as_slice(), &[written.last()?.clone()]].concat(), written[0].as_str()))
        })
        .collect();
    let mut needs: BTreeMap<Module, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for source in sources {
        for path in &source.named {
            let common = source.module.iter().zip(path).take_while(|(own, named)| own == named).count();
            let (parent, Some(own), Some(other)) = (&path[..common], source.module.get(common), path.get(common))
            else {
                continue;
            };
            let sibling = [parent, std::slice::from_ref(other)].concat();
            let sibling = if modules.contains(&sibling) {
                other.as_str()
            } else {
                match handed_on.get(&sibling) {
                    Some(child) => child,
                    None => continue,
                }
            };
            if sibling != own {
                needs.entry(parent.to_vec()).or_default().entry(own.clone()).or_default().insert(sibling.to_owned());
            }
        }
    }
    needs
}

/// Those of them that are needed by what they need.
fn in_a_circle(needs: &BTreeMap<String, BTreeSet<String>>) -> Vec<&String> {
    let reaches_itself = |start: &&String| {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = needs.get(*start).into_iter().flatten().collect();
        while let Some(module) = next.pop() {
            if seen.insert(module) {
                next.extend(needs.get(module).into_iter().flatten());
            }
        }
        seen.contains(*start)
    };
    needs.keys().filter(reaches_itself).collect()
}

#[test]
fn no_module_needs_what_needs_it() {
    let mut seen = 0;
    for (room, sources) in crates() {
        for (parent, needs) in needs(&sources) {
            seen += needs.values().map(BTreeSet::len).sum::<usize>();
            let circle = in_a_circle(&needs);
            assert!(circle.is_empty(), "{room}, {}: {circle:?} of {needs:?}", parent.join("::"));
        }
    }
    assert!(seen > 200, "{seen}");
}
