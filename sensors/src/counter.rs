//! Cumulative counters (tipping buckets) become depths over intervals.
