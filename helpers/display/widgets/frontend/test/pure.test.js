import test from "node:test";
import assert from "node:assert/strict";
import { indentAfter } from "../src/indent.js";
import { replacement } from "../src/edits.js";
import { placeOf } from "../src/complete.js";

test("the next line is indented by what the line opens", () => {
  assert.equal(indentAfter("spec:"), 2);
  assert.equal(indentAfter("  ingress:  # one end"), 4);
  assert.equal(indentAfter("  - from:"), 6);
  assert.equal(indentAfter("    - podSelector:"), 8);
  assert.equal(indentAfter("      app: frontend"), 6);
  assert.equal(indentAfter("    - port: 8080"), 6);
  assert.equal(indentAfter(""), 0);
});

test("a replacement is the smallest one", () => {
  assert.deepEqual(replacement("port: 80", "port: 8080"), { from: 8, to: 8, insert: "80" });
  assert.deepEqual(replacement("aXc", "abc"), { from: 1, to: 2, insert: "b" });
  assert.deepEqual(replacement("aa", "aaa"), { from: 2, to: 2, insert: "a" });
  assert.equal(replacement("same", "same"), null);
});

test("what is being completed is told from the text before the cursor", () => {
  assert.deepEqual(placeOf("  app: ship"), { kind: "value", key: "app", word: "ship" });
  assert.deepEqual(placeOf("    - po"), { kind: "key", key: null, word: "po" });
  assert.deepEqual(placeOf("    - port: "), { kind: "value", key: "port", word: "" });
  assert.equal(placeOf("# app: x"), null);
});
