use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::settings::{Environment, SettingsOverrides};

/// A home folder with the given files, and what is found there.
struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            set_mode(&path, 0o600);
        }
        Self(folder)
    }

    fn find(&self, name: &str, settings: &str) -> Result<Profile, CredentialError> {
        self.find_with(name, settings, &[])
    }

    fn find_with(
        &self,
        name: &str,
        settings: &str,
        variables: &[(&str, &str)],
    ) -> Result<Profile, CredentialError> {
        let home = self.0.path().to_str().unwrap();
        let variables = [("HOME", home)]
            .into_iter()
            .chain(variables.iter().copied());
        let environment = Environment::given(variables);
        let file = self.0.path().join("rutter.toml");
        let settings =
            Settings::parse(settings, &file, &SettingsOverrides::default(), environment).unwrap();
        find(name, &settings)
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) {}

const CLI: &str = ".aliyun/config.json";
const FILE: &str = ".alibabacloud/credentials";

const CLI_PROFILES: &str = r#"{"current": "plain", "profiles": [
    {"name": "plain", "mode": "AK", "access_key_id": "ak-1", "access_key_secret": "s-1", "sts_token": "", "region_id": "cn-hangzhou"},
    {"name": "token", "mode": "StsToken", "access_key_id": "STS.1", "access_key_secret": "s-2", "sts_token": "t-2"},
    {"name": "role", "mode": "RamRoleArn", "access_key_id": "ak-3", "access_key_secret": "s-3",
     "ram_role_arn": "acs:ram::1:role/r", "ram_session_name": "me", "expired_seconds": 900, "sts_region": "cn-beijing"},
    {"name": "chain", "mode": "ChainableRamRoleArn", "source_profile": "role", "ram_role_arn": "acs:ram::2:role/x"},
    {"name": "pair", "mode": "RsaKeyPair", "key_pair_name": "r"},
    {"name": "half", "mode": "AK", "access_key_id": "ak-4"}]}"#;

fn arns(profile: &Profile) -> Vec<&str> {
    profile.roles.iter().map(|role| role.arn.as_str()).collect()
}

#[test]
fn profiles_of_the_aliyun_cli_are_found_by_name() {
    let home = Home::new(&[(CLI, CLI_PROFILES)]);
    let plain = home.find("plain", "").unwrap();
    assert_eq!(
        (
            plain.source.key().unwrap().clone().id.as_str(),
            plain.source.key().unwrap().clone().secret.expose()
        ),
        ("ak-1", "s-1")
    );
    assert_eq!(plain.source.key().unwrap().clone().token, None);
    assert!(plain.warnings.is_empty() && plain.roles.is_empty());

    let token = home.find("token", "").unwrap();
    assert_eq!(
        token.source.key().unwrap().clone().token.unwrap().expose(),
        "t-2"
    );

    let role = home.find("role", "").unwrap();
    assert_eq!(arns(&role), ["acs:ram::1:role/r"]);
    assert_eq!(role.roles[0].session.as_deref(), Some("me"));
    assert_eq!(role.roles[0].region.as_deref(), Some("cn-beijing"));

    let chain = home.find("chain", "").unwrap();
    assert_eq!(chain.source.key().unwrap().clone().id, "ak-3");
    assert_eq!(arns(&chain), ["acs:ram::1:role/r", "acs:ram::2:role/x"]);
}

#[test]
fn modes_that_are_not_spoken_and_half_profiles_are_said() {
    let home = Home::new(&[(CLI, CLI_PROFILES)]);
    let error = home.find("pair", "").unwrap_err().to_string();
    assert!(
        error.contains("mode `RsaKeyPair`, which is not supported"),
        "{error}"
    );
    let error = home.find("half", "").unwrap_err().to_string();
    assert!(
        error.ends_with("it has no `access_key_id` or no `access_key_secret`"),
        "{error}"
    );
}

