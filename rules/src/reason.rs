//! Whether to send: a reason, computed from what was sent.
