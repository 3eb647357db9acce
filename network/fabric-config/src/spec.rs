//! What a new channel should be like. Everything not said takes the values of Fabric's own samples.

use std::collections::BTreeMap;

use fabric_protos::msp::FabricMspConfig;

use crate::keys;

/// A channel to be.
#[derive(Clone, Debug)]
pub struct ChannelSpec {
    /// The channel's name.
    pub channel_id: String,
    /// What nodes must support.
    pub capability: ChannelCapability,
    /// Who runs peers and sends transactions.
    pub application_organizations: Vec<ApplicationOrganization>,
    /// Who runs orderers.
    pub orderer_organizations: Vec<OrdererOrganization>,
    /// The orderers that agree on blocks.
    pub consenters: Vec<ConsenterSpec>,
    /// How blocks are cut.
    pub batch: BatchSpec,
    /// The pace of the Raft consensus.
    pub raft: RaftSpec,
    /// Byzantine fault tolerant consensus instead of Raft; needs the capability `V3_0`.
    pub bft: Option<BftSpec>,
    /// Policies of the group Application, added to the usual ones or in their place.
    pub application_policies: BTreeMap<String, PolicySpec>,
    /// Policies of the group Orderer, likewise.
    pub orderer_policies: BTreeMap<String, PolicySpec>,
    /// Policies of the channel itself, likewise.
    pub channel_policies: BTreeMap<String, PolicySpec>,
    /// Resource (such as `peer/Propose`) to policy path (such as `/Channel/Application/Proposers`).
    pub acls: BTreeMap<String, String>,
}

impl ChannelSpec {
    /// A channel without organizations and consenters, with everything else as usual.
    pub fn new(channel_id: &str, capability: ChannelCapability) -> Self {
        Self {
            channel_id: channel_id.to_owned(),
            capability,
            application_organizations: Vec::new(),
            orderer_organizations: Vec::new(),
            consenters: Vec::new(),
            batch: BatchSpec::default(),
            raft: RaftSpec::default(),
            bft: None,
            application_policies: BTreeMap::new(),
            orderer_policies: BTreeMap::new(),
            channel_policies: BTreeMap::new(),
            acls: BTreeMap::new(),
        }
    }

    /// Lets everybody who may read also evaluate transactions, which usually takes the right to write: adds the policy
    /// `Proposers` and the two access rules that refer to it. Submitting still takes the right to write.
    pub fn let_readers_evaluate(&mut self) {
        let readers = PolicySpec::ImplicitMeta("ANY Readers".to_owned());
        self.application_policies.insert("Proposers".to_owned(), readers);
        for resource in ["peer/Propose", "peer/ChaincodeToChaincode"] {
            self.acls.insert(resource.to_owned(), "/Channel/Application/Proposers".to_owned());
        }
    }
}

/// The channel's capability, which decides what versions of Fabric can join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChannelCapability {
    /// Fabric 2.0 and later.
    V2_0,
    /// Fabric 3.0 and later: Ed25519 identities, and orderer addresses per organization only.
    #[default]
    V3_0,
}

impl ChannelCapability {
    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::V2_0 => "V2_0",
            Self::V3_0 => "V3_0",
        }
    }
}

/// An organization that runs peers or sends transactions. Its group is named by its MSP id.
#[derive(Clone, Debug)]
pub struct ApplicationOrganization {
    /// Its membership rules.
    pub msp: FabricMspConfig,
    /// Its policies.
    pub policies: OrganizationPolicies,
    /// Peers through which other organizations' peers find its own: host and port.
    pub anchor_peers: Vec<(String, u16)>,
}

impl ApplicationOrganization {
    /// An organization with the usual policies: administrators and clients write, peers endorse.
    pub fn new(msp: FabricMspConfig) -> Self {
        let policies = OrganizationPolicies::application(&msp.name);
        Self { msp, policies, anchor_peers: Vec::new() }
    }

    /// An organization that reads but neither writes nor endorses, and cannot change that: see
    /// [`OrganizationPolicies::read_only`].
    pub fn read_only(msp: FabricMspConfig) -> Self {
        let policies = OrganizationPolicies::read_only(&msp.name);
        Self { msp, policies, anchor_peers: Vec::new() }
    }
}

/// An organization that runs orderers. Its group is named by its MSP id.
#[derive(Clone, Debug)]
pub struct OrdererOrganization {
    /// Its membership rules.
    pub msp: FabricMspConfig,
    /// Its policies; the one for endorsement is not used.
    pub policies: OrganizationPolicies,
    /// Where its orderers listen, `host:port`.
    pub endpoints: Vec<String>,
}

impl OrdererOrganization {
    /// An organization with the usual policies.
    pub fn new(msp: FabricMspConfig, endpoints: Vec<String>) -> Self {
        let policies = OrganizationPolicies::orderer(&msp.name);
        Self { msp, policies, endpoints }
    }
}

/// The four policies of an organization, in the policy language, and who may change them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationPolicies {
    /// Who may read blocks.
    pub readers: String,
    /// Who may send transactions.
    pub writers: String,
    /// Who may change the organization's part of the configuration.
    pub admins: String,
    /// Whose signature counts as the organization's endorsement.
    pub endorsement: String,
    /// The path of the policy that decides over these four and over what the organization's group holds, its
    /// `mod_policy`. The values in the group (membership rules, anchor peers) are under `admins` all the same.
    pub decided_by: String,
}

