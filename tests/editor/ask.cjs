// Asks two validators about files, and an editor's language server for completions.
//
//     node ask.cjs MODULES < JOB
//
// MODULES is the folder in which the packages of package.json are installed. The job is JSON:
// `files`: each `{ schema, text, value }`, the path of a schema, the TOML text, and the same as JSON, or null where
// it is none; `completions`: each `{ schema, text, line, character }`. The answer, JSON on standard output, has a list
// of complaints of each validator for each file, and the labels of each completion.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");
const { pathToFileURL } = require("node:url");

const modules = createRequire(path.join(path.resolve(process.argv[2]), "package.json"));
const Ajv = modules("ajv");
const { TaploLsp } = modules("@taplo/lsp");

const ANSWER_MS = 20_000;

// The language server asks for a catalogue of schemas before it is told that there is none.
const noNetwork = async () => {
  throw new Error("there is no network here");
};
globalThis.fetch = noNetwork;

function environment() {
  return {
    now: () => new Date(),
    envVar: () => "",
    envVars: () => [],
    stdErrAtty: () => false,
    stdin: async () => new Uint8Array(),
    stdout: async (bytes) => bytes.length,
    stderr: async (bytes) => bytes.length,
    glob: () => [],
    readFile: async (file) => new Uint8Array(fs.readFileSync(file)),
    writeFile: async () => {},
    urlToFilePath: (url) => decodeURIComponent(url.replace(/^file:\/\//, "")),
    isAbsolute: (file) => path.isAbsolute(file),
    cwd: () => process.cwd(),
    findConfigFile: () => undefined,
  };
}

// A client of the language server that knows no more than the protocol.
class Editor {
  static async start() {
    const editor = new Editor();
    editor.answers = new Map();
    editor.published = new Map();
    editor.last = 0;
    const configured = new Promise((resolve) => (editor.configured = resolve));
    editor.server = await TaploLsp.initialize(environment(), { onMessage: (message) => editor.hear(message) });
    const root = "file:///editor";
    const folders = [{ uri: root, name: "editor" }];
    await editor.call("initialize", { processId: null, rootUri: root, workspaceFolders: folders, capabilities: {} });
    editor.note("initialized", {});
    await configured;
    // What the configuration changes is not told.
    await new Promise((resolve) => setTimeout(resolve, 500));
    return editor;
  }

  hear(message) {
    if (message.method === "workspace/configuration") {
      const settings = {
        schema: { enabled: true, catalogs: [], associations: {} },
        taplo: { configFile: { enabled: false } },
        completion: { maxKeys: 5 },
      };
      this.send({ id: message.id, result: message.params.items.map(() => settings) });
      this.configured();
    } else if (message.method === "textDocument/publishDiagnostics") {
      this.published.get(message.params.uri)?.(message.params.diagnostics);
    } else if (message.id !== undefined && message.method === undefined) {
      this.answers.get(message.id)?.(message);
    } else if (message.id !== undefined) {
      this.send({ id: message.id, result: null });
    }
  }

  send(message) {
    this.server.send({ jsonrpc: "2.0", ...message });
  }

  note(method, params) {
    this.send({ method, params });
  }

  call(method, params) {
    const id = ++this.last;
    const answer = new Promise((resolve) => this.answers.set(id, resolve));
    this.send({ id, method, params });
    return inTime(answer, method);
  }

  // Opens a text that names its schema, and returns its address and what the server complains of. It tells three
  // times: of the syntax, of keys, and of the schema; and no more once it has something to complain of.
  async open(text, schema) {
    const uri = `file:///editor/${++this.last}.toml`;
    const directive = `#:schema ${pathToFileURL(schema)}\n`;
    const published = new Promise((resolve) => {
      let told = 0;
      this.published.set(uri, (diagnostics) => {
        told += 1;
        if (told === 3 || diagnostics.length > 0) resolve(diagnostics);
      });
    });
    const document = { uri, languageId: "toml", version: 1, text: directive + text };
    this.note("textDocument/didOpen", { textDocument: document });
    return [uri, await inTime(published, "diagnostics")];
  }

  async complete({ text, schema, line, character }) {
    const [uri] = await this.open(text, schema);
    // The directive is one line more.
    const position = { line: line + 1, character };
    const answer = await this.call("textDocument/completion", { textDocument: { uri }, position });
    return (answer.result ?? []).map((item) => ({ label: item.label, says: item.documentation?.value ?? "" }));
  }
}

function inTime(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in time: ${what}`)), ANSWER_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function main() {
  const job = JSON.parse(fs.readFileSync(0, "utf8"));
  const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
  const compiled = new Map();
  const validator = (schema) => {
    if (!compiled.has(schema)) compiled.set(schema, ajv.compile(JSON.parse(fs.readFileSync(schema, "utf8"))));
    return compiled.get(schema);
  };
  const editor = await Editor.start();
  const files = [];
  for (const { schema, text, value } of job.files) {
    const check = validator(schema);
    const sound = value !== null && check(value);
    const ajvSays = value === null ? ["no TOML"] : sound ? [] : check.errors.map((e) => `${e.instancePath} ${e.message}`);
    const [, diagnostics] = await editor.open(text, schema);
    files.push({ ajv: ajvSays, taplo: diagnostics.map((one) => one.message) });
  }
  const completions = [];
  for (const asked of job.completions) completions.push(await editor.complete(asked));
  fs.writeSync(1, JSON.stringify({ files, completions }));
  process.exit(0);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
