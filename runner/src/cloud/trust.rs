//! Whose certificates are believed: the system's bundle and the operator's file, nothing from the
//! environment.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Where systems keep their bundle of certificates; the first that is there is taken.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Returns how TLS is spoken. Fails when there is nothing to trust.
pub(super) fn configuration(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut store = RootCertStore::empty();
    if let Some(path) = ca_file {
        let text = rutter_files::read(path, rutter_files::WORLD_MAX)
            .map_err(|error| format!("`ca_file` `{}` cannot be read: {error}", path.display()))?;
        if add(&mut store, &text) == 0 {
            return Err(format!(
                "`ca_file` `{}` holds no certificate",
                path.display()
            ));
        }
    }
    if let Some(text) = BUNDLES.iter().find_map(|path| std::fs::read(path).ok()) {
        add(&mut store, &text);
    }
    if store.is_empty() {
        return Err(
            "this system has no bundle of trusted certificates; name one as `ca_file` under `[network]`"
                .to_owned(),
        );
    }
    configuration_trusting(store)
}

/// Returns how TLS would be spoken with nobody trusted: for connections that do without it.
pub(super) fn nobody() -> Result<ClientConfig, String> {
    configuration_trusting(RootCertStore::empty())
}

fn configuration_trusting(store: RootCertStore) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

fn add(store: &mut RootCertStore, pem: &[u8]) -> usize {
    // A mark before the first certificate would make it one of the lines between certificates.
    let pem = pem
        .strip_prefix(rutter_files::BYTE_ORDER_MARK)
        .unwrap_or(pem);
    let certificates = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
    store.add_parsable_certificates(certificates).0
}
