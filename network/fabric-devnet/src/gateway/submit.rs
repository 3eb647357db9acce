//! Submit: hands a signed transaction to the orderer. Success means that the orderer took it, nothing more.

use fabric_protos::{
    common::Status as OrdererStatus,
    gateway::{ErrorDetail, SubmitRequest, SubmitResponse},
};
use tonic::{Code, Status};

use super::{GatewayService, evaluate::unknown_channel, status};

impl GatewayService {
    pub(super) async fn run_submit(&self, request: SubmitRequest) -> Result<SubmitResponse, Status> {
        let transaction = request
            .prepared_transaction
            .ok_or_else(|| Status::invalid_argument("a prepared transaction is required"))?;
        if transaction.signature.is_empty() {
            return Err(Status::invalid_argument("prepared transaction must be signed"));
        }
        let channel_id = request.channel_id.as_str();
        let channel =
            self.own.channel(channel_id).ok_or_else(|| Status::failed_precondition(unknown_channel(channel_id)))?;
        let answer = channel.orderer().broadcast(transaction).await;
        let name = OrdererStatus::try_from(answer.status).map_or("UNKNOWN", |status| status.as_str_name());
        let refused = format!("received unsuccessful response from orderer: status={name}, info={}", answer.info);
        match answer.status {
            status if status == OrdererStatus::Success as i32 => Ok(SubmitResponse {}),
            400..500 => Err(Status::aborted(refused)),
            _ => {
                let endpoint = channel.config().orderer_endpoints().into_iter().next();
                let (address, msp_id) = endpoint.map(|found| (found.address, found.msp_id)).unwrap_or_default();
                let detail = ErrorDetail { address, msp_id: msp_id.unwrap_or_default(), message: refused };
                let message = "no orderers could successfully process transaction";
                Err(status::with_details(Code::Unavailable, message, &[detail]))
            }
        }
    }
}
