//! The rules as decisions over HTTP: in force, their history, drafts, and orders about them.
//!
//! Texts are compiled here, off the writer's thread; what may come into force the writer decides.

mod form;
mod order;
mod read;

use axum::routing::{get, post};
use utoipa::OpenApi;

use crate::serve::route::{CHANGE, Limits, ORDER, Route, STORE};

/// A proposal carries whole texts and is compiled, one at a time: nobody's flood of proposals takes
/// both processors from the readings.
const PROPOSAL: Limits = Limits { body_bytes: 640 * 1024, timeout_s: Some(30), at_once: 2 };
/// An approval compiles and may read days of readings.
const APPROVAL: Limits = Limits { body_bytes: 4096, timeout_s: Some(60), at_once: 2 };

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    Route::local("show_rules", "/api/v1/rules", STORE, &[400, 403], || get(read::show)).tagged(),
    Route::local("list_rules_history", "/api/v1/rules/history", STORE, &[400, 403], || get(read::history))
        .tagged(),
    Route::local("export_rules", "/api/v1/rules/export", STORE, &[400, 403, 404], || get(read::export)),
    Route::local("list_rules_drafts", "/api/v1/rules/drafts", STORE, &[400, 403], || get(read::drafts))
        .tagged(),
    Route::local("show_rules_draft", "/api/v1/rules/drafts/{id}", STORE, &[400, 403, 404], || {
        get(read::draft)
    }),
    Route::order("propose_rules", "/api/v1/rules/drafts", PROPOSAL, &[400, 403, 409], || {
        post(order::propose)
    }),
    Route::order("approve_rules", "/api/v1/rules/drafts/{id}/approve", APPROVAL, CHANGE, || {
        post(order::approve)
    }),
    Route::order("decline_rules", "/api/v1/rules/drafts/{id}/decline", ORDER, CHANGE, || {
        post(order::decline)
    }),
    Route::order("withdraw_rules", "/api/v1/rules/drafts/{id}/withdraw", ORDER, CHANGE, || {
        post(order::withdraw)
    }),
    Route::order("restore_rules", "/api/v1/rules/restore", PROPOSAL, &[400, 403, 404, 409], || {
        post(order::restore)
    }),
];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(
    read::show,
    read::history,
    read::export,
    read::drafts,
    read::draft,
    order::propose,
    order::approve,
    order::decline,
    order::withdraw,
    order::restore,
))]
pub(in crate::serve) struct Doc;
