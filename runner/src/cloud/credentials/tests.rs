use std::path::Path;

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
    {"name": "machine", "mode": "EcsRamRole", "ram_role_name": "r"},
    {"name": "half", "mode": "AK", "access_key_id": "ak-4"}]}"#;

fn arns(profile: &Profile) -> Vec<&str> {
    profile.roles.iter().map(|role| role.arn.as_str()).collect()
}

#[test]
fn profiles_of_the_aliyun_cli_are_found_by_name() {
    let home = Home::new(&[(CLI, CLI_PROFILES)]);
    let plain = home.find("plain", "").unwrap();
    assert_eq!(
        (plain.key.id.as_str(), plain.key.secret.expose()),
        ("ak-1", "s-1")
    );
    assert_eq!(plain.key.token, None);
    assert!(plain.warnings.is_empty() && plain.roles.is_empty());

    let token = home.find("token", "").unwrap();
    assert_eq!(token.key.token.unwrap().expose(), "t-2");

    let role = home.find("role", "").unwrap();
    assert_eq!(arns(&role), ["acs:ram::1:role/r"]);
    assert_eq!(role.roles[0].session.as_deref(), Some("me"));
    assert_eq!(role.roles[0].region.as_deref(), Some("cn-beijing"));

    let chain = home.find("chain", "").unwrap();
    assert_eq!(chain.key.id, "ak-3");
    assert_eq!(arns(&chain), ["acs:ram::1:role/r", "acs:ram::2:role/x"]);
}

#[test]
fn modes_that_are_not_spoken_and_half_profiles_are_said() {
    let home = Home::new(&[(CLI, CLI_PROFILES)]);
    let error = home.find("machine", "").unwrap_err().to_string();
    assert!(
        error.contains("mode `EcsRamRole`, which is not supported yet"),
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
        [four]\ntype = oidc_role_arn\n";
    let home = Home::new(&[(FILE, text)]);
    assert_eq!(home.find("one", "").unwrap().key.secret.expose(), "b=c");
    assert!(home.find("two", "").unwrap().key.token.is_some());
    assert_eq!(
        arns(&home.find("three", "").unwrap()),
        ["acs:ram::1:role/r"]
    );
    let error = home.find("four", "").unwrap_err().to_string();
    assert!(error.contains("mode `oidc_role_arn`"), "{error}");
}

#[test]
fn a_profile_of_the_settings_reads_variables_and_files() {
    let home = Home::new(&[("secret", "from-file\n")]);
    let settings = "[profiles.a]\naccess_key_id = \"ak\"\naccess_key_secret_file = \"secret\"\n\
        [profiles.b]\naccess_key_id_env = \"B_ID\"\naccess_key_secret_env = \"B_SECRET\"\n";
    assert_eq!(
        home.find("a", settings).unwrap().key.secret.expose(),
        "from-file"
    );
    let error = home.find("b", settings).unwrap_err().to_string();
    assert!(error.ends_with("the variable `B_ID` is not set"), "{error}");
    let variables = [("B_ID", "ak-b"), ("B_SECRET", "from-variable")];
    let found = home.find_with("b", settings, &variables).unwrap();
    assert_eq!(
        (found.key.id.as_str(), found.key.secret.expose()),
        ("ak-b", "from-variable")
    );
}

#[test]
fn a_role_goes_on_top_of_any_profile() {
    let home = Home::new(&[(CLI, CLI_PROFILES)]);
    let settings = "[profiles.admin]\nsource_profile = \"role\"\nrole_arn = \"acs:ram::3:role/admin\"\nduration = \"15m\"\n";
    let profile = home.find("admin", settings).unwrap();
    assert_eq!(profile.key.id, "ak-3");
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
            .map(|profile| profile.key.id)
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
            .key
            .id
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
