// The chain, the proofs of its hops and the proofs of its keys, on @noble/curves: written anew, with
// whole numbers where ours has libsodium. Reads lines of JSON, each [kind, question], and answers each with one line.
//
// Bytes are hexadecimal, and base64url in key files. Nothing here is constant-time: test keys only.

import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { mulAddUnsafe } from "@noble/curves/abstract/curve.js";
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";

const { Point } = ristretto255;
const G = Point.BASE;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const DST = "SIGNAL-INDEX-V01-CS01-with-ristretto255_XMD:SHA-512_R255MAP_RO_";

/** What was asked to be judged is not well-formed or not true; any other error is a fault in this file. */
class Refused extends Error {}

function demand(condition) {
  if (!condition) throw new Refused();
}

// Numbers and points.

const modulo = (number) => ((number % ORDER) + ORDER) % ORDER;
const littleEndian = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
const sha512 = (...parts) => createHash("sha512").update(Buffer.concat(parts)).digest();
const hashedToScalar = (...parts) => modulo(littleEndian(sha512(...parts)));
const hashedToPoint = (text) => ristretto255_hasher.hashToCurve(Buffer.from(text), { DST });

function scalar(bytes) {
  const number = littleEndian(bytes);
  demand(bytes.length === 32 && number > 0n && number < ORDER);
  return number;
}

function scalarBytes(number) {
  return Buffer.from(number.toString(16).padStart(64, "0"), "hex").reverse();
}

function point(bytes) {
  let found;
  try {
    found = Point.fromBytes(bytes);
  } catch {
    throw new Refused();
  }
  demand(!found.is0());
  return found;
}

const times = (number, point) => point.multiplyUnsafe(modulo(number));

/** The sum of numbers times points. */
function sumOf(numbers, points) {
  return mulAddUnsafe(Point, points, numbers);
}

// The canonical encoding: label, number of fields, fields; each with its length before it, numbers in eight bytes.

function bigEndian(size, number) {
  return Buffer.from(number.toString(16).padStart(2 * size, "0"), "hex");
}

function encode(label, ...fields) {
  const withLength = (bytes) => Buffer.concat([bigEndian(4, bytes.length), bytes]);
  const asBytes = (field) => (typeof field === "number" ? bigEndian(8, field) : Buffer.from(field));
  const parts = fields.map((field) => withLength(asBytes(field)));
  return Buffer.concat([withLength(Buffer.from(label)), bigEndian(4, fields.length), ...parts]);
}

// A statement is a list of equations [image, [position of the secret, base], ...] that hold for the same secrets.

function challenge({ context, secrets, equations }, commitments) {
  const told = equations.map(([image, ...terms]) =>
    encode("equation", image.toBytes(), ...terms.flatMap(([position, base]) => [position, base.toBytes()])),
  );
  const committed = Buffer.concat(commitments.map((each) => each.toBytes()));
  return hashedToScalar(encode("signal-index sigma proof 1", context, secrets, Buffer.concat(told), committed));
}

function prove(statement, secrets, masks) {
  const commitments = statement.equations.map(([, ...terms]) =>
    sumOf(terms.map(([position]) => masks[position]), terms.map(([, base]) => base)),
  );
  const asked = challenge(statement, commitments);
  const responses = secrets.map((secret, position) => modulo(masks[position] + asked * secret));
  return Buffer.concat([asked, ...responses].map(scalarBytes));
}

function verify(statement, proof) {
  demand(proof.length === 32 * (1 + statement.secrets));
  const [asked, ...responses] = split(proof, 32).map(scalar);
  const commitments = statement.equations.map(([image, ...terms]) =>
    sumOf(
      [ORDER - asked, ...terms.map(([position]) => responses[position])],
      [image, ...terms.map(([, base]) => base)],
    ),
  );
  demand(commitments.every((each) => !each.is0()));
  demand(challenge(statement, commitments) === asked);
}

function split(bytes, size) {
  demand(bytes.length % size === 0);
  return Array.from({ length: bytes.length / size }, (_, place) => bytes.subarray(size * place, size * (place + 1)));
}

// A hop over a list of items: both lists folded into one item each, by weights that hash everything.

function hopSeed({ towards, factor, combined: both, before, after, context }) {
  return sha512(encode("signal-index hop weights 1", context, towards, factor, both, sha512(before), sha512(after)));
}

function hopWeights(seed, count) {
  const start = encode("signal-index weight 1", seed);
  return Array.from({ length: count }, (_, place) => hashedToScalar(start, bigEndian(4, place)));
}

function folded(items, weights) {
  const ciphertexts = split(items, 64).map((item) => split(item, 32).map(point));
  return [0, 1].map((component) => sumOf(weights, ciphertexts.map((item) => item[component])));
}

