//! Asks a gateway how an import is, until it has ended.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use trade_gateway::{
    client::{CallFailure, Response},
    imports::{ImportState, ImportView},
};

use super::gateway::{Gateway, accepted};
use crate::{exit::Exit, progress};

/// How soon Ctrl-C is noticed.
const LOOK: Duration = Duration::from_millis(50);

/// The pause before the first question. It is doubled for the next ones, because each of them is a line in the
/// gateway's audit log.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest such pause.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// The longest pause that a gateway may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// How many questions in a row may stay without an answer, about a minute: a gateway that starts again answers by then.
const UNANSWERED_MAX: u32 = 30;

/// The import when it has ended, or as it was last seen when `stop` was set.
///
/// # Errors
/// The gateway refuses to tell, or does not answer any more.
pub(super) fn to_the_end(gateway: &Gateway, begun: ImportView, stop: &AtomicBool) -> Result<ImportView> {
    let bar = progress::bar("rows", begun.rows);
    let told = questions(gateway.clone(), &begun.id);
    let mut view = begun;
    while view.state == ImportState::Running && !stop.load(Ordering::Relaxed) {
        bar.at(view.accepted + view.failed, view.rows);
        match told.recv_timeout(LOOK) {
            Ok(answered) => {
                let going_on = || format!("import {} goes on without us; the same command again follows it", view.id);
                view = answered.with_context(going_on)?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(view)
}

/// What the gateway tells, asked by a thread of its own: a question that hangs does not hold up Ctrl-C.
fn questions(gateway: Gateway, id: &str) -> Receiver<Result<ImportView>> {
    let (tell, told) = mpsc::channel();
    let place = format!("/v1/imports/{id}");
    std::thread::spawn(move || {
        let mut pace = Pace::default();
        loop {
            std::thread::sleep(pace.pause);
            let heard = pace.hear(gateway.ask(&place)).transpose();
            let is_over = heard.as_ref().is_some_and(Result::is_err);
            if heard.is_some_and(|heard| tell.send(heard).is_err()) || is_over {
                return;
            }
        }
    });
    told
}

/// When to ask next.
struct Pace {
    pause: Duration,
    /// What the pause would be if the gateway asked for none.
    own: Duration,
    unanswered: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { pause: PAUSE, own: PAUSE, unanswered: 0 }
    }
}

impl Pace {
    /// What an answer tells; nothing, when the gateway is to be asked again without one.
    ///
    /// # Errors
    /// It refuses, or has not answered for too long.
    fn hear(&mut self, answered: Result<Response, CallFailure>) -> Result<Option<ImportView>> {
        let asked_for = answered.as_ref().ok().and_then(|response| response.headers.get("retry-after")?.parse().ok());
        self.own = (self.own * 2).min(PAUSE_MAX);
        self.pause = asked_for.map_or(self.own, |seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
        match answered.map_err(Into::into).and_then(accepted).and_then(|answer| answer.read()) {
            Ok(view) => {
                self.unanswered = 0;
                Ok(Some(view))
            }
            Err(error) if Exit::of(&error) == Exit::Unavailable && self.unanswered < UNANSWERED_MAX => {
                self.unanswered += 1;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::commands::import::tell::tests::view;

    fn answer(status: u16, retry_after: Option<&str>, body: &str) -> Result<Response, CallFailure> {
        let headers = retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_owned()));
        Ok(Response { status, headers: BTreeMap::from_iter(headers), body: body.into() })
    }

    fn nobody() -> Result<Response, CallFailure> {
        Err(CallFailure::Connection(std::io::ErrorKind::ConnectionRefused.into()))
    }

    #[test]
    fn the_gateway_says_when_it_is_asked_again_and_otherwise_pauses_grow() -> Result<()> {
        let mut pace = Pace::default();
        let told = serde_json::to_string(&view())?;
        let pauses = [None, None, Some("7"), Some("soon"), Some("999999"), None, None, None].map(|retry_after| {
            let heard = pace.hear(answer(200, retry_after, &told));
            assert_eq!(heard.expect("an answer"), Some(view()));
            pace.pause.as_millis()
        });
        assert_eq!(pauses, [200, 400, 7_000, 1_600, 60_000, 2_000, 2_000, 2_000]);
        Ok(())
    }

    #[test]
    fn a_gateway_that_is_away_is_waited_for_and_not_for_ever() -> Result<()> {
        let mut pace = Pace::default();
        let busy = r#"{"code":"gateway_busy"}"#;
        for _ in 0..UNANSWERED_MAX {
            assert_eq!(pace.hear(nobody())?, None);
        }
        // An answer begins the count anew.
        assert!(pace.hear(answer(200, None, &serde_json::to_string(&view())?))?.is_some());
        for _ in 0..UNANSWERED_MAX {
            assert_eq!(pace.hear(answer(503, Some("1"), busy))?, None);
            assert_eq!(pace.pause, Duration::from_secs(1));
        }
        assert_eq!(Exit::of(&pace.hear(nobody()).expect_err("nobody answers")), Exit::Unavailable);
        Ok(())
    }

    #[test]
    fn a_refusal_and_an_answer_of_another_form_end_it() {
        let forgotten = Pace::default().hear(answer(404, None, r#"{"code":"import_unknown"}"#));
        assert_eq!(Exit::of(&forgotten.expect_err("a refusal")), Exit::Refused);
        let other = Pace::default().hear(answer(200, None, "{}"));
        assert_eq!(Exit::of(&other.expect_err("no import")), Exit::Failed);
    }
}
