//! Transactions and blocks as the caller's own peer tells them.

use prost::Message as _;
use serde::Serialize;

use super::{
    core::{Service, failed, path},
    indexed::{in_time, refused},
};
use crate::{
    answer::Answer,
    ledger::Evaluated,
    members::Principal,
    problem::{Problem, ProblemCode},
    proof::{self, PROOF, Record, RecordProof},
    request::Parts,
};

/// The media type of a block: Fabric's tools read it as `common.Block`.
const PROTOBUF: &str = "application/octet-stream";

impl Service {
    /// A transaction in its block, with the signatures that show it. The index knows the place; the caller's own peer
    /// gives the block.
    pub(super) async fn transaction(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let id = path(parts, "transaction_id");
        if id.len() != 64 || !id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(refused("transaction_id", "must be 64 hexadecimal digits in small letters"));
        }
        let open = self.readable(caller).await?;
        let place = in_time(open.store.place_of(open.reader, id)).await?;
        let place = place.ok_or_else(|| Problem::of(ProblemCode::RecordUnknown))?;
        let block = self.ledger.block(&caller.msp_id, place.block).await.map_err(|error| failed(&error))?;
        let whose = (self.settings.channel.as_str(), self.settings.chaincode.as_str(), caller.msp_id.as_str());
        let view =
            proof::read(&block, place.place, Some(id), whose).map_err(|error| unproven(&caller.msp_id, &error))?;
        Ok(Answer::json(200, &view))
    }

    /// The answer with the transaction that wrote its record last, from a block of the peer's organization.
    pub(super) async fn proven(
        &self,
        msp_id: &str,
        record: &Record,
        read: &Evaluated,
        answer: Answer,
    ) -> Result<Answer, Problem> {
        let entries = record.entries(read).ok_or_else(|| {
            Problem::of(ProblemCode::ProofUnavailable)
                .with_detail("The peer does not tell entry by entry from what it has read this record.")
        })?;
        let last = &entries[0];
        let block = self.ledger.block(msp_id, last.block).await.map_err(|error| failed(&error))?;
        let whose = (self.settings.channel.as_str(), self.settings.chaincode.as_str(), msp_id);
        let transaction = proof::read(&block, last.place, None, whose).map_err(|error| unproven(msp_id, &error))?;
        if !transaction.writes.iter().any(|written| written.key == last.key && written.value.is_some()) {
            let detail = format!("Block {} of the peer does not hold what was read of it.", last.block);
            tracing::warn!(organization = msp_id, "{detail}");
            return Err(Problem::of(ProblemCode::NetworkFailure).with_detail(detail));
        }
        let body = with_member(&answer.body, PROOF, &RecordProof { read_by: read.by.clone(), entries, transaction });
        let body = body
            .ok_or_else(|| Problem::of(ProblemCode::ContractFailure).with_detail("Its answer is not a JSON object."))?;
        Ok(Answer { body, ..answer })
    }

    /// A whole block, as Fabric encodes it.
    pub(super) async fn block(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let number = path(parts, "number");
        let number = Some(number).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number: Option<u64> = number.and_then(|text| text.parse().ok());
        let number = number.ok_or_else(|| refused("number", "must be a whole number"))?;
        let open = self.readable(caller).await?;
        if number >= in_time(open.store.next_block(open.reader)).await? {
            return Err(Problem::of(ProblemCode::RecordUnknown));
        }
        let block = self.ledger.block(&caller.msp_id, number).await.map_err(|error| failed(&error))?;
        Ok(Answer { media_type: PROTOBUF, ..Answer::json_bytes(200, block.encode_to_vec()) })
    }
}

fn unproven(msp_id: &str, error: &impl std::fmt::Display) -> Problem {
    tracing::warn!(organization = msp_id, "{error}");
    Problem::of(ProblemCode::NetworkFailure).with_detail(error.to_string())
}

/// A JSON object with one more member at its end; all else stays byte for byte. None when it is no object.
fn with_member(object: &[u8], name: &str, value: &impl Serialize) -> Option<Vec<u8>> {
    let members = object.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
    let comma = if members.trim_ascii().is_empty() { "" } else { "," };
    let value = serde_json::to_string(value).ok()?;
    Some([b"{", members, format!("{comma}\"{name}\":{value}}}").as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_added_and_all_else_stays() {
        let with =
            |object: &str| with_member(object.as_bytes(), "p", &1).and_then(|whole| String::from_utf8(whole).ok());
        assert_eq!(with(" {\"a\": 1.50}\n").as_deref(), Some("{\"a\": 1.50,\"p\":1}"));
        assert_eq!(with("{ }").as_deref(), Some("{ \"p\":1}"));
        assert_eq!((with("[1]"), with("null"), with("")), (None, None, None));
    }
}