function hopStatement(hop) {
  const seed = hopSeed(hop);
  const weights = hopWeights(seed, hop.before.length / 64);
  demand(hop.before.length === hop.after.length && weights.length > 0);
  const [[beforeB, beforeC], [afterB, afterC]] = [hop.before, hop.after].map((items) => folded(items, weights));
  const [factor, both, randomness] = [0, 1, 2];
  return {
    context: encode("signal-index hop proof 1", seed),
    secrets: 3,
    equations: [
      [point(hop.factor), [factor, G]],
      [point(hop.combined), [both, G]],
      [afterB, [both, beforeB], [randomness, G]],
      [afterC, [factor, beforeC], [randomness, point(hop.towards)]],
    ],
  };
}

function provenHop({ keys, towards, before, context, randomness, masks }) {
  const [factor, layer] = split(keys, 32).map(scalar);
  const both = modulo(factor * layer);
  const rhos = split(randomness, 32).map(scalar);
  const next = point(towards);
  const after = split(before, 64).flatMap((item, place) => {
    const [b, c] = split(item, 32).map(point);
    return [sumOf([both, rhos[place]], [b, G]), sumOf([factor, rhos[place]], [c, next])];
  });
  const hop = { towards, before, context, after: Buffer.concat(after.map((each) => each.toBytes())) };
  Object.assign(hop, { factor: times(factor, G).toBytes(), combined: times(both, G).toBytes() });
  const weights = hopWeights(hopSeed(hop), rhos.length);
  const total = modulo(weights.reduce((sum, weight, place) => sum + weight * rhos[place], 0n));
  const proof = prove(hopStatement(hop), [factor, both, total], split(masks, 32).map(scalar));
  return { after: hop.after.toString("hex"), proof: proof.toString("hex") };
}

// Public parts of the index and the pseudonymisers, as their key files have them.

function keyStatement(part, towards) {
  const bytes = (name) => Buffer.from(part[name], "base64url");
  const fromFile = (file, name) => point(Buffer.from(file[name], "base64url"));
  const own = (name) => fromFile(part, name);
  const { party, scope, epoch, created } = part;
  if (part.kind === "index-public") {
    return {
      context: encode("signal-index index keys 1", scope, epoch, bytes("hpke_public"), bytes("verify_key"), created),
      secrets: 1,
      equations: [[own("layer"), [0, G]]],
    };
  }
  const canary = towards.kind === "index-public" ? hashedToPoint("nl-bsn:000000000") : fromFile(towards, "canary");
  return {
    context: encode("signal-index pseudonymiser keys 1", party, scope, epoch, bytes("verify_key"), created),
    secrets: 2,
    equations: [
      [own("factor"), [0, G]],
      [own("layer"), [1, fromFile(towards, "layer")]],
      [own("combined"), [1, own("factor")]],
      [own("canary"), [0, canary]],
    ],
  };
}

// The walk of a person, not step by step as ours, but as what each step must amount to: an encryption of a multiple
// of the person's point. Without randomness, only person and pseudonym are told.

function walk({ factor_a, layer_a, factor_b, layer_b, layer_index, closing }) {
  const [Y, T_B, T_I] = [layer_a * layer_b * layer_index, layer_b * layer_index, layer_index].map((secret) =>
    times(secret, G).precompute(6, false),
  );
  const encryption = (content, key, randomness) => [times(randomness, G), content.add(times(randomness, key))];
  const between = (person, [sent, rho_a, rho_b]) => {
    const behind_a = factor_a * layer_a * sent + rho_a;
    const behind_b = factor_b * layer_b * behind_a + rho_b;
    return {
      encrypted: encryption(person, Y, sent),
      after_a: encryption(times(factor_a, person), T_B, behind_a),
      after_b: encryption(times(factor_a * factor_b, person), T_I, behind_b),
    };
  };
  return ({ bsn, randomness }) => {
    const person = bsn === null ? Point.ZERO : hashedToPoint(`nl-bsn:${bsn}`);
    const ends = { person: [person], pseudonym: [times(factor_a * factor_b * closing, person)] };
    const shown = randomness ? { ...ends, ...between(person, randomness.map(fromHex).map(scalar)) } : ends;
    const hex = Object.entries(shown).map(([name, points]) => [name, points.map((each) => each.toHex()).join("")]);
    return Object.fromEntries(hex);
  };
}

// Questions and answers.

const fromHex = (text) => Buffer.from(text, "hex");
const bytesOf = (question) => Object.fromEntries(Object.entries(question).map(([name, hex]) => [name, fromHex(hex)]));

function holds(check) {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

const ANSWERS = {
  walks: ({ keys, people }) => {
    const secrets = Object.entries(bytesOf(keys)).map(([name, bytes]) => [name, scalar(bytes)]);
    return people.map(walk(Object.fromEntries(secrets)));
  },
  proven_hop: (question) => provenHop(bytesOf(question)),
  hop_holds: (question) => {
    const hop = bytesOf(question);
    return holds(() => verify(hopStatement(hop), hop.proof));
  },
  keys_hold: ({ part, towards }) =>
    holds(() => verify(keyStatement(part, towards), Buffer.from(part.proof, "base64url"))),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [kind, question] = JSON.parse(line);
  console.log(JSON.stringify(ANSWERS[kind](question)));
}
