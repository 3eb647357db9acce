"""Brings a folder of exports of an enterprise system (ERP) onto the ledger, with Python's standard library alone.

    python3 erp.py FOLDER --gateway HOST:PORT --authority FILE --certificate FILE --key FILE [--program entrepot]

FOLDER holds CSV files as such systems write them (UTF-8, semicolons, `31.01.2026`, `12.844,50`) whose names begin with
their kind, and `partners.json`: which member of the ledger stands behind which number of a customer or account.

    production-*.csv   finished goods         an import by a mapping: events of EPCIS
    shipments-*.csv    goods that are sent    an import by a mapping: offers of custody
    invoices-*.csv     invoices to customers  requests of their own, because amounts are not public
    payments-*.csv     entries of a bank      the same

It can be ended and run again at any moment, by cron for instance: what is on the ledger is not written twice. A file
whose rows all are there moves to FOLDER/done. The rows of a file that have failed stand in FOLDER/failed under its name,
with the reasons; when the file has been corrected, the next run takes it. FOLDER/openings holds what opens the
commitments to amounts: keep it, and keep it secret.
"""

import argparse
import csv
import datetime
import fcntl
import hashlib
import http.client
import io
import json
import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

#: What makes a serial number the name of a thing: one trade item. The prefix 952 is GS1's own, for examples.
ITEMS = "https://id.gs1.org/01/09521234543213/21/"
#: The clock of the system that writes the files, as an offset from UTC.
CLOCK = "+01:00"
#: How often a request is repeated that the gateway does not answer, or cannot answer now.
TRIES = 30
#: The longest pause between two requests, in seconds.
PAUSE_MAX = 10.0

#: Serial numbers as the names of things.
ITEM = {"kind": "prefix", "text": ITEMS}
#: What is the same in each event of a thing that gets its serial number (EPCIS 2.0).
COMMISSIONING = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "ObjectEvent",
    "action": "ADD",
    "bizStep": "commissioning",
    "disposition": "active",
    "eventTimeZoneOffset": CLOCK,
}
#: How the rows of some kinds become requests. What changes every week, the table of customers, is no part of a mapping.
MAPPINGS: dict[str, dict[str, Any]] = {
    "production": {
        "target": "POST /v1/captures",
        "fields": [
            *({"field": f"/document/{name}", "constant": value} for name, value in COMMISSIONING.items()),
            {
                "field": "/document/eventTime",
                "column": "Fertigmeldung",
                "convert": [{"kind": "moment", "format": "DD.MM.YYYY hh:mm", "offset": CLOCK}],
            },
            {"field": "/document/epcList/0", "column": "Seriennummer", "convert": [ITEM]},
        ],
    },
    "shipments": {
        "target": "POST /v1/custody-transfers",
        "fields": [
            {"field": "transfer_id", "column": "Lieferschein"},
            {"field": "/items/0", "column": "Seriennummer", "convert": [ITEM]},
            {"field": "to", "column": "Mitglied"},
            {"field": "condition", "column": "Zustand"},
            {"field": "seal", "column": "Plombe", "optional": True},
        ],
    },
}

Row = dict[str, str]


class Faulty(Exception):
    """Why a row, or a whole file, is not on the ledger: a stable code, and words for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{reason} ({code})")
        self.code, self.reason = code, reason


class Gateway:
    """A gateway, called with the certificate of an organization."""

    def __init__(self, address: str, authority: str, certificate: str, key: str) -> None:
        tls = ssl.create_default_context(cafile=authority)
        tls.load_cert_chain(certificate, key)
        host, _, port = address.removeprefix("https://").rstrip("/").rpartition(":")
        self.connection = http.client.HTTPSConnection(host.strip("[]"), int(port), context=tls, timeout=90)

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of a success. Every request here may be repeated, so one without an answer is."""
        why = ""
        for attempt in range(TRIES):
            wait = min(0.2 * 2**attempt, PAUSE_MAX)
            try:
                self.connection.request(method, path, body, headers or {})
                answer = self.connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException) as error:
                # A connection that has lain still is closed by the gateway; the next one is opened by itself.
                self.connection.close()
                why = str(error) or type(error).__name__
            else:
                if answer.status < 300:
                    return answer.status, text
                problem = problem_of(text)
                if not problem.get("retryable"):
                    raise Faulty(problem.get("code", f"http_{answer.status}"), told(problem))
                why = told(problem)
                wait = min(float(answer.getheader("Retry-After", wait)), PAUSE_MAX)
            time.sleep(wait)
        raise ConnectionError(f"{method} {path}: {why}")

    def read(self, path: str) -> Any:
        return json.loads(self.send("GET", path)[1])

    def write(self, path: str, request: dict[str, Any]) -> None:
        """A write that is done once, however often it is sent: its key is made of what it says."""
        body = json.dumps(request, sort_keys=True).encode()
        key = "erp-" + hashlib.sha256(path.encode() + b"\n" + body).hexdigest()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        for attempt in range(TRIES):
            if self.send("POST", path, body, headers)[0] != 202:
                return
            # The transaction is sent, and whether it is in a block is not known yet.
            time.sleep(min(0.2 * 2**attempt, PAUSE_MAX))
        raise ConnectionError(f"POST {path}: its outcome is not known")

    def bring(self, name: str, mapping: dict[str, Any], file: bytes) -> tuple[dict[str, Any], bytes]:
        """Imports a file by a mapping and waits for its end. Gives back how the import is, and the report of its rows
        that have failed."""
        header = {"Content-Type": "application/json"}
        _, kept = self.send("PUT", f"/v1/import-mappings/{name}", json.dumps(mapping).encode(), header)
        query = urlencode({"mapping": name, "version": json.loads(kept)["version"], "delimiter": "semicolon"})
        view = json.loads(self.send("POST", f"/v1/imports?{query}", file, {"Content-Type": "text/csv"})[1])
        place, wait = f"/v1/imports/{view['id']}", 0.1
        while view["state"] == "running":
            time.sleep(wait)
            wait = min(wait * 2, 2.0)
            view = self.read(place)
        return view, self.send("GET", f"{place}/report")[1]


