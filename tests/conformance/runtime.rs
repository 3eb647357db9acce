//! The Tokio runtime of all cases.

use std::sync::OnceLock;

use tokio::runtime::Runtime;

/// Connections live as long as the runtime that made them, so that all cases share one.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().expect("threads can be had")
    })
}
