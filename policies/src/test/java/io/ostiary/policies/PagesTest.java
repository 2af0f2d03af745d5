package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.bind.SettingRow;
import io.ostiary.contract.config.ConfigRead;
import io.ostiary.contract.config.ConfigReader;
import io.ostiary.contract.openapi.OpenApiReader;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Api;
import io.ostiary.model.PolicyUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The pages of `docs/policies`: their examples, read as a user's file would be and compiled, and
/// their tables of settings, which are made from the records.
class PagesTest {
  private static final Pattern EXAMPLE =
      Pattern.compile("```yaml\n(policies:.*?)```", Pattern.DOTALL);

  /// With `-Dostiary.pages=write` the tables are written rather than compared.
  private static final boolean WRITE = "write".equals(System.getProperty("ostiary.pages"));

  private static final String TABLE_BEGIN = "<!-- settings: made from the record -->\n";
  private static final String TABLE_END = "<!-- end of settings -->";
  private static final Pattern TABLE =
      Pattern.compile(TABLE_BEGIN + "(.*?)" + TABLE_END, Pattern.DOTALL);

  @TempDir Path directory;

  private static Map<String, Policy<?>> policies() {
    var policies = new HashMap<String, Policy<?>>();
    for (Policy<?> policy : ServiceLoader.load(Policy.class)) {
      policies.put(policy.name(), policy);
    }
    return policies;
  }

  private ConfigRead read(String policies) throws IOException {
    Files.writeString(
        directory.resolve("orders.yaml"),
        """
        openapi: 3.1.0
        info: { title: Orders, version: "1" }
        paths:
          /orders:
            get: { operationId: list }
        """);
    var file = directory.resolve("ostiary.yaml");
    Files.writeString(
        file,
        """
        listeners: [ { address: "127.0.0.1:8080" } ]
        upstreams: [ { name: orders, targets: [ "127.0.0.1:9001" ] } ]
        apis:
          - name: orders
            path: /
            upstream: orders
            openapi: orders.yaml
        """
            + policies.indent(4));
    var settings = new HashMap<String, Class<? extends Record>>();
    policies().forEach((name, policy) -> settings.put(name, policy.settings()));
    return ConfigReader.read(file, settings, new OpenApiReader());
  }

  static Set<String> names() {
    return new TreeSet<>(policies().keySet());
  }

  /// A page whose table differs is repaired by `mvn -pl policies -am test -Dtest=PagesTest
  /// -Dsurefire.failIfNoSpecifiedTests=false -Dostiary.pages=write`.
  @ParameterizedTest
  @MethodSource("names")
  void theTableOfThePageIsMadeFromTheRecord(String name) throws IOException {
    var file = Path.of("../docs/policies/" + name + ".md");
    var page = Files.readString(file);
    var table = TABLE.matcher(page);
    assertThat(table.find())
        .as("%s: a table between '%s' and '%s'", file, TABLE_BEGIN.strip(), TABLE_END)
        .isTrue();
    var rows = SettingRow.of(Objects.requireNonNull(policies().get(name)).settings());
    var made = "\n| setting | default | |\n|---|---|---|\n" + lines(rows) + "\n";
    if (rows.isEmpty()) {
      made = "\nIt has no settings.\n\n";
    }
    if (WRITE && !table.group(1).equals(made)) {
      Files.writeString(
          file, page.substring(0, table.start(1)) + made + page.substring(table.end(1)));
      return;
    }
    assertThat(table.group(1)).as("the table of %s", file).isEqualTo(made);
  }

  private static String lines(List<SettingRow> rows) {
    return rows.stream().map(row -> row.markdown() + "\n").collect(Collectors.joining());
  }

  @ParameterizedTest
  @MethodSource("names")
  void everySettingSaysWhatItIs(String name) {
    var rows = SettingRow.of(Objects.requireNonNull(policies().get(name)).settings());
    assertThat(rows).allSatisfy(row -> assertThat(row.about()).as(row.name()).isNotBlank());
  }

  /// What needs an OpenAPI document, or another upstream, is compiled elsewhere.
  static Set<String> withoutDocument() {
    var names = names();
    names.removeAll(List.of("mirror", "mock", "validate"));
    return names;
  }

  @ParameterizedTest
  @MethodSource("withoutDocument")
  void theExampleOfThePageWorks(String name) throws IOException {
    var matcher = EXAMPLE.matcher(Files.readString(Path.of("../docs/policies/" + name + ".md")));
    assertThat(matcher.find()).as("an example in " + name + ".md").isTrue();
    compile(read(matcher.group(1)), name);
  }

  @Test
  void validateCompilesForAnOperationOfTheDocument() throws IOException {
    compile(
        read("policies: [ { validate: { request: report, unknown-parameters: ignore } } ]"),
        "validate");
    compile(read("policies: [ validate ]"), "validate");
  }

  private static void compile(ConfigRead read, String name) {
    assertThat(read).isInstanceOf(ConfigRead.Understood.class);
    Api api = ((ConfigRead.Understood) read).configuration().apis().getFirst();
    assertThat(api.policies()).extracting(PolicyUse::name).contains(name);
    var site = Sites.site(Sites.snapshot(api, List.of(), List.of()));
    for (var use : api.policies()) {
      compile(policies().get(use.name()), use, site);
    }
  }

  private static <S extends Record> void compile(Policy<S> policy, PolicyUse use, FakeSite site) {
    assertThat(policy.compile(policy.settings().cast(use.settings()), site)).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rate-limit: { requests: 5, by: nobody }",
        "rate-limit: {}",
        "rate-limit: { limits: [ { requests: 5 } ] }",
        "rate-limit: { requests: 5, cost: 6 }",
        "concurrency: { calls: 0 }",
        "request-size: { body: 1 MB }",
        "validate: { response: maybe }",
        "validate: { body-max: 1TB }",
        "ip: {}",
        "ip: { deny: [ 203.0.113.1/24 ] }",
        "cors: {}",
        "key-auth: { heder: X }",
        "rewrite: { path: x, prefx: { from: /a, to: /b } }",
        "redirect: { status: 200, host: h }",
        "respond: { status: 99 }",
        "fault: { delay: 2m }",
        "acl: {}",
        "cel: 1 + 1",
        "mtls: { names: billing }",
        "forward-auth: {}",
        "forward-auth: { url: 'https://a/b', receive: [ Content-Length ] }",
        "forward-auth: { url: 'https://a/b', on-failure: maybe }",
        "oauth2-introspection: { url: 'https://a/b' }",
        "webhook: { url: 'https://a/b', tries: 9 }",
        "basic-auth: { remember: -1 }",
        "hmac: { algorithms: [ md5 ] }",
        "hmac: { max-age: 0s }",
        "any-of: []",
        "any-of: { ways: [ nothing ] }",
        "jwt: {}",
        "jwt: { secret: short }",
        "jwt: { jwks-url: 'ftp://a/b' }",
        "jwt: { jwks-url: 'https://a/b', algorithms: [ none ] }",
        "jwt: { jwks-url: 'https://a/b', algorithms: [ HS256 ] }",
        "jwt: { jwks-url: 'https://a/b', headers: { Content-Length: sub } }"
      })
  void badSettingsHaveAPlace(String policy) throws IOException {
    var read = read("policies: [ { " + policy + " } ]");
    assertThat(read).isInstanceOf(ConfigRead.Refused.class);
    assertThat(((ConfigRead.Refused) read).faults().toString())
        .contains("ostiary.yaml:8:")
        .doesNotContain("Exception");
  }
}
