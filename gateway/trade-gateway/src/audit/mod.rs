//! The audit log: one line per decision, each sealed with a key over itself and the line before it.
//!
//! It records who asked for what and how it ended, never a payload. A write has two lines: one before anything of it is
//! done, with the outcome [`BEGUN`], and one with its end. A caller who hangs up before his request is complete has
//! none. Decisions about callers who are not members, and refusals that a member repeats, are counted (see `coalesce`).
//!
//! The seal is HMAC-SHA256 under a key in a file of its own, so a program that can write the log but not read the key
//! can neither change nor add a line. A second file, the anchor, holds the sealed number and seal of the last line, so
//! that a log whose end was cut off is known; and the key's file says that it has sealed lines, so that a log which was
//! emptied together with its anchor is not taken for a new one. A holder of the key, or a program that puts back log
//! and anchor of an earlier day together, is not found by these; the seal of the last line is written to the process
//! log for that, which should be kept elsewhere.
//!
//! The log is a row of files. The one that is written is `audit.jsonl`; the full ones are named after their first line.
//! Together they take a bounded room; before the oldest is deleted, the log of the process warns.
//!
//! Where the log stood at the end of each day is kept in a further file and anchored on the ledger (see `head`), which
//! no holder of the key can change. What is kept is compared with it (see `ledger`), also when older files are deleted:
//! a head stands for all lines before it.

mod anchor;
mod answer;
mod backwards;
mod decision;
mod error;
mod files;
mod head;
mod key;
mod ledger;
mod line;
mod log;
mod reader;
mod verify;

pub use self::{
    answer::{AuditAnswer, AuditRow},
    decision::{BEGUN, CUT, Decision, OTHERS, RESUMED, RETIRED},
    error::{AuditError, Fault, HeadDifference},
    head::{AuditHead, HEADS_FILE, read_heads},
    key::{AuditKey, KEY_FILE},
    ledger::{Anchored, Deposited, verify_anchored},
    line::LOG_FILE,
    log::AuditLog,
    reader::{AuditLine, AuditPage, AuditPlace, AuditReader, Wanted},
    verify::{Cut, Verified, verify},
};
