//! Officers' desk: draft.

use utoipa::OpenApi;

use crate::serve::route::Route;

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths())]
pub(in crate::serve) struct Doc;
