//! Promises of the reader: agreement with an independent validator, and an end to every bomb.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use proptest::prelude::*;

use super::*;

pub(super) const GOOD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>VN-1</identifier><sender>tin@kttv.example</sender><sent>2025-11-16T21:00:00+07:00</sent>
<status>Actual</status><msgType>Update</msgType><source>s</source><scope>Public</scope>
<addresses>all</addresses><code>c</code><note>n</note>
<references>tin@kttv.example,VN-0,2025-11-16T20:00:00+07:00</references><incidents>"a b" c</incidents>
<info><language>vi-VN</language><category>Met</category><event>Lũ</event><responseType>Prepare</responseType>
<urgency>Expected</urgency><severity>Severe</severity><certainty>Likely</certainty><audience>x</audience>
<eventCode><valueName>a</valueName><value>b</value></eventCode>
<effective>2025-11-16T21:00:00+07:00</effective><onset>2025-11-16T22:00:00+07:00</onset>
<expires>2025-11-17T21:00:00+07:00</expires><senderName>Đài KTTV</senderName><headline>Lũ trên sông Hương</headline>
<description>d</description><instruction>i</instruction><web>https://kttv.example/1</web><contact>t</contact>
<parameter><valueName>a</valueName><value>b</value></parameter>
<resource><resourceDesc>map</resourceDesc><mimeType>image/png</mimeType><size>12</size><uri>https://kttv.example/a.png</uri>
<derefUri>AAAA</derefUri><digest>da39a3ee5e6b4b0d3255bfef95601890afd80709</digest></resource>
<area><areaDesc>Huế</areaDesc><polygon>16.4,107.5 16.5,107.5 16.5,107.6 16.4,107.5</polygon><circle>16.4,107.5 3</circle>
<geocode><valueName>w</valueName><value>1</value></geocode><altitude>1.5</altitude><ceiling>3</ceiling></area></info>
</alert>"#;

fn shared() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/cap")
}

/// Whether the independent validator is there; CI must have it.
fn has_validator() -> bool {
    let there = Command::new("xmllint").arg("--version").stderr(Stdio::null()).status().is_ok();
    let there = there && shared().join("cap12.xsd").exists();
    if !there {
        assert!(std::env::var_os("CI").is_none(), "xmllint or ../shared is missing");
        eprintln!("skipped: xmllint or ../shared is missing");
    }
    there
}

/// Which of these the schema accepts, asked in one run of `xmllint`.
fn accepted(documents: &[String]) -> Vec<bool> {
    let dir = tempfile::tempdir().unwrap();
    for (n, document) in documents.iter().enumerate() {
        fs::File::create(dir.path().join(format!("{n}.xml")))
            .unwrap()
            .write_all(document.as_bytes())
            .unwrap();
    }
    let names = (0..documents.len()).map(|n| format!("{n}.xml"));
    let told = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema"])
        .arg(shared().join("cap12.xsd"))
        .args(names)
        .current_dir(dir.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    (0..documents.len()).map(|n| told.lines().any(|line| line == format!("{n}.xml validates"))).collect()
}

fn errors(text: &str) -> Vec<&'static str> {
    let verdict = check(text.as_bytes(), BYTES_MAX, None);
    verdict.findings.iter().filter(|finding| finding.is_error()).map(|finding| finding.rule.id).collect()
}

/// The byte spans of every element of a document without self-closing tags.
fn spans(text: &str) -> Vec<(usize, usize)> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(from) = text[at..].find('<').map(|n| n + at) {
        let to = text[from..].find('>').unwrap() + from + 1;
        match &text[from + 1..from + 2] {
            "/" => found.push((open.pop().unwrap(), to)),
            "?" | "!" => {}
            _ => open.push(from),
        }
        at = to;
    }
    found
}

/// Every element deleted, doubled, moved, emptied, renamed, dressed and given other contents.
fn mutations() -> Vec<String> {
    let mut all = vec![GOOD.to_owned()];
    let spans = spans(GOOD);
    for (n, &(from, to)) in spans.iter().enumerate() {
        let element = &GOOD[from..to];
        let with = |new: &str| format!("{}{new}{}", &GOOD[..from], &GOOD[to..]);
        let head = element.find('>').unwrap() + 1;
        let tail = element.rfind('<').unwrap();
        let name = element[1..head - 1].split(' ').next().unwrap();
        all.push(with(""));
        all.push(with(&format!("{element}{element}")));
        for inner in [
            "",
            " ",
            "x",
            " Met ",
            "2025-11-16T21:00:00Z",
            "2025-02-30T21:00:00+07:00",
            "2025-11-16T21:00:00+15:00",
            " 2025-11-16T21:00:00+07:00 ",
            "2025-11-16T24:00:00+07:00",
            "0000-11-16T21:00:00+07:00",
            "-5",
            "+7.25",
            "1e3",
            "vi_VN",
            "a--b",
            "http://[x",
            "http://h:p/",
            "http://a b/",
            "%zz",
            "<b>x</b>",
            "<![CDATA[x]]>",
            "Act<!-- -->ual",
            "&#65;ctual",
            "&nbsp;",
            "a ]]> b",
        ] {
            all.push(with(&format!("{}{inner}{}", &element[..head], &element[tail..])));
        }
        all.push(with(
            &format!("<x{}", element.strip_prefix('<').unwrap())
                .replace(&format!("</{name}>"), &format!("</x{name}>")),
        ));
        all.push(with(&element.replacen(name, &format!("{name} a=\"1\""), 1)));
        all.push(with(&element.replacen(name, &format!("{name} xmlns:q=\"q\""), 1)));
        all.push(with(&element.replacen(name, &format!("{name} xmlns=\"\""), 1)));
        all.push(with(&format!("text{element}")));
        all.push(with(&format!("{element}<zz/>")));
        for &(other_from, other_to) in spans.iter().skip(n + 1).filter(|(start, _)| *start >= to).take(3) {
            let other = &GOOD[other_from..other_to];
            all.push(format!(
                "{}{other}{}{element}{}",
                &GOOD[..from],
                &GOOD[to..other_from],
                &GOOD[other_to..]
            ));
        }
    }
    all
}

