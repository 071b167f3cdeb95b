//! From the text's tables to the world, with the checks that need more than one of them.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;
use toml::Spanned;

use super::build_dts::{self, DTS_ROLE, dts_role};
use super::error::{WorldError, WorldText};
use super::located::Ids;
use super::{AccountFile, WorldFile, faults, http};
use crate::charges::Paid;
use crate::dts::{Dts, Sync};
use crate::ecs::{Ecs, Network};
use crate::identifier::{Counters, digest};
use crate::ledger::Ledger;
use crate::ram::{
    OidcProviderFile, Policy, PolicyFile, PolicyName, Provider, Ram, Role, RoleFile, Token, Trust,
    User, UserFile,
};
use crate::redis::Redis;
use crate::register::Register;
use crate::request::AccessKey;
use crate::rights::Document;
use crate::settings::Settings;
use crate::smc::Smc;
use crate::time::ALWAYS;
use crate::world::World;

/// Where a world starts that does not say.
const START: &str = "2026-01-15T20:00:00Z";

pub(super) fn build<'p>(
    file: WorldFile,
    world_text: &'p WorldText<'p>,
) -> Result<World, WorldError> {
    let start_ms = file.world.start.map_or_else(
        || crate::time::parse(START).unwrap_or_default(),
        |start| start.0,
    );
    let mut accounts = Accounts::default();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut ids = Ids::new(world_text);
    let mut migrations = Vec::new();
    for (name, mut account) in file.accounts {
        let id = account.id.get_ref().clone();
        if let Some((other, _)) = names.iter().find(|(_, other)| **other == id) {
            return Err(world_text.error(
                account.id.span(),
                format!("account `{other}` has this id already"),
            ));
        }
        let sources = std::mem::take(&mut account.smc_sources);
        let jobs = std::mem::take(&mut account.smc_jobs);
        migrations.push((id.clone(), sources, jobs));
        let builder = Builder {
            world_text,
            name: &name,
            id: &id,
            ids: &mut ids,
        };
        builder.add(account, &mut accounts, start_ms)?;
        names.insert(name, id);
    }
    for (alias, name) in file.aliases {
        let Some(id) = names.get(name.get_ref()).cloned() else {
            let message = format!("there is no account `{}` in this world", name.get_ref());
            return Err(world_text.error(name.span(), message));
        };
        if names.insert(alias, id).is_some() {
            return Err(world_text.error(
                name.span(),
                "an account of this world has this name already",
            ));
        }
    }
    let settings = Settings {
        title: file.world.title,
        start_ms,
        time_scale: file.world.time_scale.unwrap_or(1.0),
        seed: file.world.seed,
        compare_data: file.world.compare_data,
        latency: file.latency,
        durations: file.durations,
        rates: file.rates,
        faults: faults::shares(file.faults, world_text)?,
        http: http::scripts(file.http, world_text)?,
    };
    let mut world = World {
        settings,
        names,
        ram: accounts.ram,
        redis: accounts.redis,
        dts: accounts.dts,
        ecs: accounts.ecs,
        smc: accounts.smc,
        dts_file: file.dts,
        ecs_file: file.ecs,
        smc_file: file.smc,
        paid: Paid::default(),
        sessions: BTreeMap::new(),
        remembered: BTreeMap::new(),
        counters: Counters::default(),
        ledger: Ledger::default(),
    };
    super::migrations::add(&mut world, migrations, world_text, &mut ids)?;
    Ok(world)
}

/// What the accounts have in each product, by their ids.
#[derive(Default)]
struct Accounts {
    ram: BTreeMap<String, Ram>,
    redis: BTreeMap<String, Register<Redis>>,
    dts: BTreeMap<String, Dts>,
    ecs: BTreeMap<String, Ecs>,
    smc: BTreeMap<String, Smc>,
}

struct Builder<'a, 'p> {
    world_text: &'a WorldText<'p>,
    name: &'a str,
    id: &'a str,
    ids: &'a mut Ids<'p>,
}