#[test]
fn sections_of_the_credentials_file_are_found_by_name() {
    let text = "# shared\n[one]\ntype = access_key\naccess_key_id = a\naccess_key_secret = b=c\n\n\
        [two]\ntype = sts\naccess_key_id = a\naccess_key_secret = b\nsecurity_token = t\n\
        [three]\ntype = ram_role_arn\naccess_key_id = a\naccess_key_secret = b\nrole_arn = acs:ram::1:role/r\n\
        [four]\ntype = oidc_role_arn\nrole_arn = r\n";
    let home = Home::new(&[(FILE, text)]);
    assert_eq!(
        home.find("one", "")
            .unwrap()
            .source
            .key()
            .unwrap()
            .clone()
            .secret
            .expose(),
        "b=c"
    );
    assert!(
        home.find("two", "")
            .unwrap()
            .source
            .key()
            .unwrap()
            .clone()
            .token
            .is_some()
    );
    assert_eq!(
        arns(&home.find("three", "").unwrap()),
        ["acs:ram::1:role/r"]
    );
    let error = home.find("four", "").unwrap_err().to_string();
    assert!(error.ends_with("it has no `oidc_provider_arn`"), "{error}");
}

#[test]
fn a_profile_of_the_settings_reads_variables_and_files() {
    let home = Home::new(&[("secret", "from-file\n")]);
    let settings = "[profiles.a]\naccess_key_id = \"ak\"\naccess_key_secret_file = \"secret\"\n\
        [profiles.b]\naccess_key_id_env = \"B_ID\"\naccess_key_secret_env = \"B_SECRET\"\n";
    assert_eq!(
        home.find("a", settings)
            .unwrap()
            .source
            .key()
            .unwrap()
            .clone()
            .secret
            .expose(),
        "from-file"
    );
    let error = home.find("b", settings).unwrap_err().to_string();
    assert!(error.ends_with("the variable `B_ID` is not set"), "{error}");
    let variables = [("B_ID", "ak-b"), ("B_SECRET", "from-variable")];
    let found = home.find_with("b", settings, &variables).unwrap();
    assert_eq!(
        (
            found.source.key().unwrap().clone().id.as_str(),
            found.source.key().unwrap().clone().secret.expose()
        ),
        ("ak-b", "from-variable")
    );
}

#[test]
fn a_role_goes_on_top_of_any_profile() {
    let home = Home::new(&[(CLI, CLI_PROFILES)]);
    let settings = "[profiles.admin]\nsource_profile = \"role\"\nrole_arn = \"acs:ram::3:role/admin\"\nduration = \"15m\"\n";
    let profile = home.find("admin", settings).unwrap();
    assert_eq!(profile.source.key().unwrap().clone().id, "ak-3");
    assert_eq!(
        arns(&profile),
        ["acs:ram::1:role/r", "acs:ram::3:role/admin"]
    );
}

#[test]
fn profiles_based_on_each_other_are_a_circle() {
    let settings = "[profiles.a]\nsource_profile = \"b\"\nrole_arn = \"x\"\n\
        [profiles.b]\nsource_profile = \"a\"\nrole_arn = \"y\"\n";
    let error = Home::new(&[]).find("a", settings).unwrap_err().to_string();
    assert_eq!(error, "the profiles a -> b -> a are based on each other");
}

#[test]
fn variables_are_the_profile_env_and_profiles_of_their_own() {
    let home = Home::new(&[]);
    let id = |name: &str, variables: &[(&str, &str)]| {
        home.find_with(name, "", variables)
            .map(|profile| profile.source.key().unwrap().clone().id)
    };
    let shared = [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "new"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s"),
        ("ALICLOUD_ACCESS_KEY", "old"),
        ("ALICLOUD_SECRET_KEY", "s"),
    ];
    assert_eq!(id("env", &shared).unwrap(), "new");
    assert_eq!(id("env", &shared[2..]).unwrap(), "old");
    assert!(id("default", &shared).is_err());
    let named = [
        ("RUTTER_PROFILE_SIDE_A_ACCESS_KEY_ID", "a"),
        ("RUTTER_PROFILE_SIDE_A_ACCESS_KEY_SECRET", "s"),
    ];
    assert_eq!(id("side-a", &named).unwrap(), "a");
    let error = id("side-a", &named[..1]).unwrap_err().to_string();
    assert!(
        error.ends_with("`RUTTER_PROFILE_SIDE_A_ACCESS_KEY_SECRET` is not set"),
        "{error}"
    );
}

