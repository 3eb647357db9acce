//! The private data collection that each organization has of its own.
//!
//! Fabric gives every organization an *implicit* collection, and that one cannot be closed: it has no member-only read,
//! so a peer hands its values to every reader of the channel who asks for blocks with private data. Therefore each
//! organization has an explicit collection, which the chaincode's definition lists. The definition and the contracts
//! take its name from here.

/// The name of an organization's own collection: `private-`, then the MSP id with `_` for each dot, because Fabric
/// allows no dots in names of collections. MSP ids have no `_`, so no two organizations share a name.
pub fn organization_collection(msp_id: &str) -> String {
    format!("private-{}", msp_id.replace('.', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_organization_has_a_name_that_fabric_takes() {
        assert_eq!(organization_collection("ExporterMSP"), "private-ExporterMSP");
        assert_eq!(organization_collection("exporter.example-1"), "private-exporter_example-1");
    }
}
