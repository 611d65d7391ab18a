//! Officers at their desk: the real service, over HTTP.

mod duty;
