//! Whose CAP messages are taken in: the table `[in]` of `cap.toml`.
//!
//! ```toml
//! [in]
//! folder = "/var/lib/baolu/cap-in"
//! [[in.feed]]
//! name = "national"
//! url = "https://example.org/cap/index.atom"
//! [in.profile]
//! languages = ["vi"]
//! ```

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use geo::Rect;
use sensors::mistake::Mistake;
use sensors::sheet::{Log, Row, Sheet};

use super::{BYTES_HARD_MAX, BYTES_MAX, Profile};

/// Feeds of one city.
const FEEDS_MAX: usize = 32;

/// Whose messages are taken in.
#[derive(Clone, Debug, PartialEq)]
pub struct Sources {
    /// The drop folder.
    pub folder: Option<PathBuf>,
    /// How often it is looked into.
    pub scan_interval: Duration,
    /// The feeds.
    pub feeds: Vec<Feed>,
    /// The largest message, bytes.
    pub message_bytes_max: usize,
    /// What the city demands beyond the standard; for `baolu cap check --profile`.
    pub profile: Profile,
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            folder: None,
            scan_interval: Duration::from_secs(5),
            feeds: Vec::new(),
            message_bytes_max: BYTES_MAX,
            profile: Profile::default(),
        }
    }
}

/// A feed that is asked over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Its name in logs and notices.
    pub name: String,
    /// An Atom or RSS list of messages, or a message.
    pub url: String,
    /// How often it is asked.
    pub interval: Duration,
    /// The one authority, in PEM, that may vouch for its server; the system's, where absent.
    pub ca: Option<PathBuf>,
}

impl Sources {
    /// Reads the table `[in]` of a file that may have others beside it.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Mistake>> {
        let log = Log::default();
        let sheet = Sheet { file, text, log: &log };
        let (table, _) = sheet.parse();
        let top = Row::top(sheet, &table);
        let sources = top.cell("in").and_then(|cell| cell.row()).map(Self::read).unwrap_or_default();
        let mistakes = log.into_sorted();
        if mistakes.is_empty() { Ok(sources) } else { Err(mistakes) }
    }

    /// Reads the table itself.
    pub fn read(row: Row<'_>) -> Self {
        let folder = row.cell("folder").and_then(|cell| cell.text()).map(PathBuf::from);
        let mut sources = Self { folder, ..Self::default() };
        if let Some(seconds) = row.cell("scan_interval_s").and_then(|cell| cell.whole(1, 3600)) {
            sources.scan_interval = Duration::from_secs(seconds.unsigned_abs());
        }
        let most = BYTES_HARD_MAX as i64;
        if let Some(bytes) = row.cell("message_bytes_max").and_then(|cell| cell.whole(1024, most)) {
            sources.message_bytes_max = bytes as usize;
        }
        let mut names = BTreeSet::new();
        for feed in row.rows("feed") {
            let name = feed.need("name", "a name of its own").and_then(|cell| {
                let name = cell.id()?;
                if !names.insert(name) {
                    cell.note(format!("{name:?} is given twice"), "each name is allowed once");
                }
                Some(name.to_owned())
            });
            let url = feed.need("url", "the address of the feed").and_then(|cell| {
                let url = cell.text()?;
                let known = url.starts_with("https://") || url.starts_with("http://");
                if !known || !super::form::is_absolute_uri(url) {
                    cell.note(
                        format!("{url:?} is no address"),
                        "allowed is http://host/path or https://host/path",
                    );
                }
                Some(url.to_owned())
            });
            let seconds = feed.cell("interval_s").map_or(Some(60), |cell| cell.whole(10, 86_400));
            let ca = feed.cell("ca").and_then(|cell| {
                let is_https = url.as_ref().is_none_or(|url| url.starts_with("https://"));
                if !is_https {
                    cell.note("the address is not https", "leave it out, or ask over https");
                }
                cell.text().map(PathBuf::from)
            });
            feed.close();
            if let (Some(name), Some(url), Some(seconds)) = (name, url, seconds) {
                let interval = Duration::from_secs(seconds.unsigned_abs());
                sources.feeds.push(Feed { name, url, interval, ca });
            }
        }
        if sources.feeds.len() > FEEDS_MAX {
            row.note(
                "feed",
                format!("{} feeds are given", sources.feeds.len()),
                format!("allowed are {FEEDS_MAX}"),
            );
        }
        if let Some(profile) = row.cell("profile").and_then(|cell| cell.row()) {
            sources.profile = demands(profile);
        }
        row.close();
        sources
    }
}

fn demands(row: Row<'_>) -> Profile {
    let text = |key: &str| row.cell(key).and_then(|cell| cell.text()).map(str::to_owned);
    let listed = row.cell("languages").map(|cell| cell.list()).unwrap_or_default();
    let language = |cell: &sensors::sheet::Cell<'_>| {
        let tag = cell.text()?;
        if !super::form::is_language(tag) {
            cell.note(format!("{tag:?} is no language"), "allowed is a tag as vi or en");
        }
        Some(tag.to_owned())
    };
    let languages = listed.iter().filter_map(language).collect();
    let corner = |key: &str| row.cell(key).and_then(|cell| cell.pair());
    let corners = (corner("southwest_lat_lon"), corner("northeast_lat_lon"));
    let bounds = match corners {
        (Some((south, west)), Some((north, east))) if south < north && west < east => {
            Some(Rect::new((west, south), (east, north)))
        }
        (None, None) => None,
        _ => {
            let allowed =
                "needed are southwest_lat_lon and northeast_lat_lon, the second north and east of the first";
            row.note("southwest_lat_lon", "the two corners make no box", allowed);
            None
        }
    };
    let profile = Profile { languages, event_code: text("event_code"), geocode: text("geocode"), bounds };
    row.close();
    profile
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_of_the_table_is_named_and_nothing_else_of_the_file_is_judged() {
        let text = "[out]\nwhatever = 1\n[in]\nmessage_bytes_max = 99999999\nfolders = \"x\"\n\
                    [[in.feed]]\nname = \"a\"\nurl = \"ftp://a/\"\nca = \"a.pem\"\n[in.profile]\nlanguages = [\"v i\"]\n\
                    southwest_lat_lon = [17.0, 108.0]\nnortheast_lat_lon = [16.0, 107.0]\n";
        let told: Vec<String> =
            Sources::parse("cap.toml", text).unwrap_err().iter().map(ToString::to_string).collect();
        for key in ["message_bytes_max", "in.folders", "url", "ca", "languages[0]", "southwest_lat_lon"] {
            assert!(told.iter().any(|line| line.contains(key)), "{key}: {told:#?}");
        }
        assert_eq!(told.len(), 6, "{told:#?}");
        assert_eq!(Sources::parse("cap.toml", "").unwrap(), Sources::default());
    }
}
