//! Open data: series, the latest, accumulations and `GeoJSON` for other services.
//!
//! Reads snapshots and the store; writes nothing.

use utoipa::OpenApi;

use super::route::Route;

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi()]
pub(in crate::serve) struct Doc;
