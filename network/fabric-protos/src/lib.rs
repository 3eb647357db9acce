#![doc = include_str!("../README.md")]
#![allow(missing_docs, clippy::doc_lazy_continuation, reason = "generated code")]

macro_rules! package {
    ($($name:ident: $file:literal),* $(,)?) => {
        $(pub mod $name {
            include!(concat!("../generated/", $file, ".rs"));
        })*
    };
}

package! {
    common: "common",
    discovery: "discovery",
    etcdraft: "etcdraft",
    gateway: "gateway",
    gossip: "gossip",
    kvrwset: "kvrwset",
    lifecycle: "lifecycle",
    msp: "msp",
    orderer: "orderer",
    protos: "protos",
    queryresult: "queryresult",
    rwset: "rwset",
}

/// Messages of gRPC itself.
pub mod google {
    pub mod rpc {
        include!("../generated/google.rpc.rs");
    }
}

/// Services of gRPC itself.
pub mod grpc {
    pub mod health {
        pub mod v1 {
            include!("../generated/grpc.health.v1.rs");
        }
    }
}

/// The largest message that Fabric's peers and orderers send or accept by default, in bytes (100 MiB).
pub const MAX_MESSAGE_BYTES: usize = 100 * 1024 * 1024;