def problem_of(text: bytes) -> dict[str, Any]:
    """What the gateway says; nothing, where something before it has answered."""
    try:
        problem = json.loads(text)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def told(problem: dict[str, Any]) -> str:
    fields = "; ".join(f"{field['name']}: {field['detail']}" for field in problem.get("fields") or [])
    return ". ".join(part.rstrip(".") for part in [problem.get("title"), problem.get("detail"), fields] if part)


class Openings:
    """Commitments to amounts. What opens one is kept before anything is sent, so that a second run sends the same."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program, self.folder = program, folder

    def commit(self, kind: str, name: str, minor: int) -> tuple[str, dict[str, Any]]:
        """The commitment to the amount of a document, and its opening."""
        kept = self.folder / f"{kind}-{quote(name, safe='')}-{minor}.json"
        if not kept.exists():
            opening, whole = kept.with_suffix(".opening"), kept.with_suffix(".whole")
            opening.unlink(missing_ok=True)
            command = [self.program, "--json", "commit", "--opening", str(opening)]
            ended = subprocess.run(command, input=str(minor), capture_output=True, text=True, check=False)
            if ended.returncode != 0:
                raise Faulty("erp.not_committed", ended.stderr.strip())
            commitment = json.loads(ended.stdout)["commitment"]
            with whole.open("w") as file:
                json.dump({"commitment": commitment, "opening": json.loads(opening.read_text())}, file)
                file.flush()
                os.fsync(file.fileno())
            whole.rename(kept)
            opening.unlink()
        secret = json.loads(kept.read_text())
        return secret["commitment"], secret["opening"]


class Exports:
    """The files of a folder, and how each kind of them is brought onto the ledger."""

    def __init__(self, folder: Path, gateway: Gateway, openings: Openings) -> None:
        self.folder, self.gateway, self.openings = folder, gateway, openings
        self.partners: dict[str, str] = json.loads((folder / "partners.json").read_text(encoding="utf-8"))

    def bring_all(self) -> bool:
        """Brings all files, the goods before what is done with them. Says whether every row is on the ledger."""
        by_row = {"invoices": self.invoice, "payments": self.payment}
        clean = True
        for kind in [*MAPPINGS, *by_row]:
            for path in sorted(self.folder.glob(f"{kind}-*.csv")):
                try:
                    if kind in MAPPINGS:
                        rows, failed, report = self.by_mapping(kind, path)
                    else:
                        rows, failed, report = self.by_row(path, by_row[kind])
                except Faulty as fault:
                    clean = False
                    print(f"{path.name}: {fault}", flush=True)
                    continue
                clean &= failed == 0
                print(f"{path.name}: {rows} rows, {rows - failed} on the ledger, {failed} failed", flush=True)
                self.conclude(path, report if failed else None)
        return clean

    def conclude(self, path: Path, report: bytes | None) -> None:
        """A file without failed rows moves away, under a name that says what it held."""
        written = self.folder / "failed" / path.name
        if report is not None:
            written.write_bytes(report)
            return
        written.unlink(missing_ok=True)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        path.rename(self.folder / "done" / f"{path.stem}-{digest}{path.suffix}")

    def by_mapping(self, kind: str, path: Path) -> tuple[int, int, bytes]:
        view, report = self.gateway.bring(f"erp-{kind}", MAPPINGS[kind], self.with_members(path))
        if view["state"] != "done":
            raise Faulty(view["stopped"], f"The import was stopped with {view['waiting']} rows left.")
        return view["rows"], view["failed"], report

    def with_members(self, path: Path) -> bytes:
        """The file with one column more: the member behind the customer, if there is one."""
        names, rows = read(path)
        file = io.StringIO(newline="")
        table = csv.writer(file, delimiter=";")
        table.writerow([*names, "Mitglied"])
        table.writerows([*row.values(), self.partners.get(row.get("Debitor", ""), "")] for _, row in rows)
        return file.getvalue().encode()

    def by_row(self, path: Path, bring: Callable[[Row], None]) -> tuple[int, int, bytes]:
        """Brings one row after the other. The report has the form of the gateway's."""
        names, rows = read(path)
        failed, report = 0, io.StringIO(newline="")
        table = csv.writer(report)
        table.writerow([*names, "import line", "import code", "import reason"])
        for line, row in rows:
            try:
                bring(row)
            except Faulty as fault:
                failed += 1
                table.writerow([harmless(cell) for cell in row.values()] + [line, fault.code, fault.reason])
        return len(rows), failed, report.getvalue().encode("utf-8-sig")

    def invoice(self, row: Row) -> None:
        """The invoice, whose total the public sees as a commitment, and the opening for the customer. The agreement
        with the customer says when it is due."""
        number = cell(row, "Rechnung")
        total, opening = self.openings.commit("invoice", number, minor(row, "Betrag"))
        request = {
            "invoice_id": number,
            "buyer": self.partner(row, "Debitor"),
            "currency": cell(row, "Währung"),
            "issued_on": day(row, "Datum"),
            "total_commitment": total,
        }
        if row.get("Referenz"):
            request["creditor_reference"] = row["Referenz"]
        self.gateway.write("/v1/invoices", request)
        self.gateway.write(f"/v1/invoices/-/{quote(number, safe='')}/opening", {"private": opening})

    def payment(self, row: Row) -> None:
        """The entry of an account, and its amount for the account's holder."""
        number = cell(row, "Buchung")
        amount, opening = self.openings.commit("entry", number, minor(row, "Betrag"))
        sides = {"H": "credit", "S": "debit"}
        if row.get("S/H") not in sides:
            raise Faulty("erp.value_unknown", "S/H: neither S nor H.")
        request = {
            "entry_id": number,
            "account_holder": self.partner(row, "Konto"),
            "account_servicer_reference": number,
            "direction": sides[row["S/H"]],
            "booked_on": day(row, "Buchungstag"),
            "currency": cell(row, "Währung"),
            "amount_commitment": amount,
        }
        if row.get("Referenz"):
            request["creditor_reference"] = row["Referenz"]
        self.gateway.write("/v1/statement-entries", request)
        self.gateway.write(f"/v1/statement-entries/-/{quote(number, safe='')}/opening", {"private": opening})

    def partner(self, row: Row, column: str) -> str:
        number = cell(row, column)
        if number not in self.partners:
            raise Faulty("erp.partner_unknown", f"{column}: no member of the ledger stands behind this number.")
        return self.partners[number]


