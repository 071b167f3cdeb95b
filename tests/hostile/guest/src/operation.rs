//! What the actor can do, and does.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::rutter::step::types::{Api, Fault, Find, Passing, Test};
use crate::rutter::step::{accounts, flow, http, log, types};
use crate::variables::Variables;
use crate::{fault, read};

/// An operation, `{ do = "call", … }`. `save` keeps what it gave; `ignore` goes on after a fault.
#[derive(Deserialize)]
pub struct Operation {
    #[serde(flatten)]
    what: What,
    #[serde(default)]
    save: Option<String>,
    #[serde(default)]
    ignore: bool,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
enum What {
    Call {
        #[serde(default = "usual")]
        account: String,
        #[serde(flatten)]
        api: ApiText,
        #[serde(default)]
        reverse: Option<ApiText>,
        #[serde(default)]
        find: Option<FindText>,
    },
    CallAll {
        #[serde(default = "usual")]
        account: String,
        #[serde(flatten)]
        api: ApiText,
    },
    WaitFor {
        #[serde(default = "usual")]
        account: String,
        #[serde(flatten)]
        api: ApiText,
        path: String,
        until: Vec<String>,
        #[serde(default)]
        every_ms: Option<u64>,
        #[serde(default)]
        timeout_ms: Option<u64>,
    },
    Assume {
        #[serde(default = "usual")]
        account: String,
        arn: String,
        #[serde(default)]
        session: String,
        name: String,
    },
    Http {
        #[serde(default)]
        method: Option<String>,
        url: String,
        #[serde(default)]
        headers: Vec<(String, String)>,
        #[serde(default)]
        body: Option<String>,
        #[serde(default)]
        auth: Option<String>,
    },
    Wait {
        ms: u64,
    },
    Log {
        text: String,
    },
    Progress {
        text: String,
    },
    Fail {
        code: String,
        text: String,
    },
    Token {
        purpose: String,
    },
    /// A text so many times.
    Text {
        of: String,
        times: usize,
    },
    /// The hexadecimal SHA-256 of a text with escapes (`\0`) in it.
    Digest {
        of: String,
    },
    Hex {
        of: String,
    },
    Repeat {
        times: u64,
        script: Value,
    },
    /// Memory that is touched.
    Allocate {
        mebibytes: usize,
    },
    Spin,
    Trap,
    /// Ends with this text as outputs, whatever it is.
    End {
        text: String,
    },
}

#[derive(Deserialize)]
struct ApiText {
    product: String,
    action: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    region: Option<String>,
    /// A table, or the text itself.
    #[serde(default)]
    parameters: Value,
}

#[derive(Deserialize)]
struct FindText {
    read: ApiText,
    list: String,
    key: String,
    #[serde(default)]
    equal: BTreeMap<String, Value>,
    #[serde(default)]
    take: bool,
    #[serde(default)]
    gone: bool,
    #[serde(default)]
    marked: bool,
    #[serde(default)]
    answer: Value,
    #[serde(default)]
    passing: Vec<PassingText>,
}

#[derive(Deserialize)]
struct PassingText {
    kind: String,
    read: ApiText,
    list: String,
    id: String,
    remove: ApiText,
    look: ApiText,
    look_list: String,
}

fn usual() -> String {
    "account".to_owned()
}

/// The actor while it plays.
pub struct Stage {
    variables: Variables,
    opened: BTreeMap<String, accounts::Account>,
    results: Vec<Value>,
    ending: Option<String>,
}

impl Stage {
    pub fn new(inputs: &Value) -> Self {
        let mut variables = Variables::default();
        variables.set("inputs", inputs.clone());
        Self {
            variables,
            opened: BTreeMap::new(),
            results: Vec::new(),
            ending: None,
        }
    }

    pub fn know(&mut self, name: &str, value: Value) {
        self.variables.set(name, value);
    }

    pub fn outputs(self) -> String {
        let results = self.results;
        self.ending
            .unwrap_or_else(|| json!({ "results": results }).to_string())
    }

    pub fn play(&mut self, script: &Value) -> Result<(), Fault> {
        for operation in script.as_array().into_iter().flatten() {
            let Operation { what, save, ignore } = read(operation)?;
            let given = match self.act(what) {
                Ok(given) => given,
                Err(fault) if ignore => json!({ "code": fault.code, "message": fault.message }),
                Err(fault) => return Err(fault),
            };
            if let Some(name) = save {
                self.variables.set(&name, given.clone());
            }
            if self.results.len() < 100 {
                self.results.push(given);
            }
        }
        Ok(())
    }

    fn account(&mut self, name: &str) -> Result<&accounts::Account, Fault> {
        if !self.opened.contains_key(name) {
            self.opened.insert(name.to_owned(), accounts::open(name)?);
        }
        Ok(&self.opened[name])
    }

