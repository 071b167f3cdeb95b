use std::path::Path;

use super::*;

fn environment() -> Environment {
    Environment::given([("HOME", "/home/op")])
}

fn parse(text: &str) -> Result<Settings, SettingsError> {
    let file = Path::new("/etc/rutter/rutter.toml");
    Settings::parse(text, file, &SettingsOverrides::default(), environment())
}

/// The error's place, message and help as one text.
fn problem(text: &str) -> String {
    let error = parse(text).unwrap_err();
    let place = error.place.unwrap();
    let help = error.help.unwrap_or_default();
    format!("{}:{} {} | {help}", place.line, place.column, error.message)
}

#[test]
fn everything_has_a_default() {
    let settings = Settings::load(&SettingsOverrides::default(), environment()).unwrap();
    assert_eq!(settings.file, None);
    assert_eq!(
        settings.state_dir,
        Path::new("/home/op/.local/state/rutter")
    );
    assert_eq!(settings.network.connect_timeout, CONNECT_TIMEOUT);
    assert_eq!(settings.limits, Limits::default());
    assert_eq!(settings.pace, PaceSettings::up_to(1_000));
}

#[test]
fn an_account_is_called_as_often_as_it_may_be() {
    let settings = parse("[pace]\nper_second = 50").unwrap();
    assert_eq!(settings.pace, PaceSettings::up_to(50));
    assert!(problem("[pace]\nper_second = 0").starts_with("2:14 "));
}

#[test]
fn a_whole_file_is_read() {
    let settings = parse(
        r#"
        [state]
        dir = "state"
        [endpoints]
        ram = "http://127.0.0.1:8100"
        R-kvstore = "redis.example.com:8443"
        [profiles.owner]
        access_key_id = "LTAI1"
        access_key_secret_file = "~/owner.secret"
        [profiles.admin]
        source_profile = "owner"
        role_arn = "acs:ram::1234567890123456:role/admin"
        duration = "30m"
        [accounts.source]
        profile = "owner"
        region = "cn-hangzhou"
        id = "1234567890123456"
        [network]
        proxy = "http://proxy.example.com:3128"
        connect_timeout = "3s"
        [http]
        allow = ["hooks.internal:8443", "[::1]:9000", "metrics.internal"]
        [http.credentials.pager]
        kind = "bearer"
        hosts = ["pager.example.com"]
        secret_env = "PAGER_TOKEN"
        [limits]
        answer = "1MiB"
        cpu = "2s"
        calls = 50
        "#,
    )
    .unwrap();
    assert_eq!(settings.state_dir, Path::new("/etc/rutter/state"));
    let own = |name: &str| {
        settings
            .endpoints
            .own(Product::named(name).unwrap(), "cn-hangzhou")
            .unwrap()
    };
    let ram = own("RAM");
    assert_eq!(ram.url().as_str(), "http://127.0.0.1:8100/");
    let redis = own("r-kvstore");
    assert_eq!(redis.url().as_str(), "https://redis.example.com:8443/");
    assert_eq!(
        settings.profiles["owner"].access_key_secret_file.as_deref(),
        Some(Path::new("/home/op/owner.secret"))
    );
    assert_eq!(
        settings.profiles["admin"].duration(),
        Some(Duration::from_secs(1800))
    );
    assert_eq!(settings.network.connect_timeout, Duration::from_secs(3));
    let limits = &settings.limits;
    assert_eq!(
        (limits.answer_max, limits.cpu_max_ms, limits.calls_max),
        (1024 * 1024, 2_000, 50)
    );
    assert_eq!(limits.memory_max, Limits::default().memory_max);
    let url = |text: &str| text.parse().unwrap();
    assert!(settings.http.allow[0].admits(&url("https://hooks.internal:8443/x")));
    assert!(!settings.http.allow[0].admits(&url("https://hooks.internal/x")));
    assert!(settings.http.allow[1].admits(&url("http://[::1]:9000/")));
    assert!(settings.http.allow[2].admits(&url("https://metrics.internal/")));
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_nearest_name() {
    let text = "[network]\nproxi = \"http://p\"\n";
    assert!(
        problem(text).starts_with("2:1 unknown field `proxi`"),
        "{}",
        problem(text)
    );
    assert!(problem(text).ends_with("did you mean `proxy`?"));
    assert!(problem("[networks]\n").ends_with("did you mean `network`?"));
}

#[test]
fn an_unknown_product_is_refused_with_those_that_there_are() {
    let text = problem("[endpoints]\nrum = \"https://a\"\n");
    assert!(
        text.starts_with("2:1 `rum` is not a product, expected one of `ram`"),
        "{text}"
    );
}

#[test]
fn an_address_may_be_that_of_a_region_and_the_environment_s_is_that_of_all() {
    let text = r#"
        [endpoints]
        network = "vpc"
        ecs = { default = "ecs.example.com", cn-beijing = "ecs-b.example.com" }
        dts = { cn-beijing = "dts-b.example.com" }
        [accounts.source.endpoints]
        network = "public"
        ecs = "ecs-source.example.com"
    "#;
    let of = |settings: &crate::settings::Endpoints, product: &str, region: &str| {
        let own = settings.own(Product::named(product).unwrap(), region);
        own.map(|endpoint| endpoint.url().host_str().unwrap_or_default().to_owned())
    };
    let settings = parse(text).unwrap();
    let all = &settings.endpoints;
    assert_eq!(all.network, Some(rutter_contracts::Network::Vpc));
    assert_eq!(of(all, "ecs", "cn-hangzhou").unwrap(), "ecs.example.com");
    assert_eq!(of(all, "ecs", "cn-beijing").unwrap(), "ecs-b.example.com");
    assert_eq!(of(all, "dts", "cn-beijing").unwrap(), "dts-b.example.com");
    assert_eq!(of(all, "dts", "cn-hangzhou"), None);
    let source = &settings.accounts["source"].endpoints;
    assert_eq!(
        of(source, "ecs", "cn-beijing").unwrap(),
        "ecs-source.example.com"
    );
    let environment = Environment::given([
        ("HOME", "/home/o"),
        ("RUTTER_ENDPOINT_ECS", "https://e.example.com"),
    ]);
    let path = Path::new("/etc/rutter/rutter.toml");
    let settings = Settings::parse(text, path, &SettingsOverrides::default(), environment).unwrap();
    assert_eq!(
        of(&settings.endpoints, "ecs", "cn-beijing").unwrap(),
        "e.example.com"
    );
    assert_eq!(
        of(&settings.accounts["source"].endpoints, "ecs", "cn-beijing"),
        None
    );
}

#[test]
fn what_is_no_address_is_refused_at_its_place() {
    for (text, said) in [
        (
            "[endpoints]\necs = 7\n",
            "expected an address, or a table of regions",
        ),
        (
            "[endpoints]\nnetwork = \"lan\"\n",
            "expected `public` or `vpc`",
        ),
        (
            "[endpoints.ecs]\ncn-beijing = \"http://10.0.0.1\"\n",
            "plain HTTP only goes to this machine",
        ),
    ] {
        let told = problem(text);
        assert!(told.starts_with("2:") && told.contains(said), "{told}");
    }
}

#[test]
fn plain_http_goes_to_this_machine_only() {
    for there in ["10.0.0.1", "example.com", "127.0.0.1.example.com", "[::2]"] {
        let text = problem(&format!("[endpoints]\nram = \"http://{there}:80\"\n"));
        assert!(
            text.starts_with("2:7 plain HTTP only goes to this machine"),
            "{text}"
        );
    }
    for here in ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"] {
        parse(&format!("[endpoints]\nram = \"http://{here}:8100\"\n")).unwrap();
    }
}

