//! Release orders: entered, revised, withdrawn, completed; and the releases that everybody may see.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sensors::station::StationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bulletin::order;
use super::form::{PaperStory, Papers, Preview};
use super::{ReasonForm, one, page, refused};
use crate::desk;
use crate::desk::paper::Kind;
use crate::desk::typed::{
    Act, Moment, ReleaseOrder, ReleasePhase, ReleaseTerms, arrivals, check_order, check_reason,
    severity_of_release,
};
use crate::serve::App;
use crate::serve::answer::{self, Enveloped};
use crate::serve::desk::paper::{PageQuery, shown};
use crate::serve::guard::Place;
use crate::serve::order::said::{Change, New, Said};
use crate::serve::order::{OrderedForm, give};
use crate::serve::problem::Problem;
use crate::serve::query::{NoQuery, Raw};
use crate::serve::station::Id;
use crate::watch::snapshot::State as Running;

/// Why an order was taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::serve) struct WithdrawnForm {
    /// As people are told, at most 200 letters.
    reason: String,
    /// Whether there never was such an order: people get a correction.
    #[serde(default)]
    in_error: bool,
}

/// The releases that are announced or under way.
#[derive(Serialize, ToSchema)]
pub(in crate::serve) struct Releases {
    /// By id.
    releases: Vec<ReleaseShown>,
}

/// A release that people were told of.
#[derive(Serialize, ToSchema)]
pub(in crate::serve) struct ReleaseShown {
    /// The order.
    id: String,
    /// The dam.
    dam: String,
    /// Its name as residents know it.
    name: String,
    /// `announced` or `under_way`.
    state: ReleasePhase,
    /// The first release, m³/s.
    from_m3_s: u32,
    /// The greatest release, m³/s.
    to_m3_s: u32,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    starts_at: Moment,
    /// Whether it rises gradually.
    gradually: bool,
    /// 1 to 5.
    severity: u8,
    /// The wards that were told.
    zones: Vec<String>,
    /// When the water comes at the earliest, at the first of the stations below; null where nobody knows.
    #[schema(value_type = Option<String>, format = DateTime)]
    earliest_arrival: Option<Moment>,
    /// The same at every station of which it is known.
    arrivals: Vec<ArrivalForm>,
    /// Whose word it is.
    source: ReleaseSource,
}

/// When the water comes to a station at the earliest.
#[derive(Serialize, ToSchema)]
pub(in crate::serve) struct ArrivalForm {
    /// The station.
    station: String,
    /// Its name as residents know it.
    name: String,
    /// At the earliest.
    #[schema(value_type = String, format = DateTime)]
    earliest: Moment,
}

/// Whose word a release order is.
#[derive(Serialize, ToSchema)]
pub(in crate::serve) struct ReleaseSource {
    /// Who ordered it.
    authority: String,
    /// The number of the order.
    number: String,
    /// When it reached the office.
    #[schema(value_type = String, format = DateTime)]
    received_at: Moment,
}

/// Release orders by id.
#[utoipa::path(
    get, path = "/api/v1/release-orders", operation_id = "list_release_orders", tag = "releases",
    params(PageQuery),
    responses((status = 200, description = "A page of them", body = Enveloped<Papers<ReleaseOrder>>))
)]
pub(in crate::serve) async fn list(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Raw(raw): Raw,
) -> Result<Response, Problem> {
    page::<ReleaseOrder>(&app, place, raw.as_deref(), Kind::ReleaseOrder).await
}

/// One release order with all its versions; the `ETag` is its version.
#[utoipa::path(
    get, path = "/api/v1/release-orders/{id}", operation_id = "show_release_order", tag = "releases",
    params(("id" = String, Path, description = "As the list gives it")),
    responses((status = 200, description = "The order", body = Enveloped<PaperStory<ReleaseOrder>>))
)]
pub(in crate::serve) async fn show(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(id): Id,
    _: NoQuery,
) -> Result<Response, Problem> {
    let listed = "/api/v1/release-orders?state=all lists every one";
    one::<ReleaseOrder>(&app, place, Kind::ReleaseOrder, id, listed).await
}

/// The bulletin of an order in every language and form, and what is wrong with it. Nothing is kept.
#[utoipa::path(
    post, path = "/api/v1/release-orders/preview", operation_id = "preview_release_order", tag = "releases",
    request_body = ReleaseTerms,
    responses((status = 200, description = "As people would read it", body = Enveloped<Preview>))
)]
pub(in crate::serve) async fn preview(
    State(app): State<App>,
    Said(terms): Said<ReleaseTerms>,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let plan = &seen.snapshot.state.plan;
    let clock = app.shared.clock;
    let preview = desk::typed::Preview::of_order(&terms, plan, clock.now(), clock.is_exercise());
    Ok(shown(&app, &Preview::of(preview)))
}

