// The functions of the shim benchmark with Fabric's own Go shim, as a server that peers connect to.
package main

import (
	"fmt"
	"os"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

type bench struct{}

func (bench) Init(shim.ChaincodeStubInterface) *peer.Response {
	return shim.Success(nil)
}

func (bench) Invoke(stub shim.ChaincodeStubInterface) *peer.Response {
	function, _ := stub.GetFunctionAndParameters()
	var err error
	switch function {
	case "bench:Noop":
	case "bench:Rmw":
		err = readModifyWrite(stub)
	default:
		err = ten(stub)
	}
	if err != nil {
		return shim.Error(err.Error())
	}
	return shim.Success(nil)
}

func readModifyWrite(stub shim.ChaincodeStubInterface) error {
	value, err := stub.GetState("key0")
	if err != nil {
		return err
	}
	value = append(value[1:], value[0])
	return stub.PutState("key0", value)
}

// Batches where the peer offers them; the shim falls back to single messages by itself.
func ten(stub shim.ChaincodeStubInterface) error {
	keys := make([]string, 10)
	for number := range keys {
		keys[number] = fmt.Sprintf("key%d", number)
	}
	values, err := stub.GetMultipleStates(keys...)
	if err != nil {
		return err
	}
	stub.StartWriteBatch()
	for number, key := range keys {
		if err := stub.PutState(key, values[number]); err != nil {
			return err
		}
	}
	return stub.FinishWriteBatch()
}

func main() {
	server := &shim.ChaincodeServer{
		CCID:     os.Getenv("CHAINCODE_ID"),
		Address:  os.Getenv("CHAINCODE_SERVER_ADDRESS"),
		CC:       bench{},
		TLSProps: shim.TLSProperties{Disabled: true},
	}
	if err := server.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
