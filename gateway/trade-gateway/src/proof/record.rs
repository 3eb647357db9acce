//! The record that a read is to show with the transaction that wrote it last.

use trade_index::Resource;

use super::view::ProvenEntry;
use crate::ledger::Evaluated;

/// A record of a list.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// The list.
    pub(crate) resource: &'static Resource,
    /// The parts of its key.
    pub(crate) key: Vec<String>,
}

impl Record {
    /// The entries of the record and of what belongs to it from which an answer was read, the last one that was written
    /// first; none when an answer does not tell them one by one.
    pub(crate) fn entries(&self, read: &Evaluated) -> Option<Vec<ProvenEntry>> {
        let is_summed = |table: &str| read.summed.iter().any(|summed| summed == table);
        if is_summed(self.resource.table) || self.resource.parts.iter().any(|part| is_summed(part.table)) {
            return None;
        }
        let mut entries: Vec<ProvenEntry> = Vec::new();
        for one in &read.reads {
            let Some(part) = self.resource.entry_name(&self.key, &one.key) else { continue };
            if entries.iter().all(|known| known.key != one.key) {
                let (part, key) = (part.to_owned(), one.key.clone());
                entries.push(ProvenEntry { part, key, block: one.block, place: one.place });
            }
        }
        entries.sort_by(|one, other| (other.block, other.place, &one.key).cmp(&(one.block, one.place, &other.key)));
        Some(entries).filter(|entries| !entries.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Read;

    #[test]
    fn the_entry_that_was_written_last_is_the_first_of_the_records_own() {
        let resource = Resource::find("declarations").expect("a list");
        let record = Record { resource, key: vec!["AMSP".into(), "1".into()] };
        let read =
            |key: &[&str], block, place| Read { key: key.iter().map(|part| (*part).into()).collect(), block, place };
        let own = read(&["declaration", "AMSP", "1"], 7, 3);
        let reads = vec![
            own.clone(),
            read(&["members"], 20, 0),
            read(&["declaration", "AMSP", "2"], 19, 0),
            read(&["decision", "AMSP", "1", "0"], 9, 1),
            read(&["decision", "AMSP", "1", "1"], 9, 2),
            own,
        ];
        let told = |read: Evaluated| {
            let entries = record.entries(&read)?;
            Some(entries.into_iter().map(|entry| (entry.part, entry.block, entry.place)).collect::<Vec<_>>())
        };
        let decision = |place| ("decisions_made".to_owned(), 9, place);
        let expected = vec![decision(2), decision(1), ("record".to_owned(), 7, 3)];
        assert_eq!(told(Evaluated { reads: reads.clone(), ..Evaluated::default() }), Some(expected));
        // Of what the peer sums up, nobody knows which entry was written last.
        assert_eq!(told(Evaluated { reads, summed: vec!["decision".into()], ..Evaluated::default() }), None);
        assert_eq!(told(Evaluated::default()), None);
    }
}
