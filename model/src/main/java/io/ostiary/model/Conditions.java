package io.ostiary.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a route asks of a request beside its host, path and method. All of it must hold; what is
/// empty asks nothing.
///
/// @param headers field names in any case; a field that is sent more than once holds where one of
///   its values does
/// @param query parameters, compared after decoding; of one that is sent twice the first counts
///   (Kubernetes Gateway API, HTTPQueryParamMatch)
/// @param cookies compared as they are sent (RFC 6265)
/// @param from blocks of client addresses
/// @param path a regular expression (RE2) that the whole path must match, as it goes upstream;
///   null: any
public record Conditions(
    List<Test> headers,
    List<Test> query,
    List<Test> cookies,
    List<Cidr> from,
    @Nullable String path) {
  public static final Conditions NONE =
      new Conditions(List.of(), List.of(), List.of(), List.of(), null);

  private static final int TESTS_MAX = 16;

  public Conditions {
    headers = List.copyOf(headers);
    query = List.copyOf(query);
    cookies = List.copyOf(cookies);
    from = List.copyOf(from);
    Require.between("when.headers (count)", headers.size(), 0, TESTS_MAX);
    Require.between("when.query (count)", query.size(), 0, TESTS_MAX);
    Require.between("when.cookies (count)", cookies.size(), 0, TESTS_MAX);
  }

  /// One named thing of a request and what is expected of it.
  public record Test(String name, Expectation value) {
    public Test {
      Require.notBlank("name", name);
    }
  }

  public sealed interface Expectation {
    record Is(String text) implements Expectation {}

    /// @param pattern RE2; the whole value must match
    record Matches(String pattern) implements Expectation {}

    record Present() implements Expectation {}
  }

  public boolean isEmpty() {
    return equals(NONE);
  }
}
