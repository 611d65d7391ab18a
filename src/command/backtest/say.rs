//! A report as lines for people, in Vietnamese or English. The numbers are the report's own.

use std::io::{self, Write};

use crate::backtest::report::{Difference, EventLine, LeadTime, Pair, Report, Score, TellingCounts, Verdict};
use crate::command::cli::Language;

/// The words of a language.
struct Words {
    rules: &'static str,
    readings: &'static str,
    sum: &'static str,
    hits: &'static str,
    misses: &'static str,
    false_alarms: &'static str,
    unverified: &'static str,
    unfinished: &'static str,
    lead_crossing: &'static str,
    lead_crest: &'static str,
    crest: &'static str,
    undefined: &'static str,
    begun: &'static str,
    not_warned: &'static str,
    bulletins: &'static str,
    proposals: &'static str,
    pushes: &'static str,
    minutes: &'static str,
    digest: &'static str,
}

const VI: Words = Words {
    rules: "Quy tắc cũ → mới",
    readings: "số đo",
    sum: "TỔNG CỘNG",
    hits: "cảnh báo đúng",
    misses: "bỏ sót",
    false_alarms: "báo động giả",
    unverified: "không kiểm chứng được",
    unfinished: "dữ liệu hết trước khi biết",
    lead_crossing: "thời gian báo trước khi vượt ngưỡng (trung bình)",
    lead_crest: "thời gian báo trước đỉnh (trung bình)",
    crest: "đỉnh",
    undefined: "không xác định",
    begun: "bắt đầu trước dữ liệu, không tính",
    not_warned: "không cảnh báo",
    bulletins: "bản tin phát",
    proposals: "bản tin chờ duyệt",
    pushes: "thông báo đẩy",
    minutes: "phút ở mức",
    digest: "Mã kiểm của kết quả",
};

const EN: Words = Words {
    rules: "Rules old → new",
    readings: "readings",
    sum: "IN SUM",
    hits: "hits",
    misses: "misses",
    false_alarms: "false alarms",
    unverified: "unverified",
    unfinished: "unfinished",
    lead_crossing: "lead before the crossing (mean)",
    lead_crest: "lead before the crest (mean)",
    crest: "crest",
    undefined: "undefined",
    begun: "began before the data, not counted",
    not_warned: "not warned",
    bulletins: "bulletins",
    proposals: "proposals",
    pushes: "pushes",
    minutes: "minutes in",
    digest: "Digest of the result",
};

/// Writes it.
pub(super) fn report(report: &Report, lang: Language, out: &mut impl Write) -> io::Result<()> {
    let words = match lang {
        Language::Vi => &VI,
        Language::En => &EN,
    };
    let short = |version: &str| version.chars().take(12).collect::<String>();
    writeln!(out, "{}: {} → {}", words.rules, short(&report.rules.old), short(&report.rules.new))?;
    for part in &report.sources {
        let (from, to) = (part.from.as_deref().unwrap_or("-"), part.to.as_deref().unwrap_or("-"));
        writeln!(out, "\n{} ({from} – {to}, {} {})", part.source, part.readings, words.readings)?;
        for verdict in &part.truths {
            verdict_lines(verdict, words, out)?;
        }
        telling(&part.told, words, out)?;
        for note in &part.notes {
            writeln!(out, "  ! {note}")?;
        }
    }
    writeln!(out, "\n{} ({} {})", words.sum, report.sum.readings, words.readings)?;
    for verdict in &report.sum.truths {
        verdict_lines(verdict, words, out)?;
    }
    telling(&report.sum.told, words, out)?;
    for level in &report.sum.levels {
        let (minutes, alert) = (&level.minutes, format!("{} {}", level.alert, level.level));
        writeln!(
            out,
            "  {} {alert}: {} → {} ({:+})",
            words.minutes, minutes.old, minutes.new, level.difference
        )?;
    }
    for failed in &report.tests_failed {
        writeln!(out, "  ! {failed}")?;
    }
    writeln!(out, "\n{}: {}", words.digest, report.digest)
}

fn verdict_lines(verdict: &Verdict, words: &Words, out: &mut impl Write) -> io::Result<()> {
    let Pair { old, new } = &verdict.score;
    writeln!(out, "  {} {} ({}):", verdict.truth, verdict.step, verdict.raise)?;
    let Difference { pod, far, csi, lead_crossing_s, lead_crest_s, .. } = &verdict.difference;
    let counts = |score: &Score| {
        format!(
            "{} {}, {} {}, {} {}",
            score.hits, words.hits, score.misses, words.misses, score.false_alarms, words.false_alarms
        )
    };
    writeln!(out, "    {} → {}", counts(old), counts(new))?;
    if old.unverified + new.unverified + old.unfinished + new.unfinished > 0 {
        writeln!(
            out,
            "    {} {} → {}, {} {} → {}",
            words.unverified,
            old.unverified,
            new.unverified,
            words.unfinished,
            old.unfinished,
            new.unfinished
        )?;
    }
    let ratios =
        [("POD", old.pod, new.pod, pod), ("FAR", old.far, new.far, far), ("CSI", old.csi, new.csi, csi)];
    for (name, was, is, by) in ratios.into_iter().filter(|(_, was, is, _)| was.or(*is).is_some()) {
        let told =
            |ratio: Option<f64>| ratio.map_or(words.undefined.to_owned(), |ratio| format!("{ratio:.2}"));
        let by = by.map(|by| format!(" ({by:+.2})")).unwrap_or_default();
        writeln!(out, "    {name} {} → {}{by}", told(was), told(is))?;
    }
    let leads = [
        (words.lead_crossing, &old.lead_crossing, &new.lead_crossing, lead_crossing_s),
        (words.lead_crest, &old.lead_crest, &new.lead_crest, lead_crest_s),
    ];
    for (name, was, is, by) in leads.into_iter().filter(|(_, was, is, _)| was.is_some() || is.is_some()) {
        let told = |lead: &Option<LeadTime>| {
            lead.as_ref().map_or(words.undefined.to_owned(), |lead| hours(lead.mean_s))
        };
        let by =
            by.map(|by| format!(" ({}{})", if by < 0 { "" } else { "+" }, hours(by))).unwrap_or_default();
        writeln!(out, "    {name}: {} → {}{by}", told(was), told(is))?;
    }
    for event in &verdict.events {
        event_line(event, words, out)?;
    }
    Ok(())
}

fn event_line(event: &EventLine, words: &Words, out: &mut impl Write) -> io::Result<()> {
    let told = if event.blind_s.is_none() {
        words.begun.to_owned()
    } else {
        let lead = |lead: Option<i64>| lead.map_or(words.not_warned.to_owned(), hours);
        format!("{} → {}", lead(event.warned.old.lead_crossing_s), lead(event.warned.new.lead_crossing_s))
    };
    writeln!(out, "      {} ({} {} {}): {told}", event.crossing, words.crest, event.crest, event.crest_at)
}

fn telling(told: &Pair<TellingCounts>, words: &Words, out: &mut impl Write) -> io::Result<()> {
    let Pair { old, new } = told;
    writeln!(
        out,
        "  {}: {} → {}, {}: {} → {}, {}: {} → {}",
        words.bulletins,
        old.bulletins,
        new.bulletins,
        words.proposals,
        old.proposals,
        new.proposals,
        words.pushes,
        old.pushes,
        new.pushes
    )
}

/// `2 h 05 min`, `-0 h 10 min`.
fn hours(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let minutes = seconds.abs() / 60;
    format!("{sign}{} h {:02} min", minutes / 60, minutes % 60)
}
