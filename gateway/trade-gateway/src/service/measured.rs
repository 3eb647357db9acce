//! What is counted, with what is set when it is asked for.

use trade_index::StoreError;

use super::{core::Service, indexed::in_time};
use crate::{
    answer::Answer,
    index::Open,
    metrics::{CertificateLabels, MEDIA_TYPE, OrganizationLabels, PeerLabels, State, WebhookLabels},
    problem::{Problem, ProblemCode},
    time::now,
};

/// What stands for a number of blocks that is not known.
const UNKNOWN: i64 = -1;

/// Seconds of a day.
const DAY: f64 = 86_400.0;

impl Service {
    /// All numbers. Those of a database that does not answer stay what they were, but how far the index is behind is
    /// not known then: an index that is not read must not look like one that keeps up.
    pub(super) async fn metrics_text(&self) -> Result<Answer, Problem> {
        let state = self.metrics.state();
        state.membership_stale.set(i64::from(self.members.is_stale()));
        let now = i64::try_from(now()).unwrap_or(i64::MAX);
        for (whose, not_after) in self.members.ends() {
            state.certificate_days.get_or_create(&CertificateLabels { whose }).set(days(not_after - now));
        }
        let lag = match self.index.opened() {
            Some(open) => in_time(self.set_index(open)).await.unwrap_or_else(|error| {
                tracing::warn!(code = error.code, "the index's numbers are not new");
                UNKNOWN
            }),
            None => UNKNOWN,
        };
        state.index_lag.set(lag);
        let text = self.metrics.text(|state| {
            self.set_revocation_lists(state, now);
            self.set_peers(state);
        });
        let text = text.map_err(|_| Problem::of(ProblemCode::GatewayFailure))?;
        Ok(Answer { media_type: MEDIA_TYPE, ..Answer::json_bytes(200, text.into_bytes()) })
    }

    fn set_peers(&self, state: &State) {
        for (organization, standing) in self.ledger.standings() {
            for (peer, up) in (0..).zip(standing.up) {
                let labels = PeerLabels { organization: organization.clone(), peer };
                state.peer_up.get_or_create(&labels).set(up.into());
            }
            let failovers = state.peer_failovers.get_or_create(&OrganizationLabels { organization });
            failovers.inc_by(standing.failovers.saturating_sub(failovers.get()));
        }
    }

    fn set_revocation_lists(&self, state: &State, now: i64) {
        // An organization may have taken its lists away.
        state.revocation_list_age.clear();
        state.revocation_list_due.clear();
        for (organization, dates) in self.members.revocation_dates() {
            let labels = OrganizationLabels { organization };
            state.revocation_list_age.get_or_create(&labels).set(days(now - dates.issued));
            if let Some(next) = dates.next {
                state.revocation_list_due.get_or_create(&labels).set(days(next - now));
            }
        }
    }

    /// Sets what the database tells. Gives back how many blocks the index is behind the peer.
    async fn set_index(&self, open: &Open) -> Result<i64, StoreError> {
        let (state, signed) = (self.metrics.state(), |number: u64| i64::try_from(number).unwrap_or(i64::MAX));
        let height = open.store.next_block(open.reader).await?;
        state.index_height.set(signed(height));
        let stand = open.store.webhooks_stand(open.reader).await?;
        for (label, count) in [("active", stand.active), ("failing", stand.failing), ("stopped", stand.stopped)] {
            state.webhooks.get_or_create(&WebhookLabels { state: label }).set(signed(count));
        }
        state.webhook_lag.set(stand.next_block.map_or(0, |next| signed(stand.events_end.saturating_sub(next))));
        // A peer that has fewer blocks than the index may be one of another chain.
        let newest = self.ledger.newest_block(self.index.organization());
        Ok(newest.and_then(|newest| (newest + 1).checked_sub(height)).map_or(UNKNOWN, signed))
    }
}

/// Seconds as days, of which fractions count.
#[allow(clippy::cast_precision_loss, reason = "seconds of centuries fit into 53 bits")]
fn days(seconds: i64) -> f64 {
    seconds as f64 / DAY
}
