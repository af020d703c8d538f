// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random cases for both curves, computed with @noble/curves and this file's own big integers; the tests replay them.
//
//   node generate.mjs <seed> > cases.json
//
// Hexadecimal numbers are big-endian and of full width. Points of G1 are [x, y], of G2 [x.c0, x.c1, y.c0, y.c1], and
// infinity is null. Elements of Fp12 are 12 numbers of the tower Fp2 / Fp6 (v^3 = xi) / Fp12 (w^2 = v), c0.c0.c0 first.
import { createHash } from 'node:crypto';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bn254 } from '@noble/curves/bn254.js';

const seed = process.argv[2] ?? '1';

// --- Deterministic draws ---------------------------------------------------------------------------------------------
let drawn = 0;
const draw256 = () => BigInt('0x' + createHash('sha256').update(`assay oracle ${seed} ${drawn++}`).digest('hex'));
const below = (n) => ((draw256() << 256n) | draw256()) % n;
const small = (n) => Number(below(BigInt(n)));
const signed = (bits) => below(1n << BigInt(bits)) - (1n << BigInt(bits - 1));
const times = (n, f) => Array.from({ length: n }, (_, i) => f(i));

// --- One curve -------------------------------------------------------------------------------------------------------
class Curve {
  constructor(name, curve) {
    this.name = name;
    this.curve = curve;
    this.r = curve.fields.Fr.ORDER;
    this.p = curve.fields.Fp.ORDER;
    this.bytes = name === 'bn254' ? 32 : 48;
    this.G1 = curve.G1.Point;
    this.G2 = curve.G2.Point;
  }
  mod(a) { return ((a % this.r) + this.r) % this.r; }
  inverse(a) { return this.curve.fields.Fr.inv(this.mod(a)); }
  hex(a) { return a.toString(16).padStart(2 * this.bytes, '0'); }
  scalar(a) { return this.mod(a).toString(16).padStart(64, '0'); }
  mul(point, k) {
    const m = this.mod(k);
    return m === 0n ? point.constructor.ZERO : point.multiplyUnsafe(m);
  }
  sum(points) { return points.reduce((a, b) => a.add(b)); }
  point(P) {
    if (P.is0()) return null;
    const { x, y } = P.toAffine();
    return typeof x === 'bigint' ? [this.hex(x), this.hex(y)] : [x.c0, x.c1, y.c0, y.c1].map((c) => this.hex(c));
  }
  random(G) { return this.mul(G.BASE, below(this.r)); }
  fp12(f) {
    const six = ({ c0, c1, c2 }) => [c0, c1, c2].flatMap((two) => [this.hex(two.c0), this.hex(two.c1)]);
    return [...six(f.c0), ...six(f.c1)];
  }
  // A random point of the curve, nearly always outside the subgroup where there is a cofactor.
  anyPoint(G) {
    const two = G === this.G2;
    const F = two ? this.curve.fields.Fp2 : this.curve.fields.Fp;
    const b = two ? this.curve.params.G2b : this.curve.params.G1b;
    for (;;) {
      const x = two ? F.fromBigTuple([below(this.p), below(this.p)]) : below(this.p);
      try {
        let y = F.sqrt(F.add(F.mul(F.sqr(x), x), b));
        if (small(2)) y = F.neg(y);
        return new G(x, y, F.ONE);
      } catch { /* not a square */ }
    }
  }
  inSubgroup(P) { return P.multiplyUnsafe(this.r - 1n).add(P).is0(); }

  // --- Compressed encodings: zcash's for BLS12-381, arkworks's for BN254
  isLarger(y) { return typeof y === 'bigint' ? 2n * y > this.p : y.c1 === 0n ? 2n * y.c0 > this.p : 2n * y.c1 > this.p; }
  compressed(P) {
    const two = P instanceof this.G2, size = two ? 2 * this.bytes : this.bytes;
    const out = Buffer.alloc(size);
    const little = this.name === 'bn254';
    if (P.is0()) {
      if (little) out[size - 1] = 0x40;
      else out[0] = 0xc0;
      return out.toString('hex');
    }
    const { x, y } = P.toAffine();
    const big = two ? this.hex(x.c1) + this.hex(x.c0) : this.hex(x);  // zcash: c1 first; reversed: arkworks's c0 first
    Buffer.from(big, 'hex').copy(out);
    if (little) out.reverse();
    out[little ? size - 1 : 0] |= (little ? 0 : 0x80) | (this.isLarger(y) ? (little ? 0x80 : 0x20) : 0);
    return out.toString('hex');
  }
}

