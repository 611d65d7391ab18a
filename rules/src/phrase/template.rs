//! A text with named places: `{place} lúc {when}`.

use sensors::sheet::Cell;

/// A text with named places, checked when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(String),
}

impl Template {
    /// Reads a text that must name some places and may name others.
    pub(super) fn read(cell: &Cell<'_>, must: &[&str], may: &[&str]) -> Option<Self> {
        let text = cell.text()?;
        let pieces = split(text);
        let allowed = || {
            let places: Vec<String> = may.iter().map(|place| format!("{{{place}}}")).collect();
            if places.is_empty() {
                "allowed is plain text".to_owned()
            } else {
                format!("allowed are {}", places.join(", "))
            }
        };
        let Some(pieces) = pieces else {
            cell.note("a brace has no partner", allowed());
            return None;
        };
        let named = |place: &str| pieces.iter().any(|piece| *piece == Piece::Place(place.to_owned()));
        let mut right = true;
        // The short name is a name too.
        let said = |place: &str| named(place) || place == "place" && named("short");
        for place in must.iter().filter(|place| !said(place)) {
            cell.note(format!("the text lacks {{{place}}}"), format!("needed is {{{place}}} in it"));
            right = false;
        }
        for piece in &pieces {
            if let Piece::Place(place) = piece
                && !may.contains(&place.as_str())
            {
                cell.note(format!("{{{place}}} is not known here"), allowed());
                right = false;
            }
        }
        right.then_some(Self { pieces })
    }

    /// Puts values in their places; a place without a value stays empty.
    pub fn fill(&self, values: &[(&str, &str)]) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Place(place) => {
                values.iter().find(|(name, _)| name == place).map_or(String::new(), |(_, v)| (*v).to_owned())
            }
        };
        self.pieces.iter().map(piece).collect()
    }
}

/// Text and places in turn; `None` where a brace has no partner.
fn split(text: &str) -> Option<Vec<Piece>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let (place, behind) = after.split_once('}')?;
        if before.contains('}') || place.contains('{') {
            return None;
        }
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(Piece::Place(place.to_owned()));
        rest = behind;
    }
    if rest.contains('}') {
        return None;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Some(pieces)
}
