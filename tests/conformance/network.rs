//! What a network must offer to be tested: three organizations with a peer each and orderers, as processes that can be
//! started and killed. Everything else is asked of it over its own protocols.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError, mpsc},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use fabric_config::genesis_block;
use fabric_cryptogen::{OrganizationFolder, OrganizationKind, UserRequest, issue_user, revoke, validity_start};
use fabric_msp::certificate::Certificate;
use fabric_operator::{
    consortium::Consortium,
    generate,
    layout::{Addresses, Kind, Layout, write_atomically},
    process::tail,
    version::Version,
};
use prost::Message;

/// The channel of the cases.
pub const CHANNEL: &str = "conf";

/// A network that can be tested.
pub trait TestNetwork: Send + Sync {
    /// Whether it is Fabric 2, which differs from Fabric 3 in some cases. The embedded network behaves as Fabric 3.
    fn is_fabric_2(&self) -> bool {
        false
    }

    /// Its folder and addresses.
    fn site(&self) -> &Site;

    /// Starts its processes on what the folder holds, and returns when all of them listen and have joined the channel.
    ///
    /// # Errors
    /// A process ends or does not become ready.
    fn start(&self) -> Result<()>;

    /// Kills its processes without a warning.
    fn kill(&self);

    /// Makes the peer of organization 1, 2 or 3 unreachable, as killing it does. The others go on.
    ///
    /// # Errors
    /// A network of this kind cannot do it, or the peer is away already.
    fn stop_peer(&self, organization: usize) -> Result<()>;

    /// Makes the next block break off in the middle of being written: before it is in the store, or after that and
    /// before anybody has heard of it. Nothing works from then on until the network is killed and started again.
    ///
    /// # Errors
    /// A network of this kind has no such switch, or does not run.
    fn crash_in_the_next_block(&self, _after_storing: bool) -> Result<()> {
        anyhow::bail!("only the embedded network inside this process can be made to crash within a block")
    }

    /// Lets a peer that was stopped come back with what it had, and returns when it listens.
    ///
    /// # Errors
    /// As [`TestNetwork::start`].
    fn start_peer(&self, organization: usize) -> Result<()>;
}

/// Who orders transactions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Orderers {
    /// One node.
    One,
    /// Three nodes that agree by Raft.
    ThreeRaft,
    /// Four nodes that agree by Byzantine fault tolerance, which came with Fabric 3.
    FourBft,
}

impl Orderers {
    /// What the consortium file says of them, at the end of what it says of their organization.
    fn lines(self) -> &'static str {
        match self {
            Self::One => "  nodes: [orderer0]\n",
            Self::ThreeRaft => "  nodes: [orderer0, orderer1, orderer2]\n",
            Self::FourBft => "  nodes: [orderer0, orderer1, orderer2, orderer3]\n  consensus: bft\n",
        }
    }
}

/// The folder of a network: its keys, its channel, its addresses.
pub struct Site {
    /// Where things lie.
    pub layout: Layout,
    /// Who takes part.
    pub consortium: Consortium,
    /// Where they listen.
    pub addresses: Addresses,
    /// The program that can become the processes of a network.
    pub program: PathBuf,
    children: Mutex<Vec<Running>>,
}

/// A process of a network.
struct Running {
    name: String,
    child: Child,
    log: PathBuf,
}

/// A process to be started.
pub struct Launch {
    /// Its name in messages.
    pub name: String,
    /// The executable.
    pub executable: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What its environment has besides the usual.
    pub environment: Vec<(String, String)>,
    /// Where it runs.
    pub folder: PathBuf,
    /// Where its output goes.
    pub log: PathBuf,
}

impl Site {
    /// Lays out a network in an empty folder: keys of the usual and of unusual identities, and the channel's first
    /// block.
    ///
    /// # Errors
    /// Something cannot be written.
    pub fn lay_out(folder: &Path, program: &Path, fabric: Option<Version>, orderers: Orderers) -> Result<Self> {
        let layout = Layout::at(folder)?;
        let consortium = format!("{CONSORTIUM}{}", orderers.lines());
        fs::write(layout.path("consortium.yaml"), &consortium)?;
        let consortium = Consortium::parse(&consortium)?;
        fabric_cryptogen::generate(&consortium.crypto_config(), &layout.crypto())?;
        // An authority of the same names, which the channel does not know.
        fabric_cryptogen::generate(&consortium.crypto_config(), &layout.path("foreign"))?;
        unusual_users(&layout)?;
        let kind = if fabric.is_some() { Kind::Fabric } else { Kind::Embedded };
        let addresses = layout.addresses(kind, &consortium, None)?;
        let mut spec = generate::channel_spec(&layout, &consortium, &addresses, generate::capability(fabric))?;
        // The rules that every channel has by default: the demo's let readers evaluate.
        spec.acls.clear();
        spec.application_policies.clear();
        layout.folder("channel")?;
        write_atomically(&layout.genesis_block(CHANNEL), &genesis_block(&spec)?.encode_to_vec())?;
        Ok(Self { layout, consortium, addresses, program: program.to_owned(), children: Mutex::default() })
    }

