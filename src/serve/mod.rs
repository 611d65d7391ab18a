//! The HTTP API: reads snapshots and the store, never in the way of a reading.
