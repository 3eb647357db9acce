//! Transactions and blocks as the caller's own peer tells them.

use prost::Message as _;

use super::{
    core::{Service, failed, path},
    indexed::{in_time, refused},
};
use crate::{
    answer::Answer,
    members::Principal,
    problem::{Problem, ProblemCode},
    proof,
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
        let view = proof::read(&block, place.place, id, whose).map_err(|error| {
            tracing::warn!(organization = caller.msp_id, "{error}");
            Problem::of(ProblemCode::NetworkFailure).with_detail(error.to_string())
        })?;
        Ok(Answer::json(200, &view))
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
