//! Why a sensor is doubted beside others, in figures that a person can check.

use sensors::parameter::Parameter;
use sensors::quality::Check;
use sensors::quality::neighbour::Case;
use sensors::quantity::Value;

use super::Language;

impl Language {
    /// As `2,4 mm trong 12 giờ, các trạm lân cận 236–350 mm`; `parameter` is what the sensor measures.
    pub fn doubt(&self, case: &Case, parameter: Parameter) -> String {
        let rain = parameter == Parameter::Rainfall;
        let found = &case.finding;
        let key = match case.check {
            Check::DeadOnZero => "why_dead_on_zero",
            Check::Neighbour if rain => "why_alone",
            Check::Neighbour => "why_still_beside",
            Check::MultiVariate if case.is_rise() => "why_rise",
            Check::MultiVariate => "why_still_in_rain",
            _ => "why_clogged",
        };
        // What the others measured: rain, except where stages are compared with stages.
        let others = if case.check == Check::Neighbour { parameter } else { Parameter::Rainfall };
        let number = |value: Value| self.signs.write(others, value);
        let values = [
            ("own", self.quantity(parameter, found.own)),
            ("least", number(found.least)),
            ("most", self.quantity(others, found.most)),
            ("window", self.window(found.window)),
        ];
        let values = values.each_ref().map(|(place, value)| (*place, value.as_str()));
        self.telemetry(key, &values)
    }
}
