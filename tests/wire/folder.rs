//! A drop folder on a real disk: files are taken whole, once, and moved away when they are durable.

use std::fs;
use std::path::PathBuf;

use crate::peer::baolu::{City, Service, until};

/// A city whose Phú Ốc gauge sends files instead of messages, and the folder.
fn city() -> (City, PathBuf) {
    let city = City::copy();
    let folder = city.beside("drop");
    fs::create_dir(&folder).unwrap();
    city.edit(
        "lines.toml",
        "  { topic = \"hue/phu-oc/stage\", station = \"phu-oc\", type = \"stage-json\" },\n",
        "",
    );
    let line = format!(
        "\n[[line]]\nname = \"files\"\nprotocol = \"csv_folder\"\naddress = \"{}\"\nscan_interval_s = 1\nstations = [\"phu-oc\"]\n",
        folder.display()
    );
    city.write("lines.toml", &(city.read("lines.toml") + &line));
    (city, folder)
}

const HEADER: &str = "measured_at,station,parameter,value,unit\n";

/// A row of some minutes ago.
fn row(station: &str, minutes: i64, metres: &str) -> String {
    let at = baolu::clock::Clock::real_now().minus(sensors::time::Span::from_min(minutes));
    format!("{at},{station},stage,{metres},m\n")
}

#[test]
fn a_file_is_taken_when_it_is_whole_raises_what_it_raises_and_is_moved_away_with_its_report() {
    let (city, folder) = city();
    let service = Service::start(&city, &city.beside("data"), &[]);
    until("a folder that is looked at", || service.line_is_up("files"));
    let rows = [row("phu-oc", 20, "2.95"), row("phu-oc", 10, "3.05"), row("kim-long", 10, "2.5")].concat();
    fs::write(folder.join("a.csv"), format!("{HEADER}{rows}yesterday,phu-oc,stage,1,m\n")).unwrap();
    fs::write(folder.join("b.csv"), "not,a,table\n1,2,3\n").unwrap();
    fs::write(folder.join("c.txt"), "no file of ours\n").unwrap();
    until("both files moved", || folder.join("done/a.csv").exists() && folder.join("refused/b.csv").exists());
    let alerts = service.ask("/api/v1/alerts");
    assert!(alerts.contains("stage-phu-oc") && alerts.contains("\"bd2\""), "{alerts}");
    assert!(!alerts.contains("stage-kim-long"), "a station that the folder does not list is not heard there");
    let report = fs::read_to_string(folder.join("done/a.csv.report.txt")).unwrap();
    assert!(report.contains("kim-long/stage: 1 rows refused") && report.contains("yesterday"), "{report}");
    let report = fs::read_to_string(folder.join("refused/b.csv.report.txt")).unwrap();
    assert!(report.contains("measured_at: the header has no such column"), "{report}");
    assert!(folder.join("c.txt").exists() && !folder.join("a.csv").exists());
    // The same name again is another file, and nothing in done/ is overwritten.
    fs::write(folder.join("a.csv"), format!("{HEADER}{}", row("phu-oc", 5, "3.06"))).unwrap();
    until("the second file of that name", || folder.join("done/1-a.csv").exists());
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn a_service_killed_over_a_file_reads_it_again_and_doubles_nothing() {
    let (city, folder) = city();
    let data = city.beside("data");
    let rows: String =
        (1..=2_000).map(|n| row("phu-oc", 2_100 - n, &format!("{}.{:03}", 1, n % 50))).collect();
    fs::write(folder.join("big.csv"), format!("{HEADER}{rows}")).unwrap();
    let service = Service::start(&city, &data, &[]);
    until("the first readings", || service.metric("baolu_readings_total", "") > 0);
    drop(service);
    let service = Service::start(&city, &data, &[]);
    until("the file moved", || folder.join("done/big.csv").exists());
    assert_eq!(service.terminate(), Some(0));
    let kept: i64 = rusqlite::Connection::open(data.join("baolu.db"))
        .and_then(|c| c.query_row("SELECT count(*) FROM reading", [], |row| row.get(0)))
        .unwrap();
    assert_eq!(kept, 2_000);
}

#[test]
fn a_folder_that_is_gone_is_a_line_that_is_down_until_it_is_back() {
    let (city, folder) = city();
    fs::remove_dir(&folder).unwrap();
    let service = Service::start(&city, &city.beside("data"), &[]);
    until("a line that is down", || service.log().contains("looking into"));
    assert!(!service.line_is_up("files"));
    fs::create_dir(&folder).unwrap();
    until("a line that is up", || service.line_is_up("files"));
}
