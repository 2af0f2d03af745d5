package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.password4j.Argon2Function;
import com.password4j.Password;
import io.ostiary.control.records.Passwords;
import io.ostiary.model.Credential;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/// Groups, tags and credentials of consumers, and how they reach the snapshot.
class CredentialsTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path data;
  @TempDir Path folder;
  private Fixture fixture;
  private String acme;

  @BeforeEach
  void start() throws Exception {
    fixture = new Fixture(data);
    acme = "/api/v1/consumers/" + fixture.consumer("acme");
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  private List<Credential> inForce() {
    return fixture.newest().consumers().getFirst().credentials();
  }

  private int create(Map<String, String> body) throws Exception {
    return fixture.post(acme + "/credentials", JSON.writeValueAsString(body)).statusCode();
  }

  @Test
  void groupsAndTagsAreInForceAtOnceAndSurviveARestart() throws Exception {
    var made = fixture.patch(acme, "{\"groups\":[\"gold\",\"eu\"],\"tags\":[\"pilot\"]}");
    assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
    assertThat(Fixture.tree(fixture.patch(acme, "{\"tags\":[]}")).get("groups").toString())
        .isEqualTo("[\"eu\",\"gold\"]");
    var consumer = fixture.newest().consumers().getFirst();
    assertThat(consumer.groups()).containsExactlyInAnyOrder("gold", "eu");
    assertThat(consumer.tags()).isEmpty();
    assertThat(fixture.patch(acme, "{\"groups\":[\"Not A Name\"]}").statusCode()).isEqualTo(400);
    assertThat(fixture.patch("/api/v1/consumers/none", "{}").statusCode()).isEqualTo(404);
    create(Map.of("kind", "subject", "issuer", "https://id.example.com", "subject", "7"));
    fixture.close();
    fixture = new Fixture(data);
    var again = fixture.get(acme);
    assertThat(again.body()).contains("\"groups\":[\"eu\",\"gold\"]", "\"credentials\":1");
    fixture.consumer("zeta");
    assertThat(fixture.newest().consumers())
        .anySatisfy(one -> {
          assertThat(one.groups()).contains("gold");
          assertThat(one.credentials()).hasSize(1);
        });
  }

  @Test
  void aPasswordIsKeptAsArgon2idOnly() throws Exception {
    var password = "correct horse battery";
    assertThat(create(Map.of("kind", "password", "id", "batch", "password", password)))
        .isEqualTo(201);
    var kept = inForce().getFirst();
    assertThat(kept.id()).isEqualTo("batch");
    assertThat(kept.secret()).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");
    assertThat(kept.toString()).doesNotContain("argon");
    var listed = fixture.get(acme + "/credentials").body();
    assertThat(listed).contains("\"shown\":\"batch\"").doesNotContain("argon2id", password);
    assertThat(fixture.get("/api/v1/audit").body())
        .contains("credential-created")
        .doesNotContain("argon2id", password);
    try (var files = Files.walk(data)) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        var text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertThat(text.contains(password)).as(file.toString()).isFalse();
      }
    }
    assertThat(create(Map.of("kind", "password", "id", "batch", "password", password)))
        .isEqualTo(409);
    assertThat(create(Map.of("kind", "password", "id", "b", "password", "short"))).isEqualTo(400);
    assertThat(create(Map.of("kind", "password", "id", "a:b", "password", password)))
        .isEqualTo(400);
    assertThat(Passwords.hash("x")).isNotEqualTo(Passwords.hash("x"));
  }

  @Test
  void aPasswordCountsAsItIs() throws Exception {
    var blanks = "  correct horse  ";
    create(Map.of("kind", "password", "id", "batch", "password", blanks));
    var kept = inForce().getFirst().secret();
    assertThat(fits(blanks, kept)).isTrue();
    assertThat(fits(blanks.strip(), kept)).isFalse();
    create(Map.of("kind", "password", "id", "cafe\u0301", "password", "pa\u0308sswo\u0308rter"));
    var composed = inForce().getLast();
    assertThat(composed.id()).isEqualTo("caf\u00e9");
    assertThat(fits("p\u00e4ssw\u00f6rter", composed.secret())).isTrue();
    var refused =
        fixture.post(
            acme + "/credentials",
            "{\"kind\":\"password\",\"id\":\"b\",\"password\":\"too-short\"}");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("9 characters (expected").doesNotContain("too-short");
  }

  private static boolean fits(String password, String hash) {
    return Password.check(password, hash).with(Argon2Function.getInstanceFromHash(hash));
  }

  @Test
  void aSigningSecretIsMadeAndShownOnce() throws Exception {
    var made = fixture.post(acme + "/credentials", "{\"kind\":\"signature\",\"id\":\"acme-1\"}");
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    var secret = Fixture.tree(made).get("secret").asString();
    assertThat(inForce().getFirst().secret()).isEqualTo("hmac-sha256:" + secret);
    assertThat(fixture.get(acme + "/credentials").body()).doesNotContain(secret);
    var id = Fixture.tree(made).get("id").asString();
    assertThat(fixture.delete(acme + "/credentials/" + id).statusCode()).isEqualTo(204);
    assertThat(inForce()).isEmpty();
    assertThat(fixture.delete(acme + "/credentials/" + id).statusCode()).isEqualTo(404);
    assertThat(create(Map.of("kind", "signature", "id", "a", "secret", "c2hvcnQ="))).isEqualTo(400);
  }

  @Test
  void takesPublicKeysAsOpensslWritesThem() throws Exception {
    for (var key :
        List.of(
            List.of("ed25519", "-algorithm", "ed25519"),
            List.of("ecdsa-p256-sha256", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
            List.of("rsa-pss-sha512", "-algorithm", "RSA"))) {
      var pem = publicKey(key.subList(1, key.size()));
      var body = Map.of("kind", "signature", "id", key.getFirst(), "algorithm", key.getFirst());
      var whole = new java.util.HashMap<>(body);
      whole.put("publicKey", pem);
      assertThat(create(whole)).as(key.getFirst()).isEqualTo(201);
    }
    assertThat(inForce()).hasSize(3).allMatch(one -> !one.secret().contains("BEGIN"));
    var weak = publicKey(List.of("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"));
    assertThat(
            create(
                Map.of(
                    "kind",
                    "signature",
                    "id",
                    "w",
                    "algorithm",
                    "ecdsa-p256-sha256",
                    "publicKey",
                    weak)))
        .isEqualTo(400);
    assertThat(
            create(
                Map.of(
                    "kind", "signature", "id", "x", "algorithm", "ed25519", "publicKey", "AAAA")))
        .isEqualTo(400);
  }

  private String publicKey(List<String> options) throws Exception {
    var file = folder.resolve("key.pem");
    var command = new java.util.ArrayList<>(List.of("openssl", "genpkey", "-out", file.toString()));
    command.addAll(options);
    run(command);
    return run(List.of("openssl", "pkey", "-in", file.toString(), "-pubout"));
  }

  private static String run(List<String> command) throws Exception {
    var process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
    return out;
  }

  @Test
  void refusesWhatIsNoCredential() throws Exception {
    assertThat(create(Map.of("kind", "magic"))).isEqualTo(400);
    assertThat(create(Map.of("kind", "certificate", "id", "sha256:abc"))).isEqualTo(400);
    assertThat(create(Map.of("kind", "subject", "issuer", "a b", "subject", "7"))).isEqualTo(400);
    assertThat(create(Map.of("kind", "certificate", "id", "san:dns:a.example.com"))).isEqualTo(201);
    assertThat(
            fixture
                .post(
                    "/api/v1/consumers/none/credentials",
                    "{\"kind\":\"subject\"," + "\"issuer\":\"i\",\"subject\":\"s\"}")
                .statusCode())
        .isEqualTo(404);
  }
}
