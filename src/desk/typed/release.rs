//! A release order: what a dam was ordered to let out, from when, by whom; as it was revised and ended.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment::Moment;
use crate::desk::paper::{Kind, Record};

/// What was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReleaseTerms)]
pub struct Order {
    /// The dam.
    pub dam: String,
    /// The first release, m³/s.
    pub from_m3_s: u32,
    /// The greatest release, m³/s.
    pub to_m3_s: u32,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Moment,
    /// Whether it rises gradually, as most do.
    pub gradually: bool,
    /// Who ordered it.
    pub authority: String,
    /// The number of the order.
    pub number: String,
    /// When it reached the office; now, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub received_at: Option<Moment>,
    /// What else people must know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReleasePhase)]
pub enum Phase {
    /// Its hour has not come, and the dam does not let out so much yet.
    Announced,
    /// Its hour has come, or the dam tells as much.
    UnderWay,
    /// It was carried out.
    Completed,
    /// It was taken back.
    Withdrawn,
    /// Nobody said that it ended.
    Lapsed,
}

impl Phase {
    /// Whether nothing of it is ahead any more.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Announced | Self::UnderWay)
    }
}

/// A release order as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseOrder {
    /// Its id, which is the id of its warning too.
    pub id: String,
    /// Where it is in its life.
    pub phase: Phase,
    /// As it was ordered last.
    pub order: Order,
    /// As people were told it last, where something newer waits for a signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Order>,
    /// When the last order reached the office.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Moment,
    /// What the dam let out when the order came, l/s; null where nobody knew.
    pub released_before_l_s: Option<i64>,
    /// Since when the dam tells as much, or its hour has come.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub under_way_since: Option<Moment>,
    /// Whether it came later before its hour than the law asks for.
    pub short_notice: bool,
    /// Who entered what stands; where two officers are needed, the other one approves.
    pub entered_by: String,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Record for ReleaseOrder {
    const KIND: Kind = Kind::ReleaseOrder;

    fn id(&self) -> &str {
        &self.id
    }

    fn is_open(&self) -> bool {
        !self.phase.is_over()
    }
}