impl Builder<'_, '_> {
    fn add(
        mut self,
        file: AccountFile,
        accounts: &mut Accounts,
        start_ms: i64,
    ) -> Result<(), WorldError> {
        let id = self.id;
        if !crate::ram::is_account_id(id) {
            return Err(self.world_text.error(
                file.id.span(),
                format!("`{id}` is no account id, which is a number of at most 20 digits"),
            ));
        }
        let redis = self.ids.resources(file.redis)?;
        let databases = build_dts::databases(self.ids, self.world_text, file.databases)?;
        let jobs = build_dts::dts_jobs(self.ids, self.world_text, file.dts_jobs, start_ms)?;
        let syncs = self.ids.resources(file.syncs)?;
        let (instances, images) = (
            self.ids.resources(file.ecs)?,
            self.ids.resources(file.images)?,
        );
        let snapshots = self.ids.resources(file.snapshots)?;
        let network = Network::new(
            self.ids.resources(file.vswitches)?,
            self.ids.resources(file.security_groups)?,
        );
        let redis = redis.into_iter();
        let redis = redis.map(|redis| (redis.id.clone(), Redis::new(redis)));
        let syncs = syncs.into_iter();
        let syncs = syncs.map(|sync| (sync.id.clone(), Sync::bought(sync)));
        let dts = Dts {
            is_opened: file.dts_opened,
            databases,
            jobs,
            syncs: syncs.collect(),
        };
        let ecs = Ecs::new(instances, images, snapshots, network);
        let mut ram = Ram::default();
        for policy in file.policies {
            self.policy(&mut ram, policy)?;
        }
        for provider in file.oidc_providers {
            self.provider(&mut ram, provider, start_ms)?;
        }
        for role in file.roles {
            self.role(&mut ram, role)?;
        }
        if file.dts_authorised && ram.spelling(DTS_ROLE).is_none() {
            self.role(&mut ram, dts_role())?;
        }
        for (position, user) in with_operator(file.users).into_iter().enumerate() {
            self.user(&mut ram, position, user)?;
        }
        accounts.ram.insert(id.to_owned(), ram);
        accounts.redis.insert(id.to_owned(), redis.collect());
        accounts.dts.insert(id.to_owned(), dts);
        accounts.ecs.insert(id.to_owned(), ecs);
        accounts.smc.insert(id.to_owned(), Smc::default());
        Ok(())
    }

    fn policy(&self, account: &mut Ram, file: PolicyFile) -> Result<(), WorldError> {
        self.document(&file.document, Document::policy)?;
        let span = file.name.span();
        let name = file.name.into_inner();
        if rutter_contracts::system_policy(&name).is_some() {
            return Err(self
                .world_text
                .error(span, format!("`{name}` is the name of a system policy")));
        }
        let policy = Policy::new(file.description, file.document.into_inner(), ALWAYS);
        match account.policies.insert(name, policy) {
            None => Ok(()),
            Some(_) => Err(self
                .world_text
                .error(span, "the account has a policy of this name already")),
        }
    }

    fn provider(
        &self,
        account: &mut Ram,
        file: OidcProviderFile,
        start_ms: i64,
    ) -> Result<(), WorldError> {
        let span = file.name.span();
        let Some(first) = file.client_ids.first().cloned() else {
            let message = "an identity provider has at least one of `client_ids`";
            return Err(self.world_text.error(span, message));
        };
        let tokens = file.tokens.into_iter().map(|token| Token {
            text: token.token,
            subject: token.subject,
            audience: token.audience.unwrap_or_else(|| first.clone()),
            issued_ms: start_ms,
            expires_ms: token.expires.map_or(i64::MAX, |expires| expires.0),
        });
        let provider = Provider {
            issuer: file.issuer,
            tokens: tokens.collect(),
            client_ids: file.client_ids,
        };
        match account.providers.insert(file.name.into_inner(), provider) {
            None => Ok(()),
            Some(_) => {
                let message = "the account has an identity provider of this name already";
                Err(self.world_text.error(span, message))
            }
        }
    }

