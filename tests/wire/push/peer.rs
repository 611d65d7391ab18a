//! The official firebase-admin client holds our phone stand-in to the contract.

use std::path::{Path, PathBuf};

use super::rig::phones;

/// The interpreter of the environment that `tests/run` installs the peers in.
fn python() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/bin/python");
    let python = std::env::var_os("BAOLU_PEERS").map_or(own, |dir| PathBuf::from(dir).join("bin/python"));
    let runs = python.exists()
        && std::process::Command::new(&python)
            .args(["-c", "import firebase_admin"])
            .output()
            .is_ok_and(|output| output.status.success());
    if !runs {
        assert!(std::env::var_os("CI").is_none(), "firebase-admin is not installed in {}", python.display());
        println!("skipped: firebase-admin is not installed; tests/run does it");
    }
    runs.then_some(python)
}

#[tokio::test]
async fn the_official_client_is_understood_and_refused_in_its_own_words() {
    let Some(python) = python() else { return };
    let mut phones = phones().await;
    let folder = tempfile::tempdir().unwrap();
    let account = folder.path().join("account.json");
    std::fs::write(&account, phones.service_account_json()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/peer_firebase.py");
    let run = tokio::process::Command::new(python)
        .arg(script)
        .arg(&account)
        .arg(phones.endpoint())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(std::time::Duration::from_mins(2), run).await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");

    let vias: Vec<_> = std::iter::from_fn(|| phones.shown.try_recv().ok()).map(|push| push.title).collect();
    assert_eq!(vias, ["by topic", "by condition", "by token"]);
    assert_eq!(phones.counts().tokens, 1, "the client's own assertion was believed");
}
