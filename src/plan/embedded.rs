//! The first city's configuration, as it stood when the binary was built.
//!
//! A list and nothing else; a test keeps it complete.

/// Names inside the city's folder, and texts.
pub(super) const FILES: &[(&str, &str)] = &[
    ("basins.toml", include_str!("../../config/hue/basins.toml")),
    ("city.toml", include_str!("../../config/hue/city.toml")),
    ("lines.toml", include_str!("../../config/hue/lines.toml")),
    ("phrases.en.toml", include_str!("../../config/hue/phrases.en.toml")),
    ("phrases.vi.toml", include_str!("../../config/hue/phrases.vi.toml")),
    ("quality.toml", include_str!("../../config/hue/quality.toml")),
    ("receivers.toml", include_str!("../../config/hue/receivers.toml")),
    ("rules.toml", include_str!("../../config/hue/rules.toml")),
    ("stations.toml", include_str!("../../config/hue/stations.toml")),
    ("zones.toml", include_str!("../../config/hue/zones.toml")),
    ("devices/barrage-plc.toml", include_str!("../../config/devices/barrage-plc.toml")),
    ("devices/dam-plc-integer.toml", include_str!("../../config/devices/dam-plc-integer.toml")),
    ("devices/dam-plc-swapped.toml", include_str!("../../config/devices/dam-plc-swapped.toml")),
    ("devices/dam-plc.toml", include_str!("../../config/devices/dam-plc.toml")),
    ("devices/radar-level.toml", include_str!("../../config/devices/radar-level.toml")),
    ("devices/rain-json.toml", include_str!("../../config/devices/rain-json.toml")),
    ("devices/rain-logger.toml", include_str!("../../config/devices/rain-logger.toml")),
    ("devices/rain-plain.toml", include_str!("../../config/devices/rain-plain.toml")),
    ("devices/small-dam-plc.toml", include_str!("../../config/devices/small-dam-plc.toml")),
    ("devices/stage-json.toml", include_str!("../../config/devices/stage-json.toml")),
    ("devices/stage-post-json.toml", include_str!("../../config/devices/stage-post-json.toml")),
    ("devices/stage-post-plain.toml", include_str!("../../config/devices/stage-post-plain.toml")),
    ("devices/street-post-json.toml", include_str!("../../config/devices/street-post-json.toml")),
    ("devices/street-post-plain.toml", include_str!("../../config/devices/street-post-plain.toml")),
    (
        "devices/tipping-bucket-counter-32.toml",
        include_str!("../../config/devices/tipping-bucket-counter-32.toml"),
    ),
    ("devices/tipping-bucket-counter.toml", include_str!("../../config/devices/tipping-bucket-counter.toml")),
    ("devices/wind-json.toml", include_str!("../../config/devices/wind-json.toml")),
];
