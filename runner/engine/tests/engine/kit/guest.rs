//! Guests: what they do next is a function of what they were told so far.

use std::rc::Rc;

use rutter_engine::{
    Api, Ask, Call, Class, Condition, Fault, FaultClass, Find, HostCall, Passing, Principal,
    Repeat, Shows, Target, UndoRequest, Use,
};
use serde_json::{Value, json};

/// What a guest was given and told so far.
pub struct Told<'a> {
    pub inputs: &'a Value,
    pub attempt: u32,
    /// How often it was taken back before.
    pub generation: u32,
    pub undo: Option<&'a UndoRequest>,
    pub answers: &'a [Result<Value, Fault>],
}

/// What a guest does next.
pub enum Act {
    Call(HostCall),
    End(Result<Value, Fault>),
}

/// The code of a guest.
pub type Script = Rc<dyn Fn(&Told<'_>) -> Act>;

/// Makes these calls in turn; lets the first fault through.
pub fn calls(list: Vec<HostCall>) -> impl Fn(&Told<'_>) -> Act {
    move |told| match told.answers.last() {
        Some(Err(fault)) => Act::End(Err(fault.clone())),
        _ => match list.get(told.answers.len()) {
            Some(call) => Act::Call(call.clone()),
            None => Act::End(Ok(json!({ "calls": list.len() }))),
        },
    }
}

/// Creates what is not there, and takes what is.
pub fn create_or_adopt(name: &str) -> impl Fn(&Told<'_>) -> Act + use<> {
    let create = create(name).taken();
    let name = name.to_owned();
    move |told| match told.answers.last() {
        Some(Ok(_)) => Act::End(Ok(json!({ "id": name }))),
        Some(Err(fault)) => Act::End(Err(fault.clone())),
        None => Act::Call(create.clone()),
    }
}

/// The fingerprint, as the broker makes it.
pub fn fingerprint(call: &HostCall) -> String {
    let of = |call: &Call| match &call.target {
        Target::Api(api) => format!("{} {}", api.action, api.parameters),
        other => format!("{other:?}"),
    };
    match call {
        HostCall::Call { call, .. } => of(call),
        HostCall::WaitFor { call, .. } => format!("wait:{}", of(call)),
        HostCall::Sleep { duration_ms } => format!("sleep:{duration_ms}"),
    }
}

fn api(action: &str, name: Value, class: Class, repeat: Repeat) -> Call {
    Call {
        account: Principal::new("home").ok(),
        target: Target::Api(Api {
            product: "T".to_owned(),
            action: action.to_owned(),
            version: "1".to_owned(),
            region: None,
            parameters: json!({ "name": name }),
        }),
        class,
        repeat,
        ask: None,
        covered: false,
        all_pages: false,
    }
}

fn change(action: &str, name: &str, repeat: Repeat) -> HostCall {
    let reverse = api("Delete", json!(name), Class::Change, Repeat::Never);
    HostCall::Call {
        call: api(action, json!(name), Class::Change, repeat),
        reverse: Some(Box::new(reverse)),
        find: None,
    }
}

/// A creation that must not be repeated and fails when the name exists; deleted to take it back.
pub fn create(name: &str) -> HostCall {
    change("Create", name, Repeat::Never)
}

/// A creation that makes one more each time; its reverse needs the id in its answer.
pub fn make(name: &str) -> HostCall {
    let reverse = api(
        "Delete",
        json!({ "$answer": "/Id" }),
        Class::Change,
        Repeat::Never,
    );
    HostCall::Call {
        call: api("Make", json!(name), Class::Change, Repeat::Never),
        reverse: Some(Box::new(reverse)),
        find: None,
    }
}

/// A change without a reverse.
pub fn delete(name: &str) -> HostCall {
    change("Delete", name, Repeat::Never).no_reverse()
}

/// A read.
pub fn get(name: &str) -> HostCall {
    let call = api("Get", json!(name), Class::Read, Repeat::Same);
    HostCall::Call {
        call,
        reverse: None,
        find: None,
    }
}

pub fn sleep(duration_ms: u64) -> HostCall {
    HostCall::Sleep { duration_ms }
}

/// Polls every ten seconds, for five minutes, until the status is `until`; `Broken` is bad.
pub fn wait_for(name: &str, until: &str) -> HostCall {
    HostCall::WaitFor {
        call: api("Get", json!(name), Class::Read, Repeat::Same),
        condition: Condition {
            path: "/Status".to_owned(),
            until: vec![until.to_owned()],
            fail: vec!["Broken".to_owned()],
            every_ms: 10_000,
            timeout_ms: 300_000,
        },
    }
}

pub fn fault(code: &str) -> Fault {
    Fault::new(FaultClass::Fail, code, "it went wrong")
}

/// The parts of a change that its variations are about.
trait Parts {
    fn name(&self) -> String;
    fn find(&mut self) -> &mut Find;
}

impl Parts for HostCall {
    fn name(&self) -> String {
        match self {
            Self::Call { call, .. } => match &call.target {
                Target::Api(api) => api.parameters["name"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                _ => String::new(),
            },
            _ => String::new(),
        }
    }

    fn find(&mut self) -> &mut Find {
        match self {
            Self::Call {
                find: Some(find), ..
            } => find,
            _ => panic!("it has no look"),
        }
    }
}

/// Variations of a call.
pub trait CallExt {
    fn repeat(self, repeat: Repeat) -> Self;
    fn ask(self, ask: Ask) -> Self;
    fn no_reverse(self) -> Self;
    fn covered(self) -> Self;
    fn reverse_repeat(self, repeat: Repeat) -> Self;
    /// What it makes can be looked at.
    fn seen(self) -> Self;
    /// What is seen bears a mark of the step.
    fn marked(self) -> Self;
    /// What is so already is taken.
    fn taken(self) -> Self;
    /// It makes `NAME/part` in passing.
    fn with_parts(self) -> Self;
    /// `NAME/part/users` use what it makes in passing, whose removal destroys it.
    fn with_used_parts(self) -> Self;
    /// Its reverse destroys it; `NAME/users` use it, and `Note` is compared.
    fn used(self) -> Self;
}

impl CallExt for HostCall {
    fn repeat(mut self, how: Repeat) -> Self {
        if let Self::Call { call, .. } = &mut self {
            call.repeat = how;
            if let (Target::Api(api), Repeat::Same) = (&mut call.target, how) {
                api.action = "Ensure".to_owned();
            }
        }
        self
    }

    fn ask(mut self, what: Ask) -> Self {
        if let Self::Call { call, .. } = &mut self {
            call.ask = Some(what);
        }
        self
    }

    fn no_reverse(mut self) -> Self {
        if let Self::Call { reverse, .. } = &mut self {
            *reverse = None;
        }
        self
    }

    fn marked(mut self) -> Self {
        if let Self::Call {
            find: Some(find), ..
        } = &mut self
        {
            find.marked = true;
        }
        self
    }

    fn seen(mut self) -> Self {
        if let Self::Call { call, find, .. } = &mut self
            && let Target::Api(api) = &call.target
        {
            let name = api.parameters["name"].clone();
            let shows = match api.action.as_str() {
                "Delete" => Shows::Gone,
                _ => Shows::There,
            };
            *find = Some(Box::new(Find {
                rest: None,
                read: self::api("List", name, Class::Read, Repeat::Same),
                list: "/Items".to_owned(),
                tests: Vec::new(),
                key: "/Id".to_owned(),
                shows,
                take: false,
                stays: false,
                marked: false,
                before_back: None,
                fields: Vec::new(),
                uses: Vec::new(),
                passing: Vec::new(),
                settle_ms: 5_000,
                answer: match shows {
                    Shows::There => json!({ "Id": { "$found": "/Name" } }),
                    Shows::Gone => Value::Null,
                },
            }));
        }
        self
    }

    fn taken(self) -> Self {
        let mut call = self.seen();
        if let Self::Call {
            find: Some(find), ..
        } = &mut call
        {
            find.take = true;
        }
        call
    }

    fn with_parts(mut self) -> Self {
        let name = self.name();
        let behind = |id: Value| api("List", id, Class::Read, Repeat::Same);
        let id = || json!({ "$answer": "/Id" });
        let find = self.find();
        let look = Find {
            read: behind(id()),
            key: String::new(),
            ..find.clone()
        };
        find.passing.push(Passing {
            kind: "part".to_owned(),
            of: None,
            read: Some(behind(json!(format!("{name}/part")))),
            list: "/Items".to_owned(),
            id: "/Name".to_owned(),
            remove: Some(api("Delete", id(), Class::Change, Repeat::Never)),
            find: look,
        });
        self
    }

    fn with_used_parts(self) -> Self {
        let mut call = self.with_parts();
        let name = call.name();
        let users = json!(format!("{name}/part/users"));
        for passing in &mut call.find().passing {
            passing.find.uses.push(Use {
                what: "it is used by".to_owned(),
                read: api("List", users.clone(), Class::Read, Repeat::Same),
                lists: vec![("/Items".to_owned(), "/Id".to_owned())],
                none_at_first: true,
            });
            if let Some(remove) = &mut passing.remove {
                remove.ask = Some(Ask::Irreversible);
            }
        }
        call
    }

    fn used(mut self) -> Self {
        let name = self.name();
        let find = self.find();
        find.answer = Value::Null;
        find.fields.push("/Note".to_owned());
        find.uses.push(Use {
            what: "it is used by".to_owned(),
            read: api(
                "List",
                json!(format!("{name}/users")),
                Class::Read,
                Repeat::Same,
            ),
            lists: vec![("/Items".to_owned(), "/Id".to_owned())],
            none_at_first: true,
        });
        if let Self::Call {
            reverse: Some(reverse),
            ..
        } = &mut self
        {
            reverse.ask = Some(Ask::Irreversible);
        }
        self
    }

    fn covered(mut self) -> Self {
        if let Self::Call { call, .. } = &mut self {
            call.covered = true;
        }
        self.no_reverse()
    }

    fn reverse_repeat(mut self, how: Repeat) -> Self {
        if let Self::Call {
            reverse: Some(reverse),
            ..
        } = &mut self
        {
            reverse.repeat = how;
        }
        self
    }
}