#[test]
fn whatever_the_schema_refuses_we_refuse_and_where_we_refuse_more_a_rule_is_named() {
    if !has_validator() {
        return;
    }
    let documents = mutations();
    let (mut refused, mut more) = (0, std::collections::BTreeMap::<&str, usize>::new());
    for (document, is_accepted) in documents.iter().zip(accepted(&documents)) {
        let ours = errors(document);
        refused += usize::from(!is_accepted);
        assert!(is_accepted || !ours.is_empty(), "the schema refuses, we do not:\n{document}");
        if is_accepted {
            for rule in ours {
                *more.entry(rule).or_default() += 1;
            }
        }
    }
    eprintln!("{} documents, {refused} refused by the schema; refused by us only: {more:?}", documents.len());
    assert!(errors(GOOD).is_empty(), "{:?}", errors(GOOD));
    assert!(refused > documents.len() / 2);
    // What may be stricter than the schema, and nothing else.
    let named = [
        "uri_form",
        "zulu",
        "time",
        "identifier",
        "sender",
        "references_missing",
        "reference",
        "incidents",
        "mime",
        "size_sign",
        "relative",
        "digest",
        "deref",
        "pair",
        "polygon_short",
        "polygon_open",
        "circle",
        "ceiling",
        "root",
        "entity",
        "attribute",
        "decimal",
    ];
    assert!(more.keys().all(|rule| named.contains(rule)), "{more:?}");
}

#[test]
fn the_samples_are_judged_as_the_schema_judges_them() {
    if !has_validator() {
        return;
    }
    let mut files: Vec<_> = fs::read_dir(shared()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "cap"));
    files.sort();
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let judged: Vec<String> = files
        .iter()
        .zip(texts.iter().zip(accepted(&texts)))
        .map(|(file, (text, schema))| {
            let name = file.file_stem().unwrap().to_string_lossy().replace("testdata_", "");
            let verdict = check(text.as_bytes(), BYTES_MAX, None);
            assert!(schema || !verdict.is_valid(), "{name}");
            format!("{name}: schema {schema}, ours {} {:?}", verdict.is_valid(), errors(text))
        })
        .collect();
    let expected = [
        "australia: schema true, ours true []",
        "canada: schema true, ours true []",
        r#"earthquake: schema false, ours false ["namespace"]"#,
        r#"invalid: schema false, ours false ["missing"]"#,
        r#"no_optional_fields: schema false, ours false ["namespace"]"#,
        r#"noaa_errors: schema false, ours false ["namespace"]"#,
        "wcatwc-warning: schema true, ours true []",
        r#"weather: schema false, ours false ["namespace"]"#,
    ];
    assert_eq!(judged, expected);
}

