//! Every error answer of the gateway, as `application/problem+json` (RFC 9457).

mod body;
mod code;
mod translation;

pub use self::{
    body::{Endorser, Field, MEDIA_TYPE, Problem},
    code::ProblemCode,
};
