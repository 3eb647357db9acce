//! Server-Sent Events (WHATWG HTML, section 9.2): each event of the ledger with its id, so that a client that connects
//! again goes on where it was.

use std::{convert::Infallible, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, web::Bytes};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

use super::{
    record::Record,
    response::{builder, response},
    state::State,
};
use crate::{
    answer::Answer,
    doors::{Link, Share},
    index::EventRow,
    problem::{Problem, ProblemCode},
    request::Parts,
    service::{EventStream, Streamed},
};

/// The media type of streams.
const MEDIA_TYPE: &str = "text/event-stream";

/// What a client is asked to wait before it connects again, in milliseconds.
const RETRY: &str = "retry: 3000\n\n";

/// Answers with a stream, or says why there is none. One audit line is written, for its beginning.
pub(super) async fn stream(
    parts: Parts,
    record: Record,
    state: Arc<State>,
    request: &HttpRequest,
    is_last: bool,
) -> HttpResponse {
    let opened = open(parts, &record, &state).await;
    let answer = match &opened {
        Ok(_) => Answer { media_type: MEDIA_TYPE, ..Answer::json_bytes(200, Vec::new()) },
        Err(problem) => problem.clone().into(),
    };
    let answer = record.write(&state, answer);
    let (events, share) = match opened {
        Ok(opened) if answer.status == 200 => opened,
        // It is refused, or its beginning could not be recorded.
        _ => return response((answer, None), request, is_last),
    };
    let (sender, chunks) = mpsc::channel(1);
    state.runtime.spawn(run(events, sender, share));
    // The next request on the connection may begin when this is dropped, with the body.
    let answering = Link::of(request).map(|link| link.answering(is_last));
    let chunks = ReceiverStream::new(chunks).map(move |chunk| {
        let _held = &answering;
        Ok::<Bytes, Infallible>(chunk)
    });
    builder(&answer, is_last).streaming(chunks)
}

async fn open(parts: Parts, record: &Record, state: &Arc<State>) -> Result<(EventStream, Share), Problem> {
    let caller = record.principal.clone().ok_or_else(|| Problem::of(ProblemCode::CertificateMissing))?;
    let share = state.permits.take_stream(&caller)?;
    let service = Arc::clone(&state.service);
    // The database's connections belong to the gateway's own runtime.
    let opening = state.runtime.spawn(service.event_stream(caller, parts));
    let events = opening.await.unwrap_or_else(|error| {
        tracing::error!("opening a stream of events stopped: {error}");
        Err(Problem::of(ProblemCode::GatewayFailure))
    })?;
    Ok((events, share))
}

/// Writes the stream until it ends or nobody listens, and gives its share back.
async fn run(mut events: EventStream, sender: mpsc::Sender<Bytes>, _share: Share) {
    let mut next = Bytes::from_static(RETRY.as_bytes());
    // A client that does not take what is sent is cut by its connection's deadline, which closes the other end.
    while sender.send(next).await.is_ok() {
        let streamed = tokio::select! {
            streamed = events.next() => streamed,
            () = sender.closed() => return,
        };
        next = match streamed {
            Streamed::Events(rows) => rows.iter().map(event_text).collect::<String>().into(),
            Streamed::Nothing => Bytes::from_static(b":\n\n"),
            Streamed::End(problem) => {
                // The reader is told why there is nothing more, under a name that no event of the ledger has.
                let end = serde_json::json!({"code": problem.code, "detail": problem.detail});
                let _ = sender.send(format!("event: end\ndata: {end}\n\n").into()).await;
                return;
            }
        };
    }
}

/// JSON has no line breaks of its own here, so one `data` line holds all. A name with one, which no contract of ours
/// gives but a transaction that others forge may have, does not begin a line.
fn event_text(row: &EventRow) -> String {
    let data = serde_json::to_string(row).unwrap_or_default();
    let name = row.name.replace(char::is_control, " ");
    format!("id: {}\nevent: {name}\ndata: {data}\n\n", row.id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_three_lines_and_a_blank_one() {
        let row = EventRow {
            id: "12-3".to_owned(),
            name: "item.captured".to_owned(),
            transaction_id: "5f".to_owned(),
            creator: "ExporterMSP".to_owned(),
            claimed_at: "2026-11-02T10:00:00Z".to_owned(),
            ids: json!({"text": "two\nlines"}),
        };
        let text = event_text(&row);
        assert!(text.starts_with("id: 12-3\nevent: item.captured\ndata: {\"id\":\"12-3\","), "{text}");
        assert_eq!((text.lines().count(), text.ends_with("}\n\n")), (4, true), "{text}");
        let forged = event_text(&EventRow { name: "a\ndata: {}\r\rid: 99-0".to_owned(), ..row });
        assert_eq!(forged.lines().filter(|line| line.starts_with("id: ")).collect::<Vec<_>>(), ["id: 12-3"]);
    }
}
