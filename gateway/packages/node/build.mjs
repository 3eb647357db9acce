// Builds the native part and lays it beside index.js, for this machine's system and processor. It builds the whole
// workspace as the package for Python does, so that the two together are built once.
import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";

const cargo = ["build", "--release", "--locked", "--message-format", "json-render-diagnostics"];
const options = { cwd: new URL("..", import.meta.url), encoding: "utf8", maxBuffer: 64 << 20, stdio: ["ignore", "pipe", "inherit"] };
const messages = execFileSync("cargo", cargo, options).trim().split("\n").map((line) => JSON.parse(line));
const made = messages.find(({ reason, target }) => reason === "compiler-artifact" && target.name === "entrepot_proofs_node");
copyFileSync(made.filenames[0], new URL("entrepot_proofs.node", import.meta.url));
