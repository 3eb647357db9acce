//! The native part of the package: texts in and out. What users call is `index.js`; its types are in `index.d.ts`.

use napi::{Env, Error, JsString, Result};
use napi_derive::napi;
use trade_claims::desk;
use zeroize::Zeroizing;

/// Has a desk do what is asked; all three are JSON or names.
#[napi]
pub fn ask(env: &Env, desk: String, operation: String, asked: String) -> Result<JsString<'_>> {
    let asked = Zeroizing::new(asked);
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|error| Error::from_reason(error.to_string()))?;
    let answer = desk::ask(&desk, &operation, &asked, &seed).map_err(|error| Error::from_reason(error.to_string()))?;
    env.create_string(answer.as_str())
}
