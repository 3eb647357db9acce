//! What a signer refuses by its own rules.

use crate::problem::Problem;

/// Why a signer does not sign, or does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignerCode {
    /// The caller has not sent the secret.
    SecretMissing,
    /// Not a route that is signed or handed on here.
    RouteUnknown,
    /// The policy does not name it.
    FunctionNotAllowed,
    /// The policy does not let it be done on this machine.
    OperationNotAllowed,
    /// What is asked on this machine has another form.
    AskedMalformed,
    /// What is asked cannot be proved, or its proof does not hold.
    NotProved,
    /// The system gives no random bytes.
    RandomnessMissing,
    /// A number is above its limit, or cannot be compared with it.
    AboveLimit,
    /// As many requests as it works on at once.
    Busy,
    /// The gateway has prepared something else than was asked for.
    PreparedOther,
    /// The gateway does not answer, or not in a form that can be read.
    GatewayUnreachable,
    /// The key does not sign.
    KeyFailed,
}

/// A refusal: the code and what happened this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    code: SignerCode,
    detail: String,
}

impl SignerCode {
    pub(super) fn because(self, detail: impl Into<String>) -> Refused {
        Refused { code: self, detail: detail.into() }
    }

    /// Status, stable code and title.
    fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::SecretMissing => (401, "secret_missing", "The signer's secret is required"),
            Self::RouteUnknown => (404, "route_unknown", "There is no such route"),
            Self::FunctionNotAllowed => (403, "function_not_allowed", "The policy does not let this be signed"),
            Self::OperationNotAllowed => (403, "operation_not_allowed", "The policy does not let this be done"),
            Self::AskedMalformed => (400, "asked_malformed", "What is asked has the wrong form"),
            Self::NotProved => (422, "not_proved", "It is not proved"),
            Self::RandomnessMissing => (500, "randomness_missing", "The system has no randomness"),
            Self::AboveLimit => (403, "above_limit", "The policy does not let so much be signed"),
            Self::Busy => (503, "signer_busy", "The signer is busy"),
            Self::PreparedOther => (502, "prepared_other", "The gateway has prepared something else"),
            Self::GatewayUnreachable => (502, "gateway_unreachable", "The gateway does not answer"),
            Self::KeyFailed => (500, "key_failed", "The key does not sign"),
        }
    }
}

impl Refused {
    #[cfg(test)]
    pub(super) fn code(&self) -> &'static str {
        self.code.row().1
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let (status, code, title) = refused.code.row();
        let problem = Self::foreign(status, code, title).with_detail(refused.detail);
        match refused.code {
            SignerCode::Busy | SignerCode::GatewayUnreachable => problem.retry_after(1),
            _ => problem,
        }
    }
}