    /// The MSP id of organization 1, 2 or 3.
    pub fn msp_id(organization: usize) -> String {
        format!("Org{organization}MSP")
    }

    /// The domain of organization 1, 2 or 3.
    pub fn domain(organization: usize) -> String {
        format!("org{organization}.conf.example")
    }

    /// Starts a process that ends with this one.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn launch(&self, launch: Launch) -> Result<()> {
        let log = fs::OpenOptions::new().create(true).append(true).open(&launch.log)?;
        let mut command = Command::new(&self.program);
        command.arg("child").arg("--").arg(&launch.executable).args(&launch.arguments);
        command.current_dir(&launch.folder).envs(launch.environment);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = spawn(command).with_context(|| format!("cannot start {}", launch.name))?;
        self.children().push(Running { name: launch.name, child, log: launch.log });
        Ok(())
    }

    /// Waits until something is ready, and fails when a process ends before.
    ///
    /// # Errors
    /// A process ended or a minute passed.
    pub fn wait_until(&self, what: &str, ready: impl Fn() -> bool) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !ready() {
            for running in self.children().iter_mut() {
                if let Some(status) = running.child.try_wait()? {
                    // A peer's last words are a long trace below the one that tells what is wrong.
                    let log = tail(&running.log, 60);
                    anyhow::bail!("{} ended with {status}; the end of its log:\n{log}", running.name);
                }
            }
            ensure!(Instant::now() < deadline, "{what} not ready within a minute");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Kills every process of this network.
    pub fn kill(&self) {
        for mut running in self.children().drain(..) {
            // One that has ended by itself is as good.
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// Kills one process of this network.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn kill_one(&self, name: &str) -> Result<()> {
        let mut children = self.children();
        let index = children.iter().position(|running| running.name == name);
        let mut running = children.remove(index.with_context(|| format!("{name} does not run"))?);
        running.child.kill()?;
        running.child.wait()?;
        Ok(())
    }

    fn children(&self) -> std::sync::MutexGuard<'_, Vec<Running>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether something accepts connections here.
pub fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}

/// The kernel ends a child when the *thread* that started it ends, and threads of tests end. So all children are
/// started by one thread that stays.
fn spawn(command: Command) -> Result<Child> {
    type Order = (Command, mpsc::Sender<std::io::Result<Child>>);
    static NURSERY: OnceLock<Mutex<mpsc::Sender<Order>>> = OnceLock::new();
    let nursery = NURSERY.get_or_init(|| {
        let (orders, received) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, reply) in received {
                let _ = reply.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    let (reply, child) = mpsc::channel();
    nursery.lock().unwrap_or_else(PoisonError::into_inner).send((command, reply)).context("the nursery has ended")?;
    Ok(child.recv().context("the nursery has ended")??)
}

/// Users of the first organization that something is wrong with, or nearly.
fn unusual_users(layout: &Layout) -> Result<()> {
    let organization =
        OrganizationFolder::new(&layout.crypto(), OrganizationKind::Peer, &Site::domain(1), &Site::msp_id(1));
    let now = validity_start();
    let day = 24 * 3600;
    let client = UserRequest::client;
    issue_user(&organization, &client("expired").valid(now, now + 60))?;
    issue_user(&organization, &client("tomorrow").valid(now + day, now + 30 * day))?;
    issue_user(&organization, &client("norole").with_units(&[]))?;
    issue_user(&organization, &client("tworoles").with_units(&["client", "peer"]))?;
    let revoked = issue_user(&organization, &client("revoked"))?;
    let certificate = fs::read_dir(revoked.join("msp/signcerts"))?.next().context("a user without a certificate")??;
    revoke(&organization, &[&Certificate::from_pem(&fs::read(certificate.path())?)?])?;
    Ok(())
}

const CONSORTIUM: &str = "
channel: conf
chaincode: { name: conf, version: '1', endorsements: 1 }
organizations:
  - { msp_id: Org1MSP, name: One, domain: org1.conf.example, role: enterprise }
  - { msp_id: Org2MSP, name: Two, domain: org2.conf.example, role: enterprise }
  - { msp_id: Org3MSP, name: Three, domain: org3.conf.example, role: enterprise }
orderer:
  msp_id: OrdererMSP
  domain: orderer.conf.example
  embedded_batch_timeout_ms: 500
  batch_timeout_ms: 500
  max_message_count: 500
  absolute_max_bytes: 1048576
  preferred_max_bytes: 1048576
";
