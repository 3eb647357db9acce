//! Endorse: collects endorsements until the policies are satisfied, and prepares the transaction for signing.

use std::{collections::BTreeMap, sync::Arc};

use fabric_protos::{
    common::{Envelope, Payload},
    gateway::{EndorseRequest, EndorseResponse, ErrorDetail},
    protos::{
        ChaincodeActionPayload, ChaincodeCall, ChaincodeEndorsedAction, ChaincodeInterest, ChaincodeProposalPayload,
        Endorsement, ProposalResponse, Transaction, TransactionAction,
    },
};
use prost::Message;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use super::{
    GatewayService,
    endorser::{self, Failure},
    plan,
    plan_error::PlanError,
    request::Proposed,
    status,
};
use crate::{channel::Channel, peer::Peer};

impl GatewayService {
    pub(super) async fn run_endorse(&self, request: EndorseRequest) -> Result<EndorseResponse, Status> {
        let Some(signed) = request.proposed_transaction.filter(|signed| !signed.proposal_bytes.is_empty()) else {
            return Err(Status::invalid_argument("the proposed transaction must contain a signed proposal"));
        };
        let proposed =
            Proposed::read_incomplete(signed).map_err(|cause| Status::invalid_argument(cause.to_string()))?;
        let channel = self.own.channel(&proposed.channel_id);
        let mut collected = Collected::default();
        let layouts = if request.endorsing_organizations.is_empty() {
            let nobody =
                || if proposed.has_transient { no_endorsers() } else { no_combination(&no_metadata(&proposed)) };
            let channel = channel.ok_or_else(nobody)?;
            self.plan_from_first(&channel, &proposed, &mut collected).await?
        } else {
            vec![self.plan_for(channel.as_deref(), &proposed.chaincode, &request.endorsing_organizations)?]
        };
        for layout in layouts {
            if self.complete(&layout, &proposed, &mut collected).await {
                let prepared = collected.prepare(&layout, &proposed);
                return Ok(EndorseResponse { prepared_transaction: Some(prepared) });
            }
        }
        let message = "failed to collect enough transaction endorsements, see attached details for more info";
        Err(status::with_details(Code::Aborted, message, &collected.details))
    }

    /// One set with a peer of each named organization: the gateway's own where it is one, and else one that can be
    /// reached where there is one. Whether that is enough is for the client to know.
    fn plan_for(
        &self,
        channel: Option<&Channel>,
        chaincode: &str,
        organizations: &[String],
    ) -> Result<Vec<usize>, Status> {
        let able = |msp_id: &String| {
            let channel = channel?;
            let is_able = |peer: &Arc<Peer>| {
                peer.msp_id() == msp_id
                    && peer.channel(channel.id()).is_some()
                    && super::is_able(peer, channel, chaincode)
            };
            let able = self.peers.iter().enumerate().filter(|(_, peer)| is_able(peer));
            able.min_by_key(|(_, peer)| (!self.is_own(peer), peer.switches().is_away())).map(|(index, _)| index)
        };
        let missing: Vec<&str> =
            organizations.iter().filter(|msp_id| able(msp_id).is_none()).map(String::as_str).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(Status::unavailable(format!("failed to find any endorsing peers for org(s): {missing}")));
        }
        let mut layout: Vec<usize> = organizations.iter().filter_map(able).collect();
        layout.sort_unstable();
        layout.dedup();
        Ok(layout)
    }

    /// Lets one peer simulate, and plans by what its simulation touched.
    async fn plan_from_first(
        &self,
        channel: &Channel,
        proposed: &Proposed,
        collected: &mut Collected,
    ) -> Result<Vec<Vec<usize>>, Status> {
        let named = ChaincodeCall { name: proposed.chaincode.clone(), ..ChaincodeCall::default() };
        let default = ChaincodeInterest { chaincodes: vec![named] };
        let first = self.first_endorser(channel, proposed, &default)?;
        let peer = &self.peers[first];
        let mut response = endorser::ask(peer, self.is_own(peer), &proposed.signed).await.map_err(|failure| {
            let message = "failed to endorse transaction, see attached details for more info";
            status::with_details(Code::Aborted, message, &[status::detail(peer, &failure.message)])
        })?;
        let interest = response.interest.take().filter(|interest| !interest.chaincodes.is_empty()).unwrap_or(default);
        let layouts = self.plan_by(channel, &interest, proposed.has_transient, first)?;
        collected.take(first, peer, response);
        Ok(layouts)
    }

    /// The own peer, or another one of its organization, or one that a plan begins with when the own organization
    /// cannot run the chaincode.
    fn first_endorser(
        &self,
        channel: &Channel,
        proposed: &Proposed,
        default: &ChaincodeInterest,
    ) -> Result<usize, Status> {
        let of_own = self.peers.iter().enumerate().filter(|(_, peer)| self.is_of_own_organization(peer));
        let able = of_own.filter(|(_, peer)| {
            peer.channel(channel.id()).is_some() && super::is_able(peer, channel, &proposed.chaincode)
        });
        if let Some((own, _)) = able.min_by_key(|(_, peer)| (!self.is_own(peer), peer.switches().is_away())) {
            return Ok(own);
        }
        if proposed.has_transient {
            return Err(no_endorsers());
        }
        let layouts =
            plan::layouts(channel, &self.peers, default, None, &self.chance).map_err(|cause| no_combination(&cause))?;
        layouts.iter().flatten().copied().next().ok_or_else(|| no_combination(&PlanError::NoCombination))
    }

    /// With transient data only members of the touched collections are asked, although others could endorse.
    fn plan_by(
        &self,
        channel: &Channel,
        interest: &ChaincodeInterest,
        has_transient: bool,
        first: usize,
    ) -> Result<Vec<Vec<usize>>, Status> {
        let mut careful = interest.clone();
        let mut protected: Vec<String> = Vec::new();
        if has_transient {
            for call in careful.chaincodes.iter_mut().filter(|call| call.no_private_reads) {
                call.no_private_reads = false;
                protected.extend(call.collection_names.iter().cloned());
            }
        }
        let preferred = Some(first);
        plan::layouts(channel, &self.peers, &careful, preferred, &self.chance).map_err(|cause| {
            if !protected.is_empty() && plan::layouts(channel, &self.peers, interest, preferred, &self.chance).is_ok() {
                let protected = protected.join(" ");
                // Fabric's words to the letter: this text alone has `organisation(s)`.
                return Status::failed_precondition(format!(
                    "requires endorsement from organisation(s) that are not in the distribution policy of the private data collection(s): [{protected}]; retry specifying trusted endorsing organizations to protect transient data"
                ));
            }
            no_combination(&cause)
        })
    }

    /// Asks those of a set that have not been asked yet. True when all of the set have endorsed the same.
    async fn complete(&self, layout: &[usize], proposed: &Proposed, collected: &mut Collected) -> bool {
        if layout.iter().any(|index| collected.has_failed(*index)) {
            return false;
        }
        let mut asked = JoinSet::new();
        for index in layout.iter().copied().filter(|index| !collected.has_endorsed(*index)) {
            let (peer, signed) = (Arc::clone(&self.peers[index]), proposed.signed.clone());
            let is_own = self.is_own(&peer);
            asked.spawn(async move { (index, endorser::ask(&peer, is_own, &signed).await) });
        }
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok((index, Ok(response))) => collected.take(index, &self.peers[index], response),
                Ok((index, Err(failure))) => collected.fail(index, &self.peers[index], &failure),
                Err(cause) => tracing::error!(%cause, "an endorsement ended without an answer"),
            }
        }
        layout.iter().all(|index| collected.has_endorsed(*index))
    }
}

