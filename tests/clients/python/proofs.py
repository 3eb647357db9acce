"""What the program, the package for Python and the package for Node each make is taken by the other two.

    python proofs.py PROGRAM MODULES

PROGRAM is `entrepot`, MODULES the folder `node_modules` with the package `entrepot-proofs`.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, cast

from entrepot_proofs import Desk, Opening, ProofError, RecordContext, Witness

#: A bank's report of its own account: the request that is proved without a record beside it.
ENTRY = {
    "entry_id": "E-1",
    "account_holder": "BankMSP",
    "account_servicer_reference": "4711",
    "direction": "credit",
    "booked_on": "2026-01-15",
    "currency": "EUR",
}
OFFER: RecordContext = {"record_type": "offer", "record_id": "O-1", "purpose": "tender", "currency": "EUR"}
#: An amount, and bounds about it.
SECRET, LEAST, MOST = 151_515, 100_000, 200_000
DESK = Desk("BankMSP")

#: Calls a method of the package's desk with arguments from standard input.
NODE = """
const { Desk } = require(process.argv[1] + "/entrepot-proofs");
const [method, args] = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(new Desk({ mspId: "BankMSP" })[method](...args) ?? null));
"""


def run(command: list[str], text: str) -> str:
    ended = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ProofError(ended.stderr)
    return ended.stdout


class Package:
    """The package for Python."""

    def commit(self) -> tuple[str, Opening]:
        committed = DESK.commit(SECRET)
        return committed["commitment"], committed["opening"]

    def prove(self, opening: Opening) -> dict[str, Any]:
        return DESK.prove(ENTRY, [opening])

    def verify(self, request: dict[str, Any]) -> None:
        DESK.verify(request)

    def prove_range(self, witness: Witness) -> dict[str, Any]:
        return dict(DESK.prove_range(witness, LEAST, MOST, OFFER))

    def verify_range(self, made: dict[str, Any], most: int) -> None:
        DESK.verify_range(made["commitment"], made["proof"], LEAST, most, OFFER)


class Node:
    """The package for Node."""

    def __init__(self, modules: str) -> None:
        self.modules = modules

    def commit(self) -> tuple[str, Opening]:
        committed = self.call("commit", SECRET)
        return committed["commitment"], committed["opening"]

    def prove(self, opening: Opening) -> dict[str, Any]:
        return cast("dict[str, Any]", self.call("prove", ENTRY, [opening]))

    def verify(self, request: dict[str, Any]) -> None:
        self.call("verify", request)

    def prove_range(self, witness: Witness) -> dict[str, Any]:
        return cast("dict[str, Any]", self.call("proveRange", witness, LEAST, MOST, OFFER))

    def verify_range(self, made: dict[str, Any], most: int) -> None:
        self.call("verifyRange", made["commitment"], made["proof"], LEAST, most, OFFER)

    def call(self, method: str, *arguments: Any) -> Any:
        return json.loads(run(["node", "--eval", NODE, self.modules], json.dumps([method, arguments])))


class Program:
    """The program's commands, which keep openings in files."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program, self.folder = program, folder

    def commit(self) -> tuple[str, Opening]:
        path = self.folder / "committed"
        commitment = run([self.program, "commit", "--opening", str(path)], str(SECRET)).strip()
        return commitment, cast(Opening, json.loads(path.read_text()))

    def prove(self, opening: Opening) -> dict[str, Any]:
        path = self.folder / "opening"
        path.write_text(json.dumps(opening))
        command = [self.program, "prove", "--request", "-", "--msp-id", "BankMSP", "--opening", str(path)]
        return cast("dict[str, Any]", json.loads(run(command, json.dumps(ENTRY))))

    def verify(self, request: dict[str, Any]) -> None:
        run([self.program, "verify", "--request", "-", "--msp-id", "BankMSP"], json.dumps(request))

    def prove_range(self, witness: Witness) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(run(self.range("prove", MOST), json.dumps(witness))))

    def verify_range(self, made: dict[str, Any], most: int) -> None:
        run([*self.range("verify", most), "--commitment", made["commitment"], "--proof", made["proof"]], "")

    def range(self, command: str, most: int) -> list[str]:
        bounds = [self.program, command, "range", "--least", str(LEAST), "--most", str(most), "--msp-id", "BankMSP"]
        return bounds + [part for name, value in OFFER.items() for part in (f"--{name.replace('_', '-')}", str(value))]


def refused(action: Callable[[], object]) -> None:
    """What is not true is refused, and the refusal does not tell the amount."""
    try:
        action()
    except ProofError as error:
        assert str(SECRET) not in str(error), error
        return
    raise AssertionError("it was not refused")


def main(program: str, modules: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        everybody: list[Package | Node | Program] = [Package(), Node(modules), Program(program, Path(folder))]
        for place, maker in enumerate(everybody):
            commitment, opening = maker.commit()
            request = everybody[place - 1].prove(opening)
            assert request["amount_commitment"] == commitment, request
            made = maker.prove_range({"value": str(SECRET), "blinding": opening["blinding"]})
            assert made["commitment"] == commitment, made
            for verifier in everybody:
                verifier.verify(request)
                refused(lambda: verifier.verify({**request, "entry_id": "E-2"}))
                verifier.verify_range(made, MOST)
                refused(lambda: verifier.verify_range(made, MOST + 1))
            refused(lambda: maker.prove_range({"value": str(SECRET), "blinding": "00"}))
            refused(lambda: maker.prove_range({"value": str(MOST + SECRET)}))
    for amount in (1.5, True, -1, "1"):
        refused(lambda: DESK.commit(cast(int, amount)))
    print("the program and both packages take each other's commitments and proofs")


if __name__ == "__main__":
    main(*sys.argv[1:])
