//! The rules as decisions over HTTP: in force, their history, drafts, and orders about them.
//!
//! Texts are compiled here, off the writer's thread; what may come into force the writer decides.

mod form;
mod order;
mod read;

use axum::routing::{get, post};
use utoipa::OpenApi;

use crate::serve::route::{Access, Limits, ORDER, Route, STORE};

/// A proposal carries whole texts and is compiled, one at a time: nobody's flood of proposals takes
/// both processors from the readings.
const PROPOSAL: Limits = Limits { body_bytes: 640 * 1024, timeout_s: Some(30), at_once: 2 };
/// An approval compiles and may read days of readings.
const APPROVAL: Limits = Limits { body_bytes: 4096, timeout_s: Some(60), at_once: 2 };

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    Route {
        operation: "show_rules",
        method: "GET",
        path: "/api/v1/rules",
        access: Access::Loopback,
        limits: STORE,
        problems: &[400, 403],
        tagged: true,
        mount: || get(read::show),
    },
    Route {
        operation: "list_rules_history",
        method: "GET",
        path: "/api/v1/rules/history",
        access: Access::Loopback,
        limits: STORE,
        problems: &[400, 403],
        tagged: true,
        mount: || get(read::history),
    },
    Route {
        operation: "export_rules",
        method: "GET",
        path: "/api/v1/rules/export",
        access: Access::Loopback,
        limits: STORE,
        problems: &[400, 403, 404],
        tagged: false,
        mount: || get(read::export),
    },
    Route {
        operation: "list_rules_drafts",
        method: "GET",
        path: "/api/v1/rules/drafts",
        access: Access::Loopback,
        limits: STORE,
        problems: &[400, 403],
        tagged: true,
        mount: || get(read::drafts),
    },
    Route {
        operation: "show_rules_draft",
        method: "GET",
        path: "/api/v1/rules/drafts/{id}",
        access: Access::Loopback,
        limits: STORE,
        problems: &[400, 403, 404],
        tagged: false,
        mount: || get(read::draft),
    },
    Route {
        operation: "propose_rules",
        method: "POST",
        path: "/api/v1/rules/drafts",
        access: Access::Officer,
        limits: PROPOSAL,
        problems: &[400, 403, 409],
        tagged: false,
        mount: || post(order::propose),
    },
    Route {
        operation: "approve_rules",
        method: "POST",
        path: "/api/v1/rules/drafts/{id}/approve",
        access: Access::Officer,
        limits: APPROVAL,
        problems: &[400, 403, 404, 409, 412, 428],
        tagged: false,
        mount: || post(order::approve),
    },
    Route {
        operation: "decline_rules",
        method: "POST",
        path: "/api/v1/rules/drafts/{id}/decline",
        access: Access::Officer,
        limits: ORDER,
        problems: &[400, 403, 404, 409, 412, 428],
        tagged: false,
        mount: || post(order::decline),
    },
    Route {
        operation: "withdraw_rules",
        method: "POST",
        path: "/api/v1/rules/drafts/{id}/withdraw",
        access: Access::Officer,
        limits: ORDER,
        problems: &[400, 403, 404, 409, 412, 428],
        tagged: false,
        mount: || post(order::withdraw),
    },
    Route {
        operation: "restore_rules",
        method: "POST",
        path: "/api/v1/rules/restore",
        access: Access::Officer,
        limits: PROPOSAL,
        problems: &[400, 403, 404, 409],
        tagged: false,
        mount: || post(order::restore),
    },
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
