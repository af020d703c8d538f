// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pairing values of BLS12-381 by @noble/curves: npm install @noble/curves && node bls12_381_pairing.mjs > ../bls12_381_pairing.json
import {bls12_381 as curve} from '@noble/curves/bls12-381.js';

const hex = (x) => x.toString(16).padStart(96, '0');
const fp2 = (a) => [hex(a.c0), hex(a.c1)];
const cases = [[1n, 1n], [2n, 3n], [0x123456789abcdef0fedcba9876543210n, curve.fields.Fr.ORDER - 5n]].map(([a, b]) => {
  const P = curve.G1.Point.BASE.multiply(a), Q = curve.G2.Point.BASE.multiply(b);
  const e = curve.pairing(P, Q);
  return {
    a: a.toString(16), b: b.toString(16),
    p: P.toHex(true), q: Q.toHex(true),
    gt: [e.c0, e.c1].flatMap((c) => [c.c0, c.c1, c.c2]).flatMap(fp2),
  };
});
console.log(JSON.stringify({
  provenance: 'e(aG1, bG2) by @noble/curves (MIT). p and q: compressed points. gt: coefficients of the tower Fp12 = Fp6[w]/(w^2 - v), '
    + 'Fp6 = Fp2[v]/(v^3 - (1 + u)), in the order c0.c0.c0, c0.c0.c1, c0.c1.c0, ..., hexadecimal.',
  cases,
}, null, 1));
