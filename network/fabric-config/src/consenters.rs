//! What a draft changes about the Raft consenters. They change one at a time, because two majorities, one of the old
//! consenters and one of the new, could otherwise order at once; a further change waits until this one is in a block.

use fabric_protos::{
    etcdraft::{ConfigMetadata, Consenter},
    orderer::ConsensusType,
};
use prost::Message;

use crate::{
    draft::{ConfigDraft, get, set},
    draft_error::DraftError,
    keys, raft,
    spec::ConsenterSpec,
    writer,
};

/// What is to change about a consenter; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsenterChange {
    /// Where it listens.
    pub address: Option<(String, u16)>,
    /// The TLS certificate with which it calls other orderers, PEM.
    pub client_tls_cert: Option<Vec<u8>>,
    /// The TLS certificate that it shows, PEM.
    pub server_tls_cert: Option<Vec<u8>>,
}

impl ConfigDraft<'_> {
    /// Adds an orderer to those that agree on blocks. It has to join the channel afterwards.
    ///
    /// # Errors
    /// [`DraftError::KnownConsenter`], [`DraftError::NotRaft`], [`DraftError::Spec`] for a certificate that is none.
    pub fn add_consenter(&mut self, consenter: &ConsenterSpec) -> Result<(), DraftError> {
        self.edit_consenters(|all| {
            vacant(all, consenter)?;
            all.push(writer::consenter(consenter)?);
            Ok(())
        })
    }

    /// Takes the orderer that the channel has at this address out of those that agree on blocks.
    ///
    /// # Errors
    /// [`DraftError::NoConsenter`], [`DraftError::NotRaft`].
    pub fn remove_consenter(&mut self, host: &str, port: u16) -> Result<(), DraftError> {
        self.edit_consenters(|all| {
            let index = position(all, host, port)?;
            all.remove(index);
            Ok(())
        })
    }

    /// Gives the orderer that the channel has at this address other TLS certificates, another address, or both. One
    /// with another client certificate is to Raft another node in its place.
    ///
    /// # Errors
    /// [`DraftError::NoConsenter`], [`DraftError::KnownConsenter`] when the new address is that of another one,
    /// [`DraftError::NotRaft`], [`DraftError::Spec`] for a certificate that is none.
    pub fn set_consenter(&mut self, host: &str, port: u16, change: ConsenterChange) -> Result<(), DraftError> {
        self.edit_consenters(|all| {
            let index = position(all, host, port)?;
            let old = all[index].clone();
            let address = change.address.unwrap_or_else(|| (host.to_owned(), port));
            let new = ConsenterSpec {
                host: address.0,
                port: address.1,
                client_tls_cert: change.client_tls_cert.unwrap_or(old.client_tls_cert),
                server_tls_cert: change.server_tls_cert.unwrap_or(old.server_tls_cert),
            };
            if (new.host.as_str(), new.port) != (host, port) {
                vacant(all, &new)?;
            }
            all[index] = writer::consenter(&new)?;
            Ok(())
        })
    }

    fn edit_consenters(
        &mut self,
        edit: impl FnOnce(&mut Vec<Consenter>) -> Result<(), DraftError>,
    ) -> Result<(), DraftError> {
        let group = self.group_mut(keys::ORDERER)?;
        let mut consensus: ConsensusType = get(group, keys::CONSENSUS_TYPE)?;
        if consensus.r#type != raft::CONSENSUS_TYPE {
            return Err(DraftError::NotRaft(consensus.r#type));
        }
        let mut metadata = ConfigMetadata::decode(&*consensus.metadata)
            .map_err(|_| DraftError::Malformed("options of the Raft consensus"))?;
        edit(&mut metadata.consenters)?;
        consensus.metadata = metadata.encode_to_vec();
        set(group, keys::CONSENSUS_TYPE, &consensus);
        Ok(())
    }
}

fn position(all: &[Consenter], host: &str, port: u16) -> Result<usize, DraftError> {
    let is_there = |one: &Consenter| one.host == host && one.port == u32::from(port);
    all.iter().position(is_there).ok_or_else(|| DraftError::NoConsenter(format!("{host}:{port}")))
}

fn vacant(all: &[Consenter], consenter: &ConsenterSpec) -> Result<(), DraftError> {
    match position(all, &consenter.host, consenter.port) {
        Ok(_) => Err(DraftError::KnownConsenter(format!("{}:{}", consenter.host, consenter.port))),
        Err(_) => Ok(()),
    }
}
