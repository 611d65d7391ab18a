//! Sizes, openings and words of the files.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::root;

/// The files that git tracks or would track.
fn files() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    String::from_utf8(listed.stdout)
        .expect("file names are UTF-8")
        .lines()
        .map(|line| root().join(line))
        .filter(|path| path.is_file())
        .collect()
}

fn rust_files() -> Vec<(PathBuf, String)> {
    files()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source file is UTF-8");
            (path, text)
        })
        .collect()
}

#[test]
fn no_room_is_longer_than_400_lines() {
    let long: Vec<String> = rust_files()
        .iter()
        .filter(|(_, text)| text.lines().count() > 400)
        .map(|(path, text)| format!("{}: {} lines", path.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "split by meaning:\n{}", long.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let mute: Vec<String> = rust_files()
        .iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(mute.is_empty(), "open with `//!`:\n{}", mute.join("\n"));
}

#[test]
fn time_is_read_in_one_place() {
    let readers: Vec<String> = rust_files()
        .iter()
        .filter(|(path, text)| {
            let production =
                path.starts_with(root().join("src")) || path.components().any(|c| c.as_os_str() == "src");
            production && !path.ends_with("src/clock.rs") && text.contains("disallowed_methods")
        })
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(
        readers.is_empty(),
        "only src/clock.rs may lift the ban on the wall clock:\n{}",
        readers.join("\n")
    );
}

#[test]
fn no_file_names_a_machine() {
    // Written in halves, so that this file does not name one either.
    let words = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")];
    let mut named = Vec::new();
    for path in files() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                named.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(named.is_empty(), "paths of a machine do not belong into the repository:\n{}", named.join("\n"));
}
