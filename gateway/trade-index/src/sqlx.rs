//! SQLx, as far as it is used here, by the names of its front crate. That crate names the driver of MySQL as a choice,
//! and with it a library that is ruled out; here the two drivers are taken by themselves.

pub(crate) use sqlx_core::{
    any::{Any, AnyConnection, AnyPool},
    error::Error,
    migrate,
    query::query,
    row::Row,
    transaction::Transaction,
};

/// One connection type for both databases.
pub(crate) mod any {
    use std::sync::Once;

    use sqlx_core::any::driver::{AnyDriver, install_drivers};
    pub(crate) use sqlx_core::any::{AnyArguments, AnyConnectOptions, AnyPoolOptions, AnyRow};

    /// Makes the two drivers known, once.
    pub(crate) fn install_default_drivers() {
        static ONCE: Once = Once::new();
        static DRIVERS: [AnyDriver; 2] = [sqlx_sqlite::any::DRIVER, sqlx_postgres::any::DRIVER];
        ONCE.call_once(|| {
            install_drivers(&DRIVERS).expect("nothing else in this process installs drivers");
        });
    }
}

/// Statements with their arguments.
pub(crate) mod statement {
    pub(crate) use sqlx_core::query::Query;
}