fn no_metadata(proposed: &Proposed) -> PlanError {
    PlanError::NoMetadata { chaincode: proposed.chaincode.clone(), channel: proposed.channel_id.clone() }
}

fn no_endorsers() -> Status {
    Status::failed_precondition(
        "no endorsers found in the gateway's organization; retry specifying endorsing organization(s) to protect transient data",
    )
}

fn no_combination(cause: &PlanError) -> Status {
    Status::failed_precondition(format!(
        "no combination of peers can be derived which satisfy the endorsement policy: {cause}"
    ))
}

/// What peers have answered so far.
#[derive(Default)]
struct Collected {
    /// The first answer; all others must equal it.
    payload: Option<Vec<u8>>,
    /// By position of the peer; `None` for one that failed.
    answers: BTreeMap<usize, Option<Endorsement>>,
    details: Vec<ErrorDetail>,
}

impl Collected {
    fn take(&mut self, index: usize, peer: &Peer, response: ProposalResponse) {
        let reference = self.payload.get_or_insert_with(|| response.payload.clone());
        let same = *reference == response.payload;
        if !same {
            self.details.push(status::detail(peer, "ProposalResponsePayloads do not match"));
        }
        self.answers.insert(index, response.endorsement.filter(|_| same));
    }

    fn fail(&mut self, index: usize, peer: &Peer, failure: &Failure) {
        self.details.push(status::detail(peer, &failure.message));
        self.answers.insert(index, None);
    }

    fn has_failed(&self, index: usize) -> bool {
        matches!(self.answers.get(&index), Some(None))
    }

    fn has_endorsed(&self, index: usize) -> bool {
        matches!(self.answers.get(&index), Some(Some(_)))
    }

    /// The transaction that the client signs. The headers are the proposal's own bytes; transient data stays behind.
    fn prepare(mut self, layout: &[usize], proposed: &Proposed) -> Envelope {
        let endorsements = layout.iter().filter_map(|index| self.answers.remove(index).flatten()).collect();
        let proposal_response_payload = self.payload.unwrap_or_default();
        let public = ChaincodeProposalPayload { input: proposed.input.clone(), ..ChaincodeProposalPayload::default() };
        let action = ChaincodeActionPayload {
            chaincode_proposal_payload: public.encode_to_vec(),
            action: Some(ChaincodeEndorsedAction { proposal_response_payload, endorsements }),
        };
        let action =
            TransactionAction { header: proposed.header.signature_header.clone(), payload: action.encode_to_vec() };
        let data = Transaction { actions: vec![action] }.encode_to_vec();
        let payload = Payload { header: Some(proposed.header.clone()), data }.encode_to_vec();
        Envelope { payload, signature: Vec::new() }
    }
}
