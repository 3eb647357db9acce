// The functions of the shim benchmark (tests/benches) with the official Node shim.

import shim from 'fabric-shim';

class Bench {
    async Init() {
        return shim.success();
    }

    async Invoke(stub) {
        switch (stub.getFunctionAndParameters().fcn) {
            case 'bench:Noop':
                return shim.success();
            case 'bench:Rmw':
                await stub.putState('key0', await stub.getState('key0'));
                return shim.success();
            default:
                for (let number = 0; number < 10; number++) {
                    const key = `key${number}`;
                    await stub.putState(key, await stub.getState(key));
                }
                return shim.success();
        }
    }
}

const server = shim.server(new Bench(), {
    ccid: `bench:${'0'.repeat(64)}`,
    address: process.argv[2],
});
await server.start();
