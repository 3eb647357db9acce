//! The discovery service of a peer: a channel's configuration, its peers, and which peers can endorse what.
//!
//! Requests are signed. They carry the hash of the TLS certificate that the client shows, which Fabric's peers have
//! code to compare and never do (the service is not given the setting), so that nothing is compared here either. Who
//! may ask about a channel are its writers, and about the peer's own neighbours the administrators of its organization,
//! as on Fabric.

mod config;
mod endorsers;
pub(crate) mod layouts;
mod membership;
mod principal;

use std::sync::Arc;

use fabric_msp::policy::SignedData;
use fabric_protos::{
    discovery::{
        ChaincodeQuery, ChaincodeQueryResult, Error as ErrorText, PeerMembershipResult, Query, QueryResult,
        Request as Queries, Response as Answers, SignedRequest, discovery_server::Discovery, query::Query as Kind,
        query_result::Result as Answer,
    },
    protos::{ChaincodeCall, ChaincodeInterest},
};
use prost::Message;
use tonic::{Request, Response, Status};

use self::membership::Membership;
use crate::{acl, channel::Channel, peer::Peer};

/// The most queries of one request; each may cost a signature of every peer.
const QUERIES_MAX: usize = 100;
/// The most interests, calls, collections and key policies in all queries of one request together.
const PARTS_MAX: usize = 1000;
/// What the answers to one request may weigh together, in bytes (32 MiB); further queries are refused.
const ANSWERS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The largest request, in bytes (4 MiB).
pub(crate) const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Discovery as one peer serves it.
#[derive(Clone)]
pub(crate) struct DiscoveryService {
    own: Arc<Peer>,
    /// All peers of the network, this one among them.
    peers: Arc<[Arc<Peer>]>,
}

/// Why a request or a query is refused. The texts are Fabric's where it has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("failed parsing request: {0}")]
    Malformed(prost::DecodeError),
    #[error("access denied, no authentication info in request")]
    NoAuthentication,
    #[error("access denied, client identity wasn't supplied")]
    NoIdentity,
    #[error("the request has {0} queries, more than the {QUERIES_MAX} that one may have")]
    TooMany(usize),
    #[error("the queries of the request have {0} parts, more than the {PARTS_MAX} that they may have")]
    TooManyParts(usize),
    #[error("the answers before this one fill the {ANSWERS_BYTES_MAX} bytes that one request may get")]
    TooLarge,
    #[error("access denied")]
    Denied,
    #[error("unknown or missing request type")]
    UnknownQuery,
    #[error("chaincode query must have at least one chaincode interest")]
    NoInterest,
    #[error("chaincode interest must contain at least one chaincode")]
    NoChaincode,
    #[error("chaincode name in interest cannot be empty")]
    NoName,
    #[error("failed constructing descriptor for {0}")]
    NoDescriptor(String),
    #[error("{0}")]
    Peers(endorsers::Failure),
}

impl DiscoveryService {
    pub(crate) fn new(own: Arc<Peer>, peers: Arc<[Arc<Peer>]>) -> Self {
        Self { own, peers }
    }

    /// The results of all queries, in their order.
    fn results(&self, queries: Vec<Query>, signed: &SignedData) -> Vec<QueryResult> {
        let mut room = ANSWERS_BYTES_MAX;
        let within = |query| {
            let result = if room == 0 { refusal(&Refusal::TooLarge) } else { self.result(query, signed) };
            room = room.saturating_sub(result.encoded_len());
            result
        };
        queries.into_iter().map(within).collect()
    }

    fn result(&self, query: Query, signed: &SignedData) -> QueryResult {
        match self.answer(query, signed) {
            Ok(result) => QueryResult { result: Some(result) },
            Err(cause) => {
                tracing::debug!(%cause, peer = self.own.msp_id(), "a discovery query is refused");
                refusal(&cause)
            }
        }
    }

    fn answer(&self, query: Query, signed: &SignedData) -> Result<Answer, Refusal> {
        if query.channel.is_empty() {
            acl::check_local_admin(&self.own, signed).map_err(|_| Refusal::Denied)?;
            let Some(Kind::LocalPeers(_)) = query.query else { return Err(Refusal::UnknownQuery) };
            return Ok(members(&Membership::of_neighbours(&self.own, &self.peers)));
        }
        let channel = self.own.channel(&query.channel).ok_or(Refusal::Denied)?;
        acl::check_writer(&channel, signed).map_err(|_| Refusal::Denied)?;
        match query.query {
            Some(Kind::ConfigQuery(_)) => Ok(Answer::ConfigResult(config::result(&channel.config()))),
            Some(Kind::PeerQuery(query)) => self.peers_of(&channel, query.filter.as_ref()),
            Some(Kind::CcQuery(query)) => self.endorsers_of(&channel, &query),
            Some(Kind::LocalPeers(_)) | None => Err(Refusal::UnknownQuery),
        }
    }

    fn peers_of(&self, channel: &Channel, filter: Option<&ChaincodeInterest>) -> Result<Answer, Refusal> {
        let mut found = Membership::of_channel(&self.own, &self.peers, channel);
        if let Some(interest) = filter.filter(|interest| !interest.chaincodes.is_empty()) {
            endorsers::keep_able(&mut found, channel, interest).map_err(Refusal::Peers)?;
        }
        Ok(members(&found))
    }

