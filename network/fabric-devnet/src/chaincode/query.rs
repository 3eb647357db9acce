//! Queries with several results: ranges, pages, histories, and the iterators that carry them on.

use fabric_protos::protos::{
    GetHistoryForKey, GetQueryResult, GetStateByRange, QueryMetadata, QueryResponse, QueryResponseMetadata,
    QueryResultBytes, QueryStateClose, QueryStateNext, chaincode_message::Type,
};
use prost::Message;

use super::{context::TransactionContext, request_error::RequestError};
use crate::simulation::{BATCH_ROWS, RangeCursor};

pub(super) fn step(context: &TransactionContext, kind: Type, bytes: &[u8]) -> Result<Vec<u8>, RequestError> {
    let response = match kind {
        Type::GetStateByRange => range(context, &GetStateByRange::decode(bytes)?)?,
        Type::GetHistoryForKey => history(context, &GetHistoryForKey::decode(bytes)?)?,
        Type::QueryStateNext => next(context, &QueryStateNext::decode(bytes)?)?,
        Type::QueryStateClose => close(context, QueryStateClose::decode(bytes)?),
        _ => {
            context.is_private(&GetQueryResult::decode(bytes)?.collection)?;
            return Err(RequestError::RichQuery);
        }
    };
    Ok(response.encode_to_vec())
}

fn range(context: &TransactionContext, request: &GetStateByRange) -> Result<QueryResponse, RequestError> {
    let (start, end) = (&request.start_key, &request.end_key);
    let metadata = QueryMetadata::decode(&*request.metadata)?;
    let cursor = if context.is_private(&request.collection)? {
        context.simulator().private_range(&context.namespace, &request.collection, start, end)?
    } else if metadata.page_size != 0 || !metadata.bookmark.is_empty() {
        return page(context, request, &metadata);
    } else {
        context.simulator().range(&context.namespace, start, end)?
    };
    first_batch(context, cursor)
}

fn page(
    context: &TransactionContext,
    request: &GetStateByRange,
    metadata: &QueryMetadata,
) -> Result<QueryResponse, RequestError> {
    let size = usize::try_from(metadata.page_size).unwrap_or(0);
    let (start, end) = (&request.start_key, &request.end_key);
    let page = context.simulator().page(&context.namespace, start, end, size, &metadata.bookmark)?;
    let metadata = QueryResponseMetadata {
        fetched_records_count: i32::try_from(page.rows.len()).unwrap_or(i32::MAX),
        bookmark: page.bookmark,
    };
    Ok(QueryResponse { results: results(page.rows), metadata: metadata.encode_to_vec(), ..QueryResponse::default() })
}

fn history(context: &TransactionContext, request: &GetHistoryForKey) -> Result<QueryResponse, RequestError> {
    let cursor = context.simulator().history(&context.namespace, &request.key)?;
    first_batch(context, cursor)
}

fn first_batch(context: &TransactionContext, cursor: RangeCursor) -> Result<QueryResponse, RequestError> {
    let id = context.keep(cursor).ok_or(RequestError::CursorsMax)?;
    batch(context, id, cursor)
}

fn next(context: &TransactionContext, request: &QueryStateNext) -> Result<QueryResponse, RequestError> {
    let cursor = context.cursor(&request.id).ok_or(RequestError::NoCursor)?;
    batch(context, request.id.clone(), cursor)
}

fn batch(context: &TransactionContext, id: String, cursor: RangeCursor) -> Result<QueryResponse, RequestError> {
    let batch = context.simulator().next_batch(cursor, BATCH_ROWS);
    if !matches!(&batch, Ok(batch) if batch.has_more) {
        context.forget(&id);
    }
    let batch = batch?;
    Ok(QueryResponse { results: results(batch.rows), has_more: batch.has_more, id, metadata: Vec::new() })
}

fn close(context: &TransactionContext, request: QueryStateClose) -> QueryResponse {
    if let Some(cursor) = context.forget(&request.id) {
        context.simulator().close(cursor);
    }
    QueryResponse { id: request.id, ..QueryResponse::default() }
}

fn results(rows: Vec<Vec<u8>>) -> Vec<QueryResultBytes> {
    rows.into_iter().map(|result_bytes| QueryResultBytes { result_bytes }).collect()
}