#[test]
#[expect(clippy::format_collect, reason = "bombs are small beside what they are meant to do")]
fn every_bomb_is_refused_soon_and_by_name() {
    let alert =
        |inner: &str| format!("<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">{inner}</alert>");
    let laughs = (1..10)
        .map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10)))
        .collect::<String>();
    let flood = (0..300_000).map(|n| format!(" a{n}=\"{n}\"")).collect::<String>();
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(GOOD.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let points = "1,1 ".repeat(30_000);
    let bombs: Vec<(&str, Vec<u8>)> = vec![
        ("doctype", format!("<!DOCTYPE a [<!ENTITY l0 \"ha\">{laughs}]><a>&l9;</a>").into_bytes()),
        ("doctype", b"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>".to_vec()),
        ("entity", alert("<note>&l9;</note>").into_bytes()),
        ("depth", alert(&"<a>".repeat(100_000)).into_bytes()),
        ("elements", alert(&"<code/>".repeat(100_000)).into_bytes()),
        ("size", format!("<alert{flood}/>").into_bytes()),
        (
            "attributes",
            alert(&format!("<a{}/>", (0..60).map(|n| format!(" a{n}=\"\"")).collect::<String>()))
                .into_bytes(),
        ),
        ("encoding", utf16),
        ("encoding", b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>".to_vec()),
        ("encoding", b"<a>\xC3\x28</a>".to_vec()),
        ("character", alert("<note>\u{1}</note>").into_bytes()),
        ("entity", alert("<note>&#0;</note>").into_bytes()),
        ("points", GOOD.replace("16.4,107.5 16.5", &format!("{points}16.5")).into_bytes()),
        ("well_formed", GOOD.replace("</alert>", "").into_bytes()),
        ("well_formed", format!("{GOOD}<a/>").into_bytes()),
    ];
    for (rule, bomb) in bombs {
        let began = Instant::now();
        let verdict = check(&bomb, BYTES_MAX, None);
        assert!(
            verdict.findings.iter().any(|finding| finding.rule.id == rule),
            "{rule}: {:?}",
            verdict.findings.first()
        );
        assert!(verdict.message.is_none() && began.elapsed().as_secs() < 10, "{rule}: {:?}", began.elapsed());
    }
}

#[test]
fn what_prose_forbids_is_an_error_with_line_path_and_section() {
    let cases = [
        ("<scope>Public", "<scope>Restricted", "restriction"),
        ("<addresses>all", "<addresses>", ""),
        ("tin@kttv.example,VN-0,2025-11-16T20:00:00+07:00", "VN-0", "reference"),
        (" 16.4,107.5</polygon>", "</polygon>", "polygon_short"),
        (" 16.4,107.5</polygon>", " 16.4,107.7</polygon>", "polygon_open"),
        ("<polygon>16.4,107.5", "<polygon>107.5,16.4", "pair"),
        ("<circle>16.4,107.5 3", "<circle>16.4,107.5 inf", "circle"),
        ("<altitude>1.5</altitude>", "", "ceiling"),
        ("<mimeType>image/png", "<mimeType>png", "mime"),
        ("2025-11-16T21:00:00+07:00</sent>", "2025-11-16T14:00:00Z</sent>", "zulu"),
        ("<identifier>VN-1", "<identifier>VN 1", "identifier"),
    ];
    for (from, to, rule) in cases {
        let told = errors(&GOOD.replacen(from, to, 1));
        assert_eq!(told, Vec::from_iter((!rule.is_empty()).then_some(rule)), "{to}");
    }
    let verdict =
        check(GOOD.replace("16.4,107.5</polygon>", "16.4,107.7</polygon>").as_bytes(), BYTES_MAX, None);
    let finding = &verdict.findings[0];
    assert_eq!(
        (finding.line, finding.path.as_str(), finding.rule.section),
        (16, "alert/info[1]/area[1]/polygon[1]", "3.2.4")
    );
    assert!(verdict.message.unwrap().infos[0].areas[0].is_unclear);
}

#[test]
fn what_others_write_turns_no_reading_direction_around() {
    let text = GOOD.replace("Lũ trên sông Hương", "Lũ\u{202E}trên\u{2066} sông\u{200B} Hương");
    let verdict = check(text.as_bytes(), BYTES_MAX, None);
    assert!(verdict.findings.iter().any(|finding| finding.rule.id == "hidden"));
    assert_eq!(verdict.message.unwrap().infos[0].headline.as_deref(), Some("Lũtrên sông Hương"));
}

#[test]
fn the_profile_of_the_city_is_held_against_it_only_where_it_is_asked_for() {
    let profile = Profile {
        languages: vec!["vi".to_owned(), "en".to_owned()],
        event_code: Some("vn".to_owned()),
        geocode: Some("ward".to_owned()),
        bounds: Some(geo::Rect::new((100.0, 8.0), (107.0, 16.0))),
    };
    let told = check(GOOD.as_bytes(), BYTES_MAX, Some(&profile));
    let told: Vec<_> =
        told.findings.iter().filter(|finding| finding.is_error()).map(|finding| finding.rule.id).collect();
    assert_eq!(
        told,
        ["profile_language", "profile_event", "profile_geocode", "profile_bounds", "profile_bounds"]
    );
}

/// What tags are made of.
const WORDS: &[&str] = &[
    "<alert>",
    "</alert>",
    "<info>",
    "</info>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml",
    "?>",
    "&amp;",
    "&#1;",
    "<a b='",
    "'",
    "/>",
    "x",
    "xmlns=''",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let verdict = check(&bytes, BYTES_MAX, None);
        prop_assert!(verdict.message.is_none());
    }

    #[test]
    fn a_message_with_any_bytes_in_it_never_panics_and_says_within_bounds_what_is_wrong(
        at in 0..2000_usize, gone in 0..40_usize, put in proptest::collection::vec(any::<u8>(), 0..30),
    ) {
        let mut bytes = GOOD.as_bytes().to_vec();
        let from = at.min(bytes.len());
        let to = (from + gone).min(bytes.len());
        bytes.splice(from..to, put);
        let verdict = check(&bytes, BYTES_MAX, Some(&Profile::default()));
        prop_assert!(verdict.findings.len() < 1000);
        for finding in &verdict.findings {
            prop_assert!(finding.said.chars().count() <= 121 && !finding.said.chars().any(char::is_control));
        }
    }

    #[test]
    fn tags_strewn_about_never_panic(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..60)) {
        let _ = check(words.concat().as_bytes(), BYTES_MAX, None);
    }
}
