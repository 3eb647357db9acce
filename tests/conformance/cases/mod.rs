//! The cases by chapter.

pub mod evaluate;
