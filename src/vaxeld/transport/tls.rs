//! TLS: the box's own certificate, made by its own authority unless one is given, and the trust in others'.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

/// What goes wrong with certificates.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path} holds no {what} in PEM form")]
    Content {
        /// Which.
        path: PathBuf,
        /// What was expected.
        what: &'static str,
    },
    /// Certificate and key do not fit, or are of a kind that is not supported.
    #[error("the certificate cannot be used: {0}")]
    Rustls(#[from] rustls::Error),
    /// A certificate could not be made.
    #[error("no certificate could be made: {0}")]
    Make(#[from] rcgen::Error),
}

/// Both roles of the box in TLS.
pub struct Identity {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl Identity {
    /// With a certificate chain and key that were given. `trusted` are files with further authorities.
    pub fn given(certificate: &Path, key: &Path, trusted: &[PathBuf]) -> Result<Self, TlsError> {
        Self::new(certificates(certificate)?, private_key(key)?, trusted)
    }

    /// With the box's own: made once by an authority of its own and kept in `folder`. Phones are given the
    /// authority's certificate, `authority.pem`; the box trusts it as well. `box.pem` is named last, when everything
    /// it needs is durable: where it is, the rest is, too.
    pub fn own(folder: &Path, names: Vec<String>, trusted: &[PathBuf]) -> Result<Self, TlsError> {
        let authority = folder.join("authority.pem");
        let (certificate, key) = (folder.join("box.pem"), folder.join("box.key"));
        if ![&certificate, &key, &authority].into_iter().all(|file| file.exists()) {
            let begun = begin(folder, &certificate);
            begun.map_err(|source| TlsError::File { path: folder.to_owned(), source })?;
            make(&authority, (&certificate, &key), names)?;
        }
        let trusted = [trusted, &[authority]].concat();
        Self::new(certificates(&certificate)?, private_key(&key)?, &trusted)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        trusted: &[PathBuf],
    ) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        let system = Path::new("/etc/ssl/certs/ca-certificates.crt");
        let system = Some(system).filter(|path| path.exists());
        for path in system.into_iter().chain(trusted.iter().map(PathBuf::as_path)) {
            roots.add_parsable_certificates(certificates(path)?);
        }
        let server = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Ok(Self { server: Arc::new(server), client: Arc::new(client) })
    }

    /// The server's side of a handshake.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<server::TlsStream<TcpStream>> {
        TlsAcceptor::from(Arc::clone(&self.server)).accept(stream).await
    }

    /// The client's side: the certificate must have the name, or the address where no name is known.
    pub(super) async fn connect(
        &self,
        stream: TcpStream,
        address: IpAddr,
        name: Option<&str>,
    ) -> io::Result<client::TlsStream<TcpStream>> {
        let name = match name {
            Some(name) => ServerName::try_from(name.to_owned()).map_err(io::Error::other)?,
            None => ServerName::from(address),
        };
        TlsConnector::from(Arc::clone(&self.client)).connect(name, stream).await
    }
}

/// Why a connection could not be opened, for people: most of all, what is wrong with a certificate.
pub(super) fn refusal(error: &io::Error, name: Option<&str>) -> String {
    use rustls::CertificateError as Wrong;
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (tls, error.kind()) {
        (Some(rustls::Error::InvalidCertificate(wrong)), _) => match wrong {
            Wrong::Expired | Wrong::ExpiredContext { .. } => "its certificate has expired".to_owned(),
            Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
                "its certificate is not valid yet: is the box's clock right?".to_owned()
            }
            Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
                format!("its certificate is not for {}", name.unwrap_or("its address"))
            }
            // Two authorities may share a name; the signature tells them apart.
            Wrong::UnknownIssuer | Wrong::BadSignature => {
                "its certificate is from an authority that the box does not trust".to_owned()
            }
            other => format!("its certificate is refused: {other}"),
        },
        (Some(other), _) => format!("TLS does not come about: {other}"),
        (None, io::ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        (None, _) => error.to_string(),
    }
}

/// A folder, lasting itself, without a certificate that what will be made does not fit.
fn begin(folder: &Path, certificate: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    match fs::remove_file(certificate) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for folder in folder.ancestors().take(2) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn make(authority: &Path, (certificate, key): (&Path, &Path), names: Vec<String>) -> Result<(), TlsError> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Vaxel");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let root = params.self_signed(&authority_key)?;
    let issuer = Issuer::new(params, authority_key);

    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "Vaxel box");
    let box_key = KeyPair::generate()?;
    let leaf = params.signed_by(&box_key, &issuer)?;
    write(authority, &root.pem(), 0o644)?;
    write(&authority.with_extension("key"), &issuer.key().serialize_pem(), 0o600)?;
    write(key, &box_key.serialize_pem(), 0o600)?;
    let unnamed = certificate.with_extension("new");
    write(&unnamed, &(leaf.pem() + &root.pem()), 0o644)?;
    name(&unnamed, certificate).map_err(|source| TlsError::File { path: certificate.to_owned(), source })
}

/// Gives the last file its name, after those of the others are durable.
fn name(unnamed: &Path, path: &Path) -> io::Result<()> {
    let folder = fs::File::open(path.parent().unwrap_or(Path::new("/")))?;
    folder.sync_all()?;
    fs::rename(unnamed, path)?;
    folder.sync_all()
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    use io::Write as _;
    let written = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path);
    written
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|source| TlsError::File { path: path.to_owned(), source })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = fs::read(path).map_err(|source| TlsError::File { path: path.to_owned(), source })?;
    let all: Vec<_> = CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok).collect();
    if all.is_empty() {
        Err(TlsError::Content { path: path.to_owned(), what: "certificate" })
    } else {
        Ok(all)
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let bytes = fs::read(path).map_err(|source| TlsError::File { path: path.to_owned(), source })?;
    PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|_| TlsError::Content { path: path.to_owned(), what: "private key" })
}
