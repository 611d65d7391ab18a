//! Promises of the Sparkplug host.