    fn act(&mut self, what: What) -> Result<Value, Fault> {
        match what {
            What::Call {
                account,
                api,
                reverse,
                find,
            } => {
                let api = self.api(&api);
                let reverse = reverse.map(|reverse| self.api(&reverse));
                let find = find.map(|find| self.find(&find));
                let account = self.account(&account)?;
                match find {
                    Some(find) => {
                        let changed = account.change(&api, reverse.as_ref(), &find)?;
                        Ok(json!({ "answer": document(&changed.answer), "made": changed.made }))
                    }
                    None => Ok(document(&account.call(&api, reverse.as_ref())?)),
                }
            }
            What::CallAll { account, api } => {
                let api = self.api(&api);
                Ok(document(&self.account(&account)?.call_all(&api)?))
            }
            What::WaitFor {
                account,
                api,
                path,
                until,
                every_ms,
                timeout_ms,
            } => {
                let api = self.api(&api);
                let until: Vec<String> =
                    until.iter().map(|text| self.variables.text(text)).collect();
                let account = self.account(&account)?;
                let answer = account.wait_for(&api, &path, &until, &[], every_ms, timeout_ms)?;
                Ok(document(&answer))
            }
            What::Assume {
                account,
                arn,
                session,
                name,
            } => {
                let (arn, session) = (self.variables.text(&arn), self.variables.text(&session));
                let assumed = self.account(&account)?.assume_role(&arn, &session)?;
                self.opened.insert(name, assumed);
                Ok(Value::Null)
            }
            What::Http {
                method,
                url,
                headers,
                body,
                auth,
            } => self.http(method, &url, &headers, body.as_deref(), auth.as_deref()),
            other => self.alone(other),
        }
    }

    fn http(
        &mut self,
        method: Option<String>,
        url: &str,
        headers: &[(String, String)],
        body: Option<&str>,
        auth: Option<&str>,
    ) -> Result<Value, Fault> {
        let filled = |text: &str| self.variables.text(text);
        let request = http::Request {
            method: method.unwrap_or_else(|| "GET".to_owned()),
            url: filled(url),
            headers: headers
                .iter()
                .map(|(name, value)| (filled(name), filled(value)))
                .collect(),
            body: body.map(|body| filled(body).into_bytes()),
        };
        let response = http::send(&request, auth)?;
        Ok(json!({
            "status": response.status,
            "headers": response.headers,
            "body": String::from_utf8_lossy(&response.body),
            "json": serde_json::from_slice::<Value>(&response.body).unwrap_or_default(),
        }))
    }

    /// What needs nobody else.
    fn alone(&mut self, what: What) -> Result<Value, Fault> {
        match what {
            What::Wait { ms } => flow::wait(ms).map(|()| Value::Null),
            What::Log { text } => {
                log::log(log::Level::Info, &self.variables.text(&text));
                Ok(Value::Null)
            }
            What::Progress { text } => {
                flow::progress(1, 2, &self.variables.text(&text));
                Ok(Value::Null)
            }
            What::Fail { code, text } => {
                let text = self.variables.text(&text);
                Err(fault(&self.variables.text(&code), text))
            }
            What::Token { purpose } => Ok(flow::token(&self.variables.text(&purpose)).into()),
            What::Text { of, times } => Ok(self.variables.text(&of).repeat(times).into()),
            What::Digest { of } => {
                let text = self.variables.text(&of).replace("\\0", "\0");
                Ok(hex(&Sha256::digest(text.as_bytes())).into())
            }
            What::Hex { of } => Ok(hex(self.variables.text(&of).as_bytes()).into()),
            What::Repeat { times, script } => {
                for _ in 0..times {
                    self.play(&script)?;
                }
                Ok(Value::Null)
            }
            What::Allocate { mebibytes } => {
                let bytes = vec![1_u8; mebibytes << 20];
                Ok(bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>().into())
            }
            What::Spin => loop {
                std::hint::spin_loop();
            },
            What::Trap => std::process::abort(),
            What::End { text } => {
                self.ending = Some(self.variables.text(&text));
                Ok(Value::Null)
            }
            _ => Ok(Value::Null),
        }
    }

    fn api(&self, api: &ApiText) -> Api {
        let text = |text: &String| self.variables.text(text);
        let parameters = match &api.parameters {
            Value::Null => "{}".to_owned(),
            Value::String(written) => self.variables.text(written),
            table => self.variables.fill(table).to_string(),
        };
        Api {
            product: text(&api.product),
            action: text(&api.action),
            version: api.version.as_ref().map(text),
            region: api.region.as_ref().map(text),
            parameters,
        }
    }

    fn find(&self, find: &FindText) -> Find {
        let test = |(at, value): (&String, &Value)| Test {
            at: at.clone(),
            check: types::Check::Equal(self.variables.fill(value).to_string()),
        };
        Find {
            rest: None,
            read: self.api(&find.read),
            all_pages: false,
            list_at: find.list.clone(),
            tests: find.equal.iter().map(test).collect(),
            key: find.key.clone(),
            gone: find.gone,
            take: find.take,
            stays: false,
            marked: find.marked,
            before_back: None,
            fields: Vec::new(),
            passing: find.passing.iter().map(|kind| self.passing(kind)).collect(),
            settle_ms: None,
            answer: self.variables.fill(&find.answer).to_string(),
        }
    }

    fn passing(&self, kind: &PassingText) -> Passing {
        Passing {
            kind: kind.kind.clone(),
            behind: None,
            read: Some(self.api(&kind.read)),
            list_at: kind.list.clone(),
            id: kind.id.clone(),
            remove: Some(self.api(&kind.remove)),
            look: self.api(&kind.look),
            look_list_at: kind.look_list.clone(),
        }
    }
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
