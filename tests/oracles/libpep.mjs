// The walk of a person with libpep, the reference implementation of PEP, through its WebAssembly package: encryption
// and hops by its own primitives. Reads lines of JSON, each ["walks", question], and answers each with one line.
// Bytes are hexadecimal.
//
// libpep maps 64 uniform bytes to the group but has no message expansion, so that is written here from RFC 9380.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
// The package's own entry needs a flag of Node.js to import WebAssembly; its web build can be handed the file.
import * as pep from "./node_modules/@nolai/libpep-wasm/pkg-web/libpep.js";

const wasm = new URL("./node_modules/@nolai/libpep-wasm/pkg-web/libpep_bg.wasm", import.meta.url);
pep.initSync({ module: readFileSync(wasm) });

const G = pep.GroupElement.generator();
const IDENTITY = "00".repeat(32);
const DST = "SIGNAL-INDEX-V01-CS01-with-ristretto255_XMD:SHA-512_R255MAP_RO_";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const ciphertext = (text) => pep.ElGamal.fromBytes(Buffer.from(text, "hex"));

/** RFC 9380 section 5.3.1 for 64 bytes of SHA-512, which is one block. */
function expanded(message) {
  const sha512 = (...parts) => createHash("sha512").update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest();
  const tag = [DST, [DST.length]];
  const first = sha512(Buffer.alloc(128), message, [0, 64], [0], ...tag);
  return sha512(first, [1], ...tag);
}

function walk(keys) {
  const { factor_a, layer_a, factor_b, layer_b, layer_index, closing } = keys;
  const T_I = G.mul(layer_index);
  const T_B = T_I.mul(layer_b);
  const Y = T_B.mul(layer_a);
  return ({ bsn, randomness }) => {
    const person = bsn === null ? pep.GroupElement.identity() : pep.GroupElement.fromHash(expanded(`nl-bsn:${bsn}`));
    const [sent, rho_a, rho_b] = randomness.map(pep.ScalarNonZero.fromHex);
    const encrypted = pep.rerandomize(ciphertext(IDENTITY + person.toHex()), Y, sent);
    // libpep has two ways to make a hop, with randomness for the key after it or before it; A takes one, B the other.
    const after_a = pep.rerandomize(pep.rsk(encrypted, factor_a, layer_a.invert()), T_B, rho_a);
    const rho_before = rho_b.mul(factor_b.mul(layer_b).invert());
    const after_b = pep.rrsk(after_a, T_B, rho_before, factor_b, layer_b.invert());
    const pseudonym = pep.decrypt(after_b, layer_index).mul(closing);
    const shown = Object.entries({ person, encrypted, after_a, after_b, pseudonym });
    return Object.fromEntries(shown.map(([name, value]) => [name, hex(value.toBytes())]));
  };
}

function walks({ keys, people }) {
  const secrets = Object.entries(keys).map(([name, text]) => [name, pep.ScalarNonZero.fromHex(text)]);
  return people.map(walk(Object.fromEntries(secrets)));
}

for await (const line of createInterface({ input: process.stdin })) {
  const [, question] = JSON.parse(line);
  console.log(JSON.stringify(walks(question)));
}
