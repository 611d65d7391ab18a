//! Topics of Sparkplug B: `spBv1.0/group/TYPE/node[/device]` (section 4).

/// A topic, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SparkplugTopic<'a> {
    /// The group.
    pub group: &'a str,
    /// What kind of message.
    pub kind: SparkplugKind,
    /// The edge node.
    pub node: &'a str,
    /// The device behind it; there if and only if the kind is of a device.
    pub device: Option<&'a str>,
}

/// Kinds of messages that come from nodes and devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SparkplugKind {
    /// `NBIRTH`
    NodeBirth,
    /// `NDATA`
    NodeData,
    /// `NDEATH`
    NodeDeath,
    /// `DBIRTH`
    DeviceBirth,
    /// `DDATA`
    DeviceData,
    /// `DDEATH`
    DeviceDeath,
}

impl SparkplugKind {
    /// Every kind with its word in a topic.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::NodeBirth, "NBIRTH"),
        (Self::NodeData, "NDATA"),
        (Self::NodeDeath, "NDEATH"),
        (Self::DeviceBirth, "DBIRTH"),
        (Self::DeviceData, "DDATA"),
        (Self::DeviceDeath, "DDEATH"),
    ];

    /// Whether it speaks of a device behind a node.
    pub fn is_of_device(self) -> bool {
        matches!(self, Self::DeviceBirth | Self::DeviceData | Self::DeviceDeath)
    }
}

impl<'a> SparkplugTopic<'a> {
    /// Takes a topic apart; `None` for whatever nodes and devices do not publish (commands, `STATE`).
    pub fn parse(topic: &'a str) -> Option<Self> {
        let mut parts = topic.split('/');
        let (space, group, word) = (parts.next()?, parts.next()?, parts.next()?);
        let (node, device, end) = (parts.next()?, parts.next(), parts.next());
        let kind = SparkplugKind::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)?;
        let named = !group.is_empty() && !node.is_empty() && device.is_none_or(|name| !name.is_empty());
        let fits = space == "spBv1.0" && end.is_none() && named && device.is_some() == kind.is_of_device();
        fits.then_some(Self { group, kind, node, device })
    }

    /// The filters by which everything of a node is heard.
    pub fn filters(group: &str, node: &str) -> [String; 2] {
        [format!("spBv1.0/{group}/+/{node}"), format!("spBv1.0/{group}/+/{node}/+")]
    }
}
