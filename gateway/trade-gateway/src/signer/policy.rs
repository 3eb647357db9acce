//! What is signed: the transactions that are named, up to the amounts that are set. What is not named is not signed.
//! And what is made on this machine: the operations that are named.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;
use trade_claims::desk::Operation;
use trade_model::transaction::PRIVATE;

use super::refusal::{Refused, SignerCode};
use crate::{request::Arguments, routes};

/// Most bytes of a policy's file.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Which transactions are signed.
#[derive(Debug)]
pub struct Policy {
    reads: bool,
    functions: BTreeMap<String, Vec<Limit>>,
    local: BTreeSet<Operation>,
}

/// A policy as its file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Whether every transaction that only reads is signed. Default: only those that are named.
    #[serde(default)]
    reads: bool,
    functions: Vec<Function>,
    /// The commitments and proofs that are made on this machine, such as `commit` and `prove`. Default: none.
    #[serde(default)]
    local: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Function {
    /// The transaction, such as `payment:Settle`.
    name: String,
    #[serde(default)]
    limits: Vec<WrittenLimit>,
}

/// A limit as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLimit {
    field: String,
    /// A decimal string; of amounts in minor units.
    most: String,
}

/// A number of a request that must not be greater.
#[derive(Debug)]
struct Limit {
    /// Where it stands, a JSON pointer (RFC 6901) into the argument, with the private input below `/private`.
    field: String,
    /// The greatest that is signed.
    most: u128,
}

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file cannot be read.
    #[error("cannot read the policy {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// More than a policy takes.
    #[error("the policy {0} is larger than {FILE_BYTES_MAX} bytes")]
    TooLarge(PathBuf),
    /// Not YAML of the expected form.
    #[error("the policy is not valid: {0}")]
    Malformed(serde_norway::Error),
    /// No route calls it.
    #[error("the policy names {0}, which no route of the gateway calls")]
    UnknownFunction(String),
    /// One rule would hide the other.
    #[error("the policy names {0} twice")]
    Twice(String),
    /// Nothing that is done on this machine.
    #[error(
        "the policy names {0} under local, which is none of {names}",
        names = Operation::ALL.map(Operation::name).join(", ")
    )]
    UnknownOperation(String),
    /// A limit that could never be looked at.
    #[error("a limit of {0} needs a JSON pointer and a decimal number")]
    Limit(String),
}

impl Policy {
    /// Reads a policy from a YAML file.
    ///
    /// # Errors
    /// The file cannot be read or does not hold a usable policy.
    pub fn load(path: &Path) -> Result<Self, PolicyError> {
        let failed = |cause| PolicyError::Unreadable { path: path.to_owned(), cause };
        if std::fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
            return Err(PolicyError::TooLarge(path.to_owned()));
        }
        Self::parse(&std::fs::read_to_string(path).map_err(failed)?)
    }

    /// Parses a policy from YAML.
    ///
    /// # Errors
    /// As [`Policy::load`].
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: File = serde_norway::from_str(text).map_err(PolicyError::Malformed)?;
        let mut functions = BTreeMap::new();
        for Function { name, limits } in file.functions {
            let is_known = |route: &&routes::Route| route.transaction().is_some_and(|one| one.name == name);
            if !routes::all().iter().any(is_known) {
                return Err(PolicyError::UnknownFunction(name));
            }
            let limits: Option<Vec<Limit>> = limits.into_iter().map(Limit::of).collect();
            let limits = limits.ok_or_else(|| PolicyError::Limit(name.clone()))?;
            if functions.insert(name.clone(), limits).is_some() {
                return Err(PolicyError::Twice(name));
            }
        }
        let named = |name: String| Operation::named(&name).ok_or(PolicyError::UnknownOperation(name));
        let local = file.local.into_iter().map(named).collect::<Result<_, _>>()?;
        Ok(Self { reads: file.reads, functions, local })
    }

    /// What is made on this machine.
    pub(super) fn local(&self) -> &BTreeSet<Operation> {
        &self.local
    }

    /// Whether a call may be signed.
    pub(super) fn check(&self, function: &str, only_reads: bool, arguments: &Arguments) -> Result<(), Refused> {
        let Some(limits) = self.functions.get(function) else {
            return match only_reads && self.reads {
                true => Ok(()),
                false => Err(SignerCode::FunctionNotAllowed.because(format!("The policy does not name {function}."))),
            };
        };
        limits.iter().try_for_each(|limit| limit.check(function, arguments))
    }
}

impl Limit {
    /// None for one that could never be looked at.
    fn of(WrittenLimit { field, most }: WrittenLimit) -> Option<Self> {
        let most = decimal(&most).filter(|_| field.starts_with('/'))?;
        Some(Self { field, most })
    }

