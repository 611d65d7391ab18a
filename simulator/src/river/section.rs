//! The sections of a rivers file as they are written, and their checks.
//!
//! Serde stays in here; the shapes of `river` can't be read from anywhere else.

use serde::Deserialize;

use super::{
    Below, CellShape, Dam, GaugeShape, Names, PostShape, Reach, Ridge, Rivers, SubBasin, Weir, positions,
};
use crate::source::{At, Source};
use crate::water::basin::BasinShape;
use crate::water::reservoir::ReservoirShape;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RidgeSection {
    lat: f64,
    lon: f64,
    radius_km: f64,
    more: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BasinSection {
    id: String,
    area_km2: f64,
    at: Vec<[f64; 2]>,
    soil_mm: f64,
    exponent: f64,
    percolate_h: f64,
    base_h: f64,
    stores: u8,
    store_h: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReservoirSection {
    station: String,
    from: Vec<String>,
    curve_m_mm3: Vec<[f64; 2]>,
    dead_m: f64,
    normal_m: f64,
    turbine_m3s: f64,
    gates: u8,
    gate_m3s: f64,
    tail_zero_m: f64,
    tail_scale: f64,
    tail_exponent: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReachSection {
    id: String,
    from: Vec<String>,
    stores: u8,
    store_h: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CellSection {
    id: String,
    from: Vec<String>,
    at: Vec<[f64; 2]>,
    area_km2: f64,
    growth_km2_per_m: f64,
    below: String,
    conveyance_m3s: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GaugeSection {
    station: String,
    #[serde(default)]
    from: Vec<String>,
    #[serde(default)]
    scale: f64,
    #[serde(default)]
    exponent: f64,
    below: String,
    #[serde(default)]
    sea_share: f64,
    zero_m: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostSection {
    station: String,
    gauge: String,
    floods_at_m: f64,
    drains_mm_h: f64,
    gathers: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WeirSection {
    station: String,
    from: Vec<String>,
    share: f64,
    pool_m: f64,
    tail_m: f64,
    turbine_m3s: f64,
}

impl Rivers {
    pub(super) fn take_ridges(&mut self, source: &mut Source<'_>) {
        for (at, ridge) in source.many::<RidgeSection>("ridge") {
            source.within(&at, "radius_km", ridge.radius_km, (1.0, 200.0));
            source.within(&at, "more", ridge.more, (-0.9, 10.0));
            for at in positions(source, &at, "lat", &[[ridge.lat, ridge.lon]]) {
                self.ridges.push(Ridge { at, radius_km: ridge.radius_km, more: ridge.more });
            }
        }
    }

    pub(super) fn take_basins(&mut self, source: &mut Source<'_>, nodes: &mut Names) {
        for (at, basin) in source.many::<BasinSection>("basin") {
            nodes.add(source, &at, "id", &basin.id);
            source.within(&at, "area_km2", basin.area_km2, (0.1, 100_000.0));
            source.within(&at, "soil_mm", basin.soil_mm, (1.0, 1000.0));
            source.within(&at, "exponent", basin.exponent, (0.0, 20.0));
            source.within(&at, "percolate_h", basin.percolate_h, (0.1, 10_000.0));
            source.within(&at, "base_h", basin.base_h, (0.1, 10_000.0));
            cascade(source, &at, basin.stores, basin.store_h);
            self.basins.push(SubBasin {
                at: positions(source, &at, "at", &basin.at),
                id: basin.id,
                shape: BasinShape {
                    area_km2: basin.area_km2,
                    soil_mm: basin.soil_mm,
                    exponent: basin.exponent,
                    percolate_h: basin.percolate_h,
                    base_h: basin.base_h,
                    stores: basin.stores,
                    store_h: basin.store_h,
                },
            });
        }
    }

    pub(super) fn take_reservoirs(&mut self, source: &mut Source<'_>, nodes: &mut Names) {
        for (at, dam) in source.many::<ReservoirSection>("reservoir") {
            let from = nodes.find(source, &at, &dam.from);
            nodes.add(source, &at, "station", &dam.station);
            let rising = |pair: &[[f64; 2]]| matches!(pair, [a, b] if a[0] < b[0] && a[1] < b[1]);
            if dam.curve_m_mm3.len() < 2 || !dam.curve_m_mm3.windows(2).all(rising) {
                let allowed = "write at least two [level m, storage Mm3], both strictly increasing";
                source.wrong(&at, "curve_m_mm3", "is no elevation-storage curve", allowed);
            }
            source.within(&at, "normal_m", dam.normal_m, (dam.dead_m, 3000.0));
            source.within(&at, "gate_m3s", dam.gate_m3s, (1.0, 10_000.0));
            self.reservoirs.push(Dam {
                from,
                shape: ReservoirShape {
                    station: dam.station,
                    curve: dam.curve_m_mm3.iter().map(|p| (p[0], p[1])).collect(),
                    dead_m: dam.dead_m,
                    normal_m: dam.normal_m,
                    turbine_m3s: dam.turbine_m3s,
                    gates: dam.gates,
                    gate_m3s: dam.gate_m3s,
                    tail: (dam.tail_zero_m, dam.tail_scale, dam.tail_exponent),
                },
            });
        }
    }

    pub(super) fn take_reaches(&mut self, source: &mut Source<'_>, nodes: &mut Names) {
        for (at, reach) in source.many::<ReachSection>("reach") {
            let from = nodes.find(source, &at, &reach.from);
            nodes.add(source, &at, "id", &reach.id);
            cascade(source, &at, reach.stores, reach.store_h);
            self.reaches.push(Reach { from, stores: reach.stores, store_h: reach.store_h });
        }
    }

    pub(super) fn take_cells(&mut self, source: &mut Source<'_>, nodes: &Names) {
        for (at, cell) in source.many::<CellSection>("cell") {
            source.within(&at, "area_km2", cell.area_km2, (0.1, 10_000.0));
            source.within(&at, "growth_km2_per_m", cell.growth_km2_per_m, (0.0, 10_000.0));
            source.within(&at, "conveyance_m3s", cell.conveyance_m3s, (1.0, 100_000.0));
            let below = self.below(source, &at, &cell.below);
            self.cells.push(CellShape {
                from: nodes.find(source, &at, &cell.from),
                at: positions(source, &at, "at", &cell.at),
                id: cell.id,
                area_km2: cell.area_km2,
                growth_km2_per_m: cell.growth_km2_per_m,
                below,
                conveyance_m3s: cell.conveyance_m3s,
            });
        }
    }

    pub(super) fn take_gauges(&mut self, source: &mut Source<'_>, nodes: &Names) {
        for (at, gauge) in source.many::<GaugeSection>("gauge") {
            source.within(&at, "exponent", gauge.exponent, (0.0, 2.0));
            source.within(&at, "sea_share", gauge.sea_share, (0.0, 1.0));
            self.gauges.push(GaugeShape {
                from: nodes.find(source, &at, &gauge.from),
                below: self.below(source, &at, &gauge.below),
                station: gauge.station,
                scale: gauge.scale,
                exponent: gauge.exponent,
                sea_share: gauge.sea_share,
                zero_m: gauge.zero_m,
            });
        }
    }

    pub(super) fn take_posts(&mut self, source: &mut Source<'_>) {
        for (at, post) in source.many::<PostSection>("post") {
            let Some(gauge) = self.gauge(&post.gauge) else {
                source.wrong(
                    &at,
                    "gauge",
                    &format!("{:?} is no gauge", post.gauge),
                    "name a [[gauge]] station",
                );
                continue;
            };
            self.posts.push(PostShape {
                station: post.station,
                gauge,
                floods_at_m: post.floods_at_m,
                drains_mm_h: post.drains_mm_h,
                gathers: post.gathers,
            });
        }
    }

    pub(super) fn take_weirs(&mut self, source: &mut Source<'_>, nodes: &Names) {
        for (at, weir) in source.many::<WeirSection>("weir") {
            source.within(&at, "share", weir.share, (0.0, 1.0));
            self.weirs.push(Weir {
                from: nodes.find(source, &at, &weir.from),
                station: weir.station,
                share: weir.share,
                pool_m: weir.pool_m,
                tail_m: weir.tail_m,
                turbine_m3s: weir.turbine_m3s,
            });
        }
    }

    fn below(&self, source: &mut Source<'_>, at: &At, name: &str) -> Below {
        match self.cells.iter().position(|cell| cell.id == name) {
            Some(cell) => Below::Cell(cell),
            None if name == "sea" => Below::Sea,
            None => {
                let known: Vec<&str> = self.cells.iter().map(|cell| cell.id.as_str()).collect();
                let allowed = format!("name sea or what stands before it: {}", known.join(", "));
                source.wrong(at, "below", &format!("{name:?} is unknown here"), &allowed);
                Below::Sea
            }
        }
    }
}

fn cascade(source: &mut Source<'_>, at: &At, stores: u8, store_h: f64) {
    source.within(at, "stores", f64::from(stores), (1.0, 20.0));
    source.within(at, "store_h", store_h, (0.02, 1000.0));
}
