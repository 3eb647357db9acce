//! What attacks keep: connections for a while, and connections with requests that never end.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::runtime::{Builder, Runtime};
use trade_tests::stranger::Stranger;

/// Connections that a flood holds; the oldest ends when there is one more.
const CONNECTIONS: usize = 8;

/// Things that are kept for a while.
pub struct Held<T> {
    kept: VecDeque<(Instant, T)>,
    time: Duration,
}

impl<T> Held<T> {
    pub fn new(time: Duration) -> Self {
        Self { kept: VecDeque::new(), time }
    }

    pub fn keep(&mut self, thing: T) {
        while self.kept.front().is_some_and(|(since, _)| since.elapsed() > self.time) {
            self.kept.pop_front();
        }
        self.kept.push_back((Instant::now(), thing));
    }
}

/// Requests of strangers at a gRPC server that begin in the same way and never end.
pub struct Flood {
    runtime: Runtime,
    address: String,
    authority: PathBuf,
    method: &'static str,
    begins: &'static [u8],
    requests: usize,
    connections: VecDeque<Stranger>,
}

impl Flood {
    pub fn at(
        address: &str,
        authority: &Path,
        method: &'static str,
        begins: &'static [u8],
        requests: usize,
    ) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (address, authority) = (address.to_owned(), authority.to_owned());
        Ok(Self { runtime, address, authority, method, begins, requests, connections: VecDeque::new() })
    }

    /// Opens one connection more and its requests.
    pub fn step(&mut self) -> Result<()> {
        let Self { runtime, address, authority, method, begins, requests, connections } = self;
        runtime.block_on(async {
            let stranger = Stranger::connect(address, authority).await?;
            for _ in 0..*requests {
                stranger.open(method, begins).await?;
            }
            connections.push_back(stranger);
            if connections.len() > CONNECTIONS {
                connections.pop_front();
            }
            Ok(())
        })
    }
}
