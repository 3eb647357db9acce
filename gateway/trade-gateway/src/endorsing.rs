//! Who must endorse a transaction with private input: exactly those whose collections receive it.
//!
//! A peer that endorses sees the private input. So the organizations are the caller's and the receiver's, by the
//! transaction's own declaration, and never left to the network's choice. Who the receiver is, is asked at the caller's
//! own peer: another organization's could name itself.

use serde_json::Value;
use trade_standards::identifier::MspId;

use crate::{
    problem::{Problem, ProblemCode},
    routes::Transaction,
    service::Service,
    settings::Role,
};

impl Service {
    /// The MSP ids of the caller's organization and of the receiver's, without repetition; none when the transaction
    /// names no receiver.
    ///
    /// # Errors
    /// Caller or receiver are not organizations known here, or the record that names the receiver cannot be read.
    pub(crate) async fn endorsing(
        &self,
        caller: &str,
        transaction: &Transaction,
        argument: &Value,
    ) -> Result<Vec<String>, Problem> {
        // What the registry of members does not take as an id is no member's.
        let member = MspId::parse(caller).map_err(|_| Problem::of(ProblemCode::OrganizationUnknown))?;
        let Some(receiver) = (transaction.receiver)(argument, &member) else { return Ok(Vec::new()) };
        let argument = receiver.request.to_string().into_bytes();
        let answer = self.service_evaluates(caller, receiver.transaction, argument).await;
        let answer = answer.map_err(|error| Problem::from_ledger(&error))?;
        let record: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let receiver = record.pointer(receiver.pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let known = self.members().member(&receiver).filter(|member| member.settings.role != Role::Regulator);
        if known.is_none() {
            return Err(Problem::of(ProblemCode::OrganizationUnknown)
                .with_detail("Private input can only be sent to organizations that this gateway knows.")
                .with_field("/private", "its receiver is not a known organization"));
        }
        let mut organizations = vec![caller.to_owned()];
        if receiver != caller {
            organizations.push(receiver);
        }
        Ok(organizations)
    }
}
