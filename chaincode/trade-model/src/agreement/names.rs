//! What agreements are called: by the member that offered one, and the id that it chose.

use crate::common::{AgreementId, Scoped, ScopedRef};

/// The name of an agreement: who offered it and its id.
pub type AgreementName = Scoped<AgreementId>;
/// An agreement as a request names it.
pub type AgreementRef = ScopedRef<AgreementId>;
