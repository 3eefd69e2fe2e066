// node compile.cjs BINDING FOLDER WORLD OUTPUT: entry.js in FOLDER to a component that imports no WASI.
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const [binding, folder, world, output] = process.argv.slice(2);
const entry = join(folder, "entry.js");
const options = {
  witPath: join(folder, "wit"),
  world,
  jsSource: readFileSync(entry, "utf8"),
  jsPath: entry,
  moduleRoot: folder,
  stubWasi: true,
  sync: true, // hosts without the asynchronous ABI of the component model run it too
};

require(binding)
  .componentize(options)
  .then(({ component }) => writeFileSync(output, component))
  .catch((error) => {
    process.stderr.write(`${error?.message ?? error}\n`);
    process.exitCode = 1;
  });
