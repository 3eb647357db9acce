//! The peers and orderers of a network of Fabric's programs. One that ends by itself is started again, so that a
//! network shows what several nodes are for: it goes on without one of them, and gets it back. One that is asked to
//! stand still does so until it is asked to run again.

use std::{
    collections::BTreeSet,
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Error, Result};

use crate::process::{Process, Program};

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A peer of any organization.
    Peer,
    /// An orderer.
    Orderer,
}

impl fmt::Display for NodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Peer => "peers",
            Self::Orderer => "orderers",
        })
    }
}

/// A node and how it is started.
#[derive(Debug, Clone)]
pub struct NodeProgram {
    /// What it is.
    pub kind: NodeKind,
    /// How it is started, for the first time and again.
    pub program: Program,
}

/// When a node that ended is started again. The pause doubles each time it ends.
#[derive(Debug, Clone, Copy)]
pub struct Restarts {
    /// The pause after the first time. Default: 1 s.
    pub first: Duration,
    /// The longest pause. Default: 30 s.
    pub longest: Duration,
    /// After running for so long a node counts as one that never ended. Default: 60 s.
    pub steady: Duration,
}

impl Default for Restarts {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(30), steady: Duration::from_secs(60) }
    }
}

impl Restarts {
    fn pause(self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
        self.first.checked_mul(factor).map_or(self.longest, |pause| pause.min(self.longest))
    }
}

/// The nodes of a network, in the order in which they were started.
#[derive(Debug, Default)]
pub struct Nodes {
    nodes: Vec<Node>,
    restarts: Restarts,
    /// How many orderers it takes to order.
    quorum: usize,
}

#[derive(Debug)]
struct Node {
    kind: NodeKind,
    program: Program,
    state: State,
    /// How often it has ended since it last ran steadily.
    failures: u32,
}

#[derive(Debug)]
enum State {
    Runs {
        process: Process,
        since: Instant,
    },
    Waits {
        until: Instant,
    },
    /// It stands still until it is asked to run.
    Stopped,
}

impl Nodes {
    /// Starts all nodes. It takes `quorum` orderers to order.
    ///
    /// # Errors
    /// A program cannot be started.
    pub fn start(programs: Vec<NodeProgram>, quorum: usize, restarts: Restarts) -> Result<Self> {
        let mut all = Self { nodes: Vec::new(), restarts, quorum };
        for NodeProgram { kind, program } in programs {
            let state = State::Runs { process: program.start()?, since: Instant::now() };
            all.nodes.push(Node { kind, program, state, failures: 0 });
        }
        Ok(all)
    }

    /// The processes that run.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.nodes.iter().filter_map(|node| match &node.state {
            State::Runs { process, .. } => Some(process),
            State::Waits { .. } | State::Stopped => None,
        })
    }

    /// Fails when any node has ended, as it must not while a network comes up.
    ///
    /// # Errors
    /// A node has ended; the error holds the end of its log.
    pub fn check(&mut self) -> Result<()> {
        self.nodes.iter_mut().try_for_each(|node| match &mut node.state {
            State::Runs { process, .. } => process.check(),
            State::Waits { .. } | State::Stopped => Ok(()),
        })
    }

    /// Looks at every node once, without waiting: one that has ended is started again when its pause is over. Tells in
    /// words what has happened.
    ///
    /// # Errors
    /// The last node of a kind has ended; the error holds the end of its log.
    pub fn look(&mut self) -> Result<Vec<String>> {
        let mut news = Vec::new();
        for number in 0..self.nodes.len() {
            if let Some(ended) = self.nodes[number].advance(self.restarts, &mut news) {
                let kind = self.nodes[number].kind;
                if self.running(kind) == 0 {
                    return Err(ended.context(format!("the last of the {kind} has ended")));
                }
                news.push(self.describe_loss(number, &ended));
            }
        }
        Ok(news)
    }

    /// Stops the nodes of these names, and lets all others that were stopped run again. Tells in words what has
    /// happened; a node that is to run again is started by the next [`Nodes::look`].
    pub fn stand_still(&mut self, stopped: &BTreeSet<String>, patience: Duration) -> Vec<String> {
        let mut news = Vec::new();
        for node in &mut self.nodes {
            let name = &node.program.name;
            match (&mut node.state, stopped.contains(name)) {
                (State::Runs { process, .. }, true) => {
                    let how =
                        if process.stop(patience) { "" } else { ", and was killed because it did not end in time" };
                    news.push(format!("{name} is stopped, as it was asked for{how}."));
                    node.state = State::Stopped;
                }
                (State::Waits { .. }, true) => node.state = State::Stopped,
                (State::Stopped, false) => {
                    node.failures = 0;
                    node.state = State::Waits { until: Instant::now() };
                }
                (State::Runs { .. } | State::Waits { .. }, false) | (State::Stopped, true) => {}
            }
        }
        news
    }

    fn running(&self, kind: NodeKind) -> usize {
        self.nodes.iter().filter(|node| node.kind == kind && matches!(node.state, State::Runs { .. })).count()
    }

    fn describe_loss(&self, number: usize, ended: &Error) -> String {
        let node = &self.nodes[number];
        let (running, kind) = (self.running(node.kind), node.kind);
        let all = self.nodes.iter().filter(|other| other.kind == kind).count();
        let pause = self.restarts.pause(node.failures.saturating_sub(1));
        let stands_still = kind == NodeKind::Orderer && running < self.quorum;
        let effect = if stands_still { ", too few to order anything" } else { "" };
        format!(
            "{ended:#}\n{} is started again in {pause:?}; {running} of {all} {kind} run{effect}.",
            node.program.name
        )
    }

    /// Stops all nodes, the last one first. Names those that had to be killed.
    pub fn stop(&mut self, patience: Duration) -> Vec<String> {
        let mut killed = Vec::new();
        while let Some(node) = self.nodes.pop() {
            if let State::Runs { mut process, .. } = node.state
                && !process.stop(patience)
            {
                killed.push(node.program.name);
            }
        }
        killed
    }
}

impl Node {
    /// Goes on with what is due now. Returns why the node ended when it has just done so.
    fn advance(&mut self, restarts: Restarts, news: &mut Vec<String>) -> Option<Error> {
        let ended = match &mut self.state {
            State::Runs { process, since } => {
                let ended = process.check().err();
                if ended.is_none() && self.failures > 0 && since.elapsed() >= restarts.steady {
                    self.failures = 0;
                }
                ended
            }
            State::Stopped => None,
            State::Waits { until } if Instant::now() < *until => None,
            State::Waits { .. } => match self.program.start() {
                Ok(process) => {
                    news.push(format!("{} runs again as process {}.", self.program.name, process.id()));
                    self.state = State::Runs { process, since: Instant::now() };
                    None
                }
                Err(error) => Some(error),
            },
        };
        if ended.is_some() {
            self.state = State::Waits { until: Instant::now() + restarts.pause(self.failures) };
            self.failures = self.failures.saturating_add(1);
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_the_longest() {
        let restarts = Restarts::default();
        let seconds: Vec<u64> = [0, 1, 2, 3, 4, 5, 40].map(|failures| restarts.pause(failures).as_secs()).to_vec();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
    }
}