#[test]
fn the_settings_come_first_then_the_cli_then_the_file_then_variables() {
    let file = "[plain]\naccess_key_id = from-file\naccess_key_secret = s\n";
    let settings =
        "[profiles.plain]\naccess_key_id = \"from-settings\"\naccess_key_secret_env = \"HOME\"\n";
    let variables = [
        ("RUTTER_PROFILE_PLAIN_ACCESS_KEY_ID", "from-variable"),
        ("RUTTER_PROFILE_PLAIN_ACCESS_KEY_SECRET", "s"),
    ];
    let id = |home: &Home, settings: &str| {
        home.find_with("plain", settings, &variables)
            .unwrap()
            .source
            .key()
            .unwrap()
            .id
            .clone()
    };
    let both = Home::new(&[(CLI, CLI_PROFILES), (FILE, file)]);
    assert_eq!(id(&both, settings), "from-settings");
    assert_eq!(id(&both, ""), "ak-1");
    assert_eq!(id(&Home::new(&[(FILE, file)]), ""), "from-file");
    assert_eq!(id(&Home::new(&[]), ""), "from-variable");
}

#[test]
fn a_missing_profile_says_where_was_looked_and_what_may_have_been_meant() {
    let home = Home::new(&[(CLI, CLI_PROFILES)]);
    let error = home.find("palin", "").unwrap_err();
    let text = error.to_string();
    for place in [
        "rutter.toml",
        CLI,
        FILE,
        "RUTTER_PROFILE_PALIN_ACCESS_KEY_ID",
    ] {
        assert!(text.contains(place), "{text}");
    }
    assert_eq!(error.help(), "did you mean `plain`?");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_is_warned_about() {
    let home = Home::new(&[(CLI, CLI_PROFILES)]);
    set_mode(&home.0.path().join(CLI), 0o644);
    let profile = home.find("plain", "").unwrap();
    assert_eq!(profile.warnings.len(), 1);
    assert!(profile.warnings[0].contains("run `chmod 600 "));
}

#[test]
fn a_damaged_file_is_named_and_not_quoted() {
    let home = Home::new(&[(
        CLI,
        r#"{"profiles": [{"name": "a", "access_key_secret": 12345678}]}"#,
    )]);
    let error = home.find("a", "").unwrap_err().to_string();
    assert!(
        error.contains(CLI) && !error.contains("12345678"),
        "{error}"
    );
}

#[test]
fn no_secret_is_in_debug_output() {
    let home = Home::new(&[(CLI, CLI_PROFILES)]);
    let shown = format!("{:?}", home.find("token", "").unwrap());
    assert!(shown.contains("STS.1") && !shown.contains("s-2") && !shown.contains("t-2"));
}

/// The files that a test of the official client reads too, and what it reads there.
#[test]
fn profiles_are_read_as_the_official_client_reads_them() {
    const EXPECTED: &str = include_str!("../../../../tests/clients/profiles/expected.json");
    let files = [
        (
            CLI,
            "config.json",
            include_str!("../../../../tests/clients/profiles/config.json"),
        ),
        (
            FILE,
            "credentials.ini",
            include_str!("../../../../tests/clients/profiles/credentials.ini"),
        ),
    ];
    let expected: Value = serde_json::from_str(EXPECTED).unwrap();
    for (path, file, text) in files {
        // As a Unix system writes them, and as editors of another one do.
        let marked = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        for text in [text, marked.as_str()] {
            let home = Home::new(&[(path, text)]);
            for (name, expected) in expected[file].as_object().unwrap() {
                let found = home.find(name, "").unwrap();
                assert_eq!(read(&found), *expected, "{name}");
                assert_eq!(found.warnings, Vec::<String>::new(), "{name}");
            }
        }
    }
}

/// What a profile would sign with or assume a role with, without what it does not say.
fn read(found: &Profile) -> Value {
    let key = found.source.key().unwrap();
    let token = key.token.as_ref().map(SecretText::expose);
    let mut read = json!({"id": key.id, "secret": key.secret.expose(), "token": token});
    if let [role] = found.roles.as_slice() {
        read["role"] = role.arn.as_str().into();
        read["session"] = json!(role.session);
        read["policy"] = json!(role.policy);
        read["external_id"] = json!(role.external_id);
        read["seconds"] = json!(role.duration.map(|duration| duration.as_secs()));
    }
    let fields = read.as_object_mut().unwrap();
    fields.retain(|_, value| !value.is_null());
    read
}

#[test]
fn values_stand_in_quotes_or_before_a_comment() {
    let text = "[a] ; mine\naccess_key_id = \"id#1\" # why\naccess_key_secret = 'a ; b'\nrole_arn = c ; d\n";
    let home = Home::new(&[(".alibabacloud/credentials.ini", text)]);
    let key = home.find("a", "").unwrap().source.key().unwrap().clone();
    assert_eq!((key.id.as_str(), key.secret.expose()), ("id#1", "a ; b"));
}

#[test]
fn what_narrows_a_profile_is_never_ignored() {
    let ini = |line: &str| {
        let text = format!("[a]\naccess_key_id = k\naccess_key_secret = s\n{line}\n");
        Home::new(&[(FILE, &text)]).find("a", "")
    };
    let cli = |field: &str| {
        let text = format!(
            r#"{{"profiles": [{{"name": "a", "mode": "RamRoleArn", "access_key_id": "k", "access_key_secret": "s",
                "ram_role_arn": "acs:ram::1:role/r", {field}}}]}}"#
        );
        Home::new(&[(CLI, &text)]).find("a", "")
    };
    let refused = [
        (ini("enable = False"), "is switched off"),
        (ini("enable = perhaps"), "neither `true` nor `false`"),
        (ini("policy = {}"), "has `policy`"),
        (ini("sts_endpoint = sts.example"), "has `sts_endpoint`"),
        (ini("enable_vpc = true"), "has `enable_vpc`"),
        (ini("type = rsa_key_pair"), "mode `rsa_key_pair`"),
        (
            ini("type = ram_role_arn\nrole_arn = r\nrole_session_expiration = 1h"),
            "`role_session_expiration` is not a number of seconds",
        ),
        (
            ini("access_key_id = other"),
            "line 4 gives `access_key_id` a second time",
        ),
        (ini("[a]"), "line 4 names the section `[a]` a second time"),
        (cli(r#""enable": false"#), "is switched off"),
        (cli(r#""enable_vpc": true"#), "has `enable_vpc`"),
        (
            cli(r#""sts_endpoint": "sts.example""#),
            "has `sts_endpoint`",
        ),
        (cli(r#""expired_seconds": "1h""#), "not a number of seconds"),
    ];
    for (found, said) in refused {
        let error = found.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    for found in [ini("enable_vpc = false"), cli(r#""sts_endpoint": null"#)] {
        assert_eq!(found.unwrap().warnings, Vec::<String>::new());
    }
    let warnings = ini("polcy = {}").unwrap().warnings;
    assert!(
        warnings[0].contains("has `polcy`, which is not known"),
        "{warnings:?}"
    );
    let policy = cli(r#""policy": {"Version": "1"}"#).unwrap().roles[0]
        .policy
        .clone();
    assert_eq!(policy.as_deref(), Some(r#"{"Version":"1"}"#));
}

#[test]
fn space_around_a_key_is_no_part_of_it_and_space_inside_is_refused() {
    let home = Home::new(&[(
        CLI,
        r#"{"profiles": [{"name": "a", "access_key_id": " k ", "access_key_secret": "s\r\n"}]}"#,
    )]);
    let key = home.find("a", "").unwrap().source.key().unwrap().clone();
    assert_eq!((key.id.as_str(), key.secret.expose()), ("k", "s"));
    let variables = |id, secret| {
        let id = ("ALIBABA_CLOUD_ACCESS_KEY_ID", id);
        home.find_with(
            "env",
            "",
            &[id, ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret)],
        )
    };
    assert_eq!(
        variables("k\r\n", " s\t")
            .unwrap()
            .source
            .key()
            .unwrap()
            .clone()
            .id,
        "k"
    );
    for (id, secret, said) in [
        ("k\nl", "s", "its access key id holds a line break"),
        ("k", "s\rt", "its access key secret holds a line break"),
        ("k l", "s", "its access key id holds a space"),
        (
            "k\u{200b}",
            "s",
            "its access key id holds the character U+200B",
        ),
    ] {
        let error = variables(id, secret).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let unset = variables(" ", "s").unwrap_err().to_string();
    assert!(
        unset.ends_with("`ALIBABA_CLOUD_ACCESS_KEY_ID` is not set"),
        "{unset}"
    );
}

#[test]
fn the_same_name_is_never_what_may_have_been_meant() {
    let help = Home::new(&[]).find("env", "").unwrap_err().help();
    assert!(help.contains("ALIBABA_CLOUD_ACCESS_KEY_ID"), "{help}");
    let home = Home::new(&[(
        FILE,
        "[wang@corp-x]\naccess_key_id = a\naccess_key_secret = b\n",
    )]);
    assert_eq!(
        home.find("wang", "").unwrap_err().help(),
        "there is a profile `wang@corp-x`: write `wang@corp-x@REGION`"
    );
}

#[test]
fn the_region_of_a_profile_is_known() {
    let home = Home::new(&[(CLI, CLI_PROFILES)]);
    let region = |name: &str, settings: &str, variables: &[(&str, &str)]| {
        home.find_with(name, settings, variables).unwrap().region
    };
    assert_eq!(region("plain", "", &[]).as_deref(), Some("cn-hangzhou"));
    assert_eq!(region("token", "", &[]), None);
    let based = "[profiles.b]\nsource_profile = \"plain\"\nrole_arn = \"x\"\n";
    assert_eq!(region("b", based, &[]).as_deref(), Some("cn-hangzhou"));
    let own = format!("{based}region = \"cn-beijing\"\n");
    assert_eq!(region("b", &own, &[]).as_deref(), Some("cn-beijing"));
    let variables = [
        ("ALIBABACLOUD_ACCESS_KEY_ID", "k"),
        ("ALIBABACLOUD_ACCESS_KEY_SECRET", "s"),
        ("ALIBABACLOUD_REGION_ID", "cn-qingdao"),
    ];
    assert_eq!(region("env", "", &variables).as_deref(), Some("cn-qingdao"));
}

/// Who gives out the credentials of a profile.
fn giver(found: Result<Profile, CredentialError>) -> String {
    match found.unwrap().source {
        Source::Fetched(fetched) => fetched.from.name(),
        Source::Fixed(key) => key.id,
    }
}

#[test]
fn the_profile_env_is_also_what_other_variables_name_in_the_official_order() {
    let home = Home::new(&[]);
    let all = [
        ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:1/x"),
        ("ALIBABA_CLOUD_ECS_METADATA", "machine-role"),
        ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/pod"),
        (
            "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
            "acs:ram::1:oidc-provider/x",
        ),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/token"),
    ];
    let given = |count: usize| giver(home.find_with("env", "", &all[..count]));
    assert_eq!(given(1), "the address at `127.0.0.1`");
    assert_eq!(given(2), "the metadata service (100.100.100.200)");
    assert_eq!(given(4), "the metadata service (100.100.100.200)");
    assert_eq!(given(5), "STS (asked for acs:ram::1:role/pod)");
    let off = [all[1], ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")];
    let error = home.find_with("env", "", &off).unwrap_err().to_string();
    assert!(
        error.contains("switches the metadata service off"),
        "{error}"
    );
}

#[test]
fn a_source_is_refused_where_it_is_named_badly() {
    let cli = |fields: &str| {
        let text = format!(r#"{{"profiles": [{{"name": "a", {fields}}}]}}"#);
        Home::new(&[(CLI, &text)])
            .find("a", "")
            .unwrap_err()
            .to_string()
    };
    for (fields, said) in [
        (
            r#""mode": "CredentialsURI", "credentials_uri": "http://example.com/x""#,
            "neither `https://…` nor plain HTTP on this machine",
        ),
        (
            r#""mode": "CredentialsURI", "credentials_uri": "http://100.100.100.200/x""#,
            "neither `https://…` nor plain HTTP on this machine",
        ),
        (
            r#""mode": "External", "process_command": "tool 'x""#,
            "ends inside quotes",
        ),
        (r#""mode": "External""#, "it has no `process_command`"),
        (
            r#""mode": "EcsRamRole", "ram_role_name": "../x""#,
            "is no name of a role",
        ),
        (r#""mode": "CloudSSO""#, "it has no `cloud_sso_sign_in_url`"),
        (
            r#""mode": "OAuth", "sts_expiration": "soon""#,
            "`sts_expiration` is not a number of seconds",
        ),
    ] {
        let error = cli(fields);
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn of_the_two_names_of_the_credentials_file_the_first_with_the_section_counts() {
    let key =
        |id: &str, name: &str| format!("[{name}]\naccess_key_id = {id}\naccess_key_secret = s\n");
    let first = key("first", "a");
    let second = key("second", "a") + &key("second", "b");
    let home = Home::new(&[(FILE, &first), (".alibabacloud/credentials.ini", &second)]);
    assert_eq!(giver(home.find("a", "")), "first");
    assert_eq!(giver(home.find("b", "")), "second");
    let machine = "[a]\ntype = ecs_ram_role\nrole_name = r\n";
    let found = Home::new(&[(FILE, machine)]).find("a", "");
    assert_eq!(giver(found), "the metadata service (100.100.100.200)");
}