/// Enters a release order. People below the dam are told as `officers.toml` says.
#[utoipa::path(
    post, path = "/api/v1/release-orders", operation_id = "enter_release_order", tag = "releases",
    request_body = ReleaseTerms,
    responses((status = 200, description = "It is durable", body = Enveloped<OrderedForm>))
)]
pub(in crate::serve) async fn enter(
    State(app): State<App>,
    New { signed, form: terms }: New<ReleaseTerms>,
) -> Result<Response, Problem> {
    refused(check_order(&terms, &app.seen().snapshot.state.plan.city, app.shared.clock.now()))?;
    give(&app, signed, None, order(Act::Release(Box::new(terms)))).await
}

/// Enters what an order was changed to. Everybody who was told hears what changed.
#[utoipa::path(
    post, path = "/api/v1/release-orders/{id}/revise", operation_id = "revise_release_order", tag = "releases",
    params(("id" = String, Path, description = "Which")),
    request_body = ReleaseTerms,
    responses((status = 200, description = "It is durable", body = Enveloped<OrderedForm>))
)]
pub(in crate::serve) async fn revise(
    State(app): State<App>,
    Change { id, signed, form }: Change<ReleaseTerms>,
) -> Result<Response, Problem> {
    give(&app, signed, None, order(Act::Revise { id, order: Box::new(form) })).await
}

/// Says that an order was taken back. Everybody who was told hears of it.
#[utoipa::path(
    post, path = "/api/v1/release-orders/{id}/withdraw", operation_id = "withdraw_release_order", tag = "releases",
    params(("id" = String, Path, description = "Which")),
    request_body = WithdrawnForm,
    responses((status = 200, description = "It is durable", body = Enveloped<OrderedForm>))
)]
pub(in crate::serve) async fn withdraw(
    State(app): State<App>,
    Change { id, signed, form: WithdrawnForm { reason, in_error } }: Change<WithdrawnForm>,
) -> Result<Response, Problem> {
    refused(check_reason(&reason))?;
    give(&app, signed, None, order(Act::WithdrawRelease { id, reason, in_error })).await
}

/// Says that an order was carried out. Everybody who was told hears that it is over; no all-clear.
#[utoipa::path(
    post, path = "/api/v1/release-orders/{id}/complete", operation_id = "complete_release_order", tag = "releases",
    params(("id" = String, Path, description = "Which")),
    request_body = ReasonForm,
    responses((status = 200, description = "It is durable", body = Enveloped<OrderedForm>))
)]
pub(in crate::serve) async fn complete(
    State(app): State<App>,
    Change { id, signed, form: ReasonForm { reason } }: Change<ReasonForm>,
) -> Result<Response, Problem> {
    refused(check_reason(&reason))?;
    give(&app, signed, None, order(Act::CompleteRelease { id, reason })).await
}

/// The releases that people were told of and that are announced or under way.
#[utoipa::path(
    get, path = "/api/v1/releases", operation_id = "list_releases", tag = "releases",
    responses((status = 200, description = "Announced or under way", body = Enveloped<Releases>))
)]
pub(in crate::serve) async fn open(
    State(app): State<App>,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let state = &seen.snapshot.state;
    let open = state.desk.release_orders.iter().map(|(_, filed)| &filed.record);
    let releases = open.filter_map(|order| public(state, order)).collect();
    Ok(answer::json(&asked, app.envelope(&seen), &Releases { releases }))
}

/// What people were told of an order, and nothing that still waits for a signature.
fn public(state: &Running, order: &ReleaseOrder) -> Option<ReleaseShown> {
    let warning = &state.desk.warnings.find(&order.id)?.record;
    let told = warning.told.as_ref()?;
    let terms = if warning.proposal.is_some() { order.told.as_ref()? } else { &order.order };
    let city = &state.plan.city;
    let (_, dam) = city.station_named(&StationId::new(&terms.dam))?;
    let opened = order.under_way_since.map_or(terms.starts_at.0, |since| since.0.min(terms.starts_at.0));
    let known = arrivals(city, &terms.dam, opened);
    Some(ReleaseShown {
        id: order.id.clone(),
        dam: terms.dam.clone(),
        name: dam.name.clone(),
        state: order.phase,
        from_m3_s: terms.from_m3_s,
        to_m3_s: terms.to_m3_s,
        starts_at: terms.starts_at,
        gradually: terms.gradually,
        severity: severity_of_release(terms, &state.plan.rules).step(),
        zones: told.zones.clone(),
        earliest_arrival: known.iter().map(|(_, at)| Moment(*at)).min(),
        arrivals: known.iter().map(|(station, at)| ArrivalForm::of(station, Moment(*at))).collect(),
        source: ReleaseSource {
            authority: terms.authority.clone(),
            number: terms.number.clone(),
            received_at: order.received_at,
        },
    })
}

impl ArrivalForm {
    fn of(station: &sensors::station::Station, earliest: Moment) -> Self {
        Self { station: station.id.to_string(), name: station.name.clone(), earliest }
    }
}
