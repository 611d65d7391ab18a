//! The commands as people type them: what they print, and what their exit code says.

#[cfg(test)]
mod backtest;
#[cfg(test)]
mod replay;

use std::fs;
use std::net::TcpListener;

use baolu::store::Reader;
use simulator::phone::{self, Phones};

use crate::peer::baolu::{City, Service, run};

const WRONG_INPUT: Option<i32> = Some(1);
const WRONG_USAGE: Option<i32> = Some(2);
const FAILED: Option<i32> = Some(3);

fn check(city: &City) -> Vec<String> {
    let ended = run(&["check", city.folder().to_str().unwrap()]);
    assert_eq!((ended.code, ended.out.as_str()), (WRONG_INPUT, ""), "{}", ended.err);
    ended.err.lines().map(str::to_owned).collect()
}

#[test]
fn check_is_content_with_hue_and_says_what_it_found() {
    let ended = run(&["check"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert!(ended.out.starts_with("config/hue: Huế: 74 stations, "), "{}", ended.out);
}

#[test]
fn check_names_every_kind_of_mistake_at_once_by_file_line_and_key() {
    let city = City::copy();
    city.edit("city.toml", "utc_offset_min", "utc_offset_h");
    city.edit("stations.toml", "id = \"750002\"", "id = \"750001\"");
    city.edit("rules.toml", "raise_m = 1.0, clear_m = 0.8", "raise_m = 1.0");
    city.edit("rules.toml", "raise_m = 2.0, clear_m = 1.8", "raise_m = 2.0, clear_m = 2.0");
    city.edit("rules.toml", "raise_m = 3.5, clear_m = 3.3", "raise_m = 350, clear_m = 3.3");
    city.edit("rules.toml", "stations = [\"kim-long\", \"phu-oc\"]", "stations = [\"kim-lung\", \"phu-oc\"]");
    city.edit("lines.toml", "station = \"678628\"", "station = \"no-such\"");
    city.edit("lines.toml", "poll_interval_s = 300", "poll_intervall_s = 300");
    city.edit("phrases.en.toml", "{mark}. {where}", "{mork}. {where}");
    city.edit("receivers.toml", "ttl_s = 3600", "ttl_s = 1");
    let zone = "[107.0200, 16.3600], [107.0447, 16.4774], [107.2793, 16.3460], [107.0729, 16.2343]";
    let crossing = "[107.0200, 16.3600], [107.2793, 16.3460], [107.0447, 16.4774], [107.0729, 16.2343]";
    city.edit("zones.toml", zone, crossing);
    let told = check(&city);
    for (file, key, wrong) in [
        ("city.toml", "utc_offset_h", "the key is unknown"),
        ("city.toml", "utc_offset_min", "the key is missing"),
        ("stations.toml", "id", "\"750001\" is given twice"),
        ("rules.toml", "rule[0].level[0].when.clear_m", "the key is missing"),
        ("rules.toml", "rule[0].level[1].when.clear_m", "there is no hysteresis"),
        ("rules.toml", "rule[0].level[2].when.raise_m", "350 m is more or less than could be measured"),
        ("rules.toml", "stations[0]", "there is no station kim-lung"),
        ("lines.toml", "line[0].device[0].station", "there is no station \"no-such\""),
        ("lines.toml", "line[0].device[0].poll_intervall_s", "the key is unknown"),
        ("phrases.en.toml", "warning.flood.raised_body", "{mork} is not known here"),
        ("receivers.toml", "retry.ttl_s", ""),
        ("zones.toml", "zone[0].outlines_deg", "cross"),
    ] {
        let fits = |line: &&String| {
            let mut parts = line.splitn(4, ':');
            let (named, number) = (parts.next(), parts.next().and_then(|n| n.parse::<u32>().ok()));
            named == Some(file)
                && number.is_some_and(|n| n > 0)
                && parts.next().is_some_and(|named| named.contains(key))
                && line.contains(wrong)
        };
        assert!(told.iter().any(|line| fits(&line)), "{file} {key} {wrong:?} in {told:#?}");
    }
    assert!(told[0].contains(&format!("has {} mistake(s)", told.len() - 1)), "{}", told[0]);
}

#[test]
fn check_refuses_a_ladder_out_of_order() {
    let city = City::copy();
    city.edit("rules.toml", "raise_m = 2.0, clear_m = 1.8", "raise_m = 0.9, clear_m = 0.7");
    let told = check(&city).join("\n");
    assert!(told.contains("rules.toml:") && told.contains("rule[0].level[1]"), "{told}");
}

#[test]
fn exit_codes_tell_wrong_input_wrong_usage_and_failure_apart() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let city = City::copy();
    let (folder, data) = (city.folder(), city.beside("data"));
    let (folder, data) = (folder.to_str().unwrap(), data.to_str().unwrap());
    for (arguments, code, part) in [
        (&["check", "no/such/city"][..], WRONG_INPUT, "no/such/city"),
        (&["demo", "--storm", "nope"], WRONG_INPUT, "storms are 2025-11, drizzle"),
        (&["simulate", "--storm", "nope"], WRONG_INPUT, "storms are 2025-11, drizzle"),
        (&["replay", "--input", "no/such.csv"], WRONG_INPUT, "no/such.csv"),
        (&["backup", "copy.db", "--data", "no/such"], WRONG_INPUT, "no/such"),
        (&["serve", "-c", "no/such/city"], WRONG_INPUT, "no/such/city"),
        (&[], WRONG_USAGE, "Usage"),
        (&["flood"], WRONG_USAGE, "flood"),
        (&["replay"], WRONG_USAGE, "--input"),
        (&["demo", "--speed", "1201"], WRONG_USAGE, "1..=1200"),
        (&["serve", "--clock", "yesterday,300"], WRONG_USAGE, "\"yesterday\" is no time"),
        (&["serve", "--clock", "2025-11-16T00:00:00Z,1201"], WRONG_USAGE, "0.1 to 1200"),
        (&["demo", "--listen", &taken], FAILED, &taken),
        (&["serve", "-c", folder, "--data", data, "--listen", &taken], FAILED, &taken),
        (
            &["serve", "-c", folder, "--data", "/dev/null/data", "--listen", "127.0.0.1:0"],
            FAILED,
            "/dev/null/data",
        ),
    ] {
        let ended = run(arguments);
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(part), "{arguments:?}: {part:?} is not in {}", ended.err);
    }
}

