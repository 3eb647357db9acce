//! gRPC errors with details, one for each peer that failed.

use fabric_protos::{gateway::ErrorDetail, google::rpc};
use prost::Message;
use tonic::{Code, Status};

use crate::peer::Peer;

const DETAIL_TYPE: &str = "type.googleapis.com/gateway.ErrorDetail";

/// What one peer said when it failed.
pub(super) fn detail(peer: &Peer, message: &str) -> ErrorDetail {
    ErrorDetail { address: peer.address().to_owned(), msp_id: peer.msp_id().to_owned(), message: message.to_owned() }
}

/// An error with details; they travel in `grpc-status-details-bin`.
pub(super) fn with_details(code: Code, message: &str, details: &[ErrorDetail]) -> Status {
    if details.is_empty() {
        return Status::new(code, message);
    }
    let any =
        |detail: &ErrorDetail| prost_types::Any { type_url: DETAIL_TYPE.to_owned(), value: detail.encode_to_vec() };
    let status =
        rpc::Status { code: code as i32, message: message.to_owned(), details: details.iter().map(any).collect() };
    Status::with_details(code, message, status.encode_to_vec().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_can_be_read_back() -> Result<(), prost::DecodeError> {
        let detail = ErrorDetail { address: "a:1".into(), msp_id: "Org1MSP".into(), message: "no".into() };
        let status = with_details(Code::Aborted, "failed", std::slice::from_ref(&detail));
        let decoded = rpc::Status::decode(status.details())?;
        assert_eq!((decoded.code, decoded.message.as_str()), (Code::Aborted as i32, "failed"));
        assert_eq!(ErrorDetail::decode(&*decoded.details[0].value)?, detail);
        assert!(with_details(Code::Aborted, "failed", &[]).details().is_empty());
        Ok(())
    }
}