    fn role(&self, account: &mut Ram, file: RoleFile) -> Result<(), WorldError> {
        self.document(&file.trust, Document::trust)?;
        let policies = self.policies(account, file.policies)?;
        let span = file.name.span();
        let name = file.name.into_inner();
        let role = Role {
            id: format!("30sim{}", &digest(&["role", self.id, &name])[..14]),
            description: file.description,
            console_login: false,
            max_session_seconds: file.max_session.0 / 1000,
            created_ms: ALWAYS,
            updated_ms: ALWAYS,
            trust: Trust::new(ALWAYS, file.trust.into_inner()),
            attached: Vec::new(),
        };
        if account.spelling(&name).is_some() {
            let message = "the account has a role of this name already";
            return Err(self.world_text.error(span, message));
        }
        account.add_role(&name, role);
        for policy in policies {
            account.attach(&name, policy, ALWAYS);
        }
        Ok(())
    }

    fn user(
        &mut self,
        account: &mut Ram,
        position: usize,
        file: UserFile,
    ) -> Result<(), WorldError> {
        let policies = self.policies(account, file.policies)?;
        let mark = digest(&["user", self.id, &file.name]);
        let span = file.access_key_id.as_ref().map_or(0..0, Spanned::span);
        let key = AccessKey {
            id: file
                .access_key_id
                .map_or_else(|| format!("LTAIsim{}", &mark[..17]), Spanned::into_inner),
            secret: file
                .access_key_secret
                .unwrap_or_else(|| format!("sim{}", &mark[20..47])),
        };
        if !self.ids.take(&key.id) {
            return Err(self
                .world_text
                .error(span, "another user has this access key id"));
        }
        let id = format!("20sim{}", &mark[..14]);
        let user = User {
            name: file.name,
            id,
            position,
            key,
            policies,
            main: file.main,
        };
        account.users.insert(user.name.clone(), user);
        Ok(())
    }

    fn policies(
        &self,
        account: &Ram,
        names: Vec<Spanned<String>>,
    ) -> Result<Vec<PolicyName>, WorldError> {
        names
            .into_iter()
            .map(|name| self.policy_name(account, name))
            .collect()
    }

    fn policy_name(&self, account: &Ram, name: Spanned<String>) -> Result<PolicyName, WorldError> {
        let span = name.span();
        let name = name.into_inner();
        if account.policies.contains_key(&name) {
            return Ok(PolicyName::Custom(name));
        }
        if rutter_contracts::system_policy(&name).is_some() {
            return Ok(PolicyName::System(name));
        }
        let known: Vec<&str> = rutter_contracts::system_policies()
            .iter()
            .map(|policy| policy.name.as_str())
            .collect();
        let message = format!(
            "`{name}` is neither a policy of account `{}` nor a known system policy ({})",
            self.name,
            known.join(", ")
        );
        Err(self.world_text.error(span, message))
    }

    fn document(
        &self,
        text: &Spanned<String>,
        read: fn(&Value) -> Result<Document, String>,
    ) -> Result<(), WorldError> {
        let span: Range<usize> = text.span();
        let value: Value = serde_json::from_str(text.get_ref()).map_err(|error| {
            self.world_text
                .error(span.clone(), format!("the policy is no JSON: {error}"))
        })?;
        read(&value).map(drop).map_err(|problem| {
            self.world_text
                .error(span, format!("the policy is wrong: {problem}"))
        })
    }
}

/// An account in which nobody is named has an operator who may do everything.
fn with_operator(users: Vec<UserFile>) -> Vec<UserFile> {
    if !users.is_empty() {
        return users;
    }
    vec![UserFile {
        name: "operator".to_owned(),
        access_key_id: None,
        access_key_secret: None,
        policies: vec![Spanned::new(0..0, "AdministratorAccess".to_owned())],
        main: false,
    }]
}