// --- Polynomials over the scalar field, in coefficients: nothing here is shared with the library's evaluation form ----
// Coefficients of the Lagrange polynomials of the nodes 0..n-1.
function lagrangeCoefficients(c, n) {
  return times(n, (i) => {
    let poly = [1n], scale = 1n;
    for (let k = 0; k < n; ++k) {
      if (k === i) continue;
      const next = Array(poly.length + 1).fill(0n);
      poly.forEach((a, e) => {
        next[e + 1] = c.mod(next[e + 1] + a);
        next[e] = c.mod(next[e] - a * BigInt(k));
      });
      poly = next;
      scale = c.mod(scale * BigInt(i - k));
    }
    const inverse = c.inverse(scale);
    return poly.map((a) => c.mod(a * inverse));
  });
}
const evaluate = (c, poly, x) => poly.reduceRight((sum, a) => c.mod(sum * x + a), 0n);
const strides = (extents) => extents.map((_, j) => extents.slice(j + 1).reduce((a, b) => a * b, 1));

// Applies f to every line along an axis of a row-major array.
function mapLines(a, extents, axis, f) {
  const out = a.slice(), step = strides(extents)[axis], n = extents[axis];
  for (let i = 0; i < a.length; ++i) {
    if (Math.floor(i / step) % n !== 0) continue;
    f(times(n, (k) => a[i + k * step])).forEach((v, k) => (out[i + k * step] = v));
  }
  return out;
}
function interpolate(c, values, extents) {
  return extents.reduce((a, n, axis) => {
    const basis = lagrangeCoefficients(c, n);
    return mapLines(a, extents, axis, (line) => times(n, (e) => c.mod(line.reduce((s, v, i) => s + v * basis[i][e], 0n))));
  }, values.map((v) => c.mod(v)));
}
function evaluateMany(c, coefficients, extents, at) {
  return extents.reduce((a, _, axis) => mapLines(a, extents, axis, (line) => [evaluate(c, line, at[axis]), ...line.slice(1).fill(0n)]),
                        coefficients)[0];
}
// f = sum_j (X_j - a_j) q_j + f(a), dividing by axis 0 first.
function divide(c, coefficients, extents, at) {
  let rest = coefficients;
  const quotients = extents.map((_, axis) => {
    const quotient = mapLines(rest, extents, axis, (line) => {
      const q = Array(line.length).fill(0n);
      for (let e = line.length - 1; e > 0; --e) q[e - 1] = c.mod(line[e] + (e < line.length - 1 ? at[axis] * q[e] : 0n));
      return q;
    });
    rest = mapLines(rest, extents, axis, (line) => [evaluate(c, line, at[axis]), ...line.slice(1).fill(0n)]);
    return quotient;
  });
  return { quotients, value: rest[0] };
}

// A polynomial over a grid, opened at points of the grid and off it, with secrets that everybody knows.
function openings(c, extents, bits) {
  const count = extents.reduce((a, b) => a * b, 1);
  const taus = extents.map(() => below(c.r));
  const values = times(count, () => signed(bits));
  const coefficients = interpolate(c, values, extents);
  const secret = evaluateMany(c, coefficients, extents, taus);
  const inGroup = (k) => c.mul(c.G1.BASE, k);
  const basis = extents.map((n, axis) => lagrangeCoefficients(c, n).map((poly) => evaluate(c, poly, taus[axis])));
  const lagrange = times(count, (i) => strides(extents).reduce((a, step, axis) => c.mod(a * basis[axis][Math.floor(i / step) % extents[axis]]), 1n));
  const points = [...times(2, () => extents.map((n) => BigInt(small(n)))), extents.map(() => below(c.r))];
  const opened = points.map((at) => {
    const { quotients, value } = divide(c, coefficients, extents, at);
    const proof = quotients.map((q) => evaluateMany(c, q, extents, taus));
    const check = proof.reduce((sum, q, j) => c.mod(sum + q * (taus[j] - at[j])), value);
    if (check !== secret) throw new Error('the quotients do not add up');
    return { at: at.map((a) => c.scalar(a)), value: c.scalar(value), proof: proof.map((q) => c.point(inGroup(q))) };
  });
  return {
    extents, values: values.map(Number),
    lagrange: lagrange.map((k) => c.point(inGroup(k))), tau_g2: taus.map((t) => c.point(c.mul(c.G2.BASE, t))),
    commitment: c.point(inGroup(secret)), openings: opened,
  };
}

