//! Where a page of a trace begins and ends.

use fabric_contract::KeyPart;
use trade_model::common::{Cursor, EventRecordId, Malformed, NewestFirst};
use trade_model::rejection::RequestRejection;
use trade_standards::time::UtcTime;

/// When something was recorded: in ledger time, and which event of its document it is.
pub(super) type At = (UtcTime, u32);

/// The place of a record among those of a trace; without a record, before all of its moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) at: At,
    pub(super) record_id: Option<EventRecordId>,
}

impl Mark {
    /// The cursor of the page that goes on with what is older.
    pub(super) fn cursor(&self) -> Cursor {
        let record_id = self.record_id.as_ref().map_or("", EventRecordId::as_str);
        Cursor::of_bookmark(format!("{} {record_id}", self.newest().to_part()))
    }

    fn of_cursor(cursor: &Cursor) -> Result<Self, RequestRejection> {
        let read = |text: &str| {
            let (moment, record_id) = text.split_once(' ')?;
            let NewestFirst { at, place } = NewestFirst::from_part(moment)?;
            let record_id = match record_id {
                "" => None,
                record_id => Some(EventRecordId::parse(record_id).ok()?),
            };
            Some(Self { at: (at, place), record_id })
        };
        read(cursor.bookmark()).ok_or_else(|| {
            let malformed = Malformed::new("request.cursor_malformed", "belongs to another list");
            RequestRejection::of("/after", &malformed)
        })
    }

    pub(super) fn newest(&self) -> NewestFirst {
        NewestFirst::new(self.at.0, self.at.1)
    }
}

/// One page of a trace while it is read.
pub(super) struct Page {
    /// It holds only what is older than this.
    pub(super) after: Option<Mark>,
    /// Something older than this was left out, so everything older is for the next page.
    pub(super) cut: Option<Mark>,
    /// Whether no thing was left out that belongs to the trace.
    pub(super) complete: bool,
}

impl Page {
    /// The page that a cursor names; the newest one without a cursor.
    pub(super) fn after(cursor: Option<&Cursor>) -> Result<Self, RequestRejection> {
        Ok(Self { after: cursor.map(Mark::of_cursor).transpose()?, cut: None, complete: true })
    }

    /// Whether something at this mark is for this page or an older one.
    pub(super) fn begins_above(&self, mark: &Mark) -> bool {
        self.after.as_ref().is_none_or(|after| mark < after)
    }

    /// Notes that what is older than the mark was not read.
    pub(super) fn cut_at(&mut self, mark: Mark) {
        self.cut = self.cut.take().max(Some(mark));
    }
}
