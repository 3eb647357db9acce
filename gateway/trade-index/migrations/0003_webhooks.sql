-- Where events are sent. These rows do not follow from blocks: they stay when what was read is forgotten.
CREATE TABLE webhook (
    reader_id BIGINT NOT NULL,
    -- The organization that has made it; a gateway may serve several.
    organization VARCHAR(255) NOT NULL,
    webhook_id VARCHAR(64) NOT NULL,
    url TEXT NOT NULL,
    -- The names of events that are wanted, a JSON array.
    event_names TEXT NOT NULL,
    secret TEXT NOT NULL,
    -- Signs as well, until that moment (milliseconds since 1970).
    former_secret TEXT NOT NULL,
    former_until BIGINT NOT NULL,
    -- Why nothing is sent any more; empty while something is.
    stopped TEXT NOT NULL,
    -- The last event that was delivered or is not wanted, with the digest of its block; -1 before the first.
    after_block BIGINT NOT NULL,
    after_place BIGINT NOT NULL,
    after_header VARCHAR(64) NOT NULL,
    -- How often the next event was tried in vain, since when, and when it is tried again (milliseconds since 1970).
    failures BIGINT NOT NULL,
    failing_since BIGINT NOT NULL,
    due BIGINT NOT NULL,
    -- Counted up with each change by its organization, so that a delivery in work does not take it back.
    generation BIGINT NOT NULL,
    -- Which process sends, and until when no other does.
    leased_by VARCHAR(64) NOT NULL,
    leased_until BIGINT NOT NULL,
    PRIMARY KEY (reader_id, organization, webhook_id)
);

-- What became of the last tries, numbered from 0 for each webhook.
CREATE TABLE webhook_delivery (
    reader_id BIGINT NOT NULL,
    organization VARCHAR(255) NOT NULL,
    webhook_id VARCHAR(64) NOT NULL,
    number BIGINT NOT NULL,
    block BIGINT NOT NULL,
    place BIGINT NOT NULL,
    tried_at BIGINT NOT NULL,
    milliseconds BIGINT NOT NULL,
    -- The answer's status; 0 when there was none.
    status BIGINT NOT NULL,
    failure TEXT NOT NULL,
    PRIMARY KEY (reader_id, organization, webhook_id, number)
);