// --- Verkle multiproofs, with a transcript of this file's own ----------------------------------------------------
const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest();
const little = (value, bytes) => Buffer.from(BigInt(value).toString(16).padStart(2 * bytes, '0'), 'hex').reverse();
class Transcript {
  constructor(domain) { this.bytes = []; this.items = 0; this.item(1, '', Buffer.from(domain)); }
  item(type, label, payload) {
    this.bytes.push(Buffer.from([type, label.length]), Buffer.from(label), little(payload.length, 8), payload);
    this.items++;
  }
  u64(label, value) { this.item(2, label, little(value, 8)); }
  raw(label, value) { this.item(3, label, value); }
  digest(label, value) { this.item(4, label, value); }
  finish() {
    const copy = new Transcript('');
    copy.bytes = this.bytes.slice();
    copy.item(0, '', little(this.items, 8));
    return sha256(...copy.bytes);
  }
  challenge(label) { this.item(6, label, Buffer.alloc(0)); return this.finish(); }
  scalar(c, label) {
    const wide = Buffer.concat([this.challenge(label), this.challenge(label)]).reverse();
    return c.mod(BigInt('0x' + wide.toString('hex')));
  }
}
// Coordinates as they lie in a reference string: little-endian, x first.
const rawPoint = (c, P) => Buffer.concat(c.point(P).map((h) => Buffer.from(h, 'hex').reverse()));

function multiproof(c, width, vectors, claimed) {
  const tau = below(c.r), G = (k) => c.mul(c.G1.BASE, k), id = c.name === 'bn254' ? 1 : 2;
  const values = times(vectors, () => times(width, () => signed(16)));
  const polynomials = values.map((v) => interpolate(c, v, [width]));
  const secrets = polynomials.map((f) => evaluate(c, f, tau));
  const commitments = secrets.map(G);
  const claims = times(claimed, () => [small(vectors), small(width)]);
  claims.push(claims[0]);  // one twice

  const lagrange = lagrangeCoefficients(c, width).map((f) => G(evaluate(c, f, tau))), tauG2 = c.mul(c.G2.BASE, tau);
  const srs = new Transcript('assay/v0/srs');
  srs.u64('curve', id);
  srs.u64('rank', 1);
  for (const n of [width, 0, 0, 0, 0, 0, 0, 0]) srs.u64('extent', n);
  srs.u64('points', width);
  srs.digest('lagrange', sha256(...lagrange.map((P) => rawPoint(c, P))));
  srs.u64('variables', 1);
  srs.digest('tau', sha256(rawPoint(c, tauG2)));

  const t = new Transcript('assay/v0/multiproof'), context = sha256('context', seed);
  t.u64('curve', id);
  t.digest('parameters', srs.finish());
  t.u64('width', width);
  t.digest('context', context);
  t.raw('commitments', Buffer.concat(commitments.map((C) => Buffer.from(c.compressed(C), 'hex'))));
  t.raw('claims', Buffer.concat(claims.map(([q, z]) => Buffer.concat([little(q, 4), little(z, 4), little(c.mod(values[q][z]), 32)]))));
  const rho = t.scalar(c, 'rho');
  const powers = claims.map((_, i) => times(i, () => rho).reduce((a, b) => c.mod(a * b), 1n));
  const total = (f) => claims.reduce((sum, [q, z], i) => c.mod(sum + powers[i] * f(q, BigInt(z))), 0n);
  const g = total((q, z) => (secrets[q] - values[q][z]) * c.inverse(tau - z));
  t.raw('quotients', Buffer.from(c.compressed(G(g)), 'hex'));
  const at = t.scalar(c, 't');  // a node with a probability of 2^-250
  const h = total((q, z) => secrets[q] * c.inverse(at - z)), y = total((q, z) => values[q][z] * c.inverse(at - z));
  return {
    values: values.map((v) => v.map(Number)), claims, context: context.toString('hex'),
    lagrange: lagrange.map((P) => c.point(P)), tau_g2: [c.point(tauG2)], commitments: commitments.map((C) => c.point(C)),
    proof: c.compressed(G(g)) + c.compressed(G((h - g - y) * c.inverse(tau - at))),
  };
}

