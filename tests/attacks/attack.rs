//! The attacks: what is done to which listener, and how often: as often as it takes to hold all places that a flood can
//! have, for as long as a server waits.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    thread::{JoinHandle, sleep},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use entrepot::demo::{rest::only_file, running::RunningNetwork};
use fabric_operator::consortium::Consortium;
use trade_tests::raw_tls::{Identity, connect_from, handshake_on, slow_body};

use super::{
    honest::ORGANIZATION,
    strangers::{Flood, Held},
};

/// The organization whose members attack the gateway.
const ATTACKER: &str = "ImporterMSP";

/// Addresses from which the attacks come. The floods of gRPC requests come from the members' own.
const ADDRESSES: u8 = 8;

/// How long connections are held on which nothing more is sent.
const HELD: Duration = Duration::from_secs(15);

/// One step of an attack.
type Step = Box<dyn FnMut() -> Result<()> + Send>;

/// Something that is done again and again.
pub struct Attack {
    name: &'static str,
    per_second: f64,
    step: Step,
}

/// Attacks that run.
pub struct Running {
    stop: Arc<AtomicBool>,
    attacks: Vec<(&'static str, f64, Arc<AtomicU64>, JoinHandle<()>)>,
}

/// How often an attack came through to its listener.
pub struct Rate {
    name: &'static str,
    wanted: f64,
    done: f64,
}

impl Attack {
    fn new(name: &'static str, per_second: f64, step: impl FnMut() -> Result<()> + Send + 'static) -> Self {
        Self { name, per_second, step: Box::new(step) }
    }

    /// Begins all of them, each on a thread of its own.
    pub fn all_on(attacks: Vec<Self>) -> Running {
        let stop = Arc::new(AtomicBool::new(false));
        let attacks = attacks.into_iter().map(|attack| attack.begin(Arc::clone(&stop))).collect();
        Running { stop, attacks }
    }

    fn begin(self, stop: Arc<AtomicBool>) -> (&'static str, f64, Arc<AtomicU64>, JoinHandle<()>) {
        let Self { name, per_second, mut step } = self;
        let done = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&done);
        let thread = std::thread::spawn(move || {
            let pause = Duration::from_secs_f64(1.0 / per_second);
            let mut next = Instant::now();
            while !stop.load(Ordering::Relaxed) {
                // What is refused is an attack all the same, and not counted as one that came through.
                if step().is_ok() {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
                next += pause;
                sleep(next.saturating_duration_since(Instant::now()));
            }
        });
        (name, per_second, done, thread)
    }
}

impl Running {
    /// Ends all of them, after a phase of this length.
    pub fn stop(self, phase: Duration) -> Vec<Rate> {
        self.stop.store(true, Ordering::Relaxed);
        let rate = |(name, wanted, done, thread): (_, _, Arc<AtomicU64>, JoinHandle<()>)| {
            // A thread that panicked has said so itself.
            drop(thread.join());
            Rate { name, wanted, done: done.load(Ordering::Relaxed) as f64 / phase.as_secs_f64() }
        };
        self.attacks.into_iter().map(rate).collect()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, wanted, done } = self;
        write!(formatter, "{done:>8.1}/s of {wanted:>6.1}/s  {name}")
    }
}

/// Half-open connections, requests without a certificate, heads and bodies that never end, and what is done to a peer.
pub fn on_the_gateway(network: &RunningNetwork, consortium: &Consortium) -> Result<Vec<Attack>> {
    let gateway = network.addresses().gateway;
    let attacker = &consortium.organization(ATTACKER)?.domain;
    let mut attacks = vec![silence("half-open connections at the gateway", gateway)];
    attacks.push(Attack::new("requests of strangers at the gateway", 20.0, move || {
        handshake_on(elsewhere(gateway)?, None)?.asks("GET /v1/nothing HTTP/1.1\r\nHost: gateway\r\n\r\n").map(drop)
    }));
    let mut heads = Held::new(HELD);
    attacks.push(Attack::new("heads of strangers without an end", 10.0, move || {
        let mut connection = handshake_on(elsewhere(gateway)?, None)?;
        connection.says(b"GET /v1/members HTTP/1.1\r\nX-")?;
        heads.keep(connection);
        Ok(())
    }));
    for user in ["User1", "Admin"] {
        let msp = network.layout().user(attacker, user).join("msp");
        let (certificate, key) = (only_file(&msp.join("signcerts"))?, only_file(&msp.join("keystore"))?);
        let identity = Identity::load(&certificate, &key)?;
        let mut bodies = Held::new(HELD);
        attacks.push(Attack::new("bodies of members without an end", 5.0, move || {
            bodies.keep(slow_body(handshake_on(elsewhere(gateway)?, Some(&identity))?, 100_000)?);
            Ok(())
        }));
    }
    attacks.extend(on_the_peer(network, consortium)?);
    Ok(attacks)
}

/// Half-open connections, handshakes, requests that are only opened, and messages that never end.
pub fn on_the_peer(network: &RunningNetwork, consortium: &Consortium) -> Result<Vec<Attack>> {
    let endpoint = network.addresses().peer(ORGANIZATION)?.endpoint.to_string();
    let address: SocketAddr = endpoint.parse().context("the peer's address")?;
    let authority = network.layout().tls_authority(&consortium.organization(ORGANIZATION)?.domain);
    let mut idle = Held::new(HELD);
    let mut opened = Flood::at(&endpoint, &authority, "gateway.Gateway/Evaluate", b"", 500)?;
    // 80 MiB are announced.
    let mut large = Flood::at(&endpoint, &authority, "protos.Endorser/ProcessProposal", b"\0\x05\0\0\0abc", 1)?;
    Ok(vec![
        silence("half-open connections at the peer", address),
        Attack::new("connections with a handshake at the peer", 10.0, move || {
            idle.keep(handshake_on(elsewhere(address)?, None)?);
            Ok(())
        }),
        Attack::new("times 500 requests that are only opened", 0.1, move || opened.step()),
        Attack::new("messages of 80 MiB that never end", 0.5, move || large.step()),
    ])
}

/// A connection from one of the attackers' addresses, of which the members have none.
fn elsewhere(address: SocketAddr) -> Result<TcpStream> {
    static NEXT: AtomicU8 = AtomicU8::new(0);
    let last = 2 + NEXT.fetch_add(1, Ordering::Relaxed) % ADDRESSES;
    connect_from(Ipv4Addr::new(127, 0, 0, last), address)
}

fn silence(name: &'static str, address: SocketAddr) -> Attack {
    let mut held = Held::new(HELD);
    Attack::new(name, 100.0, move || {
        held.keep(elsewhere(address)?);
        Ok(())
    })
}
