//! Periods that requests name.

use trade_model::common::Malformed;
use trade_model::rejection::RequestRejection;
use trade_standards::time::Period;

/// Refuses a period that ends before it begins, at its place in the request.
pub(crate) fn check(field: &'static str, period: &Period) -> Result<(), RequestRejection> {
    if period.is_ordered() {
        return Ok(());
    }
    Err(RequestRejection::of(field, &Malformed::new("request.period_disordered", "ends before it begins")))
}