    fn check(&self, function: &str, arguments: &Arguments) -> Result<(), Refused> {
        let private = self.field.strip_prefix('/').and_then(|field| field.strip_prefix(PRIVATE));
        let private = private.filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let value = match private {
            Some(rest) => arguments.private.as_ref().and_then(|private| private.pointer(rest)),
            None => arguments.argument.pointer(&self.field),
        };
        // What cannot be compared is refused: a limit that looks at nothing would be none.
        let refused = |what: &str| SignerCode::AboveLimit.because(format!("{} of {function} {what}.", self.field));
        let value = value.ok_or_else(|| refused("is missing, and the policy limits it"))?;
        let value = number(value).ok_or_else(|| refused("is not a whole number, and the policy limits it"))?;
        if value <= self.most { Ok(()) } else { Err(refused("is above what the policy lets be signed")) }
    }
}

/// A whole number from 0, as JSON or as a decimal string.
fn number(value: &Value) -> Option<u128> {
    match value {
        Value::Number(number) => number.as_u64().map(u128::from),
        Value::String(text) => decimal(text),
        _ => None,
    }
}

fn decimal(text: &str) -> Option<u128> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trade_model::{
        Transaction as _,
        common::Beside,
        custody::{Accept, Reject},
        evidence::Deposit,
        item::ReadAlarm,
        payment::ShareInvoiceOpening,
    };

    use super::*;

    fn verdict(
        policy: &Policy,
        function: &str,
        only_reads: bool,
        argument: Value,
        private: Option<Value>,
    ) -> &'static str {
        let beside = Beside::default();
        let arguments = Arguments { argument, verbatim: None, private, caller_signs: true, with_proof: false, beside };
        policy.check(function, only_reads, &arguments).map_or_else(|refused| refused.code(), |()| "signed")
    }

    const POLICY: &str = r"
reads: true
functions:
  - name: evidence:Deposit
    limits: [{ field: /size_bytes, most: '1000' }]
  - name: payment:ShareInvoiceOpening
    limits: [{ field: /private/value_minor, most: '500000' }]
  - name: custody:Reject
";

    #[test]
    fn what_is_named_is_signed_up_to_its_limits_and_nothing_else() -> Result<(), PolicyError> {
        let policy = Policy::parse(POLICY)?;
        for (size, expected) in [
            (json!(1_000), "signed"),
            (json!("1000"), "signed"),
            (json!(1_001), "above_limit"),
            (json!("99999999999999999999999999999999999999999999"), "above_limit"),
            (json!(-1), "above_limit"),
            (json!(1.5), "above_limit"),
            (json!("+1"), "above_limit"),
            (json!(""), "above_limit"),
            (Value::Null, "above_limit"),
        ] {
            let argument = json!({"size_bytes": size});
            assert_eq!(verdict(&policy, Deposit::NAME, false, argument, None), expected, "{size}");
        }
        assert_eq!(verdict(&policy, Deposit::NAME, false, json!({}), None), "above_limit", "missing");
        let share = |private| verdict(&policy, ShareInvoiceOpening::NAME, false, json!({}), private);
        assert_eq!(share(Some(json!({"value_minor": "500000"}))), "signed");
        assert_eq!(share(Some(json!({"value_minor": "500001"}))), "above_limit");
        assert_eq!(share(None), "above_limit");
        assert_eq!(verdict(&policy, Reject::NAME, false, json!({}), None), "signed");
        assert_eq!(verdict(&policy, Accept::NAME, false, json!({}), None), "function_not_allowed");
        assert_eq!(verdict(&policy, ReadAlarm::NAME, true, json!({}), None), "signed");
        let strict = Policy::parse("functions: []")?;
        assert_eq!(verdict(&strict, ReadAlarm::NAME, true, json!({}), None), "function_not_allowed");
        Ok(())
    }

    #[test]
    fn a_private_field_is_not_looked_for_in_the_argument() -> Result<(), PolicyError> {
        let policy = Policy::parse(POLICY)?;
        let argument = json!({"private": {"value_minor": "1"}});
        assert_eq!(verdict(&policy, ShareInvoiceOpening::NAME, false, argument, None), "above_limit");
        Ok(())
    }

    #[test]
    fn a_policy_that_would_not_say_what_it_seems_to_is_refused() {
        for (text, expected) in [
            ("", "not valid"),
            ("functions: []\nread: true", "not valid"),
            ("functions: [{ name: 'evidence:Deposite' }]", "no route"),
            (
                "functions: []\nlocal: [commit, prove-all]",
                "names prove-all under local, which is none of commit, prove,",
            ),
            ("functions: [{ name: 'evidence:Deposit' }, { name: 'evidence:Deposit' }]", "twice"),
            ("functions: [{ name: 'evidence:Deposit', limits: [{ field: size, most: '1' }] }]", "JSON pointer"),
            ("functions: [{ name: 'evidence:Deposit', limits: [{ field: /size, most: '1e3' }] }]", "JSON pointer"),
        ] {
            let refused = Policy::parse(text).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(refused.contains(expected), "{text}: {refused}");
        }
    }
}
