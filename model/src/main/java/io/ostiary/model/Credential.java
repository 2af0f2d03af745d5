package io.ostiary.model;

/// How a consumer is recognised, besides its keys.
///
/// @param kind which policies look at it
/// @param id what the caller shows, unique among the credentials of its kind
/// @param secret what proves it, in a form that depends on the kind; may be empty; not in what
///   [#toString] says
public record Credential(Kind kind, String id, String secret) {
  /// What each kind keeps.
  public enum Kind {
    /// `id` is the user name, `secret` the Argon2id hash of the password (PHC string format).
    PASSWORD,
    /// `id` is the key id, `secret` the algorithm and the shared secret or public key in base64,
    /// such as `hmac-sha256:...`.
    SIGNATURE,
    /// `id` is an issuer, a space and the subject with that issuer.
    SUBJECT,
    /// `id` is `sha256:` and the certificate's hash, `subject:` and its name, or `san:` and one of
    /// its alternative names.
    CERTIFICATE
  }

  public static final int ID_CHARS_MAX = 512;

  public Credential {
    Require.notBlank("credential.id", id);
    Require.between("credential.id (length)", id.length(), 1, ID_CHARS_MAX);
  }

  @Override
  public String toString() {
    return kind + " " + id;
  }
}
