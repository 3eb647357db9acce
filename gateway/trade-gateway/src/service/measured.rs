//! What is counted, with what is set when it is asked for.

use trade_index::StoreError;

use super::{core::Service, indexed::in_time};
use crate::{
    answer::Answer,
    index::Open,
    metrics::{CertificateLabels, MEDIA_TYPE, OrganizationLabels, WebhookLabels},
    problem::{Problem, ProblemCode},
    time::now,
};

/// Seconds of a day.
const DAY: f64 = 86_400.0;

impl Service {
    /// All numbers. Those of a database that does not answer stay what they were.
    pub(super) async fn metrics_text(&self) -> Result<Answer, Problem> {
        let state = self.metrics.state();
        state.membership_stale.set(i64::from(self.members.is_stale()));
        let now = i64::try_from(now()).unwrap_or(i64::MAX);
        for (whose, not_after) in self.members.ends() {
            state.certificate_days.get_or_create(&CertificateLabels { whose }).set(days(not_after - now));
        }
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
        if let Some(open) = self.index.opened()
            && let Err(error) = in_time(self.set_index(open)).await
        {
            tracing::warn!(code = error.code, "the index's numbers are not new");
        }
        let text = self.metrics.text().map_err(|_| Problem::of(ProblemCode::GatewayFailure))?;
        Ok(Answer { media_type: MEDIA_TYPE, ..Answer::json_bytes(200, text.into_bytes()) })
    }

    async fn set_index(&self, open: &Open) -> Result<(), StoreError> {
        let (state, signed) = (self.metrics.state(), |number: u64| i64::try_from(number).unwrap_or(i64::MAX));
        let height = open.store.next_block(open.reader).await?;
        state.index_height.set(signed(height));
        let newest = self.ledger.newest_block(self.index.organization());
        state.index_lag.set(newest.map_or(-1, |newest| signed((newest + 1).saturating_sub(height))));
        let stand = open.store.webhooks_stand(open.reader).await?;
        for (label, count) in [("active", stand.active), ("failing", stand.failing), ("stopped", stand.stopped)] {
            state.webhooks.get_or_create(&WebhookLabels { state: label }).set(signed(count));
        }
        state.webhook_lag.set(stand.next_block.map_or(0, |next| signed(height.saturating_sub(next))));
        Ok(())
    }
}

/// Seconds as days, of which fractions count.
#[allow(clippy::cast_precision_loss, reason = "seconds of centuries fit into 53 bits")]
fn days(seconds: i64) -> f64 {
    seconds as f64 / DAY
}