    fn endorsers_of(&self, channel: &Channel, query: &ChaincodeQuery) -> Result<Answer, Refusal> {
        check_interests(&query.interests)?;
        let found = Membership::of_channel(&self.own, &self.peers, channel);
        let mut content = Vec::with_capacity(query.interests.len());
        for interest in &query.interests {
            let descriptor = endorsers::descriptor(&found, channel, interest).map_err(|cause| {
                tracing::debug!(%cause, channel = channel.id(), "an endorsement descriptor cannot be made");
                Refusal::NoDescriptor(shown(interest))
            })?;
            content.push(descriptor);
        }
        Ok(Answer::CcQueryRes(ChaincodeQueryResult { content }))
    }
}

#[tonic::async_trait]
impl Discovery for DiscoveryService {
    async fn discover(&self, request: Request<SignedRequest>) -> Result<Response<Answers>, Status> {
        let SignedRequest { payload, signature } = request.into_inner();
        let (queries, identity) = open(&payload).map_err(|cause| Status::unknown(cause.to_string()))?;
        let signed = SignedData { data: payload, identity, signature };
        let service = self.clone();
        // Answers take signatures and looks at the disk.
        let results = tokio::task::spawn_blocking(move || service.results(queries, &signed)).await;
        results.map(|results| Response::new(Answers { results })).map_err(|_| Status::unknown("the query failed"))
    }
}

/// The queries of a request and who says to have made it. The signature is checked with each query.
fn open(payload: &[u8]) -> Result<(Vec<Query>, Vec<u8>), Refusal> {
    let request = Queries::decode(payload).map_err(Refusal::Malformed)?;
    let authentication = request.authentication.ok_or(Refusal::NoAuthentication)?;
    if authentication.client_identity.is_empty() {
        return Err(Refusal::NoIdentity);
    }
    match (request.queries.len(), request.queries.iter().map(parts).sum()) {
        (count, _) if count > QUERIES_MAX => Err(Refusal::TooMany(count)),
        (_, count) if count > PARTS_MAX => Err(Refusal::TooManyParts(count)),
        _ => Ok((request.queries, authentication.client_identity)),
    }
}

/// How many parts of a query cost work and room each.
fn parts(query: &Query) -> usize {
    let interests = match &query.query {
        Some(Kind::CcQuery(query)) => query.interests.as_slice(),
        Some(Kind::PeerQuery(query)) => query.filter.as_slice(),
        _ => &[],
    };
    let of_call = |call: &ChaincodeCall| 1 + call.collection_names.len() + call.key_policies.len();
    let of_interest = |interest: &ChaincodeInterest| 1 + interest.chaincodes.iter().map(of_call).sum::<usize>();
    interests.iter().map(of_interest).sum()
}

fn refusal(cause: &Refusal) -> QueryResult {
    QueryResult { result: Some(Answer::Error(ErrorText { content: cause.to_string() })) }
}

fn check_interests(interests: &[ChaincodeInterest]) -> Result<(), Refusal> {
    if interests.is_empty() {
        return Err(Refusal::NoInterest);
    }
    for interest in interests {
        if interest.chaincodes.is_empty() {
            return Err(Refusal::NoChaincode);
        }
        if interest.chaincodes.iter().any(|call| call.name.is_empty()) {
            return Err(Refusal::NoName);
        }
    }
    Ok(())
}

fn members(found: &Membership) -> Answer {
    Answer::Members(PeerMembershipResult { peers_by_org: found.by_organization() })
}

/// An interest as Fabric writes it into a refusal, as far as names go.
fn shown(interest: &ChaincodeInterest) -> String {
    let call = |call: &ChaincodeCall| {
        let names = call.collection_names.iter().map(|name| format!(" collection_names:{name:?}"));
        format!("chaincodes:{{name:{:?}{}}}", call.name, names.collect::<String>())
    };
    interest.chaincodes.iter().map(call).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use fabric_protos::discovery::AuthInfo;

    use super::*;

    fn request(authentication: Option<AuthInfo>, queries: usize) -> Vec<u8> {
        Queries { authentication, queries: vec![Query::default(); queries] }.encode_to_vec()
    }

    #[test]
    fn a_request_must_say_who_asks() {
        let by = |name: &[u8]| Some(AuthInfo { client_identity: name.to_vec(), ..AuthInfo::default() });
        let refusal = |payload: &[u8]| open(payload).expect_err("refused");
        assert!(matches!(refusal(&[0xff]), Refusal::Malformed(_)));
        assert_eq!(refusal(&request(None, 1)), Refusal::NoAuthentication);
        assert_eq!(refusal(&request(by(b""), 1)), Refusal::NoIdentity);
        assert_eq!(refusal(&request(by(b"me"), 101)), Refusal::TooMany(101));
        let interest = ChaincodeInterest { chaincodes: vec![ChaincodeCall::default(); PARTS_MAX] };
        let query =
            Query { query: Some(Kind::CcQuery(ChaincodeQuery { interests: vec![interest] })), ..Query::default() };
        let heavy = Queries { authentication: by(b"me"), queries: vec![query] }.encode_to_vec();
        assert_eq!(refusal(&heavy), Refusal::TooManyParts(PARTS_MAX + 1));
        assert_eq!(open(&request(by(b"me"), 2)).map(|(queries, _)| queries.len()), Ok(2));
    }
}
