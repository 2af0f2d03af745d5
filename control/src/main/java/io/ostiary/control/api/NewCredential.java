package io.ostiary.control.api;

import io.ostiary.control.http.Fields;
import io.ostiary.control.records.Passwords;
import io.ostiary.model.Credential;
import io.ostiary.model.Credential.Kind;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.text.Normalizer;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What somebody asks a new credential to be, read and checked.
///
/// @param made a secret that was made here and is shown in one answer only, or null
record NewCredential(Credential credential, @Nullable String made) {
  private static final String[] FIELDS = {
    "kind", "id", "password", "algorithm", "secret", "publicKey", "issuer", "subject"
  };
  private static final int PASSWORD_CHARS_MIN = 12;
  private static final int PASSWORD_CHARS_MAX = 256;
  private static final int SECRET_BYTES = 32;
  private static final int RSA_BITS_MIN = 2048;
  private static final int EC_BITS = 256;

  /// The algorithms of RFC 9421 with public keys, and what the JDK calls such a key.
  private static final Map<String, String> PUBLIC =
      Map.of(
          "ed25519", "Ed25519",
          "ecdsa-p256-sha256", "EC",
          "rsa-pss-sha512", "RSA",
          "rsa-v1_5-sha256", "RSA");

  static String[] fields() {
    return FIELDS.clone();
  }

  static NewCredential read(Fields fields) {
    var kind = fields.text("kind", 1, 20).toLowerCase(Locale.ROOT);
    var read =
        switch (kind) {
          case "password" -> password(fields);
          case "signature" -> signature(fields);
          case "subject" -> subject(fields);
          case "certificate" -> certificate(fields);
          default -> {
            fields.fault("kind", kind + " (expected: password, signature, subject or certificate)");
            yield null;
          }
        };
    fields.done();
    if (read == null) {
      throw new IllegalStateException("a credential without a fault");
    }
    return read;
  }

  private static String id(Fields fields) {
    return fields.text("id", 1, 200);
  }

  private static @Nullable NewCredential password(Fields fields) {
    var user = composed(id(fields));
    var password = composed(fields.secret("password", PASSWORD_CHARS_MIN, PASSWORD_CHARS_MAX));
    if (user.indexOf(':') >= 0) {
      fields.fault("id", "':' in it (expected: a user name without, see RFC 7617)");
    }
    fields.done();
    return new NewCredential(new Credential(Kind.PASSWORD, user, Passwords.hash(password)), null);
  }

  /// As `basic-auth` compares them, whichever way a keyboard writes an accent (RFC 7617 section
  /// 2.1).
  private static String composed(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFC);
  }

  private static @Nullable NewCredential signature(Fields fields) {
    var id = id(fields);
    var algorithm = fields.text("algorithm", "hmac-sha256", 1, 40);
    if (algorithm.equals("hmac-sha256")) {
      return hmac(fields, id);
    }
    var type = PUBLIC.get(algorithm);
    if (type == null) {
      fields.fault("algorithm", algorithm + " (expected: hmac-sha256 or one of " + sorted() + ")");
      return null;
    }
    var key = publicKey(fields, type);
    fields.done();
    return new NewCredential(new Credential(Kind.SIGNATURE, id, algorithm + ":" + key), null);
  }

  private static List<String> sorted() {
    return PUBLIC.keySet().stream().sorted().toList();
  }

  private static @Nullable NewCredential hmac(Fields fields, String id) {
    String made = null;
    var secret = fields.text("secret", "", 0, 1000);
    if (!fields.has("secret")) {
      var bytes = new byte[SECRET_BYTES];
      new SecureRandom().nextBytes(bytes);
      secret = Base64.getEncoder().encodeToString(bytes);
      made = secret;
    }
    try {
      if (Base64.getDecoder().decode(secret).length < SECRET_BYTES) {
        fields.fault("secret", "too short (expected: base64 of at least 32 bytes)");
      }
    } catch (IllegalArgumentException e) {
      fields.fault("secret", "not base64 (expected: base64 of at least 32 bytes)");
    }
    fields.done();
    return new NewCredential(new Credential(Kind.SIGNATURE, id, "hmac-sha256:" + secret), made);
  }

  /// The key in base64, read once to know that it is one.
  private static String publicKey(Fields fields, String type) {
    var text =
        fields
            .lines("publicKey", 4000)
            .replaceAll("-----(BEGIN|END) PUBLIC KEY-----", "")
            .replaceAll("\\s", "");
    try {
      var spec = new X509EncodedKeySpec(Base64.getDecoder().decode(text));
      if (strong(KeyFactory.getInstance(type).generatePublic(spec))) {
        return text;
      }
      fields.fault("publicKey", "too weak (expected: RSA of at least 2048 bits, or P-256)");
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      fields.fault(
          "publicKey", "not understood (expected: a public key in PEM, as openssl -pubout writes)");
    }
    return text;
  }

  private static boolean strong(PublicKey key) {
    return switch (key) {
      case RSAPublicKey rsa -> rsa.getModulus().bitLength() >= RSA_BITS_MIN;
      case ECPublicKey ec -> ec.getParams().getCurve().getField().getFieldSize() == EC_BITS;
      default -> true;
    };
  }

  private static @Nullable NewCredential subject(Fields fields) {
    var issuer = fields.text("issuer", 1, 200);
    var subject = fields.text("subject", 1, 200);
    if (issuer.indexOf(' ') >= 0) {
      fields.fault("issuer", "a space in it (expected: the issuer's URL)");
    }
    fields.done();
    return new NewCredential(new Credential(Kind.SUBJECT, issuer + " " + subject, ""), null);
  }

  private static @Nullable NewCredential certificate(Fields fields) {
    var id = id(fields);
    boolean known =
        id.matches("sha256:[0-9a-f]{64}")
            || (id.startsWith("subject:") && id.length() > 8)
            || id.matches("san:(dns|uri|email|ip):.+");
    if (!known) {
      fields.fault(
          "id",
          id
              + " (expected: sha256: and 64 hexadecimal digits, subject: and the name, or san:dns:,"
              + " san:uri:, san:email: or san:ip: and a name)");
    }
    fields.done();
    return new NewCredential(new Credential(Kind.CERTIFICATE, id, ""), null);
  }
}
