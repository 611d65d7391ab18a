//! The tree of dependencies: who may know whom, and what may never come in.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::root;

/// The normal dependencies of a package, itself left out, as `name version`.
fn tree(package: &str, flags: &[&str]) -> BTreeSet<String> {
    let listed = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "-e", "normal", "--prefix", "none", "-p", package])
        .args(flags)
        .current_dir(root())
        .output()
        .expect("cargo lists the tree");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some(format!("{} {}", words.next()?, words.next()?))
        })
        .collect()
}

fn names(package: &str, flags: &[&str]) -> BTreeSet<String> {
    tree(package, flags).iter().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect()
}

#[test]
fn the_core_knows_no_runtime_and_no_socket() {
    for package in ["sensors", "rules", "maps"] {
        let names = names(package, &[]);
        for banned in ["tokio", "mio", "hyper", "reqwest", "rumqttc-next", "rusqlite"] {
            assert!(!names.contains(banned), "{package} must stay pure, and depends on {banned}");
        }
    }
}

#[test]
fn dependencies_go_one_way() {
    let ours = ["baolu", "sensors", "rules", "maps", "simulator"];
    let known = |package: &str| -> BTreeSet<String> {
        names(package, &[]).into_iter().filter(|name| ours.contains(&name.as_str())).collect()
    };
    let set = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|n| (*n).to_owned()).collect() };
    assert_eq!(known("sensors"), set(&[]), "the vocabulary knows nobody");
    assert_eq!(known("rules"), set(&["sensors"]));
    assert_eq!(known("maps"), set(&["sensors"]), "maps knows neither rules nor store");
    assert_eq!(known("simulator"), set(&["sensors"]), "the storm does not know the thresholds");
}

#[test]
fn a_production_build_carries_no_false_phones() {
    let names = names("baolu", &["--no-default-features"]);
    assert!(!names.contains("simulator"), "the simulator stands behind the feature `demo`");
    assert!(!names.contains("rumqttd"), "the development broker stands behind the feature `demo`");
}

#[test]
fn one_tls_provider_is_in_the_tree_and_nothing_that_was_banned() {
    let all = tree("baolu", &[]);
    let deny = fs::read_to_string(root().join("deny.toml")).expect("deny.toml is there");
    let deny: toml::Value = toml::from_str(&deny).expect("deny.toml is TOML");
    let banned = deny["bans"]["deny"].as_array().expect("bans.deny is a list");
    assert!(banned.len() >= 6, "the bans of docs/dependencies.md stand in deny.toml");
    for ban in banned {
        let spec = ban["crate"].as_str().expect("a ban names a crate");
        let (name, below) = spec.split_once("@<").unwrap_or((spec, ""));
        for found in all.iter().filter(|line| line.split(' ').next() == Some(name)) {
            let version = found.rsplit(" v").next().unwrap_or_default();
            let too_old = below.is_empty() || older(version, below);
            assert!(!too_old, "{found} is banned: {}", ban["reason"]);
        }
    }
}

/// Compares versions number by number.
fn older(version: &str, than: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> { text.split('.').map(|n| n.parse().unwrap_or(0)).collect() };
    let (mut version, mut than) = (numbers(version), numbers(than));
    version.resize(3, 0);
    than.resize(3, 0);
    version < than
}

#[test]
fn the_tree_stays_small_and_freely_licensed() {
    let listed = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo tells its metadata");
    let metadata: Value = serde_json::from_slice(&listed.stdout).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("metadata lists packages");
    // What is shipped, and what every machine compiles before it can test it.
    let shipped = tree("baolu", &[]).len();
    assert!(shipped < 375, "{shipped} packages are shipped; every one is somebody's to trust");
    assert!(packages.len() < 490, "{} packages; every one costs compile time", packages.len());
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        let free_of_copyleft = licence
            .split(" OR ")
            .flat_map(|choice| choice.split('/'))
            .any(|choice| !choice.contains("GPL") && choice != "none");
        assert!(free_of_copyleft, "{} is under {licence}", package["name"]);
    }
}
