//! The house keeps its order: `lib.rs` lists the modules bottom-up, and a module uses only those above it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules in the order of `lib.rs`.
fn modules() -> Vec<String> {
    let lib = fs::read_to_string(source().join("lib.rs")).unwrap();
    lib.lines()
        .filter_map(|line| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned()))
        .collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file below `src`, by its path there, with its code up to its tests and without comments.
fn files() -> Vec<(String, String)> {
    let (mut files, mut dirs) = (Vec::new(), vec![source()]);
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
                continue;
            }
            let name = path.strip_prefix(source()).unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().lines();
            let code =
                code.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            if !name.ends_with("tests.rs") {
                files.push((name, code));
            }
        }
    }
    assert!(files.len() > 40, "the files were found");
    files
}

/// The names that follow `prefix` in the code.
fn used(code: &str, prefix: &str) -> BTreeSet<String> {
    let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = BTreeSet::new();
    for rest in code.split(prefix).skip(1) {
        match rest.strip_prefix('{') {
            // `use crate::{a, b::c}`
            Some(list) => {
                names.extend(list.split('}').next().unwrap().split(',').map(|item| name(item.trim())));
            }
            None => drop(names.insert(name(rest))),
        }
    }
    names
}

fn module_of(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

#[test]
fn a_module_uses_only_those_above_it_in_the_list() {
    let modules = modules();
    let place = |name: &str| modules.iter().position(|module| module == name);
    let mut checked = 0;
    for (file, code) in files() {
        let Some(own) = place(module_of(&file)) else { continue };
        for other in used(&code, "crate::") {
            let Some(other_place) = place(&other) else { continue };
            assert!(other_place <= own, "src/{file} uses `{other}`, which stands below it in lib.rs");
            checked += 1;
        }
    }
    assert!(checked > 100, "the uses were found");
}

#[test]
fn stores_sources_and_sinks_do_not_know_each_other() {
    for (file, code) in files() {
        let own = module_of(&file);
        let rooms = ["store", "source", "sink"];
        if !rooms.contains(&own) {
            continue;
        }
        for other in used(&code, "crate::") {
            assert!(other == own || !rooms.contains(&other.as_str()), "src/{file} uses `{other}`");
        }
    }
}

#[test]
fn each_borrowed_engine_lives_in_one_place() {
    let homes = [
        ("lettre::", "sink/email"),
        ("sled::", "store/sled"),
        ("governor::", "remote/"),
        ("reqwest::", "remote/"),
    ];
    for (file, code) in files() {
        for (engine, home) in homes {
            let uses = code.lines().any(|line| {
                let at = line.find(engine);
                // `super::sled::` and `store::sled::` are our own rooms.
                at.is_some_and(|at| {
                    !line[..at].ends_with("::") && !line[..at].ends_with(char::is_alphanumeric)
                })
            });
            assert!(!uses || file.starts_with(home), "src/{file} uses {engine}");
        }
    }
}

/// What an image is built from must hold every file that the manifest names, or cargo refuses to build anything.
#[test]
fn the_image_is_built_from_a_whole_package() {
    let read = |name: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let (manifest, ignored, recipe) = (read("Cargo.toml"), read(".dockerignore"), read("Dockerfile"));
    let targets = manifest.split("[[").skip(1).map(|target| target.split('[').next().unwrap());
    let folders: BTreeSet<&str> = targets
        .map(
            |target| {
                if target.starts_with("bench]]") { "benches" } else { target.split('"').nth(3).unwrap() }
            },
        )
        .collect();
    assert!(folders.len() > 1, "{folders:?}");
    for folder in folders {
        let made = recipe.contains(&format!("> {folder}"));
        let sent =
            recipe.contains(&format!("COPY {folder} {folder}")) && ignored.contains(&format!("!{folder}\n"));
        assert!(made || sent, "the manifest names {folder}, which the image's build does not have");
    }
}
