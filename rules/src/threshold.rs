//! Thresholds with hysteresis; one without can't exist.
