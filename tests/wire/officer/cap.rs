//! Other systems fetch our CAP messages: the feed, each message, and the files in a folder.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::peer::baolu::{City, PATIENCE, Service, run, until};

fn enter(service: &Service, value: &str) {
    let server = service.address.to_string();
    let order = ["enter", "--station", "phu-oc", "--by", "truc-ban", "--value", value, "--server", &server];
    let ended = run(&order);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}

/// The head and the body of an answer.
fn ask(service: &Service, path: &str, more: &str) -> (String, String) {
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {head}"))
}

#[test]
fn a_warning_is_in_the_feed_under_its_own_address_and_in_the_folder_also_after_a_restart() {
    let city = City::copy();
    let folder = city.beside("cap");
    let line = format!("\n[out]\nfolder = {:?}\n", folder.to_str().unwrap());
    city.edit("cap.toml", "\n[out]\n", &line);
    let service = Service::start(&city, &city.beside("data"), &[]);
    let (head, empty) = ask(&service, "/cap/feed.atom", "");
    assert!(head.starts_with("HTTP/1.1 200") && !empty.contains("<entry>"), "{head}{empty}");
    enter(&service, "3.02");

    let (head, feed) = ask(&service, "/cap/feed.atom", "");
    assert!(header(&head, "content-type").starts_with("application/atom+xml"));
    assert_eq!(feed.matches("<entry>").count(), 1, "{feed}");
    let same = ask(&service, "/cap/feed.atom", &format!("If-None-Match: {}\r\n", header(&head, "etag")));
    assert!(same.0.starts_with("HTTP/1.1 304") && same.1.is_empty(), "{}", same.0);
    let path = feed.split("href=\"").find(|part| part.contains(".xml\"")).unwrap();
    let path = path.split('"').next().unwrap();
    let (head, message) = ask(&service, path, "");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(header(&head, "content-type"), "application/cap+xml");
    assert!(header(&head, "cache-control").contains("immutable"));
    assert!(matches!(message.parse(), Ok(oasiscap::Alert::V1dot2(_))), "{message}");
    let (head, _) = ask(&service, &path.replace("/cap/", "/cap/exercise/"), "");
    assert!(head.starts_with("HTTP/1.1 404"), "what is real is no exercise: {head}");
    let (_, exercises) = ask(&service, "/cap/exercise/feed.atom", "");
    assert!(!exercises.contains("<entry>"), "{exercises}");

    let file = folder.join(path.trim_start_matches("/cap/"));
    until("the message lies in the folder", || {
        std::fs::read_to_string(&file).is_ok_and(|text| text == message)
    });
    until("the index names it", || {
        std::fs::read_to_string(folder.join("feed.atom")).is_ok_and(|text| text.contains("<entry>"))
    });
    assert_eq!(service.terminate(), Some(0));
    std::fs::remove_file(&file).unwrap();
    let service = Service::start(&city, &city.beside("data"), &[]);
    until("a restart writes what is missing", || {
        std::fs::read_to_string(&file).is_ok_and(|text| text == message)
    });
    let (_, after) = ask(&service, "/cap/feed.atom", "");
    assert_eq!(after, feed, "the feed is as it was");
    assert_eq!(service.terminate(), Some(0));
}