#[test]
fn storms_lists_both() {
    let ended = run(&["storms"]);
    assert_eq!(ended.code, Some(0));
    let named = |name: &str| ended.out.lines().any(|line| line.starts_with(name));
    assert!(named("2025-11 ") && named("drizzle ") && ended.out.lines().count() == 2, "{}", ended.out);
}

#[test]
fn a_second_serve_on_one_folder_is_refused_politely() {
    let city = City::copy();
    let data = city.beside("data");
    let first = Service::start(&city, &data, &[]);
    let ended = run(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "-c",
        city.folder().to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, WRONG_INPUT, "{}", ended.err);
    assert!(ended.err.contains(data.to_str().unwrap()), "{}", ended.err);
    assert!(first.ask("/health/live").starts_with("HTTP/1.1 200"), "the first one goes on");
}

#[test]
fn serve_ends_well_when_a_service_manager_asks_it_and_goes_on_after_a_kill() {
    let city = City::copy();
    let data = city.beside("data");
    let exercise = ["--clock", "2025-11-16T00:00:00+07:00,1"];
    let killed = Service::start(&city, &data, &exercise);
    assert!(killed.ask("/health/ready").starts_with("HTTP/1.1 200"));
    drop(killed);
    let again = Service::start(&city, &data, &exercise);
    assert!(again.ask("/api/v1/stations").contains("\"exercise\":true"));
    assert_eq!(again.terminate(), Some(0));
    Reader::open_dir(&data, 1).unwrap().verify_ledger().unwrap();
}

#[test]
fn a_backup_made_while_serve_runs_is_a_database_whose_ledger_holds() {
    let city = City::copy();
    let data = city.beside("data");
    let service = Service::start(&city, &data, &[]);
    let restored = city.beside("restored");
    fs::create_dir(&restored).unwrap();
    let file = restored.join("baolu.db");
    let arguments = ["backup", file.to_str().unwrap(), "--data", data.to_str().unwrap()];
    let ended = run(&arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("integrity checked"), "{}", ended.out);
    assert!(service.ask("/health/ready").starts_with("HTTP/1.1 200"), "the service goes on");
    drop(service);
    let head = Reader::open_dir(&restored, 1).unwrap().verify_ledger().unwrap();
    assert!(head.n > 0);
    let twice = run(&arguments);
    assert_eq!(twice.code, WRONG_INPUT, "{}", twice.err);
    assert!(twice.err.contains("is not overwritten"), "{}", twice.err);
    assert_eq!(Service::start(&city, &restored, &[]).terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_refuses_approximate_zones_with_real_phones_unless_somebody_takes_it_by_name() {
    let city = City::copy();
    let setup = phone::Setup {
        project: "zones".into(),
        phones: phone::one_per_zone("hue", &["kim-long"], &["vi"], 1),
        now: std::sync::Arc::new(baolu::clock::Clock::real_now),
        real_now: std::sync::Arc::new(baolu::clock::Clock::real_now),
        token_life: std::time::Duration::from_hours(1),
    };
    let phones = Phones::start(([127, 0, 0, 1], 0).into(), setup).await.unwrap();
    let account = city.beside("account.json");
    fs::write(&account, phones.service_account_json()).unwrap();
    let fcm = format!(
        "[fcm]\nproject = \"zones\"\nendpoint = \"{}\"\nservice_account_file = \"{}\"\n\n",
        phones.endpoint(),
        account.display()
    );
    let receivers = city.read("receivers.toml");
    city.write("receivers.toml", &(fcm + &receivers));
    let data = city.beside("data");
    let refused = tokio::task::spawn_blocking(move || {
        let folder = city.folder();
        let serve = ["serve", "--listen", "127.0.0.1:0", "-c", folder.to_str().unwrap(), "--data"];
        let refused = |more: &[&str]| {
            let ended = run(&[&serve[..], &[data.to_str().unwrap()], more].concat());
            assert_eq!(ended.code, WRONG_INPUT, "{}", ended.err);
            assert!(ended.err.contains("approximate") && ended.err.contains("--accept"), "{}", ended.err);
            assert!(!data.exists(), "nothing was touched");
        };
        refused(&[]);
        refused(&["--accept-approximate-zones", " "]);
        let exercise = Service::start(&city, &data, &["--clock", "2025-11-16T00:00:00+07:00,1"]);
        assert_eq!(exercise.terminate(), Some(0));
        let by_name =
            Service::start(&city, &city.beside("real"), &["--accept-approximate-zones", "Nguyễn Văn A"]);
        assert!(by_name.log().contains("Nguyễn Văn A"), "{}", by_name.log());
    });
    refused.await.unwrap();
}