// --- Cases -----------------------------------------------------------------------------------------------------------
function groupCases(c, G, amount) {
  const scalars = [0n, 1n, c.r - 1n, ...times(amount, () => below(c.r)), below(1n << 128n)];
  const P = c.random(G), Q = c.random(G);
  const pairs = [[P, Q], [P, P], [P, P.negate()], [P, G.ZERO], [G.ZERO, Q], ...times(amount, () => [c.random(G), c.random(G)])];
  const encoded = [G.ZERO, G.BASE, G.BASE.negate(), ...times(amount, () => c.random(G))];
  const onCurve = times(amount, () => c.anyPoint(G));
  return {
    mul: scalars.map((k) => {
      const base = c.random(G);
      return { p: c.point(base), k: c.scalar(k), r: c.point(c.mul(base, k)) };
    }),
    add: pairs.map(([a, b]) => ({ a: c.point(a), b: c.point(b), r: c.point(a.add(b)) })),
    msm: [[8, 5], [16, 9], [32, 6], [64, 4]].map(([bits, n]) => msm(c, G, n, () => signed(bits), { bits })),
    msm_full: [1, 7].map((n) => msm(c, G, n, () => below(c.r), {})),
    encodings: encoded.map((p) => ({ p: c.point(p), bytes: c.compressed(p) })),
    on_curve: [G.BASE, ...onCurve].map((p) => ({ p: c.point(p), bytes: c.compressed(p), inside: c.inSubgroup(p) })),
  };
}
function msm(c, G, n, drawScalar, extra) {
  const bases = times(n, () => c.random(G)), scalars = times(n, drawScalar);
  if (n > 4) bases[3] = bases[2], scalars[3] = scalars[2];  // equal bases with equal scalars
  if (n > 5) bases[5] = G.ZERO;
  const r = c.sum(bases.map((b, i) => c.mul(b, scalars[i])));
  return { ...extra, bases: bases.map((b) => c.point(b)), scalars: scalars.map((k) => extra.bits ? `${k}` : c.scalar(k)), r: c.point(r) };
}
function pairingCases(c) {
  const { Fp12 } = c.curve.fields;
  const gt = times(3, (i) => {
    const p = i ? c.random(c.G1) : c.G1.BASE, q = i ? c.random(c.G2) : c.G2.BASE;
    return { p: c.point(p), q: c.point(q), gt: c.fp12(c.curve.pairing(p, q)) };
  });
  const products = [1, 2, 3, 3, 4].map((n, i) => {
    const a = times(n, () => below(c.r)), b = times(n, () => below(c.r));
    const head = a.slice(0, -1).reduce((s, x, k) => c.mod(s + x * b[k]), 0n);
    if (i % 2) a[n - 1] = c.mod(-head * c.inverse(b[n - 1]));  // every second one makes the product 1
    const terms = a.map((x, k) => [c.mul(c.G1.BASE, x), c.mul(c.G2.BASE, b[k])]);
    const product = terms.filter(([p]) => !p.is0()).reduce((f, [p, q]) => Fp12.mul(f, c.curve.pairing(p, q)), Fp12.ONE);
    return { terms: terms.map(([p, q]) => [c.point(p), c.point(q)]), one: Fp12.eql(product, Fp12.ONE) };
  });
  return { gt, products };
}
function curveCases(name, curve) {
  const c = new Curve(name, curve);
  return {
    curve: name,
    g1: groupCases(c, c.G1, 4),
    g2: groupCases(c, c.G2, 2),
    pairing: pairingCases(c),
    polynomials: [[[2], 8], [[7], 16], [[12], 8], [[3, 4], 8], [[5, 2], 16], [[2, 3, 2], 16]].map(([extents, bits]) => openings(c, extents, bits)),
    multiproofs: [[2, 1, 1], [6, 3, 7], [9, 2, 12]].map(([width, vectors, claims]) => multiproof(c, width, vectors, claims)),
  };
}

const cases = { provenance: `tests/oracle/generate.mjs ${seed}, @noble/curves 1.9.7`, seed,
                curves: [curveCases('bn254', bn254), curveCases('bls12-381', bls12_381)] };
process.stdout.write(JSON.stringify(cases, null, 0).replaceAll('},{', '},\n{') + '\n');
