//! Numbers of one name that differ in their labels, and the text in which they are told.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How many series one family has at most; some labels hold names that clients choose.
const SERIES_MAX: usize = 1024;
/// How many characters of such a name are kept; names of channels have fewer.
const NAME_CHARACTERS_MAX: usize = 256;
/// Upper bounds of the buckets of a histogram, in seconds; those that Prometheus' own clients use.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What a number is called and what it means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) labels: &'static [&'static str],
}

/// Numbers of one name, by the values of their labels.
#[derive(Debug)]
pub(crate) struct Family<V> {
    about: About,
    series: Mutex<BTreeMap<Vec<String>, V>>,
}

/// Numbers that only grow.
pub(crate) type Counters = Family<u64>;
/// How long something took.
pub(crate) type Durations = Family<Histogram>;

/// How many durations lie in which bucket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    seconds: f64,
}

/// What a family can hold.
pub(crate) trait Series: Default {
    const KIND: &'static str;

    /// Writes the lines of one series; `labels` has no braces yet.
    fn write(&self, name: &str, labels: &str, text: &mut String);
}

impl<V: Series> Family<V> {
    /// A number without labels is told from the start.
    pub(crate) fn new(name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Self {
        let mut series = BTreeMap::new();
        if labels.is_empty() {
            series.insert(Vec::new(), V::default());
        }
        Self { about: About { name, help, labels }, series: Mutex::new(series) }
    }

    fn change(&self, values: &[&str], change: impl FnOnce(&mut V)) {
        debug_assert_eq!(values.len(), self.about.labels.len(), "{}", self.about.name);
        let values: Vec<String> =
            values.iter().map(|value| value.chars().take(NAME_CHARACTERS_MAX).collect()).collect();
        let mut series = self.lock();
        if series.len() < SERIES_MAX || series.contains_key(&values) {
            change(series.entry(values).or_default());
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Vec<String>, V>> {
        // The map is whole at every moment.
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    /// Counts one more with these values of the labels.
    pub(crate) fn add(&self, values: &[&str]) {
        self.change(values, |count| *count += 1);
    }
}

impl Durations {
    /// Counts a duration with these values of the labels.
    pub(crate) fn observe(&self, values: &[&str], took: Duration) {
        let seconds = took.as_secs_f64();
        self.change(values, |histogram| {
            histogram.count += 1;
            histogram.seconds += seconds;
            if let Some(bucket) = BUCKETS.iter().position(|bound| seconds <= *bound) {
                histogram.buckets[bucket] += 1;
            }
        });
    }
}

impl Series for u64 {
    const KIND: &'static str = "counter";

    fn write(&self, name: &str, labels: &str, text: &mut String) {
        line(text, name, labels, &self.to_string());
    }
}

impl Series for Histogram {
    const KIND: &'static str = "histogram";

    fn write(&self, name: &str, labels: &str, text: &mut String) {
        let mut up_to = 0;
        let separator = if labels.is_empty() { "" } else { "," };
        let mut bucket = |bound: &str, count: u64| {
            line(text, &format!("{name}_bucket"), &format!("{labels}{separator}le=\"{bound}\""), &count.to_string());
        };
        for (bound, count) in BUCKETS.iter().zip(self.buckets) {
            up_to += count;
            bucket(&bound.to_string(), up_to);
        }
        bucket("+Inf", self.count);
        line(text, &format!("{name}_sum"), labels, &self.seconds.to_string());
        line(text, &format!("{name}_count"), labels, &self.count.to_string());
    }
}

/// The text of all numbers.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

impl Text {
    /// Tells numbers that may grow and shrink.
    pub(crate) fn gauges(&mut self, about: &About, series: impl IntoIterator<Item = (Vec<String>, u64)>) {
        self.head(about, "gauge");
        for (values, number) in series {
            line(&mut self.0, about.name, &labels(about.labels, &values), &number.to_string());
        }
    }

    /// Tells families of one name, which differ in their labels.
    pub(crate) fn families<'a, V: Series + 'a>(&mut self, families: impl IntoIterator<Item = &'a Family<V>>) {
        let mut is_first = true;
        for family in families {
            if std::mem::take(&mut is_first) {
                self.head(&family.about, V::KIND);
            }
            for (values, number) in family.lock().iter() {
                number.write(family.about.name, &labels(family.about.labels, values), &mut self.0);
            }
        }
    }

    /// What was told.
    pub(crate) fn into_string(self) -> String {
        self.0
    }

    fn head(&mut self, About { name, help, .. }: &About, kind: &str) {
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }
}

fn line(text: &mut String, name: &str, labels: &str, number: &str) {
    text.push_str(name);
    if !labels.is_empty() {
        text.push_str(&format!("{{{labels}}}"));
    }
    text.push_str(&format!(" {number}\n"));
}

fn labels(names: &[&str], values: &[String]) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let pairs = names.iter().zip(values).map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
    pairs.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_in_the_form_that_prometheus_reads() {
        let counters = Counters::new("calls", "Calls.", &["who"]);
        counters.add(&["b"]);
        counters.add(&["a\"\\\n"]);
        counters.add(&["b"]);
        let durations = Durations::new("took", "Time.", &["who"]);
        for milliseconds in [4, 40, 40_000] {
            durations.observe(&["x"], Duration::from_millis(milliseconds));
        }
        let (plain, other) = (Counters::new("all", "All.", &[]), Counters::new("calls", "Calls.", &["who"]));
        other.add(&["c"]);
        let mut text = Text::default();
        text.families([&counters, &other]);
        text.families([&durations]);
        text.families([&plain]);
        let text = text.into_string();
        let calls = "# HELP calls Calls.\n# TYPE calls counter\ncalls{who=\"a\\\"\\\\\\n\"} 1\ncalls{who=\"b\"} 2\n\
                     calls{who=\"c\"} 1\n";
        assert!(text.starts_with(calls), "{text}");
        for line in [
            "# TYPE took histogram",
            "took_bucket{who=\"x\",le=\"0.005\"} 1",
            "took_bucket{who=\"x\",le=\"0.025\"} 1",
            "took_bucket{who=\"x\",le=\"0.05\"} 2",
            "took_bucket{who=\"x\",le=\"10\"} 2",
            "took_bucket{who=\"x\",le=\"+Inf\"} 3",
            "took_sum{who=\"x\"} 40.044",
            "took_count{who=\"x\"} 3",
            "all 0",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn names_that_clients_choose_take_no_room_without_end() {
        let counters = Counters::new("calls", "Calls.", &["chaincode"]);
        for number in 0..SERIES_MAX + 10 {
            counters.add(&[&format!("cc{number:05}")]);
        }
        counters.add(&["cc00000"]);
        let series = counters.lock();
        assert_eq!((series.len(), series.get(&vec!["cc00000".to_owned()])), (SERIES_MAX, Some(&2)));
        drop(series);
        let long = Counters::new("calls", "Calls.", &["chaincode"]);
        long.add(&[&"é".repeat(1_000_000)]);
        assert_eq!(long.lock().keys().next(), Some(&vec!["é".repeat(NAME_CHARACTERS_MAX)]));
    }
}
