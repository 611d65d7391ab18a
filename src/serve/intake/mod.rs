//! Readings over HTTP: JSON batches and the `InfluxDB` line protocol, for writers with a token.
//!
//! Gives what it reads to the writer and answers after the commit; judges nothing.

use utoipa::OpenApi;

use super::route::Route;

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi()]
pub(in crate::serve) struct Doc;
