-- Whether a record has a word is asked of this index alone: without the word in it, SQLite went through all records that
-- have a common word, for each row of a page.
DROP INDEX word_of;
CREATE INDEX word_of ON word (reader_id, resource, id, word);
