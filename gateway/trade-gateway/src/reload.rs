//! What a running gateway reads again: limits and proxies from its settings' file, the listener's certificate, the
//! organizations' rules of membership and the managed identities. What cannot be used leaves what was there before.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::{
    doors::Doors,
    http::State,
    members::MembersError,
    proxies::ProxiesError,
    service::Service,
    settings::{Settings, SettingsError},
    tls::{ServerTls, TlsError},
};

/// What is read again, by the label of its failures.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Proxies(#[from] ProxiesError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Members(#[from] MembersError),
}

/// Reads a gateway's files again.
pub(crate) struct Reloader {
    service: Arc<Service>,
    state: Arc<State>,
    doors: Arc<Doors>,
    tls: ServerTls,
    /// The settings that differ from those of the start and count only after another one, as they were told last.
    waiting: Mutex<Vec<String>>,
}

impl ReloadError {
    fn what(&self) -> &'static str {
        match self {
            Self::Settings(_) => "settings",
            Self::Proxies(_) => "proxies",
            Self::Tls(_) => "tls",
            Self::Members(_) => "membership",
        }
    }
}

impl Reloader {
    pub(crate) fn new(service: Arc<Service>, state: Arc<State>, doors: Arc<Doors>, tls: ServerTls) -> Self {
        Self { service, state, doors, tls, waiting: Mutex::default() }
    }

    /// Reads everything again; what fails is logged and counted. Reads files, so it blocks.
    pub(crate) fn read_again(&self) {
        let members = self.service.members().reload().into_iter().map(ReloadError::from);
        let others = [self.read_settings().err(), self.read_tls().err().map(ReloadError::from)];
        for error in members.chain(others.into_iter().flatten()) {
            let what = error.what();
            self.service.metrics().reload_failed(what);
            tracing::error!(what, "a file cannot be read again, and what was in it stays: {error}");
        }
    }

    fn read_tls(&self) -> Result<(), TlsError> {
        self.tls.reload()?;
        self.service.members().show(self.tls.certificate());
        Ok(())
    }

    fn read_settings(&self) -> Result<(), ReloadError> {
        let running = self.service.settings();
        // Settings that come from no file are those of the start, but the proxies' authorities are files anyway.
        let read =
            running.file.as_deref().map(|file| Settings::load_with(Some(file), &running.overrides)).transpose()?;
        let new = read.as_ref().unwrap_or(running);
        self.doors.list(&new.proxies)?;
        self.state.bound(&new.limits);
        self.service.set_limits(new.limits.clone().for_running(&running.limits));
        self.tell_waiting(changed(running, new));
        Ok(())
    }

    /// Says once which changes wait for another start.
    fn tell_waiting(&self, waiting: Vec<String>) {
        self.service.metrics().state().settings_waiting.set(i64::from(!waiting.is_empty()));
        let mut told = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if *told != waiting && !waiting.is_empty() {
            tracing::warn!("changed settings count after another start only: {}", waiting.join(", "));
        }
        *told = waiting;
    }
}

/// The names of settings that differ, but for those that a running gateway takes over.
fn changed(running: &Settings, new: &Settings) -> Vec<String> {
    let limits = new.limits.clone().for_running(&running.limits);
    let mut names = differing("", &without(running), &without(new));
    let limits = [&limits, &new.limits].map(|limits| serde_json::to_value(limits).unwrap_or_default());
    names.extend(differing("limits.", &limits[0], &limits[1]));
    names
}

/// Settings as JSON, without what is taken over.
fn without(settings: &Settings) -> Value {
    let mut value = serde_json::to_value(settings).unwrap_or_default();
    for name in ["limits", "proxies"] {
        value.as_object_mut().map(|object| object.remove(name));
    }
    value
}

fn differing(begins: &str, one: &Value, other: &Value) -> Vec<String> {
    let names = [one, other].into_iter().filter_map(Value::as_object).flat_map(|object| object.keys());
    let mut names: Vec<String> =
        names.filter(|name| one.get(*name) != other.get(*name)).map(|name| format!("{begins}{name}")).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_another_start_is_named() -> Result<(), SettingsError> {
        let readme = include_str!("../README.md");
        let example = readme.split("```yaml").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
        let running = Settings::parse(example)?;
        assert_eq!(changed(&running, &running), Vec::<String>::new());
        let mut new = running.clone();
        new.proxies.clear();
        (new.limits.page, new.limits.requests, new.limits.held_bytes) = (7, 9, 2 * running.limits.held_bytes);
        assert_eq!(changed(&running, &new), Vec::<String>::new(), "what is taken over");
        (new.limits.connections, new.limits.hand_overs, new.limits.signing_sessions) = (5_000, 7, 7);
        (new.channel, new.oauth) = ("other".to_owned(), None);
        let waiting = ["limits.connections", "limits.hand_overs", "limits.signing_sessions"];
        assert_eq!(changed(&running, &new), [&["channel", "oauth"][..], &waiting].concat());
        Ok(())
    }
}
