//! How long certificates are valid. The only place that reads the clock.

/// How long certificates are valid: ten years, in seconds.
pub const VALIDITY_SECONDS: i64 = 3650 * 24 * 3600;
/// How far validity is backdated, so that clocks may differ: five minutes, in seconds.
pub const BACKDATE_SECONDS: i64 = 5 * 60;

/// The start of validity for a certificate made now: five minutes ago at a full minute, in seconds since 1970 UTC.
pub fn validity_start() -> i64 {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let minute = now - now.rem_euclid(60);
    minute - BACKDATE_SECONDS
}
