//! The schemas that `rutter schema` prints, held against what editors and validators make of them.
//!
//! Every sound file of the repository is accepted by both validators. A broken file says in a comment whether a schema
//! can see its fault: `# schema: sees`, `# schema: cannot see, WHY`. Both validators agree with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rutter::settings::{Environment, Settings, SettingsOverrides};
use rutter_manifest::Manifest;
use rutter_plugin::fixture::bare;
use rutter_simcloud::World;
use rutter_tests::book::Page;
use rutter_tests::editor::{Asked, Complaints, File, ask};
use rutter_tests::{Bench, overlay};
use toml::{Table, Value};

/// Prints schemas, each once, and remembers where it put them.
struct Schemas {
    bench: Bench,
    made: BTreeMap<Vec<String>, PathBuf>,
}

impl Schemas {
    fn new() -> Self {
        Self {
            bench: Bench::default(),
            made: BTreeMap::new(),
        }
    }

    async fn get(&mut self, arguments: &[&str]) -> PathBuf {
        let key: Vec<String> = arguments
            .iter()
            .map(|&argument| argument.to_owned())
            .collect();
        if let Some(made) = self.made.get(&key) {
            return made.clone();
        }
        let ended = self.bench.run(&[&["schema"], arguments].concat()).await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        let path = self
            .bench
            .write(&format!("schema{}.json", self.made.len()), &ended.stdout);
        self.made.insert(key, path.clone());
        path
    }

    /// The schema of a file, by its name and by what lies beside it.
    async fn of(&mut self, path: &Path) -> PathBuf {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("names are text");
        if let Some(stem) = name.strip_suffix(".inputs.toml") {
            let runbook = runbook_of(path, stem).display().to_string();
            return self.get(&["inputs", &runbook]).await;
        }
        match name {
            name if name.ends_with("plugin.toml") => self.get(&["manifest"]).await,
            name if name.ends_with("rutter.toml") => self.get(&["settings"]).await,
            name if name.ends_with("world.toml") => self.get(&["world"]).await,
            _ => self.get(&["runbook"]).await,
        }
    }
}

/// The runbook that a file of inputs is for: its name may have a word more.
fn runbook_of(path: &Path, stem: &str) -> PathBuf {
    let mut stem = stem;
    loop {
        let runbook = path.with_file_name(format!("{stem}.toml"));
        if runbook.exists() {
            return runbook;
        }
        stem = stem
            .rsplit_once('.')
            .expect("there is a runbook beside its inputs")
            .0;
    }
}

/// The TOML files of a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    paths
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of the book's pages, by page and name, written out beside each other.
fn of_book(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let source = Bench::top().join("docs/src");
    for entry in std::fs::read_dir(&source).expect("the book is there") {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("names are text");
        let page = folder.join(name);
        std::fs::create_dir_all(&page).expect("a folder can be made");
        for block in Page::read(name, &read(&path), &source).blocks {
            let words: Vec<&str> = block.info.split_whitespace().collect();
            let file = match words.as_slice() {
                ["toml", "settings", _] => "rutter.toml",
                ["toml", "runbook" | "inputs" | "world" | "manifest", file] => file,
                _ => continue,
            };
            let path = page.join(file);
            std::fs::write(&path, &block.text).expect("a block can be written");
            found.push((path, block.text));
        }
    }
    found
}