impl OrganizationPolicies {
    /// Administrators, peers and clients read; administrators and clients write; peers endorse.
    pub fn application(msp_id: &str) -> Self {
        Self {
            readers: format!("OR('{msp_id}.admin', '{msp_id}.peer', '{msp_id}.client')"),
            writers: format!("OR('{msp_id}.admin', '{msp_id}.client')"),
            admins: format!("OR('{msp_id}.admin')"),
            endorsement: format!("OR('{msp_id}.peer')"),
            decided_by: keys::ADMINS.to_owned(),
        }
    }

    /// Administrators, peers and clients read; nobody writes or endorses, whatever certificates the organization's own
    /// authority issues: both policies ask for two of one signature. A majority of the channel's administrators decides
    /// over the four policies and the group; alone the organization changes its anchor peers and its membership rules,
    /// on which those two policies do not depend.
    pub fn read_only(msp_id: &str) -> Self {
        // A gate with an arm, because Fabric's discovery takes one without for a leaf.
        let nobody = format!("OutOf(2, '{msp_id}.member')");
        let decided_by = format!("/Channel/{}/{}", keys::APPLICATION, keys::ADMINS);
        Self { writers: nobody.clone(), endorsement: nobody, decided_by, ..Self::application(msp_id) }
    }

    /// All members read and write, administrators administer.
    pub fn orderer(msp_id: &str) -> Self {
        let member = format!("OR('{msp_id}.member')");
        let admins = format!("OR('{msp_id}.admin')");
        let decided_by = keys::ADMINS.to_owned();
        Self { readers: member.clone(), writers: member.clone(), admins, endorsement: member, decided_by }
    }
}

/// A policy as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicySpec {
    /// In the policy language.
    Signature(String),
    /// `ANY`, `ALL` or `MAJORITY`, and the name of the policies below.
    ImplicitMeta(String),
}

/// An orderer that takes part in the consensus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsenterSpec {
    /// Where it listens.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The TLS certificate with which it calls other orderers, PEM.
    pub client_tls_cert: Vec<u8>,
    /// The TLS certificate that it shows, PEM.
    pub server_tls_cert: Vec<u8>,
}

/// When a block is full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchSpec {
    /// Transactions in a block, at most.
    pub max_message_count: u32,
    /// Bytes of one transaction, at most.
    pub absolute_max_bytes: u32,
    /// Bytes at which a block is cut.
    pub preferred_max_bytes: u32,
    /// How long the first transaction waits for others, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for BatchSpec {
    fn default() -> Self {
        Self {
            max_message_count: 500,
            absolute_max_bytes: 10 * 1024 * 1024,
            preferred_max_bytes: 2 * 1024 * 1024,
            timeout_ms: 200,
        }
    }
}

/// The pace of the Raft consensus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaftSpec {
    /// One tick, in milliseconds.
    pub tick_interval_ms: u64,
    /// Ticks without a leader's word after which an election begins.
    pub election_tick: u32,
    /// Ticks between a leader's words.
    pub heartbeat_tick: u32,
    /// Blocks in flight, at most.
    pub max_inflight_blocks: u32,
    /// Bytes after which a snapshot is taken.
    pub snapshot_interval_size: u32,
}

impl Default for RaftSpec {
    fn default() -> Self {
        Self {
            tick_interval_ms: 500,
            election_tick: 10,
            heartbeat_tick: 1,
            max_inflight_blocks: 5,
            snapshot_interval_size: 16 * 1024 * 1024,
        }
    }
}

/// The Byzantine fault tolerant consensus of Fabric 3: who signs blocks, and the pace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BftSpec {
    /// With which identities the consenters sign, in the order of [`ChannelSpec::consenters`]. At least four, so that
    /// one may fail.
    pub signers: Vec<BftSigner>,
    /// How long a request waits at a node before it is forwarded to the leader, in milliseconds.
    pub request_forward_timeout_ms: u64,
    /// How long a forwarded request waits before the node complains about the leader, in milliseconds.
    pub request_complain_timeout_ms: u64,
    /// How long a request is kept at all, in milliseconds.
    pub request_auto_remove_timeout_ms: u64,
    /// Between repetitions of a view change, in milliseconds.
    pub view_change_resend_interval_ms: u64,
    /// How long a view change may take, in milliseconds.
    pub view_change_timeout_ms: u64,
    /// How long a leader may be silent, in milliseconds.
    pub leader_heartbeat_timeout_ms: u64,
    /// How many words a leader has in that time.
    pub leader_heartbeat_count: u64,
    /// How long a node that starts waits for the others' state, in milliseconds.
    pub collect_timeout_ms: u64,
    /// Messages from other nodes that may wait.
    pub incoming_message_buffer_size: u64,
    /// Requests that may wait.
    pub request_pool_size: u64,
}

/// The identity of a consenter that signs blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BftSigner {
    /// Its organization.
    pub msp_id: String,
    /// Its signing certificate, PEM.
    pub certificate: Vec<u8>,
}

impl BftSpec {
    /// A pace at which the loss of the leader is overcome in about three seconds.
    pub fn new(signers: Vec<BftSigner>) -> Self {
        Self {
            signers,
            request_forward_timeout_ms: 500,
            request_complain_timeout_ms: 2_000,
            request_auto_remove_timeout_ms: 180_000,
            view_change_resend_interval_ms: 1_000,
            view_change_timeout_ms: 4_000,
            leader_heartbeat_timeout_ms: 5_000,
            leader_heartbeat_count: 10,
            collect_timeout_ms: 1_000,
            incoming_message_buffer_size: 200,
            request_pool_size: 100_000,
        }
    }
}
