//! `qscc`: blocks and transactions by number, hash and id.

use fabric_protos::{
    common::Envelope,
    protos::{ProcessedTransaction, Response},
};
use prost::Message;

use super::{
    answer::{error, shown, success},
    system_call::SystemCall,
};
use crate::{
    acl,
    ledger::{Ledger, LedgerError},
};

const UNSENDABLE: &str = "error in simulation: transaction returned with failure: failed to marshal response: string field contains invalid UTF-8";

/// A query that came to nothing. The texts are Fabric's.
#[derive(Debug, thiserror::Error)]
enum QueryError {
    #[error("Failed to get transaction with id {0}, error no such transaction ID [{0}] in index")]
    NoTransaction(String),
    #[error("Failed to get block for txID {0}, error no such transaction ID [{0}] in index")]
    NoBlockOfTransaction(String),
    #[error("Failed to get block number {0}, error no such block number [{0}] in index")]
    NoNumber(u64),
    #[error("Failed to get block hash {text}, error no such block hash [{hash}] in index")]
    NoHash { text: String, hash: String },
    #[error("Failed to parse block number with error strconv.ParseUint: parsing \"{0}\": invalid syntax")]
    NotNumber(String),
    #[error("Requested function {0} not found.")]
    NoFunction(String),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("the ledger holds an unreadable transaction")]
    Damaged,
}

/// Answers. The error is that of a response that cannot be sent: it would quote the argument, and that is no text.
pub(super) fn invoke(call: &SystemCall, args: &[Vec<u8>]) -> Result<Response, String> {
    let response = answer(call, args);
    let quotes_bytes = |arg: &Vec<u8>| std::str::from_utf8(arg).is_err();
    if response.status != 200 && args.iter().any(quotes_bytes) {
        return Err(UNSENDABLE.to_owned());
    }
    Ok(response)
}

fn answer(call: &SystemCall, args: &[Vec<u8>]) -> Response {
    let [function, channel_id, rest @ ..] = args else {
        return error(format!("Incorrect number of arguments, {}", args.len()));
    };
    let (function, channel_id) = (shown(function), shown(channel_id));
    if function != "GetChainInfo" && rest.is_empty() {
        return error(format!("missing 3rd argument for {function}"));
    }
    let Some(channel) = call.peer.channel(&channel_id) else {
        return error(format!("Invalid chain ID, {channel_id}"));
    };
    if let Err(cause) = acl::check(&call.peer, Some(&channel), &format!("qscc/{function}"), &call.proposal) {
        return error(format!("access denied for [{function}][{channel_id}]: [{cause}]"));
    }
    let argument = rest.first().map_or(&[][..], Vec::as_slice);
    query(channel.ledger(), &function, argument).map_or_else(|cause| error(cause.to_string()), success)
}

fn query(ledger: &Ledger, function: &str, argument: &[u8]) -> Result<Vec<u8>, QueryError> {
    match function {
        "GetChainInfo" => Ok(ledger.chain_info()?.encode_to_vec()),
        "GetBlockByNumber" => block_by_number(ledger, &shown(argument)),
        "GetBlockByHash" => {
            let block = ledger.block_by_hash(argument)?;
            block.map(|block| block.encode_to_vec()).ok_or_else(|| no_hash(argument))
        }
        "GetBlockByTxID" => {
            let block = ledger.block_by_transaction(&shown(argument))?;
            block.map(|block| block.encode_to_vec()).ok_or_else(|| QueryError::NoBlockOfTransaction(shown(argument)))
        }
        "GetTransactionByID" => transaction(ledger, &shown(argument)),
        other => Err(QueryError::NoFunction(other.to_owned())),
    }
}

fn no_hash(hash: &[u8]) -> QueryError {
    QueryError::NoHash { text: shown(hash), hash: hex::encode(hash) }
}

fn block_by_number(ledger: &Ledger, text: &str) -> Result<Vec<u8>, QueryError> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number =
        text.parse::<u64>().ok().filter(|_| is_number).ok_or_else(|| QueryError::NotNumber(text.to_owned()))?;
    // The largest number stands for the newest block.
    let wanted = if number == u64::MAX { ledger.height().saturating_sub(1) } else { number };
    let block = ledger.block(wanted)?.ok_or(QueryError::NoNumber(number))?;
    Ok(block.encode_to_vec())
}

fn transaction(ledger: &Ledger, id: &str) -> Result<Vec<u8>, QueryError> {
    let found = ledger.transaction(id)?.ok_or_else(|| QueryError::NoTransaction(id.to_owned()))?;
    let envelope = Envelope::decode(&*found.envelope).map_err(|_| QueryError::Damaged)?;
    let processed = ProcessedTransaction { transaction_envelope: Some(envelope), validation_code: found.code as i32 };
    Ok(processed.encode_to_vec())
}
