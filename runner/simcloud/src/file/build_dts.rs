//! What DTS has in an account from the start: databases of other kinds, tasks, and the role that authorising it makes.

use toml::Spanned;

use super::error::{WorldError, WorldText};
use super::located::Ids;
use crate::dts::{self, DatabaseFile, DtsJobFile};
use crate::ram::RoleFile;
use crate::register::Register;
use crate::scalars::Span;

/// The role of DTS itself.
pub(super) const DTS_ROLE: &str = "AliyunDTSDefaultRole";

pub(super) fn databases(
    ids: &mut Ids<'_>,
    world_text: &WorldText<'_>,
    files: Vec<Spanned<DatabaseFile>>,
) -> Result<Register<DatabaseFile>, WorldError> {
    for file in &files {
        let kind = &file.get_ref().kind;
        if dts::kind_named(kind).is_none() {
            let known: Vec<_> = dts::kind_names().collect();
            let message = format!(
                "there is no type of database `{kind}`; there are {}",
                known.join(", ")
            );
            return Err(world_text.error(file.span(), message));
        }
    }
    let databases = ids.resources(files)?;
    Ok(databases
        .into_iter()
        .map(|database| (database.id.clone(), database))
        .collect())
}

pub(super) fn dts_jobs(
    ids: &mut Ids<'_>,
    world_text: &WorldText<'_>,
    files: Vec<Spanned<DtsJobFile>>,
    start_ms: i64,
) -> Result<Register<dts::Job>, WorldError> {
    let mut jobs = Register::default().called_by(dts::Job::names);
    for file in files {
        let span = file.span();
        for file in ids.resources(vec![file])? {
            let job = dts::hold(file, start_ms)
                .map_err(|message| world_text.error(span.clone(), message))?;
            jobs.insert(job.id.clone(), job);
        }
    }
    Ok(jobs)
}

/// The role that authorising DTS makes in an account.
pub(super) fn dts_role() -> RoleFile {
    let trust = r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["dts.aliyuncs.com"]}}]}"#;
    let text = |text: &str| Spanned::new(0..0, text.to_owned());
    RoleFile {
        name: text(DTS_ROLE),
        trust: text(trust),
        description: String::new(),
        policies: vec![text("AliyunDTSRolePolicy")],
        max_session: Span::minutes(60),
    }
}