def read(path: Path) -> tuple[list[str], list[tuple[int, Row]]]:
    """The names of a file's columns, and its rows, each with the line on which it ends."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Faulty("erp.encoding", "The file is not UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    found: list[tuple[int, Row]] = []
    try:
        names = list(reader.fieldnames or [])
        for row in reader:
            if None in row or None in row.values():
                raise Faulty("erp.cells_count", f"Line {reader.line_num} has another number of cells than the header.")
            found.append((reader.line_num, {name: value.strip() for name, value in row.items()}))
    except csv.Error as error:
        raise Faulty("erp.malformed", f"Line {reader.line_num}: {error}.") from error
    return names, found


def cell(row: Row, column: str) -> str:
    if not row.get(column):
        raise Faulty("erp.cell_missing", f"{column}: the cell is empty.")
    return row[column]


def minor(row: Row, column: str) -> int:
    """An amount as this system writes it, in minor units: 12.844,50 is 1284450."""
    text = cell(row, column)
    if not re.fullmatch(r"(\d+|\d{1,3}(\.\d{3})+),\d{2}", text, re.ASCII):
        raise Faulty("erp.amount_malformed", f"{column}: not an amount with two decimals, such as 12.844,50.")
    return int(text.replace(".", "").replace(",", ""))


def day(row: Row, column: str) -> str:
    try:
        return datetime.datetime.strptime(cell(row, column), "%d.%m.%Y").date().isoformat()
    except ValueError as error:
        raise Faulty("erp.date_malformed", f"{column}: not a day such as 31.01.2026.") from error


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def main() -> int:
    options = argparse.ArgumentParser(description="Brings a folder of exports onto the ledger.")
    options.add_argument("folder", type=Path)
    for name in ["gateway", "authority", "certificate", "key"]:
        options.add_argument(f"--{name}", required=True)
    options.add_argument("--program", default="entrepot")
    given = options.parse_args()
    os.umask(0o077)
    for name in ["done", "failed", "openings"]:
        (given.folder / name).mkdir(exist_ok=True)
    with (given.folder / "openings" / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another run is at work in this folder", file=sys.stderr)
            return 1
        gateway = Gateway(given.gateway, given.authority, given.certificate, given.key)
        exports = Exports(given.folder, gateway, Openings(given.program, given.folder / "openings"))
        try:
            return 0 if exports.bring_all() else 1
        except ConnectionError as error:
            print(f"the gateway does not answer; run again to go on: {error}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
