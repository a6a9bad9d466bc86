//! Outgoing TLS.

/// Chooses the cryptography of outgoing TLS for the whole process. Calling it again does nothing.
pub fn install_crypto() {
    // An error says that a provider is already there.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
