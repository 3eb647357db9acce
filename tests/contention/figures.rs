//! What became of transactions, and how long they took.

use std::collections::BTreeMap;

/// Who sent which transaction.
pub type Sent = (&'static str, &'static str);

/// Counts by sender, transaction and outcome.
#[derive(Default)]
pub struct Figures {
    sent: BTreeMap<Sent, u32>,
    /// Of those that have to be sent again, why.
    conflicts: BTreeMap<(Sent, String), u32>,
    milliseconds: Vec<f64>,
}

impl Figures {
    /// A transaction was sent; the code is that of one that has to be sent again.
    pub fn count(&mut self, sent: Sent, conflict: Option<String>, milliseconds: f64) {
        *self.sent.entry(sent).or_default() += 1;
        match conflict {
            Some(code) => *self.conflicts.entry((sent, code)).or_default() += 1,
            None => self.milliseconds.push(milliseconds),
        }
    }

    pub fn add(&mut self, other: Self) {
        other.sent.into_iter().for_each(|(sent, count)| *self.sent.entry(sent).or_default() += count);
        for (kind, count) in other.conflicts {
            *self.conflicts.entry(kind).or_default() += count;
        }
        self.milliseconds.extend(other.milliseconds);
    }

    /// A quantile of how long valid transactions took, in milliseconds.
    pub fn quantile(&mut self, part: f64) -> f64 {
        self.milliseconds.sort_by(f64::total_cmp);
        let last = self.milliseconds.len().saturating_sub(1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a small length")]
        let at = (part * last as f64).round() as usize;
        self.milliseconds.get(at).copied().unwrap_or(f64::NAN)
    }

    pub fn sent(&self) -> u32 {
        self.sent.values().sum()
    }

    pub fn conflicts(&self) -> u32 {
        self.conflicts.values().sum()
    }

    pub fn print(&self) {
        let (sent, conflicts) = (self.sent(), self.conflicts());
        let rate = 100.0 * f64::from(conflicts) / f64::from(sent.max(1));
        println!("{sent} transactions, {conflicts} of them in conflict: {rate:.2} %");
        for (what @ (who, name), sent) in &self.sent {
            let of_it = self.conflicts.iter().filter(|((conflicting, _), _)| conflicting == what);
            let kinds: Vec<String> = of_it.map(|((_, code), count)| format!("{count} {code}")).collect();
            println!(
                "  {who:<14} {name:<18} {sent:>6}  {}",
                if kinds.is_empty() { "-".to_owned() } else { kinds.join(", ") }
            );
        }
    }
}
