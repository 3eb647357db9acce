"""Builds the wheel (PEP 517): the modules of the package, and the native part that cargo makes for this machine.

It builds the whole workspace as the package for Node does, so that the two together are built once. There is no source
distribution: the crates below lie elsewhere in the repository.
"""

import base64
import hashlib
import json
import subprocess
import sysconfig
import zipfile
from pathlib import Path
from typing import Any, Optional

HERE = Path(__file__).resolve().parent
NAME, VERSION = "entrepot_proofs", "0.1.0"
#: The native part keeps to the stable interface of Python 3.9, so one wheel is for all versions from there.
TAG = "cp39-abi3-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
METADATA = f"""\
Metadata-Version: 2.4
Name: entrepot-proofs
Version: {VERSION}
Summary: Commitments to amounts of money and proofs about them, made in the caller's own process
License-Expression: Apache-2.0
Requires-Python: >=3.9
Description-Content-Type: text/markdown

"""


def build_wheel(
    wheel_directory: str, config_settings: Optional[dict[str, Any]] = None, metadata_directory: Optional[str] = None
) -> str:
    modules = (path for path in (HERE / NAME).iterdir() if path.suffix in {".py", ".pyi", ".typed"})
    files = {f"{NAME}/{path.name}": path.read_bytes() for path in sorted(modules)}
    built = native()
    files[f"{NAME}/_native{'.pyd' if built.suffix == '.dll' else '.abi3.so'}"] = built.read_bytes()
    info = f"{NAME}-{VERSION}.dist-info"
    files[f"{info}/METADATA"] = METADATA.encode() + (HERE / "README.md").read_bytes()
    wheel = f"Wheel-Version: 1.0\nGenerator: entrepot\nRoot-Is-Purelib: false\nTag: {TAG}\n"
    files[f"{info}/WHEEL"] = wheel.encode()
    record = [f"{name},{digest(content)},{len(content)}\n" for name, content in files.items()]
    files[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"]).encode()
    name = f"{NAME}-{VERSION}-{TAG}.whl"
    with zipfile.ZipFile(Path(wheel_directory) / name, "w", zipfile.ZIP_DEFLATED) as made:
        for file, content in files.items():
            made.writestr(file, content)
    return name


def build_sdist(sdist_directory: str, config_settings: Optional[dict[str, Any]] = None) -> str:
    raise NotImplementedError("there is no source distribution: build from the repository")


def native() -> Path:
    command = ["cargo", "build", "--release", "--locked", "--message-format", "json-render-diagnostics"]
    ended = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, check=True)
    messages = [json.loads(line) for line in ended.stdout.splitlines()]
    made = (message for message in messages if message.get("target", {}).get("name") == "entrepot_proofs_python")
    return Path(next(message["filenames"][0] for message in made if message["reason"] == "compiler-artifact"))


def digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
