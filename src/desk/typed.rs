//! What officers type: bulletins in words of their own or of others, and release orders of the dams.
//!
//! Plain data, and the check of it. Letting people know is the life of the warning of the same id.

mod bulletin;
mod check;
mod moment;
mod notice;
mod preview;
mod release;
mod say;

use serde::Serialize;

pub use bulletin::{FIELD_MAX, Fields, Kind, Phase, TEXT_MAX, Typed};
pub use check::{Lack, PAST_MAX, check, check_order, check_reason};
pub use moment::Moment;
pub use notice::{Surprise, Told, surprise};
pub use preview::{Preview, meant, proposed};
pub use release::{Order as ReleaseTerms, Phase as ReleasePhase, ReleaseOrder};
pub use say::{
    arrivals, hazard, say, say_end, say_release, say_revised, severity, severity_of_release, stations_below,
    zones,
};

/// What an officer does to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Types a bulletin.
    Type(Box<Fields>),
    /// Types it anew.
    Retype {
        /// Which.
        id: String,
        /// Every field, as it is to be.
        fields: Box<Fields>,
    },
    /// Takes it back; everybody who was told hears that it was wrong.
    Withdraw {
        /// Which.
        id: String,
        /// Why, as people are told.
        reason: String,
    },
    /// Enters a release order.
    Release(Box<ReleaseTerms>),
    /// Enters what it was changed to.
    Revise {
        /// Which.
        id: String,
        /// As it is now.
        order: Box<ReleaseTerms>,
    },
    /// Says that it was taken back.
    WithdrawRelease {
        /// Which.
        id: String,
        /// Why, as people are told.
        reason: String,
        /// Whether there never was such an order: people get a correction.
        in_error: bool,
    },
    /// Says that it was carried out.
    CompleteRelease {
        /// Which.
        id: String,
        /// How it ended, as people are told.
        reason: String,
    },
}

impl Act {
    /// Its name in the store and the ledger.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Type(_) => "type_bulletin",
            Self::Retype { .. } => "retype_bulletin",
            Self::Withdraw { .. } => "withdraw_bulletin",
            Self::Release(_) => "enter_release_order",
            Self::Revise { .. } => "revise_release_order",
            Self::WithdrawRelease { .. } => "withdraw_release_order",
            Self::CompleteRelease { .. } => "complete_release_order",
        }
    }
}
