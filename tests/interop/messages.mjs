// Fills every message of Fabric's generated JavaScript code with values and encodes it. The list of a message's fields is
// read from its generated encoder, because the generated code carries no descriptors.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(import.meta.url);

/** The files whose messages network/fabric-protos knows. */
const FILES = [
    'common/common', 'common/configtx', 'common/configuration', 'common/ledger', 'common/policies',
    'gateway/gateway', 'google/rpc/status',
    'ledger/queryresult/kv_query_result', 'ledger/rwset/rwset', 'ledger/rwset/kvrwset/kv_rwset',
    'msp/identities', 'msp/msp_config', 'msp/msp_principal',
    'orderer/ab', 'orderer/configuration', 'orderer/etcdraft/configuration',
    'peer/chaincode', 'peer/chaincode_event', 'peer/chaincode_shim', 'peer/collection', 'peer/configuration', 'peer/events',
    'peer/policy', 'peer/proposal', 'peer/proposal_response', 'peer/query', 'peer/transaction',
    'peer/lifecycle/lifecycle', 'peer/lifecycle/db', 'peer/lifecycle/chaincode_definition',
];

/** How deep messages are filled; below that a nested message stays empty, which recursive ones need. */
const DEPTH = 3;

/**
 * One list of encodings, in hexadecimal, per message: with all fields set, and once more for each field of a `oneof`,
 * of which only one can be set at a time.
 */
export function messageBytes() {
    for (const file of FILES) {
        const path = require.resolve(`@hyperledger/fabric-protos/lib/${file}_pb.js`);
        require(path);
        encoders(readFileSync(path, 'utf8')).forEach(([name, fields]) => known.set(name, fields));
    }
    const encodings = {};
    for (const [name, fields] of known) {
        const type = find(name);
        encodings[name] = alternatives(type, fields).map((chosen) => Buffer.from(filled(type, chosen, DEPTH).serializeBinary()).toString('hex'));
    }
    return encodings;
}

const known = new Map();

/** Message names and fields, from the generated encoders of one file. */
function encoders(source) {
    const written = source.matchAll(/^proto\.([\w.]+)\.serializeBinaryToWriter = function\(message, writer\) \{\n([\s\S]*?)\n\};/gm);
    return [...written].map(([, name, body]) => [name, body.split(/\n  f = /).slice(1).map((part) => field(name, part))]);
}

function field(message, part) {
    const map = /message\.get(\w+)\(true\);[\s\S]*f\.serializeBinary\((\d+), writer, jspb\.BinaryWriter\.prototype\.write(\w+), jspb\.BinaryWriter\.prototype\.write(\w+)/.exec(part);
    if (map) {
        return { name: map[1], number: Number(map[2]), key: map[3], kind: map[4], map: true, type: subtype(part) };
    }
    const written = /writer\.write(\w+)\(\s*(\d+),/.exec(part);
    const getter = /^message\.get([\w$]+?)(?:_asU8)?\(\);/.exec(part);
    const number = Number(written?.[2]);
    const name = getter?.[1] ?? setterName(message, number);
    if (!written || !name) {
        throw new Error(`cannot read a field of ${message}: ${part}`);
    }
    return { name, number, kind: written[1], type: subtype(part) };
}

/** A field of a oneof is read without its getter: its name stands at its setter. */
function setterName(message, number) {
    const prototype = find(message).prototype;
    return Object.keys(prototype)
        .filter((name) => name.startsWith('set'))
        .map((name) => name.slice(3))
        .find((name) => new RegExp(`[(,] ?${number},|, ${number}\\b`).test(prototype[`set${name}`].toString()));
}

function subtype(part) {
    const match = /([\w.]+)\.serializeBinaryToWriter/.exec(part);
    return match?.[1];
}

function find(name) {
    return name.split('.').reduce((scope, part) => scope[part], globalThis.proto);
}

/** The fields to set together: all, and then for each oneof member all others with this member last. */
function alternatives(type, fields) {
    const members = (type.oneofGroups_ ?? []).flat();
    const plain = fields.filter(({ number }) => !members.includes(number));
    const chosen = members.map((member) => [...plain, ...fields.filter(({ number }) => number === member)]);
    return chosen.length > 0 ? [plain, ...chosen] : [fields];
}

function filled(type, fields, depth) {
    const message = new type();
    for (const field of fields) {
        const { name, number, kind, type: nested } = field;
        const one = (seed) => value(kind.replace(/^(Repeated|Packed)/, ''), nested, seed, depth - 1);
        if (field.map) {
            // An empty message as the value of a map entry is where protobuf libraries differ: leave such maps empty.
            const indexes = kind === 'Message' && (depth <= 1 || isEmpty(nested)) ? [] : [1, 2];
            const entries = message[`get${name}`]();
            indexes.forEach((index) => entries.set(field.key === 'String' ? `key ${index}` : index, one(number + index)));
        } else if (/^(Repeated|Packed)/.test(kind)) {
            setter(message, name)([one(number), one(number + 1)]);
        } else {
            setter(message, name)(one(number));
        }
    }
    return message;
}

/** Names that the library itself uses, such as `setExtension`, carry a dollar sign in generated code. */
function setter(message, name) {
    return (message[`set${name}$`] ?? message[`set${name}`]).bind(message);
}

function value(kind, nested, seed, depth) {
    switch (kind) {
        case 'String':
            return `text ${seed} ü`;
        case 'Bytes':
            return new Uint8Array([0, seed, 255]);
        case 'Bool':
            return true;
        case 'Int32':
        case 'Int64':
            return -1000 - seed;
        case 'Uint32':
            return 4_000_000_000 + seed;
        case 'Uint64':
            return Number.MAX_SAFE_INTEGER - seed;
        case 'Enum':
            return 1;
        case 'Message':
            return nestedMessage(nested, depth);
        default:
            throw new Error(`no value for a field of kind ${kind}`);
    }
}

function nestedMessage(path, depth) {
    const name = fullName(path);
    const type = find(name);
    const fields = known.get(name) ?? wellKnown(name);
    const chosen = alternatives(type, fields).at(-1);
    return depth > 0 ? filled(type, chosen, depth) : new type();
}

function isEmpty(path) {
    return known.get(fullName(path))?.length === 0;
}

/** `proto.common.Envelope`, `common_common_pb.Envelope` and `google_protobuf_timestamp_pb.Timestamp` to message names. */
function fullName(path) {
    if (path.startsWith('proto.')) {
        return path.slice('proto.'.length);
    }
    const [file, ...rest] = path.split('.');
    const message = rest.join('.');
    const scopes = file.startsWith('google_protobuf') ? ['google.protobuf'] : ['common', 'protos', 'msp', 'orderer', 'rwset', 'kvrwset', 'queryresult', 'lifecycle', 'gateway'];
    const scope = scopes.find((candidate) => known.has(`${candidate}.${message}`) || candidate === 'google.protobuf');
    if (!scope) {
        throw new Error(`${path} is not among the known files`);
    }
    return `${scope}.${message}`;
}

function wellKnown(name) {
    const fields = {
        'google.protobuf.Timestamp': [{ name: 'Seconds', number: 1, kind: 'Int64' }, { name: 'Nanos', number: 2, kind: 'Int32' }],
        'google.protobuf.Any': [{ name: 'TypeUrl', number: 1, kind: 'String' }, { name: 'Value', number: 2, kind: 'Bytes' }],
    };
    return fields[name];
}