#[test]
fn an_endpoint_is_a_scheme_a_host_and_a_port() {
    for wrong in [
        "https://h/path",
        "https://h?x",
        "https://u:p@h",
        "ftp://h",
        "https://",
    ] {
        let text = problem(&format!("[endpoints]\nram = \"{wrong}\"\n"));
        assert!(text.starts_with("2:7 "), "{wrong}: {text}");
    }
}

#[test]
fn a_secret_in_the_file_is_refused_with_what_to_write() {
    let text = problem("[profiles.a]\naccess_key_id = \"x\"\naccess_key_secret = \"y\"\n");
    assert!(text.starts_with("3:1 "), "{text}");
    assert!(text.contains("`access_key_secret_env`"), "{text}");
}

#[test]
fn half_a_profile_is_refused_where_it_stands() {
    let half = problem("[profiles.a]\naccess_key_id = \"x\"\n");
    assert!(half.starts_with("1:11 an access key has an id"), "{half}");
    let alias = problem("[profiles.a]\nsource_profile = \"b\"\n");
    assert!(
        alias.starts_with("2:1 a profile with a source profile needs"),
        "{alias}"
    );
    let empty = problem("[profiles.a]\n");
    assert!(
        empty.starts_with("1:11 a profile needs an access key"),
        "{empty}"
    );
}

#[test]
fn the_environment_is_stronger_than_the_file_and_the_command_line_than_both() {
    let environment = Environment::given([
        ("HOME", "/home/op"),
        ("RUTTER_STATE_DIR", "/from/environment"),
        ("RUTTER_ENDPOINT_R_KVSTORE", "http://127.0.0.1:1"),
    ]);
    let text = "[state]\ndir = \"/from/file\"\n[endpoints]\nr-kvstore = \"https://h\"\n";
    let file = Path::new("/etc/rutter.toml");
    let load = |overrides| Settings::parse(text, file, &overrides, environment.clone()).unwrap();
    let settings = load(SettingsOverrides::default());
    assert_eq!(settings.state_dir, Path::new("/from/environment"));
    let redis = Product::named("r-kvstore").unwrap();
    let endpoint = settings.endpoints.own(redis, "").unwrap();
    assert_eq!(endpoint.url().as_str(), "http://127.0.0.1:1/");
    let settings = load(SettingsOverrides {
        state_dir: Some("/from/command".into()),
        ..SettingsOverrides::default()
    });
    assert_eq!(settings.state_dir, Path::new("/from/command"));
}

#[test]
fn a_wrong_variable_is_named() {
    let environment = Environment::given([("HOME", "/h"), ("RUTTER_ENDPOINT_RAM", "http://a")]);
    let error = Settings::load(&SettingsOverrides::default(), environment).unwrap_err();
    assert!(
        error
            .message
            .starts_with("`RUTTER_ENDPOINT_RAM` in the environment: plain HTTP")
    );
}

#[test]
fn a_named_file_that_is_missing_is_an_error() {
    let overrides = SettingsOverrides {
        file: Some("/nowhere/rutter.toml".into()),
        ..SettingsOverrides::default()
    };
    let error = Settings::load(&overrides, environment()).unwrap_err();
    assert_eq!(
        error.message,
        "the settings `/nowhere/rutter.toml` cannot be read"
    );
}

#[test]
fn a_limit_is_a_size_with_a_unit() {
    for wrong in ["1MB", "8", "MiB", "0KiB", "99999999999999999GiB"] {
        let text = problem(&format!("[limits]\nmemory = \"{wrong}\"\n"));
        assert!(
            text.starts_with(&format!("2:10 `{wrong}` is no size")),
            "{text}"
        );
    }
}