#[tokio::test]
async fn both_validators_accept_every_sound_file() {
    let mut schemas = Schemas::new();
    let top = Bench::top();
    let mut paths = files(&top.join("runbooks"));
    paths.retain(|path| !path.ends_with("REQUIREMENTS.toml"));
    paths.extend(files(&top.join("tests/runbooks/inside")));
    paths.push(top.join("runner/simcloud/tests/worlds/everything.world.toml"));
    let plugins = std::fs::read_dir(top.join("plugins")).expect("the plugins are there");
    paths.extend(plugins.map(|entry| entry.expect("it can be listed").path().join("plugin.toml")));
    paths.extend(files(&top.join("tests/runbooks/pretended")));
    let begun = Bench::default();
    let shop = begun.path().join("shop").display().to_string();
    let ended = begun.run(&["init", &shop]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    paths.extend(files(Path::new(&shop)));
    let mut sound: Vec<(PathBuf, String)> = paths
        .into_iter()
        .map(|path| (path.clone(), read(&path)))
        .collect();
    sound.extend(of_book(&begun.path().join("book")));

    let mut asked = Vec::new();
    for (path, text) in &sound {
        let schema = match path
            .parent()
            .is_some_and(|folder| folder.ends_with("pretended"))
        {
            true => schemas.get(&["manifest"]).await,
            false => schemas.of(path).await,
        };
        let file = File::new(&schema, text);
        asked.push((schema, path, file));
    }
    // A validator keeps few schemas at a time.
    asked.sort_by(|one, other| one.0.cmp(&other.0));
    let paths: Vec<&PathBuf> = asked.iter().map(|(_, path, _)| *path).collect();
    let files: Vec<File> = asked.into_iter().map(|(_, _, file)| file).collect();
    let said = ask(&files, &[]);
    let refused: Vec<String> = paths
        .iter()
        .zip(&said.files)
        .filter(|(_, said)| !said.ajv.is_empty() || !said.taplo.is_empty())
        .map(|(path, said)| format!("{}: {said:?}", path.display()))
        .collect();
    assert!(paths.len() > 110, "only {} files", paths.len());
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// What the comment of a broken file says: whether a schema sees the fault.
fn seen(text: &str) -> Result<bool, String> {
    let mut lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("# schema: "));
    match lines.next() {
        Some("sees") => Ok(true),
        Some(line)
            if line
                .strip_prefix("cannot see, ")
                .is_some_and(|why| why.len() > 5) =>
        {
            Ok(false)
        }
        _ => Err("it does not say `# schema: sees` or `# schema: cannot see, WHY`".to_owned()),
    }
}

/// Whether the program refuses a file of settings, a world or a manifest.
fn refused(path: &Path) -> bool {
    let text = read(path);
    let name = path.display().to_string();
    if name.ends_with("world.toml") {
        return World::from_toml(&text, &name).is_err();
    }
    if name.ends_with("plugin.toml") {
        return Manifest::parse(&text).is_err();
    }
    let nothing = SettingsOverrides::default();
    let environment = Environment::given([("HOME", "/")]);
    Settings::parse(&text, path, &nothing, environment).is_err()
}

fn disagreement(text: &str, said: &Complaints) -> Option<String> {
    let seen = match seen(text) {
        Ok(seen) => seen,
        Err(problem) => return Some(problem),
    };
    let fits = said.ajv.is_empty() != seen && said.taplo.is_empty() != seen;
    (!fits).then(|| {
        format!(
            "it says that a schema {} it: {said:?}",
            if seen { "sees" } else { "cannot see" }
        )
    })
}

#[tokio::test]
async fn both_validators_refuse_what_a_schema_can_see_and_nothing_else() {
    let mut schemas = Schemas::new();
    let folder = Bench::top().join("tests/runbooks/invalid");
    // The plugins that these runbooks use are pretended ones.
    let mut arguments = vec!["runbook".to_owned()];
    let mut shipped = BTreeSet::from(["create-role", "copy-image"]);
    for path in files(&Bench::top().join("tests/runbooks/pretended")) {
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("names are text");
        // One of the same name as a plugin that ships would never be found.
        let place = if shipped.remove(name) {
            "beside"
        } else {
            "plugins"
        };
        std::fs::create_dir_all(schemas.bench.path().join(place)).expect("a folder can be made");
        let file = schemas
            .bench
            .path()
            .join(place)
            .join(format!("{name}.wasm"));
        std::fs::write(&file, bare(&read(&path))).expect("a plugin can be written");
        arguments.extend(["--plugin".to_owned(), file.display().to_string()]);
    }
    let plugins = schemas.bench.path().join("plugins").display().to_string();
    schemas.bench.set("RUTTER_PLUGIN_PATH", plugins);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut broken = files(&folder);
    broken.extend(files(&folder.join("inside")));
    let other = files(&Bench::top().join("tests/editor/broken"));
    for path in &other {
        assert!(refused(path), "{} is sound", path.display());
    }
    broken.extend(other);
    let mut asked = Vec::new();
    for path in &broken {
        let is_runbook =
            path.starts_with(&folder) && !path.display().to_string().ends_with(".inputs.toml");
        let schema = match is_runbook {
            true => schemas.get(&arguments).await,
            false => schemas.of(path).await,
        };
        asked.push(File::new(&schema, &read(path)));
    }
    let said = ask(&asked, &[]);
    let wrong: Vec<String> = broken
        .iter()
        .zip(asked.iter().zip(&said.files))
        .filter_map(|(path, (file, said))| Some((path, disagreement(&file.text, said)?)))
        .map(|(path, problem)| format!("{}: {problem}", path.display()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The cases of a table in `tests/bad/`, each laid over the example that it names, with what it says of schemas.
fn bad_cases(name: &str) -> Vec<(&'static str, String)> {
    let folder = Bench::top();
    let table = |file: String| -> Table {
        let text = read(&folder.join(&file));
        toml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
    };
    let cases = table(format!("tests/bad/{name}.toml"));
    let mut texts = Vec::new();
    for kind in ["input", "world"] {
        let ending = if kind == "input" { "inputs" } else { "world" };
        for case in cases
            .get(kind)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let word = |key: &str| case.get(key).and_then(Value::as_str);
            let usual = format!("{name}.{ending}.toml");
            let mut laid = table(format!("runbooks/{}", word(ending).unwrap_or(&usual)));
            let set = case.get("set").and_then(Value::as_table);
            for (path, value) in set.into_iter().flatten() {
                overlay::set(&mut laid, path, value.clone());
            }
            let removed = case.get("remove").and_then(Value::as_array);
            for path in removed.into_iter().flatten().filter_map(Value::as_str) {
                overlay::remove(&mut laid, path);
            }
            let says = word("schema").unwrap_or("cannot see, it is well formed");
            texts.push((ending, format!("{laid}\n# schema: {says}\n")));
        }
    }
    texts
}

#[tokio::test]
async fn both_validators_agree_on_what_runbooks_refuse() {
    let mut schemas = Schemas::new();
    let mut asked = Vec::new();
    for path in files(&Bench::top().join("tests/bad")) {
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("names are text");
        let runbook = Bench::top()
            .join(format!("runbooks/{name}.toml"))
            .display()
            .to_string();
        for (ending, text) in bad_cases(name) {
            let schema = match ending {
                "inputs" => schemas.get(&["inputs", &runbook]).await,
                _ => schemas.get(&["world"]).await,
            };
            asked.push(File::new(&schema, &text));
        }
    }
    let said = ask(&asked, &[]);
    let wrong: Vec<String> = asked
        .iter()
        .zip(&said.files)
        .filter_map(|(file, said)| {
            Some(format!(
                "{}\n{}",
                disagreement(&file.text, said)?,
                file.text
            ))
        })
        .collect();
    assert!(asked.len() > 250, "only {} cases", asked.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_editor_offers_the_inputs_of_the_plugin_in_with() {
    let mut schemas = Schemas::new();
    let all = schemas.get(&["runbook"]).await;
    let one = schemas.get(&["runbook", "--plugin", "create-role"]).await;
    let other = schemas
        .get(&["runbook", "--plugin", "release-instance"])
        .await;
    let step = |uses: &str| {
        format!(
            "schema = 1\n[runbook]\nname = \"a\"\n[[steps]]\nid = \"a\"\nuses = \"{uses}\"\nwith.|x = 1\n"
        )
    };
    let (role, instance) = (step("create-role"), step("release-instance"));
    let asked = [
        Asked::new(&all, &role),
        Asked::new(&all, &instance),
        Asked::new(&one, &role),
        Asked::new(&other, &instance),
    ];
    let said = ask(&[], &asked).completions;
    let offers = |at: usize, label: &str, plugin: &str| {
        let mut offered = said[at].iter().filter(|offered| offered.label == label);
        offered.any(|offered| offered.says.contains(&format!("input of `{plugin}`")))
    };
    // The editor offers what any plugin takes, and says of each input whose it is.
    for at in [0, 1] {
        assert!(
            offers(at, "with.trusted_account", "create-role"),
            "{said:?}"
        );
        assert!(offers(at, "with.instance", "release-instance"), "{said:?}");
    }
    // Where only one is described, it offers only that one's.
    assert!(offers(2, "with.trusted_account", "create-role"), "{said:?}");
    assert!(!offers(2, "with.instance", "release-instance"), "{said:?}");
    assert!(offers(3, "with.instance", "release-instance"), "{said:?}");
    assert!(
        !offers(3, "with.trusted_account", "create-role"),
        "{said:?}"
    );
}

#[tokio::test]
async fn a_schema_of_an_unknown_plugin_is_refused_with_the_nearest_name() {
    let bench = Bench::default();
    let ended = bench
        .run(&["schema", "runbook", "--plugin", "create-rol"])
        .await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(
        ended.stderr.contains("there is no plugin `create-rol`"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("did you mean `create-role`?"),
        "{}",
        ended.stderr
    );
}
