//! `AssumeRoleWithOIDC`: a role for a token of an identity provider. Nobody signs; the token says who calls.

use serde_json::json;

use super::{
    RequestContext, Wanted, check_session_name, give_out, parse_arn, role_of, seconds,
    session_policy,
};
use crate::answer::{Answer, Refusal};
use crate::ram::BadToken;
use crate::rights::{Principal, trusts};

pub(super) fn assume_role(context: &mut RequestContext<'_>) -> Answer {
    let provider_arn = context.required("OIDCProviderArn")?;
    let arn = context.required("RoleArn")?;
    let text = context.required("OIDCToken")?;
    let session_name = context.required("RoleSessionName")?;
    let (owner, role_name) = parse_arn(&arn)?;
    check_session_name(&session_name)?;
    let policy = session_policy(context)?;
    let ram = context.world.ram;
    // A role opens for providers of its own account alone.
    let provider = provider_arn
        .strip_prefix(&format!("acs:ram::{owner}:oidc-provider/"))
        .and_then(|name| ram.get(owner)?.providers.get(name))
        .ok_or_else(|| no_permission("Parameter OIDCProviderArn is not valid"))?;
    let token = provider.token(&text, context.moment.credentials_ms);
    let token = token.map_err(refusal)?;
    let (role_name, role) = role_of(context, owner, role_name)?;
    let principal = Principal::Federated {
        provider_arn: &provider_arn,
        claims: &provider.claims(token),
    };
    let spread = context.settings().durations.ram_spread.0;
    let trust = role.trust.in_force(context.now, spread);
    if !trust.is_some_and(|document| trusts(&document, owner, &principal)) {
        return Err(no_permission(
            "This operation is forbidden by permission system.",
        ));
    }
    let wanted = Wanted {
        owner,
        role_name,
        role_id: role.id.clone(),
        name: session_name,
        policy,
        seconds: seconds(context, role)?,
    };
    let mut answer = give_out(context, wanted);
    answer["OIDCTokenInfo"] = json!({
        "Subject": token.subject,
        "Issuer": provider.issuer,
        "ClientIds": token.audience,
        "IssuanceTime": crate::time::text(token.issued_ms),
        "ExpirationTime": crate::time::text(token.expires_ms),
        "VerificationInfo": "Success",
    });
    Ok(answer)
}

fn refusal(bad: BadToken) -> Refusal {
    let (code, message) = match bad {
        BadToken::Unknown => ("Invalid", "This JsonWebToken is invalid."),
        BadToken::Expired => ("Expired", "This JsonWebToken is expired."),
    };
    Refusal::new(400, format!("AuthenticationFail.OIDCToken.{code}"), message)
}

fn no_permission(message: &str) -> Refusal {
    Refusal::new(403, "AuthenticationFail.NoPermission", message)
}
