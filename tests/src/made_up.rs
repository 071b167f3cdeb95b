//! Runbooks that nobody wrote: steps of the standard plugins in any order, with plausible inputs, drawn by a seed.

use std::fmt::Write as _;

use crate::random::Random;

/// A runbook, the one that it runs, and its inputs.
#[derive(Debug)]
pub struct MadeUp {
    /// The runbook.
    pub runbook: String,
    /// The runbook of its steps that use `./part.toml`.
    pub part: String,
    /// The file of inputs.
    pub inputs: String,
}

/// What a step does, in the terms of a runbook: the plugin and its `with`. `ID` stands for a number of the step's own,
/// `REGION` for a region, `SERVER` for a server.
const STEPS: &[(&str, &[&str])] = &[
    (
        "check-ecs-instance",
        &["instance = SERVER", "region = REGION"],
    ),
    (
        "create-image",
        &["instance = SERVER", "region = REGION", "name = \"kept-ID\""],
    ),
    (
        "copy-image",
        &[
            "image = \"m-givenID\"",
            "region = \"cn-hangzhou\"",
            "destination_region = \"cn-beijing\"",
            "name = \"copy-ID\"",
        ],
    ),
    ("delete-image", &["image = \"m-oldID\"", "region = REGION"]),
    (
        "delete-snapshot",
        &["snapshot = \"s-oldID\"", "region = REGION"],
    ),
    (
        "release-instance",
        &["instance = \"i-oldID\"", "region = REGION"],
    ),
    (
        "check-redis-instance",
        &[
            "instance = \"r-cacheID\"",
            "region = REGION",
            "side = \"source\"",
        ],
    ),
    (
        "create-redis-account",
        &[
            "instance = \"r-sharedID\"",
            "region = REGION",
            "name = \"copier\"",
            "password = \"{{ inputs.password }}\"",
        ],
    ),
    (
        "allow-dts-addresses",
        &["instance = \"r-openID\"", "region = REGION"],
    ),
    (
        "create-role",
        &[
            "name = \"made-ID\"",
            "trusted_account = \"{{ inputs.partner }}\"",
        ],
    ),
    (
        "attach-policy",
        &[
            "role = \"there-ID\"",
            "policy = \"AliyunSTSAssumeRoleAccess\"",
        ],
    ),
    (
        "edit-trust-policy",
        &[
            "role = \"trusting-ID\"",
            "trusted_account = \"{{ inputs.partner }}\"",
        ],
    ),
    ("check-dts-default-role", &[]),
    (
        "precheck-dts-task",
        &["task = \"dtsgivenID\"", "region = REGION"],
    ),
    ("check-account", &["expected = OWN"]),
];

/// Steps that need no account.
const WITHOUT_ACCOUNT: &[(&str, &[&str])] = &[
    ("approve", &["message = \"Go on?\"", "people = 2"]),
    ("pause", &["for = \"5m\""]),
    (
        "assert",
        &[
            "that = \"{{ inputs.careful }}\"",
            "message = \"be careful\"",
        ],
    ),
    ("http-request", &["url = \"https://status.example.com/ID\""]),
];

const ACCOUNTS: [&str; 3] = ["owner", "partner_side", "creator"];

const REGIONS: [&str; 3] = ["cn-hangzhou", "cn-shanghai", "cn-beijing"];

impl MadeUp {
    /// Returns the runbook of a seed.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let accounts = &ACCOUNTS[..1 + random.below(3) as usize];
        let mut runbook = format!("schema = 1\n\n[runbook]\nname = \"made_up_{seed}\"\n");
        let mut inputs = "careful = true\npartner = \"9876543210987654\"\n\
                          password = \"Made-Up-Secret-1\"\nservers = [\"i-web1\", \"i-web2\"]\n"
            .to_owned();
        // Writing to a string cannot fail.
        let mut say = |text: String| runbook.push_str(&text);
        for (index, account) in accounts.iter().enumerate() {
            say(format!(
                "\n[accounts.{account}]\n\n[inputs.number_{index}]\ntype = \"account_id\"\n"
            ));
            let _ = writeln!(
                inputs,
                "number_{index} = \"10000000000000{}{index}\"",
                seed % 10
            );
        }
        say(
            "\n[inputs]\ncareful = { type = \"boolean\" }\npartner = { type = \"account_id\" }\n\
             password = { type = \"secret\" }\n\
             servers = { type = \"list\", items = { type = \"string\" } }\n"
                .to_owned(),
        );
        for number in 0..4 + random.below(5) {
            say(step(&mut random, accounts, number));
        }
        let account = random.one(accounts);
        if random.below(2) == 0 {
            say(format!(
                "\n[[steps]]\nid = \"inside\"\nuses = \"./part.toml\"\naccount = \"{account}\"\n\
                 with.server = \"i-inside1\"\n"
            ));
        }
        Self {
            runbook,
            part: PART.to_owned(),
            inputs,
        }
    }
}

const PART: &str = r#"schema = 1

[runbook]
name = "part"

[accounts.holder]

[inputs.server]
type = "string"

[[steps]]
id = "look"
uses = "check-ecs-instance"
account = "holder"
with.instance = "{{ inputs.server }}"
with.region = "cn-shenzhen"
"#;

fn step(random: &mut Random, accounts: &[&str], number: u64) -> String {
    let mut text = format!("\n[[steps]]\nid = \"step_{number}\"\n");
    let with = if random.below(5) == 0 {
        let (uses, with) = random.one(WITHOUT_ACCOUNT);
        let _ = writeln!(text, "uses = \"{uses}\"");
        *with
    } else {
        let (uses, with) = random.one(STEPS);
        let account = random.below(accounts.len() as u64) as usize;
        let _ = writeln!(
            text,
            "uses = \"{uses}\"\naccount = \"{}\"",
            accounts[account]
        );
        let own = format!("\"{{{{ inputs.number_{account} }}}}\"");
        let region = format!("\"{}\"", REGIONS[account]);
        let many = with.contains(&"instance = SERVER") && account == 0 && random.below(2) == 0;
        if many {
            text.push_str("for_each = \"{{ inputs.servers }}\"\n");
        }
        if random.below(4) == 0 {
            text.push_str("when = \"inputs.careful\"\n");
        }
        let server = match many {
            true => "\"{{ item }}\"".to_owned(),
            false => format!("\"i-one{number}\""),
        };
        let name = match many {
            true => format!("{number}-{{{{ item }}}}"),
            false => number.to_string(),
        };
        for line in *with {
            let line = line.replace("OWN", &own).replace("REGION", &region);
            let line = line.replace("SERVER", &server).replace("ID", &name);
            let _ = writeln!(text, "with.{line}");
        }
        &[]
    };
    for line in with {
        let _ = writeln!(text, "with.{}", line.replace("ID", &number.to_string()));
    }
    if number > 0 && random.below(3) == 0 {
        let _ = writeln!(text, "needs = [\"step_{}\"]", random.below(number));
    }
    text
}
