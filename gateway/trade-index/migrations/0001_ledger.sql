-- What was read from the blocks of one organization's peer. The same text runs on SQLite and on PostgreSQL, where BYTES
-- stands for text that is compared byte by byte.

-- One reader of one channel: an organization. Rows of different readers never meet, since every key begins with it.
CREATE TABLE reader (
    reader_id BIGINT NOT NULL PRIMARY KEY,
    channel VARCHAR(255) NOT NULL,
    organization VARCHAR(255) NOT NULL,
    chaincode VARCHAR(255) NOT NULL,
    next_block BIGINT NOT NULL,
    UNIQUE (channel, organization, chaincode)
);

-- Digest of the declaration that the lists' tables were made of: when it changes, they are made anew. One row.
CREATE TABLE list_form (form VARCHAR(64) NOT NULL PRIMARY KEY);

CREATE TABLE block (
    reader_id BIGINT NOT NULL,
    block BIGINT NOT NULL,
    header_sha256 VARCHAR(64) NOT NULL,
    PRIMARY KEY (reader_id, block)
);

-- The organizations of the channel, by its configuration as of the reader's position.
CREATE TABLE channel_organization (
    reader_id BIGINT NOT NULL,
    organization VARCHAR(255) NOT NULL,
    PRIMARY KEY (reader_id, organization)
);

-- Every transaction of the chaincode, valid or not. `place` counts from 0 within the block.
CREATE TABLE ledger_transaction (
    reader_id BIGINT NOT NULL,
    block BIGINT NOT NULL,
    place BIGINT NOT NULL,
    transaction_id VARCHAR(64) NOT NULL,
    creator VARCHAR(255) NOT NULL,
    certificate_sha256 VARCHAR(64) NOT NULL,
    function_name VARCHAR(255) NOT NULL,
    validation_code BIGINT NOT NULL,
    claimed_at VARCHAR(40) NOT NULL,
    PRIMARY KEY (reader_id, block, place)
);
CREATE INDEX ledger_transaction_id ON ledger_transaction (reader_id, transaction_id);

-- Every value that a key of the chaincode's public state ever had; no value: the key was deleted. `entry_key` is the
-- JSON array of the composite key's parts, the table's name first.
CREATE TABLE entry_version (
    reader_id BIGINT NOT NULL,
    entry_key BYTES NOT NULL,
    block BIGINT NOT NULL,
    place BIGINT NOT NULL,
    entry_value TEXT,
    PRIMARY KEY (reader_id, entry_key, block, place)
);

-- What the blocks show of private values, as they are now: hashes. The values themselves are not in this database.
CREATE TABLE private_hash (
    reader_id BIGINT NOT NULL,
    key_sha256 VARCHAR(64) NOT NULL,
    collection VARCHAR(255) NOT NULL,
    value_sha256 VARCHAR(64) NOT NULL,
    creator VARCHAR(255) NOT NULL,
    PRIMARY KEY (reader_id, key_sha256, collection)
);

-- Whether the organizations that an entry names as its authors have made it: what is wrong with it, empty when nothing
-- is. Entries that name nobody have no row.
CREATE TABLE entry_author (
    reader_id BIGINT NOT NULL,
    entry_key BYTES NOT NULL,
    key_sha256 VARCHAR(64) NOT NULL,
    flaw TEXT NOT NULL,
    PRIMARY KEY (reader_id, entry_key)
);
CREATE INDEX entry_author_hash ON entry_author (reader_id, key_sha256);

CREATE TABLE ledger_event (
    reader_id BIGINT NOT NULL,
    block BIGINT NOT NULL,
    place BIGINT NOT NULL,
    event_name VARCHAR(255) NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (reader_id, block, place)
);

-- Words of records, in small letters, for the search over ids, parties and references.
CREATE TABLE word (
    reader_id BIGINT NOT NULL,
    word BYTES NOT NULL,
    resource VARCHAR(64) NOT NULL,
    id BYTES NOT NULL,
    PRIMARY KEY (reader_id, word, resource, id)
);
CREATE INDEX word_of ON word (reader_id, resource, id);

-- Elements of arrays of records: the items of a transfer, the products of a licence.
CREATE TABLE element (
    reader_id BIGINT NOT NULL,
    element BYTES NOT NULL,
    resource VARCHAR(64) NOT NULL,
    set_name VARCHAR(64) NOT NULL,
    id BYTES NOT NULL,
    PRIMARY KEY (reader_id, element, resource, set_name, id)
);
CREATE INDEX element_of ON element (reader_id, resource, id);
